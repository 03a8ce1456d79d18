/* Whatever a program prints, its values are finite and not negative, and what is shown of it is text. The
 * first byte says how it is read. */

#include "fuzz.h"

#include "guest/clean.h"
#include "guest/metrics.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#define SHOWN 64

static void
match (const char *format, const char *pattern, const char *output, gsize length)
{
  json_t *workload = json_pack ("{s:s, s:[{s:s, s:s, s:s, s:s}]}", "format", format, "metrics", "name", "m",
                                "pattern", pattern, "unit", "u", "better", "higher");
  struct nv_message message = { "" };
  struct nv_metrics metrics;
  int status;

  g_assert_cmpint (nv_metrics_read (&metrics, workload, &message), ==, 0);
  status = nv_metrics_match (&metrics, output, length, &message);
  g_assert_true (status < 0 ? metrics.items[0].n == 0 && *message.text : metrics.items[0].n > 0);
  g_assert_true (g_utf8_validate (message.text, -1, NULL));
  for (gsize i = 0; i < metrics.items[0].n; i++)
    g_assert_true (isfinite (metrics.items[0].values[i]) && metrics.items[0].values[i] >= 0);
  nv_metrics_clear (&metrics);
  json_decref (workload);
}

static void
clean (const char *output, gsize length, gsize max)
{
  g_autofree char *text = nv_clean (output, length, max);
  char line[SHOWN];

  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_cmpuint (strlen (text), <=, max);
  nv_clean_tail (output, length, line, sizeof line);
  g_assert_true (g_utf8_validate (line, -1, NULL));
  g_assert_null (strpbrk (line, "\n\t\033"));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  if (size == 0)
    return 0;
  if (data[0] == 'j')
    match ("json", "/a/0/b", (const char *)data + 1, size - 1);
  else
    match ("text", "[a-z]+[:=] *([^ ]*)", (const char *)data + 1, size - 1);
  clean ((const char *)data, size, data[0]);
  return 0;
}
