/* What a guest says over a channel, right or wrong: the test is the guest. */

#include "channel-guest.h"

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
#undef ADD
  return g_test_run ();
}
