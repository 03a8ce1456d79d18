#pragma once

#include "bench/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Any program, run once, with all that it starts: nothing of it is left when the call returns. */

/* Where programs are found: the environment has nothing else that another guest may not have. */
#define NV_PROGRAM_PATH        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define NV_PROGRAM_ENVIRONMENT "PATH=" NV_PROGRAM_PATH, "HOME=/root", "LANG=C.UTF-8"

struct nv_program
{
  char *const *command;     /* executed without a shell; ended by NULL, as the next */
  char *const *environment; /* its PATH finds the program */
  const char *directory;    /* where it begins */
  uint64_t timeout_ns;      /* then it is asked to end (SIGTERM), and killed 2 s later */
  int cancel_fd;            /* readable: it is killed; -1: never */
};

/* How it ended. CLOCK_MONOTONIC, from before it was forked until it was waited for. */
struct nv_program_end
{
  uint64_t start_ns, time_ns;
  int exec_error;  /* errno: it could not be executed; 0: it was */
  int exit_status; /* -1: by @signal */
  int signal;
  bool timed_out;
  bool cancelled;
};

enum
{
  NV_PRINTED_MAX = 16 << 20, /* bytes that are kept, the last ones */
};

/* What it printed, stdout and stderr in the order in which it came. Zeroed at first, nv_printed_clear() at
 * last. */
struct nv_printed
{
  char *bytes;
  size_t length; /* that are kept */
  uint64_t total;
};

void nv_printed_clear (struct nv_printed *printed);

/**
 * nv_program_run:
 * @printed: emptied first
 *
 * Its stdin is /dev/null, its session its own. What it leaves behind when it has ended is killed, wherever it
 * went, so that a run does not disturb the next one.
 *
 * Returns: 0: it ended, @ret_end says how; or -errno with a message: nobody could say how.
 */
int nv_program_run (const struct nv_program *program, struct nv_printed *printed,
                    struct nv_program_end *ret_end, struct nv_message *message);
