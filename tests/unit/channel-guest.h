#pragma once

/* The test is the guest: what it says over a channel. */

#include "channel-fixture.h"

#include "bench/clock.h"

#include <sys/socket.h>

static inline void
open_pair (Fixture *fixture)
{
  int ends[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
  *fixture = (Fixture){ .guest = ends[1] };
  open_fd (fixture, ends[0]);
}

static inline void
say_bytes (const Fixture *fixture, const char *bytes, gsize length)
{
  g_assert_cmpint (send (fixture->guest, bytes, length, MSG_NOSIGNAL), ==, (gssize)length);
}

/* @members: behind "record" and "version" */
static inline void
say (const Fixture *fixture, const char *name, const char *members)
{
  g_autofree char *line =
      g_strdup_printf ("{\"record\":\"%s\",\"version\":1%s%s}\n", name, *members ? "," : "", members);

  say_bytes (fixture, line, strlen (line));
}

#define HELLO(boot)                                                                                          \
  "\"program\":\"p\",\"boot_id\":\"" boot "\",\"kernel\":\"k\",\"cpus\":1,\"memory_bytes\":1,"               \
  "\"monotonic_ns\":1"
#define ITERATION(kernel)                                                                                    \
  "\"kernel\":\"" kernel                                                                                     \
  "\",\"iteration\":0,\"start_ns\":1,\"time_ns\":1,\"value\":1,\"unit\":\"ns\",\"changed\":false"
#define ALIVE "\"monotonic_ns\":1,\"phase\":\"copy\",\"iteration\":7"

/* What the host says: the next record of that name. Returns: (transfer full). */
static inline json_t *
listen_for (const Fixture *fixture, const char *name)
{
  struct nv_message message;
  json_t *record = NULL;

  while (!record || strcmp (nv_record_name (record), name) != 0)
    {
      g_autoptr (GString) line = g_string_new (NULL);
      char byte = 0;

      while (g_main_context_iteration (NULL, FALSE))
        ;
      while (byte != '\n')
        {
          g_assert_cmpint (recv (fixture->guest, &byte, 1, 0), ==, 1);
          g_string_append_c (line, byte);
        }
      json_decref (record);
      record = nv_record_parse (line->str, line->len - 1, &message);
      g_assert_nonnull (record);
      g_assert_cmpint (nv_record_check (record, &message), ==, 0);
    }
  return record;
}

static inline void
be_welcome (Fixture *fixture)
{
  open_pair (fixture);
  say (fixture, "hello", HELLO ("b"));
  wait_for_state (fixture, NV_GUEST_IDLE);
  json_decref (listen_for (fixture, "welcome"));
}

/* Answers to the host's next clock with what the guest's clock says. */
static inline void
tell_time (const Fixture *fixture, gint64 received_ns, gint64 sent_ns)
{
  json_t *asked = listen_for (fixture, "clock");
  g_autofree char *members = g_strdup_printf (
      "\"id\":%" JSON_INTEGER_FORMAT ",\"received_ns\":%" G_GINT64_FORMAT ",\"sent_ns\":%" G_GINT64_FORMAT,
      json_integer_value (json_object_get (asked, "id")), received_ns, sent_ns);

  say (fixture, "clock", members);
  json_decref (asked);
}

static inline void
wait_for_clock (const Fixture *fixture)
{
  while (!nv_channel_clock (fixture->channel))
    {
      g_assert_null (nv_channel_error (fixture->channel));
      g_main_context_iteration (NULL, TRUE);
    }
}

/* Up to the go. @taken_job: (nullable): instead of a kernel. */
static inline void
run_job (Fixture *fixture, json_t *taken_job)
{
  gint64 now_ns;

  nv_channel_measure_clock (fixture->channel, 1);
  now_ns = nv_now_ns ();
  tell_time (fixture, now_ns, now_ns);
  wait_for_clock (fixture);
  if (taken_job)
    nv_channel_send_job (fixture->channel, taken_job, 0);
  else
    send_job (fixture, "copy", 0);
  json_decref (taken_job);
  say (fixture, "ready", "\"size_bytes\":4096");
  wait_for_state (fixture, NV_GUEST_READY);
  nv_channel_go (fixture->channel, nv_now_ns ());
}

static inline void
run (Fixture *fixture)
{
  run_job (fixture, NULL);
}

static inline void
be_running (Fixture *fixture)
{
  be_welcome (fixture);
  run (fixture);
}
