#include "agent-fixture.h"

#include <signal.h>

/* Small, in one thread, of which every machine has the CPU. */
#define SMALL "\"size\": \"64M\", \"iterations\": \"2\", \"threads\": \"1\""

static void
say_job (Fixture *f, const char *options, const char *more)
{
  g_autofree char *job =
      g_strdup_printf ("{\"record\": \"job\", \"version\": 1, \"options\": {%s}%s}", options, more);

  say (f, job);
}

static void
hello_is_said_until_it_is_welcome (Fixture *f, gconstpointer data)
{
  json_decref (expect (f, "hello"));
  json_decref (expect (f, "hello"));
  say (f, "{\"record\": \"welcome\", \"version\": 1, \"boot_id\": \"of another boot\"}");
  say (f, "no record at all");
  greet (f);
  assert_talks (f);
}

static void
clock_is_answered_with_its_times (Fixture *f, gconstpointer data)
{
  gint64 before, received, sent;
  json_t *clock;

  greet (f);
  before = nv_now_ns ();
  say (f, "{\"record\": \"clock\", \"version\": 1, \"id\": 5, \"unknown\": null}");
  clock = wait_for (f, "clock");
  received = integer_of (clock, "received_ns");
  sent = integer_of (clock, "sent_ns");
  g_assert_cmpint (integer_of (clock, "id"), ==, 5);
  g_assert_cmpint (before, <=, received);
  g_assert_cmpint (received, <=, sent);
  g_assert_cmpint (sent, <=, nv_now_ns ());
  json_decref (clock);
}

/* Returns: the number of records of that name, up to done, whose status is @status. */
static guint
count_until_done (Fixture *f, const char *name, gint64 status)
{
  guint n = 0;

  for (;;)
    {
      json_t *record = hear (f);
      gboolean is_done = strcmp (nv_record_name (record), "done") == 0;

      n += strcmp (nv_record_name (record), name) == 0;
      if (is_done)
        g_assert_cmpint (integer_of (record, "status"), ==, status);
      json_decref (record);
      if (is_done)
        return n;
    }
}

static void
jobs_are_measured_one_after_the_other (Fixture *f, gconstpointer data)
{
  gint64 start = nv_now_ns () + NS_PER_S / 5;
  json_t *ready, *started;

  greet (f);
  say_job (f, "\"kernel\": \"read,spin\", " SMALL, ", \"sample_interval_ns\": 10000000");
  ready = wait_for (f, "ready");
  g_assert_cmpint (integer_of (ready, "size_bytes"), ==, 64 << 20);
  json_decref (ready);
  say_go (f, start);
  started = expect (f, "started");
  g_assert_cmpint (integer_of (started, "monotonic_ns"), >=, start);
  json_decref (started);
  json_decref (expect (f, "setup"));
  json_decref (expect (f, "iteration"));
  json_decref (expect (f, "iteration"));
  json_decref (expect (f, "summary"));
  json_decref (expect (f, "sample-header"));
  json_decref (expect (f, "sample"));
  g_assert_cmpuint (count_until_done (f, "summary", 0), ==, 1);

  say_job (f, "\"kernel\": \"spin\", " SMALL, "");
  json_decref (expect (f, "ready"));
  say_go (f, 0);
  g_assert_cmpuint (count_until_done (f, "iteration", 0), ==, 2);
}

static void
job_that_cannot_be_is_refused_with_a_reason (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *options, *more, *reason;
  } cases[] = {
    { "\"kernel\": \"nope\"", "", "kernel 'nope'" },
    { "\"kernel\": 5", "", "kernel: its value is no text" },
    { "\"rm\": \"-rf\"", "", "there is no option 'rm'" },
    { "\"kernel\": \"read\", \"size\": \"900T\"", "", "do not fit" },
    { "\"kernel\": \"read\", \"iterations\": \"0\"", "", "iterations '0'" },
    { "\"kernel\": \"spin\"", ", \"sample_interval_ns\": 1", "sample_interval_ns" },
    { "\"kernel\": \"spin\"", ", \"sample_interval_ns\": \"1s\"", "sample_interval_ns" },
  };

  greet (f);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      json_t *refused;

      say_job (f, cases[i].options, cases[i].more);
      refused = wait_for (f, "refused");
      g_test_message ("%s", text_of (refused, "message"));
      g_assert_nonnull (strstr (text_of (refused, "message"), cases[i].reason));
      json_decref (refused);
    }
  assert_talks (f);
}

static void
job_that_waits_is_replaced (Fixture *f, gconstpointer data)
{
  json_t *ready;

  greet (f);
  say_job (f, "\"kernel\": \"read\", \"size\": \"64M\", \"threads\": \"1\"", "");
  json_decref (wait_for (f, "ready"));
  say_job (f, "\"kernel\": \"read\", \"size\": \"32M\", \"threads\": \"1\"", "");
  ready = expect (f, "ready");
  g_assert_cmpint (integer_of (ready, "size_bytes"), ==, 32 << 20);
  json_decref (ready);
}

static void
what_a_host_must_not_say_ends_the_conversation (Fixture *f, gconstpointer data)
{
  static const char *const lines[] = {
    "garbage",
    "{\"record\": \"welcome\"}",
    "{\"record\": \"clock\", \"version\": 2, \"id\": 1}",
    "{\"record\": \"clock\", \"version\": 1, \"id\": \"x\"}",
    "{\"record\": \"go\", \"version\": 1, \"start_ns\": 1}",
    "{\"record\": \"summary\", \"version\": 1}",
    "{\"record\": \"unheard-of\", \"version\": 1}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      greet (f);
      assert_talks (f);
      say (f, lines[i]);
    }
  greet (f);
  assert_talks (f);
}

static void
go_of_another_clock_ends_the_conversation (Fixture *f, gconstpointer data)
{
  greet (f);
  say_job (f, "\"kernel\": \"spin\", " SMALL, "");
  json_decref (wait_for (f, "ready"));
  say_go (f, nv_now_ns () + 7200 * NS_PER_S);
  greet (f);
  assert_talks (f);
}

/* More than a pipe holds, and never a newline: it must neither hang nor take all memory. */
static void
line_without_an_end_ends_the_conversation (Fixture *f, gconstpointer data)
{
  g_autofree char *flood = g_strnfill (NV_LINE_MAX + 1, 'x');

  greet (f);
  assert_talks (f);
  say (f, flood);
  greet (f);
  assert_talks (f);
}

static void
bad_record_ends_a_job_that_runs (Fixture *f, gconstpointer data)
{
  greet (f);
  say_job (f, "\"kernel\": \"spin\", \"iterations\": \"1000000\", \"threads\": \"1\"", "");
  json_decref (wait_for (f, "ready"));
  say_go (f, 0);
  json_decref (wait_for (f, "started"));
  say (f, "{\"record\": \"job\", \"version\": 1, \"options\": {}}");
  greet (f);
  assert_talks (f);
}

static void
job_that_waits_for_its_moment_ends_at_once (Fixture *f, gconstpointer data)
{
  greet (f);
  say_job (f, "\"kernel\": \"spin\", " SMALL, "");
  json_decref (wait_for (f, "ready"));
  say_go (f, nv_now_ns () + 3000 * NS_PER_S);
  say (f, "{\"record\": \"bye\", \"version\": 1}");
  g_assert_true (GPOINTER_TO_INT (g_thread_join (g_steal_pointer (&f->thread))));
}

/* CPU time of this process within half a second. */
static gint64
busy_ns (void)
{
  gint64 before = (gint64)nv_clock_ns (CLOCK_PROCESS_CPUTIME_ID);

  g_usleep (G_USEC_PER_SEC / 2);
  return (gint64)nv_clock_ns (CLOCK_PROCESS_CPUTIME_ID) - before;
}

/* The end of a socket stays closed, where a virtio port may be opened again; the agent must wait for that,
 * not end, and not turn in circles. The job ends within one pass, then what it has is verified. */
static void
host_that_goes_away_ends_its_job (Fixture *f, gconstpointer data)
{
  gint64 deadline_ns;

  greet (f);
  say_job (f, "\"kernel\": \"spin\", \"iterations\": \"1000000\", \"threads\": \"1\"", "");
  json_decref (wait_for (f, "ready"));
  say_go (f, 0);
  json_decref (wait_for (f, "started"));
  close (f->host);
  f->host = -1;
  deadline_ns = nv_now_ns () + PATIENCE_MS * INT64_C (1000000);
  while (busy_ns () > NS_PER_S / 20)
    g_assert_cmpint (nv_now_ns (), <, deadline_ns);
}

static void
bye_ends_the_agent (Fixture *f, gconstpointer data)
{
  greet (f);
  say (f, "{\"record\": \"bye\", \"version\": 1}");
  g_assert_true (GPOINTER_TO_INT (g_thread_join (g_steal_pointer (&f->thread))));
}

/* A host that sends and never reads: the agent's answers fill the socket, and it must still hear that it is
 * to stop. */
static void
host_that_never_reads_does_not_hang_it (Fixture *f, gconstpointer data)
{
  const char clock[] = "{\"record\": \"clock\", \"version\": 1, \"id\": 1}\n";

  greet (f);
  assert_talks (f);
  g_assert_cmpint (fcntl (f->host, F_SETFL, O_NONBLOCK), ==, 0);
  for (struct pollfd host = { .fd = f->host, .events = POLLOUT }; poll (&host, 1, 500) == 1;)
    if (write (f->host, clock, strlen (clock)) < 0)
      break;
}

#define TEST(name) g_test_add ("/agent/" #name, Fixture, NULL, set_up, name, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  signal (SIGPIPE, SIG_IGN); /* of a socket; a port has none */
  TEST (hello_is_said_until_it_is_welcome);
  TEST (clock_is_answered_with_its_times);
  TEST (jobs_are_measured_one_after_the_other);
  TEST (job_that_cannot_be_is_refused_with_a_reason);
  TEST (job_that_waits_is_replaced);
  TEST (what_a_host_must_not_say_ends_the_conversation);
  TEST (go_of_another_clock_ends_the_conversation);
  TEST (line_without_an_end_ends_the_conversation);
  TEST (bad_record_ends_a_job_that_runs);
  TEST (job_that_waits_for_its_moment_ends_at_once);
  TEST (host_that_goes_away_ends_its_job);
  TEST (host_that_never_reads_does_not_hang_it);
  TEST (bye_ends_the_agent);
  return g_test_run ();
}
