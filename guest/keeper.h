#pragma once

#include "guest/program.h"

/* Between the agent and a program stands a process that only waits. It gets as children what the program
 * leaves behind, and can end them; it takes the times; and since the program is not the agent's own child,
 * nobody who reaps there can take its status. */

enum nv_keeper_fd
{
  NV_KEEPER_OUTPUT,  /* the program's stdout and stderr */
  NV_KEEPER_REPORT,  /* gets a struct nv_program_end, at the end */
  NV_KEEPER_CONTROL, /* closed at the other end: kill it */
  NV_KEEPER_N_FDS,
};

/* In a new process, of a program that may have threads: only what is safe in a signal handler is called. */
_Noreturn void nv_keeper_run (const struct nv_program *program, const int fds[NV_KEEPER_N_FDS]);
