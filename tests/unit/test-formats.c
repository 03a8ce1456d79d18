/* Import formats: what is readable comes in, the rest is named with its line, and what is exported can be
 * imported. */

#include "golden.h"
#include "store/export.h"
#include "store/import.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

typedef struct
{
  char *folder;
  NvStore *store;
  GString *said; /* a line each, files without their folder */
  NvImportRequest request;
  NvImportResult result;
} Fixture;

static void
say (const char *text, gpointer data)
{
  Fixture *fixture = data;

  g_assert_true (g_str_has_prefix (text, fixture->folder));
  g_string_append_printf (fixture->said, "%s\n", text + strlen (fixture->folder) + 1);
}

static void
open_store (Fixture *fixture)
{
  nv_store_close (fixture->store);
  fixture->store = fixture->request.store = nv_store_open (":memory:", NV_STORE_CREATE, NULL);
  g_assert_nonnull (fixture->store);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("numavm-formats-XXXXXX", NULL);
  fixture->said = g_string_new (NULL);
  fixture->request = (NvImportRequest){ .say = say, .data = fixture, .command = "numavm import" };
  open_store (fixture);
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
  nv_store_close (fixture->store);
  g_string_free (fixture->said, TRUE);
  g_free (fixture->folder);
}

static void
put_bytes (const Fixture *fixture, const char *name, const char *bytes, gssize length)
{
  g_autofree char *path = g_build_filename (fixture->folder, name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  g_mkdir_with_parents (folder, 0700);
  g_assert_true (g_file_set_contents (path, bytes, length, NULL));
}

static void
put (const Fixture *fixture, const char *name, const char *text)
{
  put_bytes (fixture, name, text, -1);
}

/* The folder, whole. */
static void
import_paths (Fixture *fixture, char *const *paths)
{
  g_autoptr (GError) error = NULL;

  g_string_truncate (fixture->said, 0);
  nv_import (&fixture->request, paths, &fixture->result, &error);
  g_assert_no_error (error);
}

static void
import (Fixture *fixture)
{
  import_paths (fixture, (char *[]){ fixture->folder, NULL });
}

static char *
export_all (const Fixture *fixture)
{
  char *text = NULL;
  size_t length;
  FILE *file = open_memstream (&text, &length);

  g_assert_true (nv_export_json (fixture->store, 0, file, NULL));
  g_assert_cmpint (fclose (file), ==, 0);
  return text;
}

static guint
count (const Fixture *fixture, const char *text)
{
  g_autofree char *all = export_all (fixture);
  guint n = 0;

  for (const char *at = all; (at = strstr (at, text)); at += strlen (text))
    n++;
  return n;
}

#define SETUP                                                                                                        \
  "{\"record\":\"setup\",\"version\":1,\"program\":\"p\",\"time\":\"2026-01-01T00:00:00Z\",\"monotonic_ns\":4,"      \
  "\"setup\":{\"mode\":\"kernels\",\"kernels\":[\"triad\"],\"access\":\"seq\",\"iterations\":2,\"pages\":\"local\"," \
  "\"page_kind\":\"4K\",\"page_bytes\":4096,\"touch\":\"owner\",\"isa\":\"auto\",\"store\":\"auto\","                \
  "\"prefetch\":\"auto\",\"chases\":1,\"stride_bytes\":256,\"reads\":1,\"writes\":1,\"seed\":1},\"pinned\":false,"   \
  "\"threads\":[{}],\"timer_tick_ns\":30,\"facts\":{}}\n"
#define ITERATION(n, value)                                                                                  \
  "{\"record\":\"iteration\",\"version\":1,\"kernel\":\"triad\",\"iteration\":" n                            \
  ",\"start_ns\":10,\"time_ns\":2000000,"                                                                    \
  "\"bytes\":30,\"value\":" value ",\"unit\":\"bytes/s\",\"group\":0,\"changed\":false}\n"

#define HEAD    "STREAM version $Revision: 5.10 $\nArray size = 10000000 (elements), Offset = 0 (elements)\n"
#define THREADS "Number of Threads counted = 2\n"
#define TABLE   "Function    Best Rate MB/s  Avg time     Min time     Max time\n"
#define COPY    "Copy:           17308.3     0.000247     0.000235     0.000271\n"
#define SCALE   "Scale:          16677.0     0.000245     0.000236     0.000268\n"
#define ADD_    "Add:            15301.3     0.000406     0.000390     0.000432\n"
#define TRIAD   "Triad:          14473.8     0.000446     0.000401     0.000539\n"
#define WHOLE   HEAD THREADS TABLE COPY SCALE ADD_ TRIAD

static void
records_come_in_but_for_the_bad_ones (Fixture *fixture, gconstpointer data)
{
  put (fixture, "a",
       SETUP ITERATION ("0", "1.5e9") "garbage\n\n" ITERATION (
           "1", "1e400") "{\"record\":\"hello\",\"version\":1}\n" ITERATION ("1",
                                                                             "2.5e9") "{\"record\":\"iterat");
  import (fixture);
  g_assert_cmpuint (fixture->result.imported, ==, 1);
  g_assert_cmpuint (fixture->result.rows, ==, 3);
  g_assert_cmpuint (fixture->result.left_out, ==, 4);
  g_assert_nonnull (strstr (fixture->said->str, "a:3: "));
  g_assert_nonnull (strstr (fixture->said->str, "a:5: "));
  g_assert_nonnull (strstr (fixture->said->str, "a:6: "));
  g_assert_nonnull (strstr (fixture->said->str, "a:8: "));
  g_assert_cmpuint (count (fixture, "\"table\":\"iteration\""), ==, 2);
}

static void
a_file_comes_in_once (Fixture *fixture, gconstpointer data)
{
  put (fixture, "a", SETUP);
  put (fixture, "copy-of-a", SETUP);
  import (fixture);
  g_assert_cmpstr (fixture->said->str, ==, "copy-of-a: was imported before\n");
  import (fixture);
  g_assert_cmpuint (fixture->result.known, ==, 2);
  g_assert_cmpuint (fixture->result.rows, ==, 0);
  g_assert_cmpuint (count (fixture, "\"table\":\"setup\""), ==, 1);
}

static void
what_is_no_result_is_named (Fixture *fixture, gconstpointer data)
{
  g_autofree char *link = g_build_filename (fixture->folder, "d-link", NULL);
  g_autofree char *below = g_build_filename (fixture->folder, "e-folder", NULL);
  g_autofree char *long_line = g_strnfill (2 << 20, 'x');

  put (fixture, "a-empty", "");
  put (fixture, "b-text", "some\ntext\n");
  put_bytes (fixture, "c-bytes", "Node \0 0, zone\nCopy: \xff\n", 23);
  g_assert_cmpint (symlink ("b-text", link), ==, 0);
  g_assert_cmpint (g_mkdir (below, 0700), ==, 0);
  put (fixture, "f-long", long_line);
  import (fixture);
  g_assert_cmpuint (fixture->result.unreadable, ==, 1);
  g_assert_cmpuint (fixture->result.passed_over, ==, 4);
  g_assert_cmpuint (fixture->result.imported, ==, 0);
  g_assert_cmpstr (fixture->said->str, ==,
                   "a-empty: is empty\n"
                   "b-text: is of no format that is known here\n"
                   "c-bytes:2: copy: a rate in MB/s and three times in s are needed behind it\n"
                   "c-bytes: nothing in it can be read\n"
                   "d-link: a symbolic link is not followed: name the file itself\n"
                   "e-folder: a folder: not looked into\n"
                   "f-long:1: from here on: a line is longer than 1 MiB\n"
                   "f-long: is of no format that is known here\n");
  g_assert_cmpuint (count (fixture, "\"table\""), ==, 0);
}

static void
streams_text_comes_in_run_after_run (Fixture *fixture, gconstpointer data)
{
  put (fixture, "vm0.expresult", "some text\n" WHOLE "Solution Validates\n" WHOLE);
  put (fixture, "vm1.expresult", WHOLE "the end\n");
  import (fixture);
  g_assert_cmpstr (fixture->said->str, ==, "");
  g_assert_cmpuint (count (fixture, "\"table\":\"run\""), ==, 1);
  g_assert_cmpuint (count (fixture, "\"table\":\"vm\""), ==, 2);
  g_assert_cmpuint (count (fixture, "\"name\":\"vm1\""), ==, 1);
  g_assert_cmpuint (count (fixture, "\"table\":\"stream\""), ==, 12);
  g_assert_cmpuint (
      count (fixture, "\"sequence\":1,\"kernel\":\"triad\",\"best_rate_bytes_per_s\":14473800000.0"), ==, 1);
  g_assert_cmpuint (count (fixture, "\"array_bytes\":80000000,\"threads\":2"), ==, 12);
}

static void
what_is_imported_has_no_seed (Fixture *fixture, gconstpointer data)
{
  put (fixture, "vm0.expresult", WHOLE);
  import (fixture);
  g_assert_cmpuint (count (fixture, "\"seed\":null"), ==, 2); /* of the run and its boot */
}

/* One whose name is too long for a VM, once it is UTF-8, comes first, and one between the others. */
static void
files_of_a_folder_share_a_run_whatever_else_is_in_it (Fixture *fixture, gconstpointer data)
{
  g_autofree char *bytes = g_strnfill (100, '\xff');
  g_autofree char *first = g_strconcat ("a", bytes, NULL);
  g_autofree char *between = g_strconcat ("vm0b", bytes, NULL);

  put (fixture, first, HEAD THREADS TABLE COPY);
  put (fixture, "vm0.expresult", WHOLE);
  put (fixture, between, HEAD THREADS TABLE SCALE);
  put (fixture, "vm1.expresult", WHOLE "the end\n");
  import (fixture);
  g_assert_cmpuint (fixture->result.imported, ==, 2);
  g_assert_cmpuint (fixture->result.unreadable, ==, 2);
  g_assert_nonnull (strstr (fixture->said->str, ":5: store"));
  g_assert_cmpuint (count (fixture, "\"table\":\"run\""), ==, 1);
  g_assert_cmpuint (count (fixture, "\"table\":\"vm\""), ==, 2);
  g_assert_cmpuint (count (fixture, "\"vm_index\":1"), ==, 1);
}

static void
what_a_run_lacks_is_named (Fixture *fixture, gconstpointer data)
{
  put (fixture, "vm0.expresult",
       WHOLE HEAD THREADS HEAD TABLE COPY
       "Scale:          16677.0     0.0002\n" ADD_
       "Triad:          14473,8     0,000446     0,000401     0,000539\n" HEAD TABLE COPY "Sca");
  import (fixture);
  g_assert_cmpstr (fixture->said->str, ==,
                   "vm0.expresult:9: run 1 has no results: it was cut off\n"
                   "vm0.expresult:16: scale: a rate in MB/s and three times in s are needed behind it\n"
                   "vm0.expresult:12: run 2 has no result of scale\n"
                   "vm0.expresult:19: run 3 has no result of scale\n"
                   "vm0.expresult:19: run 3 has no result of add\n"
                   "vm0.expresult:19: run 3 has no result of triad\n");
  g_assert_cmpuint (fixture->result.rows, ==, 8);
  g_assert_cmpuint (
      count (fixture, "\"sequence\":2,\"kernel\":\"triad\",\"best_rate_bytes_per_s\":14473800000.0"), ==, 1);
}

static void
what_is_no_rate_is_left_out (Fixture *fixture, gconstpointer data)
{
  put (fixture, "vm0.expresult",
       HEAD TABLE COPY "Scale:         0.0     0.000247     0.000235     0.000271\n"
                       "Add:       1e305     0.000247     0.000235     0.000271\n" TRIAD);
  import (fixture);
  g_assert_cmpuint (fixture->result.rows, ==, 2);
  g_assert_nonnull (strstr (fixture->said->str, "vm0.expresult:5: scale: 0 MB/s is no rate\n"));
  g_assert_nonnull (strstr (fixture->said->str, "vm0.expresult:6: add: 1e+305 MB/s is no rate\n"));
}

static void
the_modified_streams_rates_are_divided_if_asked (Fixture *fixture, gconstpointer data)
{
  put (fixture, "vm0.expresult",
       HEAD THREADS TABLE "Copy:          681308.0     0.000247     0.000235     0.000271\n");
  import (fixture);
  g_assert_nonnull (strstr (fixture->said->str, "--stream original-mod"));
  g_assert_cmpuint (count (fixture, "\"best_rate_bytes_per_s\":681308000000.0"), ==, 1);

  open_store (fixture);
  fixture->request.stream = NV_STREAM_ORIGINAL_MOD;
  import (fixture);
  g_assert_nonnull (strstr (fixture->said->str, "rates are divided by 8"));
  g_assert_cmpuint (count (fixture, "\"best_rate_bytes_per_s\":85163500000.0"), ==, 1);
  g_assert_cmpuint (count (fixture, "rates_divided_by"), ==, 1);
}

#define NODE0 "Node 0, zone      DMA      1      0      3 \n"
#define NODE1 "Node 1, zone   Normal      0      2      0 \n"

static void
a_buddyinfo_log_needs_its_interval (Fixture *fixture, gconstpointer data)
{
  put (fixture, "buddyinfo.log", NODE0 NODE1 NODE0 "Node 1, zone\n" NODE1 NODE0);
  import (fixture);
  g_assert_nonnull (strstr (fixture->said->str, "--interval"));
  g_assert_cmpuint (fixture->result.unreadable, ==, 1);

  fixture->request.interval_ns = 10;
  import (fixture);
  g_assert_cmpstr (fixture->said->str, ==, "buddyinfo.log:4: no line of /proc/buddyinfo\n");
  g_assert_cmpuint (count (fixture, "\"table\":\"sample\""), ==, 3);
  g_assert_cmpuint (count (fixture, "\"monotonic_ns\":20,\"wall_ns\":null"), ==, 1);
  g_assert_cmpuint (count (fixture, "\"table\":\"counter\""), ==, 12);
  /* The first has all; the second has the same; in the third a zone is gone. */
  g_assert_cmpuint (count (fixture, "\"table\":\"sample_value\""), ==, 18);
}

#define WORKLOAD                                                                                                          \
  "{\"record\":\"workload\",\"version\":1,\"program\":\"p\",\"time\":\"t\",\"monotonic_ns\":4,\"command\":[\"a\",\"b\"]," \
  "\"runs\":1,\"timeout_ns\":5,\"format\":\"text\",\"metrics\":[{\"name\":\"p99\",\"pattern\":\"x\",\"unit\":\"ms\","     \
  "\"better\":\"lower\"}],\"facts\":{}}\n"                                                                                \
  "{\"record\":\"output\",\"version\":1,\"run\":0,\"start_ns\":1,\"time_ns\":2,\"exit_status\":0,\"timed_out\":false,"    \
  "\"output_bytes\":5,\"text\":\"a\\tb\\n\u00e4\"}\n"                                                                     \
  "{\"record\":\"iteration\",\"version\":1,\"kernel\":\"p99\",\"iteration\":0,\"start_ns\":1,\"time_ns\":2,"              \
  "\"value\":0.25,\"unit\":\"ms\",\"changed\":false}\n"

/* A guest's files, one folder a VM: records, and what others can read of them. */
static void
a_tree_of_policies_is_one_run (Fixture *fixture, gconstpointer data)
{
  fixture->request.interval_ns = 10;
  put (fixture, "interleave/vm0/results.json", SETUP ITERATION ("0", "0.1") ITERATION ("1", "0.2"));
  put (fixture, "interleave/vm0/results.expresult", WHOLE);
  put (fixture, "interleave/vm0/results.buddyinfo", NODE0 NODE1);
  put (fixture, "interleave/vm1/results.json", WORKLOAD);
  put (fixture, "interleave/vm1/results.output", "a\tb\n");
  put (fixture, "local/vm0/results.expresult", WHOLE);
  put (fixture, "local/vm0/results.json", "{\"of\":\"something else\"}\n");
  put (fixture, "local/vm0/results.buddyinfo", NODE0 NODE1 NODE0);
  put (fixture, "local/vm1/below/results.expresult", WHOLE);
  import (fixture);
  g_assert_true (
      g_str_has_prefix (fixture->said->str,
                        "interleave/vm0/results.buddyinfo: passed over, as all such: what it holds is in '"));
  g_assert_nonnull (strstr (fixture->said->str, "local/vm0/results.json: is of no format"));
  g_assert_nonnull (strstr (fixture->said->str, "local/vm1/below: a folder: not looked into"));
  g_assert_cmpuint (fixture->result.passed_over, ==, 4);
  g_assert_cmpuint (count (fixture, "\"table\":\"run\""), ==, 1);
  g_assert_cmpuint (count (fixture, "\"table\":\"boot\""), ==, 2);
  g_assert_cmpuint (count (fixture, "\"position\":0,\"arm\":\"interleave\""), ==, 1);
  g_assert_cmpuint (count (fixture, "\"position\":1,\"arm\":\"local\""), ==, 1);
  g_assert_cmpuint (count (fixture, "\"table\":\"vm\""), ==, 3);
  g_assert_cmpuint (count (fixture, "\"boot\":1,\"vm_index\":1,\"name\":\"vm1\""), ==, 1);
  g_assert_cmpuint (count (fixture, "\"boot\":2,\"vm_index\":0,\"name\":\"vm0\""), ==, 1);
  g_assert_cmpuint (count (fixture, "\"table\":\"iteration\""), ==, 3);
  g_assert_cmpuint (count (fixture, "\"table\":\"stream\""), ==, 4);
  g_assert_cmpuint (count (fixture, "\"run\":1,\"vm\":2,\"setup\":2,\"kernel\":\"p99\""), ==, 1);
  g_assert_cmpuint (count (fixture, "\"table\":\"sample\",\"id\":1,\"run\":1,\"vm\":3"), ==, 1);
}

/* So it is, whoever holds them beside each other. */
static void
what_is_beside_its_records_comes_in_once (Fixture *fixture, gconstpointer data)
{
  put (fixture, "vm0.json", SETUP ITERATION ("0", "0.1"));
  put (fixture, "vm0.expresult", WHOLE);
  put (fixture, "vm1.expresult", WHOLE);
  import (fixture);
  g_assert_cmpuint (fixture->result.imported, ==, 2);
  g_assert_cmpuint (fixture->result.passed_over, ==, 1);
  g_assert_cmpuint (count (fixture, "\"table\":\"iteration\""), ==, 1);
  g_assert_cmpuint (count (fixture, "\"table\":\"stream\""), ==, 4);
}

/* And whoever names them one by one, in whichever order and at whichever time. */
static void
files_beside_records_that_are_named_come_in_once (Fixture *fixture, gconstpointer data)
{
  g_autofree char *table = g_build_filename (fixture->folder, "vm0.expresult", NULL);
  g_autofree char *records = g_build_filename (fixture->folder, ".", "vm0.json", NULL);

  put (fixture, "vm0.json", SETUP ITERATION ("0", "0.1"));
  put (fixture, "vm0.expresult", WHOLE);
  import_paths (fixture, (char *[]){ table, records, NULL });
  g_assert_cmpuint (fixture->result.files, ==, 2);
  g_assert_cmpuint (fixture->result.imported, ==, 1);
  g_assert_cmpuint (fixture->result.passed_over, ==, 1);
  import_paths (fixture, (char *[]){ table, NULL });
  g_assert_cmpuint (fixture->result.passed_over, ==, 1);
  g_assert_cmpuint (count (fixture, "\"table\":\"iteration\""), ==, 1);
  g_assert_cmpuint (count (fixture, "\"table\":\"stream\""), ==, 0);

  open_store (fixture);
  import_paths (fixture, (char *[]){ table, NULL });
  g_assert_cmpuint (fixture->result.imported, ==, 1);
}

/* Of the guest whose records are damaged there is what others can read. */
static void
records_that_cannot_be_read_take_nothing_with_them (Fixture *fixture, gconstpointer data)
{
  put (fixture, "vm0.json", "{\"record\":\"iteration\",\"version\":1,\"kernel\":5}\n");
  put (fixture, "vm0.expresult", WHOLE);
  import (fixture);
  g_assert_cmpuint (fixture->result.imported, ==, 1);
  g_assert_cmpuint (fixture->result.passed_over, ==, 0);
  g_assert_cmpuint (count (fixture, "\"table\":\"stream\""), ==, 4);
}

static void
what_a_file_of_a_tree_made_goes_with_it (Fixture *fixture, gconstpointer data)
{
  g_autofree char *bytes = g_strnfill (100, '\xff'); /* too long for a VM's name, once it is UTF-8 */
  g_autofree char *path = g_strconcat ("a/", bytes, "/r.json", NULL);

  put (fixture, path, SETUP);
  put (fixture, "b/vm0/r.json", WORKLOAD);
  import (fixture);
  g_assert_cmpuint (fixture->result.unreadable, ==, 1);
  g_assert_cmpuint (count (fixture, "\"table\":\"run\""), ==, 1);
  g_assert_cmpuint (count (fixture, "\"table\":\"boot\""), ==, 1);
  g_assert_cmpuint (count (fixture, "\"arm\":\"b\""), ==, 1);
  g_assert_cmpuint (count (fixture, "\"table\":\"output\""), ==, 1);
}

static void
an_export_makes_the_same_store (Fixture *fixture, gconstpointer data)
{
  g_autofree char *before = NULL, *after = NULL, *again = NULL;

  fixture->request.interval_ns = 10;
  put (fixture, "a", SETUP ITERATION ("0", "0.1") ITERATION ("1", "12345678.9012") WORKLOAD);
  put (fixture, "vm0.expresult", WHOLE);
  put (fixture, "buddyinfo.log", NODE0 NODE1 NODE0);
  import (fixture);
  before = export_all (fixture);

  open_store (fixture);
  put (fixture, "a", before);
  put (fixture, "buddyinfo.log", "");
  put (fixture, "vm0.expresult", "");
  import (fixture);
  g_assert_cmpuint (fixture->result.imported, ==, 1);
  g_assert_cmpuint (fixture->result.left_out, ==, 0);
  after = export_all (fixture);
  g_assert_cmpstr (after, ==, before);

  import (fixture);
  g_assert_cmpuint (fixture->result.known, ==, 1);
  again = export_all (fixture);
  g_assert_cmpstr (again, ==, before);
}

static void
a_hostile_export_is_refused_row_by_row (Fixture *fixture, gconstpointer data)
{
  put (fixture, "a",
       "{\"table\":\"run\",\"id\":7,\"uuid\":\"one\",\"program\":\"p\",\"status\":\"done\"}\n"
       "{\"table\":\"run\",\"id\":8,\"uuid\":\"two\",\"program\":\"p\",\"status\":\"perhaps\"}\n"
       "{\"table\":\"sqlite_schema\",\"sql\":\"\"}\n"
       "{\"table\":\"boot\",\"id\":1,\"run\":9,\"block\":0,\"position\":0,\"status\":\"done\"}\n"
       "{\"table\":\"boot\",\"id\":1,\"run\":7,\"block\":\"x\",\"position\":0,\"status\":\"done\"}\n"
       "{\"table\":\"boot\",\"id\":2,\"run\":7,\"block\":[],\"position\":0,\"status\":\"done\"}\n"
       "{\"table\":\"boot\",\"id\":3,\"run\":\"7\",\"block\":0,\"position\":0,\"status\":\"done\"}\n"
       "{\"table\":\"boot\",\"id\":9,\"run\":7,\"block\":0,\"position\":0,\"status\":\"done\"}\n");
  import (fixture);
  g_assert_cmpuint (fixture->result.rows, ==, 2);
  g_assert_cmpuint (fixture->result.left_out, ==, 6);
  g_assert_cmpuint (count (fixture, "\"table\":\"boot\",\"id\":1,\"run\":1"), ==, 1);
}

/* Files of a folder, one behind the other. */
typedef struct
{
  GString *text;
  FILE *file;
  char *bytes;
  size_t length;
} Folder;

static void
close_last (Folder *folder)
{
  if (!folder->file)
    return;
  fclose (folder->file);
  g_string_append (folder->text, folder->bytes);
  free (folder->bytes);
  folder->file = NULL;
}

static FILE *
open_file (const char *name, gpointer data, GError **error)
{
  Folder *folder = data;

  close_last (folder);
  g_string_append_printf (folder->text, "== %s\n", name);
  return folder->file = open_memstream (&folder->bytes, &folder->length);
}

static void
streams_text_goes_out_as_it_came (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GString) text = g_string_new (NULL);
  Folder folder = { .text = text };

  put (fixture, "a", SETUP ITERATION ("0", "1.5e9") ITERATION ("1", "2.5e9"));
  put (fixture, ".hidden.expresult", WHOLE HEAD TABLE COPY);
  import (fixture);
  g_assert_true (nv_export_expresult (fixture->store, 0, open_file, &folder, NULL));
  close_last (&folder);
  assert_golden ("export/expresult", text->str);
}

static void
csv_has_a_file_for_each_table (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GString) text = g_string_new (NULL);
  Folder folder = { .text = text };

  put (
      fixture, "a",
      "{\"table\":\"run\",\"id\":7,\"uuid\":\"one\",\"program\":\"p,\\\"q\\\"\\n\",\"command\":\"\",\"status\":\"done\"}\n"
      "{\"table\":\"iteration\",\"id\":7,\"run\":7,\"kernel\":\"copy\",\"iteration\":0,\"start_ns\":1,\"time_ns\":2,"
      "\"value\":0.1,\"unit\":\"bytes/s\",\"changed\":0}\n");
  import (fixture);
  g_assert_true (nv_export_csv (fixture->store, 0, open_file, &folder, NULL));
  close_last (&folder);
  assert_golden ("export/csv", text->str);
}

#define ADD(name) g_test_add ("/formats/" #name, Fixture, NULL, set_up, name, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD (records_come_in_but_for_the_bad_ones);
  ADD (a_file_comes_in_once);
  ADD (what_is_no_result_is_named);
  ADD (streams_text_comes_in_run_after_run);
  ADD (what_is_imported_has_no_seed);
  ADD (files_of_a_folder_share_a_run_whatever_else_is_in_it);
  ADD (what_a_run_lacks_is_named);
  ADD (what_is_no_rate_is_left_out);
  ADD (the_modified_streams_rates_are_divided_if_asked);
  ADD (a_buddyinfo_log_needs_its_interval);
  ADD (a_tree_of_policies_is_one_run);
  ADD (what_is_beside_its_records_comes_in_once);
  ADD (files_beside_records_that_are_named_come_in_once);
  ADD (records_that_cannot_be_read_take_nothing_with_them);
  ADD (what_a_file_of_a_tree_made_goes_with_it);
  ADD (an_export_makes_the_same_store);
  ADD (a_hostile_export_is_refused_row_by_row);
  ADD (streams_text_goes_out_as_it_came);
  ADD (csv_has_a_file_for_each_table);
  return g_test_run ();
}
