#pragma once

#include <glib.h>

/* Holds @text against tests/golden/@name; NV_REGENERATE=1 rewrites that file, and review decides. */
static inline void
assert_golden (const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (g_getenv ("NV_SOURCE_DIR"), "tests", "golden", name, NULL);
  g_autofree char *golden = NULL;
  g_autoptr (GError) error = NULL;

  if (g_strcmp0 (g_getenv ("NV_REGENERATE"), "1") == 0)
    g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
  g_file_get_contents (path, &golden, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, golden);
}
