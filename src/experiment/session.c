#include "experiment/session.h"
#include "base/error.h"
#include "bench/bench.h"
#include "bench/clock.h"
#include "vm/console-log.h"

#include <string.h>

#define TICK_MS 200

/* Of each guest's clock; the one with the shortest way there and back is kept. */
#define CLOCK_ROUNDS 8

/* Guests that answer within this are asked in time; an emulated one may take that long on a busy host. */
#define ANSWER_TIMEOUT_NS (60 * G_GUINT64_CONSTANT (1000000000))

/* From the go until the guests start: long enough for the message to reach the last of them. */
#define GO_AHEAD_NS (300 * G_GINT64_CONSTANT (1000000))

#define CONSOLE_LINES 8

typedef struct
{
  NvSession *session;
  guint index;
  const NvVm *vm;
  NvChannel *channel;
  gboolean clock_is_new; /* since it was asked for */
} Guest;

struct NvSession
{
  NvConnection *connection;
  NvSessionEvents events;
  gpointer data;
  GPtrArray *guests;    /* of Guest */
  const char *measured; /* what a guest's job is, for messages */
  gboolean has_files;   /* what is measured comes when a guest is through */
};

static NvChannel *
guest_channel (const NvSession *session, guint index)
{
  return ((const Guest *)g_ptr_array_index (session->guests, index))->channel;
}

/* Has the guest come to where a step ends? */
typedef gboolean (*Reached) (const Guest *guest);

static void
on_state (NvChannel *channel, NvGuestState state, gpointer data)
{
  Guest *guest = data;

  guest->clock_is_new = TRUE;
}

static void
on_record (NvChannel *channel, json_t *record, gpointer data)
{
  const Guest *guest = data;
  const NvSession *session = guest->session;

  session->events.record (guest->index, record, session->data);
}

static void
guest_free (gpointer data)
{
  Guest *guest = data;

  g_clear_pointer (&guest->channel, nv_channel_free);
  g_free (guest);
}

void
nv_session_free (NvSession *session)
{
  if (!session)
    return;
  g_ptr_array_unref (session->guests);
  g_free (session);
}

NvSession *
nv_session_open (NvConnection *connection, GPtrArray *members, const NvSessionEvents *events, gpointer data,
                 GError **error)
{
  static const NvChannelEvents channel_events = { .state = on_state, .record = on_record };
  g_autoptr (NvSession) session = g_new0 (NvSession, 1);

  session->connection = connection;
  session->events = *events;
  session->data = data;
  session->guests = g_ptr_array_new_with_free_func (guest_free);
  for (guint i = 0; i < members->len; i++)
    {
      Guest *guest = g_new0 (Guest, 1);
      int fd;

      guest->session = session;
      guest->index = i;
      guest->vm = ((const NvFleetMember *)g_ptr_array_index (members, i))->vm;
      g_ptr_array_add (session->guests, guest);
      fd = connection->driver->open_channel (connection, guest->vm->name, error);
      if (fd < 0)
        return NULL;
      guest->channel = nv_channel_new (fd, &channel_events, guest);
    }
  return g_steal_pointer (&session);
}

/* The VM's state says more than that its channel is closed. */
static const char *
end_of_vm (const NvSession *session, const Guest *guest)
{
  g_autoptr (GPtrArray) infos = session->connection->driver->list (session->connection, NULL, NULL);

  for (guint i = 0; infos && i < infos->len; i++)
    {
      const NvVmInfo *info = g_ptr_array_index (infos, i);

      if (strcmp (info->vm->name, guest->vm->name) != 0)
        continue;
      return info->state == NV_VM_STOPPED   ? ", and the VM has ended"
             : info->state == NV_VM_CRASHED ? ", and the VM has crashed"
                                            : "";
    }
  return ", and the VM is gone";
}

static void
set_error (const NvSession *session, const Guest *guest, const char *problem, GError **error)
{
  g_autofree char *tail = nv_console_log_tail (guest->vm->console_log, CONSOLE_LINES);

  g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "VM '%s': its guest %s%s%s%s", guest->vm->name, problem,
               end_of_vm (session, guest), *tail ? "; its console ends with\n" : "; its console is empty",
               tail);
}

static gboolean
is_lost (const Guest *guest)
{
  return nv_channel_state (guest->channel) == NV_GUEST_LOST;
}

/* The first guest that is lost before it has come to where a step ends. */
static gboolean
find_lost (const NvSession *session, Reached reached, GError **error)
{
  for (guint i = 0; i < session->guests->len; i++)
    {
      const Guest *guest = g_ptr_array_index (session->guests, i);

      if (is_lost (guest) && !reached (guest))
        {
          set_error (session, guest, nv_channel_error (guest->channel), error);
          return TRUE;
        }
    }
  return FALSE;
}

/* (nullable): the first guest that is not there yet. */
static const Guest *
find_missing (const NvSession *session, Reached reached)
{
  for (guint i = 0; i < session->guests->len; i++)
    {
      const Guest *guest = g_ptr_array_index (session->guests, i);

      if (!reached (guest))
        return guest;
    }
  return NULL;
}

static gboolean
on_tick (gpointer data)
{
  const NvSession *session = data;

  if (session->events.tick)
    session->events.tick (session->data);
  return G_SOURCE_CONTINUE;
}

/* @what: for the message of a guest that is too late: `said no hello`. @timeout_ns 0: as long as they live.
 */
static gboolean
wait_for_all (NvSession *session, Reached reached, guint64 timeout_ns, const char *what, GError **error)
{
  gint64 since_ns = nv_now_ns ();
  guint source = g_timeout_add (TICK_MS, on_tick, session);
  const Guest *missing;
  gboolean failed = FALSE;

  while (!failed && !(failed = find_lost (session, reached, error))
         && (missing = find_missing (session, reached)))
    {
      if (g_cancellable_set_error_if_cancelled (session->events.cancellable, NULL))
        {
          g_set_error (error, NV_ERROR, NV_ERROR_CANCELLED, "interrupted");
          failed = TRUE;
        }
      else if (timeout_ns > 0 && nv_now_ns () - since_ns > (gint64)timeout_ns)
        {
          g_autofree char *problem = g_strdup_printf ("%s within %.0f s", what, (double)timeout_ns / 1e9);

          set_error (session, missing, problem, error);
          failed = TRUE;
        }
      else
        g_main_context_iteration (NULL, TRUE);
    }
  g_source_remove (source);
  return !failed;
}

static gboolean
is_idle (const Guest *guest)
{
  return nv_channel_state (guest->channel) == NV_GUEST_IDLE;
}

gboolean
nv_session_wait_booted (NvSession *session, guint64 timeout_ns, GError **error)
{
  return wait_for_all (session, is_idle, timeout_ns, "said nothing", error);
}

static gboolean
has_new_clock (const Guest *guest)
{
  return !is_lost (guest) && guest->clock_is_new && nv_channel_clock (guest->channel);
}

gboolean
nv_session_measure_clocks (NvSession *session, GError **error)
{
  for (guint i = 0; i < session->guests->len; i++)
    {
      Guest *guest = g_ptr_array_index (session->guests, i);

      guest->clock_is_new = FALSE;
      nv_channel_measure_clock (guest->channel, CLOCK_ROUNDS);
    }
  return wait_for_all (session, has_new_clock, ANSWER_TIMEOUT_NS, "did not say its time", error);
}

static gboolean
has_answered (const Guest *guest)
{
  return nv_channel_state (guest->channel) == NV_GUEST_READY || is_idle (guest);
}

gboolean
nv_session_prepare (NvSession *session, json_t *const *jobs, guint64 sample_interval_ns,
                    guint64 *ret_size_bytes, GError **error)
{
  guint64 size_bytes = G_MAXUINT64;

  session->measured = json_object_get (jobs[0], "workload") ? "workload" : "measurement";
  session->has_files = json_object_get (jobs[0], "transport") != NULL;
  for (guint i = 0; i < session->guests->len; i++)
    nv_channel_send_job (guest_channel (session, i), jobs[i], sample_interval_ns);
  if (!wait_for_all (session, has_answered, ANSWER_TIMEOUT_NS, "did not answer to its job", error))
    return FALSE;
  for (guint i = 0; i < session->guests->len; i++)
    {
      const Guest *guest = g_ptr_array_index (session->guests, i);

      if (is_idle (guest))
        {
          g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "VM '%s': its guest refuses the job: %s",
                       guest->vm->name, nv_channel_refusal (guest->channel));
          return FALSE;
        }
      size_bytes = MIN (size_bytes, nv_channel_size_bytes (guest->channel));
    }
  *ret_size_bytes = size_bytes;
  return TRUE;
}

static gint64
spread_ns (const NvSession *session)
{
  gint64 first = G_MAXINT64, last = G_MININT64;

  for (guint i = 0; i < session->guests->len; i++)
    {
      gint64 started = nv_channel_started_host_ns (nv_session_channel (session, i));

      first = MIN (first, started);
      last = MAX (last, started);
    }
  return last - first;
}

gboolean
nv_session_has_measured (const NvSession *session, guint index)
{
  const Guest *guest = g_ptr_array_index (session->guests, index);
  int status = nv_channel_job_status (guest->channel);

  return is_idle (guest) && nv_channel_started_host_ns (guest->channel) != 0
         && (status == NV_STATUS_DONE || status == NV_STATUS_DOES_NOT_HOLD);
}

/* The first guest's reason is told; of the others, how many there are. */
static gboolean
check_status (const NvSession *session, GError **error)
{
  const Guest *first = NULL;
  const char *message;
  guint n_others = 0;

  for (guint i = 0; i < session->guests->len; i++)
    if (nv_session_has_measured (session, i))
      continue;
    else if (first)
      n_others++;
    else
      first = g_ptr_array_index (session->guests, i);
  if (!first)
    return TRUE;
  message = nv_channel_job_message (first->channel);
  g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "VM '%s': its %s failed: %s", first->vm->name,
               session->measured, message ? message : "no reason was given");
  if (n_others > 0)
    g_prefix_error (error, "%u VMs failed, the first of them ", n_others + 1);
  return FALSE;
}

/* Where files still come, a guest that is lost ends nobody's work but its own. */
static gboolean
is_idle_or_lost (const Guest *guest)
{
  return is_idle (guest) || is_lost (guest);
}

static gboolean
wait_for_ends (NvSession *session, GError **error)
{
  return wait_for_all (session, session->has_files ? is_idle_or_lost : is_idle, 0, "", error)
         && !find_lost (session, is_idle, error);
}

gboolean
nv_session_measure (NvSession *session, gint64 *ret_go_ns, gint64 *ret_spread_ns, GError **error)
{
  gint64 go_ns = nv_now_ns () + GO_AHEAD_NS;

  for (guint i = 0; i < session->guests->len; i++)
    nv_channel_go (guest_channel (session, i), go_ns);
  *ret_go_ns = go_ns;
  if (!wait_for_ends (session, error) || !check_status (session, error))
    return FALSE;
  *ret_spread_ns = spread_ns (session);
  return TRUE;
}

void
nv_session_say_bye (NvSession *session)
{
  for (guint i = 0; i < session->guests->len; i++)
    if (nv_channel_state (guest_channel (session, i)) != NV_GUEST_LOST)
      nv_channel_say_bye (guest_channel (session, i));
}

NvChannel *
nv_session_channel (const NvSession *session, guint index)
{
  return guest_channel (session, index);
}

guint
nv_session_count (const NvSession *session, NvGuestState state)
{
  guint n = 0;

  for (guint i = 0; i < session->guests->len; i++)
    n += nv_channel_state (guest_channel (session, i)) == state;
  return n;
}

const char *
nv_session_phase (const NvSession *session, guint *ret_iteration)
{
  const char *phase = "";

  *ret_iteration = 0;
  for (guint i = 0; i < session->guests->len; i++)
    {
      const NvChannel *channel = guest_channel (session, i);
      guint iteration;
      const char *other = nv_channel_phase (channel, &iteration);

      if (nv_channel_state (channel) != NV_GUEST_RUNNING || (*phase && iteration >= *ret_iteration))
        continue;
      phase = other;
      *ret_iteration = iteration;
    }
  return phase;
}
