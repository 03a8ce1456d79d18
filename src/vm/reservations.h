#pragma once

#include "policy/ledger.h"
#include "vm/driver.h"

/**
 * nv_reservations_read:
 * @host: (transfer none): must outlive the ledger
 *
 * What is left on each node after what numavm's running and paused VMs on this connection were promised and
 * have not touched yet. What a VM has touched is missing from the host's available memory already: it is what
 * numa_maps says of those mappings of its QEMU that have the size of the VM's regions. Where that cannot be
 * read (a remote host, another user's QEMU), nothing counts as touched, so that less is left, not more.
 *
 * Returns: (transfer full): NULL with the driver's error, or NV_ERROR_UNAVAILABLE if a VM that may be running
 * does not say what it was promised.
 */
NvLedger *nv_reservations_read (NvConnection *connection, const NvDriverHost *host, GError **error);

/**
 * nv_reservations_check:
 *
 * Does @vm, placed before, still fit where it was placed?
 *
 * Returns: %FALSE with NV_ERROR_NO_FIT, naming the nodes, what is needed and what is left.
 */
gboolean nv_reservations_check (const NvLedger *ledger, const NvHost *host, const NvVm *vm, GError **error);
