/* bench: numavm-bench, which is a program of its own since it also runs where there is no GLib. */

#include "cmd/command.h"

#include <errno.h>
#include <unistd.h>

#define PROGRAM "numavm-bench"

/* Returns: (transfer full) (nullable): beside this program, so that a build folder has its own. */
static char *
find_beside (void)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = self ? g_path_get_dirname (self) : NULL;
  g_autofree char *path = folder ? g_build_filename (folder, PROGRAM, NULL) : NULL;

  return path && g_file_test (path, G_FILE_TEST_IS_EXECUTABLE) ? g_steal_pointer (&path) : NULL;
}

static int
run_bench (NvCommandContext *context, GError **error)
{
  g_autofree char *beside = find_beside ();
  g_autofree char *path = beside ? g_steal_pointer (&beside) : g_find_program_in_path (PROGRAM);
  g_autofree char **arguments = g_new0 (char *, (gsize)context->n_arguments + 2);

  if (!path)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_NOT_FOUND,
                   "bench: '" PROGRAM "' is neither beside numavm nor in PATH");
      return NV_EXIT_FAILED;
    }
  arguments[0] = (char *)PROGRAM;
  for (int i = 0; i < context->n_arguments; i++)
    arguments[1 + i] = context->arguments[i];
  execv (path, arguments);
  g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "bench: cannot execute '%s': %s", path, g_strerror (errno));
  return NV_EXIT_FAILED;
}

const NvCommand nv_command_bench = {
  .name = "bench",
  .summary = "measure memory, with pages placed across NUMA nodes (runs numavm-bench)",
  .passes_through = TRUE,
  .run = run_bench,
};
