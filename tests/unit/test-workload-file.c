#include "base/error.h"
#include "experiment/workload.h"

#include <glib/gstdio.h>
#include <string.h>

static NvWorkload *
parse (const char *text, NvProblems *problems)
{
  return nv_workload_parse (text, strlen (text), problems);
}

static const NvMetric *
metric_of (const NvWorkload *workload, guint index)
{
  return g_ptr_array_index (workload->metrics, index);
}

static void
a_file_says_what_is_run_and_measured (void)
{
  g_autoptr (NvProblems) problems = nv_problems_new ("f");
  g_autoptr (NvWorkload) workload =
      parse ("# a comment\n\n workload = sh -c 'echo \"score 3\"' \nunit=op/s\r\n"
             "metric=score:^score ([0-9.]+) # no comment\nmetric=time:took (.*) ms\n"
             "unit=ms\nbetter=lower\ntimeout=3s\niterations=4\ntransport=scp\npackages=dash, stress-ng",
             problems);

  g_assert_cmpuint (nv_problems_count (problems), ==, 0);
  g_assert_cmpuint (g_strv_length (workload->command), ==, 3);
  g_assert_cmpstr (workload->command[2], ==, "echo \"score 3\"");
  g_assert_cmpuint (workload->metrics->len, ==, 2);
  g_assert_cmpstr (metric_of (workload, 0)->name, ==, "score");
  g_assert_cmpstr (metric_of (workload, 0)->pattern, ==, "^score ([0-9.]+) # no comment");
  g_assert_cmpstr (metric_of (workload, 0)->unit, ==, "op/s");
  g_assert_false (metric_of (workload, 0)->lower_is_better);
  g_assert_cmpstr (metric_of (workload, 1)->unit, ==, "ms");
  g_assert_true (metric_of (workload, 1)->lower_is_better);
  g_assert_cmpuint (workload->timeout_ns, ==, 3000000000);
  g_assert_cmpuint (workload->runs, ==, 4);
  g_assert_cmpint (workload->transport, ==, NV_TRANSPORT_SCP);
  g_assert_cmpstr (workload->packages, ==, "dash, stress-ng");
}

static void
json_is_asked_by_pointers (void)
{
  g_autoptr (NvProblems) problems = nv_problems_new ("f");
  g_autoptr (NvWorkload) workload =
      parse ("metric=a:/jobs/0/a~1b\nmetric=whole:\nformat=json\nworkload=x\n", problems);

  g_assert_cmpuint (nv_problems_count (problems), ==, 0);
  g_assert_true (workload->is_json);
  g_assert_cmpstr (metric_of (workload, 0)->pattern, ==, "/jobs/0/a~1b");
  g_assert_cmpstr (metric_of (workload, 1)->pattern, ==, "");
}

/* What comes first of all is said with its line. */
static void
what_is_wrong_is_named_with_its_line (void)
{
  static const char *const texts[][2] = {
    { "workload=a\nmetric", "f:2: 'metric': KEY=VALUE" },
    { "workload=a\nworkload=b", "f:2: key 'workload' is given twice" },
    { "kernels=triad", "f:1: key 'kernels'" },
    { "workload=", "f:1: workload '': a command is expected" },
    { "workload=sh -c 'x", "a quote is left open" },
    { "workload='' x", "a program and at most 255 arguments" },
    { "metric=score", "f:1: metric 'score': NAME:PATTERN" },
    { "metric=:x", "NAME:PATTERN" },
    { "metric=a:x\nmetric=a:y", "f:2: metric 'a' is named twice" },
    { "metric=a\tb:x", "control characters" },
    { "metric=\xff:x", "UTF-8" },
    { "better=more", "better 'more': higher or lower" },
    { "format=xml", "format 'xml': text or json" },
    { "timeout=0s", "timeout '0s'" },
    { "timeout=5", "timeout: duration '5'" },
    { "iterations=0", "iterations: '0'" },
    { "transport=pigeon", "transport 'pigeon': channel or scp" },
    { "unit=0123456789012345678901234567890123456789", "too long" },
    { "workload=a\nmetric=a:([0-9", "metric 'a': '([0-9' is no extended regular expression" },
    { "workload=a\nmetric=a:", "metric 'a': it has no pattern, such as" },
    { "workload=a\nformat=json\nmetric=a:b", "metric 'a': 'b' is no JSON pointer" },
    { "workload=a\nformat=json\nmetric=a:/b~2", "is no JSON pointer" },
    { "workload=a", "f: a workload needs metric=NAME:PATTERN" },
    { "metric=a:b", "f: a workload needs workload=COMMAND" },
    { "", "f: a workload needs workload=COMMAND" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (NvProblems) problems = nv_problems_new ("f");
      g_autoptr (NvWorkload) workload = parse (texts[i][0], problems);
      g_autofree char *problem = NULL;

      g_assert_null (workload);
      g_assert_cmpuint (nv_problems_count (problems), >, 0);
      problem = nv_problems_format (problems, 0);
      if (!strstr (problem, texts[i][1]))
        g_error ("'%s': %s", texts[i][0], problem);
    }
}

static void
a_zero_byte_is_no_text (void)
{
  g_autoptr (NvProblems) problems = nv_problems_new ("f");

  g_assert_null (nv_workload_parse ("workload=a\0b", 12, problems));
  g_assert_cmpuint (nv_problems_count (problems), ==, 1);
}

static void
all_problems_of_a_file_are_said (void)
{
  g_autofree char *dir = g_dir_make_tmp ("numavm-workload-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "bad", NULL);
  g_autofree char *missing = g_build_filename (dir, "missing", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (path, "better=up\n\nformat=xml\n", -1, NULL));
  g_assert_null (nv_workload_read (path, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "bad:1: better 'up'"));
  g_assert_nonnull (strstr (error->message, "bad:3: format 'xml'"));
  g_clear_error (&error);
  g_assert_null (nv_workload_read (missing, &error));
  g_assert_nonnull (strstr (error->message, "No such file"));
  g_clear_error (&error);
  g_assert_null (nv_workload_read (dir, &error));
  g_assert_nonnull (strstr (error->message, "no regular file"));
  g_unlink (path);
  g_rmdir (dir);
}

/* Those that numavm brings along. */
static void
the_examples_can_be_read (void)
{
  g_autofree char *path = g_build_filename (g_getenv ("NV_SOURCE_DIR"), "examples", "workloads", NULL);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;
  guint n = 0;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)))
    {
      g_autofree char *file = g_build_filename (path, name, NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (NvWorkload) workload = nv_workload_read (file, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (workload->metrics->len, >, 0);
      g_assert_cmpstr (metric_of (workload, 0)->unit, !=, "");
      n++;
    }
  g_assert_cmpuint (n, >=, 4);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/workload-file/a_file_says_what_is_run_and_measured",
                   a_file_says_what_is_run_and_measured);
  g_test_add_func ("/workload-file/json_is_asked_by_pointers", json_is_asked_by_pointers);
  g_test_add_func ("/workload-file/what_is_wrong_is_named_with_its_line",
                   what_is_wrong_is_named_with_its_line);
  g_test_add_func ("/workload-file/a_zero_byte_is_no_text", a_zero_byte_is_no_text);
  g_test_add_func ("/workload-file/all_problems_of_a_file_are_said", all_problems_of_a_file_are_said);
  g_test_add_func ("/workload-file/the_examples_can_be_read", the_examples_can_be_read);
  return g_test_run ();
}
