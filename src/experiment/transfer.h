#pragma once

#include "experiment/sent.h"

#include <jansson.h>

/**
 * NvTransfer: what the guests of one boot send by scp.
 *
 * Each VM has a key, a folder, and an sshd of its own at a port of its own on the loopback interface, which
 * is where the guest's user network leads (door.h). The key opens that folder, for files to be put there, and
 * nothing else: no shell, no reading, no other folder, no forwarding. All of it is gone with the transfer.
 */
typedef struct NvTransfer NvTransfer;

/* Of a guest's file: an hour's samples every 2 ms, of 2.4 KB each, and weeks of the usual ones. */
#define NV_TRANSFER_FILE_BYTES (G_GUINT64_CONSTANT (4) << 30)

/* Can it be had here at all? Makes nothing. Returns: %FALSE with NV_ERROR_UNAVAILABLE, and the remedy. */
gboolean nv_transfer_check (GError **error);

/**
 * nv_transfer_start:
 * @names: of the VMs, @n
 * @max_file_bytes: NV_TRANSFER_FILE_BYTES, or of a test less
 *
 * What a numavm that was killed left behind goes first. Needs the default main context.
 *
 * Returns: (transfer full): NULL with an error.
 */
NvTransfer *nv_transfer_start (const char *const *names, guint n, guint64 max_file_bytes, GError **error);
void nv_transfer_free (NvTransfer *transfer);

/* Returns: (transfer full): the transport of VM @index's job, see bench/protocol.h. */
json_t *nv_transfer_job (const NvTransfer *transfer, guint index);

/**
 * nv_transfer_take:
 * @hear: gets each record's line
 * @results: (nullable): a folder that is made, and gets the VM's files, also those that cannot be read
 *
 * Of a guest that is through: nothing more can be sent after it.
 *
 * Returns: %FALSE with the first error; what was heard before it was heard.
 */
gboolean nv_transfer_take (NvTransfer *transfer, guint index, NvSentLine hear, gpointer data,
                           const char *results, GError **error);

/* Returns: (transfer full): the last lines that VM @index's sshds said. */
char *nv_transfer_log_tail (const NvTransfer *transfer, guint index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvTransfer, nv_transfer_free)
