/* A size that is read is shown, and what is shown exactly is read back as the same; a refusal sets nothing.
 */

#include "fuzz.h"

#include "base/error.h"
#include "base/size.h"

#include <string.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_autofree char *shown = NULL, *exact = NULL;
  g_autoptr (GError) error = NULL;
  guint64 bytes = 42, again, count = 42;

  if (nv_count_parse (text, 1, 1000, &count, NULL))
    g_assert_true (count >= 1 && count <= 1000);
  else
    g_assert_cmpuint (count, ==, 42);
  if (!nv_size_parse (text, &bytes, &error))
    {
      g_assert_error (error, NV_ERROR, NV_ERROR_USAGE);
      g_assert_cmpuint (bytes, ==, 42);
      return 0;
    }
  g_assert_true (g_ascii_isdigit (*text));
  shown = nv_size_format (bytes);
  g_assert_nonnull (strchr (shown, ' '));
  exact = g_strdup_printf ("%" G_GUINT64_FORMAT "B", bytes);
  g_assert_true (nv_size_parse (exact, &again, NULL));
  g_assert_cmpuint (again, ==, bytes);
  return 0;
}
