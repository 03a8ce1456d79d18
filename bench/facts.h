#pragma once

#include <jansson.h>
#include <stdint.h>

/**
 * nv_facts_read:
 * @root: directory that holds proc/ and sys/
 *
 * What a result depends on: kernel, CPU (model, microcode, flags that the kernels use), CPUs online, caches
 * (level, size_bytes, shared CPUs, source: "sysfs" or "cpuid"), nodes (CPUs, memory, free pages by size) and
 * distances, THP (enabled, defrag), NUMA balancing, KSM, hypervisor, frequency governor. What cannot be found
 * out is absent.
 *
 * Returns: a new reference.
 */
json_t *nv_facts_read (const char *root);

/* Bytes of last-level cache that the CPUs @cpus share or have, all of them; 0: unknown. */
uint64_t nv_facts_last_level_cache_bytes (const json_t *facts, const int *cpus, size_t n_cpus);
