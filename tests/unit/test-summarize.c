/* The summary: VMs are the units, policies stand beside each other, what is not known is not made up. */

#include "golden.h"
#include "report/summary.h"

#include <math.h>
#include <string.h>

/* Results by hand: each VM has the rates (or latencies) that are given, until one is 0. */
typedef struct
{
  const char *name, *policy;
  float copy[4], chase[4];
} Vm;

static GArray *
make_runs (const float *best)
{
  GArray *runs = g_array_new (FALSE, FALSE, sizeof (NvResult));

  for (guint i = 0; i < 4 && best[i] > 0; i++)
    {
      NvResult result = { best[i], 0.002f, 0.001f, 0.004f, i };

      g_array_append_val (runs, result);
    }
  return runs;
}

static void
kernel_free (gpointer data)
{
  g_free (((NvResultKernel *)data)->name);
  g_free (((NvResultKernel *)data)->unit);
  g_free (data);
}

static void
vm_free (gpointer data)
{
  NvResultVm *vm = data;

  g_array_unref (vm->results[0]);
  g_array_unref (vm->results[1]);
  g_free (vm->results);
  g_free (vm->name);
  g_free (vm->policy);
  g_free (vm);
}

static void
add_kernel (NvResults *results, const char *name, const char *unit)
{
  NvResultKernel *kernel = g_new0 (NvResultKernel, 1);

  kernel->name = g_strdup (name);
  kernel->unit = g_strdup (unit);
  kernel->lower_is_better = strcmp (unit, "ns") == 0;
  g_ptr_array_add (results->kernels, kernel);
}

static void
results_init (NvResults *results, const Vm *vms, guint n)
{
  *results = (NvResults){ .source = (char *)"results", .emulated = -1 };
  results->kernels = g_ptr_array_new_with_free_func (kernel_free);
  results->vms = g_ptr_array_new_with_free_func (vm_free);
  add_kernel (results, "copy", "bytes/s");
  add_kernel (results, "chase", "ns");
  for (guint i = 0; i < n; i++)
    {
      NvResultVm *vm = g_new0 (NvResultVm, 1);

      vm->name = g_strdup (vms[i].name);
      vm->policy = g_strdup (vms[i].policy);
      vm->results = g_new0 (GArray *, 2);
      vm->results[0] = make_runs (vms[i].copy);
      vm->results[1] = make_runs (vms[i].chase);
      g_ptr_array_add (results->vms, vm);
    }
}

static void
results_clear (NvResults *results)
{
  g_ptr_array_unref (results->kernels);
  g_ptr_array_unref (results->vms);
}

static const Vm two_policies[] = {
  { "vm0", "interleave", { 2e9f, 4e9f }, { 90 } },
  { "vm1", "interleave", { 1e9f }, { 100, 110 } },
  { "vm2", "interleave", { 2e9f }, { 80 } },
  { "vm0", "local", { 8e9f }, { 60 } },
  { "vm1", "local", { 9e9f }, { 0 } },
};

static void
vms_are_the_units_however_many_runs_they_have (void)
{
  NvResults results;
  g_autoptr (GArray) rows = NULL;
  const NvSummaryRow *row;

  results_init (&results, two_policies, 3);
  rows = nv_summary_new (&results);
  row = &g_array_index (rows, NvSummaryRow, 0);
  g_assert_cmpuint (rows->len, ==, 2);
  g_assert_cmpuint (row->best.n, ==, 3);
  g_assert_cmpuint (row->n_runs, ==, 4);
  g_assert_cmpfloat (row->best.mean, ==, 2e9); /* of 3, 1 and 2 */
  g_assert_cmpfloat (row->best.deviation, ==, 1e9);
  g_assert_cmpstr (row->fastest, ==, "vm0");
  g_assert_cmpfloat (row->fastest_best, ==, 3e9);
  g_assert_cmpstr (row->slowest, ==, "vm1");
  g_assert_cmpfloat_with_epsilon (row->average_s.mean, 0.002, 1e-9);
  g_assert_cmpfloat_with_epsilon (row->minimum_s.mean, 0.001, 1e-9);
  g_assert_cmpfloat_with_epsilon (row->maximum_s.mean, 0.004, 1e-9);
  results_clear (&results);
}

static void
of_a_latency_the_lowest_is_the_fastest (void)
{
  NvResults results;
  g_autoptr (GArray) rows = NULL;
  const NvSummaryRow *row;

  results_init (&results, two_policies, 3);
  rows = nv_summary_new (&results);
  row = &g_array_index (rows, NvSummaryRow, 1);
  g_assert_cmpstr (row->fastest, ==, "vm2");
  g_assert_cmpstr (row->slowest, ==, "vm1");
  g_assert_cmpfloat (row->slowest_best, ==, 105);
  results_clear (&results);
}

static void
a_vm_without_a_kernel_is_not_counted_for_it (void)
{
  NvResults results;
  g_autoptr (GArray) rows = NULL;
  const NvSummaryRow *row;

  results_init (&results, two_policies, G_N_ELEMENTS (two_policies));
  rows = nv_summary_new (&results);
  g_assert_cmpuint (rows->len, ==, 4);
  row = &g_array_index (rows, NvSummaryRow, 3);
  g_assert_cmpstr (row->policy, ==, "local");
  g_assert_cmpuint (row->best.n, ==, 1);
  g_assert_true (isnan (row->best.deviation));
  results_clear (&results);
}

static void
tables_and_data_are_these (void)
{
  NvResults results;
  g_autoptr (GArray) rows = NULL;
  g_autoptr (GString) all = g_string_new (NULL);
  g_autofree char *plain = NULL, *wide = NULL, *csv = NULL, *json = NULL;
  json_t *data;

  results_init (&results, two_policies, G_N_ELEMENTS (two_policies));
  rows = nv_summary_new (&results);
  plain = nv_summary_format (&results, rows, 0);
  wide = nv_summary_format (&results, rows, 160);
  csv = nv_summary_to_csv (&results, rows);
  data = nv_summary_to_json (&results, rows);
  json = json_dumps (data, JSON_INDENT (2) | JSON_REAL_PRECISION (6));
  json_decref (data);
  g_string_printf (all, "== no terminal\n%s\n== a terminal\n%s\n== CSV\n%s\n== JSON\n%s\n", plain, wide, csv,
                   json);
  assert_golden ("summary/two-policies", all->str);
  results_clear (&results);
}

static void
a_narrow_terminal_gets_no_bars (void)
{
  NvResults results;
  g_autoptr (GArray) rows = NULL;
  g_autofree char *plain = NULL, *narrow = NULL;

  results_init (&results, two_policies, G_N_ELEMENTS (two_policies));
  rows = nv_summary_new (&results);
  plain = nv_summary_format (&results, rows, 0);
  narrow = nv_summary_format (&results, rows, 100);
  g_assert_cmpstr (narrow, ==, plain);
  results_clear (&results);
}

static void
divided_and_implausible_rates_are_said_everywhere (void)
{
  NvResults results;
  g_autoptr (GArray) rows = NULL;
  g_autofree char *table = NULL, *csv = NULL;
  json_t *data;

  results_init (&results, two_policies, 1);
  results.rates_divided_by = 8;
  results.implausible_rate = 150e9;
  rows = nv_summary_new (&results);
  table = nv_summary_format (&results, rows, 0);
  csv = nv_summary_to_csv (&results, rows);
  data = nv_summary_to_json (&results, rows);
  g_assert_true (g_str_has_prefix (table,
                                   "rates of the original's modified STREAM are divided by 8\n"
                                   "IMPLAUSIBLE: no core gets 150000 MB/s a thread from memory\nKERNEL"));
  g_assert_nonnull (strstr (csv, ",\"vm0\",8\r\n"));
  g_assert_cmpint (json_integer_value (json_object_get (data, "rates_divided_by")), ==, 8);
  g_assert_cmpfloat (json_real_value (json_object_get (data, "implausible_rate")), ==, 150e9);
  json_decref (data);
  results_clear (&results);
}

static void
names_are_cut_in_the_table_and_quoted_as_data (void)
{
  const Vm vms[] = { { "a,\"b\"\n\x1b[31m-which-is-rather-a-long-name-for-a-vm", NULL, { 1e9f }, { 0 } },
                     { "b", NULL, { 2e9f }, { 0 } } };
  NvResults results;
  g_autoptr (GArray) rows = NULL;
  g_autofree char *table = NULL, *csv = NULL;

  results_init (&results, vms, 2);
  rows = nv_summary_new (&results);
  table = nv_summary_format (&results, rows, 0);
  csv = nv_summary_to_csv (&results, rows);
  g_assert_nonnull (strstr (table, "a,\"b\"??[31m-which-is-rather-a-lo… 1000.0"));
  g_assert_null (strchr (table, '\x1b'));
  g_assert_nonnull (strstr (csv, ",\"a,\"\"b\"\"\n"));
  results_clear (&results);
}

/* Whatever a workload calls its unit; of what is small there are digits enough. */
static void
a_metric_keeps_its_unit_and_direction (void)
{
  const Vm vms[] = { { "vm0", NULL, { 0.1f, 0.2f }, { 0 } }, { "vm1", NULL, { 0.25f }, { 0 } } };
  NvResults results;
  NvResultKernel *kernel;
  g_autoptr (GArray) rows = NULL;
  g_autofree char *table = NULL, *csv = NULL;

  results_init (&results, vms, 2);
  kernel = g_ptr_array_index (results.kernels, 0);
  g_free (kernel->unit);
  kernel->unit = g_strdup ("s of <b>wall");
  kernel->lower_is_better = kernel->is_metric = TRUE;
  rows = nv_summary_new (&results);
  table = nv_summary_format (&results, rows, 0);
  csv = nv_summary_to_csv (&results, rows);
  g_assert_nonnull (strstr (table, "s of <b>wall  0.200  0.071"));
  g_assert_nonnull (strstr (table, "vm0 0.150  vm1 0.250"));
  g_assert_nonnull (strstr (csv, "\"s of <b>wall\",lower,2,3,"));
  results_clear (&results);
}

#define ADD(name) g_test_add_func ("/summarize/" #name, name)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD (vms_are_the_units_however_many_runs_they_have);
  ADD (of_a_latency_the_lowest_is_the_fastest);
  ADD (a_metric_keeps_its_unit_and_direction);
  ADD (a_vm_without_a_kernel_is_not_counted_for_it);
  ADD (tables_and_data_are_these);
  ADD (a_narrow_terminal_gets_no_bars);
  ADD (divided_and_implausible_rates_are_said_everywhere);
  ADD (names_are_cut_in_the_table_and_quoted_as_data);
  return g_test_run ();
}
