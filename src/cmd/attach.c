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

/* What the user typed and the guest did not take yet. */
typedef struct
{
  char bytes[4096];
  gsize begin;
  gsize end;
  gboolean ended; /* nothing follows */
} Input;

static gboolean
write_all (int fd, const char *bytes, gsize length)
{
  while (length > 0)
    {
      ssize_t written = write (fd, bytes, length);

      if (written < 0 && errno != EINTR)
        return FALSE;
      bytes += MAX (written, 0);
      length -= (gsize)MAX (written, 0);
    }
  return TRUE;
}

/* Returns: go on? If not, @ret_end says why. */
static gboolean
print_some (const NvAttach *attach, NvAttachEnd *ret_end)
{
  char bytes[4096];
  ssize_t length = read (attach->console, bytes, sizeof bytes);

  if (length < 0 && errno == EINTR)
    return TRUE;
  *ret_end = NV_ATTACH_ENDED;
  if (length <= 0)
    return FALSE;
  if (attach->printed)
    attach->printed (bytes, (gsize)length, attach->data);
  *ret_end = NV_ATTACH_NO_OUTPUT;
  return write_all (attach->output, bytes, (gsize)length);
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

/* A guest may be slow to take what is typed; what it prints meanwhile must not wait for that. */
static NvAttachEnd
pump (const NvAttach *attach, gboolean terminal)
{
  Input input = { .ended = FALSE };
  NvAttachEnd end = NV_ATTACH_ENDED;
  gint64 next_us = 0;

  while (!terminal || !input.ended || input.begin < input.end)
    {
      gboolean waits = input.begin < input.end;
      struct pollfd fds[] = {
        { .fd = attach->console, .events = (short)(POLLIN | (waits ? POLLOUT : 0)) },
        { .fd = waits || input.ended ? -1 : STDIN_FILENO, .events = POLLIN },
      };

      if (!tick (attach, &next_us))
        return NV_ATTACH_STOPPED;
      if (poll (fds, G_N_ELEMENTS (fds), attach->tick ? TICK_MS : -1) < 0)
        {
          if (errno != EINTR)
            return NV_ATTACH_ENDED;
          continue;
        }
      if ((fds[0].revents & POLLOUT) && !send_some (attach->console, &input))
        return NV_ATTACH_ENDED;
      if ((fds[0].revents & ~POLLOUT) && !print_some (attach, &end))
        return end;
      if (fds[1].revents)
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
