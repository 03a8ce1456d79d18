#pragma once

#include <glib.h>

/* What a lab is to do. */
typedef struct
{
  const char *directory;        /* absolute, of this machine and of the lab */
  const char *const *arguments; /* the command; ended by NULL */
  const char *out;              /* (nullable): absolute: the directory that is $LAB_OUT */
  gboolean ordinary;            /* this process is not root */
  gboolean terminal;            /* the command has one */
} NvLabJob;

/**
 * nv_lab_job_format:
 * @environment: this process's, as environ; what leads to things outside is left out of the command's
 *
 * Returns: (transfer full): NV_LAB_JOB_FILE of guest/lab/protocol.h.
 */
GBytes *nv_lab_job_format (const NvLabJob *job, const char *const *environment);
