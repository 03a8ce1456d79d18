#include "store/stream-text.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

enum
{
  N_VALUES = 4, /* best rate, average, minimum, maximum */
  DIGITS = 18,  /* so many fit an integer */
  EXACT_POWER = 22,
  MAX_FACT_DIGITS = 15,
};

/* An integer up to it is exact as a double, and so are powers of ten: one rounding is left, the right one. */
#define EXACT_MAX (G_GUINT64_CONSTANT (1) << 53)

/* In bytes/s for each thread, on arrays that fit no core's own cache: no core gets that from memory. */
#define IMPLAUSIBLE_RATE  100e9
#define IMPLAUSIBLE_BYTES (32 << 20)

#define VERSION_MARK "STREAM version"
#define TABLE_MARK   "Function "
#define SIZE_MARK    "Array size = "
#define THREADS_MARK "Number of Threads counted = "

const char *const nv_stream_kernels[NV_STREAM_KERNELS + 1] = { "copy", "scale", "add", "triad", NULL };

static void G_GNUC_PRINTF (3, 4) leave_out (NvStreamText *text, guint64 line, const char *format, ...)
{
  g_autofree char *reason = NULL;
  va_list arguments;

  va_start (arguments, format);
  reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  text->leave_out (line, reason, text->data);
}

/* --- numbers --- */

/* What the quick way has no answer to. */
static gboolean
parse_any_number (const char *text, gsize length, double *ret_number)
{
  g_autofree char *copy = g_strndup (text, length);
  char *comma = strchr (copy, ','), *end;

  if (comma && !strchr (copy, '.') && !strchr (comma + 1, ','))
    *comma = '.';
  if (!g_ascii_isdigit (*copy))
    return FALSE;
  *ret_number = g_ascii_strtod (copy, &end);
  return end == copy + length && isfinite (*ret_number);
}

/* Digits with at most one point or comma among them: one division of two exact numbers (W. Clinger, How to
 * Read Floating Point Numbers Accurately, PLDI 1990). */
gboolean
nv_stream_text_parse_number (const char *text, gsize length, double *ret_number)
{
  static const double powers[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                   1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18 };
  gsize point = length;
  guint64 digits = 0;

  if (length == 0 || length > DIGITS)
    return parse_any_number (text, length, ret_number);
  for (gsize i = 0; i < length; i++)
    if (g_ascii_isdigit (text[i]))
      digits = digits * 10 + (guint64)(text[i] - '0');
    else if ((text[i] == '.' || text[i] == ',') && point == length && i > 0)
      point = i;
    else
      return parse_any_number (text, length, ret_number);
  if (digits > EXACT_MAX)
    return parse_any_number (text, length, ret_number);
  *ret_number = (double)digits / powers[point < length ? length - point - 1 : 0];
  return TRUE;
}

/* --- lines --- */

static gboolean
is_blank (char c)
{
  return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of a line. FALSE: there is none. */
static gboolean
next_word (const char **at, const char *end, const char **ret_word, gsize *ret_length)
{
  while (*at < end && is_blank (**at))
    (*at)++;
  *ret_word = *at;
  while (*at < end && !is_blank (**at))
    (*at)++;
  *ret_length = (gsize)(*at - *ret_word);
  return *ret_length > 0;
}

/* `Copy:`, into lower case, filled up with zeroes. */
static gboolean
parse_label (const char *word, gsize length, char *kernel)
{
  if (length < 2 || length > NV_STREAM_TEXT_NAME || word[length - 1] != ':' || !g_ascii_isupper (*word))
    return FALSE;
  memset (kernel, 0, NV_STREAM_TEXT_NAME);
  for (gsize i = 0; i + 1 < length; i++)
    {
      if (!g_ascii_isalpha (word[i]))
        return FALSE;
      kernel[i] = g_ascii_tolower (word[i]);
    }
  return TRUE;
}

static gboolean
is_stream_kernel (const char *kernel)
{
  return g_strv_contains (nv_stream_kernels, kernel);
}

typedef enum
{
  LINE_OTHER,
  LINE_RESULT,
  LINE_BAD, /* of one of STREAM's kernels, and cut off or damaged */
} LineKind;

/* @values: MB/s and s, as printed. */
static LineKind
parse_result (const char *line, gsize length, char *kernel, double *values)
{
  const char *at = line, *end = line + length, *word;
  gboolean is_whole = TRUE;
  gsize word_length;

  if (!next_word (&at, end, &word, &word_length) || !parse_label (word, word_length, kernel))
    return LINE_OTHER;
  for (guint i = 0; i < N_VALUES && is_whole; i++)
    is_whole = next_word (&at, end, &word, &word_length)
               && nv_stream_text_parse_number (word, word_length, &values[i]);
  if (is_whole && !next_word (&at, end, &word, &word_length))
    return LINE_RESULT;
  return is_stream_kernel (kernel) ? LINE_BAD : LINE_OTHER;
}

static gboolean
begins_with (const char *line, gsize length, const char *mark, gsize mark_length)
{
  return length >= mark_length && memcmp (line, mark, mark_length) == 0;
}

#define BEGINS_WITH(line, length, mark) begins_with (line, length, mark, sizeof mark - 1)

/* STREAM's first line says what it is in its middle. Most lines have no `S` at all. */
static gboolean
has_version (const char *line, gsize length)
{
  const char *at = line, *end = line + length;

  while ((at = memchr (at, 'S', (gsize)(end - at))))
    {
      if (BEGINS_WITH (at, (gsize)(end - at), VERSION_MARK))
        return TRUE;
      at++;
    }
  return FALSE;
}

gboolean
nv_stream_text_recognises (const char *line, gsize length)
{
  char kernel[NV_STREAM_TEXT_NAME];
  double values[N_VALUES];

  return has_version (line, length)
         || (parse_result (line, length, kernel, values) != LINE_OTHER && is_stream_kernel (kernel));
}

/* --- runs of the benchmark --- */

static gboolean
has_kernel (const NvStreamText *text, const char *kernel)
{
  for (guint i = 0; i < text->n_kernels; i++)
    if (strcmp (text->kernels[i], kernel) == 0)
      return TRUE;
  return FALSE;
}

static void
end_run (NvStreamText *text)
{
  if (text->since_line == 0)
    return;
  if (text->n_kernels == 0)
    leave_out (text, text->since_line, "run %u has no results: it was cut off", text->sequence);
  else if (!text->is_ours)
    for (guint i = 0; nv_stream_kernels[i]; i++)
      if (!has_kernel (text, nv_stream_kernels[i]))
        leave_out (text, text->since_line, "run %u has no result of %s", text->sequence,
                   nv_stream_kernels[i]);
  text->sequence++;
  text->since_line = 0;
  text->n_kernels = 0;
  text->array_bytes = 0;
  text->threads = 0;
}

static void
start_run (NvStreamText *text, const char *line, gsize length, gboolean is_version)
{
  /* The heading of the table that the run's first line promised. */
  if (text->since_line > 0 && text->n_kernels == 0 && !is_version)
    return;
  end_run (text);
  text->since_line = text->line;
  text->is_ours = BEGINS_WITH (line, length, "numavm");
}

/* 0: none. */
static guint64
read_count (const char *text, gsize length)
{
  guint64 count = 0;

  for (gsize i = 0; i < length && i < MAX_FACT_DIGITS && g_ascii_isdigit (text[i]); i++)
    count = count * 10 + (guint64)(text[i] - '0');
  return count;
}

/* What the run's own head says of it. */
static void
read_fact (NvStreamText *text, const char *line, gsize length)
{
  if (BEGINS_WITH (line, length, SIZE_MARK))
    text->array_bytes = read_count (line + strlen (SIZE_MARK), length - strlen (SIZE_MARK)) * sizeof (double);
  else if (BEGINS_WITH (line, length, THREADS_MARK))
    text->threads =
        (guint)MIN (read_count (line + strlen (THREADS_MARK), length - strlen (THREADS_MARK)), 999999);
}

static gboolean
add_result (NvStreamText *text, const char *kernel, const double *values)
{
  NvStoreStream result = {
    .kernel = kernel,
    .best_rate_bytes_per_s = values[0] / (text->is_original_mod ? NV_STREAM_MOD_DIVISOR : 1) * 1e6,
    .average_s = values[1],
    .minimum_s = values[2],
    .maximum_s = values[3],
  };

  if (values[0] <= 0 || !isfinite (values[0] * 1e6))
    {
      leave_out (text, text->line, "%s: %g MB/s is no rate", kernel, values[0]);
      return TRUE;
    }
  if (text->since_line == 0 || has_kernel (text, kernel) || text->n_kernels == NV_STREAM_TEXT_KERNELS)
    {
      end_run (text);
      text->since_line = text->line;
    }
  memcpy (text->kernels[text->n_kernels++], kernel, NV_STREAM_TEXT_NAME);
  result.sequence = text->sequence;
  result.array_bytes = text->array_bytes;
  result.threads = text->threads;
  return text->take (&result, text->data);
}

gboolean
nv_stream_text_take_line (NvStreamText *text, const char *line, gsize length)
{
  gboolean is_version = has_version (line, length);
  char kernel[NV_STREAM_TEXT_NAME];
  double values[N_VALUES];

  text->line++;
  text->is_guess = text->is_guess && !nv_stream_text_recognises (line, length);
  if (text->is_guess)
    return TRUE;
  if (is_version || BEGINS_WITH (line, length, TABLE_MARK))
    {
      start_run (text, line, length, is_version);
      return TRUE;
    }
  switch (parse_result (line, length, kernel, values))
    {
    case LINE_RESULT:
      return add_result (text, kernel, values);
    case LINE_BAD:
      leave_out (text, text->line, "%s: a rate in MB/s and three times in s are needed behind it", kernel);
      return TRUE;
    default:
      read_fact (text, line, length);
      return TRUE;
    }
}

gboolean
nv_stream_text_take_lines (NvStreamText *text, const char *block, gsize length, gsize *ret_length)
{
  const char *line = block, *end = block + length, *next;
  gboolean done = TRUE;

  while (done && line < end && (next = memchr (line, '\n', (gsize)(end - line))))
    {
      done = nv_stream_text_take_line (text, line, (gsize)(next - line));
      line = next + 1;
    }
  *ret_length = (gsize)(line - block);
  return done;
}

void
nv_stream_text_finish (NvStreamText *text)
{
  end_run (text);
}

double
nv_stream_implausible_rate (const NvStoreStream *result)
{
  double rate = result->best_rate_bytes_per_s / MAX (result->threads, 1);

  return result->array_bytes >= IMPLAUSIBLE_BYTES && result->threads > 0 && rate > IMPLAUSIBLE_RATE ? rate
                                                                                                    : 0;
}
