/* Results of folders and of stores: all that is there, each VM once, the rest named. */

#include "base/error.h"
#include "bench/protocol.h"
#include "store/import.h"
#include "store/results.h"
#include "store/store-private.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define TABLE      "Function    Best Rate MB/s  Avg time     Min time     Max time\n"
#define COPY(rate) "Copy: " rate " 0.002 0.001 0.004\n"
#define REST       "Scale: 1 1 1 1\nAdd: 1 1 1 1\nTriad: 1 1 1 1\n"
#define RUN(rate)                                                                                            \
  TABLE COPY (rate)                                                                                          \
  REST

typedef struct
{
  char *folder;
  GString *said;
  NvResultsRequest request;
} Fixture;

static void
say (const char *text, gpointer data)
{
  Fixture *fixture = data;

  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_true (g_str_has_prefix (text, fixture->folder));
  g_string_append_printf (fixture->said, "%s\n", text + strlen (fixture->folder) + 1);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("numavm-results-XXXXXX", NULL);
  fixture->said = g_string_new (NULL);
  fixture->request = (NvResultsRequest){ .say = say, .data = fixture };
}

static void
remove_all (const char *path)
{
  g_autoptr (GDir) folder = g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);
  const char *name;

  while (folder && (name = g_dir_read_name (folder)))
    {
      g_autofree char *below = g_build_filename (path, name, NULL);

      remove_all (below);
    }
  g_remove (path);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  remove_all (fixture->folder);
  g_string_free (fixture->said, TRUE);
  g_free (fixture->folder);
}

static void
put (const Fixture *fixture, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (fixture->folder, name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  g_mkdir_with_parents (folder, 0700);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static NvResults *
read_paths (Fixture *fixture, const char *first, const char *second)
{
  g_autofree char *one = g_build_filename (fixture->folder, first, NULL);
  g_autofree char *other = second ? g_build_filename (fixture->folder, second, NULL) : NULL;
  g_autoptr (GError) error = NULL;
  NvResults *results;

  g_string_truncate (fixture->said, 0);
  results = nv_results_read_files (&fixture->request, (char *[]){ one, other, NULL }, &error);
  g_assert_no_error (error);
  return results;
}

/* "POLICY/NAME RUNS KERNEL SEQUENCE:BEST ...;" of each VM, one a line. */
static char *
show (const NvResults *results)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < results->vms->len; i++)
    {
      const NvResultVm *vm = g_ptr_array_index (results->vms, i);

      g_string_append_printf (text, "%s%s%s %u", vm->policy ? vm->policy : "", vm->policy ? "/" : "",
                              vm->name, vm->n_runs);
      for (guint k = 0; k < results->kernels->len; k++)
        {
          g_string_append_printf (text, " %s",
                                  ((NvResultKernel *)g_ptr_array_index (results->kernels, k))->name);
          for (guint r = 0; r < vm->results[k]->len; r++)
            {
              const NvResult *result = &g_array_index (vm->results[k], NvResult, r);

              g_string_append_printf (text, " %u:%g", result->sequence, (double)result->best);
            }
        }
      g_string_append_c (text, '\n');
    }
  return g_string_free (text, FALSE);
}

static void
assert_shown (const NvResults *results, const char *expected)
{
  g_autofree char *shown = show (results);

  g_assert_cmpstr (shown, ==, expected);
}

static void
a_folder_gives_its_vms_in_the_order_of_their_numbers (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvResults) results = NULL;

  put (fixture, "vm10.expresult", RUN ("3"));
  put (fixture, "vm2.expresult", RUN ("1") RUN ("2"));
  put (fixture, "buddyinfo.log", "Node 0, zone DMA 1 2 3\n");
  results = read_paths (fixture, "", NULL);
  g_assert_cmpstr (fixture->said->str, ==, "");
  assert_shown (results,
                "vm2 2 copy 0:1e+06 1:2e+06 scale 0:1e+06 1:1e+06 add 0:1e+06 1:1e+06 triad 0:1e+06 1:1e+06\n"
                "vm10 1 copy 0:3e+06 scale 0:1e+06 add 0:1e+06 triad 0:1e+06\n");
  g_assert_cmpint (results->emulated, ==, -1);
  g_assert_null (results->when);
}

static void
what_is_left_out_is_named_in_the_order_of_files (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvResults) results = NULL;
  g_autofree char *link = g_build_filename (fixture->folder, "d.expresult", NULL);
  g_autofree char *long_line = g_strnfill (2 << 20, 'x');
  g_autofree char *too_long = g_strconcat (RUN ("1"), long_line, NULL);

  put (fixture, "a.expresult", "");
  put (fixture, "b.expresult", "nothing\n");
  put (fixture, "c.expresult", RUN ("1") TABLE COPY ("2") "Scale: 1,5 1 1\n");
  g_assert_cmpint (symlink ("c.expresult", link), ==, 0);
  put (fixture, "e.expresult/file", "");
  put (fixture, "f.expresult", too_long);
  put (fixture, "g.expresult", TABLE "Copy: 1e36 1 1 1\nGather: 1 2 3 4\n");
  results = read_paths (fixture, "", NULL);
  g_assert_cmpstr (fixture->said->str, ==,
                   "d.expresult: a symbolic link is not followed: name the file itself\n"
                   "e.expresult: is no regular file\n"
                   "a.expresult: is empty\n"
                   "b.expresult: no result of STREAM is in it\n"
                   "c.expresult:8: scale: a rate in MB/s and three times in s are needed behind it\n"
                   "c.expresult:6: run 1 has no result of scale\n"
                   "c.expresult:6: run 1 has no result of add\n"
                   "c.expresult:6: run 1 has no result of triad\n"
                   "f.expresult:6: from here on: a line is longer than 1 MiB\n"
                   "g.expresult:2: a number is too large\n"
                   "g.expresult:1: run 0 has no result of scale\n"
                   "g.expresult:1: run 0 has no result of add\n"
                   "g.expresult:1: run 0 has no result of triad\n");
  g_assert_cmpuint (results->left_out, ==, 13);
  assert_shown (results, "c 2 copy 0:1e+06 1:2e+06 scale 0:1e+06 add 0:1e+06 triad 0:1e+06 gather\n"
                         "f 1 copy 0:1e+06 scale 0:1e+06 add 0:1e+06 triad 0:1e+06 gather\n"
                         "g 1 copy scale add triad gather 0:1e+06\n");
}

static void
without_expresult_files_a_folder_is_searched (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvResults) results = NULL;

  put (fixture, "some.text", "nothing\nCopy: 1\n");
  put (fixture, "vm.txt", RUN ("1"));
  results = read_paths (fixture, "", NULL);
  g_assert_cmpstr (fixture->said->str, ==, "");
  assert_shown (results, "vm.txt 1 copy 0:1e+06 scale 0:1e+06 add 0:1e+06 triad 0:1e+06\n");
}

static void
what_no_line_shows_to_be_streams_text_does_not_count (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvResults) results = NULL;

  put (fixture, "other.txt", "Total: 1 2 3 4\nSum: 1 2 3 4\n");
  put (fixture, "vm.txt", "Total: 1 2 3 4\n" COPY ("1") "Gather: 1 1 1 1\n");
  results = read_paths (fixture, "", NULL);
  assert_shown (results, "vm.txt 1 copy 0:1e+06 gather 0:1e+06\n");
}

static void
invented_kernels_do_not_push_out_streams (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvResults) results = NULL;
  g_autoptr (GString) text = g_string_new (TABLE);

  for (char a = 'a'; a <= 'z'; a++)
    g_string_append_printf (text, "K%c: 1 1 1 1\nL%c: 1 1 1 1\nM%c: 1 1 1 1\nN%c: 1 1 1 1\nO%c: 1 1 1 1\n", a,
                            a, a, a, a);
  g_string_append (text, RUN ("1"));
  put (fixture, "vm0.expresult", text->str);
  results = read_paths (fixture, "", NULL);
  g_assert_cmpuint (results->kernels->len, ==, 128);
  for (guint i = 0; i < 4; i++)
    g_assert_cmpuint (((NvResultVm *)g_ptr_array_index (results->vms, 0))->results[i]->len, ==, 1);
}

static void
files_of_one_name_are_told_apart (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvResults) results = NULL;

  put (fixture, "a/vm0.expresult", RUN ("1"));
  put (fixture, "a/vm1.expresult", RUN ("2"));
  put (fixture, "b/vm0.expresult", RUN ("3"));
  results = read_paths (fixture, "a", "b");
  assert_shown (results, "a/vm0 1 copy 0:1e+06 scale 0:1e+06 add 0:1e+06 triad 0:1e+06\n"
                         "b/vm0 1 copy 0:3e+06 scale 0:1e+06 add 0:1e+06 triad 0:1e+06\n"
                         "vm1 1 copy 0:2e+06 scale 0:1e+06 add 0:1e+06 triad 0:1e+06\n");
}

/* As results come by scp. */
static void
a_tree_of_policies_is_one_result (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvResults) all = NULL, one = NULL;

  put (fixture, "all/interleave/vm0/results.expresult", TABLE COPY ("1") REST);
  put (fixture, "all/interleave/vm0/results.json", RUN ("7"));
  put (fixture, "all/interleave/vm0/results.output", RUN ("8"));
  put (fixture, "all/interleave/vm1/vm1.expresult", RUN ("2"));
  put (fixture, "all/local/vm0/a.expresult", RUN ("3"));
  put (fixture, "all/local/vm0/b.expresult", RUN ("4"));
  put (fixture, "all/local/vm1/b.output", RUN ("5"));
  put (fixture, "all/local/vm2/below/c.expresult", RUN ("6"));
  all = read_paths (fixture, "all", NULL);
  g_assert_cmpstr (fixture->said->str, ==, "");
#define ONES " scale 0:1e+06 add 0:1e+06 triad 0:1e+06\n"
  assert_shown (all, "interleave/vm0 1 copy 0:1e+06" ONES "interleave/vm1 1 copy 0:2e+06" ONES
                     "local/a 1 copy 0:3e+06" ONES "local/b 1 copy 0:4e+06" ONES);
  one = read_paths (fixture, "all/interleave", NULL);
  assert_shown (one, "vm0 1 copy 0:1e+06" ONES "vm1 1 copy 0:2e+06" ONES);
}

static void
a_file_that_is_named_twice_is_one_vm (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvResults) results = NULL;

  put (fixture, "a/vm0.expresult", RUN ("1"));
  results = read_paths (fixture, "a", "a/vm0.expresult");
  g_assert_cmpuint (results->vms->len, ==, 1);
  g_assert_cmpstr (fixture->said->str, ==, "a/vm0.expresult: was named before\n");
}

static void
a_damaged_file_does_not_fill_the_memory (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvResults) results = NULL;
  g_autoptr (GString) text = g_string_new (RUN ("1"));
  char *last;

  for (guint i = 0; i < 5000; i++)
    g_string_append (text, "Copy: ?\n");
  for (char a = 'a'; a <= 'z'; a++)
    for (char b = 'a'; b <= 'z'; b++)
      g_string_append_printf (text, "K%c%c: 1 1 1 1\n", a, b);
  put (fixture, "vm0.expresult", text->str);
  results = read_paths (fixture, "", NULL);
  g_assert_cmpuint (results->kernels->len, ==, 128);
  g_assert_cmpuint (results->left_out, >, 5000 + 26 * 26 - 64);
  g_string_truncate (fixture->said, fixture->said->len - 1);
  last = strrchr (fixture->said->str, '\n') + 1;
  g_assert_true (g_str_has_prefix (last, "vm0.expresult: and "));
}

static void
no_results_are_an_error (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  char *paths[] = { fixture->folder, NULL };

  g_assert_null (nv_results_read_files (&fixture->request, paths, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, fixture->folder));
}

/* --- stores --- */

#define ROW_RUN(id, emulated)                                                                                \
  "{\"table\":\"run\",\"id\":" id ",\"uuid\":\"uuid-" id                                                     \
  "\",\"program\":\"p\",\"status\":\"done\",\"emulated\":" emulated                                          \
  ",\"started_wall_ns\":1795000000000000000}\n"
#define ROW_BOOT(id, run, arm)                                                                               \
  "{\"table\":\"boot\",\"id\":" id ",\"run\":" run ",\"block\":0,\"position\":" id ",\"arm\":\"" arm         \
  "\",\"status\":\"done\"}\n"
#define ROW_VM(id, boot, name)                                                                               \
  "{\"table\":\"vm\",\"id\":" id ",\"boot\":" boot ",\"vm_index\":0,\"name\":\"" name "\"}\n"
#define ROW_ITERATION(id, run, vm, kernel, unit, value, changed)                                             \
  "{\"table\":\"iteration\",\"id\":" id ",\"run\":" run ",\"vm\":" vm ",\"kernel\":\"" kernel                \
  "\",\"iteration\":0,\"start_ns\":1,\"time_ns\":2000000,\"value\":" value ",\"unit\":\"" unit               \
  "\",\"changed\":" changed "}\n"

static NvStore *
make_store (Fixture *fixture, const char *rows)
{
  g_autofree char *path = g_build_filename (fixture->folder, "rows", NULL);
  NvStore *store = nv_store_open (":memory:", NV_STORE_CREATE, NULL);
  const NvImportRequest request = { .store = store, .say = say, .data = fixture, .command = "" };
  char *paths[] = { path, NULL };
  NvImportResult result;

  put (fixture, "rows", rows);
  g_assert_true (nv_import (&request, paths, &result, NULL));
  g_assert_cmpstr (fixture->said->str, ==, "");
  return store;
}

static void
each_boot_of_a_vm_is_a_run (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvStore) store = make_store (
      fixture, ROW_RUN ("1", "0") ROW_BOOT ("1", "1", "spread") ROW_VM ("1", "1", "vm0")
                   ROW_BOOT ("2", "1", "local") ROW_VM ("2", "2", "vm0") ROW_BOOT ("3", "1", "spread")
                       ROW_VM ("3", "3", "vm0") ROW_ITERATION ("1", "1", "1", "triad", "bytes/s", "1e9", "0")
                           ROW_ITERATION ("2", "1", "1", "triad", "bytes/s", "3e9", "0")
                               ROW_ITERATION ("3", "1", "1", "triad", "bytes/s", "9e9", "1")
                                   ROW_ITERATION ("4", "1", "2", "triad", "bytes/s", "2e9", "0")
                                       ROW_ITERATION ("5", "1", "2", "chase", "ns", "80", "0")
                                           ROW_ITERATION ("6", "1", "2", "chase", "ns", "70", "0")
                                               ROW_ITERATION ("7", "1", "3", "triad", "bytes/s", "4e9", "0"));
  g_autoptr (NvResults) results = nv_results_read_store (store, 0, NULL);

  g_assert_nonnull (results);
  assert_shown (results, "spread/vm0 2 triad 0:3e+09 1:4e+09 chase\n"
                         "local/vm0 1 triad 0:2e+09 chase 0:70\n");
  g_assert_cmpuint (results->left_out, ==, 1);
  g_assert_cmpint (results->emulated, ==, 0);
  g_assert_cmpstr (results->when, ==, "2026-11-18");
  g_assert_true (((NvResultKernel *)g_ptr_array_index (results->kernels, 1))->lower_is_better);
}

#define ROW_METRIC(id, run, kernel, unit, better)                                                            \
  "{\"table\":\"metric\",\"id\":" id ",\"run\":" run ",\"kernel\":\"" kernel "\",\"unit\":\"" unit           \
  "\",\"better\":\"" better "\"}\n"

/* And in each run its own, though their names and units are the same. */
static void
the_best_of_a_metric_is_as_its_workload_says (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvStore) store = make_store (
      fixture, ROW_RUN ("1", "0") ROW_RUN ("2", "0") ROW_BOOT ("1", "1", "a") ROW_VM ("1", "1", "vm0")
                   ROW_BOOT ("2", "2", "a") ROW_VM ("2", "2", "vm0") ROW_METRIC ("1", "1", "x", "ms", "lower")
                       ROW_METRIC ("2", "2", "x", "ms", "higher") ROW_METRIC ("3", "1", "y", "ns", "higher")
                           ROW_ITERATION ("1", "1", "1", "x", "ms", "3", "0")
                               ROW_ITERATION ("2", "1", "1", "x", "ms", "2", "0")
                                   ROW_ITERATION ("3", "2", "2", "x", "ms", "3", "0")
                                       ROW_ITERATION ("4", "2", "2", "x", "ms", "2", "0")
                                           ROW_ITERATION ("5", "1", "1", "y", "ns", "2", "0")
                                               ROW_ITERATION ("6", "1", "1", "y", "ns", "3", "0"));
  g_autoptr (NvResults) results = nv_results_read_store (store, 0, NULL);
  const gboolean lower[] = { FALSE, TRUE, FALSE };

  g_assert_nonnull (results);
  assert_shown (results, "a/vm0 2 x 1:3 x 0:2 y 0:3\n");
  for (guint k = 0; k < G_N_ELEMENTS (lower); k++)
    {
      const NvResultKernel *kernel = g_ptr_array_index (results->kernels, k);

      g_assert_true (kernel->is_metric);
      g_assert_cmpint (kernel->lower_is_better, ==, lower[k]);
    }
}

/* JSON within JSON. */
#define ROW_WORKLOAD(id, run, vm, command, runs)                                                                 \
  "{\"table\":\"setup\",\"id\":" id ",\"run\":" run ",\"vm\":" vm                                                \
  ",\"record\":\"{\\\"record\\\":\\\"workload\\\",\\\"command\\\":[\\\"stress\\\",\\\"" command                  \
  "\\\"],\\\"runs\\\":" runs ",\\\"format\\\":\\\"text\\\",\\\"metrics\\\":["                                    \
  "{\\\"name\\\":\\\"score\\\",\\\"pattern\\\":\\\"s\\\",\\\"unit\\\":\\\"p\\\",\\\"better\\\":\\\"higher\\\"}," \
  "{\\\"name\\\":\\\"triad\\\",\\\"pattern\\\":\\\"t\\\",\\\"unit\\\":\\\"bytes/s\\\","                          \
  "\\\"better\\\":\\\"lower\\\"}]}\"}\n"
#define ROW_OF_WORKLOAD(id, run, vm, setup, kernel, unit, value)                                             \
  "{\"table\":\"iteration\",\"id\":" id ",\"run\":" run ",\"vm\":" vm ",\"setup\":" setup                    \
  ",\"kernel\":\"" kernel "\",\"iteration\":0,\"start_ns\":1,\"time_ns\":2000000,\"value\":" value           \
  ",\"unit\":\"" unit "\",\"changed\":0}\n"
#define ROW_SETUP(id, run, vm, pages, access)                                                                \
  "{\"table\":\"setup\",\"id\":" id ",\"run\":" run ",\"vm\":" vm                                            \
  ",\"record\":\"{\\\"setup\\\":{\\\"pages\\\":\\\"" pages "\\\",\\\"access\\\":\\\"" access "\\\"}}\"}\n"
#define ROW_OF_SETUP(id, run, vm, setup, value)                                                              \
  "{\"table\":\"iteration\",\"id\":" id ",\"run\":" run ",\"vm\":" vm ",\"setup\":" setup                    \
  ",\"kernel\":\"triad\",\"iteration\":0,\"start_ns\":1,\"time_ns\":2000000,\"value\":" value                \
  ",\"unit\":\"bytes/s\",\"changed\":0}\n"
#define ROW_HOST(id, run, host)                                                                              \
  "{\"table\":\"sample_header\",\"id\":" id ",\"run\":" run ",\"record\":\"{\\\"host\\\":\\\"" host          \
  "\\\"}\"}\n"

/* Two programs call theirs the same, and one calls it as a kernel of ours; how often each ran is the same to
 * it. */
static void
values_of_different_workloads_are_never_one (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvStore) store = make_store (
      fixture,
      ROW_RUN ("1", "0") ROW_RUN ("2", "0") ROW_RUN ("3", "0") ROW_BOOT ("1", "1", "a")
          ROW_VM ("1", "1", "vm0") ROW_BOOT ("2", "2", "a") ROW_VM ("2", "2", "vm0") ROW_BOOT ("3", "3", "a")
              ROW_VM ("3", "3", "vm0") ROW_METRIC ("1", "1", "score", "p", "higher") ROW_METRIC (
                  "2", "2", "score", "p", "higher") ROW_METRIC ("3", "3", "score", "p", "higher")
                  ROW_METRIC ("4", "3", "triad", "bytes/s", "lower") ROW_WORKLOAD ("1", "1", "1", "one", "1")
                      ROW_WORKLOAD ("2", "2", "2", "other", "1") ROW_WORKLOAD ("3", "3", "3", "one", "7")
                          ROW_SETUP ("4", "3", "3", "local", "seq") ROW_OF_WORKLOAD ("1", "1", "1", "1",
                                                                                     "score", "p", "1")
                              ROW_OF_WORKLOAD ("2", "2", "2", "2", "score", "p",
                                               "2") ROW_OF_WORKLOAD ("3", "3", "3", "3", "score", "p", "3")
                                  ROW_OF_WORKLOAD ("4", "3", "3", "3", "triad", "bytes/s", "4")
                                      ROW_OF_WORKLOAD ("5", "3", "3", "3", "triad", "bytes/s", "3")
                                          ROW_OF_WORKLOAD ("6", "3", "3", "4", "triad", "bytes/s", "1e9"));
  g_autoptr (NvResults) results = nv_results_read_store (store, 0, NULL);

  g_assert_nonnull (results);
  assert_shown (results, "a/vm0 4 triad 3:1e+09 triad (stress one) 2:3 score (stress one) 0:1 2:3"
                         " score (stress other) 1:2\n");
}

/* Nor are all that may be had too many. */
static void
all_metrics_of_a_workload_have_room (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GString) rows = g_string_new (ROW_RUN ("1", "0"));
  g_autoptr (NvStore) store = NULL;
  g_autoptr (NvResults) results = NULL;

  for (guint i = 1; i <= NV_METRICS_MAX; i++)
    {
      g_autofree char *id = g_strdup_printf ("%u", i);

      g_string_append_printf (rows, ROW_METRIC ("%s", "1", "m%s", "p", "higher"), id, id);
      g_string_append_printf (rows, ROW_ITERATION ("%s", "1", "null", "m%s", "p", "1", "0"), id, id);
    }
  store = make_store (fixture, rows->str);
  results = nv_results_read_store (store, 0, NULL);
  g_assert_nonnull (results);
  g_assert_cmpuint (results->kernels->len, ==, NV_METRICS_MAX);
  g_assert_cmpuint (results->left_out, ==, 0);
}

static void
placings_of_bare_metal_are_policies (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvStore) store = make_store (
      fixture,
      ROW_RUN ("1", "0") ROW_SETUP ("1", "1", "null", "local", "seq")
          ROW_SETUP ("2", "1", "null", "interleave", "seq") ROW_SETUP ("3", "1", "null", "local", "seq")
              ROW_OF_SETUP ("1", "1", "null", "1", "1e9") ROW_OF_SETUP ("2", "1", "null", "2", "2e9")
                  ROW_OF_SETUP ("3", "1", "null", "3", "3e9"));
  g_autoptr (NvResults) results = nv_results_read_store (store, 0, NULL);

  assert_shown (results, "local, seq/host 2 triad 0:1e+09 1:3e+09\n"
                         "interleave, seq/host 1 triad 0:2e+09\n");
}

static void
bare_metal_of_one_placing_has_no_policy_and_runs_are_told_apart (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvStore) store = make_store (
      fixture, ROW_RUN ("1", "0") ROW_RUN ("2", "0") ROW_SETUP ("1", "1", "null", "local", "seq")
                   ROW_SETUP ("2", "2", "null", "local", "seq") ROW_OF_SETUP ("1", "1", "null", "1", "1e9")
                       ROW_OF_SETUP ("2", "2", "null", "2", "2e9"));
  g_autoptr (NvResults) results = nv_results_read_store (store, 0, NULL);

  assert_shown (results, "run 1/host 1 triad 0:1e+09\n"
                         "run 2/host 1 triad 0:2e+09\n");
}

static void
each_setup_of_a_vm_is_a_run (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvStore) store = make_store (
      fixture, ROW_RUN ("1", "0") ROW_BOOT ("1", "1", "a") ROW_VM ("1", "1", "vm0")
                   ROW_SETUP ("1", "1", "1", "local", "seq") ROW_SETUP ("2", "1", "1", "local", "seq")
                       ROW_OF_SETUP ("1", "1", "1", "1", "1e9") ROW_OF_SETUP ("2", "1", "1", "2", "2e9"));
  g_autoptr (NvResults) results = nv_results_read_store (store, 0, NULL);

  assert_shown (results, "a/vm0 2 triad 0:1e+09 1:2e+09\n");
}

static void
imported_folders_are_told_apart (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvStore) store = nv_store_open (":memory:", NV_STORE_CREATE, NULL);
  const NvImportRequest request = { .store = store, .say = say, .data = fixture, .command = "" };
  g_autofree char *a = g_build_filename (fixture->folder, "a", NULL);
  g_autofree char *b = g_build_filename (fixture->folder, "b", NULL);
  char *paths[] = { a, b, NULL };
  g_autoptr (NvResults) results = NULL;
  NvImportResult result;

  put (fixture, "a/vm0.expresult", TABLE COPY ("1") REST);
  put (fixture, "a/vm1.expresult", TABLE COPY ("2") REST);
  put (fixture, "b/vm0.expresult", TABLE COPY ("3") REST);
  g_assert_true (nv_import (&request, paths, &result, NULL));
  results = nv_results_read_store (store, 0, NULL);
  assert_shown (results, "run 1/vm0 1 copy 0:1e+06 scale 0:1e+06 add 0:1e+06 triad 0:1e+06\n"
                         "run 2/vm0 1 copy 0:3e+06 scale 0:1e+06 add 0:1e+06 triad 0:1e+06\n"
                         "vm1 1 copy 0:2e+06 scale 0:1e+06 add 0:1e+06 triad 0:1e+06\n");
}

static void
different_hosts_are_not_mixed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvStore) store = make_store (
      fixture, ROW_RUN ("1", "0") ROW_RUN ("2", "0") ROW_HOST ("1", "1", "east") ROW_HOST ("2", "2", "west")
                   ROW_ITERATION ("1", "1", "null", "copy", "bytes/s", "1e9", "0")
                       ROW_ITERATION ("2", "2", "null", "copy", "bytes/s", "1e9", "0"));
  g_autoptr (GError) error = NULL;
  g_autoptr (NvResults) results = NULL;

  g_assert_null (nv_results_read_store (store, 0, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "run 1 of host 'east' and run 2 of 'west'"));
  results = nv_results_read_store (store, 2, NULL);
  g_assert_cmpstr (results->host, ==, "west");
}

static void
results_that_are_all_left_out_say_why (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvStore) store = make_store (
      fixture, ROW_RUN ("1", "0") ROW_ITERATION ("1", "1", "null", "copy", "bytes/s", "1e9", "1")
                   ROW_ITERATION ("2", "1", "null", "copy", "bytes/s", "1e9", "0,\"load\":\"read\"")
                       ROW_ITERATION ("3", "1", "null", "copy", "bytes/s", "1e9", "1,\"cpu_node\":0")
                           ROW_ITERATION ("4", "1", "null", "copy", "bytes/s", "null", "0")
                               ROW_ITERATION ("5", "1", "null", "copy", "bytes/s", "1e300", "0"));
  g_autoptr (GError) error = NULL;

  g_assert_null (nv_results_read_store (store, 0, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "all 5 iterations are left out: 1 since the host moved"));
  g_assert_nonnull (strstr (error->message, ", 2 since they ran beside"));
  g_assert_nonnull (strstr (error->message, ", 2 since a number"));
}

static void
a_kernel_that_is_no_utf8_is_one_kernel (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvStore) store =
      make_store (fixture, ROW_RUN ("1", "0") ROW_BOOT ("1", "1", "a") ROW_VM ("1", "1", "vm0")
                               ROW_ITERATION ("1", "1", "1", "x", "bytes/s", "1e9", "0")
                                   ROW_ITERATION ("2", "1", "1", "x", "bytes/s", "2e9", "0"));
  g_autoptr (NvResults) results = NULL;

  g_assert_cmpint (
      sqlite3_exec (store->db, "UPDATE iteration SET kernel = CAST (x'78F0' AS TEXT)", NULL, NULL, NULL), ==,
      SQLITE_OK);
  results = nv_results_read_store (store, 0, NULL);
  assert_shown (results, "a/vm0 1 x\xef\xbf\xbd 0:2e+09\n");
}

static void
emulated_runs_and_others_are_not_mixed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvStore) store =
      make_store (fixture, ROW_RUN ("1", "0") ROW_RUN ("2", "1") ROW_BOOT ("1", "1", "a")
                               ROW_VM ("1", "1", "vm0") ROW_BOOT ("2", "2", "a") ROW_VM ("2", "2", "vm1")
                                   ROW_ITERATION ("1", "1", "1", "copy", "bytes/s", "1e9", "0")
                                       ROW_ITERATION ("2", "2", "2", "copy", "bytes/s", "1e9", "0"));
  g_autoptr (GError) error = NULL;
  g_autoptr (NvResults) results = NULL;

  g_assert_null (nv_results_read_store (store, 0, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "emulated runs (2) and others (1)"));
  results = nv_results_read_store (store, 2, NULL);
  g_assert_nonnull (results);
  g_assert_cmpint (results->emulated, ==, 1);
  assert_shown (results, "a/vm1 1 copy 0:1e+09\n");
}

static void
imported_text_is_as_it_was (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvStore) store = nv_store_open (":memory:", NV_STORE_CREATE, NULL);
  const NvImportRequest request = { .store = store, .say = say, .data = fixture, .command = "" };
  char *paths[] = { fixture->folder, NULL };
  g_autoptr (NvResults) results = NULL;
  g_autoptr (NvResults) of_files = NULL;
  g_autofree char *shown = NULL;
  NvImportResult result;

  put (fixture, "vm0.expresult", RUN ("1") RUN ("2"));
  put (fixture, "vm1.expresult", RUN ("3"));
  g_assert_true (nv_import (&request, paths, &result, NULL));
  results = nv_results_read_store (store, 0, NULL);
  of_files = read_paths (fixture, "", NULL);
  shown = show (of_files);
  assert_shown (results, shown);
}

static void
divided_rates_are_known (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvStore) store = nv_store_open (":memory:", NV_STORE_CREATE, NULL);
  const NvImportRequest request = {
    .store = store, .say = say, .data = fixture, .command = "", .stream = NV_STREAM_ORIGINAL_MOD
  };
  char *paths[] = { fixture->folder, NULL };
  g_autoptr (NvResults) of_store = NULL, of_files = NULL, stock = NULL;
  NvImportResult result;

  put (fixture, "vm0.expresult", RUN ("8"));
  g_assert_true (nv_import (&request, paths, &result, NULL));
  of_store = nv_results_read_store (store, 0, NULL);
  g_assert_cmpuint (of_store->rates_divided_by, ==, 8);
  stock = read_paths (fixture, "", NULL);
  g_assert_cmpuint (stock->rates_divided_by, ==, 0);
  fixture->request.is_original_mod = TRUE;
  of_files = read_paths (fixture, "", NULL);
  g_assert_cmpuint (of_files->rates_divided_by, ==, 8);
}

static void
a_store_without_results_is_an_error (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvStore) store = make_store (fixture, ROW_RUN ("1", "0"));
  g_autoptr (GError) error = NULL;

  g_assert_null (nv_results_read_store (store, 1, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_NOT_FOUND);
}

#define ADD(name) g_test_add ("/results/" #name, Fixture, NULL, set_up, name, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD (a_folder_gives_its_vms_in_the_order_of_their_numbers);
  ADD (what_is_left_out_is_named_in_the_order_of_files);
  ADD (without_expresult_files_a_folder_is_searched);
  ADD (what_no_line_shows_to_be_streams_text_does_not_count);
  ADD (invented_kernels_do_not_push_out_streams);
  ADD (files_of_one_name_are_told_apart);
  ADD (a_tree_of_policies_is_one_result);
  ADD (a_file_that_is_named_twice_is_one_vm);
  ADD (a_damaged_file_does_not_fill_the_memory);
  ADD (no_results_are_an_error);
  ADD (each_boot_of_a_vm_is_a_run);
  ADD (the_best_of_a_metric_is_as_its_workload_says);
  ADD (values_of_different_workloads_are_never_one);
  ADD (all_metrics_of_a_workload_have_room);
  ADD (placings_of_bare_metal_are_policies);
  ADD (bare_metal_of_one_placing_has_no_policy_and_runs_are_told_apart);
  ADD (each_setup_of_a_vm_is_a_run);
  ADD (imported_folders_are_told_apart);
  ADD (different_hosts_are_not_mixed);
  ADD (results_that_are_all_left_out_say_why);
  ADD (a_kernel_that_is_no_utf8_is_one_kernel);
  ADD (emulated_runs_and_others_are_not_mixed);
  ADD (imported_text_is_as_it_was);
  ADD (divided_rates_are_known);
  ADD (a_store_without_results_is_an_error);
  return g_test_run ();
}
