#pragma once

#include "report/axis.h"
#include "report/chart.h"

/* What gnuplot-script.c and gnuplot-panel.c share: a script in the making, and where a panel is in it. */

typedef struct
{
  GString *texts; /* of the data block */
  guint n_texts;
  GString *body;
  double width, height;
  double left, right; /* where data begin and end, of all panels */
} NvScript;

/* Texts get a number, from 1. @clean: see base/text.h. */
guint nv_script_add_text (NvScript *script, const char *clean);
void nv_script_put (NvScript *script, const char *format, ...) G_GNUC_PRINTF (2, 3);
void nv_script_put_label (NvScript *script, guint text, double x, double y, const char *how);

typedef struct
{
  const NvPanel *panel;
  NvAxis x, y;
  double top, data_height;
  guint n_legend;     /* entries */
  guint *tints;       /* of each shade, its label's number, in the order in which they come; g_free() it */
  gboolean has_boxes; /* that are more than a point */
  double tick_turned; /* height of the x axis's labels, turned; 0: they are not */
  guint tick_every;
  double box_width; /* in units of the x axis, where boxes are at 1, 2... */
} NvPanelPlace;

/* Axes and legends; sets what lies between left and right. */
void nv_panels_measure (NvScript *script, const NvChart *chart, NvPanelPlace *places);
double nv_panel_legend_height (const NvPanelPlace *place);
double nv_panel_foot_height (const NvPanelPlace *place);
void nv_panel_put (NvScript *script, const NvPanelPlace *place);
