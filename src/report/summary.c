#include "report/summary.h"
#include "report/plain.h"
#include "report/table.h"
#include "report/unit.h"

#include <math.h>
#include <string.h>

enum
{
  N_VALUES = 4, /* best, average, minimum, maximum */
  MAX_NAME = 32,
};

/* --- means of means --- */

/* What the VMs of one row have. */
typedef struct
{
  GArray *values[N_VALUES]; /* of double: one a VM */
  NvSummaryRow row;
} Gathered;

static void
rank_vm (NvSummaryRow *row, const char *name, double best)
{
  gboolean lower_is_better = row->kernel->lower_is_better;

  if (!row->fastest || (lower_is_better ? best < row->fastest_best : best > row->fastest_best))
    {
      row->fastest = name;
      row->fastest_best = best;
    }
  if (!row->slowest || (lower_is_better ? best > row->slowest_best : best < row->slowest_best))
    {
      row->slowest = name;
      row->slowest_best = best;
    }
}

static void
gather_vm (Gathered *gathered, const NvResultVm *vm, const GArray *results)
{
  double sums[N_VALUES] = { 0 };

  if (results->len == 0)
    return;
  for (guint i = 0; i < results->len; i++)
    {
      const NvResult *result = &g_array_index (results, NvResult, i);

      sums[0] += result->best;
      sums[1] += result->average_s;
      sums[2] += result->minimum_s;
      sums[3] += result->maximum_s;
    }
  for (guint i = 0; i < N_VALUES; i++)
    {
      sums[i] /= results->len;
      g_array_append_val (gathered->values[i], sums[i]);
    }
  gathered->row.n_runs += results->len;
  rank_vm (&gathered->row, vm->name, sums[0]);
}

static void
describe (const GArray *values, NvStatistics *ret_statistics)
{
  nv_describe ((double *)(void *)values->data, values->len, ret_statistics);
}

/* Those of @vms from @from on that are of one policy. Returns: where the next policy begins. */
static guint
add_row (GArray *rows, const NvResults *results, guint kernel, guint from)
{
  const NvResultVm *vm = g_ptr_array_index (results->vms, from);
  Gathered gathered = { .row = { .kernel = g_ptr_array_index (results->kernels, kernel),
                                 .policy = vm->policy } };
  guint i = from;

  for (guint v = 0; v < N_VALUES; v++)
    gathered.values[v] = g_array_new (FALSE, FALSE, sizeof (double));
  for (; i < results->vms->len; i++)
    {
      vm = g_ptr_array_index (results->vms, i);
      if (g_strcmp0 (vm->policy, gathered.row.policy) != 0)
        break;
      gather_vm (&gathered, vm, vm->results[kernel]);
    }
  describe (gathered.values[0], &gathered.row.best);
  describe (gathered.values[1], &gathered.row.average_s);
  describe (gathered.values[2], &gathered.row.minimum_s);
  describe (gathered.values[3], &gathered.row.maximum_s);
  if (gathered.row.n_runs > 0)
    g_array_append_val (rows, gathered.row);
  for (guint v = 0; v < N_VALUES; v++)
    g_array_unref (gathered.values[v]);
  return i;
}

GArray *
nv_summary_new (const NvResults *results)
{
  GArray *rows = g_array_new (FALSE, FALSE, sizeof (NvSummaryRow));

  for (guint kernel = 0; kernel < results->kernels->len; kernel++)
    for (guint i = 0; i < results->vms->len;)
      i = add_row (rows, results, kernel, i);
  return rows;
}

/* --- as a table --- */

/* What is not known is `–`. */
static char *
format_number (double value, double scale, int decimals)
{
  char format[8], text[64];

  if (!isfinite (value))
    return g_strdup ("–");
  g_snprintf (format, sizeof format, "%%.%df", decimals);
  return g_strdup (g_ascii_formatd (text, sizeof text, format, value / scale));
}

static char *
format_vm (const char *name, double best, const NvUnit *unit, int decimals)
{
  g_autofree char *value = format_number (best, unit->scale, decimals);
  g_autofree char *cut = g_utf8_substring (name, 0, MIN (g_utf8_strlen (name, -1), MAX_NAME));

  return g_strdup_printf ("%s%s %s", cut, strlen (cut) < strlen (name) ? "…" : "", value);
}

#define BAR_HEADING "VMS ┼─┼, MEAN ●, 95 % ━"
#define MIN_BAR     25
#define MAX_BAR     40

typedef struct
{
  double from, to;
} Axis;

/* Of all policies of a kernel. */
static Axis
find_axis (const GArray *rows, const NvResultKernel *kernel)
{
  Axis axis = { G_MAXDOUBLE, -G_MAXDOUBLE };

  for (guint i = 0; i < rows->len; i++)
    {
      const NvStatistics *best = &g_array_index (rows, NvSummaryRow, i).best;

      if (g_array_index (rows, NvSummaryRow, i).kernel != kernel)
        continue;
      axis.from = fmin (axis.from, fmin (best->minimum, best->low));
      axis.to = fmax (axis.to, fmax (best->maximum, best->high));
    }
  return axis;
}

static guint
place (const Axis *axis, double value, guint width)
{
  double share = axis->to > axis->from ? (value - axis->from) / (axis->to - axis->from) : 0.5;

  return (guint)CLAMP (round (share * (width - 1)), 0, width - 1);
}

static char *
draw_bar (const NvStatistics *best, const Axis *axis, guint width)
{
  GString *bar = g_string_new (NULL);
  guint least = place (axis, best->minimum, width), most = place (axis, best->maximum, width);
  guint low = isfinite (best->low) ? place (axis, best->low, width) : width;
  guint high = isfinite (best->high) ? place (axis, best->high, width) : 0;
  guint mean = place (axis, best->mean, width);

  for (guint i = 0; i < width; i++)
    g_string_append (bar, i == mean                 ? "●"
                          : i == least || i == most ? "┼"
                          : i >= low && i <= high   ? "━"
                          : i >= least && i <= most ? "─"
                                                    : " ");
  return g_string_free (bar, FALSE);
}

/* @bar: its width; 0: none. */
static void
add_table_row (NvTable *table, const GArray *rows, guint index, gboolean has_policy, guint bar)
{
  const NvSummaryRow *row = &g_array_index (rows, NvSummaryRow, index);
  const NvUnit unit = nv_unit_find (row->kernel->unit);
  const Axis axis = find_axis (rows, row->kernel);
  int decimals = nv_unit_decimals (row->best.mean / unit.scale);
  gboolean is_one = row->best.n < 2;
  g_autofree char *vms = g_strdup_printf ("%" G_GSIZE_FORMAT, row->best.n);
  g_autofree char *runs = g_strdup_printf ("%u", row->n_runs);
  g_autofree char *best = format_number (row->best.mean, unit.scale, decimals);
  g_autofree char *deviation = format_number (row->best.deviation, unit.scale, decimals);
  g_autofree char *low = format_number (row->best.low, unit.scale, decimals);
  g_autofree char *high = format_number (row->best.high, unit.scale, decimals);
  g_autofree char *average = format_number (row->average_s.mean, 1e-3, 4);
  g_autofree char *minimum = format_number (row->minimum_s.mean, 1e-3, 4);
  g_autofree char *maximum = format_number (row->maximum_s.mean, 1e-3, 4);
  g_autofree char *fastest =
      is_one ? g_strdup ("") : format_vm (row->fastest, row->fastest_best, &unit, decimals);
  g_autofree char *slowest =
      is_one ? g_strdup ("") : format_vm (row->slowest, row->slowest_best, &unit, decimals);
  g_autofree char *drawn = bar > 0 ? draw_bar (&row->best, &axis, bar) : NULL;
  g_autoptr (GPtrArray) cells = g_ptr_array_new ();

  g_ptr_array_add (cells, row->kernel->name);
  if (has_policy)
    g_ptr_array_add (cells, (gpointer)(row->policy ? row->policy : "–"));
  for (char **cell = (char *[]){ (char *)unit.shown, best, deviation, low, high, NULL }; *cell; cell++)
    g_ptr_array_add (cells, *cell);
  if (drawn)
    g_ptr_array_add (cells, drawn);
  for (char **cell = (char *[]){ average, minimum, maximum, vms, runs, fastest, slowest, NULL }; *cell;
       cell++)
    g_ptr_array_add (cells, *cell);
  nv_table_add_row (table, (const char *const *)cells->pdata);
}

static gboolean
any_policy (const GArray *rows)
{
  for (guint i = 0; i < rows->len; i++)
    if (g_array_index (rows, NvSummaryRow, i).policy)
      return TRUE;
  return FALSE;
}

static char *
format_with_bars (const GArray *rows, guint bar)
{
  gboolean has_policy = any_policy (rows);
  g_autoptr (GPtrArray) headings = g_ptr_array_new ();
  g_autoptr (NvTable) table = NULL;

  g_ptr_array_add (headings, (gpointer) "KERNEL");
  if (has_policy)
    g_ptr_array_add (headings, (gpointer) "POLICY");
  for (char **heading = (char *[]){ "UNIT", ">BEST", ">SD", ">95 % FROM", ">TO", NULL }; *heading; heading++)
    g_ptr_array_add (headings, *heading);
  if (bar > 0)
    g_ptr_array_add (headings, (gpointer)BAR_HEADING);
  for (char **heading =
           (char *[]){ ">AVERAGE ms", ">MIN ms", ">MAX ms", ">VMS", ">RUNS", "FASTEST", "SLOWEST", NULL };
       *heading; heading++)
    g_ptr_array_add (headings, *heading);
  g_ptr_array_add (headings, NULL);
  table = nv_table_new ((const char *const *)headings->pdata);
  for (guint i = 0; i < rows->len; i++)
    add_table_row (table, rows, i, has_policy, bar);
  return nv_table_format (table);
}

static char *
format_table (const GArray *rows, guint columns)
{
  char *text = format_with_bars (rows, 0);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  glong width = 0;

  for (char **line = lines; *line; line++)
    width = MAX (width, g_utf8_strlen (*line, -1));
  width = (glong)columns - width - 2;
  if (width < MIN_BAR)
    return text;
  g_free (text);
  return format_with_bars (rows, (guint)MIN (width, MAX_BAR));
}

char *
nv_summary_format (const NvResults *results, const GArray *rows, guint columns)
{
  g_autofree char *table = format_table (rows, columns);
  GString *text = g_string_new (NULL);

  if (results->rates_divided_by > 0)
    g_string_append_printf (text, "rates of the original's modified STREAM are divided by %u\n",
                            results->rates_divided_by);
  if (results->implausible_rate > 0)
    g_string_append_printf (text, "IMPLAUSIBLE: no core gets %.0f MB/s a thread from memory\n",
                            results->implausible_rate / 1e6);
  g_string_append (text, table);
  return g_string_free (text, FALSE);
}

/* --- as data --- */

static json_t *
statistics_to_json (const NvStatistics *statistics)
{
  return json_pack ("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "mean", nv_json_real (statistics->mean),
                    "deviation", nv_json_real (statistics->deviation), "low", nv_json_real (statistics->low),
                    "high", nv_json_real (statistics->high), "minimum", nv_json_real (statistics->minimum),
                    "median", nv_json_real (statistics->median), "maximum",
                    nv_json_real (statistics->maximum));
}

static json_t *
row_to_json (const NvSummaryRow *row)
{
  return json_pack ("{s:s, s:s?, s:s, s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:{s:s, s:f}, s:{s:s, s:f}}",
                    "kernel", row->kernel->name, "policy", row->policy, "unit", row->kernel->unit, "better",
                    row->kernel->lower_is_better ? "lower" : "higher", "vms", (json_int_t)row->best.n, "runs",
                    (json_int_t)row->n_runs, "best", statistics_to_json (&row->best), "average_s",
                    statistics_to_json (&row->average_s), "minimum_s", statistics_to_json (&row->minimum_s),
                    "maximum_s", statistics_to_json (&row->maximum_s), "fastest", "vm", row->fastest, "best",
                    row->fastest_best, "slowest", "vm", row->slowest, "best", row->slowest_best);
}

json_t *
nv_summary_to_json (const NvResults *results, const GArray *rows)
{
  json_t *list = json_array ();

  for (guint i = 0; i < rows->len; i++)
    json_array_append_new (list, row_to_json (&g_array_index (rows, NvSummaryRow, i)));
  return json_pack ("{s:s, s:s?, s:s?, s:o, s:o, s:o, s:I, s:o}", "source", results->source, "when",
                    results->when, "host", results->host, "emulated",
                    results->emulated < 0 ? json_null () : json_boolean (results->emulated),
                    "rates_divided_by",
                    results->rates_divided_by > 0 ? json_integer (results->rates_divided_by) : json_null (),
                    "implausible_rate",
                    results->implausible_rate > 0 ? json_real (results->implausible_rate) : json_null (),
                    "left_out", (json_int_t)results->left_out, "results", list);
}

char *
nv_summary_to_csv (const NvResults *results, const GArray *rows)
{
  GString *text = g_string_new (
      "kernel,policy,unit,better,vms,runs,best_mean,best_deviation,best_low,best_high,"
      "average_s,minimum_s,maximum_s,fastest_best,slowest_best,fastest,slowest,rates_divided_by\r\n");

  for (guint i = 0; i < rows->len; i++)
    {
      const NvSummaryRow *row = &g_array_index (rows, NvSummaryRow, i);
      const double numbers[] = { row->best.mean,      row->best.deviation, row->best.low,
                                 row->best.high,      row->average_s.mean, row->minimum_s.mean,
                                 row->maximum_s.mean, row->fastest_best,   row->slowest_best };

      nv_csv_append_text (text, row->kernel->name);
      g_string_append_c (text, ',');
      if (row->policy)
        nv_csv_append_text (text, row->policy);
      g_string_append_c (text, ',');
      nv_csv_append_text (text, row->kernel->unit);
      g_string_append_printf (text, ",%s,%" G_GSIZE_FORMAT ",%u",
                              row->kernel->lower_is_better ? "lower" : "higher", row->best.n, row->n_runs);
      for (guint v = 0; v < G_N_ELEMENTS (numbers); v++)
        {
          g_string_append_c (text, ',');
          nv_csv_append_real (text, numbers[v], "%.12g");
        }
      g_string_append_c (text, ',');
      nv_csv_append_text (text, row->fastest);
      g_string_append_c (text, ',');
      nv_csv_append_text (text, row->slowest);
      g_string_append_c (text, ',');
      if (results->rates_divided_by > 0)
        g_string_append_printf (text, "%u", results->rates_divided_by);
      g_string_append (text, "\r\n");
    }
  return g_string_free (text, FALSE);
}
