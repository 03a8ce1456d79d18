#include "guest/lab/command.h"

#include "guest/lab/fail.h"
#include "guest/lab/port.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum
{
  FRAME_SIZE = sizeof (struct nv_lab_frame) + NV_LAB_FRAME_MAX,
  /* As shells have it. */
  STATUS_NO_DIRECTORY = 125,
  STATUS_NOT_EXECUTABLE = 126,
  STATUS_NOT_FOUND = 127,
  STATUS_SIGNAL = 128,
};

struct running
{
  int port, signals;
  int input;          /* the command's standard input; -1: it has ended */
  int output, errors; /* -1: all other ends are closed */
  bool terminal;
  pid_t command;
  bool ended;
  unsigned status;
  /* What came from the host and is not dealt with yet; of a frame of input, so much has been passed on. */
  char frame[FRAME_SIZE];
  size_t n_bytes, n_passed;
  bool waits; /* the command has yet to read that */
};

/* --- the command --- */

/* Its own pipes rather than the port: programs open /dev/stdout anew. */
static void __attribute__ ((noreturn))
execute (const struct nv_lab_job *job, int input, int output, int errors)
{
  sigset_t none;

  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
  signal (SIGPIPE, SIG_DFL);
  setsid ();
  if (job->terminal)
    ioctl (input, TIOCSCTTY, 0);
  dup2 (input, STDIN_FILENO);
  dup2 (output, STDOUT_FILENO);
  dup2 (errors, STDERR_FILENO);
  if (chdir (job->directory) != 0)
    {
      fprintf (stderr, "numavm lab: cannot run in '%s': %s\n", job->directory, strerror (errno));
      _exit (STATUS_NO_DIRECTORY);
    }
  environ = job->environment;
  execvp (job->arguments[0], job->arguments);
  fprintf (stderr, "numavm lab: cannot run '%s': %s\n", job->arguments[0], strerror (errno));
  _exit (errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE);
}

static void
start_in_terminal (struct running *running, const struct nv_lab_job *job)
{
  int mine, its;

  if (openpty (&mine, &its, NULL, NULL, NULL) != 0)
    nv_lab_fail ("cannot make a terminal: %s", strerror (errno));
  fcntl (mine, F_SETFD, FD_CLOEXEC);
  running->input = running->output = mine;
  running->errors = -1;
  running->command = fork ();
  if (running->command == 0)
    execute (job, its, its, its);
  close (its);
}

static void
start_with_pipes (struct running *running, const struct nv_lab_job *job)
{
  int input[2], output[2], errors[2];

  if (pipe2 (input, O_CLOEXEC) != 0 || pipe2 (output, O_CLOEXEC) != 0 || pipe2 (errors, O_CLOEXEC) != 0)
    nv_lab_fail ("cannot make a pipe: %s", strerror (errno));
  running->input = input[1];
  running->output = output[0];
  running->errors = errors[0];
  running->command = fork ();
  if (running->command == 0)
    execute (job, input[0], output[1], errors[1]);
  close (input[0]);
  close (output[1]);
  close (errors[1]);
}

static void
start (struct running *running, const struct nv_lab_job *job)
{
  running->terminal = job->terminal;
  if (job->terminal)
    start_in_terminal (running, job);
  else
    start_with_pipes (running, job);
  if (running->command < 0)
    nv_lab_fail ("cannot start a process: %s", strerror (errno));
  fcntl (running->input, F_SETFL, O_NONBLOCK);
  fcntl (running->output, F_SETFL, O_NONBLOCK);
  if (running->errors >= 0)
    fcntl (running->errors, F_SETFL, O_NONBLOCK);
}

/* --- to the host --- */

/* Passes on what is there. Returns: was there any? */
static bool
pass_output (struct running *running, int *fd, enum nv_lab_frame_type type)
{
  char bytes[NV_LAB_FRAME_MAX];
  ssize_t n = *fd >= 0 ? read (*fd, bytes, sizeof bytes) : -1;

  if (n > 0)
    nv_lab_port_send (running->port, type, bytes, (size_t)n);
  else if (*fd >= 0 && (n == 0 || (errno != EAGAIN && errno != EINTR)))
    *fd = -1; /* a terminal's is its input, too; this program ends soon */
  return n > 0;
}

static void
collect_ended (struct running *running)
{
  struct signalfd_siginfo signal;
  pid_t pid;
  int status;

  while (read (running->signals, &signal, sizeof signal) > 0)
    ;
  while ((pid = waitpid (-1, &status, WNOHANG)) > 0)
    if (pid == running->command)
      {
        running->ended = true;
        running->status =
            (unsigned)(WIFEXITED (status) ? WEXITSTATUS (status) : STATUS_SIGNAL + WTERMSIG (status));
      }
}

/* --- from the host --- */

static void
end_input (struct running *running)
{
  /* A terminal's other side stays open: its end is what the user types. */
  if (running->input >= 0 && !running->terminal)
    close (running->input);
  running->input = -1;
}

static void
set_window (const struct running *running, const char *bytes, size_t length)
{
  struct nv_lab_window window;

  if (!running->terminal || length != sizeof window || running->input < 0)
    return;
  memcpy (&window, bytes, sizeof window);
  ioctl (running->input, TIOCSWINSZ, &(struct winsize){ .ws_row = window.rows, .ws_col = window.columns });
}

/* Returns: has the frame been dealt with? */
static bool
take_frame (struct running *running, const struct nv_lab_frame *header, const char *bytes)
{
  ssize_t n;

  if (header->type == NV_LAB_WINDOW)
    set_window (running, bytes, header->length);
  if (header->type != NV_LAB_INPUT || running->input < 0)
    return true;
  if (header->length == 0)
    end_input (running);
  while (running->input >= 0 && running->n_passed < header->length)
    {
      n = write (running->input, bytes + running->n_passed, header->length - running->n_passed);
      if (n < 0 && errno == EAGAIN)
        return false;
      if (n < 0 && errno != EINTR)
        end_input (running);
      running->n_passed += n > 0 ? (size_t)n : 0;
    }
  return true;
}

static void
take_frames (struct running *running)
{
  struct nv_lab_frame header;

  running->waits = false;
  while (running->n_bytes >= sizeof header)
    {
      memcpy (&header, running->frame, sizeof header);
      if (header.length > NV_LAB_FRAME_MAX)
        nv_lab_fail ("the host sent a frame of %u bytes", header.length);
      if (running->n_bytes < sizeof header + header.length)
        return;
      running->waits = !take_frame (running, &header, running->frame + sizeof header);
      if (running->waits)
        return;
      running->n_passed = 0;
      running->n_bytes -= sizeof header + header.length;
      memmove (running->frame, running->frame + sizeof header + header.length, running->n_bytes);
    }
}

static void
read_port (struct running *running)
{
  ssize_t n = read (running->port, running->frame + running->n_bytes, FRAME_SIZE - running->n_bytes);

  running->n_bytes += n > 0 ? (size_t)n : 0;
}

static void
wait_for_something (struct running *running)
{
  struct pollfd sources[] = {
    { .fd = running->signals, .events = POLLIN },
    { .fd = running->output, .events = POLLIN },
    { .fd = running->errors, .events = POLLIN },
    { .fd = running->n_bytes == FRAME_SIZE ? -1 : running->port, .events = POLLIN },
    { .fd = running->waits ? running->input : -1, .events = POLLOUT },
  };

  if (poll (sources, sizeof sources / sizeof *sources, -1) < 0)
    return;
  if (sources[0].revents)
    collect_ended (running);
  if (sources[1].revents)
    pass_output (running, &running->output, NV_LAB_OUTPUT);
  if (sources[2].revents)
    pass_output (running, &running->errors, NV_LAB_ERRORS);
  if (sources[3].revents & POLLIN)
    read_port (running);
  take_frames (running);
}

unsigned
nv_lab_command_run (int port, const struct nv_lab_job *job)
{
  static struct running running;
  sigset_t child;

  signal (SIGPIPE, SIG_IGN);
  sigemptyset (&child);
  sigaddset (&child, SIGCHLD);
  sigprocmask (SIG_BLOCK, &child, NULL);
  running.port = port;
  running.signals = signalfd (-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  nv_lab_port_send (port, NV_LAB_STARTED, NULL, 0);
  start (&running, job);
  while (!running.ended)
    wait_for_something (&running);
  /* What others still hold open may be printed to for ever. */
  while (pass_output (&running, &running.output, NV_LAB_OUTPUT)
         || pass_output (&running, &running.errors, NV_LAB_ERRORS))
    ;
  return running.status;
}
