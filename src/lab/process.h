#pragma once

#include <glib.h>

#include <sys/types.h>

/* A program that is to end when this process does, however that happens. */
typedef struct
{
  const char *const *argv; /* ended by NULL; the first is a path */
  const int *fds;          /* what it inherits, under the same numbers; ended by -1 */
  int log;                 /* gets its standard output and error */
  gboolean as_root;        /* in a user namespace of its own, where this process's user is root */
} NvLabProgram;

/**
 * nv_lab_process_start:
 *
 * Call it in a thread that lives as long as the program is to: the kernel sends it SIGKILL when that ends.
 *
 * Returns: its PID; -1 with NV_ERROR_FAILED, or NV_ERROR_UNAVAILABLE without user namespaces.
 */
pid_t nv_lab_process_start (const NvLabProgram *program, GError **error);

/* Kills it and waits for its end. @pid: 0: nothing. */
void nv_lab_process_kill (pid_t pid);
