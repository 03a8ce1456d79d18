#pragma once

#include "policy/ledger.h"
#include "vm/driver.h"

/**
 * nv_reservations_read:
 * @host: (transfer none): must outlive the ledger
 *
 * What is left on each node after what numavm's running and paused VMs on this connection were promised and
 * have not touched yet. What a VM has touched is missing from the host's available memory already; it is
 * read from the numa_maps of its QEMU (whose own few tens of MiB are counted with it). Where that cannot be
 * read, on a remote host, nothing counts as touched.
 *
 * Returns: (transfer full): NULL with the driver's error.
 */
NvLedger *nv_reservations_read (NvConnection *connection, const NvDriverHost *host, GError **error);

/**
 * nv_reservations_check:
 *
 * Does @vm, placed before, still fit where it was placed?
 *
 * Returns: %FALSE with NV_ERROR_NO_FIT, naming the node, what is needed and what is left.
 */
gboolean nv_reservations_check (const NvLedger *ledger, const NvHost *host, const NvVm *vm, GError **error);
