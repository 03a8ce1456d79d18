/* transfer-host NAME...: the host's side of transport=scp, without VMs. Prints each VM's transport as a line
 * of JSON; when its input ends, takes what was sent into RESULTS/NAME (an environment variable), and prints a
 * line for each. */

#include "base/error.h"
#include "experiment/transfer.h"

#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAX_FILE_BYTES (1 << 20)

static gboolean
on_input (int fd, GIOCondition condition, gpointer data)
{
  char byte;

  if (read (fd, &byte, 1) <= 0)
    g_main_loop_quit (data);
  return G_SOURCE_CONTINUE;
}

static gboolean
count_line (const char *line, gsize length, gpointer data, GError **error)
{
  (*(guint *)data)++;
  return TRUE;
}

static void
take (NvTransfer *transfer, guint index, const char *name)
{
  g_autofree char *results = g_build_filename (g_getenv ("RESULTS"), name, NULL);
  g_autofree char *said = NULL;
  g_autoptr (GError) error = NULL;
  guint n_lines = 0;

  if (nv_transfer_take (transfer, index, count_line, &n_lines, results, &error))
    printf ("%s: %u lines\n", name, n_lines);
  else
    printf ("%s: %s\n", name, error->message);
  said = nv_transfer_log_tail (transfer, index);
  fprintf (stderr, "%s\n", said);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvTransfer) transfer =
      nv_transfer_start ((const char *const *)argv + 1, (guint)argc - 1, MAX_FILE_BYTES, &error);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  if (!transfer)
    {
      fprintf (stderr, "%s\n", error->message);
      return EXIT_FAILURE;
    }
  for (int i = 1; i < argc; i++)
    {
      json_t *job = nv_transfer_job (transfer, (guint)i - 1);

      json_dumpf (job, stdout, JSON_COMPACT);
      putchar ('\n');
      json_decref (job);
    }
  fflush (stdout);
  g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP, on_input, loop);
  g_main_loop_run (loop);
  for (int i = 1; i < argc; i++)
    take (transfer, (guint)i - 1, argv[i]);
  return EXIT_SUCCESS;
}
