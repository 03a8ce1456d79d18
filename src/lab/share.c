#include "lab/share.h"

#include "base/error.h"
#include "lab/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The sandbox that is a mount namespace needs a pivot_root, which containers do not allow. Nobody but the lab
 * has the files open for long, so that all may be cached. */
static const struct
{
  const char *path;
  const char *arguments[6];
  const char *for_users; /* who may not raise the limit of open files */
} programs[] = {
  { "/usr/libexec/virtiofsd",
    { "--shared-dir=/", "--sandbox=chroot", "--cache=always", "--log-level=error" },
    "--rlimit-nofile=0" },
  { "/usr/lib/qemu/virtiofsd",
    { "-o", "source=/,sandbox=chroot,cache=always,log_level=err" },
    "--rlimit-nofile=0" },
};

/* Returns: its index, or -1. */
static int
find_program (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (programs); i++)
    if (g_file_test (programs[i].path, G_FILE_TEST_IS_EXECUTABLE))
      return (int)i;
  return -1;
}

static gboolean
may_make_user_namespace (GError **error)
{
  static const char *const argv[] = { "/bin/true", NULL };
  static const int fds[] = { -1 };
  int null = open ("/dev/null", O_WRONLY | O_CLOEXEC);
  pid_t pid =
      nv_lab_process_start (&(NvLabProgram){ .argv = argv, .fds = fds, .log = null, .as_root = TRUE }, error);

  close (null);
  nv_lab_process_kill (MAX (pid, 0));
  return pid > 0;
}

char *
nv_lab_share_unavailable (void)
{
  g_autoptr (GError) problem = NULL;

  if (find_program () < 0)
    return g_strdup_printf ("no '%s' and no '%s': install the package virtiofsd, or qemu-system-common",
                            programs[0].path, programs[1].path);
  if (geteuid () != 0 && !may_make_user_namespace (&problem))
    return g_strdup (problem->message);
  return NULL;
}

/* A path may be too long for a socket's address; through the descriptor of its directory none is. */
static gboolean
make_connection (int dir, int *ret_listener, int *ret_socket)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  gboolean connected;

  snprintf (address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/socket", dir);
  *ret_listener = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  *ret_socket = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  connected = *ret_listener >= 0 && *ret_socket >= 0
              && bind (*ret_listener, (const struct sockaddr *)&address, sizeof address) == 0
              && listen (*ret_listener, 1) == 0
              && connect (*ret_socket, (const struct sockaddr *)&address, sizeof address) == 0;
  if (!connected)
    {
      int code = errno;

      close (*ret_listener);
      close (*ret_socket);
      errno = code;
    }
  return connected;
}

/* virtiofsd takes a socket that listens, and QEMU one that is connected; the name is gone before either is
 * there. */
static gboolean
connect_unnamed (int *ret_listener, int *ret_socket, GError **error)
{
  g_autofree char *path = g_dir_make_tmp ("numavm-lab-XXXXXX", error);
  int dir = path ? open (path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
  gboolean connected = dir >= 0 && make_connection (dir, ret_listener, ret_socket);
  int code = errno;

  if (!path)
    return FALSE;
  if (dir >= 0)
    {
      unlinkat (dir, "socket", 0);
      close (dir);
    }
  rmdir (path);
  if (!connected)
    g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot make a socket in '%s': %s", path,
                 g_strerror (code));
  return connected;
}

gboolean
nv_lab_share_start (int log, pid_t *ret_pid, int *ret_socket, GError **error)
{
  g_autofree char *fd_argument = NULL;
  const char *argv[G_N_ELEMENTS (programs[0].arguments) + 4];
  int listener, chosen = find_program ();
  guint n = 0;

  if (chosen < 0)
    {
      g_autofree char *reason = nv_lab_share_unavailable ();

      g_set_error_literal (error, NV_ERROR, NV_ERROR_UNAVAILABLE, reason);
      return FALSE;
    }
  if (!connect_unnamed (&listener, ret_socket, error))
    return FALSE;
  fd_argument = g_strdup_printf ("--fd=%d", listener);
  argv[n++] = programs[chosen].path;
  argv[n++] = fd_argument;
  if (geteuid () != 0)
    argv[n++] = programs[chosen].for_users;
  for (guint i = 0; i < G_N_ELEMENTS (programs[chosen].arguments) && programs[chosen].arguments[i]; i++)
    argv[n++] = programs[chosen].arguments[i];
  argv[n] = NULL;
  *ret_pid = nv_lab_process_start (
      &(NvLabProgram){
          .argv = argv, .fds = (const int[]){ listener, -1 }, .log = log, .as_root = geteuid () != 0 },
      error);
  close (listener);
  if (*ret_pid < 0)
    close (*ret_socket);
  return *ret_pid > 0;
}
