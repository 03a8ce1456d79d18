#include "vm/new-file.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Between two looks at the cancellable: far less than a second on any disk. */
#define COPY_CHUNK ((gsize)16 << 20)

/* Where the kernel cannot copy between two files. */
#define COPY_BUFFER ((gsize)256 << 10)

static NvError
code_of (int number)
{
  return number == ENOSPC || number == EDQUOT ? NV_ERROR_NO_SPACE : NV_ERROR_FAILED;
}

NvNewFile *
nv_new_file_create (const char *path, GError **error)
{
  g_autofree char *dir = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *temporary = g_strdup_printf ("%s/.%s.XXXXXX", dir, name);
  int fd = mkostemp (temporary, O_CLOEXEC);
  NvNewFile *file;

  if (fd < 0)
    {
      int number = errno;

      g_set_error (error, NV_ERROR, code_of (number), "cannot make a file in directory '%s': %s", dir,
                   g_strerror (number));
      return NULL;
    }
  file = g_new0 (NvNewFile, 1);
  file->path = g_strdup (path);
  file->temporary = g_steal_pointer (&temporary);
  file->fd = fd;
  return file;
}

/* Both steps fail with EEXIST where @to exists. */
static int
rename_new (const char *from, const char *to)
{
  if (renameat2 (AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL && errno != ENOSYS)
    return -1;
  /* NFS and some others know no such renaming. */
  if (link (from, to) != 0)
    return -1;
  return unlink (from);
}

void
nv_new_file_share (NvNewFile *file)
{
  mode_t mask = umask (0);

  umask (mask);
  fchmod (file->fd, 0666 & ~mask);
}

gboolean
nv_new_file_publish (NvNewFile *file, gboolean overwrite, GError **error)
{
  int result = overwrite ? rename (file->temporary, file->path) : rename_new (file->temporary, file->path);

  if (result == 0)
    {
      g_clear_pointer (&file->temporary, g_free);
      return TRUE;
    }
  if (errno == EEXIST)
    g_set_error (error, NV_ERROR, NV_ERROR_EXISTS, "file '%s' exists", file->path);
  else
    g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot make file '%s': %s", file->path,
                 g_strerror (errno));
  return FALSE;
}

void
nv_new_file_free (NvNewFile *file)
{
  if (!file)
    return;
  if (file->temporary)
    unlink (file->temporary);
  close (file->fd);
  g_free (file->temporary);
  g_free (file->path);
  g_free (file);
}

/* Returns: how many bytes were copied, 0 at the end of @from, or -1 and errno. */
static gssize
copy_some (int from, int to, off_t at, gsize length)
{
  g_autofree char *buffer = NULL;
  off_t from_at = at, to_at = at;
  gssize n = copy_file_range (from, &from_at, to, &to_at, length, 0);

  if (n >= 0 || (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP))
    return n;
  buffer = g_malloc (COPY_BUFFER);
  n = pread (from, buffer, MIN (length, COPY_BUFFER), at);
  return n > 0 ? pwrite (to, buffer, (gsize)n, at) : n;
}

static gboolean
set_copy_error (GError **error)
{
  int number = errno;

  g_set_error (error, NV_ERROR, code_of (number), "cannot copy: %s", g_strerror (number));
  return FALSE;
}

static gboolean
copy_extent (int from, int to, off_t start, off_t end, GCancellable *cancellable, GError **error)
{
  while (start < end)
    {
      gssize n;

      if (g_cancellable_is_cancelled (cancellable))
        {
          g_set_error (error, NV_ERROR, NV_ERROR_CANCELLED, "interrupted");
          return FALSE;
        }
      n = copy_some (from, to, start, MIN ((gsize)(end - start), COPY_CHUNK));
      if (n < 0 && errno != EINTR)
        return set_copy_error (error);
      if (n == 0)
        {
          g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot copy: the file became shorter");
          return FALSE;
        }
      start += MAX (n, 0);
    }
  return TRUE;
}

gboolean
nv_file_copy (int from, int to, GCancellable *cancellable, GError **error)
{
  off_t size = lseek (from, 0, SEEK_END);
  off_t data = 0;

  if (size < 0 || ftruncate (to, size) != 0)
    return set_copy_error (error);
  while (data < size)
    {
      off_t hole;

      data = lseek (from, data, SEEK_DATA);
      if (data < 0 && errno == ENXIO)
        return TRUE;
      hole = data < 0 ? -1 : lseek (from, data, SEEK_HOLE);
      if (hole < 0)
        return set_copy_error (error);
      if (!copy_extent (from, to, data, hole, cancellable, error))
        return FALSE;
      data = hole;
    }
  return TRUE;
}
