/* What is drawn, as numbers. */

#include "report/chart.h"
#include "report/plain.h"
#include "base/error.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

/* --- CSV: a row a point, RFC 4180 --- */

static const char csv_heading[] =
    "title,panel,y,series,label,x,value,low,high,minimum,p5,q1,median,q3,p95,maximum\r\n";

static void
append_text (GString *csv, const char *text)
{
  nv_csv_append_text (csv, text);
  g_string_append_c (csv, ',');
}

static void
append_number (GString *csv, double value, const char *end)
{
  nv_csv_append_real (csv, value, "%.9g");
  g_string_append (csv, end);
}

static void
append_point (GString *csv, const NvSeriesData *series, gsize i)
{
  const NvBox *box = series->boxes ? series->boxes + i : NULL;
  double middle = series->middle ? series->middle[i] : NAN;

  append_text (csv, box ? box->label : NULL);
  append_number (csv, box ? (double)i + 1 : series->x[i], ",");
  append_number (csv, box ? NAN : series->high ? middle : series->low[i], ",");
  append_number (csv, series->high ? series->low[i] : NAN, ",");
  append_number (csv, series->high ? series->high[i] : NAN, ",");
  append_number (csv, box ? box->minimum : NAN, ",");
  append_number (csv, box ? box->p5 : NAN, ",");
  append_number (csv, box ? box->q1 : NAN, ",");
  append_number (csv, box ? box->median : NAN, ",");
  append_number (csv, box ? box->q3 : NAN, ",");
  append_number (csv, box ? box->p95 : NAN, ",");
  append_number (csv, box ? box->maximum : NAN, "\r\n");
}

static void
append_csv (GString *csv, const NvChart *chart)
{
  for (guint p = 0; p < chart->panels->len; p++)
    {
      const NvPanel *panel = g_ptr_array_index (chart->panels, p);

      for (guint s = 0; s < panel->series->len; s++)
        {
          const NvSeriesData *series = &g_array_index (panel->series, NvSeriesData, s);

          for (gsize i = 0; i < series->n; i++)
            {
              append_text (csv, chart->title);
              append_text (csv, panel->heading);
              append_text (csv, panel->y_label);
              append_text (csv, series->label);
              append_point (csv, series, i);
            }
        }
    }
}

/* --- JSON --- */

static void
set_numbers (json_t *object, const char *name, const double *values, gsize n)
{
  json_t *array = values ? json_array () : NULL;

  for (gsize i = 0; values && i < n; i++)
    json_array_append_new (array, nv_json_real (values[i]));
  if (array)
    json_object_set_new (object, name, array);
}

static json_t *
box_to_json (const NvBox *box)
{
  return json_pack ("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "label", nv_json_text (box->label), "minimum",
                    nv_json_real (box->minimum), "p5", nv_json_real (box->p5), "q1", nv_json_real (box->q1),
                    "median", nv_json_real (box->median), "q3", nv_json_real (box->q3), "p95",
                    nv_json_real (box->p95), "maximum", nv_json_real (box->maximum));
}

static json_t *
series_to_json (const NvSeriesData *series)
{
  json_t *object = json_pack ("{s:o}", "label", nv_json_text (series->label));
  json_t *boxes = series->boxes ? json_array () : NULL;

  set_numbers (object, "x", series->x, series->n);
  set_numbers (object, series->high ? "low" : "value", series->low, series->n);
  set_numbers (object, "high", series->high, series->n);
  set_numbers (object, "middle", series->middle, series->n);
  for (gsize i = 0; boxes && i < series->n; i++)
    json_array_append_new (boxes, box_to_json (series->boxes + i));
  if (boxes)
    json_object_set_new (object, "boxes", boxes);
  return object;
}

static json_t *
panel_to_json (const NvPanel *panel)
{
  json_t *series = json_array (), *shades = json_array ();

  for (guint i = 0; i < panel->series->len; i++)
    json_array_append_new (series, series_to_json (&g_array_index (panel->series, NvSeriesData, i)));
  for (guint i = 0; i < panel->shades->len; i++)
    {
      const NvShade *shade = &g_array_index (panel->shades, NvShade, i);

      json_array_append_new (shades,
                             json_pack ("{s:o, s:o, s:o}", "label", nv_json_text (shade->label), "from",
                                        nv_json_real (shade->from), "to", nv_json_real (shade->to)));
    }
  return json_pack ("{s:o, s:o, s:o, s:o, s:o}", "heading", nv_json_text (panel->heading), "x",
                    nv_json_text (panel->x_label), "y", nv_json_text (panel->y_label), "series", series,
                    "shades", shades);
}

static json_t *
chart_to_json (const NvChart *chart)
{
  json_t *panels = json_array ();

  for (guint i = 0; i < chart->panels->len; i++)
    json_array_append_new (panels, panel_to_json (g_ptr_array_index (chart->panels, i)));
  return json_pack ("{s:o, s:o, s:o}", "title", nv_json_text (chart->title), "note",
                    nv_json_text (chart->note), "panels", panels);
}

static char *
charts_to_json (const NvChart *const *charts, gsize n)
{
  json_t *array = json_array ();
  char *text;

  for (gsize i = 0; i < n; i++)
    json_array_append_new (array, chart_to_json (charts[i]));
  array = json_pack ("{s:o}", "charts", array);
  text = json_dumps (array, JSON_COMPACT | JSON_REAL_PRECISION (9));
  json_decref (array);
  return text;
}

gboolean
nv_chart_write_data (const NvChart *const *charts, gsize n, const char *path, GError **error)
{
  g_autoptr (GError) problem = NULL;
  char *text;
  gboolean done;

  if (!nv_chart_check_data_name (path, error))
    return FALSE;
  if (g_str_has_suffix (path, ".json"))
    text = charts_to_json (charts, n);
  else
    {
      GString *csv = g_string_new (csv_heading);

      for (gsize i = 0; i < n; i++)
        append_csv (csv, charts[i]);
      text = g_string_free (csv, FALSE);
    }
  done = g_file_set_contents (path, text, -1, &problem);
  if (!done)
    g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot write '%s': %s", path, problem->message);
  free (text);
  return done;
}
