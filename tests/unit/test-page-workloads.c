/* The report's data of workloads: how programs ended and what they printed, not too much of it, in any unit.
 */

#include "report/page.h"
#include "store/store-private.h"

#include <string.h>

#define HOSTILE "</script><img src=x onerror=alert(1)>"

static void
add_text (NvStore *store, gint64 run, gint64 vm, const char *text)
{
  json_t *record = json_loads (text, 0, NULL);

  g_assert_nonnull (record);
  g_assert_true (nv_store_add_record (store, run, vm, record, NULL));
  json_decref (record);
}

static double
number_of (const json_t *object, const char *key)
{
  return json_number_value (json_object_get (object, key));
}

static gint64
add_run (NvStore *store)
{
  const NvStoreRun run = { .uuid = "one", .program = "p", .emulated = FALSE };

  return nv_store_add_run (store, &run, NULL);
}

static gint64
add_vm (NvStore *store, gint64 run, const char *name)
{
  const NvStoreBoot boot = { .run = run, .arm = "local" };
  NvStoreVm vm = { .name = name };

  vm.boot = nv_store_add_boot (store, &boot, NULL);
  return nv_store_add_vm (store, &vm, NULL);
}

static NvStore *
open_store (void)
{
  GError *error = NULL;
  NvStore *store = nv_store_open (":memory:", NV_STORE_CREATE, &error);

  g_assert_no_error (error);
  return store;
}

static json_t *
read_page (NvStore *store)
{
  const NvPageRequest request = { .store = store, .source = "t.db" };
  GError *error = NULL;
  json_t *page = nv_page_data (&request, &error);

  g_assert_no_error (error);
  return page;
}

#define WORKLOAD                                                                                                             \
  "{\"record\":\"workload\",\"version\":1,\"program\":\"p\",\"time\":\"t\",\"monotonic_ns\":4,\"command\":[\"a\",\"" HOSTILE \
  "\"],"                                                                                                                     \
  "\"runs\":3,\"timeout_ns\":5,\"format\":\"text\",\"metrics\":[{\"name\":\"p99\",\"pattern\":\"x\",\"unit\":\"ms\","        \
  "\"better\":\"lower\"}],\"facts\":{}}"

static void
add_output (NvStore *store, gint64 run, gint64 vm, guint i, int status, const char *text)
{
  json_t *record = json_pack ("{s:s, s:i, s:i, s:i, s:i, s:i, s:b, s:i, s:s}", "record", "output", "version",
                              1, "run", (int)i, "start_ns", 1, "time_ns", 2, "exit_status", status,
                              "timed_out", 0, "output_bytes", (int)strlen (text), "text", text);

  g_assert_true (nv_store_add_record (store, run, vm, record, NULL));
  json_decref (record);
}

static void
a_workload_shows_how_its_runs_ended (void)
{
  g_autoptr (NvStore) store = open_store ();
  gint64 run = add_run (store);
  gint64 vms[] = { add_vm (store, run, "vm0"), add_vm (store, run, "vm1") };
  g_autofree char *long_text = g_strnfill (9000, 'x');
  const json_t *workload, *outputs;
  json_t *page;

  memcpy (long_text + 9000 - 4000 - 1, "\xc3\xa4", 2); /* a character is not cut */
  for (guint v = 0; v < 2; v++)
    {
      add_text (store, run, vms[v], WORKLOAD);
      for (guint i = 0; i < 4; i++)
        add_output (store, run, vms[v], i, v == 1 && i == 1 ? 3 : 0, i == 0 ? long_text : HOSTILE);
      add_text (store, run, vms[v],
                "{\"record\":\"iteration\",\"version\":1,\"kernel\":\"p99\",\"iteration\":0,\"start_ns\":1,"
                "\"time_ns\":1,\"value\":1.0,\"unit\":\"ms\",\"changed\":false}");
    }
  page = read_page (store);
  g_assert_cmpuint (json_array_size (json_object_get (page, "workloads")), ==, 1);
  workload = json_array_get (json_object_get (page, "workloads"), 0);
  g_assert_cmpfloat (number_of (workload, "vms"), ==, 2);
  g_assert_cmpfloat (number_of (workload, "n_outputs"), ==, 8);
  g_assert_cmpstr (json_string_value (json_array_get (json_object_get (workload, "command"), 1)), ==,
                   HOSTILE);
  g_assert_cmpfloat (number_of (json_array_get (json_object_get (workload, "ends"), 0), "n"), ==, 7);
  g_assert_cmpfloat (number_of (json_array_get (json_object_get (workload, "ends"), 1), "exit_status"), ==,
                     3);
  outputs = json_object_get (workload, "outputs");
  g_assert_cmpuint (json_array_size (outputs), ==, 5); /* two of each VM, and the one that failed */
  g_assert_cmpuint (json_string_length (json_object_get (json_array_get (outputs, 0), "text")), ==, 3999);
  g_assert_cmpfloat (number_of (json_array_get (outputs, 3), "exit_status"), ==, 3);
  g_assert_nonnull (strstr (json_string_value (json_object_get (page, "workloads_note")),
                            "Of 8 outputs the end of 5 is shown"));
  g_assert_cmpstr (
      json_string_value (json_object_get (json_array_get (json_object_get (page, "kernels"), 0), "better")),
      ==, "lower");
  g_assert_cmpstr (
      json_string_value (json_object_get (json_array_get (json_object_get (page, "kernels"), 0), "unit")), ==,
      "ms");
  json_decref (page);
}

static void
outputs_fill_no_page (void)
{
  g_autoptr (NvStore) store = open_store ();
  gint64 run = add_run (store);
  g_autofree char *long_text = g_strnfill (100000, '<');
  const json_t *outputs, *output;
  json_t *page;
  size_t i, bytes = 0;

  for (guint w = 0; w < 100; w++)
    {
      add_text (store, run, 0, WORKLOAD);
      add_output (store, run, 0, 0, 1, long_text);
    }
  page = read_page (store);
  outputs = json_object_get (json_array_get (json_object_get (page, "workloads"), 0), "outputs");
  g_assert_cmpuint (json_array_size (outputs), ==, 40);
  json_array_foreach (outputs, i, output)
  {
    bytes += json_string_length (json_object_get (output, "text"));
  }
  g_assert_cmpuint (bytes, ==, 160000);
  json_decref (page);
}

static void
add_value (NvStore *store, gint64 run, const char *kernel, const char *unit)
{
  json_t *record = json_pack ("{s:s, s:i, s:s, s:i, s:i, s:i, s:f, s:s, s:b}", "record", "iteration",
                              "version", 1, "kernel", kernel, "iteration", 0, "start_ns", 1, "time_ns", 1,
                              "value", 1.0, "unit", unit, "changed", 0);

  g_assert_true (nv_store_add_record (store, run, 0, record, NULL));
  json_decref (record);
}

static const char *
kernel_text (const json_t *page, guint i, const char *member)
{
  return json_string_value (json_object_get (json_array_get (json_object_get (page, "kernels"), i), member));
}

static void
add_stress (NvStore *store, gint64 run, const char *word, int runs)
{
  json_t *record =
      json_pack ("{s:s, s:i, s:s, s:s, s:i, s:[s, s], s:i, s:i, s:s, s:[{s:s, s:s, s:s, s:s}], s:{}}",
                 "record", "workload", "version", 1, "program", "p", "time", "t", "monotonic_ns", 1,
                 "command", "stress", word, "runs", runs, "timeout_ns", 5, "format", "text", "metrics",
                 "name", "triad", "pattern", "x", "unit", "bytes/s", "better", "higher", "facts");

  g_assert_true (nv_store_add_record (store, run, 0, record, NULL));
  json_decref (record);
}

/* Nor is a metric a kernel of ours. */
static void
values_of_different_workloads_are_never_one (void)
{
  static const char *const commands[] = { "one", "other", "one" };
  g_autoptr (NvStore) store = open_store ();
  gint64 run = add_run (store);
  const json_t *kernels;
  json_t *page;

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      add_stress (store, run, commands[i], (int)i + 1);
      add_value (store, run, "triad", "bytes/s");
    }
  add_text (
      store, run, 0,
      "{\"record\":\"setup\",\"version\":1,\"program\":\"p\",\"time\":\"t\",\"monotonic_ns\":4,\"setup\":{},"
      "\"facts\":{}}");
  add_value (store, run, "triad", "bytes/s");
  page = read_page (store);
  kernels = json_object_get (page, "kernels");
  g_assert_cmpuint (json_array_size (kernels), ==, 3);
  g_assert_cmpstr (kernel_text (page, 0, "name"), ==, "triad (stress one)");
  g_assert_cmpstr (kernel_text (page, 1, "name"), ==, "triad (stress other)");
  g_assert_cmpstr (kernel_text (page, 2, "name"), ==, "triad");
  g_assert_cmpfloat (number_of (json_array_get (json_object_get (page, "table"), 0), "n"), ==, 2);
  json_decref (page);
}

static void
outputs_of_workloads_that_are_left_out_are_not_counted_as_shown (void)
{
  g_autoptr (NvStore) store = open_store ();
  gint64 run = add_run (store);
  const char *note;
  json_t *page;

  for (guint i = 0; i < 25; i++)
    {
      g_autofree char *word = g_strdup_printf ("%u", i);

      add_stress (store, run, word, 1);
      add_output (store, run, 0, 0, 0, "text");
    }
  page = read_page (store);
  note = json_string_value (json_object_get (page, "workloads_note"));
  g_assert_nonnull (strstr (note, "Of 25 outputs the end of 20 is shown"));
  g_assert_nonnull (strstr (note, "5 more workloads are left out"));
  json_decref (page);
}

/* Though they are shown otherwise. */
static void
a_hostile_unit_keeps_its_direction (void)
{
  g_autoptr (NvStore) store = open_store ();
  gint64 run = add_run (store);
  json_t *page;

  g_assert_true (nv_store_change (store, NULL,
                                  "INSERT INTO metric (run, kernel, unit, better) VALUES (?, ?, ?, ?)",
                                  "ittt", run, "k", "a\nb", "lower"));
  add_value (store, run, "k", "a\nb");
  page = read_page (store);
  g_assert_cmpstr (kernel_text (page, 0, "unit"), ==, "a?b");
  g_assert_cmpstr (kernel_text (page, 0, "better"), ==, "lower");
  json_decref (page);
}

/* What somebody's store calls a unit ends neither a key nor a line. */
static void
hostile_units_are_told_apart (void)
{
  g_autoptr (NvStore) store = open_store ();
  gint64 run = add_run (store);
  const json_t *kernels;
  json_t *page;

  add_value (store, run, "k", HOSTILE);
  add_value (store, run, "k", "a\nb\x1b");
  page = read_page (store);
  kernels = json_object_get (page, "kernels");
  g_assert_cmpuint (json_array_size (kernels), ==, 2);
  g_assert_cmpstr (json_string_value (json_object_get (json_array_get (kernels, 0), "unit")), ==, HOSTILE);
  g_assert_cmpstr (json_string_value (json_object_get (json_array_get (kernels, 1), "unit")), ==, "a?b?");
  g_assert_cmpstr (json_string_value (json_object_get (json_array_get (kernels, 1), "name")), ==, "k");
  json_decref (page);
}

#define ADD(name) g_test_add_func ("/page-workloads/" #name, name)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD (a_workload_shows_how_its_runs_ended);
  ADD (outputs_fill_no_page);
  ADD (hostile_units_are_told_apart);
  ADD (values_of_different_workloads_are_never_one);
  ADD (outputs_of_workloads_that_are_left_out_are_not_counted_as_shown);
  ADD (a_hostile_unit_keeps_its_direction);
  return g_test_run ();
}
