/* console: a VM's serial console on this terminal, or what it printed so far. */

#include "cmd/command.h"
#include "cmd/select.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define ESCAPE 0x1d /* Ctrl-], as virsh has it */

typedef struct
{
  gboolean log;
} ConsoleOptions;

static const NvOption console_options[] = {
  { "log", 'l', NV_OPTION_FLAG, G_STRUCT_OFFSET (ConsoleOptions, log), NULL,
    "print what the guest printed since its start, and end" },
  { NULL },
};

static int
print_log (const NvVm *vm, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) problem = NULL;
  gsize length;

  if (!vm->console_log || !g_file_get_contents (vm->console_log, &text, &length, &problem))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_NOT_FOUND, "'%s' has printed nothing that was kept: %s",
                   vm->name, problem ? problem->message : "its template has no serial port");
      return NV_EXIT_FAILED;
    }
  fwrite (text, 1, length, stdout);
  return NV_EXIT_DONE;
}

static gboolean
write_all (int fd, const char *bytes, size_t length)
{
  while (length > 0)
    {
      ssize_t written = write (fd, bytes, length);

      if (written < 0 && errno == EINTR)
        continue;
      if (written <= 0)
        return FALSE;
      bytes += written;
      length -= (size_t)written;
    }
  return TRUE;
}

/* Copies what is there from @from to @to. Returns: FALSE at the end, or at the escape in a terminal's input.
 */
static gboolean
copy_some (int from, int to, gboolean watch_escape)
{
  char bytes[4096];
  ssize_t length = read (from, bytes, sizeof bytes);
  const char *escape;

  if (length < 0 && errno == EINTR)
    return TRUE;
  if (length <= 0)
    return FALSE;
  escape = watch_escape ? memchr (bytes, ESCAPE, (size_t)length) : NULL;
  return write_all (to, bytes, escape ? (size_t)(escape - bytes) : (size_t)length) && !escape;
}

/* Until the VM ends, or the user leaves. The end of an input that is no terminal only ends the input. */
static void
pump (int console, gboolean terminal)
{
  struct pollfd fds[] = { { .fd = console, .events = POLLIN }, { .fd = STDIN_FILENO, .events = POLLIN } };

  for (;;)
    {
      if (poll (fds, G_N_ELEMENTS (fds), -1) < 0 && errno != EINTR)
        return;
      if (fds[0].revents && !copy_some (console, STDOUT_FILENO, FALSE))
        return;
      if (fds[1].revents && !copy_some (STDIN_FILENO, console, terminal))
        {
          if (terminal)
            return;
          fds[1].fd = -1;
        }
    }
}

static void
attach (const NvCommandContext *context, const char *name, int console)
{
  struct termios before, raw;
  gboolean terminal = tcgetattr (STDIN_FILENO, &before) == 0;

  if (terminal)
    {
      nv_note (context, "connected to '%s', leave with Ctrl-]", name);
      raw = before;
      cfmakeraw (&raw);
      tcsetattr (STDIN_FILENO, TCSAFLUSH, &raw);
    }
  pump (console, terminal);
  if (terminal)
    tcsetattr (STDIN_FILENO, TCSAFLUSH, &before);
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
  infos = nv_select_vms (context, FALSE, NULL, error);
  if (!infos)
    return NV_EXIT_FAILED;
  info = g_ptr_array_index (infos, 0);
  if (options->log)
    return print_log (info->vm, error);
  console = context->connection->driver->open_console (context->connection, info->vm->name, error);
  if (console < 0)
    return NV_EXIT_FAILED;
  attach (context, info->vm->name, console);
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
