#include "report/chart-text.h"

#include <string.h>

#define ELLIPSIS         "\xe2\x80\xa6"
#define PIXELS_PER_POINT (96.0 / 72)

char *
nv_chart_text_clean (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *clean = g_string_new (NULL);

  for (const char *at = valid; *at; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);
      GUnicodeType type = g_unichar_type (c);

      /* XML has no place for the last two of each plane. */
      if (type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT || type == G_UNICODE_LINE_SEPARATOR
          || type == G_UNICODE_PARAGRAPH_SEPARATOR || (c & 0xfffe) == 0xfffe)
        c = '?';
      g_string_append_unichar (clean, c);
    }
  return g_string_free (clean, FALSE);
}

/* In hundredths of the size. */
static guint
width_of (gunichar c)
{
  if (c >= 0x80)
    return g_unichar_iszerowidth (c) ? 0 : g_unichar_iswide (c) ? 105 : c >= 0x2000 && c < 0x2100 ? 100 : 68;
  if (strchr ("ijlI.,:;'|! ()[]/\\ft-", (int)c))
    return 40;
  if (strchr ("MWmw@%", (int)c))
    return 100;
  return g_ascii_isupper (c) ? 72 : 64;
}

double
nv_chart_text_width (const char *text, double points)
{
  guint width = 0;

  for (; *text; text = g_utf8_next_char (text))
    width += width_of (g_utf8_get_char (text));
  return width * points * PIXELS_PER_POINT / 100;
}

/* The end tells names apart more often than the middle does. */
static char *
without_middle (const char *clean, glong n_kept)
{
  glong length = g_utf8_strlen (clean, -1), n_head = (n_kept * 3 + 4) / 5;
  g_autofree char *head = g_utf8_substring (clean, 0, n_head);
  const char *tail = g_utf8_offset_to_pointer (clean, length - (n_kept - n_head));

  return g_strconcat (head, ELLIPSIS, tail, NULL);
}

char *
nv_chart_text_fit (const char *text, double points, double pixels)
{
  char *fit = nv_chart_text_clean (text);
  g_autofree char *clean = g_strdup (fit);
  glong n_kept = g_utf8_strlen (fit, -1);

  while (n_kept > 1 && nv_chart_text_width (fit, points) > pixels)
    {
      double over = nv_chart_text_width (fit, points) / pixels;

      n_kept = MIN (n_kept - 1, (glong)((double)n_kept / over) + 1);
      g_free (fit);
      fit = without_middle (clean, n_kept);
    }
  return fit;
}

char **
nv_chart_text_wrap (const char *text, double points, double pixels, guint n_lines)
{
  g_autofree char *clean = nv_chart_text_clean (text);
  g_auto (GStrv) words = g_strsplit (clean, " ", -1);
  GPtrArray *lines = g_ptr_array_new ();
  g_autoptr (GString) line = g_string_new (NULL);

  for (guint i = 0; words[i]; i++)
    {
      g_autofree char *longer =
          line->len > 0 ? g_strconcat (line->str, " ", words[i], NULL) : g_strdup (words[i]);

      if (line->len > 0 && lines->len + 1 < n_lines && nv_chart_text_width (longer, points) > pixels)
        {
          g_ptr_array_add (lines, nv_chart_text_fit (line->str, points, pixels));
          g_string_assign (line, words[i]);
        }
      else
        g_string_assign (line, longer);
    }
  g_ptr_array_add (lines, nv_chart_text_fit (line->str, points, pixels));
  g_ptr_array_add (lines, NULL);
  return (char **)g_ptr_array_free (lines, FALSE);
}
