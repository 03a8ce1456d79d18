#include "vm/channel-private.h"
#include "base/text.h"
#include "bench/bench.h"
#include "bench/clock.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What a guest leaves unread before it counts as lost: far more than all that is ever said to it. */
#define MAX_UNSENT_BYTES (1 << 20)

/* Outside of a job: one line of any length, and many times what heartbeats need. */
#define IDLE_BYTES       NV_LINE_MAX
#define IDLE_BYTES_PER_S (1 << 16)

/* Of a machine with some hundred nodes. */
#define SAMPLE_BYTES (1 << 16)

const char *
nv_guest_state_name (NvGuestState state)
{
  static const char *const names[] = {
    [NV_GUEST_BOOTING] = "booting", [NV_GUEST_IDLE] = "idle",       [NV_GUEST_ASKED] = "asked",
    [NV_GUEST_READY] = "ready",     [NV_GUEST_RUNNING] = "running", [NV_GUEST_LOST] = "lost",
  };

  return names[state];
}

void
nv_channel_set_state (NvChannel *channel, NvGuestState state)
{
  channel->state = state;
  if (channel->events.state)
    channel->events.state (channel, state, channel->data);
}

static void
close_channel (NvChannel *channel)
{
  g_clear_handle_id (&channel->read_source, g_source_remove);
  g_clear_handle_id (&channel->write_source, g_source_remove);
  g_clear_handle_id (&channel->silence_source, g_source_remove);
  if (channel->fd >= 0)
    close (channel->fd);
  channel->fd = -1;
}

void
nv_channel_lose (NvChannel *channel, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  if (channel->state == NV_GUEST_LOST)
    return;
  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  channel->error = nv_text_clean (text);
  close_channel (channel);
  nv_channel_set_state (channel, NV_GUEST_LOST);
}

/* --- reading --- */

void
nv_channel_grant (NvChannel *channel, guint64 limit_bytes, guint64 per_s)
{
  channel->allowance_limit_bytes = channel->allowance_bytes = (gint64)MIN (limit_bytes, G_MAXINT64 / 4);
  channel->allowance_per_s = (gint64)per_s;
  channel->allowance_ns = nv_now_ns ();
}

void
nv_channel_grant_idle (NvChannel *channel)
{
  nv_channel_grant (channel, IDLE_BYTES, IDLE_BYTES_PER_S);
}

/* A leaky bucket: no guest can keep the host busy for longer than its job explains. Returns: is it full? */
static gboolean
is_flood (NvChannel *channel, gsize bytes)
{
  gint64 now_ns = nv_now_ns ();
  double elapsed_s = (double)(now_ns - channel->allowance_ns) / 1e9;
  double refilled = (double)channel->allowance_bytes + elapsed_s * (double)channel->allowance_per_s;

  channel->allowance_ns = now_ns;
  channel->allowance_bytes = (gint64)MIN (refilled, (double)channel->allowance_limit_bytes) - (gint64)bytes;
  return channel->allowance_bytes < 0;
}

static void
hear_lines (NvChannel *channel)
{
  gsize length;
  char *line;

  while (channel->state != NV_GUEST_LOST && (line = nv_lines_next (&channel->lines, &length)))
    {
      if (is_flood (channel, length + 1))
        nv_channel_lose (channel, "sends more than %s explains",
                         channel->state == NV_GUEST_RUNNING ? "its job" : "that it waits");
      else
        nv_channel_hear (channel, line, length);
    }
}

/* One read at a time: other guests, and the program's own timers, have their turn between. */
static gboolean
on_readable (int fd, GIOCondition condition, gpointer data)
{
  NvChannel *channel = data;
  int result = nv_lines_read (&channel->lines, fd);

  if (result == 1)
    hear_lines (channel);
  else if (result == 0 || result == -ECONNRESET)
    nv_channel_lose (channel, "closed the channel");
  else if (result == -EMSGSIZE)
    nv_channel_lose (channel, "sent a line of more than %d bytes", NV_LINE_MAX);
  else if (result != -EAGAIN)
    nv_channel_lose (channel, "cannot be read from: %s", g_strerror (-result));
  return G_SOURCE_CONTINUE; /* a channel that is lost has removed its sources */
}

/* What came while this program could not look is no silence. */
static gboolean
has_unread (const NvChannel *channel)
{
  struct pollfd wanted = { .fd = channel->fd, .events = POLLIN };

  return poll (&wanted, 1, 0) > 0;
}

static gboolean
on_silence_check (gpointer data)
{
  NvChannel *channel = data;
  gint64 silent_ns = nv_now_ns () - channel->heard_ns;

  if (channel->state != NV_GUEST_BOOTING && silent_ns > (gint64)channel->silence_ms * 1000000
      && !has_unread (channel))
    nv_channel_lose (channel, "said nothing for %.3g s", channel->silence_ms / 1000.0);
  return G_SOURCE_CONTINUE;
}

/* --- writing --- */

static gboolean on_writable (int fd, GIOCondition condition, gpointer data);

static void
send_unsent (NvChannel *channel)
{
  GByteArray *unsent = channel->unsent;
  ssize_t sent = 0;

  while (unsent->len > 0 && sent >= 0)
    {
      sent = send (channel->fd, unsent->data, unsent->len, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent > 0)
        g_byte_array_remove_range (unsent, 0, (guint)sent);
      else if (errno == EINTR)
        sent = 0;
    }
  if (sent < 0 && errno != EAGAIN)
    g_byte_array_set_size (unsent, 0); /* it is closed: the reader will come to its end */
  if (unsent->len > 0 && channel->write_source == 0)
    channel->write_source = g_unix_fd_add (channel->fd, G_IO_OUT, on_writable, channel);
  else if (unsent->len == 0)
    g_clear_handle_id (&channel->write_source, g_source_remove);
}

static gboolean
on_writable (int fd, GIOCondition condition, gpointer data)
{
  send_unsent (data);
  return G_SOURCE_CONTINUE;
}

void
nv_channel_say (NvChannel *channel, json_t *record)
{
  char *text = json_dumps (record, JSON_COMPACT);
  gsize length = strlen (text);

  json_decref (record);
  if (channel->unsent->len + length >= MAX_UNSENT_BYTES)
    nv_channel_lose (channel, "does not read what it is told");
  if (channel->state != NV_GUEST_LOST)
    {
      g_byte_array_append (channel->unsent, (const guint8 *)text, (guint)length);
      g_byte_array_append (channel->unsent, (const guint8 *)"\n", 1);
      send_unsent (channel);
    }
  free (text);
}

/* --- a channel --- */

void
nv_channel_set_limits (NvChannel *channel, guint silence_ms, guint64 job_bytes)
{
  channel->silence_ms = silence_ms;
  channel->job_bytes = job_bytes;
  g_clear_handle_id (&channel->silence_source, g_source_remove);
  if (channel->state != NV_GUEST_LOST)
    channel->silence_source = g_timeout_add (MAX (silence_ms / 10, 1), on_silence_check, channel);
}

NvChannel *
nv_channel_new (int fd, const NvChannelEvents *events, gpointer data)
{
  NvChannel *channel = g_new0 (NvChannel, 1);

  channel->events = *events;
  channel->data = data;
  channel->fd = fd;
  channel->unsent = g_byte_array_new ();
  channel->rounds = g_array_new (FALSE, FALSE, sizeof (NvClockOffset));
  channel->clock.error_ns = -1;
  channel->phase = g_strdup ("");
  channel->heard_ns = nv_now_ns ();
  g_unix_set_fd_nonblocking (fd, TRUE, NULL);
  nv_channel_grant_idle (channel);
  nv_channel_set_limits (channel, NV_GUEST_SILENCE_MS, NV_GUEST_JOB_BYTES);
  channel->read_source = g_unix_fd_add (fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, channel);
  return channel;
}

void
nv_channel_free (NvChannel *channel)
{
  if (!channel)
    return;
  close_channel (channel);
  nv_lines_clear (&channel->lines);
  g_byte_array_unref (channel->unsent);
  g_array_unref (channel->rounds);
  json_decref (channel->hello);
  json_decref (channel->setup);
  json_decref (channel->workload);
  g_free (channel->error);
  g_free (channel->phase);
  g_free (channel->refusal);
  g_free (channel->job_message);
  g_free (channel);
}

NvGuestState
nv_channel_state (const NvChannel *channel)
{
  return channel->state;
}

const char *
nv_channel_error (const NvChannel *channel)
{
  return channel->error;
}

const json_t *
nv_channel_hello (const NvChannel *channel)
{
  return channel->hello;
}

const char *
nv_channel_phase (const NvChannel *channel, guint *ret_iteration)
{
  if (ret_iteration)
    *ret_iteration = channel->iteration;
  return channel->phase;
}

const NvClockOffset *
nv_channel_clock (const NvChannel *channel)
{
  return channel->clock.error_ns >= 0 ? &channel->clock : NULL;
}

guint64
nv_channel_size_bytes (const NvChannel *channel)
{
  return channel->size_bytes;
}

const char *
nv_channel_refusal (const NvChannel *channel)
{
  return channel->refusal;
}

gint64
nv_channel_started_host_ns (const NvChannel *channel)
{
  return channel->started_ns > 0 ? channel->started_ns - channel->clock.offset_ns : 0;
}

int
nv_channel_job_status (const NvChannel *channel)
{
  return channel->job_status;
}

const char *
nv_channel_job_message (const NvChannel *channel)
{
  return channel->job_message;
}

/* --- what the host says --- */

static json_t *
make_record (const char *name)
{
  return json_pack ("{s:s, s:i}", "record", name, "version", NV_PROTOCOL_VERSION);
}

static gboolean
may_be_asked (const NvChannel *channel)
{
  return channel->state == NV_GUEST_IDLE || channel->state == NV_GUEST_READY;
}

void
nv_channel_ask_clock (NvChannel *channel)
{
  json_t *record = make_record ("clock");

  json_object_set_new (record, "id", json_integer ((json_int_t)++channel->clock_id));
  channel->clock_sent_ns = nv_now_ns ();
  nv_channel_say (channel, record);
}

void
nv_channel_measure_clock (NvChannel *channel, guint rounds)
{
  if (channel->state == NV_GUEST_LOST)
    return;
  g_return_if_fail (may_be_asked (channel) && rounds > 0 && channel->rounds_left == 0);
  g_array_set_size (channel->rounds, 0);
  channel->rounds_left = rounds;
  nv_channel_ask_clock (channel);
}

void
nv_channel_send_job (NvChannel *channel, const json_t *job, guint64 sample_interval_ns)
{
  json_t *record;

  if (channel->state == NV_GUEST_LOST)
    return;
  g_return_if_fail (may_be_asked (channel));
  record = make_record ("job");
  json_object_update (record, (json_t *)job);
  if (sample_interval_ns > 0)
    json_object_set_new (record, "sample_interval_ns", json_integer ((json_int_t)sample_interval_ns));
  channel->sample_interval_ns = sample_interval_ns;
  channel->size_bytes = 0;
  channel->started_ns = 0;
  json_decref (channel->workload);
  channel->workload = json_deep_copy (json_object_get (job, "workload"));
  channel->has_transport = json_object_get (job, "transport") != NULL;
  g_clear_pointer (&channel->setup, json_decref);
  channel->has_sample_header = FALSE;
  channel->job_status = NV_STATUS_DONE;
  g_clear_pointer (&channel->refusal, g_free);
  g_clear_pointer (&channel->job_message, g_free);
  nv_channel_say (channel, record);
  if (channel->state != NV_GUEST_LOST)
    nv_channel_set_state (channel, NV_GUEST_ASKED);
}

void
nv_channel_go (NvChannel *channel, gint64 host_ns)
{
  guint64 samples_per_s = 0;
  json_t *record;

  if (channel->state == NV_GUEST_LOST)
    return;
  g_return_if_fail (channel->state == NV_GUEST_READY && nv_channel_clock (channel));
  if (channel->sample_interval_ns > 0)
    samples_per_s = G_GUINT64_CONSTANT (1000000000) / channel->sample_interval_ns + 1;
  nv_channel_grant (channel, channel->job_bytes, IDLE_BYTES_PER_S + samples_per_s * SAMPLE_BYTES);
  record = make_record ("go");
  json_object_set_new (record, "start_ns", json_integer (host_ns + channel->clock.offset_ns));
  nv_channel_say (channel, record);
  if (channel->state != NV_GUEST_LOST)
    nv_channel_set_state (channel, NV_GUEST_RUNNING);
}

void
nv_channel_say_bye (NvChannel *channel)
{
  if (channel->state != NV_GUEST_LOST)
    nv_channel_say (channel, make_record ("bye"));
}
