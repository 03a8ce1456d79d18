#pragma once

#include "placement/placement.h"

/* Where a VM's guest RAM is, and whether that is where it was placed (DESIGN.md, "Residence"). */

/* Resident guest RAM on one node in pages of one size. */
typedef struct
{
  guint node; /* OS index */
  guint64 page_bytes;
  guint64 resident_bytes;
} NvResident;

typedef struct
{
  guint64 ram_bytes;      /* size of the mappings that are guest RAM */
  guint64 resident_bytes; /* sum of all nodes */
  guint64
      largest_page_bytes; /* that there may be, transparent huge pages too: how finely shares can come out */
  GArray *nodes;          /* of NvResident, by node, then page size */
} NvResidence;

void nv_residence_free (NvResidence *residence);

/* Resident bytes on the node of that OS index. */
guint64 nv_residence_on_node (const NvResidence *residence, guint node);

/**
 * nv_residence_read:
 * @root: directory that holds proc/: "/" for this machine
 * @pid: the QEMU process
 * @sizes: of each backend of guest RAM; finds its mapping, or run of adjacent mappings, among the others
 *
 * Counts guest pages per NUMA node from numa_maps (Documentation/filesystems/proc.rst), with the page size
 * that each mapping states itself: transparent huge pages count as the small pages that they are made of.
 *
 * Returns: (transfer full): NULL with NV_ERROR_NOT_FOUND (no such process, or no mapping of that size),
 * NV_ERROR_UNAVAILABLE (not allowed, two candidates for one backend, a kernel without NUMA) or
 * NV_ERROR_PARSE.
 */
NvResidence *
nv_residence_read (const char *root, int pid, const guint64 *sizes, gsize n_sizes, GError **error);

/**
 * nv_residence_ram_sizes:
 *
 * Sizes of the guest RAM backends that QEMU's own command line states: -m, and the sizes of memory-backend
 * objects, as numavm, libvirt and people write them.
 *
 * Returns: (transfer full) (element-type guint64): NULL with NV_ERROR_NOT_FOUND, NV_ERROR_UNAVAILABLE or
 * NV_ERROR_PARSE.
 */
GArray *nv_residence_ram_sizes (const char *root, int pid, GError **error);

typedef enum
{
  NV_HOLDS,
  NV_HOLDS_NOT,
  NV_HOLDS_NOTHING, /* nothing was declared, or nothing is resident */
} NvHolds;

/**
 * nv_residence_check:
 * @ret_reason: (out) (nullable): with NV_HOLDS_NOT: `2.00 GiB are on node 0`
 *
 * EXACT holds where each node's share is within max(1 point, 2 largest pages / resident) of what was
 * declared, WITHIN where all is on the nodes declared. Regions of one VM are summed: what several are
 * declared to be is as much as the vaguest of them says.
 */
NvHolds nv_residence_check (const NvResidence *residence, const NvPlacement *placement, char **ret_reason);

const char *nv_holds_name (NvHolds holds); /* "yes", "no", "nothing declared" */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvResidence, nv_residence_free)
