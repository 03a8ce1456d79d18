#pragma once

#include <gio/gio.h>

/* Pictures by gnuplot: what is drawn, not how. Texts may hold anything: they reach gnuplot as data. */

/* A box of a box plot: whiskers from p5 to p95, points at the extremes. */
typedef struct
{
  char *label;
  double minimum, p5, q1, median, q3, p95, maximum;
} NvBox;

typedef struct
{
  char *label; /* in the legend; NULL: not there */
  gsize n;
  double *x;          /* NULL with boxes, which are at 1, 2... and labelled */
  double *low;        /* or the value; NAN: a gap */
  double *high;       /* of a band; else NULL */
  double *middle;     /* (nullable): of a band: the line in it; else half-way */
  gboolean is_muted;  /* grey, behind the others */
  const NvBox *boxes; /* NULL, or n of them */
} NvSeriesData;

/* A stretch of the x axis that is shaded. */
typedef struct
{
  double from, to;
  char *label;
} NvShade;

/* One pair of axes. */
typedef struct
{
  char *heading;           /* above it; NULL: none */
  char *x_label, *y_label; /* with unit */
  gboolean is_points;      /* that no line joins */
  gboolean log_y;          /* zeros have their place below the smallest power of ten */
  gboolean y_from_zero;    /* else the axis starts where the data do, and says so */
  gboolean is_ordered;     /* series lead from one to the next: so do their colours */
  gboolean shades_unnamed; /* the legend of another panel has them */
  GArray *series;          /* NvSeriesData */
  GArray *shades;          /* NvShade */
} NvPanel;

typedef struct
{
  char *title;       /* what was measured where and when */
  char *note;        /* below it: "EMULATED: ..."; NULL: none */
  GPtrArray *panels; /* NvPanel, from top to bottom, with one legend each, beside the data */
  gboolean same_y;   /* panels of one y_label have one y axis, that suits them all */
  gboolean same_x;   /* all panels have one x axis */
} NvChart;

NvChart *nv_chart_new (const char *title);
NvPanel *nv_chart_add_panel (NvChart *chart, const char *heading, const char *x_label,
                             const char *y_label); /* (transfer none) */

/* Takes the arrays. */
void nv_panel_add_line (NvPanel *panel, const char *label, gsize n, double *x, double *y);
void nv_panel_add_band (NvPanel *panel, const char *label, gsize n, double *x, double *low, double *high);
void nv_panel_add_boxes (NvPanel *panel, const char *label, gsize n, NvBox *boxes);

/* Of the series that was added last. Takes @middle. */
void nv_panel_set_middle (NvPanel *panel, double *middle);
void nv_panel_mute (NvPanel *panel);

void nv_panel_add_shade (NvPanel *panel, double from, double to, const char *label);
void nv_chart_free (NvChart *chart);

/* Does the file's name end in .png, .svg or .pdf? Else NV_ERROR_USAGE that names the three. */
gboolean nv_chart_check_name (const char *path, GError **error);

/* The same of data: .csv, .json. */
gboolean nv_chart_check_data_name (const char *path, GError **error);

/**
 * nv_charts_write:
 * @next: gives one chart after the other and where it goes (transfer full), so that never all are in memory;
 * NULL: no more. Called by one thread at a time.
 *
 * Draws them in as many gnuplots as there are CPUs; each file appears whole or not at all. @done: (nullable):
 * after each, for progress.
 *
 * Returns: FALSE with NV_ERROR_UNAVAILABLE (there is no gnuplot: says which package), NV_ERROR_FAILED (what
 * gnuplot said, or the file that cannot be written), NV_ERROR_CANCELLED.
 */
typedef NvChart *(*NvChartNext) (gpointer data, char **ret_path);
gboolean nv_charts_write (NvChartNext next, gpointer data, void (*done) (guint n_done, gpointer data),
                          GCancellable *cancellable, GError **error);

/* One of them. Does not take the chart. */
gboolean nv_chart_write (const NvChart *chart, const char *path, GError **error);

/* What is drawn, as it is: JSON or CSV by the file's name (.json, .csv). */
gboolean nv_chart_write_data (const NvChart *const *charts, gsize n, const char *path, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvChart, nv_chart_free)
