#include "report/gnuplot-panel.h"
#include "report/chart-text.h"
#include "report/gnuplot-series.h"

#include <math.h>
#include <string.h>

#define EDGE            16
#define MAX_LEGEND      24 /* entries: more of them nobody reads */
#define LEGEND_LINE     19
#define LEGEND_TEXT     230 /* pixels */
#define LEGEND_SAMPLE   52
#define LEGEND_POINTS   9.5
#define TICK_POINTS     9
#define TICK_LINE       22
#define TICK_TURNED     130 /* pixels that turned labels may be long */
#define LABEL_LINE      22
#define FOOTER_LINE     20
#define HEADING_POINTS  10.5
#define PIXELS_PER_TICK 60
#define WIDEST_BOX      90

static const char boxes_footer[] =
    "box: the middle half, and the median; whiskers: 5 % to 95 %; circles: the extremes";

static const char *const tints[] = { "#dcebf5", "#fbe6d5", "#d9f0e6", "#f6e6f0",
                                     "#fdf0d5", "#e6e6fa", "#ececec" };

static const NvSeriesData *
get_series (const NvPanel *panel, guint index)
{
  return &g_array_index (panel->series, NvSeriesData, index);
}

/* --- axes --- */

typedef struct
{
  double minimum, maximum;
  gboolean is_whole;
  gboolean has_zero; /* that a logarithmic axis must show */
} Range;

static void
widen (Range *range, double value, gboolean above_zero)
{
  range->has_zero = range->has_zero || (above_zero && value <= 0);
  if (!nv_series_is_drawable (value) || (above_zero && value <= 0))
    return;
  range->minimum = fmin (range->minimum, value);
  range->maximum = fmax (range->maximum, value);
  range->is_whole = range->is_whole && value == floor (value);
}

static void
widen_by_values (Range *range, const NvPanel *panel)
{
  for (guint s = 0; s < panel->series->len; s++)
    {
      const NvSeriesData *series = get_series (panel, s);

      for (gsize i = 0; i < series->n; i++)
        {
          widen (range, series->boxes ? series->boxes[i].minimum : series->low[i], panel->log_y);
          if (series->boxes || series->high)
            widen (range, series->boxes ? series->boxes[i].maximum : series->high[i], panel->log_y);
        }
    }
}

/* Zero stands half a power of ten below the others. */
static void
add_zero (NvAxis *axis)
{
  if (axis->n_ticks == NV_AXIS_MAX_TICKS)
    return;
  axis->low /= 3;
  axis->ticks[axis->n_ticks] = axis->low;
  g_strlcpy (axis->texts[axis->n_ticks++], "0", sizeof *axis->texts);
}

static void
choose_y (const NvChart *chart, NvPanelPlace *place)
{
  Range range = { INFINITY, -INFINITY, FALSE, FALSE };
  const NvPanel *panel = place->panel;

  for (guint i = 0; i < chart->panels->len; i++)
    {
      const NvPanel *other = g_ptr_array_index (chart->panels, i);

      if (other == panel || (chart->same_y && g_strcmp0 (other->y_label, panel->y_label) == 0))
        widen_by_values (&range, other);
    }
  nv_axis_choose (&place->y, range.minimum, range.maximum, 6,
                  (panel->log_y ? NV_AXIS_LOG : 0) | (panel->y_from_zero ? NV_AXIS_FROM_ZERO : 0));
  if (range.has_zero)
    add_zero (&place->y);
}

static gsize
count_boxes (const NvPanel *panel)
{
  gsize n = 0;

  for (guint s = 0; s < panel->series->len; s++)
    n = MAX (n, get_series (panel, s)->boxes ? get_series (panel, s)->n : 0);
  return n;
}

static void
widen_by_x (Range *range, const NvPanel *panel)
{
  for (guint s = 0; s < panel->series->len; s++)
    for (gsize i = 0; get_series (panel, s)->x && i < get_series (panel, s)->n; i++)
      widen (range, get_series (panel, s)->x[i], FALSE);
}

static void
choose_x (NvScript *script, const NvChart *chart, NvPanelPlace *place)
{
  guint n_ticks = (guint)MAX ((script->right - script->left) / PIXELS_PER_TICK, 2);
  Range range = { INFINITY, -INFINITY, TRUE, FALSE };
  double pad;

  for (guint i = 0; i < chart->panels->len; i++)
    {
      const NvPanel *panel = g_ptr_array_index (chart->panels, i);

      if (panel == place->panel || chart->same_x)
        widen_by_x (&range, panel);
    }
  nv_axis_choose (&place->x, range.minimum, range.maximum, n_ticks,
                  NV_AXIS_TIGHT | (range.is_whole ? NV_AXIS_WHOLE : 0));
  /* Marks at the ends are not cut off. */
  pad = 0.012 * (place->x.high - place->x.low);
  place->x.low -= pad;
  place->x.high += pad;
}

/* Labels of boxes that do not fit beside each other are turned, and if that does not help, some are left out.
 */
static void
choose_box_ticks (NvScript *script, NvPanelPlace *place)
{
  gsize n = count_boxes (place->panel);
  double room = (script->right - script->left) / (double)MAX (n, 1), widest = 0;

  place->tick_every = 1;
  place->box_width = fmin (0.8 / MAX (place->panel->series->len, 1), WIDEST_BOX / room);
  for (guint s = 0; s < place->panel->series->len; s++)
    for (gsize i = 0; get_series (place->panel, s)->boxes && i < get_series (place->panel, s)->n; i++)
      {
        const NvBox *box = get_series (place->panel, s)->boxes + i;

        place->has_boxes |= !nv_box_is_point (box);
        widest = fmax (widest, nv_chart_text_width (box->label, TICK_POINTS));
      }
  if (widest + 8 <= room)
    return;
  place->tick_turned = fmin (widest, TICK_TURNED) + 8;
  place->tick_every = (guint)ceil (14 / room);
}

/* --- the legend --- */

/* A shade's colour is its label's, wherever it comes again. */
static void
number_tints (NvPanelPlace *place)
{
  const GArray *shades = place->panel->shades;
  g_autoptr (GHashTable) numbers = g_hash_table_new (g_str_hash, g_str_equal);

  place->tints = g_new (guint, shades->len);
  for (guint i = 0; i < shades->len; i++)
    {
      const char *label = g_array_index (shades, NvShade, i).label;
      gpointer key = (gpointer)(label ? label : ""), number;

      if (!g_hash_table_lookup_extended (numbers, key, NULL, &number))
        {
          number = GUINT_TO_POINTER (g_hash_table_size (numbers));
          g_hash_table_insert (numbers, key, number);
        }
      place->tints[i] = GPOINTER_TO_UINT (number);
    }
}

/* The labels that a legend shows, each once, by the first shade that has it. Returns: (transfer full): of
 * guint, the shades. */
static GArray *
list_named_shades (const NvPanelPlace *place)
{
  const NvPanel *panel = place->panel;
  GArray *named = g_array_new (FALSE, FALSE, sizeof (guint));
  guint n_labels = 0;

  for (guint i = 0; !panel->shades_unnamed && i < panel->shades->len; i++)
    {
      if (place->tints[i] < n_labels)
        continue;
      n_labels++;
      if (g_array_index (panel->shades, NvShade, i).label)
        g_array_append_val (named, i);
    }
  return named;
}

static void
measure_label (NvPanelPlace *place, const char *label, double *widest)
{
  *widest = fmax (*widest, fmin (nv_chart_text_width (label, LEGEND_POINTS), LEGEND_TEXT));
  place->n_legend++;
}

static void
measure_legend (NvPanelPlace *place, double *widest)
{
  const NvPanel *panel = place->panel;
  g_autoptr (GArray) named = NULL;

  number_tints (place);
  named = list_named_shades (place);
  place->n_legend = 0;
  for (guint i = 0; i < panel->series->len; i++)
    if (get_series (panel, i)->label)
      measure_label (place, get_series (panel, i)->label, widest);
  for (guint i = 0; i < named->len; i++)
    measure_label (place, g_array_index (panel->shades, NvShade, g_array_index (named, guint, i)).label,
                   widest);
}

double
nv_panel_legend_height (const NvPanelPlace *place)
{
  return MIN (place->n_legend, MAX_LEGEND + 1) * LEGEND_LINE;
}

static const char *
tint_of (const NvPanelPlace *place, guint shade)
{
  return tints[place->tints[shade] % G_N_ELEMENTS (tints)];
}

static guint
add_fit (NvScript *script, const char *text, double points, double pixels)
{
  g_autofree char *fit = nv_chart_text_fit (text, points, pixels);

  return nv_script_add_text (script, fit);
}

static void
put_legend (NvScript *script, const NvPanelPlace *place)
{
  const NvPanel *panel = place->panel;
  g_autoptr (GArray) named = list_named_shades (place);
  guint n = 0;

  for (guint i = 0; i < panel->series->len; i++)
    {
      const char *label = get_series (panel, i)->label;

      if (label && n++ < MAX_LEGEND)
        nv_series_put_key (script, place, i, add_fit (script, label, LEGEND_POINTS, LEGEND_TEXT));
    }
  for (guint i = 0; i < named->len; i++)
    {
      guint shade = g_array_index (named, guint, i);

      if (n++ < MAX_LEGEND)
        nv_script_put (script, "keyentry with boxes fc rgb '%s' fs solid noborder title T[%u], \\\n",
                       tint_of (place, shade),
                       add_fit (script, g_array_index (panel->shades, NvShade, shade).label, LEGEND_POINTS,
                                LEGEND_TEXT));
    }
  if (n > MAX_LEGEND)
    {
      g_autofree char *more = g_strdup_printf ("and %u more", n - MAX_LEGEND);

      nv_script_put (script, "keyentry with dots lc rgb 'white' title T[%u], \\\n",
                     nv_script_add_text (script, more));
    }
}

/* --- measuring --- */

void
nv_panels_measure (NvScript *script, const NvChart *chart, NvPanelPlace *places)
{
  double ticks = 0, legend = 0;

  for (guint i = 0; i < chart->panels->len; i++)
    {
      places[i].panel = g_ptr_array_index (chart->panels, i);
      choose_y (chart, places + i);
      for (guint t = 0; t < places[i].y.n_ticks; t++)
        ticks = fmax (ticks, nv_chart_text_width (places[i].y.texts[t], TICK_POINTS));
      measure_legend (places + i, &legend);
    }
  script->left = EDGE + LABEL_LINE + ticks + 12;
  script->right = script->width - (legend > 0 ? legend + LEGEND_SAMPLE + EDGE : EDGE * 2);
  for (guint i = 0; i < chart->panels->len; i++)
    {
      choose_x (script, chart, places + i);
      choose_box_ticks (script, places + i);
    }
}

double
nv_panel_foot_height (const NvPanelPlace *place)
{
  return (place->tick_turned > 0 ? place->tick_turned : TICK_LINE) + (place->panel->x_label ? LABEL_LINE : 0)
         + (place->has_boxes ? FOOTER_LINE : 0);
}

/* --- putting --- */

static void
put_ticks (NvScript *script, const char *which, const NvAxis *axis)
{
  nv_script_put (script, "set %stics (", which);
  for (guint i = 0; i < axis->n_ticks; i++)
    nv_script_put (script, "%s'%s' %.15g", i > 0 ? ", " : "", axis->texts[i], axis->ticks[i]);
  nv_script_put (script, ")\n");
}

static void
put_box_ticks (NvScript *script, const NvPanelPlace *place)
{
  const NvPanel *panel = place->panel;
  gsize n = count_boxes (panel);
  double room = place->tick_turned > 0 ? place->tick_turned : (script->right - script->left) / (double)n;
  const char *separator = "";

  nv_script_put (script, "set xtics %s (", place->tick_turned > 0 ? "rotate by 90 right" : "norotate");
  for (guint s = 0; s < panel->series->len; s++)
    for (gsize i = 0; n > 0 && get_series (panel, s)->n == n && i < n; i += place->tick_every)
      {
        guint text = add_fit (script, get_series (panel, s)->boxes[i].label, TICK_POINTS, room);

        nv_script_put (script, "%sT[%u] %" G_GSIZE_FORMAT, separator, text, i + 1);
        separator = ", ";
        n = i + place->tick_every >= n ? 0 : n; /* those of one series will do */
      }
  nv_script_put (script, ")\n");
  nv_script_put (script, "set boxwidth %.6f absolute\n", 0.8 * place->box_width);
}

static void
put_axes (NvScript *script, const NvPanelPlace *place)
{
  gsize n_boxes = count_boxes (place->panel);

  nv_script_put (script, "set %s y\n", place->panel->log_y ? "logscale" : "nologscale");
  nv_script_put (script, "set yrange [%.15g:%.15g]\n", place->y.low, place->y.high);
  put_ticks (script, "y", &place->y);
  if (n_boxes > 0)
    {
      nv_script_put (script, "set xrange [0.4:%.1f]\n", (double)n_boxes + 0.6);
      put_box_ticks (script, place);
      return;
    }
  nv_script_put (script, "set xrange [%.15g:%.15g]\nset xtics norotate\n", place->x.low, place->x.high);
  put_ticks (script, "x", &place->x);
}

static void
put_texts (NvScript *script, const NvPanelPlace *place)
{
  const NvPanel *panel = place->panel;
  double width = script->right - script->left, bottom = place->top + place->data_height;
  double foot = bottom + (place->tick_turned > 0 ? place->tick_turned : TICK_LINE) + LABEL_LINE / 2.0;

  if (panel->heading)
    nv_script_put_label (script, add_fit (script, panel->heading, HEADING_POINTS, width * 0.75), script->left,
                         place->top - 12, "left font ':Bold,10.5' tc rgb '#202020'");
  if (place->y.is_cut)
    {
      g_autofree char *note = g_strdup_printf ("the y axis starts at %s", place->y.texts[0]);

      nv_script_put_label (script, nv_script_add_text (script, note), script->right, place->top - 12,
                           "right font ',9' tc rgb '#8a3200'");
    }
  if (panel->y_label)
    nv_script_put_label (script, add_fit (script, panel->y_label, 10, place->data_height + 40), EDGE + 6,
                         place->top + place->data_height / 2,
                         "center rotate by 90 font ',10' tc rgb '#303030'");
  if (panel->x_label)
    nv_script_put_label (script, add_fit (script, panel->x_label, 10, width), script->left + width / 2, foot,
                         "center font ',10' tc rgb '#303030'");
  if (place->has_boxes)
    nv_script_put_label (script, nv_script_add_text (script, boxes_footer), script->left,
                         foot + (panel->x_label ? LABEL_LINE : 0), "left font ',8.5' tc rgb '#707070'");
}

static void
put_shades (NvScript *script, const NvPanelPlace *place)
{
  const NvPanel *panel = place->panel;

  for (guint i = 0; i < panel->shades->len; i++)
    {
      const NvShade *shade = &g_array_index (panel->shades, NvShade, i);

      nv_script_put (
          script,
          "set object rectangle from %.15g, graph 0 to %.15g, graph 1 behind fc rgb '%s' fs solid noborder\n",
          shade->from, shade->to, tint_of (place, i));
    }
}

static void
put_margins (NvScript *script, const NvPanelPlace *place)
{
  nv_script_put (script,
                 "set lmargin at screen %.6f\nset rmargin at screen %.6f\n"
                 "set tmargin at screen %.6f\nset bmargin at screen %.6f\n",
                 script->left / script->width, script->right / script->width, 1 - place->top / script->height,
                 1 - (place->top + place->data_height) / script->height);
  nv_script_put (
      script,
      "set key at screen %.6f, screen %.6f top left Left reverse samplen 2 spacing 1.2 font ',9.5' "
      "tc rgb '#303030'\n",
      (script->right + 10) / script->width, 1 - (place->top - 4) / script->height);
}

void
nv_panel_put (NvScript *script, const NvPanelPlace *place)
{
  const NvPanel *panel = place->panel;
  g_autoptr (GString) data = g_string_new (NULL);

  put_margins (script, place);
  put_axes (script, place);
  put_texts (script, place);
  put_shades (script, place);
  nv_script_put (script, "plot ");
  for (int muted = 1; muted >= 0; muted--)
    for (guint i = 0; i < panel->series->len; i++)
      if (get_series (panel, i)->is_muted == muted)
        nv_series_put (script, place, i, data);
  put_legend (script, place);
  nv_script_put (script, "NaN notitle\n");
  g_string_append_len (script->body, data->str, (gssize)data->len);
  nv_script_put (script, "unset label\nunset object\n");
}
