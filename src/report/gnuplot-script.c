/* From a chart to what gnuplot reads. Lengths are pixels, from the top left. */

#include "report/gnuplot-script.h"
#include "report/gnuplot-panel.h"
#include "report/chart-text.h"

#include <locale.h>
#include <math.h>

#define WIDTH        1100
#define EDGE         16
#define TITLE_POINTS 13
#define TITLE_LINE   22
#define NOTE_POINTS  10
#define NOTE_LINE    20
#define HEADING_LINE 26
#define LABEL_LINE   22
#define FOOTER_LINE  22

static double
height_of_data (guint n_panels)
{
  return n_panels == 1 ? 400 : n_panels == 2 ? 300 : 240;
}

guint
nv_script_add_text (NvScript *script, const char *clean)
{
  g_string_append_printf (script->texts, ":%s\n", clean);
  return ++script->n_texts;
}

void
nv_script_put (NvScript *script, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_string_append_vprintf (script->body, format, arguments);
  va_end (arguments);
}

void
nv_script_put_label (NvScript *script, guint text, double x, double y, const char *how)
{
  nv_script_put (script, "set label T[%u] at screen %.6f, screen %.6f %s\n", text, x / script->width,
                 1 - y / script->height, how);
}

static char **
wrap_note (const NvChart *chart, double width)
{
  return chart->note ? nv_chart_text_wrap (chart->note, NOTE_POINTS, width - 2 * EDGE, 3)
                     : g_new0 (char *, 1);
}

static double
put_head (NvScript *script, const NvChart *chart)
{
  g_auto (GStrv) lines = nv_chart_text_wrap (chart->title, TITLE_POINTS, script->width - 2 * EDGE, 2);
  g_auto (GStrv) notes = wrap_note (chart, script->width);
  double y = EDGE + TITLE_LINE / 2;

  for (guint i = 0; lines[i]; i++, y += TITLE_LINE)
    nv_script_put_label (script, nv_script_add_text (script, lines[i]), EDGE, y,
                         "left font ':Bold,13' tc rgb '#202020'");
  for (guint i = 0; notes[i]; i++, y += NOTE_LINE)
    nv_script_put_label (script, nv_script_add_text (script, notes[i]), EDGE, y,
                         "left font ':Bold,10' tc rgb '#B33A00'");
  return y;
}

static double
head_height (const NvChart *chart, double width)
{
  g_auto (GStrv) lines = nv_chart_text_wrap (chart->title, TITLE_POINTS, width - 2 * EDGE, 2);
  g_auto (GStrv) notes = wrap_note (chart, width);

  return EDGE + TITLE_LINE * g_strv_length (lines) + NOTE_LINE * g_strv_length (notes);
}

/* Every panel's data begin and end at the same x, so that they can be compared. */
static void
place_panels (NvScript *script, const NvChart *chart, NvPanelPlace *places)
{
  guint n = chart->panels->len;
  double y = head_height (chart, script->width);

  for (guint i = 0; i < n; i++)
    {
      places[i].data_height = MAX (height_of_data (n), nv_panel_legend_height (places + i));
      places[i].top = y + HEADING_LINE;
      y = places[i].top + places[i].data_height + nv_panel_foot_height (places + i);
    }
  script->height = ceil (y + EDGE);
}

static void
put_terminal (GString *text, NvPictureFormat format, double width, double height)
{
  if (format == NV_PICTURE_PNG)
    g_string_append_printf (text, "set terminal pngcairo size %.0f,%.0f noenhanced font 'DejaVu Sans,10'\n",
                            width, height);
  else if (format == NV_PICTURE_SVG)
    g_string_append_printf (text,
                            "set terminal svg size %.0f,%.0f fixed noenhanced font 'DejaVu Sans,10' "
                            "background rgb 'white'\n",
                            width, height);
  else
    g_string_append_printf (text,
                            "set terminal pdfcairo size %.4fin,%.4fin noenhanced font 'DejaVu Sans,10'\n",
                            width / 96, height / 96);
}

static GString *
assemble (NvScript *script, NvPictureFormat format, const char *output)
{
  GString *whole = g_string_new ("reset\n");

  put_terminal (whole, format, script->width, script->height);
  g_string_append_printf (whole,
                          "set encoding utf8\n"
                          "set output '%s'\n"
                          "$T << E\n%sE\n"
                          "array T[%u]\n"
                          "do for [i=1:%u] { T[i] = $T[i][2:*] }\n"
                          "set border 3 lw 0.8 lc rgb '#707070'\n"
                          "set tics nomirror out scale 0.5 font ',9' textcolor rgb '#303030'\n"
                          "set grid lt 1 lw 0.6 lc rgb '#e2e2e2'\n"
                          "set grid xtics ytics back\n"
                          "set multiplot\n",
                          output, script->texts->str, script->n_texts, script->n_texts);
  g_string_append_len (whole, script->body->str, (gssize)script->body->len);
  g_string_append (whole, "unset multiplot\nunset output\n");
  return whole;
}

GString *
nv_gnuplot_script (const NvChart *chart, NvPictureFormat format, const char *output)
{
  /* A person's locale may have a decimal comma. */
  locale_t c = newlocale (LC_NUMERIC_MASK, "C", (locale_t)0), before = uselocale (c);
  NvScript script = {
    .texts = g_string_new (NULL),
    .body = g_string_new (NULL),
    .width = WIDTH,
  };
  g_autofree NvPanelPlace *places = g_new0 (NvPanelPlace, chart->panels->len + 1);
  GString *whole;

  nv_panels_measure (&script, chart, places);
  place_panels (&script, chart, places);
  put_head (&script, chart);
  for (guint i = 0; i < chart->panels->len; i++)
    {
      nv_panel_put (&script, places + i);
      g_free (places[i].tints);
    }
  whole = assemble (&script, format, output);
  g_string_free (script.texts, TRUE);
  g_string_free (script.body, TRUE);
  uselocale (before);
  freelocale (c);
  return whole;
}
