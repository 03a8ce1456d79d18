#include "experiment/kept.h"
#include "base/error.h"
#include "policy/policy.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean
fail (const char *path, GError **error)
{
  g_set_error (error, NV_ERROR, errno == EEXIST ? NV_ERROR_EXISTS : NV_ERROR_FAILED,
               "results: cannot make '%s': %s: name another folder", path, g_strerror (errno));
  return FALSE;
}

static char *
policy_path (const NvKept *kept, guint index)
{
  return g_build_filename (kept->path, ((const NvPolicy *)g_ptr_array_index (kept->policies, index))->name,
                           NULL);
}

/* The first @n policies' folders. */
static void
remove_empty (const NvKept *kept, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *folder = policy_path (kept, i);

      rmdir (folder);
    }
  if (kept->is_new)
    rmdir (kept->path);
}

gboolean
nv_kept_make (NvKept *kept, GError **error)
{
  if (!kept->path)
    return TRUE;
  kept->is_new = !g_file_test (kept->path, G_FILE_TEST_EXISTS);
  if (g_mkdir_with_parents (kept->path, 0755) != 0)
    return fail (kept->path, error);
  for (guint i = 0; i < kept->policies->len; i++)
    {
      g_autofree char *folder = policy_path (kept, i);

      if (mkdir (folder, 0755) == 0)
        continue;
      fail (folder, error);
      remove_empty (kept, i);
      return FALSE;
    }
  return TRUE;
}

void
nv_kept_remove_empty (const NvKept *kept)
{
  if (kept->path)
    remove_empty (kept, kept->policies->len);
}
