/* What several commands need: messages, progress, the connection. */

#include "cmd/command.h"
#include "base/size.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void G_GNUC_PRINTF (2, 0) print_line (const char *prefix, const char *format, va_list args)
{
  g_autofree char *text = g_strdup_vprintf (format, args);

  fprintf (stderr, "%s%s\n", prefix, text);
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
  json_dumpf (json, stdout, JSON_INDENT (2));
  putchar ('\n');
  json_decref (json);
}

static const NvDriver *
choose_driver (const char *name, GError **error)
{
  const NvDriver *driver = name ? nv_driver_find (name) : nv_drivers[0];
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
nv_read_seed (const NvCommonOptions *common, guint64 *ret_seed, gboolean *ret_given, GError **error)
{
  g_autoptr (GError) problem = NULL;

  if (ret_given)
    *ret_given = common->seed != NULL;
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

static gboolean
shows_progress (const NvCommandContext *context)
{
  return !context->common->quiet && isatty (STDERR_FILENO);
}

void
nv_show_progress (const NvCommandContext *context, const char *text, guint done, guint total)
{
  if (shows_progress (context))
    fprintf (stderr, "\r\033[K[%s %u/%u]", text, done, total);
}

void
nv_end_progress (const NvCommandContext *context)
{
  if (shows_progress (context))
    fputs ("\r\033[K", stderr);
}

static gboolean
on_signal (gpointer data)
{
  g_cancellable_cancel (data);
  return G_SOURCE_CONTINUE;
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
}

void
nv_signals_restore (NvSignals *signals)
{
  for (guint i = 0; i < G_N_ELEMENTS (signals->sources); i++)
    if (signals->sources[i] > 0)
      g_source_remove (signals->sources[i]);
}
