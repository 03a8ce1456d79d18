#include "report/plain.h"

#include <math.h>

json_t *
nv_json_real (double value)
{
  return isfinite (value) ? json_real (value) : json_null ();
}

json_t *
nv_json_text (const char *text)
{
  g_autofree char *valid = text ? g_utf8_make_valid (text, -1) : NULL;

  return valid ? json_string (valid) : json_null ();
}

void
nv_csv_append_text (GString *csv, const char *text)
{
  g_string_append_c (csv, '"');
  for (const char *at = text ? text : ""; *at; at++)
    {
      if (*at == '"')
        g_string_append_c (csv, '"');
      g_string_append_c (csv, *at);
    }
  g_string_append_c (csv, '"');
}

void
nv_csv_append_real (GString *csv, double value, const char *format)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  if (isfinite (value))
    g_string_append (csv, g_ascii_formatd (text, sizeof text, format, value));
}
