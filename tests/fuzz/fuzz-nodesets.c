/* A set that is read, shown and read again is the same set; a refusal has its reason. */

#include "fuzz.h"

#include "base/error.h"
#include "base/set.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_autofree char *shown = NULL, *shown_again = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (NvSet) set = nv_set_parse (text, &error);
  g_autoptr (NvSet) again = NULL;
  guint n = 0;

  if (!set)
    {
      g_assert_error (error, NV_ERROR, NV_ERROR_USAGE);
      return 0;
    }
  g_assert_no_error (error);
  NV_SET_FOREACH (index, set)
  {
    g_assert_cmpint (index, <, (int)NV_SET_LIMIT);
    g_assert_true (nv_set_contains (set, (guint)index));
    n++;
  }
  g_assert_cmpuint (n, ==, nv_set_count (set));
  g_assert_cmpuint (n, >, 0);
  shown = nv_set_format (set);
  again = nv_set_parse (shown, NULL);
  g_assert_nonnull (again);
  g_assert_true (nv_set_equal (set, again));
  shown_again = nv_set_format (again);
  g_assert_cmpstr (shown_again, ==, shown);
  return 0;
}
