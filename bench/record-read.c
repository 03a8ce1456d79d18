/* The quick way from a record's text to its values. jansson's own reader takes each character through a
 * function and each string through a buffer, which is most of what it takes to store a million records. */

#include "bench/record-read.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum
{
  DIGITS = 18, /* so many fit an integer */
  EXACT_POWER = 22,
};

/* An integer up to it is exact as a double, and so are powers of ten: one rounding is left, the right one. */
#define EXACT_MAX (UINT64_C (1) << 53)

struct text
{
  const char *at, *end;
  unsigned int depth; /* that is left */
};

static json_t *read_value (struct text *text);

/* Passes over blanks. 0 at the end. */
static char
peek (struct text *text)
{
  while (text->at < text->end && *text->at == ' ')
    text->at++;
  return text->at < text->end ? *text->at : '\0';
}

static bool
take (struct text *text, char expected)
{
  if (peek (text) != expected)
    return false;
  text->at++;
  return true;
}

/* A plain string: printable ASCII without escapes. NULL: none. */
static const char *
take_string (struct text *text, size_t *ret_length)
{
  const char *start;

  if (!take (text, '"'))
    return NULL;
  start = text->at;
  while (text->at < text->end && *text->at >= ' ' && *text->at < 0x7f && *text->at != '"'
         && *text->at != '\\')
    text->at++;
  *ret_length = (size_t)(text->at - start);
  return text->at < text->end && *text->at++ == '"' ? start : NULL;
}

/* How many digits are there; they go to @value as long as it has room. */
static unsigned int
take_digits (struct text *text, uint64_t *value)
{
  const char *start = text->at;

  for (; text->at < text->end && *text->at >= '0' && *text->at <= '9'; text->at++)
    if (text->at - start < DIGITS)
      *value = *value * 10 + (uint64_t)(*text->at - '0');
  return (unsigned int)(text->at - start);
}

/* What stands behind `e`. False: none, or a long one. */
static bool
take_exponent (struct text *text, int *ret_exponent)
{
  uint64_t value = 0;
  bool is_negative;
  unsigned int n;

  text->at++;
  is_negative = text->at < text->end && *text->at == '-';
  if (text->at < text->end && (*text->at == '-' || *text->at == '+'))
    text->at++;
  n = take_digits (text, &value);
  *ret_exponent = is_negative ? -(int)value : (int)value;
  return n > 0 && n <= 3;
}

/* A double from decimal digits: one multiplication or division of two exact numbers (W. Clinger, How to Read
 * Floating Point Numbers Accurately, PLDI 1990). */
static json_t *
real (bool is_negative, uint64_t digits, int exponent)
{
  static const double powers[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
  double value = (double)digits;

  if (digits > EXACT_MAX || exponent < -EXACT_POWER || exponent > EXACT_POWER)
    return NULL;
  value = exponent < 0 ? value / powers[-exponent] : value * powers[exponent];
  return json_real (is_negative ? -value : value);
}

static json_t *
read_number (struct text *text)
{
  bool is_negative = *text->at == '-', is_real = false;
  unsigned int n_whole, n_fraction = 0;
  uint64_t digits = 0;
  int exponent = 0;
  const char *start;

  text->at += is_negative;
  start = text->at;
  n_whole = take_digits (text, &digits);
  if (n_whole == 0 || n_whole > DIGITS || (*start == '0' && n_whole > 1))
    return NULL;
  if (text->at < text->end && *text->at == '.')
    {
      is_real = true;
      text->at++;
      n_fraction = take_digits (text, &digits);
      if (n_fraction == 0 || n_whole + n_fraction > DIGITS)
        return NULL;
    }
  if (text->at < text->end && (*text->at == 'e' || *text->at == 'E'))
    {
      is_real = true;
      if (!take_exponent (text, &exponent))
        return NULL;
    }
  if (is_real)
    return real (is_negative, digits, exponent - (int)n_fraction);
  return json_integer (is_negative ? -(json_int_t)digits : (json_int_t)digits);
}

static json_t *
read_word (struct text *text, const char *word, size_t length, json_t *value)
{
  if ((size_t)(text->end - text->at) < length || memcmp (text->at, word, length) != 0)
    return NULL;
  text->at += length;
  return value;
}

static bool
read_member (struct text *text, json_t *object)
{
  size_t length;
  const char *name = take_string (text, &length);
  json_t *value = name && take (text, ':') ? read_value (text) : NULL;

  return value && json_object_setn_new_nocheck (object, name, length, value) == 0;
}

/* A name that comes twice replaces its first value: the count tells. */
static bool
read_members (struct text *text, json_t *object)
{
  size_t n = 0;

  if (take (text, '}'))
    return true;
  do
    {
      if (!read_member (text, object))
        return false;
      n++;
    }
  while (take (text, ','));
  return take (text, '}') && json_object_size (object) == n;
}

static bool
read_elements (struct text *text, json_t *array)
{
  if (take (text, ']'))
    return true;
  do
    if (json_array_append_new (array, read_value (text)) != 0)
      return false;
  while (take (text, ','));
  return take (text, ']');
}

static json_t *
read_container (struct text *text, json_t *container, bool (*read) (struct text *text, json_t *container))
{
  bool done;

  if (!container || text->depth == 0)
    {
      json_decref (container);
      return NULL;
    }
  text->at++;
  text->depth--;
  done = read (text, container);
  text->depth++;
  if (done)
    return container;
  json_decref (container);
  return NULL;
}

static json_t *
read_value (struct text *text)
{
  const char *string;
  size_t length;

  switch (peek (text))
    {
    case '"':
      string = take_string (text, &length);
      return string ? json_stringn_nocheck (string, length) : NULL;
    case '{':
      return read_container (text, json_object (), read_members);
    case '[':
      return read_container (text, json_array (), read_elements);
    case 't':
      return read_word (text, "true", 4, json_true ());
    case 'f':
      return read_word (text, "false", 5, json_false ());
    case 'n':
      return read_word (text, "null", 4, json_null ());
    default:
      return text->at < text->end ? read_number (text) : NULL;
    }
}

json_t *
nv_record_read_plain (const char *line, size_t length, unsigned int max_depth)
{
  struct text text = { line, line + length, max_depth };
  json_t *record = peek (&text) == '{' ? read_value (&text) : NULL;

  if (peek (&text) == '\0' && text.at == text.end)
    return record;
  json_decref (record);
  return NULL;
}
