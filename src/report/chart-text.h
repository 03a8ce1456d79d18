#pragma once

#include <glib.h>

/* Texts in pictures: of sizes in points, of which there are 72 to 96 pixels. They may hold anything; what
 * comes out is clean (base/text.h). */

/* About so many pixels in DejaVu Sans, rather more than less. */
double nv_chart_text_width (const char *text, double points);

/* Where it is wider than @pixels, without its middle. Returns: (transfer full). */
char *nv_chart_text_fit (const char *text, double points, double pixels);

/* In at most @n_lines. Returns: (transfer full). */
char **nv_chart_text_wrap (const char *text, double points, double pixels, guint n_lines);
