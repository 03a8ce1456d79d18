#include "cmd/attach.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#define ESCAPE  0x1d /* Ctrl-], as virsh has it */
#define TICK_MS 500

/* What one side said and the other did not take yet. */
typedef struct
{
  char bytes[4096];
  gsize begin;
  gsize end;
  gboolean ended; /* nothing follows */
} Buffer;

static gboolean
is_empty (const Buffer *buffer)
{
  return buffer->begin == buffer->end;
}

/* Returns: go on? */
static gboolean
hear_some (const NvAttach *attach, Buffer *output)
{
  ssize_t length = read (attach->console, output->bytes, sizeof output->bytes);

  if (length < 0 && errno == EINTR)
    return TRUE;
  output->begin = 0;
  output->end = (gsize)MAX (length, 0);
  if (length > 0 && attach->printed)
    attach->printed (output->bytes, output->end, attach->data);
  return length > 0;
}

/* A pipe that takes something takes PIPE_BUF bytes, which a buffer has. */
static gboolean
print_some (int fd, Buffer *output)
{
  ssize_t written = write (fd, output->bytes + output->begin, output->end - output->begin);

  output->begin += (gsize)MAX (written, 0);
  return written >= 0 || errno == EINTR || errno == EAGAIN;
}

static void
read_some (Buffer *input, gboolean watch_escape)
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
send_some (int console, Buffer *input)
{
  ssize_t sent =
      send (console, input->bytes + input->begin, input->end - input->begin, MSG_DONTWAIT | MSG_NOSIGNAL);

  if (sent > 0)
    input->begin += (gsize)sent;
  return sent >= 0 || errno == EINTR || errno == EAGAIN;
}

/* Between two looks at the descriptors, which a busy guest may keep busy. */
static gboolean
tick (const NvAttach *attach, gint64 *next_us)
{
  gint64 now_us = g_get_monotonic_time ();

  if (!attach->tick || now_us < *next_us)
    return TRUE;
  *next_us = now_us + TICK_MS * 1000;
  return attach->tick (attach->data);
}

/* With what may be waited for. Returns: FALSE with errno. */
static gboolean
wait_for_some (const NvAttach *attach, const Buffer *input, const Buffer *output, short *ret_console,
               short *ret_input, short *ret_output)
{
  gboolean listens = is_empty (output), talks = !is_empty (input);
  struct pollfd fds[] = {
    { .fd = listens ? attach->console : -1, .events = (short)(POLLIN | (talks ? POLLOUT : 0)) },
    { .fd = talks || input->ended ? -1 : STDIN_FILENO, .events = POLLIN },
    { .fd = listens ? -1 : attach->output, .events = POLLOUT },
  };
  int n = poll (fds, G_N_ELEMENTS (fds), attach->tick ? TICK_MS : -1);

  *ret_console = n > 0 ? fds[0].revents : 0;
  *ret_input = n > 0 ? fds[1].revents : 0;
  *ret_output = n > 0 ? fds[2].revents : 0;
  return n >= 0 || errno == EINTR;
}

/* A guest may be slow to take what is typed; what it prints meanwhile must not wait for that. Nor must who
 * wants to end it wait for a reader who does not take what is printed. */
static NvAttachEnd
pump (const NvAttach *attach, gboolean terminal)
{
  Buffer input = { .ended = FALSE }, output = { .ended = FALSE };
  gint64 next_us = 0;

  while (!terminal || !input.ended || !is_empty (&input))
    {
      short at_console, at_input, at_output;

      if (!tick (attach, &next_us))
        return NV_ATTACH_STOPPED;
      if (!wait_for_some (attach, &input, &output, &at_console, &at_input, &at_output))
        return NV_ATTACH_ENDED;
      if ((at_console & POLLOUT) && !send_some (attach->console, &input))
        return NV_ATTACH_ENDED;
      if ((at_console & ~POLLOUT) && !hear_some (attach, &output))
        return NV_ATTACH_ENDED;
      if (at_output && !print_some (attach->output, &output))
        return NV_ATTACH_NO_OUTPUT;
      if (at_input)
        read_some (&input, terminal);
    }
  return NV_ATTACH_LEFT;
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

NvAttachEnd
nv_attach (const NvAttach *attach)
{
  gboolean terminal = tcgetattr (STDIN_FILENO, &found) == 0;
  struct termios raw = found;
  NvAttachEnd end;
  int code;

  if (terminal)
    {
      nv_note (attach->context, "connected to '%s', leave with Ctrl-]", attach->name);
      cfmakeraw (&raw);
      if (!attach->tick)
        catch_signals ();
      tcsetattr (STDIN_FILENO, TCSAFLUSH, &raw);
    }
  end = pump (attach, terminal);
  code = errno;
  if (terminal)
    tcsetattr (STDIN_FILENO, TCSAFLUSH, &found);
  errno = code;
  return end;
}
