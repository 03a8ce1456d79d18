#include "base/error.h"
#include "vm/lock.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHARED_DIR "/run/lock"

static void
say (int fd, char what)
{
  g_assert_cmpint (write (fd, &what, 1), ==, 1);
}

static char
hear (int fd)
{
  char what = '\0';

  g_assert_cmpint (read (fd, &what, 1), ==, 1);
  return what;
}

static void
say_waiting (gpointer data)
{
  say (*(int *)data, 'w');
}

/* Another process: says w when it waits and h when it holds the lock. */
static pid_t
fork_taker (const char *uri, const char *state_dir, NvLock *held, int *ret_fd)
{
  int fds[2];
  pid_t pid;

  g_assert_cmpint (pipe (fds), ==, 0);
  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      nv_lock_free (held); /* a lock is held by all that have its descriptor */
      g_setenv ("NUMAVM_STATE_DIR", state_dir, TRUE);
      held = nv_lock_take (uri, say_waiting, &fds[1], NULL);
      say (fds[1], held ? 'h' : 'f');
      _exit (0);
    }
  close (fds[1]);
  *ret_fd = fds[0];
  return pid;
}

static void
assert_excluded (const char *uri, const char *other_state_dir)
{
  g_autoptr (GError) error = NULL;
  NvLock *lock = nv_lock_take (uri, NULL, NULL, &error);
  int fd;
  pid_t pid;

  g_assert_no_error (error);
  pid = fork_taker (uri, other_state_dir, lock, &fd);
  g_assert_cmpint (hear (fd), ==, 'w');
  nv_lock_free (lock);
  g_assert_cmpint (hear (fd), ==, 'h');
  waitpid (pid, NULL, 0);
  close (fd);
}

static void
one_process_waits_for_another (void)
{
  assert_excluded ("test:///session", g_getenv ("NUMAVM_STATE_DIR"));
}

static void
a_system_daemon_has_one_lock_whatever_the_state_directory_and_umask (void)
{
  g_autofree char *uri = g_strdup_printf ("test%d:///system", (int)getpid ());
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, uri, -1);
  g_autofree char *path = g_strdup_printf (SHARED_DIR "/numavm-ledger-%.16s.lock", sum);
  mode_t before;
  struct stat status;

  if (access (SHARED_DIR, W_OK) != 0)
    {
      g_test_skip ("this user may not write to " SHARED_DIR);
      return;
    }
  before = umask (077);
  assert_excluded (uri, "/nonexistent");
  umask (before);
  g_assert_cmpint (stat (path, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0644);
  g_assert_cmpint (g_unlink (path), ==, 0);
}

static void
locks_of_two_uris_are_apart (void)
{
  g_autoptr (NvLock) first = nv_lock_take ("test:///session", NULL, NULL, NULL);
  g_autoptr (NvLock) second = nv_lock_take ("test2:///session", NULL, NULL, NULL);

  g_assert_nonnull (first);
  g_assert_nonnull (second);
}

int
main (int argc, char **argv)
{
  g_autofree char *dir = g_dir_make_tmp ("numavm-lock-XXXXXX", NULL);
  g_autofree char *run = g_build_filename (dir, "run", NULL);
  g_autoptr (GDir) entries = NULL;
  const char *name;
  int result;

  g_setenv ("NUMAVM_STATE_DIR", dir, TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lock/one_process_waits_for_another", one_process_waits_for_another);
  g_test_add_func ("/lock/a_system_daemon_has_one_lock_whatever_the_state_directory_and_umask",
                   a_system_daemon_has_one_lock_whatever_the_state_directory_and_umask);
  g_test_add_func ("/lock/locks_of_two_uris_are_apart", locks_of_two_uris_are_apart);
  result = g_test_run ();
  entries = g_dir_open (run, 0, NULL);
  while (entries && (name = g_dir_read_name (entries)))
    {
      g_autofree char *path = g_build_filename (run, name, NULL);

      g_unlink (path);
    }
  g_rmdir (run);
  g_rmdir (dir);
  return result;
}
