#include "report/gnuplot-series.h"

#include <math.h>

/* Fewer points than that are marked each. */
#define MANY_POINTS 60

/* Beyond is no measurement, and would spoil every axis. */
#define LARGEST 1e200

/* Okabe and Ito's palette (Color Universal Design, 2008), which the colour-blind can tell apart, without its
 * yellow, which is too pale for a line. */
static const char *const colours[] = { "#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                       "#E69F00", "#56B4E9", "#000000" };
static const char *const dashes[] = { "solid", "(12,6)", "(3,5)", "(12,5,3,5)" };
static const guint shapes[] = { 7, 5, 9, 13, 11, 6, 4, 8, 12 };
/* viridis (S. van der Walt, N. Smith, 2015), which the colour-blind see in order, too, without its pale end.
 */
static const char *const ramp[] = { "#440154", "#482576", "#414487", "#35608d", "#2a788e", "#21918c",
                                    "#22a884", "#43bf71", "#7ad151", "#a8c92c", "#cfae1f" };
static const char *const greys[] = { "#dedede", "#c0c0c0", "#9a9a9a" };

typedef struct
{
  const char *colour;
  const char *dash;
  guint shape;
  double line_width;
} Look;

static const NvSeriesData *
get_series (const NvPanel *panel, guint index)
{
  return &g_array_index (panel->series, NvSeriesData, index);
}

/* Colours are given to those that are not muted, in order. */
static Look
look_of (const NvPanel *panel, guint index)
{
  gboolean is_muted = get_series (panel, index)->is_muted;
  guint place = 0;

  for (guint i = 0; i < index; i++)
    place += get_series (panel, i)->is_muted == is_muted;
  if (panel->is_ordered && !is_muted)
    return (Look){
      ramp[panel->series->len > 1 ? index * (G_N_ELEMENTS (ramp) - 1) / (panel->series->len - 1) : 0],
      dashes[0], shapes[index % G_N_ELEMENTS (shapes)], 1.6
    };
  if (is_muted)
    return (Look){ greys[MIN (place, G_N_ELEMENTS (greys) - 1)], dashes[0], shapes[0], 0.8 };
  return (Look){ colours[place % G_N_ELEMENTS (colours)],
                 dashes[place / G_N_ELEMENTS (colours) % G_N_ELEMENTS (dashes)],
                 shapes[place % G_N_ELEMENTS (shapes)], 1.6 };
}

gboolean
nv_series_is_drawable (double value)
{
  return fabs (value) < LARGEST; /* also of NAN */
}

/* How many points have a value. */
static gsize
count_values (const NvSeriesData *series)
{
  gsize n = series->boxes ? series->n : 0;

  for (gsize i = 0; !series->boxes && i < series->n; i++)
    n += nv_series_is_drawable (series->x[i]) && nv_series_is_drawable (series->low[i]);
  return n;
}

gboolean
nv_box_is_point (const NvBox *box)
{
  return !(box->minimum < box->maximum);
}

/* --- numbers --- */

static void
append_number (GString *data, double value)
{
  double number = nv_series_is_drawable (value) ? value : NAN;

  g_string_append_len (data, (const char *)&number, sizeof number);
}

/* Zero has its place at the lower end of a logarithmic axis. */
static double
on_axis (const NvPanelPlace *place, double value)
{
  return place->panel->log_y && value < place->y.low ? place->y.low : value;
}

static double
middle_of (const NvSeriesData *series, gsize i)
{
  if (series->middle)
    return series->middle[i];
  return series->high ? (series->low[i] + series->high[i]) / 2 : series->low[i];
}

static void
put_element (NvScript *script, gsize n, guint n_columns, const char *using, const char *with)
{
  nv_script_put (script, "'-' binary record=(%" G_GSIZE_FORMAT ") format='", n);
  for (guint i = 0; i < n_columns; i++)
    nv_script_put (script, "%%double");
  nv_script_put (script, "' using %s with %s notitle, \\\n", using, with);
}

/* --- lines, points, bands --- */

static gboolean
has_band (const NvSeriesData *series, gsize i)
{
  return i < series->n && nv_series_is_drawable (series->x[i]) && nv_series_is_drawable (series->low[i])
         && nv_series_is_drawable (series->high[i]);
}

/* One polygon for each stretch without gaps: between two lines gnuplot would fill each step of them for
 * itself, which takes several times as long. */
static void
put_band (NvScript *script, const NvPanelPlace *place, const NvSeriesData *series, Look look, GString *data)
{
  g_autofree char *with = g_strdup_printf ("filledcurves closed fc rgb '%s' fs transparent solid %s noborder",
                                           look.colour, series->is_muted ? "0.6" : "0.25");
  gsize end;

  for (gsize start = 0; start < series->n; start = end + 1)
    {
      for (end = start; has_band (series, end); end++)
        {
          append_number (data, series->x[end]);
          append_number (data, on_axis (place, series->low[end]));
        }
      for (gsize i = end; i > start; i--)
        {
          append_number (data, series->x[i - 1]);
          append_number (data, on_axis (place, series->high[i - 1]));
        }
      if (end > start)
        put_element (script, 2 * (end - start), 2, "1:2", with);
    }
}

static char *
style_of_line (const NvPanel *panel, const NvSeriesData *series, Look look)
{
  gsize n = count_values (series);

  if (panel->is_points || n == 1)
    return g_strdup_printf ("points pt %u ps %s lc rgb '%s'", look.shape, n > MANY_POINTS ? "0.4" : "0.9",
                            look.colour);
  if (n <= MANY_POINTS && !series->is_muted)
    return g_strdup_printf ("linespoints pt %u ps 0.7 lw %.1f dt %s lc rgb '%s'", look.shape, look.line_width,
                            look.dash, look.colour);
  return g_strdup_printf ("lines lw %.1f dt %s lc rgb '%s'", look.line_width, look.dash, look.colour);
}

static void
put_line (NvScript *script, const NvPanelPlace *place, const NvSeriesData *series, Look look, GString *data)
{
  g_autofree char *with = style_of_line (place->panel, series, look);

  put_element (script, series->n, 2, "1:2", with);
  for (gsize i = 0; i < series->n; i++)
    {
      append_number (data, series->x[i]);
      append_number (data, on_axis (place, middle_of (series, i)));
    }
}

/* --- boxes --- */

static double
box_x (const NvPanelPlace *place, guint index, gsize i)
{
  return (double)i + 1 + (index - (place->panel->series->len - 1) / 2.0) * place->box_width;
}

static void
put_boxes (NvScript *script, const NvPanelPlace *place, guint index, Look look, GString *data)
{
  const NvSeriesData *series = get_series (place->panel, index);
  g_autofree char *box = g_strdup_printf (
      "candlesticks whiskerbars 0.4 lw 1.2 lc rgb '%s' fs transparent solid 0.25 border lc rgb '%s'",
      look.colour, look.colour);
  g_autofree char *median = g_strdup_printf ("candlesticks lw 2.6 lc rgb '%s' fs empty border lc rgb '%s'",
                                             look.colour, look.colour);
  g_autofree char *extremes = g_strdup_printf ("points pt 6 ps 0.6 lc rgb '%s'", look.colour);
  gsize n = 0;

  for (gsize i = 0; i < series->n; i++)
    n += !nv_box_is_point (series->boxes + i);
  if (n == 0)
    return;
  put_element (script, n, 6, "1:2:3:4:5", box);
  put_element (script, n, 6, "1:6:6:6:6", median);
  put_element (script, n, 6, "1:3", extremes);
  put_element (script, n, 6, "1:4", extremes);
  for (guint element = 0; element < 4; element++)
    for (gsize i = 0; i < series->n; i++)
      {
        const NvBox *b = series->boxes + i;
        gboolean is_box = element < 2;

        if (nv_box_is_point (b))
          continue;
        append_number (data, box_x (place, index, i));
        append_number (data, b->q1);
        append_number (data, is_box ? b->p5 : b->minimum);
        append_number (data, is_box ? b->p95 : b->maximum);
        append_number (data, b->q3);
        append_number (data, b->median);
      }
}

static void
put_box_points (NvScript *script, const NvPanelPlace *place, guint index, Look look, GString *data)
{
  const NvSeriesData *series = get_series (place->panel, index);
  g_autofree char *with = g_strdup_printf ("points pt %u ps 1.1 lc rgb '%s'", look.shape, look.colour);
  gsize n = 0;

  for (gsize i = 0; i < series->n; i++)
    n += nv_box_is_point (series->boxes + i);
  if (n == 0)
    return;
  put_element (script, n, 2, "1:2", with);
  for (gsize i = 0; i < series->n; i++)
    if (nv_box_is_point (series->boxes + i))
      {
        append_number (data, box_x (place, index, i));
        append_number (data, series->boxes[i].median);
      }
}

void
nv_series_put (NvScript *script, const NvPanelPlace *place, guint index, GString *data)
{
  const NvSeriesData *series = get_series (place->panel, index);
  Look look = look_of (place->panel, index);

  if (count_values (series) == 0)
    return;
  if (series->boxes)
    {
      put_boxes (script, place, index, look, data);
      put_box_points (script, place, index, look, data);
      return;
    }
  if (series->high)
    put_band (script, place, series, look, data);
  if (!series->high || series->middle || !series->is_muted)
    put_line (script, place, series, look, data);
}

void
nv_series_put_key (NvScript *script, const NvPanelPlace *place, guint index, guint text)
{
  const NvSeriesData *series = get_series (place->panel, index);
  Look look = look_of (place->panel, index);
  g_autofree char *with = NULL;

  if (series->boxes && place->has_boxes)
    with = g_strdup_printf ("boxes fc rgb '%s' fs transparent solid 0.25 border lc rgb '%s'", look.colour,
                            look.colour);
  else if (series->boxes)
    with = g_strdup_printf ("points pt %u ps 1.1 lc rgb '%s'", look.shape, look.colour);
  else if (series->high && series->is_muted && !series->middle)
    with = g_strdup_printf ("boxes fc rgb '%s' fs solid 0.6 noborder", look.colour);
  else
    with = style_of_line (place->panel, series, look);
  nv_script_put (script, "keyentry with %s title T[%u], \\\n", with, text);
}
