/* What several commands need: messages, progress, the connection. */

#include "cmd/command.h"
#include "base/size.h"
#include "base/text.h"
#include "vm/new-file.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names of files, VMs and zones are in it: nothing that a terminal would obey gets there. */
static void G_GNUC_PRINTF (2, 0) print_line (const char *prefix, const char *format, va_list args)
{
  g_autofree char *text = g_strdup_vprintf (format, args);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1); /* the end of a console has some */

  for (guint i = 0; lines[i]; i++)
    {
      g_autofree char *clean = nv_text_clean (lines[i]);

      fprintf (stderr, "%s%s\n", i == 0 ? prefix : "", clean);
    }
}

void
nv_message (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  print_line ("numavm: ", format, args);
  va_end (args);
}

void
nv_note (const NvCommandContext *context, const char *format, ...)
{
  va_list args;

  if (context->common->quiet)
    return;
  va_start (args, format);
  print_line ("", format, args);
  va_end (args);
}

void
nv_print_json (json_t *json)
{
  if (!json)
    g_error ("a text that is not UTF-8 was to be printed as JSON");
  json_dumpf (json, stdout, JSON_INDENT (2));
  putchar ('\n');
  json_decref (json);
}

json_t *
nv_json_path (const char *path)
{
  g_autofree char *valid = path ? g_utf8_make_valid (path, -1) : NULL;

  return valid ? json_string (valid) : json_null ();
}

/* The first that can be used here. */
static const NvDriver *
default_driver (void)
{
  for (guint i = 0; nv_drivers[i]; i++)
    {
      g_autofree char *reason = nv_drivers[i]->unavailable ();

      if (!reason)
        return nv_drivers[i];
    }
  return nv_drivers[0];
}

static const NvDriver *
choose_driver (const char *name, GError **error)
{
  const NvDriver *driver = name ? nv_driver_find (name) : default_driver ();
  GString *names;

  if (driver)
    return driver;
  names = g_string_new (NULL);
  for (guint i = 0; nv_drivers[i]; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", nv_drivers[i]->name);
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "driver '%s': one of %s is allowed", name, names->str);
  g_string_free (names, TRUE);
  return NULL;
}

NvConnection *
nv_open_connection (const NvCommonOptions *common, GError **error)
{
  const NvDriver *driver = choose_driver (common->driver, error);
  g_autofree char *reason = NULL;

  if (!driver)
    return NULL;
  reason = driver->unavailable ();
  if (reason)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE, "driver '%s' cannot be used here: %s", driver->name,
                   reason);
      return NULL;
    }
  return driver->open (common->connect, error);
}

gboolean
nv_check_common (const NvCommonOptions *common, GError **error)
{
  NvAccel accel;
  guint64 seed;

  if (common->driver && !choose_driver (common->driver, error))
    return FALSE;
  if (common->accel && !nv_accel_parse (common->accel, &accel))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "accelerator '%s': kvm or tcg is allowed", common->accel);
      return FALSE;
    }
  return nv_read_seed (common, &seed, error);
}

char *
nv_read_file (const char *what, const char *path, gsize *ret_length, GError **error)
{
  g_autoptr (GError) problem = NULL;
  const char *reason;
  char *text;

  if (g_file_get_contents (path, &text, ret_length, &problem))
    return text;
  reason = g_strrstr (problem->message, ": "); /* GLib names the file once more */
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "%s '%s': %s", what, path,
               reason ? reason + 2 : problem->message);
  return NULL;
}

gboolean
nv_read_seed (const NvCommonOptions *common, guint64 *ret_seed, GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (!common->seed)
    {
      *ret_seed = g_random_int ();
      return TRUE;
    }
  if (nv_count_parse (common->seed, 0, G_MAXINT64, ret_seed, &problem))
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "seed %s", problem->message);
  return FALSE;
}

void
nv_say_waiting (gpointer context)
{
  nv_note (context, "waiting for another numavm that places VMs on this URI");
}

static gboolean
shows_progress (const NvCommandContext *context)
{
  return !context->common->quiet && isatty (STDERR_FILENO);
}

void
nv_show_progress_text (const NvCommandContext *context, const char *line)
{
  if (shows_progress (context))
    fprintf (stderr, "\r\033[K%s", line);
}

void
nv_show_progress (const NvCommandContext *context, const char *text, guint done, guint total)
{
  g_autofree char *line = g_strdup_printf ("[%s %u/%u]", text, done, total);

  nv_show_progress_text (context, line);
}

void
nv_end_progress (const NvCommandContext *context)
{
  if (shows_progress (context))
    fputs ("\r\033[K", stderr);
}

/* --- what files have that cannot be read --- */

#define MAX_COMPLAINTS 20

void
nv_complain (const char *text, gpointer data)
{
  NvComplaints *complaints = data;

  if (complaints->n++ < MAX_COMPLAINTS || complaints->context->common->verbose)
    nv_note (complaints->context, "%s", text);
}

void
nv_complaints_end (const NvComplaints *complaints)
{
  if (complaints->n > MAX_COMPLAINTS && !complaints->context->common->verbose)
    nv_note (complaints->context, "and %" G_GUINT64_FORMAT " more: --verbose names them",
             complaints->n - MAX_COMPLAINTS);
}

void
nv_command_append (GString *command, const char *option, const char *value)
{
  g_autofree char *quoted = value ? g_shell_quote (value) : NULL;

  if (value)
    g_string_append_printf (command, "%s%s %s", option ? " " : "", option ? option : "", quoted);
}

/* --- files --- */

gboolean
nv_set_write_error (const char *path, GError **error)
{
  g_set_error (error, NV_ERROR, errno == ENOSPC ? NV_ERROR_NO_SPACE : NV_ERROR_FAILED,
               "cannot write '%s': %s", path, g_strerror (errno));
  return FALSE;
}

gboolean
nv_close_file (FILE *file, const char *path, GError **error)
{
  gboolean failed = ferror (file) != 0;

  if (fclose (file) != 0 || failed)
    return nv_set_write_error (path, error);
  return TRUE;
}

gboolean
nv_write_file (const char *path, gboolean force, NvWriteFunction write, gpointer data, guint64 *ret_bytes,
               GError **error)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autoptr (NvNewFile) new_file = nv_new_file_create (absolute, error);
  struct stat status;
  FILE *file;

  if (!new_file)
    return FALSE;
  file = fdopen (dup (new_file->fd), "w");
  if (!file)
    return nv_set_write_error (absolute, error);
  if (!write (file, data, error))
    {
      fclose (file);
      return FALSE;
    }
  if (!nv_close_file (file, absolute, error))
    return FALSE;
  if (fstat (new_file->fd, &status) < 0)
    return nv_set_write_error (absolute, error);
  if (ret_bytes)
    *ret_bytes = (guint64)status.st_size;
  nv_new_file_share (new_file);
  return nv_new_file_publish (new_file, force, error);
}

#define MIN_COLUMNS     60
#define DEFAULT_COLUMNS 100 /* where nobody says: a pipe, a file */

guint
nv_columns_of_output (void)
{
  struct winsize size;
  const char *columns = g_getenv ("COLUMNS");

  if (columns && atoi (columns) > 0)
    return MAX (MIN_COLUMNS, (guint)atoi (columns));
  if (ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return MAX (MIN_COLUMNS, size.ws_col);
  return DEFAULT_COLUMNS;
}

static gboolean
on_signal (gpointer data)
{
  g_cancellable_cancel (data);
  return G_SOURCE_CONTINUE;
}

/* Which GLib has no source for. */
static void
on_quit (int number)
{
  raise (SIGTERM);
}

void
nv_signals_cancel (NvSignals *signals, GCancellable *cancellable)
{
  static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      struct sigaction before;

      /* What nohup ignores stays ignored. */
      signals->sources[i] = sigaction (numbers[i], NULL, &before) == 0 && before.sa_handler == SIG_IGN
                                ? 0
                                : g_unix_signal_add (numbers[i], on_signal, cancellable);
    }
  sigaction (SIGQUIT, NULL, &signals->quit);
  if (signals->quit.sa_handler != SIG_IGN)
    sigaction (SIGQUIT, &(struct sigaction){ .sa_handler = on_quit, .sa_flags = SA_RESTART }, NULL);
}

void
nv_signals_restore (NvSignals *signals)
{
  for (guint i = 0; i < G_N_ELEMENTS (signals->sources); i++)
    if (signals->sources[i] > 0)
      g_source_remove (signals->sources[i]);
  sigaction (SIGQUIT, &signals->quit, NULL);
}
