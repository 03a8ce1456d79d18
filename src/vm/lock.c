#include "vm/lock.h"
#include "base/error.h"
#include "vm/state.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHARED_DIR "/run/lock"

struct NvLock
{
  int fd;
};

static char *
lock_path (const char *uri, GError **error)
{
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, uri, -1);
  g_autofree char *shared = g_strdup_printf (SHARED_DIR "/numavm-ledger-%.16s.lock", sum);
  g_autofree char *dir = NULL;

  if (g_str_has_suffix (uri, "/system")
      && (access (SHARED_DIR, W_OK) == 0 || g_file_test (shared, G_FILE_TEST_EXISTS)))
    return g_steal_pointer (&shared);
  dir = nv_state_runtime_dir (error);
  return dir ? g_strdup_printf ("%s/ledger-%.16s.lock", dir, sum) : NULL;
}

/* To be read is enough to be locked. Returns: -1 with errno. */
static int
open_lock (const char *path)
{
  const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  int fd;

  /* Only what is missing is made: a directory like /run/lock refuses O_CREAT of another user's file
   * (fs.protected_regular). */
  while ((fd = open (path, flags)) < 0 && errno == ENOENT)
    {
      fd = open (path, flags | O_CREAT | O_EXCL, 0644);
      if (fd >= 0)
        fchmod (fd, 0644); /* the umask must not lock others out */
      if (fd >= 0 || errno != EEXIST)
        return fd;
    }
  return fd;
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
  fd = open_lock (path);
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
