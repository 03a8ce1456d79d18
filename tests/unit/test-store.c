/* The store: what is added comes back, whole or not at all, and what is no store is refused. */

#include "store/store.h"
#include "base/error.h"
#include "store/export.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct
{
  char *folder;
  char *path;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("numavm-store-XXXXXX", NULL);
  g_assert_nonnull (fixture->folder);
  fixture->path = g_build_filename (fixture->folder, "t.db", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };

  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *path = g_strconcat (fixture->path, suffixes[i], NULL);

      g_unlink (path);
    }
  g_assert_cmpint (g_rmdir (fixture->folder), ==, 0);
  g_free (fixture->folder);
  g_free (fixture->path);
}

static NvStore *
open_store (const Fixture *fixture, NvStoreMode mode)
{
  GError *error = NULL;
  NvStore *store = nv_store_open (fixture->path, mode, &error);

  g_assert_no_error (error);
  return store;
}

static void
assert_refused (const Fixture *fixture, NvStoreMode mode, NvError code, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (nv_store_open (fixture->path, mode, &error));
  g_assert_error (error, NV_ERROR, (int)code);
  if (!strstr (error->message, text) || !strstr (error->message, fixture->path))
    g_error ("'%s' does not name '%s' and '%s'", error->message, fixture->path, text);
}

/* What a query gives, columns divided by `|`, rows by newlines. */
static char *
query (const Fixture *fixture, const char *sql)
{
  GString *text = g_string_new (NULL);
  sqlite3_stmt *statement;
  sqlite3 *db;

  g_assert_cmpint (sqlite3_open_v2 (fixture->path, &db, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (db, sql, -1, &statement, NULL), ==, SQLITE_OK);
  while (sqlite3_step (statement) == SQLITE_ROW)
    {
      if (text->len > 0)
        g_string_append_c (text, '\n');
      for (int i = 0; i < sqlite3_column_count (statement); i++)
        g_string_append_printf (text, "%s%s", i > 0 ? "|" : "",
                                sqlite3_column_type (statement, i) == SQLITE_NULL
                                    ? "NULL"
                                    : (const char *)sqlite3_column_text (statement, i));
    }
  sqlite3_finalize (statement);
  sqlite3_close (db);
  return g_string_free (text, FALSE);
}

static void
assert_query (const Fixture *fixture, const char *sql, const char *expected)
{
  g_autofree char *text = query (fixture, sql);

  g_assert_cmpstr (text, ==, expected);
}

static void
execute (const Fixture *fixture, const char *sql)
{
  sqlite3 *db;

  g_assert_cmpint (sqlite3_open (fixture->path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (db);
}

static gint64
add_run (NvStore *store, const char *uuid)
{
  static const guint64 seed = G_MAXUINT64;
  json_t *plan = json_pack ("{s:i}", "vms", 2);
  const NvStoreRun run = { .uuid = uuid,
                           .started_wall_ns = 1700000000000000000,
                           .started_ns = 5,
                           .program = "numavm test",
                           .command = "numavm run",
                           .driver = "fake",
                           .uri = "fake:///",
                           .accel = "tcg",
                           .emulated = TRUE,
                           .seed = &seed,
                           .plan = plan };
  g_autoptr (GError) error = NULL;
  gint64 id = nv_store_add_run (store, &run, &error);

  g_assert_no_error (error);
  json_decref (plan);
  return id;
}

static gint64
add_vm (NvStore *store, gint64 run)
{
  static const guint64 seed = 7;
  const NvStoreBoot boot = {
    .run = run, .block = 1, .position = 2, .arm = "pack", .seed = &seed, .started_ns = 9
  };
  NvStoreVm vm = { .name = "vm'0", .uuid = "u", .index = 3, .vcpus = 2, .memory_bytes = 1 << 20 };
  gint64 id;

  vm.boot = nv_store_add_boot (store, &boot, NULL);
  g_assert_cmpint (vm.boot, >, 0);
  g_assert_true (nv_store_finish_boot (store, vm.boot, 10, 11, 0, 13, "done", NULL, NULL));
  id = nv_store_add_vm (store, &vm, NULL);
  g_assert_cmpint (id, >, 0);
  g_assert_true (nv_store_add_clock (store, id, "before", 1, -2, 3, NULL));
  g_assert_true (nv_store_add_residence (store, id, "after", 4, 1, 4096, 8192, "yes", NULL));
  g_assert_true (nv_store_finish_vm (store, id, 12, "failed", "silent", NULL));
  return id;
}

static void
add_record (NvStore *store, gint64 run, gint64 vm, const char *text)
{
  json_t *record = json_loads (text, 0, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (record);
  nv_store_add_record (store, run, vm, record, &error);
  g_assert_no_error (error);
  json_decref (record);
}

#define SETUP "{\"record\":\"setup\",\"version\":1,\"program\":\"p\",\"time\":\"t\",\"monotonic_ns\":4}"
#define ITERATION                                                                                               \
  "{\"record\":\"iteration\",\"version\":1,\"kernel\":\"triad\",\"iteration\":0,\"start_ns\":9007199254740993," \
  "\"time_ns\":20,\"bytes\":30,\"value\":0.1,\"unit\":\"bytes/s\",\"group\":0,\"changed\":false,"               \
  "\"handover_before_ns\":[50.1,null]}"

static void
all_that_is_added_comes_back (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvStore) store = open_store (fixture, NV_STORE_CREATE);
  gint64 run = add_run (store, "one");
  gint64 vm = add_vm (store, run);
  const NvStoreStream stream = { .run = run,
                                 .vm = vm,
                                 .sequence = 4,
                                 .kernel = "copy",
                                 .best_rate_bytes_per_s = 1.5,
                                 .average_s = 2,
                                 .minimum_s = 3,
                                 .maximum_s = 4 };

  add_record (store, run, 0, ITERATION);
  add_record (store, run, vm, SETUP);
  add_record (store, run, vm, ITERATION);
  g_assert_true (nv_store_add_stream (store, &stream, NULL));
  g_assert_true (nv_store_finish_run (store, run, 6, "done", NULL, NULL));
  g_clear_pointer (&store, nv_store_close);
  assert_query (fixture, "SELECT count(*) FROM run", "0"); /* nobody committed */

  store = open_store (fixture, NV_STORE_MODIFY);
  run = add_run (store, "two");
  vm = add_vm (store, run);
  add_record (store, run, 0, ITERATION);
  add_record (store, run, vm, SETUP);
  add_record (store, run, vm, ITERATION);
  g_assert_true (nv_store_add_stream (store, &stream, NULL));
  g_assert_true (nv_store_finish_run (store, run, 6, "done", NULL, NULL));
  g_assert_true (nv_store_commit (store, NULL));
  assert_query (fixture, "SELECT uuid, seed, emulated, plan, host, status FROM run",
                "two|18446744073709551615|1|{\"vms\":2}|NULL|done");
  assert_query (fixture, "SELECT arm, ready_ns, go_ns, spread_ns, finished_ns FROM boot",
                "pack|10|11|NULL|13");
  assert_query (fixture, "SELECT name, vcpus, memory_bytes, status, message FROM vm",
                "vm'0|2|1048576|failed|silent");
  assert_query (fixture, "SELECT offset_ns, error_ns FROM clock", "-2|3");
  assert_query (fixture, "SELECT node, page_bytes, resident_bytes, holds FROM residence", "1|4096|8192|yes");
  assert_query (
      fixture, "SELECT vm, setup, start_ns, value, bytes, operations, handover_before_ns FROM iteration",
      "NULL|NULL|9007199254740993|0.1|30|NULL|[50.1,null]\n1|1|9007199254740993|0.1|30|NULL|[50.1,null]");
  assert_query (fixture, "SELECT sequence, kernel, best_rate_bytes_per_s, threads FROM stream",
                "4|copy|1.5|NULL");
}

static void
samples_keep_what_changes_and_show_all (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvStore) store = open_store (fixture, NV_STORE_CREATE);
  gint64 run = add_run (store, "one"), vm = add_vm (store, run);

  add_record (store, run, 0, "{\"record\":\"sample-header\",\"version\":1}");
  for (guint i = 0; i < 2; i++)
    add_record (
        store, run, 0,
        "{\"record\":\"sample\",\"monotonic_ns\":1,\"wall_ns\":2,\"missed\":0,\"vmstat\":{\"a\":1,\"b\":2},"
        "\"buddyinfo\":[{\"node\":0,\"zone\":\"DMA\",\"free\":[5,6],\"unusable_index\":[0.0,0.5]}]}");
  add_record (store, run, vm, "{\"record\":\"sample\",\"monotonic_ns\":2,\"missed\":0,\"vmstat\":{\"a\":1}}");
  add_record (store, run, 0, "{\"record\":\"sample\",\"monotonic_ns\":3,\"missed\":1,\"vmstat\":{\"a\":7}}");
  add_record (store, run, 0,
              "{\"record\":\"sample\",\"monotonic_ns\":4,\"missed\":0,\"vmstat\":{\"a\":7,\"b\":2}}");
  g_assert_true (nv_store_commit (store, NULL));
  assert_query (fixture, "SELECT count(*) FROM sample", "5");
  assert_query (fixture, "SELECT sample, count(*) FROM sample_value GROUP BY sample", "1|6\n3|1\n4|6\n5|1");
  assert_query (fixture, "SELECT sample, name, value FROM sample_full WHERE sampler = 'vmstat' ORDER BY 1, 2",
                "1|a|1\n1|b|2\n2|a|1\n2|b|2\n3|a|1\n4|a|7\n5|a|7\n5|b|2");
  assert_query (fixture,
                "SELECT node, zone, name, block_order, value, typeof (value) FROM sample_full"
                " WHERE sampler = 'buddyinfo' AND sample = 2 ORDER BY 3, 4",
                "0|DMA|free|0|5|integer\n0|DMA|free|1|6|integer\n0|DMA|unusable_index|0|0.0|real\n"
                "0|DMA|unusable_index|1|0.5|real");
}

static void
a_killed_writer_leaves_what_it_committed (Fixture *fixture, gconstpointer data)
{
  int pipe_fds[2];
  char byte;
  pid_t child;

  g_assert_cmpint (pipe (pipe_fds), ==, 0);
  child = fork ();
  if (child == 0)
    {
      NvStore *store = open_store (fixture, NV_STORE_CREATE);
      gint64 run = add_run (store, "one");

      for (guint i = 0; i < 1000; i++)
        add_record (store, run, 0, ITERATION);
      nv_store_commit (store, NULL);
      for (guint i = 0; i < 100000; i++) /* more than fits in memory that is not written out */
        add_record (store, run, 0, ITERATION);
      if (write (pipe_fds[1], "x", 1) == 1)
        pause ();
      _exit (1);
    }
  g_assert_cmpint (read (pipe_fds[0], &byte, 1), ==, 1);
  kill (child, SIGKILL);
  g_assert_cmpint (waitpid (child, NULL, 0), ==, child);
  close (pipe_fds[0]);
  close (pipe_fds[1]);

  nv_store_close (open_store (fixture, NV_STORE_MODIFY));
  assert_query (fixture, "SELECT count(*) FROM iteration", "1000");
  assert_query (fixture, "SELECT status FROM run", "running");
  assert_query (fixture, "PRAGMA integrity_check", "ok");
}

static void
nothing_is_left_beside_it (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvStore) store = open_store (fixture, NV_STORE_CREATE);
  g_autoptr (GDir) folder = NULL;

  add_run (store, "one");
  nv_store_commit (store, NULL);
  g_clear_pointer (&store, nv_store_close);
  folder = g_dir_open (fixture->folder, 0, NULL);
  g_assert_cmpstr (g_dir_read_name (folder), ==, "t.db");
  g_assert_null (g_dir_read_name (folder));
}

static void
a_second_writer_is_refused_and_readers_are_not (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvStore) store = open_store (fixture, NV_STORE_CREATE);

  add_run (store, "one");
  assert_refused (fixture, NV_STORE_MODIFY, NV_ERROR_FAILED, "locked");
  assert_query (fixture, "SELECT count(*) FROM run", "0");
  nv_store_close (open_store (fixture, NV_STORE_READ));
  g_clear_pointer (&store, nv_store_close);
  nv_store_close (open_store (fixture, NV_STORE_MODIFY));
}

static void
what_is_no_store_is_refused (Fixture *fixture, gconstpointer data)
{
  assert_refused (fixture, NV_STORE_READ, NV_ERROR_NOT_FOUND, "No such file");
  assert_refused (fixture, NV_STORE_MODIFY, NV_ERROR_NOT_FOUND, "No such file");
  g_assert_true (g_file_set_contents (fixture->path, "", 0, NULL));
  assert_refused (fixture, NV_STORE_MODIFY, NV_ERROR_PARSE, "empty");
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *junk = g_strnfill (5000, 'x');

      g_assert_true (g_file_set_contents (fixture->path, junk, -1, NULL));
      assert_refused (fixture, i ? NV_STORE_READ : NV_STORE_CREATE, NV_ERROR_PARSE, "no SQLite file");
    }
  g_unlink (fixture->path);
  execute (fixture, "CREATE TABLE run (id)");
  assert_refused (fixture, NV_STORE_CREATE, NV_ERROR_PARSE, "another program");
}

#define WORKLOAD(better)                                                                                            \
  "{\"record\":\"workload\",\"version\":1,\"program\":\"p\",\"time\":\"t\",\"monotonic_ns\":4,\"command\":[\"a\"]," \
  "\"metrics\":[{\"name\":\"rate\",\"pattern\":\"x\",\"unit\":\"ops/s\",\"better\":\"higher\"},"                    \
  "{\"name\":\"p99\",\"pattern\":\"y\",\"unit\":\"ms\",\"better\":\"" better "\"}]}"

static void
a_workload_is_a_setup_with_metrics_and_outputs (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvStore) store = open_store (fixture, NV_STORE_CREATE);
  gint64 run = add_run (store, "one"), vm = add_vm (store, run);

  for (guint i = 0; i < 2; i++) /* another VM's workload is the same */
    add_record (store, run, i ? vm : 0, WORKLOAD ("lower"));
  add_record (store, run, vm, ITERATION);
  add_record (store, run, vm,
              "{\"record\":\"output\",\"version\":1,\"run\":7,\"start_ns\":1,\"time_ns\":2,\"exit_status\":0,"
              "\"timed_out\":false,\"output_bytes\":9,\"text\":\"a\\tb\\n\"}");
  add_record (store, run, vm,
              "{\"record\":\"output\",\"version\":1,\"run\":8,\"start_ns\":1,\"time_ns\":2,\"signal\":9,"
              "\"timed_out\":true,\"output_bytes\":0,\"text\":\"\"}");
  g_assert_true (nv_store_commit (store, NULL));
  assert_query (fixture, "SELECT vm, program, time, record ->> '$.command' FROM setup",
                "NULL|p|t|[\"a\"]\n1|p|t|[\"a\"]");
  assert_query (fixture, "SELECT run, kernel, unit, better FROM metric",
                "1|rate|ops/s|higher\n1|p99|ms|lower");
  assert_query (fixture, "SELECT setup FROM iteration", "2");
  assert_query (fixture,
                "SELECT vm, setup, run_index, start_ns, time_ns, exit_status, signal, timed_out, bytes, text"
                " FROM output",
                "1|2|7|1|2|0|NULL|0|9|a\tb\n\n1|2|8|1|2|NULL|9|1|0|");
}

static void
a_metric_has_one_direction_in_a_run (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvStore) store = open_store (fixture, NV_STORE_CREATE);
  json_t *other = json_loads (WORKLOAD ("higher"), 0, NULL);
  gint64 run = add_run (store, "one");
  g_autoptr (GError) error = NULL;

  add_record (store, run, 0, WORKLOAD ("lower"));
  g_assert_false (nv_store_add_record (store, run, 0, other, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_PARSE);
  g_assert_nonnull (strstr (error->message, "metric 'p99': better 'higher', but"));
  g_assert_true (nv_store_add_record (store, add_run (store, "two"), 0, other, NULL));
  json_decref (other);
}

/* What numavm 0.1.0 made before there were workloads. */
static void
make_version_1 (const Fixture *fixture)
{
  g_autofree char *path =
      g_build_filename (g_getenv ("NV_SOURCE_DIR"), "tests", "unit", "store-version-1.sql", NULL);
  g_autofree char *sql = NULL;

  g_assert_true (g_file_get_contents (path, &sql, NULL, NULL));
  execute (fixture, sql);
  assert_query (fixture, "PRAGMA user_version", "1");
}

static void
an_older_store_is_brought_up_to_date (Fixture *fixture, gconstpointer data)
{
  g_autofree char *before = NULL;
  g_autoptr (NvStore) store = NULL;

  make_version_1 (fixture);
  before = query (fixture,
                  "SELECT * FROM iteration JOIN setup ON setup.id = setup JOIN run ON run.id = setup.run");
  g_assert_nonnull (strstr (before, "triad|0|9007199254740993|20|30|NULL|0.1|bytes/s"));
  store = open_store (fixture, NV_STORE_MODIFY);
  add_record (store, 1, 0, WORKLOAD ("lower"));
  g_assert_true (nv_store_commit (store, NULL));
  g_clear_pointer (&store, nv_store_close);
  assert_query (fixture, "PRAGMA user_version", "2");
  assert_query (fixture,
                "SELECT * FROM iteration JOIN setup ON setup.id = setup JOIN run ON run.id = setup.run",
                before);
  assert_query (fixture, "SELECT count(*) FROM metric", "2");
}

static void
an_older_store_is_read_as_it_is (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvStore) store = NULL;
  g_autofree char *text = NULL;
  size_t size;
  FILE *file = open_memstream (&text, &size);

  make_version_1 (fixture);
  g_assert_cmpint (g_chmod (fixture->path, 0400), ==, 0);
  store = open_store (fixture, NV_STORE_READ);
  g_assert_true (nv_export_json (store, 0, file, NULL));
  fclose (file);
  g_assert_nonnull (strstr (text, "{\"table\":\"iteration\",\"id\":1,"));
  assert_query (fixture, "PRAGMA user_version", "1");
  assert_query (fixture, "SELECT count(*) FROM sqlite_schema WHERE name = 'output'", "0");
}

static void
a_newer_store_is_refused (Fixture *fixture, gconstpointer data)
{
  nv_store_close (open_store (fixture, NV_STORE_CREATE));
  execute (fixture, "PRAGMA user_version = 99");
  assert_refused (fixture, NV_STORE_CREATE, NV_ERROR_PARSE, "newer numavm");
  assert_refused (fixture, NV_STORE_READ, NV_ERROR_PARSE, "newer numavm");
}

static void
a_damaged_store_is_named (Fixture *fixture, gconstpointer data)
{
  g_autofree char *bytes = NULL;
  g_autoptr (NvStore) store = open_store (fixture, NV_STORE_CREATE);
  gsize length;

  add_run (store, "one");
  nv_store_commit (store, NULL);
  g_clear_pointer (&store, nv_store_close);
  g_assert_true (g_file_get_contents (fixture->path, &bytes, &length, NULL));
  memset (bytes + 100, 0xff, 4000);
  g_assert_true (g_file_set_contents (fixture->path, bytes, (gssize)length, NULL));
  assert_refused (fixture, NV_STORE_MODIFY, NV_ERROR_PARSE, "malformed");
}

static void
a_source_comes_once (Fixture *fixture, gconstpointer data)
{
  g_autofree char *sum = g_strnfill (64, 'a');
  g_autoptr (NvStore) store = open_store (fixture, NV_STORE_CREATE);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (nv_store_add_source (store, 0, "f", "records", sum, &error), ==, 1);
  g_assert_cmpint (nv_store_add_source (store, 0, "g", "records", sum, &error), ==, 0);
  g_assert_no_error (error);
  g_assert_cmpint (nv_store_has_source (store, sum, &error), ==, 1);
}

static void
a_row_that_cannot_be_is_an_error_and_the_next_goes_in (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvStore) store = open_store (fixture, NV_STORE_CREATE);
  g_autoptr (GError) error = NULL;
  json_t *record = json_pack ("{s:s}", "record", "iteration");
  gint64 run = add_run (store, "one");

  g_assert_false (nv_store_add_record (store, run, 0, record, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_PARSE);
  g_clear_error (&error);
  json_object_set_new (record, "record", json_string ("hello"));
  g_assert_false (nv_store_add_record (store, run, 0, record, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_PARSE);
  json_decref (record);
  add_record (store, run, 0, ITERATION);
  g_assert_true (nv_store_commit (store, NULL));
  assert_query (fixture, "SELECT count(*) FROM iteration", "1");
}

static void
counters_without_an_end_are_refused (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvStore) store = open_store (fixture, NV_STORE_CREATE);
  g_autoptr (GError) error = NULL;
  gint64 run = add_run (store, "one");
  guint n = 0;

  while (!error && n < 10)
    {
      json_t *values = json_object ();
      json_t *record = json_pack ("{s:s, s:i, s:i, s:o}", "record", "sample", "monotonic_ns", 1, "missed", 0,
                                  "vmstat", values);

      for (guint i = 0; i < 50000; i++)
        {
          char name[32];

          g_snprintf (name, sizeof name, "%u-%u", n, i);
          json_object_set_new (values, name, json_integer (i));
        }
      nv_store_add_record (store, run, 0, record, &error);
      json_decref (record);
      n++;
    }
  g_assert_error (error, NV_ERROR, NV_ERROR_PARSE);
  g_assert_cmpuint (n, ==, 3);
}

#define ADD(name) g_test_add ("/store/" #name, Fixture, NULL, set_up, name, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD (all_that_is_added_comes_back);
  ADD (samples_keep_what_changes_and_show_all);
  ADD (a_killed_writer_leaves_what_it_committed);
  ADD (nothing_is_left_beside_it);
  ADD (a_second_writer_is_refused_and_readers_are_not);
  ADD (what_is_no_store_is_refused);
  ADD (a_workload_is_a_setup_with_metrics_and_outputs);
  ADD (a_metric_has_one_direction_in_a_run);
  ADD (an_older_store_is_brought_up_to_date);
  ADD (an_older_store_is_read_as_it_is);
  ADD (a_newer_store_is_refused);
  ADD (a_damaged_store_is_named);
  ADD (a_source_comes_once);
  ADD (a_row_that_cannot_be_is_an_error_and_the_next_goes_in);
  ADD (counters_without_an_end_are_refused);
  return g_test_run ();
}
