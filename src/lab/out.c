#include "lab/out.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_DIR "lab-out"

static gboolean
make_dir (const char *dir)
{
  return (mkdir (dir, 0777) == 0 || errno == EEXIST) && access (dir, W_OK | X_OK) == 0;
}

NvLabOut *
nv_lab_out_open (const char *dir, GError **error)
{
  NvLabOut *out = g_new0 (NvLabOut, 1);
  char *path = NULL;

  out->lock = -1;
  out->if_used = !dir;
  if (make_dir (dir ?: DEFAULT_DIR) && (path = realpath (dir ?: DEFAULT_DIR, NULL)))
    out->lock = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (out->lock >= 0)
    {
      flock (out->lock, LOCK_SH);
      out->path = g_strdup (path);
    }
  else if (dir)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "cannot write to directory '%s': %s", dir,
                   g_strerror (errno));
      g_clear_pointer (&out, nv_lab_out_close);
    }
  free (path);
  return out;
}

void
nv_lab_out_close (NvLabOut *out)
{
  if (!out)
    return;
  /* Another lab may be about to write its first file there. */
  if (out->lock >= 0 && out->if_used && flock (out->lock, LOCK_EX | LOCK_NB) == 0)
    rmdir (out->path);
  if (out->lock >= 0)
    close (out->lock);
  g_free (out->path);
  g_free (out);
}
