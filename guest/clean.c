#include "guest/clean.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the UTF-8 character at @at; 0: there is none. RFC 3629: none is longer than it must be, none a
 * surrogate or beyond U+10FFFF. */
static size_t
character_length (const unsigned char *at, size_t left)
{
  static const struct
  {
    unsigned char first, last, second_first, second_last, length;
  } kinds[] = {
    { 0x00, 0x7f, 0x00, 0xff, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
    { 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
    { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
  };

  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (*at >= kinds[i].first && *at <= kinds[i].last)
      {
        if (kinds[i].length > left)
          return 0;
        if (kinds[i].length > 1 && (at[1] < kinds[i].second_first || at[1] > kinds[i].second_last))
          return 0;
        for (size_t j = 2; j < kinds[i].length; j++)
          if ((at[j] & 0xc0) != 0x80)
            return 0;
        return kinds[i].length;
      }
  return 0;
}

static bool
is_control (const unsigned char *at, size_t length)
{
  return length == 1 ? (*at < ' ' && *at != '\n' && *at != '\t') || *at == 0x7f : *at == 0xc2 && at[1] < 0xa0;
}

/* The newline of "\r\n" is enough. */
static bool
is_doubled (const unsigned char *at, size_t left)
{
  return left > 1 && at[0] == '\r' && at[1] == '\n';
}

char *
nv_clean (const char *bytes, size_t length, size_t max)
{
  const unsigned char *at = (const unsigned char *)bytes + (length > max ? length - max : 0);
  const unsigned char *end = (const unsigned char *)bytes + length;
  char *text = malloc (max < length ? max + 1 : length + 1);
  size_t n = 0;

  for (int i = 0; length > max && i < 3 && at < end && (*at & 0xc0) == 0x80; i++)
    at++;
  while (text && at < end)
    {
      size_t taken = character_length (at, (size_t)(end - at));

      if (taken > 0 && !is_control (at, taken))
        {
          memcpy (text + n, at, taken);
          n += taken;
        }
      else if (!is_doubled (at, (size_t)(end - at)))
        text[n++] = *at == '\r' ? '\n' : '?';
      at += taken > 0 ? taken : 1;
    }
  if (text)
    text[n] = '\0';
  return text;
}

void
nv_clean_tail (const char *bytes, size_t length, char *ret_text, size_t size)
{
  char *text, *line;
  size_t n = 0, from = 0;

  while (length > 0 && memchr ("\r\n \t", bytes[length - 1], 4))
    length--;
  text = nv_clean (bytes, length, size - 1);
  line = text ? malloc (3 * size) : NULL;
  for (size_t i = 0; line && text[i]; i++)
    if (text[i] == '\n')
      n = (size_t)(stpcpy (line + n, " / ") - line);
    else
      line[n++] = text[i] == '\t' ? ' ' : text[i];
  if (n >= size)
    from = n - (size - 1);
  while (from < n && ((unsigned char)line[from] & 0xc0) == 0x80)
    from++;
  memcpy (ret_text, line ? line + from : "", n - from);
  ret_text[n - from] = '\0';
  free (text);
  free (line);
}
