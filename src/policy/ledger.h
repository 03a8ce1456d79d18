#pragma once

#include "placement/host.h"
#include "placement/placement.h"

/**
 * NvLedger: what is left on each node of a host, after what has been promised.
 *
 * Memory that is promised to a VM but not yet touched does not show in the host's available memory, so VMs
 * planned or started together would all choose the same node. The ledger takes promises off. It is a plain
 * table of one planning; that two processes do not plan at once is vm/lock.h's business.
 */
typedef struct NvLedger NvLedger;

/* @host must outlive the ledger. */
NvLedger *nv_ledger_new (const NvHost *host);
void nv_ledger_free (NvLedger *ledger);

/**
 * nv_ledger_reserve:
 *
 * Takes the shares of all regions, and @vcpus from the CPUs' nodes if they are pinned, off what is left.
 * For a VM that runs already, give what is not touched yet: see @touched.
 *
 * @touched: (nullable) (array length=nodes): bytes by position in host->nodes that are resident already and
 *   so are missing from the host's available memory
 */
void nv_ledger_reserve (NvLedger *ledger, const NvPlacement *placement, guint vcpus, const guint64 *touched);

/* Bytes left on the node at @position, in pages of that size (0: normal); never negative. */
guint64 nv_ledger_left_bytes (const NvLedger *ledger, guint position, guint64 page_size_bytes);

/* Normal bytes left on the machine as a whole: what a VM that names no node can get. */
guint64 nv_ledger_left_on_machine_bytes (const NvLedger *ledger);

/* Cores of the node at @position less the vCPUs that are pinned to it; can be negative. */
gint64 nv_ledger_free_cores (const NvLedger *ledger, guint position);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvLedger, nv_ledger_free)
