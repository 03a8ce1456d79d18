#include "vm/console-log.h"

#include <stdio.h>
#include <string.h>

/* More than a few lines of a terminal. */
#define TAIL_BYTES 4096

static char *
read_end (const char *path)
{
  g_autofree char *bytes = g_malloc (TAIL_BYTES);
  FILE *file = path ? fopen (path, "re") : NULL;
  size_t length;

  if (!file)
    return g_strdup ("");
  if (fseek (file, -TAIL_BYTES, SEEK_END) != 0)
    rewind (file); /* it is shorter */
  length = fread (bytes, 1, TAIL_BYTES, file);
  fclose (file);
  for (size_t i = 0; i < length; i++)
    if (bytes[i] == '\0')
      bytes[i] = '?';
  return g_utf8_make_valid (bytes, (gssize)length);
}

/* A terminal must not be told by a guest what to do. */
static void
append_line (GString *text, const char *line)
{
  if (text->len > 0)
    g_string_append_c (text, '\n');
  g_string_append (text, "  ");
  for (; *line; line = g_utf8_next_char (line))
    {
      gunichar c = g_utf8_get_char (line);

      g_string_append_unichar (text, g_unichar_iscntrl (c) || c == 0xfffd ? '?' : c);
    }
}

char *
nv_console_log_tail (const char *path, guint n_lines)
{
  g_autofree char *bytes = read_end (path);
  g_auto (GStrv) lines = g_strsplit (bytes, "\n", -1);
  GString *text = g_string_new (NULL);
  guint first = g_strv_length (lines), n = 0;

  while (first > 0 && n < n_lines)
    n += *g_strchomp (lines[--first]) != '\0';
  for (; lines[first]; first++)
    if (*lines[first])
      append_line (text, lines[first]);
  return g_string_free (text, FALSE);
}
