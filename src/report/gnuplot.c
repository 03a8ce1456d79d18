/* gnuplots that draw: a thread feeds each of them, and takes what it drew from memory, so that files are
 * whole from their first moment on. */

#include "report/chart.h"
#include "base/error.h"
#include "report/gnuplot-script.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where gnuplot finds what it shall draw on: never a name that somebody chose. */
#define OUTPUT_FD 3
#define OUTPUT    "/proc/self/fd/3"
#define DONE      "numavm-drawn"

typedef struct
{
  GSubprocess *process;
  GDataInputStream *answers;
  int script;              /* a socket, and no pipe: whoever writes to a gnuplot that died gets no signal */
  int picture, complaints; /* memory files, of one picture */
} Gnuplot;

#define NO_GNUPLOT ((Gnuplot){ .script = -1, .picture = -1, .complaints = -1 })

static void
close_if_open (int fd)
{
  if (fd >= 0)
    close (fd);
}

static void
gnuplot_clear (Gnuplot *gnuplot)
{
  if (gnuplot->process)
    {
      g_subprocess_force_exit (gnuplot->process);
      g_subprocess_wait (gnuplot->process, NULL, NULL);
    }
  g_clear_object (&gnuplot->process);
  g_clear_object (&gnuplot->answers);
  close_if_open (gnuplot->script);
  close_if_open (gnuplot->picture);
  close_if_open (gnuplot->complaints);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Gnuplot, gnuplot_clear)

/* In a process group of its own: Ctrl-C then reaches numavm alone. */
static void
leave_group (gpointer data)
{
  setpgid (0, 0);
}

static gboolean
gnuplot_start (Gnuplot *gnuplot, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
  g_autoptr (GError) problem = NULL;
  int sockets[2];

  gnuplot->picture = memfd_create ("picture", MFD_CLOEXEC);
  gnuplot->complaints = memfd_create ("complaints", MFD_CLOEXEC);
  if (gnuplot->picture < 0 || gnuplot->complaints < 0 || fcntl (gnuplot->complaints, F_SETFL, O_APPEND) != 0
      || socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot run 'gnuplot': %s", g_strerror (errno));
      return FALSE;
    }
  gnuplot->script = sockets[0];
  g_subprocess_launcher_take_stdin_fd (launcher, sockets[1]);
  g_subprocess_launcher_take_fd (launcher, dup (gnuplot->picture), OUTPUT_FD);
  g_subprocess_launcher_take_stderr_fd (launcher, dup (gnuplot->complaints));
  g_subprocess_launcher_set_child_setup (launcher, leave_group, NULL, NULL);
  g_subprocess_launcher_setenv (launcher, "LC_ALL", "C.UTF-8", TRUE);
  g_subprocess_launcher_unsetenv (launcher, "GNUTERM");
  /* -d: nothing that a person has set up for gnuplot changes the pictures. */
  gnuplot->process = g_subprocess_launcher_spawn (launcher, &problem, "gnuplot", "-d", NULL);
  if (!gnuplot->process)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE,
                   "cannot run 'gnuplot': %s: install the package gnuplot-nox", problem->message);
      return FALSE;
    }
  gnuplot->answers = g_data_input_stream_new (g_subprocess_get_stdout_pipe (gnuplot->process));
  return TRUE;
}

/* Its last line, without the place in a script that nobody sees. */
static void
set_complaint (const Gnuplot *gnuplot, const char *path, GError **error)
{
  char text[4096] = "";
  off_t end = lseek (gnuplot->complaints, 0, SEEK_END);
  gssize n = pread (gnuplot->complaints, text, sizeof text - 1, MAX (end - (off_t)sizeof text + 1, 0));
  const char *line;

  text[MAX (n, 0)] = '\0';
  g_strchomp (text);
  line = strrchr (text, '\n');
  line = line ? line + 1 : text;
  line += strspn (line, " \t");
  if (g_str_has_prefix (line, "line ") && strstr (line, ": "))
    line = strstr (line, ": ") + 2;
  g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot draw '%s': gnuplot: %s", path,
               *line ? line : "it ended without a word");
}

static gboolean
gnuplot_send (const Gnuplot *gnuplot, const GString *script)
{
  gsize at = 0;

  while (at < script->len)
    {
      gssize n = send (gnuplot->script, script->str + at, script->len - at, MSG_NOSIGNAL);

      if (n < 0 && errno != EINTR)
        return FALSE;
      at += (gsize)MAX (n, 0);
    }
  return TRUE;
}

/* --- files --- */

static gboolean
set_write_error (const char *path, GError **error)
{
  int number = errno;

  g_set_error (error, NV_ERROR, number == ENOSPC || number == EDQUOT ? NV_ERROR_NO_SPACE : NV_ERROR_FAILED,
               "cannot write '%s': %s", path, g_strerror (number));
  return FALSE;
}

static gboolean
copy (int from, int to, gsize size)
{
  char *bytes = mmap (NULL, size, PROT_READ, MAP_SHARED, from, 0);
  gsize at = 0;

  while (bytes != MAP_FAILED && at < size)
    {
      gssize n = write (to, bytes + at, size - at);

      if (n < 0 && errno != EINTR)
        break;
      at += (gsize)MAX (n, 0);
    }
  if (bytes != MAP_FAILED)
    munmap (bytes, size);
  return at == size;
}

static gboolean
publish (int picture, gsize size, const char *path, GError **error)
{
  g_autofree char *dir = g_path_get_dirname (path);
  g_autofree char *temporary = g_build_filename (dir, ".numavm-XXXXXX", NULL);
  int fd = g_mkstemp_full (temporary, O_RDWR | O_CLOEXEC, 0644);
  gboolean done;

  if (fd < 0)
    return set_write_error (path, error);
  done = copy (picture, fd, size) || set_write_error (path, error);
  if (close (fd) != 0 && done)
    done = set_write_error (path, error);
  if (done && rename (temporary, path) != 0)
    done = set_write_error (path, error);
  if (!done)
    g_unlink (temporary);
  return done;
}

static NvPictureFormat
format_of (const char *path)
{
  return g_str_has_suffix (path, ".svg")   ? NV_PICTURE_SVG
         : g_str_has_suffix (path, ".pdf") ? NV_PICTURE_PDF
                                           : NV_PICTURE_PNG;
}

static gboolean
gnuplot_draw (Gnuplot *gnuplot, const NvChart *chart, const char *path, GError **error)
{
  GString *script = nv_gnuplot_script (chart, format_of (path), OUTPUT);
  g_autofree char *answer = NULL;
  struct stat picture;
  gboolean is_sent;

  g_string_append (script, "set print '-'\nprint '" DONE "'\n");
  is_sent = ftruncate (gnuplot->picture, 0) == 0 && gnuplot_send (gnuplot, script);
  g_string_free (script, TRUE);
  if (is_sent)
    answer = g_data_input_stream_read_line (gnuplot->answers, NULL, NULL, NULL);
  if (g_strcmp0 (answer, DONE) != 0 || fstat (gnuplot->picture, &picture) != 0 || picture.st_size == 0)
    {
      set_complaint (gnuplot, path, error);
      return FALSE;
    }
  /* Not before: one that cannot even start has complained by then. What it says of a picture that it draws,
   * such as an empty range, is of no use to anyone. */
  return (ftruncate (gnuplot->complaints, 0) == 0 || set_write_error (path, error))
         && publish (gnuplot->picture, (gsize)picture.st_size, path, error);
}

/* --- many --- */

typedef struct
{
  NvChartNext next;
  gpointer data;
  void (*done) (guint n_done, gpointer data);
  GCancellable *cancellable;
  GMutex mutex;       /* over all below */
  GPtrArray *running; /* GSubprocess of each thread */
  GError *error;      /* the first */
  guint n_done, n_told, n_threads;
} Studio;

static NvChart *
take_next (Studio *studio, char **ret_path)
{
  NvChart *chart = NULL;

  g_mutex_lock (&studio->mutex);
  if (!studio->error && !g_cancellable_is_cancelled (studio->cancellable))
    chart = studio->next (studio->data, ret_path);
  g_mutex_unlock (&studio->mutex);
  return chart;
}

/* Wakes the thread that waits for all. */
static gboolean
wake_up (gpointer data)
{
  return G_SOURCE_REMOVE;
}

static void
note_result (Studio *studio, GError *error)
{
  g_mutex_lock (&studio->mutex);
  studio->n_done += error == NULL;
  if (error && studio->error)
    g_error_free (error);
  else if (error)
    studio->error = error;
  g_mutex_unlock (&studio->mutex);
  g_idle_add (wake_up, NULL);
}

static void
leave (Studio *studio, GSubprocess *process)
{
  g_mutex_lock (&studio->mutex);
  if (process)
    g_ptr_array_remove_fast (studio->running, process);
  studio->n_threads--;
  g_mutex_unlock (&studio->mutex);
  g_idle_add (wake_up, NULL);
}

static gpointer
run_thread (gpointer data)
{
  Studio *studio = data;
  g_auto (Gnuplot) gnuplot = NO_GNUPLOT;
  NvChart *chart;
  char *path = NULL;

  while ((chart = take_next (studio, &path)))
    {
      GError *error = NULL;

      if (!gnuplot.process && gnuplot_start (&gnuplot, &error))
        {
          g_mutex_lock (&studio->mutex);
          g_ptr_array_add (studio->running, gnuplot.process);
          g_mutex_unlock (&studio->mutex);
        }
      if (!error)
        gnuplot_draw (&gnuplot, chart, path, &error);
      note_result (studio, error);
      nv_chart_free (chart);
      g_clear_pointer (&path, g_free);
    }
  leave (studio, gnuplot.process);
  return NULL;
}

/* Returns: whether there is more to wait for. */
static gboolean
look_after (Studio *studio)
{
  guint n_done, n_threads;

  g_mutex_lock (&studio->mutex);
  if (g_cancellable_is_cancelled (studio->cancellable))
    for (guint i = 0; i < studio->running->len; i++)
      g_subprocess_force_exit (g_ptr_array_index (studio->running, i));
  n_done = studio->n_done;
  n_threads = studio->n_threads;
  g_mutex_unlock (&studio->mutex);
  if (studio->done && n_done > studio->n_told)
    studio->done (n_done, studio->data);
  studio->n_told = n_done;
  return n_threads > 0;
}

gboolean
nv_charts_write (NvChartNext next, gpointer data, void (*done) (guint n_done, gpointer data),
                 GCancellable *cancellable, GError **error)
{
  Studio studio = { .next = next, .data = data, .done = done, .cancellable = cancellable };
  g_autoptr (GPtrArray) threads = g_ptr_array_new ();

  g_mutex_init (&studio.mutex);
  studio.running = g_ptr_array_new ();
  studio.n_threads = g_get_num_processors ();
  for (guint i = 0, n = studio.n_threads; i < n; i++)
    g_ptr_array_add (threads, g_thread_new ("chart", run_thread, &studio));
  while (look_after (&studio))
    g_main_context_iteration (NULL, TRUE);
  for (guint i = 0; i < threads->len; i++)
    g_thread_join (g_ptr_array_index (threads, i));
  g_ptr_array_unref (studio.running);
  g_mutex_clear (&studio.mutex);
  if (g_cancellable_is_cancelled (cancellable))
    {
      g_clear_error (&studio.error);
      g_set_error (error, NV_ERROR, NV_ERROR_CANCELLED, "interrupted");
      return FALSE;
    }
  if (studio.error)
    g_propagate_error (error, studio.error);
  return studio.error == NULL;
}

gboolean
nv_chart_write (const NvChart *chart, const char *path, GError **error)
{
  g_auto (Gnuplot) gnuplot = NO_GNUPLOT;

  return gnuplot_start (&gnuplot, error) && gnuplot_draw (&gnuplot, chart, path, error);
}
