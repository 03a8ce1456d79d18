#pragma once

#include <glib.h>

#include <sys/types.h>

/* This machine's root directory, shared by virtiofsd. Nothing of it is in the file system. */

/* Returns: (transfer full) (nullable): why that cannot be done here. */
char *nv_lab_share_unavailable (void);

/**
 * nv_lab_share_start:
 * @log: see NvLabProgram
 * @ret_pid: (out): ends with this process, and when @ret_socket is closed
 * @ret_socket: (out): connected to it, for QEMU
 *
 * Returns: %FALSE with NV_ERROR_UNAVAILABLE or NV_ERROR_FAILED.
 */
gboolean nv_lab_share_start (int log, pid_t *ret_pid, int *ret_socket, GError **error);
