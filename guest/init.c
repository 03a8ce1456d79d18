/* PID 1 of the default guest, and its only program, static: loads modules, says what the guest has, lets the
 * agent talk with the host, and waits for the end without using a CPU. In a guest with another init it is a
 * service. */

#include "guest/agent.h"
#include "guest/announce.h"
#include "guest/modules.h"
#include "guest/port.h"
#include "guest/service.h"
#include "guest/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* Input devices that are looked at for a power button; a virtual machine has three or four. */
#define MAX_INPUTS 16

static void
mount_or_complain (const char *type, const char *target)
{
  if (mount (type, target, type, MS_NOSUID, NULL) != 0)
    printf ("numavm guest: cannot mount %s: %s\n", type, strerror (errno));
}

static void
complain_of_module (const char *path, const char *reason)
{
  printf ("numavm guest: cannot load %s: %s\n", path, reason);
}

static int
open_signals (void)
{
  sigset_t signals;

  sigemptyset (&signals);
  sigaddset (&signals, SIGCHLD);
  sigaddset (&signals, SIGTERM);
  sigaddset (&signals, SIGINT);
  sigaddset (&signals, SIGPWR);
  sigprocmask (SIG_BLOCK, &signals, NULL);
  return signalfd (-1, &signals, SFD_CLOEXEC);
}

static size_t
open_inputs (struct pollfd *ret_inputs)
{
  size_t n = 0;

  for (unsigned i = 0; i < MAX_INPUTS; i++)
    {
      char path[32];
      int fd;

      snprintf (path, sizeof path, "/dev/input/event%u", i);
      fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
      if (fd >= 0)
        ret_inputs[n++] = (struct pollfd){ .fd = fd, .events = POLLIN };
    }
  return n;
}

/* Is what came a reason to end? A shell that ended is not: there is another one. */
static bool
signal_ends (int fd, pid_t *shell)
{
  struct signalfd_siginfo signal;
  pid_t child;

  if (read (fd, &signal, sizeof signal) != sizeof signal)
    return false;
  if (signal.ssi_signo != SIGCHLD)
    return true;
  while ((child = waitpid (-1, NULL, WNOHANG)) > 0)
    if (child == *shell)
      *shell = nv_shell_start ();
  return false;
}

static bool
input_ends (int fd)
{
  struct input_event event;
  bool pressed = false;

  while (read (fd, &event, sizeof event) == sizeof event)
    pressed |= event.type == EV_KEY && event.code == KEY_POWER && event.value == 1;
  return pressed;
}

static void
wait_for_end (int signals)
{
  struct pollfd sources[1 + MAX_INPUTS] = { { .fd = signals, .events = POLLIN } };
  size_t n = 1 + open_inputs (sources + 1);
  pid_t shell = nv_shell_start ();
  bool ends = false;

  /* Ctrl-Alt-Del becomes SIGINT. */
  reboot (RB_DISABLE_CAD);
  while (!ends)
    {
      if (poll (sources, n, -1) < 0)
        continue;
      if (sources[0].revents)
        ends = signal_ends (sources[0].fd, &shell);
      for (size_t i = 1; i < n; i++)
        {
          if (sources[i].revents & POLLIN)
            ends |= input_ends (sources[i].fd);
          /* A device that is gone would wake us for ever. */
          if (sources[i].revents & (POLLHUP | POLLERR))
            sources[i].fd = -1;
        }
    }
}

static void *
talk (void *data)
{
  int port = nv_port_open ();

  if (port >= 0 && nv_agent_run (port, -1))
    kill (getpid (), SIGTERM);
  return NULL;
}

int
main (void)
{
  pthread_t agent;
  int signals;

  setvbuf (stdout, NULL, _IOLBF, 0);
  if (getpid () != 1)
    return nv_service_run ();
  mount_or_complain ("proc", "/proc");
  mount_or_complain ("sysfs", "/sys");
  mount_or_complain ("devtmpfs", "/dev");
  nv_modules_load (complain_of_module);
  nv_announce ();
  signals = open_signals (); /* before there are other threads: they are not to get any */
  if (pthread_create (&agent, NULL, talk, NULL) != 0)
    puts ("numavm guest: cannot start a thread for the host");
  wait_for_end (signals);
  sync ();
  reboot (RB_POWER_OFF);
  for (;;)
    pause ();
}
