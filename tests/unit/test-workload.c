/* The agent runs programs of a workload: real ones, of this machine. */

#include "agent-fixture.h"

#include <errno.h>
#include <signal.h>

/* What a job that ran has said. */
typedef struct
{
  GPtrArray *outputs, *iterations, *summaries; /* records */
  json_t *workload, *done;
} Said;

/* @script: for sh -c; @metrics: "NAME=PATTERN", ended by NULL. */
static json_t *
make_workload (const char *script, const char *format, const char *const *metrics)
{
  json_t *list = json_array ();

  for (; *metrics; metrics++)
    {
      g_auto (GStrv) parts = g_strsplit (*metrics, "=", 2);

      json_array_append_new (list, json_pack ("{s:s, s:s, s:s, s:s}", "name", parts[0], "pattern", parts[1],
                                              "unit", "op/s", "better", "higher"));
    }
  return json_pack ("{s:[s, s, s], s:i, s:I, s:s, s:o}", "command", "sh", "-c", script, "runs", 1,
                    "timeout_ns", (json_int_t)(60 * NS_PER_S), "format", format, "metrics", list);
}

static json_t *
make_text_workload (const char *script, const char *metric)
{
  return make_workload (script, "text", (const char *const[]){ metric, NULL });
}

/* Takes @workload. */
static void
say_workload (Fixture *f, json_t *workload, json_int_t interval_ns)
{
  json_t *job = json_pack ("{s:s, s:i, s:o}", "record", "job", "version", 1, "workload", workload);
  g_autofree char *line = NULL;

  if (interval_ns > 0)
    json_object_set_new (job, "sample_interval_ns", json_integer (interval_ns));
  line = json_dumps (job, JSON_COMPACT);
  say (f, line);
  json_decref (job);
}

static void
free_record (gpointer record)
{
  json_decref (record);
}

static void
clear_said (Said *said)
{
  g_ptr_array_unref (said->outputs);
  g_ptr_array_unref (said->iterations);
  g_ptr_array_unref (said->summaries);
  json_decref (said->workload);
  json_decref (said->done);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Said, clear_said)

static void
keep (Said *said, json_t *record)
{
  const char *name = nv_record_name (record);

  if (strcmp (name, "done") == 0)
    said->done = record;
  else if (strcmp (name, "workload") == 0)
    said->workload = record;
  else if (strcmp (name, "output") == 0)
    g_ptr_array_add (said->outputs, record);
  else if (strcmp (name, "iteration") == 0)
    g_ptr_array_add (said->iterations, record);
  else if (strcmp (name, "summary") == 0)
    g_ptr_array_add (said->summaries, record);
  else
    json_decref (record);
}

/* The job is said: until done. Each record is as it must be. */
static void
run_job (Fixture *f, Said *ret_said)
{
  *ret_said = (Said){ .outputs = g_ptr_array_new_with_free_func (free_record),
                      .iterations = g_ptr_array_new_with_free_func (free_record),
                      .summaries = g_ptr_array_new_with_free_func (free_record) };
  json_decref (wait_for (f, "ready"));
  say_go (f, 0);
  while (!ret_said->done)
    {
      struct nv_message message = { "" };
      json_t *record = hear (f);

      nv_record_check (record, &message);
      g_assert_cmpstr (message.text, ==, "");
      keep (ret_said, record);
    }
}

/* Takes @workload. */
static void
run_workload (Fixture *f, json_t *workload, Said *ret_said)
{
  greet (f);
  say_workload (f, workload, 0);
  run_job (f, ret_said);
}

static void
assert_done (const Said *said)
{
  if (text_of (said->done, "message"))
    g_test_message ("%s", text_of (said->done, "message"));
  g_assert_cmpint (integer_of (said->done, "status"), ==, 0);
}

static void
assert_failed (const Said *said, const char *reason)
{
  g_assert_cmpint (integer_of (said->done, "status"), ==, 1);
  g_test_message ("%s", text_of (said->done, "message"));
  g_assert_nonnull (strstr (text_of (said->done, "message"), reason));
}

/* "NAME VALUE, NAME VALUE", for g_free(). */
static char *
values_of (const Said *said)
{
  GString *values = g_string_new (NULL);

  for (guint i = 0; i < said->iterations->len; i++)
    g_string_append_printf (values, "%s%s %g", i > 0 ? ", " : "",
                            text_of (said->iterations->pdata[i], "kernel"),
                            json_number_value (json_object_get (said->iterations->pdata[i], "value")));
  return g_string_free (values, FALSE);
}

static const char *
output_of (const Said *said, guint run)
{
  g_assert_cmpuint (run, <, said->outputs->len);
  return text_of (said->outputs->pdata[run], "text");
}

static void
each_match_of_each_run_is_an_iteration (Fixture *f, gconstpointer data)
{
  json_t *workload =
      make_workload ("echo score $NUMAVM_RUN.5; echo rate: 7 >&2; echo score 9", "text",
                     (const char *const[]){ "score=score ([0-9.]+)", "rate=rate: (.*)", NULL });
  g_autofree char *values = NULL;
  g_auto (Said) said = { 0 };

  json_object_set_new (workload, "runs", json_integer (2));
  run_workload (f, workload, &said);
  assert_done (&said);
  values = values_of (&said);
  g_assert_cmpstr (values, ==, "score 0.5, score 9, rate 7, score 1.5, score 9, rate 7");
  g_assert_cmpint (integer_of (said.iterations->pdata[3], "iteration"), ==, 2);
  g_assert_cmpstr (text_of (said.iterations->pdata[0], "unit"), ==, "op/s");
  g_assert_cmpstr (output_of (&said, 1), ==, "score 1.5\nrate: 7\nscore 9\n");
  g_assert_cmpint (integer_of (said.iterations->pdata[5], "start_ns"), ==,
                   integer_of (said.outputs->pdata[1], "start_ns"));
  g_assert_cmpint (integer_of (said.outputs->pdata[1], "exit_status"), ==, 0);
  g_assert_cmpint (integer_of (said.workload, "runs"), ==, 2);
  g_assert_cmpuint (json_array_size (json_object_get (said.workload, "command")), ==, 3);
  g_assert_true (json_is_object (json_object_get (said.workload, "facts")));
}

static void
each_metric_has_a_summary (Fixture *f, gconstpointer data)
{
  json_t *workload = make_workload ("for i in 3 1 2 6 5 4; do echo a $i; done; echo b 1", "text",
                                    (const char *const[]){ "a=a (.)", "b=b (.)", NULL });
  g_auto (Said) said = { 0 };

  run_workload (f, workload, &said);
  assert_done (&said);
  g_assert_cmpuint (said.summaries->len, ==, 2);
  g_assert_cmpint (integer_of (said.summaries->pdata[0], "n"), ==, 6);
  g_assert_cmpfloat (json_number_value (json_object_get (said.summaries->pdata[0], "median")), ==, 3.5);
  g_assert_nonnull (json_object_get (said.summaries->pdata[0], "interval_95"));
  g_assert_cmpint (integer_of (said.summaries->pdata[1], "n"), ==, 1);
  g_assert_null (json_object_get (said.summaries->pdata[1], "interval_95"));
  g_assert_true (json_is_false (json_object_get (said.summaries->pdata[1], "interrupted")));
}

static void
json_is_pointed_into (Fixture *f, gconstpointer data)
{
  json_t *workload = make_workload ("echo starting; echo '{\"jobs\": [{\"bw\": 12.5}]}'", "json",
                                    (const char *const[]){ "bw=/jobs/0/bw", NULL });
  g_autofree char *values = NULL;
  g_auto (Said) said = { 0 };

  run_workload (f, workload, &said);
  assert_done (&said);
  values = values_of (&said);
  g_assert_cmpstr (values, ==, "bw 12.5");
}

/* Its folder is new and empty, and gone afterwards; stdin ends; of files, nothing but what ls lists
 * (3) is open. */
static void
program_begins_with_nothing (Fixture *f, gconstpointer data)
{
  json_t *workload = make_text_workload (
      "pwd; ls -A; cat; echo n 1; : > left; mkdir -p a/b; env | grep -v _= | cut -d= -f1 | sort | tr '\\n' ' ';"
      "ls /proc/self/fd | tr '\\n' ' '",
      "n=n (1)");
  g_auto (Said) said = { 0 };
  g_auto (GStrv) lines = NULL;

  run_workload (f, workload, &said);
  assert_done (&said);
  lines = g_strsplit (output_of (&said, 0), "\n", -1);
  g_assert_true (g_str_has_prefix (lines[0], "/tmp/numavm-"));
  g_assert_false (g_file_test (lines[0], G_FILE_TEST_EXISTS));
  g_assert_cmpstr (lines[1], ==, "n 1");
  g_assert_cmpstr (lines[2], ==, "HOME LANG NUMAVM_RUN PATH PWD 0 1 2 3 ");
}

static void
samples_come_between_runs (Fixture *f, gconstpointer data)
{
  json_t *workload = make_text_workload ("sleep 0.1; echo n 1", "n=n (1)");
  json_t *header;

  json_object_set_new (workload, "runs", json_integer (2));
  greet (f);
  say_workload (f, workload, 10000000);
  json_decref (wait_for (f, "ready"));
  say_go (f, 0);
  json_decref (wait_for (f, "iteration"));
  header = expect (f, "sample-header");
  json_decref (header);
  json_decref (expect (f, "sample"));
  json_decref (wait_for (f, "output"));
  json_decref (wait_for (f, "sample"));
  json_decref (wait_for (f, "summary"));
  json_decref (wait_for (f, "done"));
}

static void
job_that_cannot_be_is_refused (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *member, *value, *reason;
  } cases[] = {
    { "runs", "0", "'runs' is 0" },
    { "runs", "1000001", "'runs' is 1000001" },
    { "command", "[]", "'command' has 0 members" },
    { "command", "[\"\"]", "command '' is no program" },
    { "timeout_ns", "0", "'timeout_ns' is 0" },
    { "format", "\"xml\"", "'format' is none of the words" },
    { "metrics", "[]", "'metrics' has 0 members" },
    { "metrics", "[{\"name\": \"m\", \"pattern\": \"[\", \"unit\": \"\", \"better\": \"lower\"}]",
      "metric 'm': '[' is no extended regular expression" },
    { "metrics",
      "[{\"name\": \"m\", \"pattern\": \"a\", \"unit\": \"\", \"better\": \"lower\"},"
      "{\"name\": \"m\", \"pattern\": \"b\", \"unit\": \"\", \"better\": \"lower\"}]",
      "metric 'm' is there twice" },
  };

  greet (f);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      json_t *workload = make_text_workload ("true", "n=n");
      json_t *refused;

      json_object_set_new (workload, cases[i].member, json_loads (cases[i].value, JSON_DECODE_ANY, NULL));
      say_workload (f, workload, 0);
      refused = wait_for (f, "refused");
      g_test_message ("%s", text_of (refused, "message"));
      g_assert_nonnull (strstr (text_of (refused, "message"), cases[i].reason));
      json_decref (refused);
    }
  assert_talks (f);
}

static void
program_that_is_missing_is_named (Fixture *f, gconstpointer data)
{
  json_t *workload = make_text_workload ("true", "n=n");
  g_auto (Said) said = { 0 };

  json_object_set_new (workload, "command", json_pack ("[s, s]", "no-such-program", "-x"));
  run_workload (f, workload, &said);
  assert_failed (&said, "'no-such-program -x' cannot be executed: No such file or directory");
  g_assert_cmpuint (said.outputs->len, ==, 0);
}

static void
program_that_fails_is_named_with_the_end_of_its_output (Fixture *f, gconstpointer data)
{
  g_auto (Said) said = { 0 };

  run_workload (f, make_text_workload ("echo n 1; echo no disk >&2; exit 3", "n=n (.)"), &said);
  assert_failed (&said, "ended with exit status 3; the end of its output: n 1 / no disk");
  g_assert_cmpint (integer_of (said.outputs->pdata[0], "exit_status"), ==, 3);
  g_assert_cmpuint (said.iterations->len, ==, 0);
  g_assert_cmpuint (said.summaries->len, ==, 0);
}

static void
program_that_is_killed_is_named_with_its_signal (Fixture *f, gconstpointer data)
{
  g_auto (Said) said = { 0 };

  run_workload (f, make_text_workload ("kill -SEGV $$", "n=n (.)"), &said);
  assert_failed (&said, "was killed by signal 11");
  g_assert_cmpint (integer_of (said.outputs->pdata[0], "signal"), ==, 11);
}

static void
program_that_prints_no_match_is_named (Fixture *f, gconstpointer data)
{
  g_auto (Said) said = { 0 };

  run_workload (f, make_text_workload ("echo hello", "score=score (.)"), &said);
  assert_failed (&said, "printed nothing that metric 'score' matches; the end of its output: hello");
  g_assert_cmpstr (output_of (&said, 0), ==, "hello\n");
}

static void
what_was_measured_before_a_failure_stays (Fixture *f, gconstpointer data)
{
  json_t *workload = make_text_workload ("echo n 1; exit $((NUMAVM_RUN / 2))", "n=n (.)");
  g_auto (Said) said = { 0 };

  json_object_set_new (workload, "runs", json_integer (5));
  run_workload (f, workload, &said);
  assert_failed (&said, "exit status 1");
  g_assert_cmpuint (said.outputs->len, ==, 3);
  g_assert_cmpuint (said.iterations->len, ==, 2);
  g_assert_cmpint (integer_of (said.summaries->pdata[0], "n"), ==, 2);
  g_assert_true (json_is_true (json_object_get (said.summaries->pdata[0], "interrupted")));
}

/* Returns: how long it took, in ns. */
static gint64
run_into_timeout (Fixture *f, const char *script, Said *ret_said)
{
  json_t *workload = make_text_workload (script, "n=n (.)");

  json_object_set_new (workload, "timeout_ns", json_integer (NS_PER_S / 2));
  run_workload (f, workload, ret_said);
  assert_failed (ret_said, "did not end within 0.5 s; the end of its output: n 1");
  g_assert_true (json_is_true (json_object_get (ret_said->outputs->pdata[0], "timed_out")));
  return integer_of (ret_said->outputs->pdata[0], "time_ns");
}

static void
program_that_hangs_is_asked_to_end (Fixture *f, gconstpointer data)
{
  g_auto (Said) said = { 0 };
  gint64 time_ns =
      run_into_timeout (f, "trap 'echo bye; exit 0' TERM; echo n 1; while :; do sleep 0.1; done", &said);

  g_assert_cmpint (time_ns, >=, NS_PER_S / 2);
  g_assert_cmpint (integer_of (said.outputs->pdata[0], "exit_status"), ==, 0);
  g_assert_nonnull (strstr (output_of (&said, 0), "bye"));
}

static void
program_that_does_not_end_when_asked_is_killed (Fixture *f, gconstpointer data)
{
  g_auto (Said) said = { 0 };
  gint64 time_ns = run_into_timeout (f, "trap '' TERM; echo n 1; while :; do sleep 1000; done", &said);

  g_assert_cmpint (time_ns, >=, 5 * NS_PER_S / 2);
  g_assert_cmpint (integer_of (said.outputs->pdata[0], "signal"), ==, SIGKILL);
}

static void
assert_gone (const char *pid)
{
  g_assert_cmpint (g_ascii_strtoll (pid, NULL, 10), >, 1);
  g_assert_cmpint (kill ((pid_t)g_ascii_strtoll (pid, NULL, 10), 0), ==, -1);
  g_assert_cmpint (errno, ==, ESRCH);
}

/* In its group, in a session of their own, and such as hold the output open for ever. */
static void
what_a_program_leaves_behind_is_killed (Fixture *f, gconstpointer data)
{
  const char *script = "sleep 1000 & echo $!; setsid sleep 1000 & echo $!; "
                       "setsid sh -c 'trap \"\" TERM HUP; echo $$; sleep 1000 & echo $!; wait' & "
                       "sleep 0.5; echo n 1";
  g_auto (Said) said = { 0 };
  g_auto (GStrv) lines = NULL;

  run_workload (f, make_text_workload (script, "n=n (1)"), &said);
  assert_done (&said);
  lines = g_strsplit (output_of (&said, 0), "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 6);
  for (guint i = 0; i < 4; i++)
    assert_gone (lines[i]);
}

static void
program_that_closes_its_output_is_waited_for (Fixture *f, gconstpointer data)
{
  g_auto (Said) said = { 0 };

  run_workload (f, make_text_workload ("echo n 1; exec >/dev/null 2>&1; sleep 0.5", "n=n (1)"), &said);
  assert_done (&said);
  g_assert_cmpint (integer_of (said.outputs->pdata[0], "time_ns"), >=, NS_PER_S / 2);
}

/* More than is kept: the end is. */
static void
flood_of_output_is_cut_at_its_beginning (Fixture *f, gconstpointer data)
{
  const gint64 bytes = 100000000;
  g_autofree char *script =
      g_strdup_printf ("echo n 1; yes größe | head -c %" G_GINT64_FORMAT "; echo; echo n 2", bytes);
  g_autofree char *values = NULL;
  g_auto (Said) said = { 0 };

  run_workload (f, make_text_workload (script, "n=n (.)"), &said);
  assert_done (&said);
  values = values_of (&said);
  g_assert_cmpstr (values, ==, "n 2");
  g_assert_cmpint (integer_of (said.outputs->pdata[0], "output_bytes"), ==, bytes + 9);
  g_assert_true (g_str_has_suffix (output_of (&said, 0), "größe\n\nn 2\n")
                 || g_str_has_suffix (output_of (&said, 0), "\nn 2\n"));
  g_assert_cmpuint (strlen (output_of (&said, 0)), >, NV_OUTPUT_MAX - 8);
}

static void
output_that_is_no_text_can_be_sent (Fixture *f, gconstpointer data)
{
  g_auto (Said) said = { 0 };

  run_workload (f, make_text_workload ("printf '\\377\\000\\033[1m\\nn 1\\n'", "n=n (1)"), &said);
  assert_done (&said);
  g_assert_cmpstr (output_of (&said, 0), ==, "???[1m\nn 1\n");
}

/* The host says what it must not: the job goes, and its program with it. */
static void
job_that_is_cancelled_kills_its_program (Fixture *f, gconstpointer data)
{
  g_autofree char *directory = g_dir_make_tmp ("numavm-test-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "pid", NULL);
  g_autofree char *script =
      g_strdup_printf ("trap '' TERM; echo $$ >%s.new; mv %s.new %s; sleep 1000", path, path, path);
  g_autofree char *pid = NULL;

  greet (f);
  say_workload (f, make_text_workload (script, "n=n (1)"), 0);
  json_decref (wait_for (f, "ready"));
  say_go (f, 0);
  while (!g_file_get_contents (path, &pid, NULL, NULL))
    g_usleep (10000);
  say (f, "garbage");
  greet (f);
  assert_gone (pid);
  assert_talks (f);
  g_assert_cmpint (unlink (path), ==, 0);
  g_assert_cmpint (rmdir (directory), ==, 0);
}

/* With --wrap: there is no memory for a record's line, once. */
static const char *lost_record;

char *__real_json_dumps (const json_t *json, size_t flags);
char *__wrap_json_dumps (const json_t *json, size_t flags);

char *
__wrap_json_dumps (const json_t *json, size_t flags)
{
  const char *name = json_string_value (json_object_get (json, "record"));
  const char *lost = g_atomic_pointer_get (&lost_record);

  if (!lost || g_strcmp0 (name, lost) != 0)
    return __real_json_dumps (json, flags);
  g_atomic_pointer_set (&lost_record, NULL);
  return NULL;
}

/* And it is told as what it is. */
static void
no_run_follows_a_record_that_is_lost (Fixture *f, gconstpointer data)
{
  g_autofree char *directory = g_dir_make_tmp ("numavm-test-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (directory, "runs", NULL);
  g_autofree char *script = g_strdup_printf ("echo n 1; echo $NUMAVM_RUN >>%s", path);
  json_t *workload = make_text_workload (script, "n=n (1)");
  g_autofree char *runs = NULL;
  g_auto (Said) said = { 0 };

  json_object_set_new (workload, "runs", json_integer (3));
  g_atomic_pointer_set (&lost_record, "iteration");
  run_workload (f, workload, &said);
  assert_failed (&said, "cannot send what is measured: Cannot allocate memory");
  g_assert_cmpuint (said.outputs->len, ==, 1);
  g_assert_true (g_file_get_contents (path, &runs, NULL, NULL));
  g_assert_cmpstr (runs, ==, "0\n");
  g_assert_cmpint (unlink (path), ==, 0);
  g_assert_cmpint (rmdir (directory), ==, 0);
}

/* A heartbeat while the program runs. */
static void
heartbeat_names_the_program (Fixture *f, gconstpointer data)
{
  struct nv_message message;
  json_t *workload = make_text_workload ("sleep 1.2; echo n 1", "n=n (1)");
  const char *phase = "";

  json_object_set_new (workload, "runs", json_integer (3));
  json_array_set_new (json_object_get (workload, "command"), 0, json_string ("/bin/sh"));
  greet (f);
  say_workload (f, workload, 0);
  json_decref (wait_for (f, "ready"));
  say_go (f, 0);
  json_decref (wait_for (f, "output"));
  while (strcmp (phase, "sh") != 0)
    {
      size_t length;
      const char *line = nv_lines_next (&f->lines, &length);
      json_t *record = line ? nv_record_parse (line, length, &message) : NULL;

      if (!line)
        g_assert_cmpint (nv_lines_read (&f->lines, f->host), ==, 1);
      else if (strcmp (nv_record_name (record), "alive") == 0)
        {
          phase = g_intern_string (text_of (record, "phase"));
          g_assert_cmpint (integer_of (record, "iterations"), ==, 3);
          g_assert_cmpint (integer_of (record, "iteration"), >=, 1);
        }
      json_decref (record);
    }
  g_assert_cmpstr (phase, ==, "sh");
}

#define TEST(name) g_test_add ("/workload/" #name, Fixture, NULL, set_up, name, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  signal (SIGPIPE, SIG_IGN);
  TEST (each_match_of_each_run_is_an_iteration);
  TEST (each_metric_has_a_summary);
  TEST (json_is_pointed_into);
  TEST (program_begins_with_nothing);
  TEST (samples_come_between_runs);
  TEST (job_that_cannot_be_is_refused);
  TEST (program_that_is_missing_is_named);
  TEST (program_that_fails_is_named_with_the_end_of_its_output);
  TEST (program_that_is_killed_is_named_with_its_signal);
  TEST (program_that_prints_no_match_is_named);
  TEST (what_was_measured_before_a_failure_stays);
  TEST (program_that_hangs_is_asked_to_end);
  TEST (program_that_does_not_end_when_asked_is_killed);
  TEST (what_a_program_leaves_behind_is_killed);
  TEST (program_that_closes_its_output_is_waited_for);
  TEST (flood_of_output_is_cut_at_its_beginning);
  TEST (output_that_is_no_text_can_be_sent);
  TEST (job_that_is_cancelled_kills_its_program);
  TEST (no_run_follows_a_record_that_is_lost);
  TEST (heartbeat_names_the_program);
  return g_test_run ();
}
