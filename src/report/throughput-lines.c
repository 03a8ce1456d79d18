#include "report/throughput-lines.h"
#include "stats/describe.h"

#include <math.h>

/* What a picture has room for. */
#define MAX_POINTS 120
#define MAX_BANDS  6
#define MAX_LINES  12

/* @per runs in a row are one of @n points. */
typedef struct
{
  const NvResultLine *lines;
  guint n_lines;
  guint64 per;
  gsize n;
  double scale;
} Folding;

typedef struct
{
  double *low, *high, *mean; /* NAN: no run */
} Folded;

static double *
new_gaps (gsize n)
{
  double *values = g_new (double, n);

  for (gsize i = 0; i < n; i++)
    values[i] = NAN;
  return values;
}

static Folded
fold (const Folding *folding, guint line)
{
  const GArray *results = folding->lines[line].results;
  Folded folded = { new_gaps (folding->n), new_gaps (folding->n), new_gaps (folding->n) };
  g_autofree guint *counts = g_new0 (guint, folding->n);

  for (guint i = 0; i < results->len; i++)
    {
      const NvResult *result = &g_array_index (results, NvResult, i);
      gsize at = result->sequence / folding->per;
      double value = (double)result->best * folding->scale;

      folded.low[at] = fmin (folded.low[at], value);
      folded.high[at] = fmax (folded.high[at], value);
      folded.mean[at] = counts[at]++ == 0 ? value : folded.mean[at] + (value - folded.mean[at]) / counts[at];
    }
  return folded;
}

static double *
points_x (const Folding *folding)
{
  double *x = g_new (double, folding->n);

  for (gsize i = 0; i < folding->n; i++)
    x[i] = (double)i * (double)folding->per + (double)(folding->per + 1) / 2;
  return x;
}

double
nv_results_mean (const GArray *results)
{
  double sum = 0;

  for (guint i = 0; i < results->len; i++)
    sum += (double)g_array_index (results, NvResult, i).best;
  return sum / results->len;
}

/* --- some --- */

/* Where any run of any line is. */
static void
put_range (NvPanel *panel, const Folding *folding, const Folded *all, const char *label)
{
  double *low = new_gaps (folding->n), *high = new_gaps (folding->n);

  for (guint line = 0; line < folding->n_lines; line++)
    for (gsize i = 0; i < folding->n; i++)
      {
        low[i] = fmin (low[i], all[line].low[i]);
        high[i] = fmax (high[i], all[line].high[i]);
      }
  nv_panel_add_band (panel, label, folding->n, points_x (folding), low, high);
  nv_panel_mute (panel);
}

static void
put_some (NvPanel *panel, const Folding *folding, const Folded *all)
{
  gboolean has_bands = folding->per > 1 && folding->n_lines <= MAX_BANDS;

  if (folding->per > 1 && !has_bands)
    put_range (panel, folding, all, "lowest to highest of all");
  for (guint line = 0; line < folding->n_lines; line++)
    {
      const char *label = folding->lines[line].label;
      double *mean = g_memdup2 (all[line].mean, folding->n * sizeof (double));

      if (!has_bands)
        {
          nv_panel_add_line (panel, label, folding->n, points_x (folding), mean);
          continue;
        }
      nv_panel_add_band (panel, label, folding->n, points_x (folding),
                         g_memdup2 (all[line].low, folding->n * sizeof (double)),
                         g_memdup2 (all[line].high, folding->n * sizeof (double)));
      nv_panel_set_middle (panel, mean);
    }
}

/* --- a crowd --- */

static void
put_quartiles (NvPanel *panel, const Folding *folding, const Folded *all)
{
  double *q1 = new_gaps (folding->n), *median = new_gaps (folding->n), *q3 = new_gaps (folding->n);
  g_autofree double *values = g_new (double, folding->n_lines);

  for (gsize i = 0; i < folding->n; i++)
    {
      NvStatistics statistics;
      gsize n = 0;

      for (guint line = 0; line < folding->n_lines; line++)
        if (!isnan (all[line].mean[i]))
          values[n++] = all[line].mean[i];
      nv_describe (values, n, &statistics);
      q1[i] = statistics.q1;
      median[i] = statistics.median;
      q3[i] = statistics.q3;
    }
  nv_panel_add_band (panel, "the middle half of the VMs", folding->n, points_x (folding), q1, q3);
  nv_panel_mute (panel);
  nv_panel_add_line (panel, "the median VM", folding->n, points_x (folding), median);
}

static void
put_extreme (NvPanel *panel, const Folding *folding, const Folded *all, guint line, const char *what)
{
  g_autofree char *label = g_strdup_printf ("%s: %s", what, folding->lines[line].label);

  nv_panel_add_line (panel, label, folding->n, points_x (folding),
                     g_memdup2 (all[line].mean, folding->n * sizeof (double)));
}

static void
put_crowd (NvPanel *panel, const Folding *folding, const Folded *all)
{
  guint lowest = 0, highest = 0;
  double least = INFINITY, most = -INFINITY;

  for (guint line = 0; line < folding->n_lines; line++)
    {
      double mean = nv_results_mean (folding->lines[line].results);

      if (mean < least)
        lowest = line;
      if (mean > most)
        highest = line;
      least = fmin (least, mean);
      most = fmax (most, mean);
    }
  put_range (panel, folding, all, "all runs of all VMs");
  put_quartiles (panel, folding, all);
  put_extreme (panel, folding, all, highest, "highest");
  put_extreme (panel, folding, all, lowest, "lowest");
}

/* --- all --- */

static void
set_x_label (NvPanel *panel, const Folding *folding)
{
  g_free (panel->x_label);
  if (folding->per == 1)
    panel->x_label = g_strdup ("run of the benchmark");
  else
    panel->x_label = g_strdup_printf ("run of the benchmark (line: mean of %" G_GUINT64_FORMAT
                                      " in a row; band: the lowest to the highest)",
                                      folding->per);
}

void
nv_result_lines_put (NvPanel *panel, const NvResultLine *lines, guint n_lines, double scale)
{
  Folding folding = { lines, n_lines, 1, 1, scale };
  g_autofree Folded *all = g_new (Folded, n_lines);
  guint64 n_runs = 1;

  for (guint line = 0; line < n_lines; line++)
    for (guint i = 0; i < lines[line].results->len; i++)
      n_runs = MAX (n_runs, (guint64)g_array_index (lines[line].results, NvResult, i).sequence + 1);
  folding.per = (n_runs + MAX_POINTS - 1) / MAX_POINTS;
  folding.n = (gsize)((n_runs + folding.per - 1) / folding.per);
  for (guint line = 0; line < n_lines; line++)
    all[line] = fold (&folding, line);
  set_x_label (panel, &folding);
  if (n_lines > MAX_LINES)
    put_crowd (panel, &folding, all);
  else
    put_some (panel, &folding, all);
  for (guint line = 0; line < n_lines; line++)
    {
      g_free (all[line].low);
      g_free (all[line].high);
      g_free (all[line].mean);
    }
}
