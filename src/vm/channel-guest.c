/* What a guest says: each record in its turn, or the conversation is over. */

#include "vm/channel-private.h"
#include "base/error.h"
#include "bench/bench.h"
#include "bench/clock.h"

#include <string.h>

/* Twice as many as a guest says, and some: bytes alone would let one keep the host busy for its whole job. */
#define HEARTBEAT_NS (NV_ALIVE_INTERVAL_NS / 2)
#define HEARTBEATS   32

static const char *
text_of (const json_t *record, const char *name)
{
  return json_string_value (json_object_get (record, name));
}

static gint64
int_of (const json_t *record, const char *name)
{
  return json_integer_value (json_object_get (record, name));
}

static void
hear_hello (NvChannel *channel, json_t *record)
{
  const char *boot_id = text_of (record, "boot_id");
  gboolean first = channel->state == NV_GUEST_BOOTING;

  if (!first && strcmp (boot_id, text_of (channel->hello, "boot_id")) != 0)
    nv_channel_lose (channel, "rebooted");
  else if (channel->answered)
    nv_channel_lose (channel, "ended its program and started it again");
  else if (first)
    {
      channel->hello = json_incref (record);
      channel->hello_ns = channel->heard_ns;
      nv_channel_say (channel, json_pack ("{s:s, s:i, s:s}", "record", "welcome", "version",
                                          NV_PROTOCOL_VERSION, "boot_id", boot_id));
      if (channel->state != NV_GUEST_LOST)
        nv_channel_set_state (channel, NV_GUEST_IDLE);
    }
}

/* The shortest way there and back is the best; but if another round contradicts it, the guest's clock jumped
 * meanwhile, and the error is as large as that. */
static void
choose_clock (NvChannel *channel)
{
  const NvClockOffset *rounds = (const NvClockOffset *)(void *)channel->rounds->data;
  NvClockOffset best = rounds[0];

  for (guint i = 1; i < channel->rounds->len; i++)
    if (rounds[i].error_ns < best.error_ns)
      best = rounds[i];
  channel->clock = best;
  for (guint i = 0; i < channel->rounds->len; i++)
    channel->clock.error_ns =
        MAX (channel->clock.error_ns, ABS (rounds[i].offset_ns - best.offset_ns) - rounds[i].error_ns);
}

/* RFC 5905, section 8, with the four time stamps asked, received, sent and heard. */
static void
hear_clock (NvChannel *channel, json_t *record)
{
  gint64 heard_ns = nv_now_ns (), asked_ns = channel->clock_sent_ns;
  gint64 received_ns = int_of (record, "received_ns"), sent_ns = int_of (record, "sent_ns");
  gint64 way_ns = (heard_ns - asked_ns) - (sent_ns - received_ns);
  NvClockOffset round = { .host_ns = heard_ns };

  if (!json_object_get (record, "received_ns") || !json_object_get (record, "sent_ns")
      || sent_ns < received_ns)
    {
      nv_channel_lose (channel, "sent a 'clock' that tells no time");
      return;
    }
  round.offset_ns = ((received_ns - asked_ns) + (sent_ns - heard_ns)) / 2;
  /* Longer at the guest than away: what it says of that time cannot be trusted. */
  round.error_ns = way_ns >= 0 ? (way_ns + 1) / 2 : ((heard_ns - asked_ns) + (sent_ns - received_ns) + 1) / 2;
  g_array_append_val (channel->rounds, round);
  if (--channel->rounds_left > 0)
    nv_channel_ask_clock (channel);
  else
    {
      choose_clock (channel);
      nv_channel_set_state (channel, channel->state);
    }
}

static void
hear_ready (NvChannel *channel, json_t *record)
{
  channel->size_bytes = (guint64)int_of (record, "size_bytes");
  nv_channel_grant_idle (channel);
  nv_channel_set_state (channel, NV_GUEST_READY);
}

static void
hear_refused (NvChannel *channel, json_t *record)
{
  channel->refusal = g_strdup (text_of (record, "message"));
  nv_channel_grant_idle (channel);
  nv_channel_set_state (channel, NV_GUEST_IDLE);
}

static void
hear_started (NvChannel *channel, json_t *record)
{
  channel->started_ns = MAX (int_of (record, "monotonic_ns"), 1);
  nv_channel_set_state (channel, channel->state);
}

static void
hear_done (NvChannel *channel, json_t *record)
{
  channel->job_status = (int)int_of (record, "status");
  channel->job_message = g_strdup (text_of (record, "message"));
  nv_channel_grant_idle (channel);
  nv_channel_set_state (channel, NV_GUEST_IDLE);
}

/* Counted from the hello on: what came while nobody looked may come at once. */
static void
hear_alive (NvChannel *channel, json_t *record)
{
  guint64 n_due = (guint64)(channel->heard_ns - channel->hello_ns) / HEARTBEAT_NS;

  if (++channel->n_heartbeats > n_due + HEARTBEATS)
    {
      nv_channel_lose (channel, "sends heartbeats without a pause");
      return;
    }
  g_free (channel->phase);
  channel->phase = g_strdup (text_of (record, "phase"));
  channel->iteration = (guint)int_of (record, "iteration");
}

static void
hear_result (NvChannel *channel, json_t *record)
{
  if (channel->events.record)
    channel->events.record (channel, record, channel->data);
}

/* A metric that was asked for, in its unit. */
static gboolean
is_metric (const NvChannel *channel, const json_t *record)
{
  const json_t *metrics = json_object_get (channel->workload, "metrics");
  gboolean found = FALSE;

  for (gsize i = 0; i < json_array_size (metrics) && !found; i++)
    {
      const json_t *metric = json_array_get (metrics, i);

      found = json_equal (json_object_get (metric, "name"), json_object_get (record, "kernel"))
              && json_equal (json_object_get (metric, "unit"), json_object_get (record, "unit"));
    }
  return found;
}

/* Other modes than this one measure what their names say. */
static gboolean
is_kernel (const NvChannel *channel, const json_t *record)
{
  const char *kernel = text_of (record, "kernel");
  const json_t *kernels = json_object_get (channel->setup, "kernels");
  gboolean found = strcmp (text_of (channel->setup, "mode"), "kernels") != 0;

  for (gsize i = 0; i < json_array_size (kernels) && !found; i++)
    found = strcmp (json_string_value (json_array_get (kernels, i)), kernel) == 0;
  return found;
}

static void
hear_setup (NvChannel *channel, json_t *record)
{
  channel->setup = json_incref (json_object_get (record, "setup"));
  hear_result (channel, record);
}

static void
hear_workload (NvChannel *channel, json_t *record)
{
  channel->setup = json_incref (record);
  hear_result (channel, record);
}

static void
hear_sample_header (NvChannel *channel, json_t *record)
{
  channel->has_sample_header = TRUE;
  hear_result (channel, record);
}

/* Whose turn it is. */

static gboolean
always (const NvChannel *channel, const json_t *record)
{
  return TRUE;
}

static gboolean
is_welcome (const NvChannel *channel, const json_t *record)
{
  return channel->hello != NULL;
}

static gboolean
is_asked_the_time (const NvChannel *channel, const json_t *record)
{
  return channel->rounds_left > 0 && (guint64)int_of (record, "id") == channel->clock_id;
}

static gboolean
is_asked (const NvChannel *channel, const json_t *record)
{
  return channel->state == NV_GUEST_ASKED;
}

static gboolean
is_told_to_go (const NvChannel *channel, const json_t *record)
{
  return channel->state == NV_GUEST_RUNNING && channel->started_ns == 0;
}

static gboolean
has_started (const NvChannel *channel)
{
  return channel->state == NV_GUEST_RUNNING && channel->started_ns > 0;
}

/* Results, of a guest that may send some. */

static gboolean
wants_setup (const NvChannel *channel, const json_t *record)
{
  return !channel->workload && !channel->setup;
}

static gboolean
wants_workload (const NvChannel *channel, const json_t *record)
{
  return channel->workload && !channel->setup;
}

static gboolean
has_setup (const NvChannel *channel, const json_t *record)
{
  return channel->setup != NULL;
}

static gboolean
has_workload (const NvChannel *channel, const json_t *record)
{
  return channel->workload && channel->setup;
}

static gboolean
is_without_sample_header (const NvChannel *channel, const json_t *record)
{
  return channel->sample_interval_ns > 0 && !channel->has_sample_header;
}

static gboolean
has_sample_header (const NvChannel *channel, const json_t *record)
{
  return channel->has_sample_header;
}

/* What fails may fail before it starts. */
static gboolean
may_be_done (const NvChannel *channel, const json_t *record)
{
  return has_started (channel)
         || (channel->state == NV_GUEST_RUNNING && int_of (record, "status") != NV_STATUS_DONE);
}

typedef struct
{
  const char *record;
  gboolean (*is_its_turn) (const NvChannel *channel, const json_t *record);
  void (*hear) (NvChannel *channel, json_t *record);
  gboolean is_result;   /* comes after the start, or in a file */
  gboolean is_measured; /* of a kernel that the setup names, or a metric that was asked for */
} Turn;

/* What only a host says is missing. */
static const Turn turns[] = {
  { "iteration", has_setup, hear_result, .is_result = TRUE, .is_measured = TRUE },
  { "sample", has_sample_header, hear_result, .is_result = TRUE },
  { "alive", is_welcome, hear_alive },
  { "summary", has_setup, hear_result, .is_result = TRUE, .is_measured = TRUE },
  { "clock", is_asked_the_time, hear_clock },
  { "hello", always, hear_hello },
  { "ready", is_asked, hear_ready },
  { "refused", is_asked, hear_refused },
  { "started", is_told_to_go, hear_started },
  { "setup", wants_setup, hear_setup, .is_result = TRUE },
  { "workload", wants_workload, hear_workload, .is_result = TRUE },
  { "output", has_workload, hear_result, .is_result = TRUE },
  { "sample-header", is_without_sample_header, hear_sample_header, .is_result = TRUE },
  { "done", may_be_done, hear_done },
};

/* NULL: no guest says that. */
static const Turn *
find_turn (const char *record)
{
  for (guint i = 0; i < G_N_ELEMENTS (turns); i++)
    if (strcmp (turns[i].record, record) == 0)
      return &turns[i];
  return NULL;
}

/* What was asked decides what values mean, whatever the guest says that it was. */
static gboolean
is_what_was_asked (const NvChannel *channel, const json_t *record)
{
  static const char *const members[] = { "command", "runs", "timeout_ns", "format", "metrics" };
  gboolean is_same = TRUE;

  for (guint i = 0; i < G_N_ELEMENTS (members) && is_same; i++)
    is_same =
        json_equal (json_object_get (record, members[i]), json_object_get (channel->workload, members[i]));
  return is_same;
}

/* Returns: (transfer full) (nullable): what is wrong with a record that comes in its turn. A guest that
 * invents kernels without end would fill tables and pictures with them. */
static char *
find_lie (const NvChannel *channel, const Turn *turn, const json_t *record)
{
  if (turn->hear == hear_workload && !is_what_was_asked (channel, record))
    return g_strdup ("says another workload than it was asked");
  if (!turn->is_measured || (channel->workload ? is_metric : is_kernel) (channel, record))
    return NULL;
  if (channel->workload)
    return g_strdup_printf ("sent '%s' of metric '%s' in '%s', which it was not asked",
                            nv_record_name (record), text_of (record, "kernel"), text_of (record, "unit"));
  return g_strdup_printf ("sent '%s' of kernel '%s', which its setup does not name", nv_record_name (record),
                          text_of (record, "kernel"));
}

static void
take_turn (NvChannel *channel, json_t *record)
{
  const char *name = nv_record_name (record);
  const Turn *turn = find_turn (name);
  g_autofree char *lie = NULL;

  if (!turn || (turn->is_result && (!has_started (channel) || channel->has_transport))
      || !turn->is_its_turn (channel, record))
    nv_channel_lose (channel, "sent '%s' when it was not its turn, while it is %s", name,
                     nv_guest_state_name (channel->state));
  else if ((lie = find_lie (channel, turn, record)))
    nv_channel_lose (channel, "%s", lie);
  else
    {
      channel->heard_ns = nv_now_ns ();
      channel->answered |= turn->hear != hear_hello;
      turn->hear (channel, record);
    }
}

void
nv_channel_hear (NvChannel *channel, const char *line, gsize length)
{
  struct nv_message message;
  json_t *record = nv_record_parse (line, length, &message);

  if (record && nv_record_check (record, &message) == 0)
    take_turn (channel, record);
  else
    nv_channel_lose (channel, "sent what is wrong: %s", message.text);
  json_decref (record);
}

/* Returns: (transfer full): why the record cannot come in a file; NULL with @ret_turn. */
static char *
find_fault (const NvChannel *channel, const json_t *record, const Turn **ret_turn)
{
  const char *name = nv_record_name (record);

  *ret_turn = find_turn (name);
  if (!*ret_turn || !(*ret_turn)->is_result || !(*ret_turn)->is_its_turn (channel, record))
    return g_strdup_printf ("'%s' when it was not its turn", name);
  return find_lie (channel, *ret_turn, record);
}

gboolean
nv_channel_hear_sent (NvChannel *channel, const char *line, gsize length, GError **error)
{
  struct nv_message message;
  json_t *record = nv_record_parse (line, length, &message);
  g_autofree char *fault = NULL;
  const Turn *turn;

  g_return_val_if_fail (channel->has_transport && channel->started_ns > 0, FALSE);
  if (!record || nv_record_check (record, &message) != 0)
    fault = g_strdup (message.text);
  else if (!(fault = find_fault (channel, record, &turn)))
    turn->hear (channel, record);
  json_decref (record);
  if (fault)
    g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "%s", fault);
  return fault == NULL;
}
