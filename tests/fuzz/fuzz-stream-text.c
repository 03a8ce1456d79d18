/* STREAM's text: results are numbers, and blocks that end anywhere give the same. */

#include "fuzz.h"
#include "store/stream-text.h"

#include <math.h>
#include <string.h>

static gboolean
take (const NvStoreStream *result, gpointer data)
{
  g_assert_true (result->best_rate_bytes_per_s > 0 && isfinite (result->best_rate_bytes_per_s));
  g_assert_true (isfinite (result->average_s) && isfinite (result->minimum_s)
                 && isfinite (result->maximum_s));
  g_assert_cmpuint (strlen (result->kernel), <, NV_STREAM_TEXT_NAME);
  g_string_append_printf (data, "%u %s %a %a %a %a %" G_GUINT64_FORMAT " %u\n", result->sequence,
                          result->kernel, result->best_rate_bytes_per_s, result->average_s, result->minimum_s,
                          result->maximum_s, result->array_bytes, result->threads);
  return TRUE;
}

static void
leave_out (guint64 line, const char *reason, gpointer data)
{
  g_assert_cmpuint (line, >, 0);
  g_assert_true (g_utf8_validate (reason, -1, NULL));
  g_string_append_printf (data, "%" G_GUINT64_FORMAT " %s\n", line, reason);
}

/* Twice: what is before @cut first. */
static char *
read_cut (const char *bytes, size_t size, size_t cut)
{
  GString *found = g_string_new (NULL);
  NvStreamText text = { .take = take, .leave_out = leave_out, .data = found };
  gsize first, second;

  nv_stream_text_take_lines (&text, bytes, cut, &first);
  g_assert_cmpuint (first, <=, cut);
  nv_stream_text_take_lines (&text, bytes + first, size - first, &second);
  if (first + second < size)
    nv_stream_text_take_line (&text, bytes + first + second, size - first - second);
  nv_stream_text_finish (&text);
  return g_string_free (found, FALSE);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *bytes = (const char *)data;
  g_autofree char *whole = read_cut (bytes, size, 0);
  g_autofree char *cut = read_cut (bytes, size, size / 2);

  g_assert_cmpstr (whole, ==, cut);
  return 0;
}
