#pragma once

#include "vm/channel.h"
#include "vm/fleet.h"

/**
 * NvSession: the conversation with all guests of one fleet.
 *
 * Each step waits for all guests, in the default main context; the first guest that is lost, refuses or is
 * too late ends the step with an error that names it and shows the end of its console.
 */
typedef struct NvSession NvSession;

typedef struct
{
  /* Of guest @index; borrowed. */
  void (*record) (guint index, json_t *record, gpointer data);
  /* (nullable) a few times a second while a step waits. */
  void (*tick) (gpointer data);
  GCancellable *cancellable;
} NvSessionEvents;

/**
 * nv_session_open:
 * @members: (element-type NvFleetMember): running; must outlive the session
 *
 * Opens the channels. Returns: (transfer full): NULL with the driver's error.
 */
NvSession *nv_session_open (NvConnection *connection, GPtrArray *members, const NvSessionEvents *events,
                            gpointer data, GError **error);
void nv_session_free (NvSession *session);

/* Until all guests have said hello. */
gboolean nv_session_wait_booted (NvSession *session, guint64 timeout_ns, GError **error);

/* Measures the offset of each guest's clock, see nv_session_channel(). */
gboolean nv_session_measure_clocks (NvSession *session, GError **error);

/**
 * nv_session_prepare:
 * @jobs: one for each guest, see nv_channel_send_job()
 * @sample_interval_ns: 0: no samples
 * @ret_size_bytes: (out): the smallest of the sizes that the guests would measure with
 *
 * Until all guests are ready.
 */
gboolean nv_session_prepare (NvSession *session, json_t *const *jobs, guint64 sample_interval_ns,
                             guint64 *ret_size_bytes, GError **error);

/* Starts all guests at one moment that is near enough, and waits until all are through; where they send
 * files, after one is lost until the others are. @ret_go_ns: that moment; @ret_spread_ns: the largest
 * difference between the moments at which they started; both on the host's CLOCK_MONOTONIC, as far as the
 * guests' clocks are known. */
gboolean nv_session_measure (NvSession *session, gint64 *ret_go_ns, gint64 *ret_spread_ns, GError **error);

/* Is guest @index through with its job, and has it measured? A mismatch of pages is a result, not a failure.
 */
gboolean nv_session_has_measured (const NvSession *session, guint index);

/* The guests power themselves off. */
void nv_session_say_bye (NvSession *session);

NvChannel *nv_session_channel (const NvSession *session, guint index);

/* How many guests are in @state. */
guint nv_session_count (const NvSession *session, NvGuestState state);

/* What the guest that is least far measures: its kernel, "" if none does; @ret_iteration: see
 * nv_channel_phase(). */
const char *nv_session_phase (const NvSession *session, guint *ret_iteration);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvSession, nv_session_free)
