/* numavm: finds the command in the table, reads its options, opens its connection, runs it. */

#include "cmd/command.h"
#include "cmd/help.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const NvCommand *
find_command (const char *name)
{
  for (guint i = 0; nv_commands[i]; i++)
    if (strcmp (nv_commands[i]->name, name) == 0)
      return nv_commands[i];
  return NULL;
}

static int
exit_status_of (const GError *error)
{
  if (g_error_matches (error, NV_ERROR, NV_ERROR_USAGE) || g_error_matches (error, NV_ERROR, NV_ERROR_PARSE))
    return NV_EXIT_USAGE;
  return NV_EXIT_FAILED;
}

static int
fail (GError *error)
{
  int status = exit_status_of (error);

  nv_message ("%s", error->message);
  g_error_free (error);
  return status;
}

/* However the program ends: what did not reach the file or pipe was not done. */
static void
close_stdout (void)
{
  if (fflush (stdout) == 0 && !ferror (stdout))
    return;
  nv_message ("cannot write the output: %s", g_strerror (errno));
  _exit (NV_EXIT_FAILED);
}

static gboolean
connect_if_needed (const NvCommand *command, NvCommandContext *context, GError **error)
{
  if (!(command->needs & NV_NEEDS_CONNECTION))
    return TRUE;
  context->connection = nv_open_connection (context->common, error);
  return context->connection != NULL;
}

static int
run_command (const NvCommand *command, int argc, char **argv)
{
  NvCommonOptions common = { 0 };
  g_autofree void *options = g_malloc0 (command->options_size + 1);
  NvCommandContext context = { .name = command->name, .common = &common, .options = options };
  GError *error = NULL;
  int status = NV_EXIT_FAILED;

  if (command->passes_through)
    {
      context.n_arguments = argc - 1;
      context.arguments = argv + 1;
      status = command->run (&context, &error);
    }
  else if (!nv_options_parse (command, &common, options, &argc, &argv, &error))
    g_prefix_error (&error, "%s: ", command->name);
  else if (nv_check_common (&common, &error) && connect_if_needed (command, &context, &error))
    {
      context.n_arguments = argc - 1;
      context.arguments = argv + 1;
      status = command->run (&context, &error);
    }
  nv_connection_close (context.connection);
  nv_options_clear (command, &common, options);
  return error ? fail (error) : status;
}

int
main (int argc, char **argv)
{
  g_auto (GStrv) arguments = NULL; /* the option parser moves pointers about in what it is given */
  g_autofree char **shuffled = NULL;
  const NvCommand *command;

  setlocale (LC_ALL, "");
  atexit (close_stdout);
  g_set_prgname ("numavm");
  if (argc < 2 || strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0
      || strcmp (argv[1], "help") == 0)
    {
      if (argc > 2 && (command = find_command (argv[2])))
        return run_command (command, 2, (char *[]){ argv[0], "--help", NULL });
      nv_help_print (argc < 2);
      return argc < 2 ? NV_EXIT_USAGE : NV_EXIT_DONE;
    }
  if (strcmp (argv[1], "--version") == 0)
    {
      g_print ("numavm %s\n", NV_VERSION);
      return NV_EXIT_DONE;
    }
  command = find_command (argv[1]);
  if (!command)
    {
      nv_message ("there is no command '%s': `numavm --help` lists them", argv[1]);
      return NV_EXIT_USAGE;
    }
  arguments = g_strdupv (argv + 1);
  shuffled = g_memdup2 (arguments, sizeof (char *) * (gsize)argc);
  return run_command (command, argc - 1, shuffled);
}
