#include "image/tool.h"
#include "base/error.h"

#include <signal.h>
#include <sys/prctl.h>
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

/* In a process group of its own: Ctrl-C then reaches numavm alone, which ends it and says so. If numavm is
 * killed, it is told, too. */
static void
leave_group (gpointer data)
{
  setpgid (0, 0);
  prctl (PR_SET_PDEATHSIG, SIGTERM);
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

gboolean
nv_tool_run (const char *const *argv, const char *temporary, NvToolLine on_line, gpointer data,
             GCancellable *cancellable, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
  g_autoptr (GError) problem = NULL;
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GDataInputStream) output = NULL;
  Reader reader = { .cancellable = cancellable, .on_line = on_line, .data = data };
  pid_t group;

  /* What it says is looked through for what it says in English. */
  g_subprocess_launcher_setenv (launcher, "LC_ALL", "C", TRUE);
  if (temporary)
    g_subprocess_launcher_setenv (launcher, "TMPDIR", temporary, TRUE);
  g_subprocess_launcher_set_child_setup (launcher, leave_group, NULL, NULL);
  process = g_subprocess_launcher_spawnv (launcher, argv, &problem);
  if (!process)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE, "cannot run '%s': %s", argv[0], problem->message);
      return FALSE;
    }
  group = (pid_t)g_ascii_strtoll (g_subprocess_get_identifier (process) ?: "0", NULL, 10);
  output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (process));
  reader.output = output;
  read_line (&reader);
  while (!reader.ended)
    g_main_context_iteration (NULL, TRUE);
  if (g_cancellable_is_cancelled (cancellable))
    {
      if (group > 0)
        end_group (&reader, process, group);
      g_set_error (error, NV_ERROR, NV_ERROR_CANCELLED, "interrupted");
      return FALSE;
    }
  g_subprocess_wait (process, NULL, NULL);
  if (g_subprocess_get_successful (process))
    return TRUE;
  set_how_it_ended (process, argv[0], error);
  return FALSE;
}
