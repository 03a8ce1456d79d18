/* console: a VM's serial console on this terminal, or what it printed so far. */

#include "cmd/attach.h"
#include "cmd/select.h"

#include <stdio.h>
#include <unistd.h>

typedef struct
{
  gboolean log;
} ConsoleOptions;

static const NvOption console_options[] = {
  { "log", 'l', NV_OPTION_FLAG, G_STRUCT_OFFSET (ConsoleOptions, log), NULL,
    "print what is kept of what the guest printed, and end" },
  { NULL },
};

/* libvirt's log daemon begins a new file when one gets long and keeps the last few as FILE.0, FILE.1, ...;
 * the oldest has the highest number. */
static void
print_older (const char *path)
{
  guint n = 0;

  for (;; n++)
    {
      g_autofree char *older = g_strdup_printf ("%s.%u", path, n);

      if (!g_file_test (older, G_FILE_TEST_IS_REGULAR))
        break;
    }
  while (n-- > 0)
    {
      g_autofree char *older = g_strdup_printf ("%s.%u", path, n);
      g_autofree char *text = NULL;
      gsize length;

      if (g_file_get_contents (older, &text, &length, NULL))
        fwrite (text, 1, length, stdout);
    }
}

static int
print_log (const NvConnection *connection, const NvVm *vm, GError **error)
{
  g_autofree char *text = NULL;
  gsize length;

  if (connection->remote)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE, "the log of '%s' is on another machine", vm->name);
      return NV_EXIT_FAILED;
    }
  if (!vm->console_log || !g_file_get_contents (vm->console_log, &text, &length, NULL))
    {
      g_set_error (
          error, NV_ERROR, NV_ERROR_NOT_FOUND,
          "'%s' has printed nothing that was kept: it was not started yet, or its template has no serial port",
          vm->name);
      return NV_EXIT_FAILED;
    }
  print_older (vm->console_log);
  fwrite (text, 1, length, stdout);
  return NV_EXIT_DONE;
}

static int
run_console (NvCommandContext *context, GError **error)
{
  const ConsoleOptions *options = context->options;
  g_autoptr (GPtrArray) infos = NULL;
  const NvVmInfo *info;
  int console;

  if (context->n_arguments != 1)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "console: one VM is needed");
      return NV_EXIT_USAGE;
    }
  infos = nv_select_vms (context, FALSE, NULL, NULL, error);
  if (!infos)
    return NV_EXIT_FAILED;
  info = g_ptr_array_index (infos, 0);
  if (options->log)
    return print_log (context->connection, info->vm, error);
  console = context->connection->driver->open_console (context->connection, info->vm->name, error);
  if (console < 0)
    return NV_EXIT_FAILED;
  nv_attach (
      &(NvAttach){ .context = context, .name = info->vm->name, .console = console, .output = STDOUT_FILENO });
  close (console);
  return NV_EXIT_DONE;
}

const NvCommand nv_command_console = {
  .name = "console",
  .summary = "connect this terminal to a VM's serial console, or print its log",
  .arguments = "VM",
  .description =
      "Ctrl-] leaves it. Where the input is no terminal, it is sent to the guest, and the guest's output is\n"
      "printed until the VM ends.",
  .examples = "# what did the guest say while nobody looked?\n"
              "numavm console --log vm0",
  .needs = NV_NEEDS_CONNECTION,
  .options_size = sizeof (ConsoleOptions),
  .options = console_options,
  .run = run_console,
};
