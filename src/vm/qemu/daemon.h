#pragma once

#include "base/set.h"

/* QEMU as a process: made, found again by its pid file, pinned, ended. */

/**
 * nv_qemu_daemon_spawn:
 * @argv: with -daemonize
 * @cpus: (nullable): where it may run, and each of its threads that is not pinned elsewhere later
 * @name: of the VM, for messages
 *
 * Returns when QEMU has gone into the background: its machine is made, memory that shall be preallocated is,
 * and its sockets answer. %FALSE with NV_ERROR_FAILED and QEMU's own message.
 */
gboolean nv_qemu_daemon_spawn (char **argv, const NvSet *cpus, const char *name, GError **error);

/**
 * nv_qemu_daemon_find:
 * @ret_pid: (out) (optional)
 *
 * A pid file alone proves nothing: its process may have died without removing it, and the number may be
 * another's by now. The process must run the VM of @uuid.
 *
 * Returns: its pidfd; close() it. -1 if there is none.
 */
int nv_qemu_daemon_find (const char *pid_file, const char *uuid, int *ret_pid);

/* Returns: has it ended after that time, at the latest? */
gboolean nv_qemu_daemon_wait (int pidfd, int timeout_ms);

/* SIGKILL, and waits for the end. Returns: %FALSE with NV_ERROR_FAILED. */
gboolean nv_qemu_daemon_kill (int pidfd, const char *name, GError **error);

/* @thread: 0: the calling one. Returns: %FALSE with NV_ERROR_FAILED. */
gboolean nv_qemu_thread_pin (int thread, const NvSet *cpus, GError **error);

/* Returns: (transfer full): the CPUs that the calling thread may run on; NULL with NV_ERROR_FAILED. */
NvSet *nv_qemu_thread_cpus (GError **error);
