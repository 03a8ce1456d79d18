#pragma once

#include "lab/job.h"
#include "lab/machine.h"

/* A lab: an emulated machine of several NUMA nodes, on which the distribution's kernel runs, with this
 * machine's root directory, read-only under an overlay in memory. */

/* Returns: (transfer full) (nullable): why this machine can run none, and what to do about it. @kernel:
 * (nullable): a path; default: the newest one found. */
char *nv_lab_unavailable (const char *kernel);

typedef struct
{
  NvLabMachine machine;
  NvLabJob job;
  const char *kernel; /* (nullable): as above */
  gboolean kvm;       /* QEMU uses it */
  const char *plugin; /* (nullable): of its emulation, as its option -plugin takes it; not with kvm */
  guint64 timeout_ms; /* of all; 0: none */
  int input;          /* for the command; -1: none. With job.terminal it is one, and raw */
  int output;         /* for what it prints */
  int errors;

  /* (nullable): the command starts. */
  void (*started) (gpointer data);
  gpointer data;
} NvLab;

typedef enum
{
  NV_LAB_ENDED,   /* the command did */
  NV_LAB_TIMEOUT, /* or its time */
  NV_LAB_LEFT,    /* the user typed the escape, Ctrl-], at a terminal */
  NV_LAB_SIGNAL,  /* SIGINT, SIGTERM or SIGHUP came */
} NvLabEndKind;

typedef struct
{
  NvLabEndKind kind;
  guint status; /* of the command, as a shell has it; of a signal its number */
} NvLabEnd;

/**
 * nv_lab_run:
 * @ret_end: (out): when it returns, nothing of the lab is left
 *
 * Signals that end programs are held back meanwhile, so that the caller can deal with them, and SIGKILL
 * ends the lab with this process: call it in the first thread.
 *
 * Returns: %FALSE if the command did not run or its status is not known: NV_ERROR_UNAVAILABLE (what is
 * missing here) or NV_ERROR_FAILED, with the end of what QEMU and the lab's kernel said.
 */
gboolean nv_lab_run (const NvLab *lab, NvLabEnd *ret_end, GError **error);
