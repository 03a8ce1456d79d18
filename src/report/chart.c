#include "report/chart.h"
#include "base/error.h"

#include <string.h>

static void
series_clear (gpointer data)
{
  NvSeriesData *series = data;

  for (gsize i = 0; series->boxes && i < series->n; i++)
    g_free (series->boxes[i].label);
  g_free ((NvBox *)series->boxes);
  g_free (series->label);
  g_free (series->x);
  g_free (series->low);
  g_free (series->high);
  g_free (series->middle);
}

static void
shade_clear (gpointer data)
{
  g_free (((NvShade *)data)->label);
}

static void
panel_free (gpointer data)
{
  NvPanel *panel = data;

  g_free (panel->heading);
  g_free (panel->x_label);
  g_free (panel->y_label);
  g_array_unref (panel->series);
  g_array_unref (panel->shades);
  g_free (panel);
}

NvChart *
nv_chart_new (const char *title)
{
  NvChart *chart = g_new0 (NvChart, 1);

  chart->title = g_strdup (title);
  chart->panels = g_ptr_array_new_with_free_func (panel_free);
  return chart;
}

void
nv_chart_free (NvChart *chart)
{
  if (!chart)
    return;
  g_free (chart->title);
  g_free (chart->note);
  g_ptr_array_unref (chart->panels);
  g_free (chart);
}

NvPanel *
nv_chart_add_panel (NvChart *chart, const char *heading, const char *x_label, const char *y_label)
{
  NvPanel *panel = g_new0 (NvPanel, 1);

  panel->heading = g_strdup (heading);
  panel->x_label = g_strdup (x_label);
  panel->y_label = g_strdup (y_label);
  panel->series = g_array_new (FALSE, FALSE, sizeof (NvSeriesData));
  g_array_set_clear_func (panel->series, series_clear);
  panel->shades = g_array_new (FALSE, FALSE, sizeof (NvShade));
  g_array_set_clear_func (panel->shades, shade_clear);
  g_ptr_array_add (chart->panels, panel);
  return panel;
}

static void
add_series (NvPanel *panel, const char *label, NvSeriesData series)
{
  series.label = g_strdup (label);
  g_array_append_val (panel->series, series);
}

void
nv_panel_add_line (NvPanel *panel, const char *label, gsize n, double *x, double *y)
{
  add_series (panel, label, (NvSeriesData){ .n = n, .x = x, .low = y });
}

void
nv_panel_add_band (NvPanel *panel, const char *label, gsize n, double *x, double *low, double *high)
{
  add_series (panel, label, (NvSeriesData){ .n = n, .x = x, .low = low, .high = high });
}

void
nv_panel_add_boxes (NvPanel *panel, const char *label, gsize n, NvBox *boxes)
{
  add_series (panel, label, (NvSeriesData){ .n = n, .boxes = boxes });
}

void
nv_panel_set_middle (NvPanel *panel, double *middle)
{
  g_array_index (panel->series, NvSeriesData, panel->series->len - 1).middle = middle;
}

void
nv_panel_mute (NvPanel *panel)
{
  g_array_index (panel->series, NvSeriesData, panel->series->len - 1).is_muted = TRUE;
}

void
nv_panel_add_shade (NvPanel *panel, double from, double to, const char *label)
{
  NvShade shade = { from, to, g_strdup (label) };

  g_array_append_val (panel->shades, shade);
}

gboolean
nv_chart_check_name (const char *path, GError **error)
{
  if (g_str_has_suffix (path, ".png") || g_str_has_suffix (path, ".svg") || g_str_has_suffix (path, ".pdf"))
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
               "picture '%s': its name says its format: .png, .svg or .pdf is allowed", path);
  return FALSE;
}

gboolean
nv_chart_check_data_name (const char *path, GError **error)
{
  if (g_str_has_suffix (path, ".csv") || g_str_has_suffix (path, ".json"))
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
               "data '%s': its name says its format: .csv or .json is allowed", path);
  return FALSE;
}
