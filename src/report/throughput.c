#include "report/throughput-private.h"
#include "base/error.h"
#include "report/throughput-lines.h"
#include "report/unit.h"

#include <math.h>
#include <string.h>

/* More VMs than that have no names on an axis. */
#define MAX_NAMED             24
#define MAX_POLICIES_IN_TITLE 3

/* --- what there is --- */

const NvResultKernel *
nv_throughput_kernel (const NvThroughput *throughput, guint index)
{
  return g_ptr_array_index (throughput->results->kernels, g_array_index (throughput->kernels, guint, index));
}

const GArray *
nv_throughput_results (const NvThroughput *throughput, const NvResultVm *vm, guint index)
{
  return vm->results[g_array_index (throughput->kernels, guint, index)];
}

static gboolean
contains (const GPtrArray *texts, const char *text)
{
  for (guint i = 0; i < texts->len; i++)
    if (g_strcmp0 (g_ptr_array_index (texts, i), text) == 0)
      return TRUE;
  return FALSE;
}

/* By what it is called alone all that are called so are wanted. */
static gboolean
is_called (const NvResultKernel *kernel, const char *name)
{
  return strcmp (kernel->name, name) == 0 || g_strcmp0 (kernel->plain_name, name) == 0;
}

static gboolean
is_kernel_wanted (char *const *wanted, const NvResultKernel *kernel)
{
  gboolean is_one = !wanted;

  for (; wanted && *wanted && !is_one; wanted++)
    is_one = is_called (kernel, *wanted);
  return is_one;
}

static gboolean
is_wanted (char *const *wanted, const char *name)
{
  return !wanted || g_strv_contains ((const char *const *)wanted, name);
}

static void
choose_vms (NvThroughput *throughput, char *const *wanted)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < throughput->results->vms->len; i++)
    {
      NvResultVm *vm = g_ptr_array_index (throughput->results->vms, i);
      gboolean has_any = FALSE;

      for (guint k = 0; k < throughput->kernels->len; k++)
        has_any |= nv_throughput_results (throughput, vm, k)->len > 0;
      if (!has_any || !is_wanted (wanted, vm->name))
        continue;
      g_ptr_array_add (throughput->vms, vm);
      if (g_hash_table_add (names, vm->name))
        g_ptr_array_add (throughput->names, vm->name);
      if (!contains (throughput->policies, vm->policy))
        g_ptr_array_add (throughput->policies, vm->policy);
    }
}

static void
choose_kernels (NvThroughput *throughput, char *const *wanted)
{
  for (guint k = 0; k < throughput->results->kernels->len; k++)
    {
      const NvResultKernel *kernel = g_ptr_array_index (throughput->results->kernels, k);
      gboolean has_any = FALSE;

      for (guint i = 0; i < throughput->results->vms->len; i++)
        has_any |= ((const NvResultVm *)g_ptr_array_index (throughput->results->vms, i))->results[k]->len > 0;
      if (has_any && is_kernel_wanted (wanted, kernel))
        g_array_append_val (throughput->kernels, k);
    }
}

/* Everything that was asked for by its name must be there. */
static gboolean
check_wanted (const NvThroughput *throughput, char *const *kernels, char *const *vms, GError **error)
{
  for (guint i = 0; kernels && kernels[i]; i++)
    {
      gboolean is_there = FALSE;

      for (guint k = 0; k < throughput->kernels->len; k++)
        is_there |= is_called (nv_throughput_kernel (throughput, k), kernels[i]);
      if (is_there)
        continue;
      g_set_error (error, NV_ERROR, NV_ERROR_NOT_FOUND, "kernel '%s': '%s' has no result of it", kernels[i],
                   throughput->results->source);
      return FALSE;
    }
  for (guint i = 0; vms && vms[i]; i++)
    if (!contains (throughput->names, vms[i]))
      {
        g_set_error (error, NV_ERROR, NV_ERROR_NOT_FOUND, "VM '%s': '%s' has no result of it", vms[i],
                     throughput->results->source);
        return FALSE;
      }
  if (throughput->vms->len > 0)
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_NOT_FOUND, "'%s' has no result", throughput->results->source);
  return FALSE;
}

static char *
format_where (const NvResults *results)
{
  return g_strdup_printf (", %s%s%s%s%s", results->host ? "host " : "",
                          results->host ? results->host : results->source,
                          results->emulated == 1 ? " (emulated)" : "", results->when ? ", " : "",
                          results->when ? results->when : "");
}

NvThroughput *
nv_throughput_new (const NvResults *results, char *const *kernels, char *const *vms, GError **error)
{
  g_autoptr (NvThroughput) throughput = g_new0 (NvThroughput, 1);

  throughput->results = results;
  throughput->kernels = g_array_new (FALSE, FALSE, sizeof (guint));
  throughput->vms = g_ptr_array_new ();
  throughput->names = g_ptr_array_new ();
  throughput->policies = g_ptr_array_new ();
  throughput->where = format_where (results);
  choose_kernels (throughput, kernels);
  choose_vms (throughput, vms);
  return check_wanted (throughput, kernels, vms, error) ? g_steal_pointer (&throughput) : NULL;
}

void
nv_throughput_free (NvThroughput *throughput)
{
  if (!throughput)
    return;
  g_array_unref (throughput->kernels);
  g_ptr_array_unref (throughput->vms);
  g_ptr_array_unref (throughput->names);
  g_ptr_array_unref (throughput->policies);
  g_free (throughput->where);
  g_free (throughput);
}

guint
nv_throughput_count (const NvThroughput *throughput)
{
  return throughput->names->len + throughput->kernels->len + NV_THROUGHPUT_N_BOXES;
}

/* With its unit, and then a number, where another one is called the same. */
static char *
name_kernel (const NvThroughput *throughput, guint index)
{
  const NvResultKernel *kernel = nv_throughput_kernel (throughput, index);
  guint n_same = 0, n_alike = 0; /* of its name; before it, of its name and unit */

  for (guint k = 0; k < throughput->kernels->len; k++)
    {
      const NvResultKernel *other = nv_throughput_kernel (throughput, k);

      n_same += strcmp (other->name, kernel->name) == 0;
      n_alike +=
          k < index && strcmp (other->name, kernel->name) == 0 && strcmp (other->unit, kernel->unit) == 0;
    }
  if (n_same < 2)
    return g_strconcat ("kernel-", kernel->name, NULL);
  if (n_alike == 0)
    return g_strdup_printf ("kernel-%s, %s", kernel->name, kernel->unit);
  return g_strdup_printf ("kernel-%s, %s, %u", kernel->name, kernel->unit, n_alike + 1);
}

char *
nv_throughput_name (const NvThroughput *throughput, guint index)
{
  guint n_names = throughput->names->len, n_kernels = throughput->kernels->len;

  if (index < n_names)
    return g_strconcat ("vm-", g_ptr_array_index (throughput->names, index), NULL);
  if (index < n_names + n_kernels)
    return name_kernel (throughput, index - n_names);
  return g_strdup (nv_throughput_box_name (index - n_names - n_kernels));
}

/* --- units --- */

char *
nv_throughput_format_unit (const NvResultKernel *kernel, double *ret_scale)
{
  const NvUnit unit = nv_unit_find (kernel->unit);
  const char *what = kernel->is_metric         ? "best value"
                     : kernel->lower_is_better ? "best latency"
                                               : "best rate";

  *ret_scale = 1 / unit.scale;
  return g_strdup_printf ("%s, %s%s", what, kernel->lower_is_better ? "lower is better, " : "", unit.shown);
}

gboolean
nv_throughput_share_axis (gconstpointer a, gconstpointer b)
{
  const NvResultKernel *one = a, *other = b;

  return strcmp (one->unit, other->unit) == 0 && one->lower_is_better == other->lower_is_better
         && one->is_metric == other->is_metric;
}

GPtrArray *
nv_throughput_list_axes (const NvThroughput *throughput)
{
  GPtrArray *list = g_ptr_array_new ();

  for (guint k = 0; k < throughput->kernels->len; k++)
    if (!g_ptr_array_find_with_equal_func (list, nv_throughput_kernel (throughput, k),
                                           nv_throughput_share_axis, NULL))
      g_ptr_array_add (list, (gpointer)nv_throughput_kernel (throughput, k));
  return list;
}

/* --- titles --- */

static void
append_policies (const NvThroughput *throughput, GString *title)
{
  const GPtrArray *policies = throughput->policies;

  if (policies->len > MAX_POLICIES_IN_TITLE)
    g_string_append_printf (title, ", %u policies", policies->len);
  for (guint i = 0; policies->len <= MAX_POLICIES_IN_TITLE && i < policies->len; i++)
    {
      const char *policy = g_ptr_array_index (policies, i);

      if (policy)
        g_string_append_printf (title, "%s%s", i == 0 ? ", " : " against ", policy);
    }
}

/* @name: (nullable): of the VM. */
static void
append_runs (const NvThroughput *throughput, const char *name, GString *title)
{
  guint least = G_MAXUINT, most = 0;

  for (guint i = 0; i < throughput->vms->len; i++)
    {
      const NvResultVm *vm = g_ptr_array_index (throughput->vms, i);

      if (name && strcmp (vm->name, name) != 0)
        continue;
      least = MIN (least, vm->n_runs);
      most = MAX (most, vm->n_runs);
    }
  if (least < most)
    g_string_append_printf (title, ", %u to %u runs", least, most);
  else
    g_string_append_printf (title, ", %u run%s", most, most == 1 ? "" : "s");
  g_string_append (title, name || throughput->names->len == 1 ? "" : " each");
}

/* What must go with the figures wherever the picture goes. Returns: (transfer full): NULL: nothing. */
static char *
format_note (const NvResults *results)
{
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);

  if (results->emulated == 1)
    g_ptr_array_add (notes, g_strdup ("EMULATED: these figures compare emulators, not memory"));
  if (results->rates_divided_by > 1)
    g_ptr_array_add (notes, g_strdup_printf ("rates of the original's modified STREAM are divided by %u",
                                             results->rates_divided_by));
  if (results->implausible_rate > 0)
    g_ptr_array_add (notes,
                     g_strdup_printf ("IMPLAUSIBLE: %.0f MB/s a thread is more than a core gets from memory",
                                      results->implausible_rate / 1e6));
  if (notes->len == 0)
    return NULL;
  g_ptr_array_add (notes, NULL);
  return g_strjoinv ("; ", (char **)notes->pdata);
}

NvChart *
nv_throughput_new_chart (const NvThroughput *throughput, const char *what, const char *vm)
{
  g_autoptr (GString) title = g_string_new (what);
  NvChart *chart;

  if (!vm)
    g_string_append_printf (title, ", %u VM%s", throughput->names->len,
                            throughput->names->len == 1 ? "" : "s");
  append_runs (throughput, vm, title);
  append_policies (throughput, title);
  g_string_append (title, throughput->where);
  chart = nv_chart_new (title->str);
  chart->same_y = TRUE;
  chart->note = format_note (throughput->results);
  return chart;
}

/* --- of runs --- */

/* Everything that one picture of lines shows: all kernels of one VM, or all VMs of one kernel. */
typedef struct
{
  const NvThroughput *throughput;
  const char *vm; /* NULL: all */
  int kernel;     /* index; -1: all */
  const NvResultKernel *axis;
  double scale;
  const char *y_label;
} View;

/* The lines of one policy. Returns: (transfer full): of NvResultLine. */
static GArray *
list_lines (const View *view, const char *policy)
{
  const NvThroughput *throughput = view->throughput;
  GArray *lines = g_array_new (FALSE, FALSE, sizeof (NvResultLine));

  for (guint i = 0; i < throughput->vms->len; i++)
    {
      const NvResultVm *vm = g_ptr_array_index (throughput->vms, i);

      if (g_strcmp0 (vm->policy, policy) != 0 || (view->vm && strcmp (vm->name, view->vm) != 0))
        continue;
      for (guint k = 0; k < throughput->kernels->len; k++)
        {
          NvResultLine line = { view->vm ? nv_throughput_kernel (throughput, k)->name : vm->name,
                                nv_throughput_results (throughput, vm, k) };

          if ((view->kernel < 0 || k == (guint)view->kernel) && line.results->len > 0
              && nv_throughput_share_axis (nv_throughput_kernel (throughput, k), view->axis))
            g_array_append_val (lines, line);
        }
    }
  return lines;
}

/* What stands beside each other on the x axis: every label, once. Returns: (transfer container). */
static GPtrArray *
list_labels (const GPtrArray *policies_lines)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  GPtrArray *labels = g_ptr_array_new ();

  for (guint p = 0; p < policies_lines->len; p++)
    {
      const GArray *lines = g_ptr_array_index (policies_lines, p);

      for (guint i = 0; i < lines->len; i++)
        {
          const char *label = g_array_index (lines, NvResultLine, i).label;

          if (g_hash_table_add (seen, (gpointer)label))
            g_ptr_array_add (labels, (gpointer)label);
        }
    }
  return labels;
}

/* Of the line of each label; NAN: there is none. Returns: (transfer full). */
static double *
list_means (const GPtrArray *labels, const GArray *lines, double scale)
{
  g_autoptr (GHashTable) places = g_hash_table_new (g_str_hash, g_str_equal);
  double *means = g_new (double, labels->len);

  for (guint i = 0; i < labels->len; i++)
    {
      means[i] = NAN;
      g_hash_table_insert (places, g_ptr_array_index (labels, i), means + i);
    }
  for (guint i = 0; i < lines->len; i++)
    {
      const NvResultLine *line = &g_array_index (lines, NvResultLine, i);

      *(double *)g_hash_table_lookup (places, line->label) = nv_results_mean (line->results) * scale;
    }
  return means;
}

static NvBox
make_point (const char *label, double value)
{
  return (NvBox){ g_strdup (label), value, value, value, value, value, value, value };
}

static void
add_named_points (NvPanel *panel, const char *policy, const GPtrArray *labels, const double *means)
{
  NvBox *points = g_new (NvBox, labels->len);

  for (guint i = 0; i < labels->len; i++)
    points[i] = make_point (g_ptr_array_index (labels, i), means[i]);
  nv_panel_add_boxes (panel, policy, labels->len, points);
}

static double *
count_up (gsize n)
{
  double *numbers = g_new (double, n);

  for (gsize i = 0; i < n; i++)
    numbers[i] = (double)i + 1;
  return numbers;
}

/* Where nothing was run twice there is nothing over runs: what would be lines are points beside each other.
 */
static void
add_points (const View *view, NvChart *chart, const GPtrArray *policies_lines)
{
  g_autoptr (GPtrArray) labels = list_labels (policies_lines);
  gboolean has_names = labels->len <= MAX_NAMED;
  /* Of several policies each adds those that the ones before did not have. */
  const char *x_label = view->vm                               ? "kernel"
                        : view->throughput->policies->len == 1 ? "VM, in the order of their names"
                                                               : "VM";
  NvPanel *panel = nv_chart_add_panel (chart, NULL, has_names ? NULL : x_label, view->y_label);

  panel->is_points = TRUE;
  for (guint p = 0; p < policies_lines->len; p++)
    {
      const char *policy = g_ptr_array_index (view->throughput->policies, p);
      g_autofree double *means = list_means (labels, g_ptr_array_index (policies_lines, p), view->scale);

      if (has_names)
        add_named_points (panel, policy, labels, means);
      else
        nv_panel_add_line (panel, policy, labels->len, count_up (labels->len), g_steal_pointer (&means));
    }
}

static void
add_panels (const View *view, NvChart *chart)
{
  const GPtrArray *policies = view->throughput->policies;
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func ((GDestroyNotify)g_array_unref);
  gboolean is_once = TRUE;
  guint n_lines = 0;

  for (guint p = 0; p < policies->len; p++)
    {
      GArray *lines = list_lines (view, g_ptr_array_index (policies, p));

      g_ptr_array_add (all, lines);
      n_lines += lines->len;
      for (guint i = 0; i < lines->len; i++)
        is_once = is_once && g_array_index (lines, NvResultLine, i).results->len <= 1;
    }
  if (is_once && n_lines > 0)
    {
      add_points (view, chart, all);
      return;
    }
  for (guint p = 0; p < policies->len; p++)
    {
      const GArray *lines = g_ptr_array_index (all, p);

      if (lines->len > 0)
        nv_result_lines_put (nv_chart_add_panel (chart, g_ptr_array_index (policies, p), NULL, view->y_label),
                             (const NvResultLine *)(const void *)lines->data, lines->len, view->scale);
    }
}

static NvChart *
draw_runs (const NvThroughput *throughput, const char *vm, int kernel)
{
  NvChart *chart = nv_throughput_new_chart (
      throughput, vm ? vm : nv_throughput_kernel (throughput, (guint)kernel)->name, vm);
  g_autoptr (GPtrArray) axes = nv_throughput_list_axes (throughput);

  for (guint i = 0; i < axes->len; i++)
    {
      View view = { throughput, vm, kernel, g_ptr_array_index (axes, i) };
      g_autofree char *y_label = nv_throughput_format_unit (view.axis, &view.scale);

      view.y_label = y_label;
      if (kernel < 0
          || nv_throughput_share_axis (nv_throughput_kernel (throughput, (guint)kernel), view.axis))
        add_panels (&view, chart);
    }
  return chart;
}

NvChart *
nv_throughput_draw (const NvThroughput *throughput, guint index)
{
  guint n_names = throughput->names->len, n_kernels = throughput->kernels->len;

  if (index < n_names)
    return draw_runs (throughput, g_ptr_array_index (throughput->names, index), -1);
  if (index < n_names + n_kernels)
    return draw_runs (throughput, NULL, (int)(index - n_names));
  return nv_throughput_draw_boxes (throughput, index - n_names - n_kernels);
}
