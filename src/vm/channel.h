#pragma once

#include <glib.h>
#include <jansson.h>

/**
 * NvChannel: the host's end of the conversation with one guest (bench/protocol.h).
 *
 * Lives in the default main context; nothing blocks. The guest is not trusted: what it sends is checked, and
 * the first thing that is wrong ends the conversation, with a reason that can be shown.
 */
typedef struct NvChannel NvChannel;

typedef enum
{
  NV_GUEST_BOOTING, /* no hello yet */
  NV_GUEST_IDLE,    /* said hello, is welcome; or its job is done */
  NV_GUEST_ASKED,   /* got a job */
  NV_GUEST_READY,   /* waits for the go */
  NV_GUEST_RUNNING, /* from nv_channel_go() on */
  NV_GUEST_LOST,    /* see nv_channel_error(): closed, silent, rebooted, or it sent what it must not */
} NvGuestState;

/* The offset of a guest's CLOCK_MONOTONIC: guest = host + offset, give or take error (half of the round trip;
 * D. L. Mills, RFC 5905, section 8). The best of several round trips. */
typedef struct
{
  gint64 offset_ns;
  gint64 error_ns;
  gint64 host_ns; /* when it was measured */
} NvClockOffset;

/* Called in the default main context; the channel must not be freed in it. */
typedef struct
{
  /* After each change of the state, and when clock offsets have come (same state twice). */
  void (*state) (NvChannel *channel, NvGuestState state, gpointer data);
  /* setup or workload, iteration, output, summary, sample-header, sample: checked; borrowed. */
  void (*record) (NvChannel *channel, json_t *record, gpointer data);
} NvChannelEvents;

/* How long a guest that is welcome may say nothing: 20 heartbeats; an emulated guest on a busy host is slow.
 */
#define NV_GUEST_SILENCE_MS 10000

/* What a guest may send for one job, beside what samples may take (64 KiB each): millions of iterations. */
#define NV_GUEST_JOB_BYTES (G_GUINT64_CONSTANT (1) << 30)

/**
 * nv_channel_new:
 * @fd: a socket, connected, taken; from NvDriver.open_channel
 *
 * Returns: (transfer full): nv_channel_free().
 */
NvChannel *nv_channel_new (int fd, const NvChannelEvents *events, gpointer data);
void nv_channel_free (NvChannel *channel);

/* For tests: in the place of NV_GUEST_SILENCE_MS and NV_GUEST_JOB_BYTES. */
void nv_channel_set_limits (NvChannel *channel, guint silence_ms, guint64 job_bytes);

NvGuestState nv_channel_state (const NvChannel *channel);
const char *nv_guest_state_name (NvGuestState state);

/* Of NV_GUEST_LOST: why, for a sentence that begins with the VM's name: `said nothing for 10 s`. */
const char *nv_channel_error (const NvChannel *channel);

/* (nullable): the guest's hello; borrowed. */
const json_t *nv_channel_hello (const NvChannel *channel);

/* What the last heartbeat said: "idle", a kernel's name; "" before the first. @ret_iteration: (out)
 * (optional): 0: none yet. */
const char *nv_channel_phase (const NvChannel *channel, guint *ret_iteration);

/* Measures the clock's offset by @rounds round trips; the guest must be idle or ready. The state callback
 * says when it is there. */
void nv_channel_measure_clock (NvChannel *channel, guint rounds);

/* (nullable): of the last nv_channel_measure_clock() that is through. */
const NvClockOffset *nv_channel_clock (const NvChannel *channel);

/* @job: (transfer none): an object with options or workload, and maybe transport, see bench/protocol.h.
 * @sample_interval_ns: 0: none. The guest must be idle or ready. */
void nv_channel_send_job (NvChannel *channel, const json_t *job, guint64 sample_interval_ns);

/* Of a guest that is ready: the size of each array that it will measure with. */
guint64 nv_channel_size_bytes (const NvChannel *channel);

/* (nullable): what a guest that refused the job (IDLE again after ASKED) said. */
const char *nv_channel_refusal (const NvChannel *channel);

/* @host_ns: when to start, on the host's CLOCK_MONOTONIC; the guest is ready and its clock is measured. */
void nv_channel_go (NvChannel *channel, gint64 host_ns);

/* When the guest says that it started, on the host's clock; 0: not yet. */
gint64 nv_channel_started_host_ns (const NvChannel *channel);

/* Of the last job that is through: enum nv_status of bench/bench.h, and (nullable) its message. */
int nv_channel_job_status (const NvChannel *channel);
const char *nv_channel_job_message (const NvChannel *channel);

/**
 * nv_channel_hear_sent:
 * @line: @length bytes, without the newline
 *
 * One record from a file that the guest has sent, since its job named a transport: comes to the record
 * callback as though it had come over the channel, if it is right and in its turn there. The guest has
 * started, and is through.
 *
 * Returns: %FALSE with NV_ERROR_PARSE; the channel is as it was.
 */
gboolean nv_channel_hear_sent (NvChannel *channel, const char *line, gsize length, GError **error);

/* The guest powers itself off; the channel is lost soon after, as it should be. */
void nv_channel_say_bye (NvChannel *channel);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvChannel, nv_channel_free)
