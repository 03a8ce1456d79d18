#include "guest/service.h"

#include "guest/agent.h"
#include "guest/announce.h"
#include "guest/port.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Of systemd(1): starts poweroff.target. */
#define SYSTEMD_POWER_OFF (SIGRTMIN + 4)

static bool
init_is_systemd (void)
{
  return access ("/run/systemd/system", F_OK) == 0;
}

static void
power_off (void)
{
  if (init_is_systemd () && kill (1, SYSTEMD_POWER_OFF) == 0)
    return;
  sync ();
  reboot (RB_POWER_OFF);
}

/* Until there is a port SIGTERM ends the program by itself. */
static int
open_stop_signal (void)
{
  sigset_t signals;

  sigemptyset (&signals);
  sigaddset (&signals, SIGTERM);
  sigprocmask (SIG_BLOCK, &signals, NULL);
  return signalfd (-1, &signals, SFD_CLOEXEC);
}

int
nv_service_run (void)
{
  int port, stop;

  nv_announce ();
  /* The device's driver may be a module that is not loaded yet. */
  while ((port = nv_port_open ()) < 0)
    sleep (1);
  stop = open_stop_signal ();
  if (nv_agent_run (port, stop))
    power_off ();
  return 0;
}
