#pragma once

#include <glib.h>
#include <jansson.h>

/* The host's counters that say whether somebody moved pages meanwhile: NUMA balancing, KSM, compaction. */
typedef struct NvCounters NvCounters;

/* @root: directory that holds proc/ and sys/. What the kernel lacks is not among them. Returns: (transfer
 * full): NULL with NV_ERROR_UNAVAILABLE or NV_ERROR_FAILED. */
NvCounters *nv_counters_read (const char *root, GError **error);
void nv_counters_free (NvCounters *counters);

/* Returns: (transfer full): {"numa_pages_migrated": 12, ...}: after less before, of each counter that both
 * have, machine-wide. */
json_t *nv_counters_difference (const NvCounters *before, const NvCounters *after);

/* Returns: (transfer full) (nullable): a sentence for people, NULL where nothing moved: `NUMA balancing moved
 * 12 pages, compaction 340`. */
char *nv_counters_describe (const json_t *difference);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvCounters, nv_counters_free)
