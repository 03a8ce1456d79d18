/* The host's end of a channel: with guests of the fake driver, and with a guest that the test itself plays.
 */

#include "bench/bench.h"
#include "bench/clock.h"
#include "bench/protocol.h"
#include "base/size.h"
#include "vm/channel.h"
#include "vm/driver.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct
{
  NvChannel *channel;
  NvConnection *connection; /* (nullable) */
  int guest;                /* the other end, where the test is the guest; else -1 */
  guint n_states;
  GString *records; /* "setup iteration ..." */
} Fixture;

static void
note_state (NvChannel *channel, NvGuestState state, gpointer data)
{
  ((Fixture *)data)->n_states++;
}

static void
note_record (NvChannel *channel, json_t *record, gpointer data)
{
  const Fixture *fixture = data;

  g_string_append_printf (fixture->records, "%s%s", fixture->records->len > 0 ? " " : "",
                          nv_record_name (record));
}

/* @taken_fd: of the host's end */
static void
open_fd (Fixture *fixture, int taken_fd)
{
  static const NvChannelEvents events = { .state = note_state, .record = note_record };

  fixture->records = g_string_new (NULL);
  fixture->channel = nv_channel_new (taken_fd, &events, fixture);
}

static void
open_pair (Fixture *fixture)
{
  int ends[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
  *fixture = (Fixture){ .guest = ends[1] };
  open_fd (fixture, ends[0]);
}

/* A VM of the fake driver. @name: says how its guest behaves. */
static void
open_fake (Fixture *fixture, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvVm) vm = nv_vm_new ();
  const NvDriver *driver = nv_driver_find ("fake");
  int fd;

  *fixture = (Fixture){ .guest = -1, .connection = driver->open ("node:1 core:1 pu:1", NULL) };
  vm->name = g_strdup (name);
  vm->uuid = g_uuid_string_random ();
  vm->vcpus = 1;
  vm->memory_bytes = 64 * NV_MIB;
  vm->placement = nv_placement_new ("test");
  nv_placement_add_region (vm->placement, vm->memory_bytes, NV_MEMORY_DEFAULT, NULL);
  g_assert_true (driver->define (fixture->connection, vm, NULL, NULL, &error));
  g_assert_true (driver->start_paused (fixture->connection, name, &error));
  g_assert_cmpint (driver->open_channel (fixture->connection, name, NULL), ==, -1);
  g_assert_true (driver->resume (fixture->connection, name, &error));
  fd = driver->open_channel (fixture->connection, name, &error);
  g_assert_no_error (error);
  open_fd (fixture, fd);
}

static void
close_fixture (Fixture *fixture)
{
  nv_channel_free (fixture->channel);
  nv_connection_close (fixture->connection);
  g_string_free (fixture->records, TRUE);
  if (fixture->guest >= 0)
    close (fixture->guest);
}

/* Until the channel is in @state, or lost. */
static void
wait_for_state (const Fixture *fixture, NvGuestState state)
{
  while (nv_channel_state (fixture->channel) != state && nv_channel_state (fixture->channel) != NV_GUEST_LOST)
    g_main_context_iteration (NULL, TRUE);
  if (state != NV_GUEST_LOST && nv_channel_error (fixture->channel))
    g_test_message ("%s", nv_channel_error (fixture->channel));
  g_assert_cmpstr (nv_guest_state_name (nv_channel_state (fixture->channel)), ==,
                   nv_guest_state_name (state));
}

static void
assert_lost (const Fixture *fixture, const char *reason)
{
  wait_for_state (fixture, NV_GUEST_LOST);
  if (!strstr (nv_channel_error (fixture->channel), reason))
    g_test_message ("'%s' is not in: %s", reason, nv_channel_error (fixture->channel));
  g_assert_nonnull (strstr (nv_channel_error (fixture->channel), reason));
}

static void
measure_clock (Fixture *fixture, guint rounds)
{
  guint before = fixture->n_states;

  nv_channel_measure_clock (fixture->channel, rounds);
  while (fixture->n_states == before)
    g_main_context_iteration (NULL, TRUE);
}

static void
send_job (const Fixture *fixture, const char *kernels, guint64 sample_interval_ns)
{
  json_t *options = json_pack ("{s:s, s:s}", "kernel", kernels, "iterations", "3");

  nv_channel_send_job (fixture->channel, options, sample_interval_ns);
  json_decref (options);
  g_assert_cmpint (nv_channel_state (fixture->channel), ==, NV_GUEST_ASKED);
}

/* Up to the go, which is at once. */
static void
let_go (Fixture *fixture)
{
  wait_for_state (fixture, NV_GUEST_IDLE);
  measure_clock (fixture, 3);
  send_job (fixture, "copy,chase", 1000000);
  wait_for_state (fixture, NV_GUEST_READY);
  nv_channel_go (fixture->channel, nv_now_ns ());
}

/* --- fake guests --- */

static void
a_guest_measures_and_is_ready_for_more (void)
{
  Fixture fixture;

  open_fake (&fixture, "vm0");
  let_go (&fixture);
  wait_for_state (&fixture, NV_GUEST_IDLE);
  g_assert_cmpstr (json_string_value (json_object_get (nv_channel_hello (fixture.channel), "program")), ==,
                   "fake");
  g_assert_cmpstr (fixture.records->str, ==,
                   "setup sample-header sample iteration iteration iteration summary iteration iteration "
                   "iteration summary");
  g_assert_cmpint (nv_channel_job_status (fixture.channel), ==, NV_STATUS_DONE);
  g_assert_null (nv_channel_job_message (fixture.channel));
  g_assert_cmpuint (nv_channel_size_bytes (fixture.channel), >, 0);
  send_job (&fixture, "read", 0);
  wait_for_state (&fixture, NV_GUEST_READY);
  send_job (&fixture, "write", 0); /* another in its place */
  wait_for_state (&fixture, NV_GUEST_READY);
  nv_channel_say_bye (fixture.channel);
  assert_lost (&fixture, "closed the channel");
  close_fixture (&fixture);
}

/* Both are this machine's. */
static void
the_clocks_offset_is_within_its_error (void)
{
  Fixture fixture;
  const NvClockOffset *clock;
  gint64 before_ns = nv_now_ns ();

  open_fake (&fixture, "vm0");
  wait_for_state (&fixture, NV_GUEST_IDLE);
  g_assert_null (nv_channel_clock (fixture.channel));
  measure_clock (&fixture, 20);
  clock = nv_channel_clock (fixture.channel);
  g_assert_cmpint (ABS (clock->offset_ns), <=, clock->error_ns);
  g_assert_cmpint (clock->host_ns, >, before_ns);
  g_assert_cmpint (clock->host_ns, <=, nv_now_ns ());
  close_fixture (&fixture);
}

static void
a_guest_starts_when_it_is_told_to (void)
{
  Fixture fixture;
  gint64 go_ns;

  open_fake (&fixture, "vm0");
  wait_for_state (&fixture, NV_GUEST_IDLE);
  measure_clock (&fixture, 5);
  send_job (&fixture, "copy", 0);
  wait_for_state (&fixture, NV_GUEST_READY);
  g_assert_cmpint (nv_channel_started_host_ns (fixture.channel), ==, 0);
  go_ns = nv_now_ns () + 100000000;
  nv_channel_go (fixture.channel, go_ns);
  wait_for_state (&fixture, NV_GUEST_IDLE);
  /* usleep() may round to its clock's ticks */
  g_assert_cmpint (nv_channel_started_host_ns (fixture.channel), >=, go_ns - 1000);
  g_assert_cmpint (nv_channel_started_host_ns (fixture.channel), <=,
                   nv_now_ns () + nv_channel_clock (fixture.channel)->error_ns);
  close_fixture (&fixture);
}

static void
a_refusal_has_its_message (void)
{
  Fixture fixture;

  open_fake (&fixture, "vm0-refuses");
  wait_for_state (&fixture, NV_GUEST_IDLE);
  send_job (&fixture, "copy", 0);
  wait_for_state (&fixture, NV_GUEST_IDLE);
  g_assert_cmpstr (nv_channel_refusal (fixture.channel), ==, "it was told to refuse");
  close_fixture (&fixture);
}

static void
a_job_that_fails_has_its_message (void)
{
  Fixture fixture;

  open_fake (&fixture, "vm0-fails");
  let_go (&fixture);
  wait_for_state (&fixture, NV_GUEST_IDLE);
  g_assert_cmpint (nv_channel_job_status (fixture.channel), ==, NV_STATUS_FAILED);
  g_assert_cmpstr (nv_channel_job_message (fixture.channel), ==, "it was told to fail");
  close_fixture (&fixture);
}

/* @silence_ms: 0: the usual */
static void
assert_lost_in_mid_run (const char *name, guint silence_ms, const char *reason)
{
  Fixture fixture;

  open_fake (&fixture, name);
  let_go (&fixture);
  if (silence_ms > 0)
    nv_channel_set_limits (fixture.channel, silence_ms, NV_GUEST_JOB_BYTES);
  assert_lost (&fixture, reason);
  close_fixture (&fixture);
}

static void
a_guest_that_goes_wrong_in_mid_run_is_lost_with_the_reason (void)
{
  assert_lost_in_mid_run ("vm0-silent", 2000, "said nothing for 2 s");
  assert_lost_in_mid_run ("vm0-closes", 0, "closed the channel");
  assert_lost_in_mid_run ("vm0-reboots", 0, "rebooted");
  assert_lost_in_mid_run ("vm0-garbage", 0, "sent what is wrong: no record");
}

static void
a_flood_ends_the_conversation (void)
{
  Fixture fixture;

  open_fake (&fixture, "vm0-floods");
  wait_for_state (&fixture, NV_GUEST_IDLE);
  assert_lost (&fixture, "sends more than that it waits explains");
  close_fixture (&fixture);
}

static void
a_guest_that_is_alive_is_not_lost (void)
{
  Fixture fixture;
  gint64 end_us;

  open_fake (&fixture, "vm0");
  wait_for_state (&fixture, NV_GUEST_IDLE);
  nv_channel_set_limits (fixture.channel, 2500, NV_GUEST_JOB_BYTES);
  end_us = g_get_monotonic_time () + 3 * G_USEC_PER_SEC;
  while (g_get_monotonic_time () < end_us)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (nv_channel_state (fixture.channel), ==, NV_GUEST_IDLE);
  g_assert_cmpstr (nv_channel_phase (fixture.channel, NULL), ==, "idle");
  /* What came while nobody looked is no silence. */
  g_usleep (3 * G_USEC_PER_SEC);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpint (nv_channel_state (fixture.channel), ==, NV_GUEST_IDLE);
  close_fixture (&fixture);
}

/* --- the test as a guest --- */

static void
say_bytes (const Fixture *fixture, const char *bytes, gsize length)
{
  g_assert_cmpint (send (fixture->guest, bytes, length, MSG_NOSIGNAL), ==, (gssize)length);
}

/* @members: behind "record" and "version" */
static void
say (const Fixture *fixture, const char *name, const char *members)
{
  g_autofree char *line =
      g_strdup_printf ("{\"record\":\"%s\",\"version\":1%s%s}\n", name, *members ? "," : "", members);

  say_bytes (fixture, line, strlen (line));
}

#define HELLO(boot)                                                                                          \
  "\"program\":\"p\",\"boot_id\":\"" boot "\",\"kernel\":\"k\",\"cpus\":1,\"memory_bytes\":1,"               \
  "\"monotonic_ns\":1"
#define ALIVE "\"monotonic_ns\":1,\"phase\":\"copy\",\"iteration\":7"

/* What the host says: the next record of that name. Returns: (transfer full). */
static json_t *
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

static void
be_welcome (Fixture *fixture)
{
  open_pair (fixture);
  say (fixture, "hello", HELLO ("b"));
  wait_for_state (fixture, NV_GUEST_IDLE);
  json_decref (listen_for (fixture, "welcome"));
}

/* Answers to the host's next clock with what the guest's clock says. */
static void
tell_time (const Fixture *fixture, gint64 received_ns, gint64 sent_ns)
{
  json_t *asked = listen_for (fixture, "clock");
  g_autofree char *members = g_strdup_printf (
      "\"id\":%" JSON_INTEGER_FORMAT ",\"received_ns\":%" G_GINT64_FORMAT ",\"sent_ns\":%" G_GINT64_FORMAT,
      json_integer_value (json_object_get (asked, "id")), received_ns, sent_ns);

  say (fixture, "clock", members);
  json_decref (asked);
}

static void
wait_for_clock (const Fixture *fixture)
{
  while (!nv_channel_clock (fixture->channel))
    {
      g_assert_null (nv_channel_error (fixture->channel));
      g_main_context_iteration (NULL, TRUE);
    }
}

/* Up to the go. */
static void
run (Fixture *fixture)
{
  gint64 now_ns;

  nv_channel_measure_clock (fixture->channel, 1);
  now_ns = nv_now_ns ();
  tell_time (fixture, now_ns, now_ns);
  wait_for_clock (fixture);
  send_job (fixture, "copy", 0);
  say (fixture, "ready", "\"size_bytes\":4096");
  wait_for_state (fixture, NV_GUEST_READY);
  nv_channel_go (fixture->channel, nv_now_ns ());
}

static void
be_running (Fixture *fixture)
{
  be_welcome (fixture);
  run (fixture);
}

static void
hellos_that_cross_their_welcome_are_fine (void)
{
  Fixture fixture;

  open_pair (&fixture);
  g_assert_cmpint (nv_channel_state (fixture.channel), ==, NV_GUEST_BOOTING);
  say (&fixture, "hello", HELLO ("b"));
  say (&fixture, "hello", HELLO ("b"));
  say (&fixture, "alive", ALIVE);
  wait_for_state (&fixture, NV_GUEST_IDLE);
  while (!*nv_channel_phase (fixture.channel, NULL))
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (nv_channel_state (fixture.channel), ==, NV_GUEST_IDLE);
  say (&fixture, "hello", HELLO ("b"));
  assert_lost (&fixture, "ended its program and started it again");
  close_fixture (&fixture);
}

static void
heartbeats_say_how_far_it_is (void)
{
  Fixture fixture;
  guint iteration;

  be_welcome (&fixture);
  g_assert_cmpstr (nv_channel_phase (fixture.channel, &iteration), ==, "");
  g_assert_cmpuint (iteration, ==, 0);
  say (&fixture, "alive", ALIVE);
  while (!*nv_channel_phase (fixture.channel, &iteration))
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpstr (nv_channel_phase (fixture.channel, &iteration), ==, "copy");
  g_assert_cmpuint (iteration, ==, 7);
  close_fixture (&fixture);
}

static void
bytes_may_come_one_by_one (void)
{
  static const char line[] = "{\"record\":\"hello\",\"version\":1," HELLO ("b") "}\n";
  Fixture fixture;

  open_pair (&fixture);
  for (gsize i = 0; i + 1 < sizeof line; i++)
    {
      g_assert_cmpint (nv_channel_state (fixture.channel), ==, NV_GUEST_BOOTING);
      say_bytes (&fixture, &line[i], 1);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
  wait_for_state (&fixture, NV_GUEST_IDLE);
  close_fixture (&fixture);
}

typedef struct
{
  const char *bytes; /* a line, without its newline */
  gsize length;      /* 0: as long as it is */
  const char *reason;
} Wrong;

static void
what_is_no_record_ends_the_conversation (void)
{
  static const Wrong wrongs[] = {
    { "hello", 0, "sent what is wrong: no record" },
    { "{\"record\":\"bye\",\"version\":2}", 0, "'bye' of version 2: this program knows 1" },
    { "{\"record\":\"hello\",\"version\":1}", 0, "record 'hello': 'program' is missing" },
    { "{\"record\":\"\xff\",\"version\":1}", 0, "no record" },
    { "{\"record\":\"bye\",\"version\":1}\0", 29, "no record" },
    { "{\"record\":\"\\u001b[2J\",\"version\":1}", 0, "record '?[2J' is unknown" },
    { "{\"record\":\"bye\",\"version\":1}", 0, "sent 'bye' when it was not its turn, while it is booting" },
    { "{\"record\":\"alive\",\"version\":1,\"monotonic_ns\":1,\"phase\":\"\"}", 0, "sent 'alive' when" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrongs); i++)
    {
      Fixture fixture;

      open_pair (&fixture);
      say_bytes (&fixture, wrongs[i].bytes, wrongs[i].length ? wrongs[i].length : strlen (wrongs[i].bytes));
      say_bytes (&fixture, "\n", 1);
      assert_lost (&fixture, wrongs[i].reason);
      close_fixture (&fixture);
    }
}

static gpointer
send_without_end (gpointer data)
{
  const int *fd = data;
  static const char bytes[4096] = { ' ' };

  while (send (*fd, bytes, sizeof bytes, MSG_NOSIGNAL) > 0)
    ;
  return NULL;
}

static void
a_line_without_an_end_ends_the_conversation (void)
{
  Fixture fixture;
  GThread *thread;

  open_pair (&fixture);
  thread = g_thread_new ("guest", send_without_end, &fixture.guest);
  assert_lost (&fixture, "sent a line of more than 1048576 bytes");
  g_thread_join (thread); /* its end is closed: it does not block */
  close_fixture (&fixture);
}

#define STARTED "started", "\"monotonic_ns\":1"
#define DONE    "done", "\"status\":0"

static void
assert_lost_by_turn (Fixture *fixture, const char *name, const char *members)
{
  g_autofree char *reason = g_strdup_printf ("sent '%s' when it was not its turn", name);

  say (fixture, name, members);
  assert_lost (fixture, reason);
  close_fixture (fixture);
}

static void
records_out_of_turn_end_the_conversation (void)
{
  static const char iteration[] = "\"kernel\":\"copy\",\"iteration\":0,\"start_ns\":1,\"time_ns\":1,"
                                  "\"value\":1,\"unit\":\"ns\",\"changed\":false";
  Fixture fixture;

  be_welcome (&fixture);
  assert_lost_by_turn (&fixture, "ready", "\"size_bytes\":0");
  be_welcome (&fixture);
  assert_lost_by_turn (&fixture, STARTED);
  be_welcome (&fixture);
  assert_lost_by_turn (&fixture, DONE);
  be_welcome (&fixture);
  assert_lost_by_turn (&fixture, "clock", "\"id\":1,\"received_ns\":1,\"sent_ns\":1");
  be_running (&fixture);
  assert_lost_by_turn (&fixture, "iteration", iteration);
  be_running (&fixture);
  assert_lost_by_turn (&fixture, DONE);
  be_running (&fixture);
  say (&fixture, STARTED);
  assert_lost_by_turn (&fixture, STARTED);
  be_running (&fixture);
  say (&fixture, STARTED);
  assert_lost_by_turn (&fixture, "iteration", iteration);
  be_running (&fixture); /* which asked for no samples */
  say (&fixture, STARTED);
  assert_lost_by_turn (&fixture, "sample", "\"monotonic_ns\":1,\"wall_ns\":1,\"missed\":0");
  be_running (&fixture);
  say (&fixture, STARTED);
  say (&fixture, DONE);
  assert_lost_by_turn (&fixture, DONE);
}

static void
a_job_may_not_be_larger_than_it_explains (void)
{
  Fixture fixture;

  be_welcome (&fixture);
  nv_channel_set_limits (fixture.channel, NV_GUEST_SILENCE_MS, 1000);
  run (&fixture);
  say (&fixture, STARTED);
  for (guint i = 0; i < 100; i++)
    say (&fixture, "alive", ALIVE);
  assert_lost (&fixture, "sends more than its job explains");
  close_fixture (&fixture);
}

static void
a_guest_that_does_not_read_is_lost (void)
{
  Fixture fixture;
  g_autofree char *name = g_strnfill (1 << 18, 'k');
  json_t *options = json_pack ("{s:s}", "kernel", name);

  be_welcome (&fixture);
  for (guint i = 0; i < 100 && nv_channel_state (fixture.channel) != NV_GUEST_LOST; i++)
    {
      nv_channel_send_job (fixture.channel, options, 0);
      if (nv_channel_state (fixture.channel) == NV_GUEST_LOST)
        break;
      say (&fixture, "ready", "\"size_bytes\":1");
      wait_for_state (&fixture, NV_GUEST_READY);
    }
  assert_lost (&fixture, "does not read what it is told");
  json_decref (options);
  close_fixture (&fixture);
}

static void
a_clock_that_goes_backwards_is_no_clock (void)
{
  Fixture fixture;

  be_welcome (&fixture);
  nv_channel_measure_clock (fixture.channel, 1);
  tell_time (&fixture, 1000, 999);
  assert_lost (&fixture, "sent a 'clock' that tells no time");
  close_fixture (&fixture);
}

/* 10 s from received to sent, of which the host has seen nothing: the offset is anything within. */
static void
a_guest_that_claims_to_have_thought_for_long_gets_a_large_error (void)
{
  Fixture fixture;

  be_welcome (&fixture);
  nv_channel_measure_clock (fixture.channel, 1);
  tell_time (&fixture, G_GINT64_CONSTANT (5000000000), G_GINT64_CONSTANT (15000000000));
  wait_for_clock (&fixture);
  g_assert_cmpint (nv_channel_clock (fixture.channel)->error_ns, >=, G_GINT64_CONSTANT (5000000000));
  close_fixture (&fixture);
}

/* The second round says an hour more than the first. */
static void
a_clock_that_jumps_has_the_jump_as_its_error (void)
{
  const gint64 hour_ns = G_GINT64_CONSTANT (3600000000000), now_ns = nv_now_ns ();
  Fixture fixture;

  be_welcome (&fixture);
  nv_channel_measure_clock (fixture.channel, 2);
  tell_time (&fixture, now_ns, now_ns);
  tell_time (&fixture, now_ns + hour_ns, now_ns + hour_ns);
  wait_for_clock (&fixture);
  g_assert_cmpint (nv_channel_clock (fixture.channel)->error_ns, >, hour_ns / 2);
  close_fixture (&fixture);
}

static void
the_largest_times_do_not_overflow (void)
{
  Fixture fixture;

  be_welcome (&fixture);
  nv_channel_measure_clock (fixture.channel, 2);
  tell_time (&fixture, 0, 0);
  tell_time (&fixture, G_MAXINT64 / 4, G_MAXINT64 / 4);
  wait_for_clock (&fixture);
  g_assert_cmpint (nv_channel_clock (fixture.channel)->error_ns, >, G_MAXINT64 / 16);
  close_fixture (&fixture);
}

static void
a_lost_guest_takes_what_is_said_in_silence (void)
{
  Fixture fixture;
  json_t *options = json_object ();

  be_welcome (&fixture);
  shutdown (fixture.guest, SHUT_RDWR);
  assert_lost (&fixture, "closed the channel");
  nv_channel_measure_clock (fixture.channel, 1);
  nv_channel_send_job (fixture.channel, options, 0);
  nv_channel_go (fixture.channel, 1);
  nv_channel_say_bye (fixture.channel);
  g_assert_cmpint (nv_channel_state (fixture.channel), ==, NV_GUEST_LOST);
  json_decref (options);
  close_fixture (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(test) g_test_add_func ("/channel/" #test, test)
  ADD (a_guest_measures_and_is_ready_for_more);
  ADD (the_clocks_offset_is_within_its_error);
  ADD (a_guest_starts_when_it_is_told_to);
  ADD (a_refusal_has_its_message);
  ADD (a_job_that_fails_has_its_message);
  ADD (a_guest_that_goes_wrong_in_mid_run_is_lost_with_the_reason);
  ADD (a_flood_ends_the_conversation);
  ADD (a_guest_that_is_alive_is_not_lost);
  ADD (hellos_that_cross_their_welcome_are_fine);
  ADD (heartbeats_say_how_far_it_is);
  ADD (bytes_may_come_one_by_one);
  ADD (what_is_no_record_ends_the_conversation);
  ADD (a_line_without_an_end_ends_the_conversation);
  ADD (records_out_of_turn_end_the_conversation);
  ADD (a_job_may_not_be_larger_than_it_explains);
  ADD (a_guest_that_does_not_read_is_lost);
  ADD (a_clock_that_goes_backwards_is_no_clock);
  ADD (a_guest_that_claims_to_have_thought_for_long_gets_a_large_error);
  ADD (a_clock_that_jumps_has_the_jump_as_its_error);
  ADD (the_largest_times_do_not_overflow);
  ADD (a_lost_guest_takes_what_is_said_in_silence);
#undef ADD
  return g_test_run ();
}
