#pragma once

#include <glib.h>

/* Texts in pictures: of sizes in points, of which there are 72 to 96 pixels. */

/* What is not to be seen (control characters, marks of direction) or no UTF-8 is replaced.
 * Returns: (transfer full). */
char *nv_chart_text_clean (const char *text);

/* About so many pixels in DejaVu Sans, rather more than less. */
double nv_chart_text_width (const char *text, double points);

/* Cleaned; where it is wider than @pixels, without its middle. Returns: (transfer full). */
char *nv_chart_text_fit (const char *text, double points, double pixels);

/* Cleaned, in at most @n_lines. Returns: (transfer full). */
char **nv_chart_text_wrap (const char *text, double points, double pixels, guint n_lines);
