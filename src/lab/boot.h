#pragma once

#include "lab/job.h"

/* What a lab boots. */

/* Returns: (transfer full): the path of the newest kernel, or @kernel; NULL with NV_ERROR_NOT_FOUND. */
char *nv_lab_kernel (const char *kernel, GError **error);

/* Has @kernel what a lab needs? %FALSE with NV_ERROR_NOT_FOUND (a module) or NV_ERROR_PARSE. */
gboolean nv_lab_kernel_check (const char *kernel, GError **error);

/* Returns: (transfer full): the initial file system for @kernel; NULL with NV_ERROR_NOT_FOUND (a module) or
 * NV_ERROR_PARSE. @job: as nv_lab_job_format() gives it. */
GBytes *nv_lab_initramfs (const char *kernel, GBytes *job, GError **error);
