#include "base/error.h"
#include "report/throughput.h"
#include "store/export.h"

#include <math.h>
#include <string.h>

/* --- results --- */

static NvResults *
make_results (void)
{
  NvResults *results = g_new0 (NvResults, 1);

  results->kernels = g_ptr_array_new ();
  results->vms = g_ptr_array_new ();
  results->source = g_strdup ("folder");
  results->host = g_strdup ("a1");
  results->when = g_strdup ("2026-11-24");
  return results;
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

static NvResultVm *
add_vm (NvResults *results, const char *name, const char *policy)
{
  NvResultVm *vm = g_new0 (NvResultVm, 1);

  vm->name = g_strdup (name);
  vm->policy = g_strdup (policy);
  vm->results = g_new0 (GArray *, results->kernels->len);
  for (guint i = 0; i < results->kernels->len; i++)
    vm->results[i] = g_array_new (FALSE, FALSE, sizeof (NvResult));
  g_ptr_array_add (results->vms, vm);
  return vm;
}

static void
add_result (NvResultVm *vm, guint kernel, guint sequence, double best)
{
  NvResult result = { (float)best, 0.002f, 0.001f, 0.004f, sequence };

  vm->n_runs = MAX (vm->n_runs, sequence + 1);
  g_array_append_val (vm->results[kernel], result);
}

static void
results_free (NvResults *results)
{
  for (guint i = 0; i < results->vms->len; i++)
    {
      NvResultVm *vm = g_ptr_array_index (results->vms, i);

      for (guint k = 0; k < results->kernels->len; k++)
        g_array_unref (vm->results[k]);
      g_free (vm->results);
      g_free (vm->name);
      g_free (vm->policy);
      g_free (vm);
    }
  for (guint k = 0; k < results->kernels->len; k++)
    {
      NvResultKernel *kernel = g_ptr_array_index (results->kernels, k);

      g_free (kernel->name);
      g_free (kernel->unit);
      g_free (kernel);
    }
  g_ptr_array_unref (results->kernels);
  g_ptr_array_unref (results->vms);
  g_free (results->source);
  g_free (results->host);
  g_free (results->when);
  g_free (results);
}

typedef NvResults TestResults;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestResults, results_free)

/* VMs vm0, vm1... whose rate of triad is 1000 MB/s times their number, from 1 on, in each of the runs. */
static NvResults *
make_fleet (guint n_vms, guint n_runs, const char *policy)
{
  NvResults *results = make_results ();

  add_kernel (results, "triad", "bytes/s");
  for (guint i = 0; i < n_vms; i++)
    {
      g_autofree char *name = g_strdup_printf ("vm%u", i);
      NvResultVm *vm = add_vm (results, name, policy);

      for (guint run = 0; run < n_runs; run++)
        add_result (vm, 0, run, 1e9 * (i + 1));
    }
  return results;
}

/* Returns: (transfer full): the chart of that name. */
static NvChart *
draw (const NvResults *results, const char *wanted)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvThroughput) throughput = nv_throughput_new (results, NULL, NULL, &error);
  NvChart *chart = NULL;

  g_assert_no_error (error);
  for (guint i = 0; i < nv_throughput_count (throughput); i++)
    {
      g_autofree char *name = nv_throughput_name (throughput, i);

      if (strcmp (name, wanted) == 0)
        chart = nv_throughput_draw (throughput, i);
    }
  g_assert_nonnull (chart);
  return chart;
}

static const NvPanel *
get_panel (const NvChart *chart, guint index)
{
  g_assert_cmpuint (chart->panels->len, >, index);
  return g_ptr_array_index (chart->panels, index);
}

static const NvSeriesData *
get_series (const NvPanel *panel, guint index)
{
  g_assert_cmpuint (panel->series->len, >, index);
  return &g_array_index (panel->series, NvSeriesData, index);
}

/* --- tests --- */

static void
each_vm_and_each_kernel_has_a_picture (void)
{
  static const char *const expected[] = { "vm-vm0",       "vm-vm1",       "kernel-triad", "throughput",
                                          "time-average", "time-minimum", "time-maximum" };
  g_autoptr (TestResults) results = make_fleet (2, 3, NULL);
  g_autoptr (NvThroughput) throughput = nv_throughput_new (results, NULL, NULL, NULL);

  g_assert_cmpuint (nv_throughput_count (throughput), ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autofree char *name = nv_throughput_name (throughput, i);

      g_assert_cmpstr (name, ==, expected[i]);
    }
}

static void
what_is_not_there_is_an_error (void)
{
  g_autoptr (TestResults) results = make_fleet (2, 3, NULL);
  g_autoptr (GError) vm = NULL, kernel = NULL;

  g_assert_null (nv_throughput_new (results, NULL, (char *[]){ "vm1", "vm2", NULL }, &vm));
  g_assert_error (vm, NV_ERROR, NV_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (vm->message, "'vm2'"));
  g_assert_null (nv_throughput_new (results, (char *[]){ "chase", NULL }, NULL, &kernel));
  g_assert_error (kernel, NV_ERROR, NV_ERROR_NOT_FOUND);
}

static void
by_a_metrics_name_all_of_it_are_chosen (void)
{
  g_autoptr (TestResults) results = make_fleet (1, 1, NULL);
  g_autoptr (NvThroughput) throughput = NULL;
  NvResultKernel *kernel = g_ptr_array_index (results->kernels, 0);
  char *names[] = { "score", NULL };

  g_free (kernel->name);
  kernel->name = g_strdup ("score (stress one)");
  kernel->plain_name = g_strdup ("score");
  throughput = nv_throughput_new (results, names, NULL, NULL);
  g_assert_nonnull (throughput);
  g_clear_pointer (&kernel->plain_name, g_free);
}

static void
titles_say_what_where_and_when (void)
{
  g_autoptr (TestResults) results = make_fleet (2, 3, "interleave");
  g_autoptr (NvChart) one = NULL, all = NULL;

  results->emulated = 1;
  one = draw (results, "vm-vm1");
  all = draw (results, "kernel-triad");
  g_assert_cmpstr (one->title, ==, "vm1, 3 runs, interleave, host a1 (emulated), 2026-11-24");
  g_assert_cmpstr (all->title, ==, "triad, 2 VMs, 3 runs each, interleave, host a1 (emulated), 2026-11-24");
  g_assert_true (g_str_has_prefix (one->note, "EMULATED"));
}

static void
latency_and_bandwidth_share_no_axis (void)
{
  g_autoptr (TestResults) results = make_results ();
  static const char *const names[] = { "vm-a", "throughput", "time-average" };
  NvResultVm *vm;

  add_kernel (results, "copy", "bytes/s");
  add_kernel (results, "chase", "ns");
  add_kernel (results, "add", "bytes/s");
  vm = add_vm (results, "a", NULL);
  for (guint run = 0; run < 3; run++)
    {
      add_result (vm, 0, run, 2e9);
      add_result (vm, 1, run, 90);
      add_result (vm, 2, run, 3e9);
    }
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (NvChart) chart = draw (results, names[i]);

      g_assert_cmpuint (chart->panels->len, ==, 2);
    }
  {
    g_autoptr (NvChart) chart = draw (results, "vm-a");

    g_assert_cmpstr (get_panel (chart, 0)->y_label, ==, "best rate, MB/s");
    g_assert_cmpuint (get_panel (chart, 0)->series->len, ==, 2);
    g_assert_cmpstr (get_panel (chart, 1)->y_label, ==, "best latency, lower is better, ns");
    g_assert_cmpfloat_with_epsilon (get_series (get_panel (chart, 1), 0)->low[0], 90, 0.01);
  }
}

static void
add_metric (NvResults *results, const char *name, const char *unit, gboolean lower_is_better)
{
  NvResultKernel *kernel;

  add_kernel (results, name, unit);
  kernel = g_ptr_array_index (results->kernels, results->kernels->len - 1);
  kernel->is_metric = TRUE;
  kernel->lower_is_better = lower_is_better;
}

/* Not even of one unit, if they are better in different directions. */
static void
metrics_are_values_in_their_own_unit (void)
{
  static const char *const expected[] = { "best value, ops/s", "best value, lower is better, ms",
                                          "best value, ms", "best rate, MB/s" };
  static const char *const names[] = { "kernel-rate", "kernel-p99", "kernel-uptime, ms",
                                       "kernel-uptime, bytes/s" };
  g_autoptr (TestResults) results = make_results ();
  g_autoptr (NvChart) chart = NULL;
  NvResultVm *vm;

  add_metric (results, "rate", "ops/s", FALSE);
  add_metric (results, "p99", "ms", TRUE);
  add_metric (results, "uptime", "ms", FALSE);
  add_kernel (results, "uptime", "bytes/s");
  vm = add_vm (results, "a", NULL);
  for (guint run = 0; run < 2; run++)
    for (guint k = 0; k < G_N_ELEMENTS (expected); k++)
      add_result (vm, k, run, 0.5);
  chart = draw (results, "vm-a");
  g_assert_cmpuint (chart->panels->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autoptr (NvChart) of_kernel = draw (results, names[i]);

      g_assert_cmpstr (get_panel (chart, i)->y_label, ==, expected[i]);
      g_assert_cmpstr (get_panel (of_kernel, 0)->y_label, ==, expected[i]);
    }
  g_assert_cmpfloat_with_epsilon (get_series (get_panel (chart, 0), 0)->low[0], 0.5, 1e-6);
}

static void
missing_runs_are_gaps (void)
{
  g_autoptr (TestResults) results = make_fleet (1, 2, NULL);
  g_autoptr (NvChart) chart = NULL;
  const NvSeriesData *series;

  add_result (g_ptr_array_index (results->vms, 0), 0, 3, 5e9);
  chart = draw (results, "vm-vm0");
  series = get_series (get_panel (chart, 0), 0);
  g_assert_cmpuint (series->n, ==, 4);
  g_assert_cmpfloat_with_epsilon (series->x[3], 4, 0.01);
  g_assert_cmpfloat_with_epsilon (series->low[1], 1000, 0.01);
  g_assert_true (isnan (series->low[2]));
  g_assert_cmpfloat_with_epsilon (series->low[3], 5000, 0.01);
}

static void
many_runs_keep_their_extremes (void)
{
  g_autoptr (TestResults) results = make_fleet (1, 1000, NULL);
  g_autoptr (NvChart) chart = NULL;
  const NvSeriesData *series;
  gsize at = 700 / 9;

  g_array_index (((NvResultVm *)g_ptr_array_index (results->vms, 0))->results[0], NvResult, 700).best = 1e8f;
  chart = draw (results, "vm-vm0");
  series = get_series (get_panel (chart, 0), 0);
  g_assert_cmpuint (series->n, ==, 112);
  g_assert_cmpfloat_with_epsilon (series->low[at], 100, 0.01);
  g_assert_cmpfloat_with_epsilon (series->high[at], 1000, 0.01);
  g_assert_cmpfloat_with_epsilon (series->middle[at], 900, 0.01);
  g_assert_cmpfloat_with_epsilon (series->low[at + 1], 1000, 0.01);
  g_assert_cmpfloat_with_epsilon (series->x[at], 9 * 77 + 5, 0.01);
  g_assert_nonnull (strstr (get_panel (chart, 0)->x_label, "mean of 9"));
}

static void
of_many_vms_the_highest_and_the_lowest_are_named (void)
{
  g_autoptr (TestResults) results = make_fleet (41, 3, NULL);
  g_autoptr (NvChart) chart = draw (results, "kernel-triad");
  const NvPanel *panel = get_panel (chart, 0);

  g_assert_cmpuint (panel->series->len, ==, 5);
  g_assert_cmpfloat_with_epsilon (get_series (panel, 0)->low[0], 1000, 0.01);
  g_assert_cmpfloat_with_epsilon (get_series (panel, 0)->high[0], 41000, 0.01);
  g_assert_cmpfloat_with_epsilon (get_series (panel, 1)->low[0], 11000, 0.01);
  g_assert_cmpfloat_with_epsilon (get_series (panel, 2)->low[0], 21000, 0.01);
  g_assert_cmpstr (get_series (panel, 3)->label, ==, "highest: vm40");
  g_assert_cmpfloat_with_epsilon (get_series (panel, 3)->low[0], 41000, 0.01);
  g_assert_cmpstr (get_series (panel, 4)->label, ==, "lowest: vm0");
}

static void
policies_have_panels_with_one_axis (void)
{
  g_autoptr (TestResults) results = make_fleet (2, 3, "far");
  g_autoptr (NvChart) chart = NULL;

  for (guint run = 0; run < 3; run++)
    add_result (run == 0 ? add_vm (results, "vm0", "local") : g_ptr_array_index (results->vms, 2), 0, run,
                7e9);
  chart = draw (results, "vm-vm0");
  g_assert_cmpuint (chart->panels->len, ==, 2);
  g_assert_cmpstr (get_panel (chart, 0)->heading, ==, "far");
  g_assert_cmpstr (get_panel (chart, 1)->heading, ==, "local");
  g_assert_cmpfloat_with_epsilon (get_series (get_panel (chart, 1), 0)->low[2], 7000, 0.01);
  g_assert_true (chart->same_y);
}

static void
what_ran_once_is_a_point_by_its_name (void)
{
  g_autoptr (TestResults) results = make_fleet (2, 1, "far");
  g_autoptr (NvChart) chart = NULL;
  const NvPanel *panel;

  /* vm0 is missing of the other policy. */
  add_result (add_vm (results, "vm1", "local"), 0, 0, 7e9);
  chart = draw (results, "kernel-triad");
  panel = get_panel (chart, 0);
  g_assert_true (panel->is_points);
  g_assert_cmpstr (get_series (panel, 1)->label, ==, "local");
  g_assert_cmpstr (get_series (panel, 1)->boxes[1].label, ==, "vm1");
  g_assert_true (isnan (get_series (panel, 1)->boxes[0].median));
  g_assert_cmpfloat_with_epsilon (get_series (panel, 1)->boxes[1].median, 7000, 0.01);
  g_assert_cmpfloat_with_epsilon (get_series (panel, 0)->boxes[1].maximum, 2000, 0.01);
}

static void
points_without_names_say_what_they_are (void)
{
  g_autoptr (TestResults) fleet = make_fleet (30, 1, "far"), kernels = make_results ();
  g_autoptr (NvChart) one = draw (fleet, "kernel-triad");
  g_autoptr (NvChart) two = NULL, vm = NULL;

  g_assert_cmpstr (get_panel (one, 0)->x_label, ==, "VM, in the order of their names");
  add_result (add_vm (fleet, "a", "local"), 0, 0, 7e9);
  two = draw (fleet, "kernel-triad");
  g_assert_cmpstr (get_panel (two, 0)->x_label, ==, "VM");
  for (guint i = 0; i < 30; i++)
    {
      g_autofree char *name = g_strdup_printf ("k%u", i);

      add_kernel (kernels, name, "bytes/s");
    }
  add_vm (kernels, "vm0", "far");
  for (guint i = 0; i < 30; i++)
    add_result (g_ptr_array_index (kernels->vms, 0), i, 0, 7e9);
  vm = draw (kernels, "vm-vm0");
  g_assert_cmpstr (get_panel (vm, 0)->x_label, ==, "kernel");
}

static void
boxes_are_of_the_vms_means (void)
{
  g_autoptr (TestResults) results = make_fleet (5, 2, NULL);
  g_autoptr (NvChart) rates = NULL, times = NULL;
  const NvBox *box;

  add_result (g_ptr_array_index (results->vms, 4), 0, 2, 11e9); /* mean of vm4: 7000 */
  rates = draw (results, "throughput");
  box = get_series (get_panel (rates, 0), 0)->boxes;
  g_assert_cmpfloat_with_epsilon (box->minimum, 1000, 0.01);
  g_assert_cmpfloat_with_epsilon (box->median, 3000, 0.01);
  g_assert_cmpfloat_with_epsilon (box->q3, 4000, 0.01);
  g_assert_cmpfloat_with_epsilon (box->maximum, 7000, 0.01);
  times = draw (results, "time-maximum");
  g_assert_cmpstr (get_panel (times, 0)->y_label, ==, "time, ms");
  g_assert_cmpfloat_with_epsilon (get_series (get_panel (times, 0), 0)->boxes->median, 4, 1e-6);
}

static void
boxes_of_one_vm_are_of_its_runs (void)
{
  g_autoptr (TestResults) results = make_fleet (1, 2, NULL);
  g_autoptr (NvChart) chart = NULL;

  add_result (g_ptr_array_index (results->vms, 0), 0, 2, 11e9);
  chart = draw (results, "throughput");
  g_assert_cmpfloat_with_epsilon (get_series (get_panel (chart, 0), 0)->boxes->median, 1000, 0.01);
  g_assert_cmpfloat_with_epsilon (get_series (get_panel (chart, 0), 0)->boxes->maximum, 11000, 0.01);
  g_assert_cmpstr (get_panel (chart, 0)->heading, ==, "over 3 runs");
}

static void
a_picture_says_what_was_done_to_its_rates (void)
{
  g_autoptr (TestResults) results = make_fleet (2, 3, NULL);
  g_autoptr (NvChart) plain = draw (results, "vm-vm0");
  g_autoptr (NvChart) divided = NULL;
  g_autoptr (NvChart) implausible = NULL;

  g_assert_null (plain->note);
  results->rates_divided_by = 8;
  divided = draw (results, "vm-vm0");
  g_assert_nonnull (strstr (divided->note, "divided by 8"));
  g_assert_null (strstr (divided->note, "IMPLAUSIBLE"));
  results->rates_divided_by = 1;
  results->implausible_rate = 9e11;
  results->emulated = 1;
  implausible = draw (results, "throughput");
  g_assert_nonnull (strstr (implausible->note, "IMPLAUSIBLE: 900000 MB/s"));
  g_assert_nonnull (strstr (implausible->note, "EMULATED"));
  g_assert_null (strstr (implausible->note, "divided"));
}

static void
file_names_hold_no_path (void)
{
  g_autofree char *name = nv_export_file_name ("a/../b%\n\xc2\x9b\xc3\xa9", ".png");
  g_autofree char *hidden = nv_export_file_name ("..", ".png");
  g_autofree char *long_name = g_strnfill (255, 'x'), *other_name = g_strnfill (254, 'x');
  g_autofree char *long_file = nv_export_file_name (long_name, ".png");
  g_autofree char *other_file = nv_export_file_name (other_name, ".png");

  g_assert_cmpstr (name, ==, "a%2F..%2Fb%25%0A%C2%9B\xc3\xa9.png");
  g_assert_cmpstr (hidden, ==, "%2E..png");
  g_assert_cmpuint (strlen (long_file), <, 255);
  g_assert_cmpstr (long_file, !=, other_file);
}

#define ADD(name) g_test_add_func ("/throughput/" #name, name)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD (each_vm_and_each_kernel_has_a_picture);
  ADD (what_is_not_there_is_an_error);
  ADD (by_a_metrics_name_all_of_it_are_chosen);
  ADD (titles_say_what_where_and_when);
  ADD (latency_and_bandwidth_share_no_axis);
  ADD (metrics_are_values_in_their_own_unit);
  ADD (missing_runs_are_gaps);
  ADD (many_runs_keep_their_extremes);
  ADD (of_many_vms_the_highest_and_the_lowest_are_named);
  ADD (policies_have_panels_with_one_axis);
  ADD (what_ran_once_is_a_point_by_its_name);
  ADD (points_without_names_say_what_they_are);
  ADD (boxes_are_of_the_vms_means);
  ADD (boxes_of_one_vm_are_of_its_runs);
  ADD (a_picture_says_what_was_done_to_its_rates);
  ADD (file_names_hold_no_path);
  return g_test_run ();
}
