#include "guest/metrics.h"

#include "bench/pattern.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum
{
  NUMBER_MAX = 64, /* bytes of a number's text */
};

/* --- what is asked --- */

static int
compile (struct nv_metric *metric, struct nv_message *message)
{
  int error = nv_pattern_compile (metric->name, metric->pattern, &metric->expression, message);

  metric->is_compiled = error == 0;
  return error;
}

static bool
is_named_twice (const struct nv_metrics *metrics, const char *name)
{
  for (size_t i = 0; i + 1 < metrics->n; i++)
    if (strcmp (metrics->items[i].name, name) == 0)
      return true;
  return false;
}

int
nv_metrics_read (struct nv_metrics *metrics, const json_t *workload, struct nv_message *message)
{
  const json_t *list = json_object_get (workload, "metrics");
  int error = 0;

  *metrics = (struct nv_metrics){
    .is_json = strcmp (json_string_value (json_object_get (workload, "format")), "json") == 0,
    .items = calloc (json_array_size (list), sizeof *metrics->items),
  };
  if (!metrics->items)
    return nv_fail (message, ENOMEM, "no memory for metrics");
  while (metrics->n < json_array_size (list) && error == 0)
    {
      const json_t *asked = json_array_get (list, metrics->n);
      struct nv_metric *metric = &metrics->items[metrics->n++];

      metric->name = json_string_value (json_object_get (asked, "name"));
      metric->pattern = json_string_value (json_object_get (asked, "pattern"));
      metric->unit = json_string_value (json_object_get (asked, "unit"));
      if (is_named_twice (metrics, metric->name))
        error = nv_fail (message, EINVAL, "metric '%.128s' is there twice", metric->name);
      else
        error = metrics->is_json ? nv_pattern_check_pointer (metric->name, metric->pattern, message)
                                 : compile (metric, message);
    }
  return error;
}

void
nv_metrics_clear (struct nv_metrics *metrics)
{
  for (size_t i = 0; i < metrics->n; i++)
    {
      if (metrics->items[i].is_compiled)
        regfree (&metrics->items[i].expression);
      free (metrics->items[i].values);
    }
  free (metrics->items);
  *metrics = (struct nv_metrics){ 0 };
}

/* --- a value --- */

static int
add_value (struct nv_metric *metric, double value, struct nv_message *message)
{
  if (metric->n == metric->capacity)
    {
      size_t capacity = metric->capacity > 0 ? 2 * metric->capacity : 64;
      double *values = reallocarray (metric->values, capacity, sizeof *values);

      if (!values)
        return nv_fail (message, ENOMEM, "no memory for the values of metric '%.128s'", metric->name);
      metric->values = values;
      metric->capacity = capacity;
    }
  metric->values[metric->n++] = value;
  return 0;
}

/* How a number that is none is shown: what is not printable ASCII is a '?'. */
static int
refuse_number (const struct nv_metric *metric, const char *text, size_t length, struct nv_message *message)
{
  char shown[NUMBER_MAX + 1];
  size_t n = length < NUMBER_MAX ? length : NUMBER_MAX;

  for (size_t i = 0; i < n; i++)
    shown[i] = isprint ((unsigned char)text[i]) ? text[i] : '?';
  shown[n] = '\0';
  return nv_fail (message, EINVAL,
                  "printed '%s' where metric '%.128s' wants a decimal number from 0 on, without commas",
                  shown, metric->name);
}

static int
add_number (struct nv_metric *metric, const char *text, size_t length, struct nv_message *message)
{
  char number[NUMBER_MAX + 1], *end;
  size_t n = 0;
  double value;

  for (size_t i = 0; i < length && n < NUMBER_MAX; i++)
    if (!isblank ((unsigned char)text[i]))
      number[n++] = text[i];
    else if (n > 0 && i + 1 < length && !isblank ((unsigned char)text[i + 1]))
      return refuse_number (metric, text, length, message);
  number[n] = '\0';
  value = strtod (number, &end);
  /* strtod() takes hexadecimal digits and words, too. */
  if (n == 0 || n == NUMBER_MAX || *end || strspn (number, "+-.0123456789eE") < n || !isfinite (value)
      || value < 0)
    return refuse_number (metric, text, length, message);
  return add_value (metric, fabs (value), message);
}

/* --- text --- */

static int
match_line (struct nv_metric *metric, const char *line, struct nv_message *message)
{
  regmatch_t found[2];
  const regmatch_t *number = &found[metric->expression.re_nsub > 0];

  if (regexec (&metric->expression, line, 2, found, 0) != 0 || number->rm_so < 0)
    return 0;
  return add_number (metric, line + number->rm_so, (size_t)(number->rm_eo - number->rm_so), message);
}

/* Returns: for free(), or NULL: the lines, each ended by a zero byte; what was one is a '?'. */
static char *
split_lines (const char *output, size_t length)
{
  char *lines = malloc (length + 1);

  for (size_t i = 0; lines && i < length; i++)
    if (output[i] == '\n' || output[i] == '\r')
      lines[i] = '\0';
    else
      lines[i] = output[i] == '\0' ? '?' : output[i];
  if (lines)
    lines[length] = '\0';
  return lines;
}

static int
match_text (struct nv_metric *metric, const char *lines, size_t length, struct nv_message *message)
{
  int error = 0;

  for (size_t at = 0; at < length && error == 0; at += strlen (lines + at) + 1)
    {
      error = match_line (metric, lines + at, message);
      if (error == 0 && metric->n - metric->first > NV_METRIC_VALUES_MAX)
        error = nv_fail (message, EINVAL, "printed more than %d lines that metric '%.128s' matches",
                         NV_METRIC_VALUES_MAX, metric->name);
    }
  return error;
}

/* --- JSON --- */

/* A whole number may be larger than any of C's. */
#define JSON_FLAGS (JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL)

/* Does an object begin at @at, a brace? In what else a program prints there may be braces, too. */
static bool
begins_object (const char *at, const char *end)
{
  for (at++; at < end; at++)
    if (!memchr (" \t\r\n", *at, 4))
      return *at == '"' || *at == '}';
  return false;
}

/* Returns: where what begins at @at, a brace, ends, or @end. */
static const char *
skip_object (const char *at, const char *end)
{
  bool in_string = false;
  size_t depth = 0;

  for (; at < end; at++)
    if (*at == '"')
      in_string = !in_string;
    else if (in_string)
      at += *at == '\\' && at + 1 < end;
    else if (*at == '{')
      depth++;
    else if (*at == '}' && --depth == 0)
      return at + 1;
  return end;
}

/* One that cannot be read is skipped whole: what is in it is not what the pointer is meant for. */
static json_t *
find_last_object (const char *output, size_t length, struct nv_message *message)
{
  const char *end = output + length, *at = output;
  json_t *last = NULL;

  nv_fail (message, EINVAL, "printed no JSON object");
  while ((at = memchr (at, '{', (size_t)(end - at))))
    if (begins_object (at, end))
      {
        json_error_t error;

        json_decref (last);
        last = json_loadb (at, (size_t)(end - at), JSON_DISABLE_EOF_CHECK | JSON_FLAGS, &error);
        if (!last)
          nv_fail (message, EINVAL, "printed a last JSON object that cannot be read: %s", error.text);
        at = last ? at + error.position : skip_object (at, end);
      }
    else
      at++;
  return last;
}

/* Returns: (nullable) a new reference; NULL with a message. */
static json_t *
read_json (const char *output, size_t length, struct nv_message *message)
{
  json_t *whole = json_loadb (output, length, JSON_DECODE_ANY | JSON_FLAGS, NULL);

  return whole ? whole : find_last_object (output, length, message);
}

/* A member's name, up to the next '/'. */
static char *
take_token (const char **pointer)
{
  size_t length = strcspn (*pointer, "/"), n = 0;
  char *token = strndup (*pointer, length);

  *pointer += length;
  for (size_t i = 0; token && token[i]; i++)
    if (token[i] == '~')
      token[n++] = token[++i] == '0' ? '~' : '/';
    else
      token[n++] = token[i];
  if (token)
    token[n] = '\0';
  return token;
}

/* An index has digits alone, and no zero before them. */
static const json_t *
find_element (const json_t *list, const char *token)
{
  char *end;
  unsigned long index = strtoul (token, &end, 10);

  if (!isdigit ((unsigned char)*token) || *end || (*token == '0' && token[1]))
    return NULL;
  return json_array_get (list, index);
}

static const json_t *
follow_pointer (const json_t *value, const char *pointer)
{
  while (value && *pointer == '/')
    {
      char *token;

      pointer++;
      token = take_token (&pointer);
      if (!token)
        return NULL;
      value = json_is_array (value) ? find_element (value, token) : json_object_get (value, token);
      free (token);
    }
  return value;
}

static int
match_json (struct nv_metric *metric, const json_t *json, struct nv_message *message)
{
  const json_t *found = follow_pointer (json, metric->pattern);
  double value = json_number_value (found);

  if (!found)
    return 0;
  if (!json_is_number (found) || !isfinite (value) || value < 0)
    return nv_fail (message, EINVAL, "printed no number from 0 on where metric '%.128s' points ('%.200s')",
                    metric->name, metric->pattern);
  return add_value (metric, fabs (value), message);
}

/* --- one run --- */

/* What a run printed, as it is looked through: one of these, owned. */
struct looked_through
{
  char *lines;
  size_t length; /* of lines */
  json_t *json;
};

static int
match (const struct nv_metrics *metrics, struct nv_metric *metric, const struct looked_through *output,
       struct nv_message *message)
{
  int error = metrics->is_json ? match_json (metric, output->json, message)
                               : match_text (metric, output->lines, output->length, message);

  if (error == 0 && metric->n == metric->first)
    error = nv_fail (message, EINVAL, "printed nothing that metric '%.128s' matches", metric->name);
  return error;
}

static int
look_through (const struct nv_metrics *metrics, const char *output, size_t length,
              struct looked_through *ret_through, struct nv_message *message)
{
  *ret_through = (struct looked_through){
    .lines = metrics->is_json ? NULL : split_lines (output, length),
    .length = length,
    .json = metrics->is_json ? read_json (output, length, message) : NULL,
  };
  if (metrics->is_json)
    return ret_through->json ? 0 : -EINVAL;
  return ret_through->lines ? 0 : nv_fail (message, ENOMEM, "no memory for its lines");
}

int
nv_metrics_match (struct nv_metrics *metrics, const char *output, size_t length, struct nv_message *message)
{
  struct looked_through through;
  int error = look_through (metrics, output, length, &through, message);

  for (size_t i = 0; i < metrics->n; i++)
    metrics->items[i].first = metrics->items[i].n;
  for (size_t i = 0; i < metrics->n && error == 0; i++)
    error = match (metrics, &metrics->items[i], &through, message);
  for (size_t i = 0; i < metrics->n && error < 0; i++)
    metrics->items[i].n = metrics->items[i].first;
  free (through.lines);
  json_decref (through.json);
  return error;
}
