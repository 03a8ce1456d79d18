#include "lab/session.h"

#include "base/error.h"
#include "lab/frames.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ESCAPE     0x1d /* Ctrl-], as `numavm console` has it */
#define BOOT_MS    300000
#define TAIL_BYTES 2000 /* of what is said where a lab does not boot */

typedef struct
{
  const NvLab *lab;
  const NvLabEnds *ends;
  NvLabFrames *frames;
  GString *console, *log; /* the last of what was said there */
  gint64 deadline_us;     /* G_MAXINT64: none */
  gboolean started;
  int input;           /* -1: has ended */
  GByteArray *to_send; /* what the lab did not take yet */

  gboolean ended;
  NvLabEnd end;
  GError *problem;
} Session;

/* --- how it ends --- */

static void
end_with (Session *session, NvLabEndKind kind, guint status)
{
  session->ended = TRUE;
  session->end = (NvLabEnd){ .kind = kind, .status = status };
}

static void
take_tail (GString *tail, const char *bytes, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (bytes[i] != '\r' && bytes[i] != '\0')
      g_string_append_c (tail, bytes[i]);
  if (tail->len > 2 * TAIL_BYTES)
    g_string_erase (tail, 0, (gssize)(tail->len - TAIL_BYTES));
}

/* Takes all that is there. */
static void
drain (int fd, GString *tail)
{
  char bytes[4096];
  ssize_t n;

  while ((n = recv (fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
    take_tail (tail, bytes, (gsize)n);
}

/* What it was about, then what those said who should know. */
static void
fail_with (Session *session, const char *what)
{
  const char *log, *console;

  session->ended = TRUE;
  drain (session->ends->log, session->log);
  drain (session->ends->console, session->console);
  log = g_strstrip (session->log->str);
  console = g_strstrip (session->console->str);
  g_set_error (&session->problem, NV_ERROR, NV_ERROR_FAILED, "%s%s%s%s%s", what, *log ? "\n" : "", log,
               *console ? "\n" : "", console);
}

/* --- from the lab --- */

static gboolean
write_all (int fd, const char *bytes, gsize length)
{
  while (length > 0)
    {
      ssize_t written = write (fd, bytes, length);

      if (written < 0 && errno == EAGAIN)
        poll (&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1);
      else if (written < 0 && errno != EINTR)
        return FALSE;
      bytes += MAX (written, 0);
      length -= (gsize)MAX (written, 0);
    }
  return TRUE;
}

static void
print (Session *session, int fd, const void *bytes, gsize length)
{
  if (write_all (fd, bytes, length))
    return;
  session->ended = TRUE;
  g_set_error (&session->problem, NV_ERROR, NV_ERROR_FAILED, "cannot write the command's output: %s",
               g_strerror (errno));
}

static gint64
deadline_after (guint64 ms)
{
  return ms == 0 || ms > G_MAXINT64 / 2000 ? G_MAXINT64 : g_get_monotonic_time () + (gint64)ms * 1000;
}

static gboolean
on_frame (enum nv_lab_frame_type type, const void *bytes, gsize length, gpointer data)
{
  Session *session = data;
  guint32 status;

  switch (type)
    {
    case NV_LAB_STARTED:
      session->started = TRUE;
      if (session->lab->started)
        session->lab->started (session->lab->data);
      break;
    case NV_LAB_OUTPUT:
      print (session, session->lab->output, bytes, length);
      break;
    case NV_LAB_ERRORS:
      print (session, session->lab->errors, bytes, length);
      break;
    default: /* NV_LAB_STATUS: there is no other */
      memcpy (&status, bytes, sizeof status);
      end_with (session, NV_LAB_ENDED, status & 0xff);
    }
  return !session->ended;
}

static void
read_channel (Session *session)
{
  char bytes[65536];
  ssize_t n = recv (session->ends->channel, bytes, sizeof bytes, MSG_DONTWAIT);

  if (n > 0)
    {
      g_autoptr (GError) problem = NULL;

      if (!nv_lab_frames_feed (session->frames, bytes, (gsize)n, on_frame, session, &problem) && problem)
        fail_with (session, problem->message);
    }
  else if (n == 0 || (errno != EAGAIN && errno != EINTR))
    fail_with (session, session->started ? "the lab ended before its command did" : "the lab did not boot");
}

/* --- to the lab --- */

static void
add_frame (Session *session, enum nv_lab_frame_type type, const void *bytes, gsize length)
{
  const struct nv_lab_frame header = { .type = type, .length = (guint32)length };

  g_byte_array_append (session->to_send, (const guint8 *)&header, sizeof header);
  g_byte_array_append (session->to_send, bytes, (guint)length);
}

static void
add_window (Session *session)
{
  struct winsize size;

  if (session->lab->job.terminal && ioctl (session->lab->input, TIOCGWINSZ, &size) == 0)
    add_frame (session, NV_LAB_WINDOW, &(struct nv_lab_window){ .rows = size.ws_row, .columns = size.ws_col },
               sizeof (struct nv_lab_window));
}

static void
read_input (Session *session)
{
  char bytes[NV_LAB_FRAME_MAX];
  ssize_t n = read (session->input, bytes, sizeof bytes);

  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return;
  if (n > 0 && session->lab->job.terminal && memchr (bytes, ESCAPE, (gsize)n))
    end_with (session, NV_LAB_LEFT, 0);
  add_frame (session, NV_LAB_INPUT, bytes, (gsize)MAX (n, 0));
  if (n <= 0)
    session->input = -1;
}

static void
send_some (Session *session)
{
  ssize_t sent = send (session->ends->channel, session->to_send->data, session->to_send->len,
                       MSG_DONTWAIT | MSG_NOSIGNAL);

  if (sent > 0)
    g_byte_array_remove_range (session->to_send, 0, (guint)sent);
}

/* --- the loop --- */

static void
check_children (Session *session)
{
  static const char *const what[] = { "QEMU ended", "virtiofsd ended" };

  for (guint i = 0; i < G_N_ELEMENTS (session->ends->pids) && !session->ended; i++)
    {
      siginfo_t info = { 0 };

      /* It stays to be waited for: nv_lab_process_kill() does. */
      if (waitid (P_PID, (id_t)session->ends->pids[i], &info, WEXITED | WNOHANG | WNOWAIT) == 0
          && info.si_pid != 0)
        {
          read_channel (session); /* a status may be on its way */
          if (!session->ended)
            fail_with (session, what[i]);
        }
    }
}

static void
read_signal (Session *session)
{
  struct signalfd_siginfo signal;

  if (read (session->ends->signals, &signal, sizeof signal) != sizeof signal)
    return;
  if (signal.ssi_signo == SIGCHLD)
    check_children (session);
  else if (signal.ssi_signo == SIGWINCH)
    add_window (session);
  else
    end_with (session, NV_LAB_SIGNAL, signal.ssi_signo);
}

static void
check_time (Session *session, gint64 boot_deadline_us)
{
  gint64 now_us = g_get_monotonic_time ();

  if (now_us >= session->deadline_us)
    end_with (session, NV_LAB_TIMEOUT, 0);
  else if (!session->started && now_us >= boot_deadline_us)
    fail_with (session, "the lab did not boot within 5 minutes");
}

/* Returns: how long to wait, for poll(). */
static int
wait_ms (const Session *session, gint64 boot_deadline_us)
{
  gint64 deadline_us = session->started ? session->deadline_us : MIN (session->deadline_us, boot_deadline_us);
  gint64 left_ms = (deadline_us - g_get_monotonic_time ()) / 1000 + 1;

  return (int)CLAMP (left_ms, 0, 60000);
}

static void
wait_for_something (Session *session, gint64 boot_deadline_us)
{
  gboolean waits = session->to_send->len > 0;
  struct pollfd sources[] = {
    { .fd = session->ends->channel, .events = (short)(POLLIN | (waits ? POLLOUT : 0)) },
    { .fd = session->ends->console, .events = POLLIN },
    { .fd = session->ends->log, .events = POLLIN },
    { .fd = session->ends->signals, .events = POLLIN },
    { .fd = waits || !session->started ? -1 : session->input, .events = POLLIN },
  };

  if (poll (sources, G_N_ELEMENTS (sources), wait_ms (session, boot_deadline_us)) < 0)
    return;
  if (sources[1].revents)
    drain (session->ends->console, session->console);
  if (sources[2].revents)
    drain (session->ends->log, session->log);
  /* Ctrl-C reaches QEMU, too: its end is then not the reason. */
  if (sources[3].revents)
    read_signal (session);
  if ((sources[0].revents & POLLOUT) && !session->ended)
    send_some (session);
  if ((sources[0].revents & ~POLLOUT) && !session->ended)
    read_channel (session);
  if (sources[4].revents && !session->ended)
    read_input (session);
}

gboolean
nv_lab_session_run (const NvLab *lab, const NvLabEnds *ends, NvLabEnd *ret_end, GError **error)
{
  Session session = {
    .lab = lab,
    .ends = ends,
    .frames = nv_lab_frames_new (),
    .console = g_string_new (NULL),
    .log = g_string_new (NULL),
    .deadline_us = deadline_after (lab->timeout_ms),
    .input = lab->input,
    .to_send = g_byte_array_new (),
  };
  gint64 boot_deadline_us = deadline_after (BOOT_MS);

  add_window (&session);
  if (lab->input < 0)
    add_frame (&session, NV_LAB_INPUT, "", 0);
  while (!session.ended)
    {
      wait_for_something (&session, boot_deadline_us);
      if (!session.ended)
        check_time (&session, boot_deadline_us);
    }
  nv_lab_frames_free (session.frames);
  g_string_free (session.console, TRUE);
  g_string_free (session.log, TRUE);
  g_byte_array_unref (session.to_send);
  if (session.problem)
    {
      g_propagate_error (error, session.problem);
      return FALSE;
    }
  *ret_end = session.end;
  return TRUE;
}
