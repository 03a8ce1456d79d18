/* Boxes: how VMs, or the runs of one, differ. */

#include "report/throughput-private.h"
#include "report/unit.h"
#include "stats/describe.h"

#include <math.h>
#include <string.h>

static const struct
{
  const char *name;
  const char *what;
  gboolean is_time;
  gsize offset; /* in NvResult */
} boxes[NV_THROUGHPUT_N_BOXES] = {
  { "throughput", "best value of each kernel", FALSE, G_STRUCT_OFFSET (NvResult, best) },
  { "time-average", "average time of an iteration", TRUE, G_STRUCT_OFFSET (NvResult, average_s) },
  { "time-minimum", "shortest time of an iteration", TRUE, G_STRUCT_OFFSET (NvResult, minimum_s) },
  { "time-maximum", "longest time of an iteration", TRUE, G_STRUCT_OFFSET (NvResult, maximum_s) },
};

const char *
nv_throughput_box_name (guint which)
{
  return boxes[which].name;
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
  const char *label = nv_throughput_kernel (view->throughput, kernel)->name;
  NvStatistics s;

  for (guint i = 0; i < view->throughput->vms->len; i++)
    {
      const NvResultVm *vm = g_ptr_array_index (view->throughput->vms, i);

      if (g_strcmp0 (vm->policy, policy) == 0)
        append_values (view, nv_throughput_results (view->throughput, vm, kernel), values);
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
        if (nv_throughput_share_axis (nv_throughput_kernel (throughput, k), axis))
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
        const GArray *results = nv_throughput_results (throughput, g_ptr_array_index (throughput->vms, i), k);

        for (guint r = 0;
             nv_throughput_share_axis (nv_throughput_kernel (throughput, k), axis) && r < results->len; r++)
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

NvChart *
nv_throughput_draw_boxes (const NvThroughput *throughput, guint which)
{
  Boxes view = { throughput, boxes[which].offset, has_one_vm_each (throughput) };
  NvChart *chart = nv_throughput_new_chart (throughput, boxes[which].what, NULL);
  g_autoptr (GPtrArray) axes = nv_throughput_list_axes (throughput);
  g_autofree char *population = format_population (&view);

  chart->same_y = FALSE;
  for (guint i = 0; i < axes->len; i++)
    {
      const NvResultKernel *axis = g_ptr_array_index (axes, i);
      double scale;
      g_autofree char *y_label = nv_throughput_format_unit (axis, &scale);
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
