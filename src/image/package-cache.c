#include "image/package-cache.h"
#include "base/error.h"
#include "vm/state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SUFFIX   ".deb"
#define UNUSED_S (60 * 24 * 3600)

char *
nv_package_cache_open (GError **error)
{
  g_autofree char *dir = g_getenv ("NUMAVM_STATE_DIR")
                             ? nv_state_path ("packages")
                             : g_build_filename (geteuid () == 0 ? "/var/cache" : g_get_user_cache_dir (),
                                                 "numavm", "packages", NULL);

  if (g_mkdir_with_parents (dir, 0755) == 0)
    return g_steal_pointer (&dir);
  g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot make directory '%s': %s", dir, g_strerror (errno));
  return NULL;
}

GHashTable *
nv_package_cache_list (const char *dir)
{
  GHashTable *names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GDir) entries = g_dir_open (dir, 0, NULL);
  const char *name;

  while (entries && (name = g_dir_read_name (entries)))
    if (g_str_has_suffix (name, SUFFIX))
      g_hash_table_add (names, g_strdup (name));
  return names;
}

/* Returns: (transfer full): as apt names its file. */
static char *
file_name_of (const json_t *package)
{
  g_autofree char *version =
      g_uri_escape_string (json_string_value (json_object_get (package, "version")), "+", FALSE);
  g_autoptr (GString) escaped = g_string_new (version);

  g_string_replace (escaped, "%3A", "%3a", 0);
  return g_strdup_printf ("%s_%s_%s" SUFFIX, json_string_value (json_object_get (package, "name")),
                          escaped->str, json_string_value (json_object_get (package, "architecture")));
}

static void
remove_unused (const char *dir)
{
  g_autoptr (GHashTable) names = nv_package_cache_list (dir);
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, names);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    {
      g_autofree char *path = g_build_filename (dir, name, NULL);
      struct stat facts;

      if (stat (path, &facts) == 0 && facts.st_mtime < time (NULL) - UNUSED_S)
        unlink (path);
    }
}

guint
nv_package_cache_finish (const char *dir, GHashTable *before, const json_t *packages)
{
  guint n_reused = 0;
  const json_t *package;
  size_t i;

  json_array_foreach (packages, i, package)
  {
    g_autofree char *name = file_name_of (package);
    g_autofree char *path = g_build_filename (dir, name, NULL);

    n_reused += g_hash_table_contains (before, name);
    utimensat (AT_FDCWD, path, NULL, 0); /* needed today */
  }
  remove_unused (dir);
  return n_reused;
}
