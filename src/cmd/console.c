/* console: a VM's serial console on this terminal, or what it printed so far. */

#include "cmd/command.h"
#include "cmd/select.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#define ESCAPE 0x1d /* Ctrl-], as virsh has it */

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

/* What the user typed and the guest did not take yet. */
typedef struct
{
  char bytes[4096];
  gsize begin;
  gsize end;
  gboolean ended; /* nothing follows */
} Input;

static gboolean
print_some (int console)
{
  char bytes[4096];
  ssize_t length = read (console, bytes, sizeof bytes);

  for (ssize_t done = 0; done < length;)
    {
      ssize_t written = write (STDOUT_FILENO, bytes + done, (size_t)(length - done));

      if (written < 0 && errno != EINTR)
        return FALSE;
      done += MAX (written, 0);
    }
  return length > 0 || (length < 0 && errno == EINTR);
}

static void
read_some (Input *input, gboolean watch_escape)
{
  ssize_t length = read (STDIN_FILENO, input->bytes, sizeof input->bytes);
  const char *escape = watch_escape && length > 0 ? memchr (input->bytes, ESCAPE, (size_t)length) : NULL;

  if (length < 0 && errno == EINTR)
    return;
  input->begin = 0;
  input->end = escape ? (gsize)(escape - input->bytes) : (gsize)MAX (length, 0);
  input->ended = length <= 0 || escape;
}

static gboolean
send_some (int console, Input *input)
{
  ssize_t sent =
      send (console, input->bytes + input->begin, input->end - input->begin, MSG_DONTWAIT | MSG_NOSIGNAL);

  if (sent > 0)
    input->begin += (gsize)sent;
  return sent >= 0 || errno == EINTR || errno == EAGAIN;
}

/* Until the VM ends, or the user leaves. The end of an input that is no terminal only ends the input. A guest
 * may be slow to take what is typed; what it prints meanwhile must not wait for that. */
static void
pump (int console, gboolean terminal)
{
  Input input = { .ended = FALSE };

  while (!terminal || !input.ended || input.begin < input.end)
    {
      gboolean waits = input.begin < input.end;
      struct pollfd fds[] = {
        { .fd = console, .events = (short)(POLLIN | (waits ? POLLOUT : 0)) },
        { .fd = waits || input.ended ? -1 : STDIN_FILENO, .events = POLLIN },
      };

      if (poll (fds, G_N_ELEMENTS (fds), -1) < 0)
        {
          if (errno != EINTR)
            return;
          continue;
        }
      if ((fds[0].revents & POLLOUT) && !send_some (console, &input))
        return;
      if ((fds[0].revents & ~POLLOUT) && !print_some (console))
        return;
      if (fds[1].revents)
        read_some (&input, terminal);
    }
}

/* The terminal as it was found, for a signal that ends numavm. */
static struct termios found;

static void
on_deadly_signal (int number)
{
  tcsetattr (STDIN_FILENO, TCSANOW, &found);
  raise (number); /* by SA_RESETHAND its meaning is the usual one again */
}

static void
catch_signals (void)
{
  static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE };
  const struct sigaction restoring = { .sa_handler = on_deadly_signal, .sa_flags = (int)SA_RESETHAND };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      struct sigaction before;

      if (sigaction (numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction (numbers[i], &restoring, NULL);
    }
}

static void
attach (const NvCommandContext *context, const char *name, int console)
{
  gboolean terminal = tcgetattr (STDIN_FILENO, &found) == 0;
  struct termios raw = found;

  if (terminal)
    {
      nv_note (context, "connected to '%s', leave with Ctrl-]", name);
      cfmakeraw (&raw);
      catch_signals ();
      tcsetattr (STDIN_FILENO, TCSAFLUSH, &raw);
    }
  pump (console, terminal);
  if (terminal)
    tcsetattr (STDIN_FILENO, TCSAFLUSH, &found);
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
