#pragma once

#include "lab/lab.h"

#include <sys/types.h>

/* What is this machine's of a lab that runs. */
typedef struct
{
  int channel;   /* see guest/lab/protocol.h */
  int console;   /* what the kernel prints */
  int log;       /* what QEMU and virtiofsd do */
  int signals;   /* a signalfd of those that nv_lab_run() holds back, SIGCHLD and SIGWINCH */
  pid_t pids[2]; /* of QEMU and virtiofsd */
} NvLabEnds;

/* Carries everything between the command and this machine until it ends: see nv_lab_run(). */
gboolean nv_lab_session_run (const NvLab *lab, const NvLabEnds *ends, NvLabEnd *ret_end, GError **error);
