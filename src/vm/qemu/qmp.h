#pragma once

#include <glib.h>
#include <jansson.h>

/**
 * NvQmp: a conversation with one QEMU in the QEMU Machine Protocol, one command at a time.
 *
 * QEMU listens to one client at a time; the next waits until the one before has closed. So a conversation is
 * opened for a purpose and closed at once. Not thread-safe; each thread opens its own.
 */
typedef struct NvQmp NvQmp;

/* A QEMU whose main loop does not answer for so long hangs. */
#define NV_QMP_TIMEOUT_MS 10000

/**
 * nv_qemu_socket_connect:
 * @path: of one of QEMU's UNIX sockets, QMP's or the console's
 * @timeout_ms: for a place in its queue
 *
 * Returns: a descriptor; close() it. -1 with NV_ERROR_UNAVAILABLE: nobody listens.
 */
int nv_qemu_socket_connect (const char *path, int timeout_ms, GError **error);

/**
 * nv_qmp_connect:
 * @path: the UNIX socket
 * @name: of the VM, for messages
 * @timeout_ms: for the greeting, and for the answer to each command
 *
 * Returns: (transfer full): NULL with NV_ERROR_UNAVAILABLE (nobody listens) or NV_ERROR_FAILED.
 */
NvQmp *nv_qmp_connect (const char *path, const char *name, int timeout_ms, GError **error);

/**
 * nv_qmp_open_fd:
 * @taken_fd: connected to a QEMU that is about to greet; closed with the conversation, also on failure
 */
NvQmp *nv_qmp_open_fd (int taken_fd, const char *name, int timeout_ms, GError **error);

void nv_qmp_free (NvQmp *qmp);

/**
 * nv_qmp_execute:
 * @command: without arguments: none that numavm sends takes any
 *
 * Events that come before the answer are skipped. After an error that is not QEMU's own the conversation is
 * over: free it.
 *
 * Returns: (transfer full): what the command returns; NULL with NV_ERROR_FAILED.
 */
json_t *nv_qmp_execute (NvQmp *qmp, const char *command, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvQmp, nv_qmp_free)
