#pragma once

#include <glib.h>
#include <glib/gstdio.h>

/* Machines under tests/machines are kept as one text each, NAME.tree: a comment, then for each file of /proc
 * and /sys a line `== PATH` and what it holds. */

/* Writes or replaces one file of an unpacked tree. */
static inline void
tree_write (const char *root, const char *name, const char *content)
{
  g_autofree char *path = g_build_filename (root, name, NULL);
  g_autofree char *directory = g_path_get_dirname (path);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (directory, 0700), ==, 0);
  g_file_set_contents (path, content, -1, &error);
  g_assert_no_error (error);
}

/* Unpacks one. Returns: (transfer full): the directory that holds its proc/ and sys/, for tree_remove(). */
static inline char *
tree_unpack (const char *name)
{
  g_autofree char *file = g_strdup_printf ("%s/tests/machines/%s.tree", g_getenv ("NV_SOURCE_DIR"), name);
  g_autofree char *text = NULL;
  g_auto (GStrv) parts = NULL;
  g_autoptr (GError) error = NULL;
  char *root = g_dir_make_tmp ("numavm-tree-XXXXXX", &error);

  g_assert_no_error (error);
  g_file_get_contents (file, &text, NULL, &error);
  g_assert_no_error (error);
  parts = g_strsplit (text, "\n== ", -1);
  for (guint i = 1; parts[i]; i++)
    {
      g_auto (GStrv) part = g_strsplit (parts[i], "\n", 2);
      g_autofree char *content = g_strconcat (part[1], g_str_has_suffix (part[1], "\n") ? "" : "\n", NULL);

      tree_write (root, part[0], content);
    }
  return root;
}

static inline void
tree_remove_below (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir)))
    {
      g_autofree char *below = g_build_filename (path, name, NULL);

      if (g_file_test (below, G_FILE_TEST_IS_DIR) && !g_file_test (below, G_FILE_TEST_IS_SYMLINK))
        tree_remove_below (below);
      else
        g_unlink (below);
    }
  g_rmdir (path);
}

/* Removes the directory and frees its name. */
static inline void
tree_remove (char *root)
{
  tree_remove_below (root);
  g_free (root);
}
