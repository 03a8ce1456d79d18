#include "image/directory.h"
#include "base/error.h"
#include "vm/new-file.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* QEMU runs as a user of its own. */
#define DIR_MODE  0755
#define FILE_MODE 0644

/* On disk before the directory gets its name: after a crash there must be no image with empty files. */
static gboolean
finish_file (NvNewFile *file, GError **error)
{
  if (fchmod (file->fd, FILE_MODE) == 0 && fsync (file->fd) == 0)
    return nv_new_file_publish (file, FALSE, error);
  g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot write '%s': %s", file->path, g_strerror (errno));
  return FALSE;
}

static gboolean
copy_kernel (int kernel, const char *dir, GError **error)
{
  g_autofree char *path = g_build_filename (dir, NV_IMAGE_KERNEL, NULL);
  g_autoptr (NvNewFile) file = nv_new_file_create (path, error);

  return file && nv_file_copy (kernel, file->fd, NULL, error) && finish_file (file, error);
}

static gboolean
write_bytes (GBytes *content, const char *dir, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  g_autoptr (NvNewFile) file = nv_new_file_create (path, error);
  gsize length, done = 0;
  const char *bytes = g_bytes_get_data (content, &length);

  if (!file)
    return FALSE;
  while (done < length)
    {
      gssize n = write (file->fd, bytes + done, length - done);

      if (n < 0 && errno != EINTR)
        {
          g_set_error (error, NV_ERROR, errno == ENOSPC ? NV_ERROR_NO_SPACE : NV_ERROR_FAILED,
                       "cannot write '%s': %s", path, g_strerror (errno));
          return FALSE;
        }
      done += (gsize)MAX (n, 0);
    }
  return finish_file (file, error);
}

static void
remove_directory (const char *dir)
{
  static const char *const names[] = { NV_IMAGE_KERNEL, NV_IMAGE_INITRAMFS, NV_IMAGE_MANIFEST };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (dir, names[i], NULL);

      unlink (path);
    }
  rmdir (dir);
}

/* Sets @error from errno. */
static gboolean
fail (const char *dir, GError **error)
{
  g_set_error (error, NV_ERROR, errno == ENOSPC ? NV_ERROR_NO_SPACE : NV_ERROR_FAILED,
               "cannot make directory '%s': %s", dir, g_strerror (errno));
  return FALSE;
}

static gboolean
set_exists (const char *dir, GError **error)
{
  g_set_error (error, NV_ERROR, NV_ERROR_EXISTS, "'%s' exists: remove it, or choose another name", dir);
  return FALSE;
}

static gboolean
give_name (const char *temporary, const char *dir, GError **error)
{
  if (chmod (temporary, DIR_MODE) == 0 && rename (temporary, dir) == 0)
    return TRUE;
  if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR)
    return fail (dir, error);
  return set_exists (dir, error);
}

gboolean
nv_image_directory_make (const char *dir, int kernel, GBytes *initramfs, GBytes *manifest, GError **error)
{
  g_autofree char *temporary = g_strdup_printf ("%s.XXXXXX", dir);

  if (!g_mkdtemp_full (temporary, 0700))
    return fail (dir, error);
  if (copy_kernel (kernel, temporary, error) && write_bytes (initramfs, temporary, NV_IMAGE_INITRAMFS, error)
      && (!manifest || write_bytes (manifest, temporary, NV_IMAGE_MANIFEST, error))
      && give_name (temporary, dir, error))
    return TRUE;
  remove_directory (temporary);
  return FALSE;
}

gboolean
nv_image_directory_check (const char *dir, GError **error)
{
  g_autofree char *parent = g_path_get_dirname (dir);
  g_autoptr (GDir) entries = g_dir_open (dir, 0, NULL);

  if (entries ? g_dir_read_name (entries) != NULL : g_file_test (dir, G_FILE_TEST_EXISTS))
    return set_exists (dir, error);
  return access (parent, W_OK) == 0 || fail (dir, error);
}

gboolean
nv_image_directory_publish (const char *made, const json_t *manifest, const char *dir, GError **error)
{
  char *bytes = json_dumps (manifest, JSON_INDENT (2));
  g_autoptr (GBytes) text = g_bytes_new_with_free_func (bytes, strlen (bytes), free, bytes);

  return write_bytes (text, made, NV_IMAGE_MANIFEST, error) && give_name (made, dir, error);
}
