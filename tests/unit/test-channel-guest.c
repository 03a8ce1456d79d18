/* What a guest says over a channel, right or wrong: the test is the guest. */

#include "channel-fixture.h"

#include "bench/clock.h"

#include <sys/socket.h>

static void
open_pair (Fixture *fixture)
{
  int ends[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, ends), ==, 0);
  *fixture = (Fixture){ .guest = ends[1] };
  open_fd (fixture, ends[0]);
}

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
#define ITERATION(kernel)                                                                                    \
  "\"kernel\":\"" kernel                                                                                     \
  "\",\"iteration\":0,\"start_ns\":1,\"time_ns\":1,\"value\":1,\"unit\":\"ns\",\"changed\":false"
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

/* Up to the go. @taken_job: (nullable): instead of a kernel. */
static void
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

static void
run (Fixture *fixture)
{
  run_job (fixture, NULL);
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
  assert_lost_by_turn (&fixture, "iteration", ITERATION ("copy"));
  be_running (&fixture);
  assert_lost_by_turn (&fixture, DONE);
  be_running (&fixture);
  say (&fixture, STARTED);
  assert_lost_by_turn (&fixture, STARTED);
  be_running (&fixture);
  say (&fixture, STARTED);
  assert_lost_by_turn (&fixture, "iteration", ITERATION ("copy"));
  be_running (&fixture); /* which asked for no samples */
  say (&fixture, STARTED);
  assert_lost_by_turn (&fixture, "sample", "\"monotonic_ns\":1,\"wall_ns\":1,\"missed\":0");
  be_running (&fixture);
  say (&fixture, STARTED);
  say (&fixture, DONE);
  assert_lost_by_turn (&fixture, DONE);
}

static void
kernels_that_the_setup_does_not_name_end_the_conversation (void)
{
  static const char setup[] =
      "\"program\":\"p\",\"time\":\"t\",\"monotonic_ns\":1,\"pinned\":true,\"threads\":[],\"timer_tick_ns\":1,"
      "\"facts\":{},\"setup\":{\"mode\":\"kernels\",\"kernels\":[\"copy\"],\"access\":\"seq\",\"iterations\":1,"
      "\"pages\":\"local\",\"page_kind\":\"4k\",\"page_bytes\":4096,\"touch\":\"owner\",\"isa\":\"auto\","
      "\"store\":\"auto\",\"prefetch\":\"auto\",\"chases\":1,\"stride_bytes\":64,\"reads\":1,\"writes\":1,"
      "\"seed\":1}";
  Fixture fixture;

  be_running (&fixture);
  say (&fixture, STARTED);
  say (&fixture, "setup", setup);
  say (&fixture, "iteration", ITERATION ("copy"));
  say (&fixture, "iteration", ITERATION ("scale"));
  assert_lost (&fixture, "sent 'iteration' of kernel 'scale', which its setup does not name");
  close_fixture (&fixture);
}

static void
a_job_may_not_be_larger_than_it_explains (void)
{
  Fixture fixture;
  g_autofree char *padding = g_strnfill (1000, ' ');

  be_welcome (&fixture);
  nv_channel_set_limits (fixture.channel, NV_GUEST_SILENCE_MS, 1000);
  run (&fixture);
  say (&fixture, STARTED);
  say (&fixture, "alive", ALIVE);
  say_bytes (&fixture, padding, strlen (padding));
  say (&fixture, "alive", ALIVE);
  assert_lost (&fixture, "sends more than its job explains");
  close_fixture (&fixture);
}

/* The host has heard each before the next one comes; @n: at most, if it is not lost before. */
static void
say_often (const Fixture *fixture, const char *name, const char *members, guint n)
{
  for (guint i = 0; i < n && nv_channel_state (fixture->channel) != NV_GUEST_LOST; i++)
    {
      say (fixture, name, members);
      g_main_context_iteration (NULL, TRUE);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
}

static void
a_guest_that_only_says_hello_is_lost (void)
{
  Fixture fixture;

  open_pair (&fixture);
  say_often (&fixture, "hello", HELLO ("b"), 1000000);
  assert_lost (&fixture, "sends more than that it waits explains");
  close_fixture (&fixture);
}

/* Whatever bytes its job explains. */
static void
a_guest_that_only_sends_heartbeats_is_lost (void)
{
  Fixture fixture;

  be_running (&fixture);
  say (&fixture, STARTED);
  say_often (&fixture, "alive", ALIVE, 30);
  g_assert_cmpint (nv_channel_state (fixture.channel), ==, NV_GUEST_RUNNING);
  say_often (&fixture, "alive", ALIVE, 1000000);
  assert_lost (&fixture, "sends heartbeats without a pause");
  close_fixture (&fixture);
}

static void
a_guest_that_does_not_read_is_lost (void)
{
  Fixture fixture;
  g_autofree char *name = g_strnfill (1 << 18, 'k');
  json_t *job = json_pack ("{s:{s:s}}", "options", "kernel", name);

  be_welcome (&fixture);
  for (guint i = 0; i < 100 && nv_channel_state (fixture.channel) != NV_GUEST_LOST; i++)
    {
      nv_channel_send_job (fixture.channel, job, 0);
      if (nv_channel_state (fixture.channel) == NV_GUEST_LOST)
        break;
      say (&fixture, "ready", "\"size_bytes\":1");
      wait_for_state (&fixture, NV_GUEST_READY);
    }
  assert_lost (&fixture, "does not read what it is told");
  json_decref (job);
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
  json_t *job = json_pack ("{s:{}}", "options");

  be_welcome (&fixture);
  shutdown (fixture.guest, SHUT_RDWR);
  assert_lost (&fixture, "closed the channel");
  nv_channel_measure_clock (fixture.channel, 1);
  nv_channel_send_job (fixture.channel, job, 0);
  nv_channel_go (fixture.channel, 1);
  nv_channel_say_bye (fixture.channel);
  g_assert_cmpint (nv_channel_state (fixture.channel), ==, NV_GUEST_LOST);
  json_decref (job);
  close_fixture (&fixture);
}

/* --- workloads, and what is sent as a file --- */

#define WORKLOAD                                                                                             \
  "\"command\":[\"x\"],\"runs\":1,\"timeout_ns\":5,\"format\":\"text\",\"metrics\":"                         \
  "[{\"name\":\"m\",\"pattern\":\"p\",\"unit\":\"op/s\",\"better\":\"higher\"}]"
#define WORKLOAD_RECORD "\"program\":\"p\",\"time\":\"t\",\"monotonic_ns\":1,\"facts\":{}," WORKLOAD
#define OUTPUT                                                                                               \
  "\"run\":0,\"start_ns\":1,\"time_ns\":2,\"timed_out\":false,\"exit_status\":0,\"output_bytes\":3,"         \
  "\"text\":\"a\\nb\""
#define SETUP                                                                                                \
  "\"program\":\"p\",\"time\":\"t\",\"monotonic_ns\":1,\"pinned\":false,\"threads\":[],"                     \
  "\"timer_tick_ns\":1,\"facts\":{},\"setup\":{\"mode\":\"kernels\",\"kernels\":[\"m\"],"                    \
  "\"access\":\"seq\",\"iterations\":1,\"pages\":\"p\",\"page_kind\":\"4K\",\"page_bytes\":4096,"            \
  "\"touch\":\"owner\",\"isa\":\"auto\",\"store\":\"auto\",\"prefetch\":\"auto\",\"chases\":1,"              \
  "\"stride_bytes\":64,\"reads\":1,\"writes\":1,\"seed\":1}"

/* @transport: with a comma in front, or "" */
static json_t *
make_workload_job (const char *transport)
{
  g_autofree char *text = g_strdup_printf ("{\"workload\":{%s}%s}", WORKLOAD, transport);
  json_t *job = json_loads (text, 0, NULL);

  g_assert_nonnull (job);
  return job;
}

static void
a_workload_says_itself_its_output_and_its_metrics (void)
{
  Fixture fixture;

  be_welcome (&fixture);
  run_job (&fixture, make_workload_job (""));
  say (&fixture, "started", "\"monotonic_ns\":1");
  say (&fixture, "workload", WORKLOAD_RECORD);
  say (&fixture, "output", OUTPUT);
  say (&fixture, "iteration", ITERATION ("m"));
  say (&fixture, "done", "\"status\":0");
  wait_for_state (&fixture, NV_GUEST_IDLE);
  g_assert_cmpstr (fixture.records->str, ==, "workload output iteration");
  close_fixture (&fixture);
}

static void
what_no_workload_was_asked_for_ends_the_conversation (void)
{
  static const char *const wrong[][3] = {
    { "setup", SETUP, "sent 'setup' when it was not its turn" },
    { "output", OUTPUT, "sent 'output' when it was not its turn" },
    { "iteration", ITERATION ("m"), "sent 'iteration' when it was not its turn" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      Fixture fixture;

      be_welcome (&fixture);
      run_job (&fixture, make_workload_job (""));
      say (&fixture, "started", "\"monotonic_ns\":1");
      say (&fixture, wrong[i][0], wrong[i][1]);
      assert_lost (&fixture, wrong[i][2]);
      close_fixture (&fixture);
    }
}

static void
metrics_that_the_workload_does_not_name_end_the_conversation (void)
{
  Fixture fixture;

  be_welcome (&fixture);
  run_job (&fixture, make_workload_job (""));
  say (&fixture, "started", "\"monotonic_ns\":1");
  say (&fixture, "workload", WORKLOAD_RECORD);
  say (&fixture, "iteration", ITERATION ("other"));
  assert_lost (&fixture, "of kernel 'other'");
  close_fixture (&fixture);
}

static void
a_workload_is_none_of_a_job_of_kernels (void)
{
  Fixture fixture;

  be_running (&fixture);
  say (&fixture, "started", "\"monotonic_ns\":1");
  say (&fixture, "workload", WORKLOAD_RECORD);
  assert_lost (&fixture, "sent 'workload' when it was not its turn");
  close_fixture (&fixture);
}

static void
with_a_transport_nothing_measured_comes_over_the_channel (void)
{
  Fixture fixture;

  be_welcome (&fixture);
  run_job (&fixture, make_workload_job (",\"transport\":{}"));
  say (&fixture, "started", "\"monotonic_ns\":1");
  say (&fixture, "workload", WORKLOAD_RECORD);
  assert_lost (&fixture, "sent 'workload' when it was not its turn");
  close_fixture (&fixture);
}

static gboolean
hear_sent (const Fixture *fixture, const char *name, const char *members, const char *fault)
{
  g_autofree char *line = g_strdup_printf ("{\"record\":\"%s\",\"version\":1,%s}", name, members);
  g_autoptr (GError) error = NULL;
  gboolean heard = nv_channel_hear_sent (fixture->channel, line, strlen (line), &error);

  if (fault && (heard || !strstr (error->message, fault)))
    g_error ("%s: %s", line, error ? error->message : "no fault");
  if (!fault)
    g_assert_no_error (error);
  return heard;
}

static void
records_of_a_file_have_their_turns_too (void)
{
  Fixture fixture;

  be_welcome (&fixture);
  run_job (&fixture, make_workload_job (",\"transport\":{}"));
  say (&fixture, "started", "\"monotonic_ns\":1");
  say (&fixture, "done", "\"status\":0");
  wait_for_state (&fixture, NV_GUEST_IDLE);
  hear_sent (&fixture, "output", OUTPUT, "'output' when it was not its turn");
  hear_sent (&fixture, "done", "\"status\":0", "'done' when it was not its turn");
  hear_sent (&fixture, "job", WORKLOAD, "job");
  hear_sent (&fixture, "setup", SETUP, "'setup' when it was not its turn");
  hear_sent (&fixture, "workload", WORKLOAD_RECORD, NULL);
  hear_sent (&fixture, "output", OUTPUT, NULL);
  hear_sent (&fixture, "iteration", ITERATION ("other"), "of kernel 'other'");
  hear_sent (&fixture, "iteration", ITERATION ("m"), NULL);
  hear_sent (&fixture, "iteration", "\"kernel\":1", "iteration");
  hear_sent (&fixture, "sample", "\"monotonic_ns\":1", "sample");
  g_assert_cmpint (nv_channel_state (fixture.channel), ==, NV_GUEST_IDLE);
  g_assert_cmpstr (fixture.records->str, ==, "workload output iteration");
  close_fixture (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(test) g_test_add_func ("/channel-guest/" #test, test)
  ADD (hellos_that_cross_their_welcome_are_fine);
  ADD (heartbeats_say_how_far_it_is);
  ADD (bytes_may_come_one_by_one);
  ADD (what_is_no_record_ends_the_conversation);
  ADD (a_line_without_an_end_ends_the_conversation);
  ADD (records_out_of_turn_end_the_conversation);
  ADD (kernels_that_the_setup_does_not_name_end_the_conversation);
  ADD (a_job_may_not_be_larger_than_it_explains);
  ADD (a_guest_that_only_says_hello_is_lost);
  ADD (a_guest_that_only_sends_heartbeats_is_lost);
  ADD (a_guest_that_does_not_read_is_lost);
  ADD (a_clock_that_goes_backwards_is_no_clock);
  ADD (a_guest_that_claims_to_have_thought_for_long_gets_a_large_error);
  ADD (a_clock_that_jumps_has_the_jump_as_its_error);
  ADD (the_largest_times_do_not_overflow);
  ADD (a_lost_guest_takes_what_is_said_in_silence);
  ADD (a_workload_says_itself_its_output_and_its_metrics);
  ADD (what_no_workload_was_asked_for_ends_the_conversation);
  ADD (metrics_that_the_workload_does_not_name_end_the_conversation);
  ADD (a_workload_is_none_of_a_job_of_kernels);
  ADD (with_a_transport_nothing_measured_comes_over_the_channel);
  ADD (records_of_a_file_have_their_turns_too);
#undef ADD
  return g_test_run ();
}
