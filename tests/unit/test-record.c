/* How results are shown: JSON, CSV and text, of hand-made ones. */

#include "bench/csv.h"
#include "bench/record.h"
#include "bench/text.h"

#include "golden.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MIB (UINT64_C (1) << 20)

static double
pass (struct nv_part *part)
{
  return 0;
}

static const struct nv_kernel copy = { .name = "copy",
                                       .label = "Copy",
                                       .arrays = NV_ARRAY_A | NV_ARRAY_B,
                                       .passes[NV_STORE_NONTEMPORAL] = { pass, pass } };
static const struct nv_kernel add = { .name = "add",
                                      .label = "Add",
                                      .arrays = NV_ARRAY_A | NV_ARRAY_B | NV_ARRAY_C,
                                      .passes[NV_STORE_NONTEMPORAL] = { pass, pass } };
static const struct nv_kernel chase = {
  .name = "chase", .label = "Chase", .unit = NV_UNIT_NS_PER_LOAD, .arrays = NV_ARRAY_B
};
static const struct nv_kernel spin = { .name = "spin", .label = "Spin", .unit = NV_UNIT_OPERATIONS_PER_S };
static const struct nv_kernel read_kernel = {
  .name = "read", .label = "Read", .arrays = NV_ARRAY_B, .passes[NV_STORE_TEMPORAL] = { pass, pass }
};

static int cpus[] = { 0, 1 };
static unsigned nodes[] = { 0, 1 };
static const struct nv_team two = { .n_threads = 2, .pinned = true, .cpus = cpus, .nodes = nodes };
static const struct nv_team one = { .n_threads = 1, .pinned = true, .cpus = cpus, .nodes = nodes };

static const float near_ns[] = { 52 }, far_ns[] = { 210 }, unknown_ns[] = { 0 };

static const struct nv_iteration iterations[] = {
  { 1000, 4000000, 2 * 64 * MIB, 0, 33554432000.0, .handover_before_ns = near_ns,
    .handover_after_ns = near_ns },
  { 6000000, 5000000, 2 * 64 * MIB, 0, 26843545600.0, .changed = true, .handover_before_ns = near_ns,
    .handover_after_ns = far_ns },
  { 12000000, 8000000, 2 * 64 * MIB, 0, 16777216000.0, .group = 1, .handover_before_ns = far_ns,
    .handover_after_ns = unknown_ns },
};

static const struct nv_group groups[] = {
  { { 12, 30e9, 30.5e9, 33e9, 34e9, 34.2e9, 32.5e9, 32.9e9, 33.1e9 },
    { 12, 0.0039, 0.0039, 0.004, 0.0041, 0.0042, 0.00401, 0.004, 0.004 },
    .handover_low_ns = 50,
    .handover_high_ns = 55 },
  { { 7, 16e9, 16e9, 16.7e9, 17e9, 17e9, 16.6e9, 16.5e9, 16.9e9 },
    { 7, 0.0079, 0.0079, 0.008, 0.0083, 0.0083, 0.00801, 0.008, 0.008 },
    .handover_low_ns = 205,
    .handover_high_ns = 214 },
};

static uint64_t half[] = { 32 * MIB, 32 * MIB }, all_on_0[] = { 64 * MIB, 0 },
                nearly_all_on_0[] = { 56 * MIB, 8 * MIB }, nothing[] = { 0, 0 };

static const struct nv_residence as_asked[] = {
  { 64 * MIB, 64 * MIB, 2, half, half, .holds = true },
  { 64 * MIB, 64 * MIB, 2, half, half, .holds = true },
  { 64 * MIB, 16 * MIB, 2, nearly_all_on_0, all_on_0, 0.125 },
};
static const struct nv_residence unasked = { 64 * MIB, 0, 2, all_on_0, nothing, .holds = true };

static const struct nv_pages weighted = { .policy = NV_PAGES_WEIGHTED,
                                          .n_nodes = 2,
                                          .nodes = { { 0, 3 }, { 1, 1 } },
                                          .kind = NV_PAGE_BASE,
                                          .page_bytes = NV_BASE_PAGE_BYTES };

static const struct nv_result copied = {
  .kernel = &copy,
  .path = { NV_ISA_AVX512, NV_STORE_NONTEMPORAL, true },
  .path_chosen = true,
  .team = &two,
  .size_bytes = 64 * MIB,
  .cache_resident_possible = true,
  .warm_ups = 10,
  .n_pairs = 1,
  .iterations = iterations,
  .n_iterations = G_N_ELEMENTS (iterations),
  .n_changed = 1,
  .groups = groups,
  .n_groups = 2,
  .arrays = NV_ARRAY_A | NV_ARRAY_B,
  .residence = as_asked,
  .n_arrays = 2,
  .pages = &weighted,
  .cpu_node = -1,
  .memory_node = -1,
};

static void
set_up (struct nv_setup *setup)
{
  nv_setup_init (setup);
  setup->kernels[0] = "copy";
  setup->kernels[1] = "add";
  setup->n_kernels = 2;
  setup->seed = 42;
  setup->size_bytes = 64 * MIB;
  setup->iterations = G_N_ELEMENTS (iterations);
  setup->pages = weighted;
}

/* What @write printed. */
typedef struct
{
  FILE *file;
  char *text;
  size_t size;
} Output;

static FILE *
output_open (Output *output)
{
  output->file = open_memstream (&output->text, &output->size);
  g_assert_nonnull (output->file);
  return output->file;
}

static void
output_assert_golden (Output *output, const char *name)
{
  fclose (output->file);
  assert_golden (name, output->text);
  free (output->text);
}

static json_t *
make_facts (void)
{
  return json_pack ("{s:s, s:{s:s, s:s}, s:s, s:[{s:i, s:s, s:i, s:s, s:[s,s]}, {s:i, s:s, s:i, s:s, s:[s]}],"
                    " s:[{s:i, s:s, s:I}, {s:i, s:s, s:I}], s:{s:s}, s:i, s:i, s:{s:s, s:b}}",
                    "kernel", "6.1.0-56-amd64", "cpu", "model", "Example 9000", "microcode", "0x42",
                    "cpus_online", "0-1", "caches", "level", 1, "type", "data", "size_bytes", 49152, "source",
                    "cpuid", "shared_cpus", "0", "1", "level", 3, "type", "unified", "size_bytes", 33554432,
                    "source", "cpuid", "shared_cpus", "0-1", "nodes", "node", 0, "cpus", "0-1",
                    "memory_bytes", (json_int_t)(1536 * MIB), "node", 1, "cpus", "", "memory_bytes",
                    (json_int_t)(2048 * MIB), "thp", "enabled", "madvise", "numa_balancing", 1, "ksm", 0,
                    "hypervisor", "name", "TCG", "emulated", 1);
}

static void
json_has_a_record_for_the_setup_each_iteration_and_each_group (void)
{
  static struct nv_setup setup;
  json_t *facts = make_facts (), *record;
  Output output;

  set_up (&setup);
  record = nv_record_setup (&setup, &two, facts, 20);
  g_assert_cmpint (json_integer_value (json_object_get (record, "monotonic_ns")), >, 0);
  g_assert_cmpuint (strlen (json_string_value (json_object_get (record, "time"))), ==,
                    strlen ("2026-01-01T00:00:00Z"));
  json_object_del (record, "monotonic_ns");
  json_object_del (record, "time");
  g_assert_cmpint (nv_record_write (record, output_open (&output)), ==, 0);
  g_assert_cmpint (nv_record_write_result (&setup, &copied, output.file), ==, 0);
  output_assert_golden (&output, "bench/records.json");
  json_decref (record);
  json_decref (facts);
}

static void
the_last_summary_is_the_largest_groups (void)
{
  static struct nv_setup setup;
  Output output;
  json_t *last;
  const char *line;

  set_up (&setup);
  nv_record_write_result (&setup, &copied, output_open (&output));
  fclose (output.file);
  output.text[output.size - 1] = '\0';
  line = strrchr (output.text, '\n') + 1;
  last = json_loads (line, 0, NULL);
  g_assert_cmpstr (json_string_value (json_object_get (last, "record")), ==, "summary");
  g_assert_cmpint (json_integer_value (json_object_get (last, "group")), ==, 0);
  g_assert_cmpint (json_integer_value (json_object_get (last, "n")), ==, 12);
  json_decref (last);
  free (output.text);
}

static void
a_result_without_groups_has_a_summary_without_numbers (void)
{
  static struct nv_setup setup;
  struct nv_result result = copied;
  json_t *record;

  set_up (&setup);
  result.n_groups = 0;
  result.n_changed = result.n_iterations;
  record = nv_record_summary (&setup, &result, 0);
  g_assert_cmpint (json_integer_value (json_object_get (record, "n")), ==, 0);
  g_assert_cmpint (json_integer_value (json_object_get (record, "n_changed")), ==, 3);
  g_assert_null (json_object_get (record, "median"));
  json_decref (record);
}

static json_t *
summary_of (const struct nv_result *result, enum nv_mode mode)
{
  static struct nv_setup setup;

  set_up (&setup);
  setup.mode = mode;
  return nv_record_summary (&setup, result, 0);
}

static void
an_interval_needs_six_values (void)
{
  struct nv_group group = groups[0];
  struct nv_result result = copied;

  result.groups = &group;
  for (size_t n = 5; n <= 6; n++)
    {
      json_t *record;

      group.value.n = n;
      record = summary_of (&result, NV_MODE_KERNELS);
      g_assert_nonnull (json_object_get (record, "median"));
      g_assert_true ((json_object_get (record, "interval_95") != NULL) == (n == 6));
      json_decref (record);
    }
}

static void
a_summary_of_fewer_iterations_than_asked_was_interrupted (void)
{
  struct nv_result result = copied;
  json_t *whole = summary_of (&result, NV_MODE_KERNELS), *part;

  result.n_iterations--;
  part = summary_of (&result, NV_MODE_KERNELS);
  g_assert_true (json_is_false (json_object_get (whole, "interrupted")));
  g_assert_true (json_is_true (json_object_get (part, "interrupted")));
  json_decref (whole);
  json_decref (part);
}

static void
what_does_not_apply_is_absent (void)
{
  static struct nv_setup setup;
  struct nv_iteration iteration = { .start_ns = 1, .time_ns = 1, .operations = 1 };
  struct nv_result result = copied;
  json_t *record, *path, *residence;

  set_up (&setup);
  setup.mode = NV_MODE_LOADED_LATENCY;
  result.kernel = &chase;
  result.load = &read_kernel;
  result.delay_ns = -1;
  result.iterations = &iteration;
  result.n_iterations = 1;
  result.residence = &unasked;
  result.arrays = NV_ARRAY_B;
  result.n_arrays = 1;
  record = nv_record_iteration (&setup, &result, 0);
  g_assert_nonnull (json_object_get (record, "operations"));
  g_assert_null (json_object_get (record, "bytes"));
  g_assert_null (json_object_get (record, "delay_ns"));
  json_decref (record);
  record = nv_record_summary (&setup, &result, 0);
  path = json_object_get (record, "load_path");
  residence = json_array_get (json_object_get (record, "residence"), 0);
  g_assert_null (json_object_get (record, "path"));
  g_assert_null (json_object_get (path, "store"));
  g_assert_cmpstr (json_string_value (json_object_get (path, "prefetch")), ==, "on");
  g_assert_nonnull (json_object_get (residence, "nodes"));
  g_assert_null (json_object_get (residence, "wanted"));
  json_decref (record);
}

static void
what_is_not_finite_is_null (void)
{
  static struct nv_setup setup;
  struct nv_iteration iteration = iterations[0];
  struct nv_result result = copied;
  json_t *record;

  set_up (&setup);
  iteration.value = INFINITY;
  result.iterations = &iteration;
  record = nv_record_iteration (&setup, &result, 0);
  g_assert_true (json_is_null (json_object_get (record, "value")));
  json_decref (record);
}

static void
a_record_that_cannot_be_written_is_an_error (void)
{
  FILE *full = fopen ("/dev/full", "w");
  json_t *record = json_pack ("{s:s}", "record", "setup");

  g_assert_nonnull (full);
  setvbuf (full, NULL, _IONBF, 0);
  g_assert_cmpint (nv_record_write (record, full), ==, -ENOSPC);
  fclose (full);
  json_decref (record);
}

static void
csv_has_a_row_an_iteration (void)
{
  static struct nv_setup setup;
  Output output;

  set_up (&setup);
  nv_csv_write_header (output_open (&output));
  g_assert_cmpint (nv_csv_write_result (&setup, &copied, output.file), ==, 0);
  output_assert_golden (&output, "bench/rows.csv");
}

static void
text_has_streams_lines_then_tables (void)
{
  static struct nv_setup setup;
  struct nv_result added = copied, chased = copied, spun = copied;
  json_t *facts = make_facts ();
  Output output;
  struct nv_text *text = nv_text_new (output_open (&output));
  struct nv_group chases = { { 20, 150, 151, 160.24, 170, 171, 160, 159, 161 },
                             { 20, 1, 1, 1, 1, 1, 1, 1, 1 } };
  struct nv_group spins = { { 20, 9e9, 9e9, 9.5e9, 9.9e9, 9.9e9, 9.4e9, 9.4e9, 9.6e9 },
                            { 20, 1, 1, 1, 1, 1, 1, 1, 1 } };

  set_up (&setup);
  added.kernel = &add;
  added.arrays |= NV_ARRAY_C;
  added.n_arrays = 3;
  added.n_groups = 1;
  added.n_changed = 0;
  added.stable = true;
  chased = added;
  chased.kernel = &chase;
  chased.team = &one;
  chased.path = (struct nv_path){ NV_ISA_PORTABLE, NV_STORE_TEMPORAL, false };
  chased.path_chosen = false;
  chased.groups = &chases;
  chased.arrays = NV_ARRAY_B;
  chased.n_arrays = 1;
  chased.residence = &unasked;
  chased.cache_resident_possible = false;
  spun = chased;
  spun.kernel = &spin;
  spun.arrays = 0;
  spun.n_arrays = 0;
  spun.groups = &spins;
  nv_text_start (text, &setup, &two, facts, 20);
  nv_text_result (text, &setup, &copied);
  nv_text_result (text, &setup, &added);
  nv_text_result (text, &setup, &chased);
  nv_text_result (text, &setup, &spun);
  g_assert_cmpint (nv_text_end (text, true), ==, 0);
  output_assert_golden (&output, "bench/kernels.txt");
  json_decref (facts);
}

/* Line for line as STREAM 5.10 itself printed it in the original's results. */
static void
a_stream_line_is_as_wide_as_streams (void)
{
  static struct nv_setup setup;
  const struct nv_group group = { .value = { .n = 10, .maximum = 681308.3e6 },
                                  .time_s = { .mean = 0.000247, .minimum = 0.000235, .maximum = 0.000271 } };
  struct nv_result result = copied;
  Output output;
  struct nv_text *text = nv_text_new (output_open (&output));

  set_up (&setup);
  result.groups = &group;
  result.n_groups = 1;
  result.size_bytes = 80000000;
  nv_text_result (text, &setup, &result);
  g_assert_cmpint (nv_text_end (text, true), ==, 0);
  fclose (output.file);
  g_assert_nonnull (strstr (output.text, "\nArray size = 10000000 (elements), Offset = 0 (elements)\n"
                                         "Memory per array = 76.3 MiB (= 0.1 GiB).\n"));
  g_assert_nonnull (strstr (output.text, "\nFunction    Best Rate MB/s  Avg time     Min time     Max time\n"
                                         "Copy:          681308.3     0.000247     0.000235     0.000271\n"
                                         "-------------------------------------------------------------\n"
                                         "Solution Validates: "));
  free (output.text);
}

static void
text_shows_a_kernel_of_which_every_iteration_is_left_out (void)
{
  static struct nv_setup setup;
  struct nv_result result = copied;
  Output output;
  struct nv_text *text = nv_text_new (output_open (&output));

  set_up (&setup);
  result.n_groups = 0;
  result.n_changed = 3;
  nv_text_result (text, &setup, &result);
  g_assert_cmpint (nv_text_end (text, true), ==, 0);
  output_assert_golden (&output, "bench/left-out.txt");
}

static void
text_has_a_table_of_the_loaded_latency (void)
{
  static struct nv_setup setup;
  static const int64_t delays[] = { -1, 500, 0 };
  struct nv_result result = copied;
  struct nv_group group = groups[0];
  Output output;
  struct nv_text *text = nv_text_new (output_open (&output));

  set_up (&setup);
  setup.mode = NV_MODE_LOADED_LATENCY;
  result.kernel = &chase;
  result.load = &read_kernel;
  result.n_groups = 1;
  result.groups = &group;
  result.residence = &unasked;
  result.arrays = NV_ARRAY_B;
  result.n_arrays = 1;
  result.stable = true;
  result.n_changed = 0;
  for (gsize i = 0; i < G_N_ELEMENTS (delays); i++)
    {
      double latency_ns = 100 + 50 * (double)i;

      group.value = (struct nv_summary){ 5,          latency_ns,     latency_ns,
                                         latency_ns, latency_ns + 9, latency_ns + 9,
                                         latency_ns, latency_ns - 1, latency_ns + 1 };
      group.load_bytes_per_s = (struct nv_summary){ .n = 5, .median = 10e9 * (double)i };
      result.delay_ns = delays[i];
      nv_text_result (text, &setup, &result);
    }
  g_assert_cmpint (nv_text_end (text, true), ==, 0);
  output_assert_golden (&output, "bench/loaded-latency.txt");
}

/* The text of one result, for free(). */
static char *
text_of (const struct nv_result *result, enum nv_mode mode, bool complete)
{
  static struct nv_setup setup;
  Output output;
  struct nv_text *text = nv_text_new (output_open (&output));

  set_up (&setup);
  setup.mode = mode;
  nv_text_result (text, &setup, result);
  g_assert_cmpint (nv_text_end (text, complete), ==, 0);
  fclose (output.file);
  return output.text;
}

static void
text_says_what_does_not_hold_and_nothing_where_nothing_was_asked (void)
{
  struct nv_pages pages = weighted;
  struct nv_residence residence = { 64 * MIB, 16 * MIB, 2, half, half, .kind_mismatch = 0.75 };
  struct nv_result result = copied;
  char *text;

  result.pages = &pages;
  result.residence = &residence;
  result.arrays = NV_ARRAY_A;
  result.n_arrays = 1;
  pages.kind = NV_PAGE_THP;
  text = text_of (&result, NV_MODE_KERNELS, true);
  g_assert_nonnull (strstr (text, "  no: 75.0% not in huge pages\n"));
  free (text);
  pages.kind = NV_PAGE_BASE;
  text = text_of (&result, NV_MODE_KERNELS, true);
  g_assert_nonnull (strstr (text, "  no: 75.0% in huge pages\n"));
  free (text);
  pages.policy = NV_PAGES_FIRST_TOUCH;
  result.residence = &unasked;
  text = text_of (&result, NV_MODE_KERNELS, true);
  g_assert_null (strstr (text, "HOLDS"));
  free (text);
}

static void
text_of_a_run_that_failed_validates_nothing (void)
{
  char *text = text_of (&copied, NV_MODE_KERNELS, false);

  g_assert_nonnull (strstr (text, "Copy: "));
  g_assert_null (strstr (text, "Validates"));
  free (text);
}

static void
a_matrix_that_was_interrupted_shows_what_it_has (void)
{
  struct nv_result result = copied;
  char *text;

  result.cpu_node = result.memory_node = 0;
  text = text_of (&result, NV_MODE_MATRIX, false);
  g_assert_nonnull (strstr (text, "Bandwidth"));
  g_assert_null (strstr (text, "Latency"));
  free (text);
}

/* Of nodes 0 and 2 with CPUs, and 1, which has memory alone. */
static void
text_has_matrices_with_memory_nodes_as_columns (void)
{
  static struct nv_setup setup;
  Output output;
  struct nv_text *text = nv_text_new (output_open (&output));

  set_up (&setup);
  setup.mode = NV_MODE_MATRIX;
  for (int cpu = 0; cpu < 3; cpu += 2)
    for (int memory = 0; memory < 3; memory++)
      {
        struct nv_group bandwidth = { .value = { .n = 5, .median = 1e10 / (1 + abs (cpu - memory)) } };
        struct nv_group latency = { .value = { .n = 5, .median = 100 * (1 + abs (cpu - memory)) } };
        struct nv_result result = copied;

        result.n_groups = cpu == 2 && memory == 1 ? 0 : 1;
        result.n_changed = 0;
        result.stable = true;
        result.cache_resident_possible = false;
        result.cpu_node = cpu;
        result.memory_node = memory;
        result.arrays = NV_ARRAY_B;
        result.n_arrays = 1;
        result.residence = cpu == 0 && memory == 1 ? &as_asked[2] : &as_asked[0];
        result.kernel = &read_kernel;
        result.groups = &bandwidth;
        nv_text_result (text, &setup, &result);
        result.kernel = &chase;
        result.groups = &latency;
        nv_text_result (text, &setup, &result);
      }
  g_assert_cmpint (nv_text_end (text, true), ==, 0);
  output_assert_golden (&output, "bench/matrix.txt");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/record/json_has_a_record_for_the_setup_each_iteration_and_each_group",
                   json_has_a_record_for_the_setup_each_iteration_and_each_group);
  g_test_add_func ("/record/the_last_summary_is_the_largest_groups", the_last_summary_is_the_largest_groups);
  g_test_add_func ("/record/a_result_without_groups_has_a_summary_without_numbers",
                   a_result_without_groups_has_a_summary_without_numbers);
  g_test_add_func ("/record/an_interval_needs_six_values", an_interval_needs_six_values);
  g_test_add_func ("/record/a_summary_of_fewer_iterations_than_asked_was_interrupted",
                   a_summary_of_fewer_iterations_than_asked_was_interrupted);
  g_test_add_func ("/record/what_does_not_apply_is_absent", what_does_not_apply_is_absent);
  g_test_add_func ("/record/what_is_not_finite_is_null", what_is_not_finite_is_null);
  g_test_add_func ("/record/a_record_that_cannot_be_written_is_an_error",
                   a_record_that_cannot_be_written_is_an_error);
  g_test_add_func ("/csv/a_row_an_iteration", csv_has_a_row_an_iteration);
  g_test_add_func ("/text/streams_lines_then_tables", text_has_streams_lines_then_tables);
  g_test_add_func ("/text/a_stream_line_is_as_wide_as_streams", a_stream_line_is_as_wide_as_streams);
  g_test_add_func ("/text/a_kernel_of_which_every_iteration_is_left_out",
                   text_shows_a_kernel_of_which_every_iteration_is_left_out);
  g_test_add_func ("/text/a_table_of_the_loaded_latency", text_has_a_table_of_the_loaded_latency);
  g_test_add_func ("/text/matrices_with_memory_nodes_as_columns",
                   text_has_matrices_with_memory_nodes_as_columns);
  g_test_add_func ("/text/what_does_not_hold_and_nothing_where_nothing_was_asked",
                   text_says_what_does_not_hold_and_nothing_where_nothing_was_asked);
  g_test_add_func ("/text/a_run_that_failed_validates_nothing", text_of_a_run_that_failed_validates_nothing);
  g_test_add_func ("/text/a_matrix_that_was_interrupted_shows_what_it_has",
                   a_matrix_that_was_interrupted_shows_what_it_has);
  return g_test_run ();
}
