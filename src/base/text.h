#pragma once

#include <glib.h>

/* Texts as they may be shown, on a terminal or in a picture: what would be obeyed (control characters, marks
 * of direction), what XML has no place for and what is no UTF-8 is replaced. Returns: (transfer full): UTF-8.
 */
char *nv_text_clean (const char *text);
