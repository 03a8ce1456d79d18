/* vmstat: what the kernel did to get free blocks and to move pages. */

#include "bench/samplers/sampler.h"

#include <string.h>

/* By prefix, since kernels add counters: those of compaction and kcompactd (compact_, compact_daemon_), of
 * transparent huge pages, of NUMA allocation and balancing, of migration between nodes and tiers, of KSM. */
static const char *const prefixes[] = {
  "compact_",   "cow_ksm",    "ksm_", "nr_anon_transparent_hugepages", "numa_", "pgdemote_",
  "pgmigrate_", "pgpromote_", "thp_",
};

static bool
is_wanted (const char *line)
{
  for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
    if (*line == *prefixes[i] && strncmp (line, prefixes[i], strlen (prefixes[i])) == 0)
      return true;
  return false;
}

static int
parse_vmstat (char *text, int node, struct nv_sample_values *values)
{
  return nv_sample_counters (text, node, is_wanted, values);
}

const struct nv_sampler nv_sampler_vmstat = {
  .name = "vmstat",
  .summary = "compaction, huge pages, NUMA balancing, migration, KSM",
  .needs = "CONFIG_VM_EVENT_COUNTERS and a whole /proc (not one mounted with subset=pid)",
  .files = { { "proc/vmstat", parse_vmstat } },
};
