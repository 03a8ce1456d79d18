#pragma once

#include "report/gnuplot-panel.h"

/* A series' marks, and how it looks in the legend. */

/* What gnuplot may draw: all else is a gap. */
gboolean nv_series_is_drawable (double value);

/* What is a point only, and no box. */
gboolean nv_box_is_point (const NvBox *box);

/* Appends the elements of a plot command, each with `, \\\n` behind it, and their numbers to @data. @index:
 * among the panel's series. */
void nv_series_put (NvScript *script, const NvPanelPlace *place, guint index, GString *data);

/* An entry of the legend. @text: its number. */
void nv_series_put_key (NvScript *script, const NvPanelPlace *place, guint index, guint text);
