#pragma once

/* The host's end of a channel, for tests of its two kinds of guests. */

#include "vm/channel.h"
#include "vm/driver.h"
#include "bench/protocol.h"

#include <string.h>
#include <unistd.h>

typedef struct
{
  NvChannel *channel;
  NvConnection *connection; /* (nullable) */
  int guest;                /* the other end, where the test is the guest; else -1 */
  guint n_states;
  GString *records; /* "setup iteration ..." */
} Fixture;

static inline void
note_state (NvChannel *channel, NvGuestState state, gpointer data)
{
  ((Fixture *)data)->n_states++;
}

static inline void
note_record (NvChannel *channel, json_t *record, gpointer data)
{
  const Fixture *fixture = data;

  g_string_append_printf (fixture->records, "%s%s", fixture->records->len > 0 ? " " : "",
                          nv_record_name (record));
}

/* @taken_fd: of the host's end */
static inline void
open_fd (Fixture *fixture, int taken_fd)
{
  static const NvChannelEvents events = { .state = note_state, .record = note_record };

  fixture->records = g_string_new (NULL);
  fixture->channel = nv_channel_new (taken_fd, &events, fixture);
}

static inline void
close_fixture (Fixture *fixture)
{
  nv_channel_free (fixture->channel);
  nv_connection_close (fixture->connection);
  g_string_free (fixture->records, TRUE);
  if (fixture->guest >= 0)
    close (fixture->guest);
}

/* Until the channel is in @state, or lost. */
static inline void
wait_for_state (const Fixture *fixture, NvGuestState state)
{
  while (nv_channel_state (fixture->channel) != state && nv_channel_state (fixture->channel) != NV_GUEST_LOST)
    g_main_context_iteration (NULL, TRUE);
  if (state != NV_GUEST_LOST && nv_channel_error (fixture->channel))
    g_test_message ("%s", nv_channel_error (fixture->channel));
  g_assert_cmpstr (nv_guest_state_name (nv_channel_state (fixture->channel)), ==,
                   nv_guest_state_name (state));
}

static inline void
assert_lost (const Fixture *fixture, const char *reason)
{
  wait_for_state (fixture, NV_GUEST_LOST);
  if (!strstr (nv_channel_error (fixture->channel), reason))
    g_test_message ("'%s' is not in: %s", reason, nv_channel_error (fixture->channel));
  g_assert_nonnull (strstr (nv_channel_error (fixture->channel), reason));
}

static inline void
send_job (const Fixture *fixture, const char *kernels, guint64 sample_interval_ns)
{
  json_t *job = json_pack ("{s:{s:s, s:s}}", "options", "kernel", kernels, "iterations", "3");

  nv_channel_send_job (fixture->channel, job, sample_interval_ns);
  json_decref (job);
  g_assert_cmpint (nv_channel_state (fixture->channel), ==, NV_GUEST_ASKED);
}
