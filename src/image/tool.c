#include "image/tool.h"
#include "base/error.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A bootstrap that is told to end unmounts and removes what it has made. */
#define GRACE_S 30

typedef struct
{
  GDataInputStream *output;
  GCancellable *cancellable;
  NvToolLine on_line;
  gpointer data;
  gboolean ended;
} Reader;

/* A process that hears from numavm when the tool has ended, or nothing more since numavm was killed. Then it
 * ends the tool's group: a bootstrap ignores signals that it alone gets, so that the kernel's
 * (PR_SET_PDEATHSIG) is not enough. */
static void
watch (int fd, pid_t group)
{
  char byte;

  setpgid (0, 0);
  dup2 (fd, STDIN_FILENO);
  close_range (STDIN_FILENO + 1, ~0U, 0); /* or nobody would see the end of the tool's output */
  if (read (STDIN_FILENO, &byte, 1) == 1)
    _exit (0);
  kill (-group, SIGTERM);
  for (guint i = 0; i < GRACE_S && kill (-group, 0) == 0; i++)
    sleep (1);
  kill (-group, SIGKILL);
  _exit (0);
}

/* In a process group of its own: Ctrl-C then reaches numavm alone, which ends it and says so. @data: the
 * watcher's socket; the watcher is nobody's child, since the tool may wait for any of its own. */
static void
leave_group (gpointer data)
{
  pid_t group = getpid (), child;

  setpgid (0, 0);
  child = fork ();
  if (child == 0)
    {
      if (fork () == 0)
        watch (GPOINTER_TO_INT (data), group);
      _exit (0);
    }
  if (child > 0)
    waitpid (child, NULL, 0);
}

static void read_line (Reader *reader);

static void
on_line_read (GObject *source, GAsyncResult *result, gpointer data)
{
  Reader *reader = data;
  g_autofree char *line = g_data_input_stream_read_line_finish (reader->output, result, NULL, NULL);

  if (line)
    {
      reader->on_line (line, reader->data);
      read_line (reader);
    }
  else
    reader->ended = TRUE;
}

static void
read_line (Reader *reader)
{
  g_data_input_stream_read_line_async (reader->output, G_PRIORITY_DEFAULT, reader->cancellable, on_line_read,
                                       reader);
}

static gboolean
look_again (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

/* It is heard meanwhile, since who cannot print does not end either. Who cancels once more waits no longer.
 */
static void
wait_in_grace (Reader *reader, GSubprocess *process)
{
  gint64 until_us = g_get_monotonic_time () + GRACE_S * G_USEC_PER_SEC;
  guint timer = g_timeout_add (100, look_again, NULL);

  g_cancellable_reset (reader->cancellable);
  reader->ended = FALSE;
  read_line (reader);
  while (g_subprocess_get_identifier (process) && g_get_monotonic_time () < until_us
         && !g_cancellable_is_cancelled (reader->cancellable))
    g_main_context_iteration (NULL, TRUE);
  g_cancellable_cancel (reader->cancellable);
  while (!reader->ended)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timer);
}

/* Also who outlives the program, and would still write where others clean up. */
static void
end_group (Reader *reader, GSubprocess *process, pid_t group)
{
  kill (-group, SIGTERM);
  wait_in_grace (reader, process);
  for (guint i = 0; i < GRACE_S * 10 && kill (-group, SIGKILL) == 0; i++)
    g_usleep (G_USEC_PER_SEC / 10);
  g_subprocess_wait (process, NULL, NULL);
}

static void
set_how_it_ended (GSubprocess *process, const char *name, GError **error)
{
  if (g_subprocess_get_if_exited (process))
    g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "%s: exit status %d", name,
                 g_subprocess_get_exit_status (process));
  else
    g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "%s: ended by signal %d", name,
                 g_subprocess_get_term_sig (process));
}

static GSubprocess *
spawn (const char *const *argv, const char *temporary, int watcher, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
  g_autoptr (GError) problem = NULL;
  GSubprocess *process;

  /* What it says is looked through for what it says in English. */
  g_subprocess_launcher_setenv (launcher, "LC_ALL", "C", TRUE);
  if (temporary)
    g_subprocess_launcher_setenv (launcher, "TMPDIR", temporary, TRUE);
  g_subprocess_launcher_set_child_setup (launcher, leave_group, GINT_TO_POINTER (watcher), NULL);
  process = g_subprocess_launcher_spawnv (launcher, argv, &problem);
  if (!process)
    g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE, "cannot run '%s': %s", argv[0], problem->message);
  return process;
}

static gboolean
hear (GSubprocess *process, const char *name, Reader *reader, GError **error)
{
  pid_t group = (pid_t)g_ascii_strtoll (g_subprocess_get_identifier (process) ?: "0", NULL, 10);
  g_autoptr (GDataInputStream) output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (process));

  reader->output = output;
  read_line (reader);
  while (!reader->ended)
    g_main_context_iteration (NULL, TRUE);
  if (g_cancellable_is_cancelled (reader->cancellable))
    {
      if (group > 0)
        end_group (reader, process, group);
      g_set_error (error, NV_ERROR, NV_ERROR_CANCELLED, "interrupted");
      return FALSE;
    }
  g_subprocess_wait (process, NULL, NULL);
  if (g_subprocess_get_successful (process))
    return TRUE;
  set_how_it_ended (process, name, error);
  return FALSE;
}

gboolean
nv_tool_run (const char *const *argv, const char *temporary, NvToolLine on_line, gpointer data,
             GCancellable *cancellable, GError **error)
{
  Reader reader = { .cancellable = cancellable, .on_line = on_line, .data = data };
  g_autoptr (GSubprocess) process = NULL;
  gboolean good;
  int watcher[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, watcher) < 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE, "cannot run '%s': %s", argv[0], g_strerror (errno));
      return FALSE;
    }
  process = spawn (argv, temporary, watcher[0], error);
  close (watcher[0]);
  good = process && hear (process, argv[0], &reader, error);
  (void)send (watcher[1], "", 1, MSG_NOSIGNAL);
  close (watcher[1]);
  return good;
}
