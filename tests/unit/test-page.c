/* The report's data: what a store holds comes in, thinned where it is much, and nothing in it can end the
 * script that it is in. */

#include "report/page.h"
#include "base/error.h"
#include "report/thin.h"
#include "store/store.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define HOSTILE "</script><img src=x onerror=alert(1)>"

/* --- a store --- */

static void
add_text (NvStore *store, gint64 run, gint64 vm, const char *text)
{
  json_t *record = json_loads (text, 0, NULL);

  g_assert_nonnull (record);
  g_assert_true (nv_store_add_record (store, run, vm, record, NULL));
  json_decref (record);
}

static void
add_iteration (NvStore *store, gint64 run, gint64 vm, const char *kernel, guint i, double value,
               gboolean changed)
{
  json_t *record = json_pack ("{s:s, s:i, s:s, s:i, s:I, s:i, s:i, s:f, s:s, s:i, s:b, s:[]}", "record",
                              "iteration", "version", 1, "kernel", kernel, "iteration", (int)i, "start_ns",
                              (json_int_t)(2500000000 + i * 1000000), "time_ns", 1000, "bytes", 8, "value",
                              value, "unit", "bytes/s", "group", 0, "changed", changed, "handover_before_ns");

  g_assert_nonnull (record);
  g_assert_true (nv_store_add_record (store, run, vm, record, NULL));
  json_decref (record);
}

static gint64
add_run (NvStore *store, const char *uuid, gboolean emulated)
{
  const NvStoreRun run = { .uuid = uuid,
                           .started_wall_ns = 1700000000000000000,
                           .started_ns = 1000000000,
                           .program = HOSTILE,
                           .command = "numavm run",
                           .driver = "fake",
                           .emulated = emulated };

  return nv_store_add_run (store, &run, NULL);
}

static gint64
add_vm (NvStore *store, gint64 run, guint position, const char *policy, const char *name)
{
  const NvStoreBoot boot = { .run = run, .position = position, .arm = policy, .started_ns = 1000000000 };
  json_t *placement = json_pack ("{s:[{s:s, s:[{s:i, s:i}]}]}", "regions", "expectation", "exact", "shares",
                                 "node", 1, "bytes", 4096);
  NvStoreVm vm = { .name = name, .vcpus = 1, .memory_bytes = 4096, .placement = placement };
  gint64 id;

  vm.boot = nv_store_add_boot (store, &boot, NULL);
  id = nv_store_add_vm (store, &vm, NULL);
  json_decref (placement);
  g_assert_cmpint (id, >, 0);
  /* The guest's clock is 0.5 s ahead in the mean. */
  g_assert_true (nv_store_add_clock (store, id, "before", 1, 400000000, 3, NULL));
  g_assert_true (nv_store_add_clock (store, id, "after", 1, 600000000, 3, NULL));
  return id;
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
read_page (NvStore *store, gint64 run, gsize max_values)
{
  const NvPageRequest request = {
    .store = store, .run = run, .source = "t.db", .command = "numavm report", .max_values = max_values
  };
  GError *error = NULL;
  json_t *page = nv_page_data (&request, &error);

  g_assert_no_error (error);
  g_assert_nonnull (page);
  return page;
}

static const json_t *
row_of (const json_t *page, size_t i)
{
  return json_array_get (json_object_get (page, "table"), i);
}

static double
number_of (const json_t *object, const char *key)
{
  return json_number_value (json_object_get (object, key));
}

static double
value_of (const json_t *page, const char *column, size_t i)
{
  return json_number_value (json_array_get (json_object_get (json_object_get (page, "values"), column), i));
}

static size_t
count_values (const json_t *page)
{
  return json_array_size (json_object_get (json_object_get (page, "values"), "value"));
}

/* --- what comes in --- */

static void
values_are_described_for_each_vm_and_all (void)
{
  g_autoptr (NvStore) store = open_store ();
  gint64 run = add_run (store, "one", TRUE);
  gint64 first = add_vm (store, run, 0, "local", "vm0"), second = add_vm (store, run, 0, "local", "vm1");
  json_t *page;

  for (guint i = 0; i < 3; i++)
    {
      add_iteration (store, run, second, "triad", i, 20 + i, FALSE);
      add_iteration (store, run, first, "triad", i, 10 + i, FALSE);
    }
  add_iteration (store, run, first, "triad", 3, 1000, TRUE);
  page = read_page (store, 0, 0);

  g_assert_cmpuint (json_array_size (json_object_get (page, "table")), ==, 3);
  g_assert_true (json_is_null (json_object_get (row_of (page, 0), "vm")));
  g_assert_cmpfloat (number_of (row_of (page, 0), "n"), ==, 6);
  g_assert_cmpfloat (number_of (row_of (page, 0), "mean"), ==, 16);
  g_assert_cmpfloat (number_of (row_of (page, 0), "boots"), ==, 2);
  /* Of two boots, with means of 11 and 21: 16 -+ 12.7062 * 5. */
  g_assert_cmpfloat_with_epsilon (number_of (row_of (page, 0), "low"), -47.531, 1e-3);
  g_assert_cmpfloat_with_epsilon (number_of (row_of (page, 0), "high"), 79.531, 1e-3);
  g_assert_true (
      json_is_null (json_object_get (row_of (page, 1), "low"))); /* one boot tells nothing of the next */
  g_assert_cmpstr (json_string_value (json_object_get (row_of (page, 1), "vm")), ==, "vm0");
  g_assert_cmpfloat (number_of (row_of (page, 1), "maximum"), ==, 12); /* what changed does not count */
  g_assert_cmpstr (json_string_value (json_object_get (row_of (page, 2), "vm")), ==, "vm1");
  g_assert_cmpfloat (number_of (row_of (page, 2), "median"), ==, 21);

  g_assert_cmpuint (count_values (page), ==, 7); /* but is shown */
  g_assert_cmpfloat (value_of (page, "changed", 6) + value_of (page, "changed", 3), ==, 1);
  g_assert_true (json_is_null (json_object_get (page, "values_note")));
  g_assert_true (json_is_true (json_object_get (page, "emulated")));
  json_decref (page);
}

static void
times_are_on_the_hosts_clock (void)
{
  g_autoptr (NvStore) store = open_store ();
  gint64 run = add_run (store, "one", FALSE), vm = add_vm (store, run, 0, "local", "vm0");
  json_t *page;
  const json_t *phase;

  add_iteration (store, run, vm, "triad", 0, 10, FALSE);
  add_iteration (store, run, 0, "copy", 0, 10, FALSE);
  page = read_page (store, 0, 0);
  g_assert_cmpfloat_with_epsilon (value_of (page, "t_s", 0), 1.0, 1e-6); /* 2.5 s less 0.5, since 1 s */
  g_assert_cmpfloat_with_epsilon (value_of (page, "t_s", 1), 1.5, 1e-6);
  phase = json_array_get (json_object_get (page, "phases"), 0);
  g_assert_cmpfloat_with_epsilon (number_of (phase, "start_s"), 1.0, 1e-6);
  g_assert_cmpfloat_with_epsilon (number_of (phase, "end_s"), 1.000001, 1e-9);
  json_decref (page);
}

static void
a_guests_time_outside_the_run_is_not_known (void)
{
  g_autoptr (NvStore) store = open_store ();
  gint64 run = add_run (store, "one", FALSE), vm = add_vm (store, run, 0, "local", "vm0");
  json_t *page;

  for (guint i = 0; i < 2; i++) /* at 1 s and, since each ms is one, at 3 s */
    add_iteration (store, run, vm, "triad", i * 2000, 10, FALSE);
  add_text (store, run, vm,
            "{\"record\":\"iteration\",\"version\":1,\"kernel\":\"triad\",\"iteration\":2,"
            "\"start_ns\":2305843009213693952,\"time_ns\":1,\"value\":1.0,\"unit\":\"bytes/s\",\"group\":0,"
            "\"changed\":false}");
  page = read_page (store, 0, 0);
  g_assert_cmpfloat_with_epsilon (value_of (page, "t_s", 1), 3.0, 1e-6);
  g_assert_true (
      json_is_null (json_array_get (json_object_get (json_object_get (page, "values"), "t_s"), 2)));
  g_assert_cmpfloat (number_of (json_array_get (json_object_get (page, "phases"), 0), "end_s"), <, 4);
  json_decref (page);

  g_assert_true (nv_store_finish_boot (store, 1, 0, 0, 0, 2200000000, "done", NULL, NULL));
  page = read_page (store, 0, 0); /* the boot's end is 1.2 s after the run's start */
  g_assert_true (
      json_is_null (json_array_get (json_object_get (json_object_get (page, "values"), "t_s"), 1)));
  g_assert_cmpfloat_with_epsilon (value_of (page, "t_s", 0), 1.0, 1e-6);
  json_decref (page);
}

static void
runs_on_bare_metal_are_told_apart (void)
{
  g_autoptr (NvStore) store = open_store ();
  gint64 first = add_run (store, "one", FALSE), second = add_run (store, "two", FALSE);
  json_t *page;

  add_iteration (store, first, 0, "triad", 0, 10, FALSE);
  add_iteration (store, second, 0, "triad", 0, 20, FALSE);
  add_iteration (store, second, 0, "copy", 0, 20, TRUE);
  page = read_page (store, 0, 0);
  g_assert_cmpfloat (value_of (page, "run", 0), ==, (double)first);
  g_assert_cmpfloat (value_of (page, "run", 1), ==, (double)second);
  g_assert_cmpfloat (number_of (row_of (page, 0), "boots"), ==, 2);
  g_assert_cmpfloat (number_of (row_of (page, 0), "low"), <, 0);    /* 15 -+ 12.7 * 5 */
  g_assert_cmpfloat (number_of (row_of (page, 2), "boots"), ==, 0); /* of copy none counts */
  g_assert_cmpuint (json_array_size (json_object_get (page, "phases")), ==, 3);
  json_decref (page);
}

static void
kernels_too_many_are_left_out_and_said (void)
{
  g_autoptr (NvStore) store = open_store ();
  gint64 run = add_run (store, "one", FALSE), vm = add_vm (store, run, 0, "local", "vm0");
  const char *note;
  json_t *page;

  for (guint i = 0; i < 210; i++)
    {
      g_autofree char *kernel = g_strdup_printf ("k%u", i / 2 * 2);

      add_iteration (store, run, vm, kernel, 0, 10, FALSE);
    }
  for (guint i = 300; i < 400; i++)
    {
      g_autofree char *kernel = g_strdup_printf ("k%u", i);

      add_iteration (store, run, vm, kernel, 0, 10, FALSE);
      add_iteration (store, run, vm, kernel, 1, 10, FALSE);
    }
  page = read_page (store, 0, 0);
  g_assert_cmpuint (json_array_size (json_object_get (page, "kernels")), ==, 200);
  note = json_string_value (json_object_get (page, "values_note"));
  g_assert_nonnull (strstr (note, "first 200 kernels are shown: 5 more, with 10 values"));
  g_assert_cmpuint (count_values (page), ==, 400);
  json_decref (page);
}

static void
of_a_very_large_fleet_the_wrong_are_shown (void)
{
  g_autoptr (NvStore) store = open_store ();
  gint64 run = add_run (store, "one", FALSE), last = 0;
  const json_t *residence, *counts, *row;
  gboolean found = FALSE;
  json_t *page;
  size_t i;

  for (guint j = 0; j < 2100; j++)
    {
      last = add_vm (store, run, j, "local", "vm0");
      g_assert_true (
          nv_store_add_residence (store, last, "after", 4, 0, 4096, 1024, j < 2099 ? "yes" : "no", NULL));
    }
  page = read_page (store, 0, 0);
  residence = json_object_get (page, "residence");
  counts = json_object_get (page, "residence_counts");
  g_assert_cmpuint (json_array_size (residence), ==, 4000); /* one was declared, and one found, of each */
  g_assert_cmpfloat (number_of (counts, "vms"), ==, 2100);
  g_assert_cmpfloat (number_of (counts, "measured"), ==, 2100);
  g_assert_cmpfloat (number_of (counts, "shown"), ==, 2000);
  g_assert_cmpfloat (number_of (counts, "held"), ==, 2099);
  g_assert_cmpfloat (number_of (counts, "wrong"), ==, 1);
  json_array_foreach (residence, i, row)
  {
    found = found || number_of (row, "vm") == (double)last;
  }
  g_assert_true (found);
  g_assert_null (json_object_get (json_array_get (json_object_get (page, "vms"), 0), "declared"));
  json_decref (page);
}

static void
a_title_names_all_hosts_and_dates (void)
{
  g_autoptr (NvStore) store = open_store ();
  gint64 first = add_run (store, "one", FALSE);
  const NvStoreRun later = { .uuid = "two",
                             .started_wall_ns = 1700200000000000000,
                             .started_ns = 1,
                             .program = "numavm",
                             .emulated = FALSE };
  gint64 second = nv_store_add_run (store, &later, NULL);
  json_t *page;

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *header = g_strdup_printf (
          "{\"record\":\"sample-header\",\"version\":1,\"host\":\"a%u\",\"start_ns\":1,\"interval_ns\":1}",
          i);

      add_text (store, i == 0 ? first : second, 0, header);
    }
  page = read_page (store, 0, 0);
  g_assert_nonnull (
      strstr (json_string_value (json_object_get (page, "title")), "hosts a0, a1, 2023-11-14 to 2023-11-17"));
  json_decref (page);
}

static void
what_has_only_streams_text_comes_in (void)
{
  g_autoptr (NvStore) store = open_store ();
  gint64 run = add_run (store, "one", -1), vm = add_vm (store, run, 0, NULL, "vm0");
  const NvStoreStream stream = {
    .run = run, .vm = vm, .sequence = 4, .kernel = "copy", .best_rate_bytes_per_s = 5, .average_s = 2
  };
  json_t *page;

  g_assert_true (nv_store_add_stream (store, &stream, NULL));
  page = read_page (store, run, 0);
  g_assert_cmpfloat (value_of (page, "value", 0), ==, 5);
  g_assert_cmpfloat (value_of (page, "time_s", 0), ==, 2);
  g_assert_cmpfloat (value_of (page, "iteration", 0), ==, 4);
  g_assert_true (
      json_is_null (json_array_get (json_object_get (json_object_get (page, "values"), "t_s"), 0)));
  g_assert_true (json_is_null (json_array_get (json_object_get (page, "policies"), 0)));
  g_assert_true (json_is_null (json_object_get (page, "emulated")));
  json_decref (page);
}

static void
what_was_measured_differently_is_not_thrown_together (void)
{
  g_autoptr (NvStore) store = open_store ();
  gint64 run = add_run (store, "one", FALSE);
  json_t *page;

  add_text (
      store, run, 0,
      "{\"record\":\"iteration\",\"version\":1,\"kernel\":\"chase\",\"iteration\":0,\"start_ns\":1,\"time_ns\":1,"
      "\"value\":1.0,\"unit\":\"ns\",\"group\":0,\"changed\":false,\"cpu_node\":0,\"memory_node\":1}");
  add_text (
      store, run, 0,
      "{\"record\":\"iteration\",\"version\":1,\"kernel\":\"chase\",\"iteration\":0,\"start_ns\":1,\"time_ns\":1,"
      "\"value\":1.0,\"unit\":\"ns\",\"group\":0,\"changed\":false,\"load\":\"read\",\"delay_ns\":100}");
  page = read_page (store, 0, 0);
  g_assert_cmpstr (
      json_string_value (json_object_get (json_array_get (json_object_get (page, "kernels"), 0), "name")), ==,
      "chase, CPUs of node 0, memory of node 1");
  g_assert_cmpstr (
      json_string_value (json_object_get (json_array_get (json_object_get (page, "kernels"), 1), "name")), ==,
      "chase, beside read every 100 ns");
  json_decref (page);
}

static void
residence_is_beside_what_was_declared (void)
{
  g_autoptr (NvStore) store = open_store ();
  gint64 run = add_run (store, "one", FALSE), vm = add_vm (store, run, 0, "local", "vm0");
  const json_t *residence;
  json_t *page;

  g_assert_true (nv_store_add_residence (store, vm, "after", 4, 0, 4096, 1024, "no", NULL));
  g_assert_true (nv_store_add_residence (store, vm, "after", 4, 0, 2048, 1000, "no", NULL));
  page = read_page (store, 0, 0);
  residence = json_object_get (page, "residence");
  g_assert_cmpuint (json_array_size (residence), ==, 2);
  g_assert_cmpfloat (number_of (json_array_get (residence, 0), "node"), ==, 1);
  g_assert_cmpfloat (number_of (json_array_get (residence, 0), "bytes"), ==, 4096);
  g_assert_cmpfloat (number_of (json_array_get (residence, 1), "bytes"), ==, 2024); /* of both page sizes */
  json_decref (page);
}

static void
emulated_runs_are_not_mixed_with_others (void)
{
  g_autoptr (NvStore) store = open_store ();
  gint64 emulated = add_run (store, "one", TRUE);
  const NvPageRequest request = { .store = store };
  g_autoptr (GError) error = NULL;

  add_run (store, "two", FALSE);
  g_assert_null (nv_page_data (&request, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "--run"));
  json_decref (read_page (store, emulated, 0));
}

static void
nor_with_what_is_not_known (void)
{
  g_autoptr (NvStore) store = open_store ();
  const NvPageRequest request = { .store = store };
  g_autoptr (GError) error = NULL;

  add_run (store, "one", TRUE);
  add_run (store, "two", -1);
  g_assert_null (nv_page_data (&request, &error));
  g_assert_nonnull (strstr (error->message, "run 1 is emulated, and of run 2 it is not known"));
}

/* The counter @name of the only timeline. */
static const json_t *
find_counter (const json_t *page, const char *name)
{
  const json_t *timeline = json_array_get (json_object_get (page, "timelines"), 0);
  const json_t *counter;
  size_t i;

  json_array_foreach (json_object_get (timeline, "counters"), i, counter)
  {
    if (g_strcmp0 (json_string_value (json_object_get (counter, "name")), name) == 0)
      return counter;
  }
  g_assert_not_reached ();
}

static void
a_counter_that_stands_still_is_one_number (void)
{
  g_autoptr (NvStore) store = open_store ();
  gint64 run = add_run (store, "one", FALSE);
  json_t *page;

  add_text (store, run, 0,
            "{\"record\":\"sample-header\",\"version\":1,\"host\":\"a\",\"start_ns\":1,\"interval_ns\":1}");
  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *sample =
          g_strdup_printf ("{\"record\":\"sample\",\"monotonic_ns\":%u000000000,\"missed\":0,"
                           "\"vmstat\":{\"compact_stall\":5,\"compact_success\":%u,\"compact_fail\":%u}}",
                           i + 1, 3 * i, i * i);

      add_text (store, run, 0, sample);
    }
  page = read_page (store, 0, 0);
  g_assert_cmpuint (json_array_size (json_object_get (find_counter (page, "compact_stall"), "low")), ==, 1);
  g_assert_cmpfloat (
      json_number_value (json_array_get (json_object_get (find_counter (page, "compact_success"), "low"), 0)),
      ==, 3);
  g_assert_cmpuint (json_array_size (json_object_get (find_counter (page, "compact_success"), "low")), ==, 1);
  g_assert_cmpuint (json_array_size (json_object_get (find_counter (page, "compact_fail"), "low")), ==, 4);
  json_decref (page);
}

/* --- thinning --- */

static void
of_many_values_the_extremes_stay (void)
{
  g_autoptr (NvStore) store = open_store ();
  gint64 run = add_run (store, "one", FALSE), vm = add_vm (store, run, 0, "local", "vm0");
  double low = INFINITY, high = -INFINITY;
  json_t *page;

  for (guint i = 0; i < 5000; i++)
    add_iteration (store, run, vm, "triad", i, i == 1237 ? -5.0 : i == 4321 ? 9999.0 : 100.0 + i % 7, FALSE);
  page = read_page (store, 0, 100);
  g_assert_cmpuint (count_values (page), >, 50);
  g_assert_cmpuint (count_values (page), <=, 102);
  for (size_t i = 0; i < count_values (page); i++)
    {
      low = MIN (low, value_of (page, "value", i));
      high = MAX (high, value_of (page, "value", i));
      if (i > 0)
        g_assert_cmpfloat (value_of (page, "iteration", i - 1), <, value_of (page, "iteration", i));
    }
  g_assert_cmpfloat (low, ==, -5);
  g_assert_cmpfloat (high, ==, 9999);
  g_assert_cmpfloat (number_of (row_of (page, 0), "n"), ==, 5000);
  g_assert_nonnull (strstr (json_string_value (json_object_get (page, "values_note")), "of 5000 values"));
  json_decref (page);
}

static void
a_group_with_few_values_loses_none (void)
{
  g_auto (NvThin) thin = { 0 };
  NvThinGroup *few, *many;

  nv_thin_init (&thin, 64);
  few = nv_thin_add_group (&thin);
  many = nv_thin_add_group (&thin);
  for (guint i = 0; i < 10000; i++)
    {
      const NvThinValue value = { .value = i };

      nv_thin_add (&thin, many, &value);
      if (i % 1000 == 0)
        nv_thin_add (&thin, few, &value);
    }
  nv_thin_finish (&thin);
  g_assert_cmpuint (few->kept->len, ==, 10);
  g_assert_cmpuint (many->kept->len, >=, 27);
  g_assert_cmpuint (few->kept->len + many->kept->len, <=, 64 + 2);
}

/* --- the page --- */

static void
nothing_in_the_data_ends_its_script (void)
{
  g_autoptr (NvStore) store = open_store ();
  gint64 run = add_run (store, "one", FALSE), vm = add_vm (store, run, 0, HOSTILE, HOSTILE);
  char *text = NULL;
  size_t size = 0;
  FILE *file = open_memstream (&text, &size);
  const char *begin, *end;
  json_t *page, *again;

  add_iteration (store, run, vm, HOSTILE, 0, 10, FALSE);
  page = read_page (store, 0, 0);
  g_assert_true (nv_page_write (page, file, NULL));
  fclose (file);
  g_assert_null (strstr (text, "<img"));
  g_assert_null (strstr (text, "@NUMAVM_DATA@"));
  begin = strstr (text, "id=\"data\">") + strlen ("id=\"data\">");
  end = strstr (begin, "</script>");
  again = json_loadb (begin, (size_t)(end - begin), 0, NULL);
  g_assert_cmpstr (
      json_string_value (json_object_get (json_array_get (json_object_get (again, "kernels"), 0), "name")),
      ==, HOSTILE);
  g_assert_true (json_equal (json_object_get (page, "vms"), json_object_get (again, "vms")));
  json_decref (again);
  json_decref (page);
  free (text);
}

static void
a_page_that_cannot_be_written_is_an_error (void)
{
  g_autoptr (NvStore) store = open_store ();
  json_t *page = read_page (store, 0, 0);
  FILE *full = fopen ("/dev/full", "w");
  g_autoptr (GError) error = NULL;

  g_assert_false (nv_page_write (page, full, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_NO_SPACE);
  fclose (full);
  json_decref (page);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/page/values-are-described-for-each-vm-and-all",
                   values_are_described_for_each_vm_and_all);
  g_test_add_func ("/page/times-are-on-the-hosts-clock", times_are_on_the_hosts_clock);
  g_test_add_func ("/page/a-guests-time-outside-the-run-is-not-known",
                   a_guests_time_outside_the_run_is_not_known);
  g_test_add_func ("/page/runs-on-bare-metal-are-told-apart", runs_on_bare_metal_are_told_apart);
  g_test_add_func ("/page/kernels-too-many-are-left-out-and-said", kernels_too_many_are_left_out_and_said);
  g_test_add_func ("/page/of-a-very-large-fleet-the-wrong-are-shown",
                   of_a_very_large_fleet_the_wrong_are_shown);
  g_test_add_func ("/page/a-title-names-all-hosts-and-dates", a_title_names_all_hosts_and_dates);
  g_test_add_func ("/page/what-has-only-streams-text-comes-in", what_has_only_streams_text_comes_in);
  g_test_add_func ("/page/what-was-measured-differently-is-not-thrown-together",
                   what_was_measured_differently_is_not_thrown_together);
  g_test_add_func ("/page/residence-is-beside-what-was-declared", residence_is_beside_what_was_declared);
  g_test_add_func ("/page/emulated-runs-are-not-mixed-with-others", emulated_runs_are_not_mixed_with_others);
  g_test_add_func ("/page/nor-with-what-is-not-known", nor_with_what_is_not_known);
  g_test_add_func ("/page/a-counter-that-stands-still-is-one-number",
                   a_counter_that_stands_still_is_one_number);
  g_test_add_func ("/page/of-many-values-the-extremes-stay", of_many_values_the_extremes_stay);
  g_test_add_func ("/page/a-group-with-few-values-loses-none", a_group_with_few_values_loses_none);
  g_test_add_func ("/page/nothing-in-the-data-ends-its-script", nothing_in_the_data_ends_its_script);
  g_test_add_func ("/page/a-page-that-cannot-be-written-is-an-error",
                   a_page_that_cannot_be_written_is_an_error);
  return g_test_run ();
}
