#include "experiment/door.h"
#include "base/error.h"
#include "base/size.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A guest needs one at a time; a second may come before the first is seen to be gone. Every guest can reach
 * every door, but with its own key alone: who only holds a connection loses it at LoginGraceTime. */
#define MAX_SSHDS 4

/* Who comes meanwhile. */
#define MAX_WAITING 64

#define WATCH_MS 250

/* An sshd whose connection is shut down ends at once, unless the machine is busy. */
#define PATIENCE_US (3 * G_USEC_PER_SEC)
#define PAUSE_US    5000

typedef struct
{
  NvDoor *door;
  GPid pid;
  int fd; /* its connection */
  guint source;
} Sshd;

struct NvDoor
{
  char *config, *folder, *root;
  guint64 max_file_bytes;
  int listener; /* -1: closed */
  int log;
  guint port;
  guint listen_source, watch_source;
  GPtrArray *sshds;
  char *fault;
};

static gboolean
fail (const char *what, GError **error)
{
  g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot %s: %s", what, g_strerror (errno));
  return FALSE;
}

/* --- one sshd --- */

static void
sshd_free (gpointer data)
{
  Sshd *sshd = data;

  g_clear_handle_id (&sshd->source, g_source_remove);
  close (sshd->fd);
  g_free (sshd);
}

/* In the child: only what is safe after a fork. A session of its own takes a terminal's Ctrl-C from it; it
 * ends when numavm does; and what a guest sends fills no disk. */
static void
set_up_sshd (gpointer data)
{
  const NvDoor *door = data;
  const struct rlimit file_size = { door->max_file_bytes, door->max_file_bytes };
  const struct rlimit none = { 0, 0 };

  setsid ();
  prctl (PR_SET_PDEATHSIG, SIGTERM);
  signal (SIGXFSZ, SIG_DFL);
  setrlimit (RLIMIT_FSIZE, &file_size);
  setrlimit (RLIMIT_CORE, &none);
}

static void on_sshd_end (GPid pid, int status, gpointer data);

static void
start_sshd (NvDoor *door, int taken_fd)
{
  char *const argv[] = { (char *)NV_DOOR_SSHD, (char *)"-i", (char *)"-e", (char *)"-f", door->config, NULL };
  char *const environment[] = { (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
  g_autoptr (GError) problem = NULL;
  Sshd *sshd = g_new0 (Sshd, 1);

  sshd->door = door;
  sshd->fd = taken_fd;
  if (!g_spawn_async_with_fds ("/", (char **)argv, (char **)environment, G_SPAWN_DO_NOT_REAP_CHILD,
                               set_up_sshd, door, &sshd->pid, taken_fd, taken_fd, door->log, &problem))
    {
      dprintf (door->log, "%s\n", problem->message);
      sshd_free (sshd);
      return;
    }
  g_ptr_array_add (door->sshds, sshd);
  sshd->source = g_child_watch_add (sshd->pid, on_sshd_end, sshd);
}

/* Its monitor, which is root's; the other parts see that it, or the connection, is gone. */
static void
end_sshd (Sshd *sshd)
{
  gint64 until_us = g_get_monotonic_time () + PATIENCE_US;
  gboolean is_gone = FALSE;

  g_clear_handle_id (&sshd->source, g_source_remove);
  shutdown (sshd->fd, SHUT_RDWR);
  kill (sshd->pid, SIGTERM);
  while (!(is_gone = waitpid (sshd->pid, NULL, WNOHANG) != 0) && g_get_monotonic_time () < until_us)
    g_usleep (PAUSE_US);
  if (is_gone)
    return;
  kill (-sshd->pid, SIGKILL);
  waitpid (sshd->pid, NULL, 0);
}

/* --- who writes files --- */

/* Whose root folder is the door's: nobody else's is. What writes is no child of numavm's and in a session of
 * its own. In a container whose root may not look at others (CAP_SYS_PTRACE) none is found. Returns: how many
 * there are; @signal 0: none is sent. */
static guint
signal_writers (const NvDoor *door, int signal)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc", 0, NULL);
  struct stat root, other;
  const char *name;
  guint n = 0;

  if (!dir || stat (door->root, &root) != 0)
    return 0;
  while ((name = g_dir_read_name (dir)))
    {
      g_autofree char *path = g_build_filename ("/proc", name, "root", NULL);

      if (!g_ascii_isdigit (*name) || stat (path, &other) != 0 || other.st_dev != root.st_dev
          || other.st_ino != root.st_ino)
        continue;
      n++;
      kill ((pid_t)g_ascii_strtoll (name, NULL, 10), signal);
    }
  return n;
}

/* What has come through the connection may still be written when that is gone. */
static void
wait_for_writers (const NvDoor *door)
{
  gint64 until_us = g_get_monotonic_time () + PATIENCE_US;

  while (signal_writers (door, 0) > 0 && g_get_monotonic_time () < until_us)
    g_usleep (PAUSE_US);
  while (signal_writers (door, SIGKILL) > 0 && g_get_monotonic_time () < until_us + PATIENCE_US)
    g_usleep (PAUSE_US);
}

/* --- the door --- */

static void
end_all (NvDoor *door)
{
  for (guint i = 0; i < door->sshds->len; i++)
    end_sshd (g_ptr_array_index (door->sshds, i));
  g_ptr_array_set_size (door->sshds, 0);
}

/* Of what is in the folder; one more than may be is enough. */
static void
count_files (const char *folder, guint *ret_n, guint64 *ret_bytes)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  *ret_n = 0;
  *ret_bytes = 0;
  while (dir && *ret_n <= NV_DOOR_MAX_FILES && (name = g_dir_read_name (dir)))
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      struct stat status;

      (*ret_n)++;
      if (lstat (path, &status) == 0)
        *ret_bytes += (guint64)status.st_blocks * 512;
    }
}

/* Returns: is too much there? */
static gboolean
find_fault (NvDoor *door)
{
  guint64 bytes, max_bytes = NV_DOOR_MAX_FULL_FILES * door->max_file_bytes;
  g_autofree char *limit = nv_size_format (max_bytes);
  guint n;

  count_files (door->folder, &n, &bytes);
  if (!door->fault && n > NV_DOOR_MAX_FILES)
    door->fault = g_strdup_printf ("sent more than %d files", NV_DOOR_MAX_FILES);
  else if (!door->fault && bytes > max_bytes)
    door->fault = g_strdup_printf ("sent more than %s", limit);
  return door->fault != NULL;
}

static gboolean
on_watch (gpointer data)
{
  NvDoor *door = data;

  if (door->sshds->len == 0 || !find_fault (door))
    return G_SOURCE_CONTINUE;
  door->watch_source = 0;
  nv_door_close (door);
  return G_SOURCE_REMOVE;
}

/* Where there is no room for more they wait. */
static gboolean
on_connection (int fd, GIOCondition condition, gpointer data)
{
  NvDoor *door = data;
  int connection = accept4 (fd, NULL, NULL, SOCK_CLOEXEC);

  if (connection >= 0)
    start_sshd (door, connection);
  if (door->sshds->len < MAX_SSHDS)
    return G_SOURCE_CONTINUE;
  door->listen_source = 0;
  return G_SOURCE_REMOVE;
}

static void
let_in (NvDoor *door)
{
  if (door->listener >= 0 && door->listen_source == 0)
    door->listen_source = g_unix_fd_add (door->listener, G_IO_IN, on_connection, door);
}

static void
on_sshd_end (GPid pid, int status, gpointer data)
{
  Sshd *sshd = data;
  NvDoor *door = sshd->door;

  sshd->source = 0;
  g_ptr_array_remove_fast (door->sshds, sshd);
  if (find_fault (door))
    nv_door_close (door);
  else
    let_in (door);
}

static gboolean
listen_on_loopback (NvDoor *door, GError **error)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl (INADDR_LOOPBACK) } };
  socklen_t length = sizeof address;

  door->listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (door->listener < 0 || bind (door->listener, (struct sockaddr *)&address, length) != 0
      || listen (door->listener, MAX_WAITING) != 0
      || getsockname (door->listener, (struct sockaddr *)&address, &length) != 0)
    return fail ("listen on the loopback interface", error);
  door->port = ntohs (address.sin_port);
  let_in (door);
  return TRUE;
}

NvDoor *
nv_door_open (const char *config, const char *log, const char *folder, guint64 max_file_bytes, GError **error)
{
  g_autoptr (NvDoor) door = g_new0 (NvDoor, 1);

  door->config = g_strdup (config);
  door->folder = g_strdup (folder);
  door->root = g_path_get_dirname (folder);
  door->max_file_bytes = max_file_bytes;
  door->sshds = g_ptr_array_new_with_free_func (sshd_free);
  door->listener = -1;
  door->log = open (log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (door->log < 0)
    {
      fail ("write sshd's log", error);
      return NULL;
    }
  if (!listen_on_loopback (door, error))
    return NULL;
  door->watch_source = g_timeout_add (WATCH_MS, on_watch, door);
  return g_steal_pointer (&door);
}

void
nv_door_close (NvDoor *door)
{
  g_clear_handle_id (&door->listen_source, g_source_remove);
  g_clear_handle_id (&door->watch_source, g_source_remove);
  if (door->listener < 0)
    return;
  close (door->listener);
  door->listener = -1;
  end_all (door);
  wait_for_writers (door);
  find_fault (door);
}

void
nv_door_free (NvDoor *door)
{
  if (!door)
    return;
  nv_door_close (door);
  if (door->log >= 0)
    close (door->log);
  g_ptr_array_unref (door->sshds);
  g_free (door->config);
  g_free (door->folder);
  g_free (door->root);
  g_free (door->fault);
  g_free (door);
}

guint
nv_door_port (const NvDoor *door)
{
  return door->port;
}

const char *
nv_door_fault (const NvDoor *door)
{
  return door->fault;
}
