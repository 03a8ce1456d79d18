#include "report/throughput.h"
#include "base/error.h"
#include "report/throughput-lines.h"
#include "report/unit.h"
#include "stats/describe.h"

#include <math.h>
#include <string.h>

/* More VMs than that have no names on an axis. */
#define MAX_NAMED             24
#define MAX_POLICIES_IN_TITLE 3

struct NvThroughput
{
  const NvResults *results;
  GArray *kernels;     /* guint: places in the results' kernels, of those that have a result */
  GPtrArray *vms;      /* const NvResultVm, that have a result */
  GPtrArray *names;    /* of VMs, each once */
  GPtrArray *policies; /* each once; NULL: not known */
  char *where;         /* ", host a1 (emulated), 2026-11-24" */
};

/* Behind those of VMs and kernels. */
static const struct
{
  const char *name;
  const char *what;
  gboolean is_time;
  gsize offset; /* in NvResult */
} boxes[] = {
  { "throughput", "best value of each kernel", FALSE, G_STRUCT_OFFSET (NvResult, best) },
  { "time-average", "average time of an iteration", TRUE, G_STRUCT_OFFSET (NvResult, average_s) },
  { "time-minimum", "shortest time of an iteration", TRUE, G_STRUCT_OFFSET (NvResult, minimum_s) },
  { "time-maximum", "longest time of an iteration", TRUE, G_STRUCT_OFFSET (NvResult, maximum_s) },
};

/* --- what there is --- */

static const NvResultKernel *
get_kernel (const NvThroughput *throughput, guint index)
{
  return g_ptr_array_index (throughput->results->kernels, g_array_index (throughput->kernels, guint, index));
}

/* Of a VM, by the index among the chosen kernels. */
static const GArray *
get_results (const NvThroughput *throughput, const NvResultVm *vm, guint index)
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
        has_any |= get_results (throughput, vm, k)->len > 0;
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
      if (has_any && is_wanted (wanted, kernel->name))
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
        is_there |= strcmp (get_kernel (throughput, k)->name, kernels[i]) == 0;
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
  return throughput->names->len + throughput->kernels->len + G_N_ELEMENTS (boxes);
}

/* With its unit, and then a number, where another one is called the same. */
static char *
name_kernel (const NvThroughput *throughput, guint index)
{
  const NvResultKernel *kernel = get_kernel (throughput, index);
  guint n_same = 0, n_alike = 0; /* of its name; before it, of its name and unit */

  for (guint k = 0; k < throughput->kernels->len; k++)
    {
      const NvResultKernel *other = get_kernel (throughput, k);

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
  return g_strdup (boxes[index - n_names - n_kernels].name);
}

/* --- units --- */

/* "best rate, MB/s"; what a workload's metric is, its unit tells. Returns: (transfer full). */
static char *
format_unit (const NvResultKernel *kernel, double *ret_scale)
{
  const NvUnit unit = nv_unit_find (kernel->unit);
  const char *what = kernel->is_metric         ? "best value"
                     : kernel->lower_is_better ? "best latency"
                                               : "best rate";

  *ret_scale = 1 / unit.scale;
  return g_strdup_printf ("%s, %s%s", what, kernel->lower_is_better ? "lower is better, " : "", unit.shown);
}

/* Of times in s. */
static NvUnit
unit_of_time (double longest_s)
{
  if (longest_s < 1e-6)
    return (NvUnit){ "ns", 1e-9 };
  if (longest_s < 1e-3)
    return (NvUnit){ "\xc2\xb5s", 1e-6 };
  return longest_s < 1 ? (NvUnit){ "ms", 1e-3 } : (NvUnit){ "s", 1 };
}

static gboolean
share_axis (gconstpointer a, gconstpointer b)
{
  const NvResultKernel *one = a, *other = b;

  return strcmp (one->unit, other->unit) == 0 && one->lower_is_better == other->lower_is_better
         && one->is_metric == other->is_metric;
}

/* Of the chosen kernels the first of each axis. Returns: (transfer container). */
static GPtrArray *
list_axes (const NvThroughput *throughput)
{
  GPtrArray *list = g_ptr_array_new ();

  for (guint k = 0; k < throughput->kernels->len; k++)
    if (!g_ptr_array_find_with_equal_func (list, get_kernel (throughput, k), share_axis, NULL))
      g_ptr_array_add (list, (gpointer)get_kernel (throughput, k));
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

/* @vm: (nullable): which one it is about. */
static NvChart *
new_chart (const NvThroughput *throughput, const char *what, const char *vm)
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
          NvResultLine line = { view->vm ? get_kernel (throughput, k)->name : vm->name,
                                get_results (throughput, vm, k) };

          if ((view->kernel < 0 || k == (guint)view->kernel) && line.results->len > 0
              && share_axis (get_kernel (throughput, k), view->axis))
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
  NvChart *chart = new_chart (throughput, vm ? vm : get_kernel (throughput, (guint)kernel)->name, vm);
  g_autoptr (GPtrArray) axes = list_axes (throughput);

  for (guint i = 0; i < axes->len; i++)
    {
      View view = { throughput, vm, kernel, g_ptr_array_index (axes, i) };
      g_autofree char *y_label = format_unit (view.axis, &view.scale);

      view.y_label = y_label;
      if (kernel < 0 || share_axis (get_kernel (throughput, (guint)kernel), view.axis))
        add_panels (&view, chart);
    }
  return chart;
}

/* --- boxes --- */

/* What one picture of boxes shows. */
typedef struct
{
  const NvThroughput *throughput;
  gsize offset;     /* in NvResult */
  gboolean of_runs; /* there is but one VM in each policy: of its runs, else of VMs' means */
} Boxes;

static double
get_value (const Boxes *view, const GArray *results, guint i)
{
  const char *result = (const char *)&g_array_index (results, NvResult, i);

  return *(const double *)(const void *)(result + view->offset);
}

static void
append_values (const Boxes *view, const GArray *results, GArray *values)
{
  double sum = 0;

  for (guint i = 0; i < results->len; i++)
    {
      double value = get_value (view, results, i);

      sum += value;
      if (view->of_runs)
        g_array_append_val (values, value);
    }
  sum /= results->len;
  if (!view->of_runs && results->len > 0)
    g_array_append_val (values, sum);
}

static NvBox
make_box (const Boxes *view, const char *policy, guint kernel, double scale)
{
  g_autoptr (GArray) values = g_array_new (FALSE, FALSE, sizeof (double));
  const char *label = get_kernel (view->throughput, kernel)->name;
  NvStatistics s;

  for (guint i = 0; i < view->throughput->vms->len; i++)
    {
      const NvResultVm *vm = g_ptr_array_index (view->throughput->vms, i);

      if (g_strcmp0 (vm->policy, policy) == 0)
        append_values (view, get_results (view->throughput, vm, kernel), values);
    }
  nv_describe ((double *)(void *)values->data, values->len, &s);
  return (NvBox){ g_strdup (label), s.minimum * scale, s.p5 * scale,  s.q1 * scale,
                  s.median * scale, s.q3 * scale,      s.p95 * scale, s.maximum * scale };
}

static void
add_boxes (const Boxes *view, NvPanel *panel, const NvResultKernel *axis, double scale)
{
  const NvThroughput *throughput = view->throughput;

  for (guint p = 0; p < throughput->policies->len; p++)
    {
      const char *policy = g_ptr_array_index (throughput->policies, p);
      g_autoptr (GArray) list = g_array_new (FALSE, FALSE, sizeof (NvBox));
      gsize n;

      for (guint k = 0; k < throughput->kernels->len; k++)
        if (share_axis (get_kernel (throughput, k), axis))
          {
            NvBox box = make_box (view, policy, k, scale);

            g_array_append_val (list, box);
          }
      n = list->len;
      nv_panel_add_boxes (panel, policy, n, (NvBox *)(void *)g_array_free (g_steal_pointer (&list), FALSE));
    }
}

/* Of the kernels of an axis. */
static double
find_longest (const Boxes *view, const NvResultKernel *axis)
{
  const NvThroughput *throughput = view->throughput;
  double longest = 0;

  for (guint i = 0; i < throughput->vms->len; i++)
    for (guint k = 0; k < throughput->kernels->len; k++)
      {
        const GArray *results = get_results (throughput, g_ptr_array_index (throughput->vms, i), k);

        for (guint r = 0; share_axis (get_kernel (throughput, k), axis) && r < results->len; r++)
          longest = fmax (longest, get_value (view, results, r));
      }
  return longest;
}

static gboolean
has_one_vm_each (const NvThroughput *throughput)
{
  return throughput->vms->len <= throughput->policies->len;
}

/* Returns: (transfer full): what the boxes are made of; NULL: they are none. */
static char *
format_population (const Boxes *view)
{
  guint most = 0;

  for (guint i = 0; i < view->throughput->vms->len; i++)
    most = MAX (most, ((const NvResultVm *)g_ptr_array_index (view->throughput->vms, i))->n_runs);
  if (view->of_runs)
    return most > 1 ? g_strdup_printf ("over %u runs", most) : NULL;
  return g_strdup_printf ("over %u VMs%s", view->throughput->names->len,
                          most > 1 ? ", each the mean of its runs" : "");
}

static NvChart *
draw_boxes (const NvThroughput *throughput, guint which)
{
  Boxes view = { throughput, boxes[which].offset, has_one_vm_each (throughput) };
  NvChart *chart = new_chart (throughput, boxes[which].what, NULL);
  g_autoptr (GPtrArray) axes = list_axes (throughput);
  g_autofree char *population = format_population (&view);

  chart->same_y = FALSE;
  for (guint i = 0; i < axes->len; i++)
    {
      const NvResultKernel *axis = g_ptr_array_index (axes, i);
      double scale;
      g_autofree char *y_label = format_unit (axis, &scale);
      g_autofree char *time_label = NULL;

      if (boxes[which].is_time)
        {
          const NvUnit time = unit_of_time (find_longest (&view, axis));

          scale = 1 / time.scale;
          time_label = g_strdup_printf ("time, %s", time.shown);
        }
      add_boxes (&view, nv_chart_add_panel (chart, population, NULL, time_label ? time_label : y_label), axis,
                 scale);
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
  return draw_boxes (throughput, index - n_names - n_kernels);
}
