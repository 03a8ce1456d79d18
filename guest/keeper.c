#include "guest/keeper.h"

#include "bench/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NS_PER_S INT64_C (1000000000)

/* Between SIGTERM and SIGKILL; and how long what was killed may take to be gone, which may be swapped out. */
#define TERM_NS (2 * NS_PER_S)
#define KILL_NS (10 * NS_PER_S)

enum
{
  FIRST_FD = 3, /* of those in enum nv_keeper_fd, in their order */
  SIGNAL_FD = FIRST_FD + NV_KEEPER_N_FDS,
  SPARE_FD = 32, /* none of the above */
  MAX_FD = 1024, /* of an agent */
  N_SIGNALS = 64,
};

struct keeper
{
  const struct nv_program *program;
  struct nv_program_end end;
  pid_t leader; /* -1: it has ended, or there never was one */
  pid_t group;
};

/* --- the program's process --- */

/* The agent may be the last that is killed where memory gets short; a program that takes it is the first. */
static void
be_killed_as_others (void)
{
  int adjustment = open ("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

  if (adjustment < 0)
    return;
  (void)!write (adjustment, "0", 1);
  close (adjustment);
}

static _Noreturn void
execute (const struct nv_program *program, int error_fd)
{
  sigset_t none;
  ssize_t written;

  setsid ();
  be_killed_as_others ();
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
  for (int i = 1; i <= N_SIGNALS; i++)
    signal (i, SIG_DFL);
  dup2 (FIRST_FD + NV_KEEPER_OUTPUT, STDOUT_FILENO);
  dup2 (FIRST_FD + NV_KEEPER_OUTPUT, STDERR_FILENO);
  if (chdir (program->directory) == 0)
    {
      environ = (char **)program->environment;
      execvp (program->command[0], program->command);
    }
  written = write (error_fd, &errno, sizeof errno);
  _exit (written > 0 ? 127 : 126);
}

/* --- the keeper's --- */

static void
close_from (int fd)
{
  if (syscall (SYS_close_range, (unsigned)fd, UINT_MAX, 0) != 0)
    for (; fd < MAX_FD; fd++)
      close (fd);
}

static void
set_up (const int fds[NV_KEEPER_N_FDS])
{
  int spare[NV_KEEPER_N_FDS];
  sigset_t children;
  int null;

  for (int i = 0; i < NV_KEEPER_N_FDS; i++)
    spare[i] = fcntl (fds[i], F_DUPFD_CLOEXEC, SPARE_FD);
  null = open ("/dev/null", O_RDWR);
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (null != fd)
      dup2 (null, fd);
  for (int i = 0; i < NV_KEEPER_N_FDS; i++)
    dup3 (spare[i], FIRST_FD + i, O_CLOEXEC);
  close_from (FIRST_FD + NV_KEEPER_N_FDS);
  sigfillset (&children);
  sigprocmask (SIG_SETMASK, &children, NULL);
  signal (SIGCHLD, SIG_DFL);
  sigemptyset (&children);
  sigaddset (&children, SIGCHLD);
  signalfd (-1, &children, SFD_CLOEXEC | SFD_NONBLOCK); /* the lowest that is free: SIGNAL_FD */
  prctl (PR_SET_CHILD_SUBREAPER, 1);
}

/* Returns: has it none left? */
static bool
reap (struct keeper *keeper)
{
  struct signalfd_siginfo seen;
  int status;
  pid_t child;

  while (read (SIGNAL_FD, &seen, sizeof seen) > 0)
    ;
  while ((child = waitpid (-1, &status, WNOHANG)) > 0)
    if (child == keeper->leader)
      {
        keeper->end.time_ns = nv_clock_ns (CLOCK_MONOTONIC) - keeper->end.start_ns;
        keeper->end.exit_status = WIFEXITED (status) ? WEXITSTATUS (status) : -1;
        keeper->end.signal = WIFSIGNALED (status) ? WTERMSIG (status) : 0;
        keeper->leader = -1;
      }
  return child < 0;
}

/* Until a child ended, somebody cancelled or it is time. */
static void
wait_until (struct keeper *keeper, int64_t deadline_ns)
{
  struct pollfd fds[] = { { .fd = SIGNAL_FD, .events = POLLIN },
                          { .fd = FIRST_FD + NV_KEEPER_CONTROL, .events = POLLIN } };
  int64_t left_ms = (deadline_ns - nv_now_ns ()) / 1000000 + 1;

  if (keeper->end.cancelled)
    fds[1].fd = -1;
  if (left_ms > 0 && poll (fds, 2, left_ms < INT_MAX ? (int)left_ms : INT_MAX) > 0 && fds[1].revents)
    keeper->end.cancelled = true;
}

/* What the program started and did not wait for is its group, or has become a child of this process. */
static void
kill_children (void)
{
  char text[4096];
  int list = open ("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
  ssize_t length = list >= 0 ? read (list, text, sizeof text - 1) : 0;
  pid_t child = 0;

  for (ssize_t i = 0; i < length; i++)
    if (text[i] >= '0' && text[i] <= '9')
      child = child * 10 + (text[i] - '0');
    else
      {
        if (child > 0)
          kill (child, SIGKILL);
        child = 0;
      }
  if (list >= 0)
    close (list);
}

static void
kill_all (struct keeper *keeper)
{
  int64_t deadline_ns = nv_now_ns () + KILL_NS;

  while (!reap (keeper) && nv_now_ns () < deadline_ns)
    {
      struct pollfd child = { .fd = SIGNAL_FD, .events = POLLIN };

      kill (-keeper->group, SIGKILL);
      kill_children ();
      poll (&child, 1, 10);
    }
}

static void
start (struct keeper *keeper)
{
  int error[2];

  if (pipe2 (error, O_CLOEXEC) != 0)
    {
      keeper->end.exec_error = errno;
      return;
    }
  keeper->end.start_ns = nv_clock_ns (CLOCK_MONOTONIC);
  keeper->leader = fork ();
  if (keeper->leader == 0)
    execute (keeper->program, error[1]);
  keeper->group = keeper->leader;
  if (keeper->leader < 0)
    keeper->end.exec_error = errno;
  close (error[1]);
  if (read (error[0], &keeper->end.exec_error, sizeof keeper->end.exec_error) < 0)
    keeper->end.exec_error = errno;
  close (error[0]);
}

/* Until the program itself has ended, by itself or not. */
static void
watch (struct keeper *keeper)
{
  int64_t now_ns = nv_now_ns ();
  int64_t deadline_ns = keeper->program->timeout_ns < (uint64_t)(INT64_MAX - now_ns)
                            ? now_ns + (int64_t)keeper->program->timeout_ns
                            : INT64_MAX;

  for (reap (keeper); keeper->leader > 0 && !keeper->end.cancelled; reap (keeper))
    {
      if (nv_now_ns () >= deadline_ns)
        {
          if (keeper->end.timed_out)
            return;
          keeper->end.timed_out = true;
          deadline_ns = nv_now_ns () + TERM_NS;
          kill (-keeper->group, SIGTERM);
        }
      wait_until (keeper, deadline_ns);
    }
}

void
nv_keeper_run (const struct nv_program *program, const int fds[NV_KEEPER_N_FDS])
{
  struct keeper keeper = { .program = program, .leader = -1, .end = { .exit_status = -1 } };
  ssize_t written;

  set_up (fds);
  start (&keeper);
  if (keeper.leader > 0)
    {
      watch (&keeper);
      kill_all (&keeper);
    }
  if (keeper.leader > 0) /* even SIGKILL did not end it */
    {
      keeper.end.time_ns = nv_clock_ns (CLOCK_MONOTONIC) - keeper.end.start_ns;
      keeper.end.signal = SIGKILL;
    }
  written = write (FIRST_FD + NV_KEEPER_REPORT, &keeper.end, sizeof keeper.end);
  _exit (written == sizeof keeper.end ? 0 : 1);
}
