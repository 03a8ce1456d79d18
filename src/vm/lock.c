#include "vm/lock.h"
#include "base/error.h"
#include "vm/state.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

struct NvLock
{
  int fd;
};

static char *
lock_path (const char *uri, GError **error)
{
  g_autofree char *dir = nv_state_runtime_dir (error);
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, uri, -1);
  g_autofree char *name = g_strdup_printf ("ledger-%.16s.lock", sum);

  return dir ? g_build_filename (dir, name, NULL) : NULL;
}

/* 0, or an errno. */
static int
lock_file (int fd, void (*waiting) (gpointer data), gpointer data)
{
  if (flock (fd, LOCK_EX | LOCK_NB) == 0)
    return 0;
  if (errno != EWOULDBLOCK)
    return errno;
  if (waiting)
    waiting (data);
  return flock (fd, LOCK_EX) == 0 ? 0 : errno;
}

NvLock *
nv_lock_take (const char *uri, void (*waiting) (gpointer data), gpointer data, GError **error)
{
  g_autofree char *path = lock_path (uri, error);
  NvLock *lock;
  int fd, problem;

  if (!path)
    return NULL;
  fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  problem = fd < 0 ? errno : lock_file (fd, waiting, data);
  if (problem != 0)
    {
      g_set_error (error, NV_ERROR, problem == EINTR ? NV_ERROR_CANCELLED : NV_ERROR_FAILED,
                   "cannot lock '%s': %s", path, g_strerror (problem));
      if (fd >= 0)
        close (fd);
      return NULL;
    }
  lock = g_new0 (NvLock, 1);
  lock->fd = fd;
  return lock;
}

void
nv_lock_free (NvLock *lock)
{
  if (!lock)
    return;
  close (lock->fd);
  g_free (lock);
}
