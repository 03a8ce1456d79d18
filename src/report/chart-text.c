#include "report/chart-text.h"
#include "base/text.h"

#include <string.h>

#define ELLIPSIS         "\xe2\x80\xa6"
#define MAX_CHARACTERS   500 /* that are looked at to break lines */
#define PIXELS_PER_POINT (96.0 / 72)

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

/* Of UTF-8. */
static double
width_of_clean (const char *text, double points)
{
  guint width = 0;

  for (; *text; text = g_utf8_next_char (text))
    width += width_of (g_utf8_get_char (text));
  return width * points * PIXELS_PER_POINT / 100;
}

double
nv_chart_text_width (const char *text, double points)
{
  g_autofree char *clean = nv_text_clean (text);

  return width_of_clean (clean, points);
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
  char *fit = nv_text_clean (text);
  g_autofree char *clean = g_strdup (fit);
  glong n_kept = g_utf8_strlen (fit, -1);

  while (n_kept > 1 && width_of_clean (fit, points) > pixels)
    {
      double over = width_of_clean (fit, points) / pixels;

      n_kept = MIN (n_kept - 1, (glong)((double)n_kept / over) + 1);
      g_free (fit);
      fit = without_middle (clean, n_kept);
    }
  return fit;
}

/* Of a text that no picture has room for, so that it is not gone over again and again. */
static char *
clean_start_and_end (const char *text)
{
  g_autofree char *clean = nv_text_clean (text);

  return g_utf8_strlen (clean, -1) <= MAX_CHARACTERS ? g_steal_pointer (&clean)
                                                     : without_middle (clean, MAX_CHARACTERS);
}

char **
nv_chart_text_wrap (const char *text, double points, double pixels, guint n_lines)
{
  g_autofree char *clean = clean_start_and_end (text);
  g_auto (GStrv) words = g_strsplit (clean, " ", -1);
  GPtrArray *lines = g_ptr_array_new ();
  g_autoptr (GString) line = g_string_new (NULL);

  for (guint i = 0; words[i]; i++)
    {
      g_autofree char *longer =
          line->len > 0 ? g_strconcat (line->str, " ", words[i], NULL) : g_strdup (words[i]);

      if (line->len > 0 && lines->len + 1 < n_lines && width_of_clean (longer, points) > pixels)
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
