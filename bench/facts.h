#pragma once

#include <jansson.h>
#include <stdint.h>

/**
 * nv_facts_read:
 * @root: directory that holds proc/ and sys/; what the CPU says of itself (CPUID) counts for "/" alone
 *
 * What a result depends on. What cannot be found out is absent. Lists of CPUs are as the kernel writes them.
 *
 *     {"kernel": "6.1.0-56-amd64",
 *      "cpu": {"model": "AMD EPYC 9454P", "vendor": "AuthenticAMD", "microcode": "0xa101148",
 *              "flags": ["sse2", "avx2", ...]},      those that the kernels use
 *      "cpus_online": "0-95",
 *      "caches": [{"level": 3, "type": "unified",    or "data", "instruction"
 *                  "size_bytes": 33554432, "source": "sysfs",      or "cpuid": a VM's may be made up
 *                  "shared_cpus": ["0-5,48-53", ...]}, ...],       one list for each such cache
 *      "nodes": [{"node": 0, "cpus": "0-47", "memory_bytes": ..., "free_bytes": ..., "available_bytes": ...,
 *                 "pages": [{"page_bytes": 4096, "free": ...},     then those of huge pages, by size
 *                           {"page_bytes": 2097152, "total": ..., "free": ...}]}, ...],
 *      "distances": [[10, 32], [32, 10]],            rows and columns in the order of "nodes"
 *      "thp": {"enabled": "madvise", "defrag": "madvise", "page_bytes": 2097152},
 *      "numa_balancing": 1,                          as in /proc/sys/kernel
 *      "ksm": 0,                                     as in /sys/kernel/mm/ksm/run
 *      "hypervisor": {"name": "KVM", "emulated": false},  absent on bare metal; emulated: its CPUs are, too
 * (TCG) "frequency_governor": "performance"}          of CPU 0
 *
 * Returns: a new reference.
 */
json_t *nv_facts_read (const char *root);

/* Bytes of last-level cache that the CPUs @cpus share or have, all of them; a CPU of -1 (unpinned) may be
 * any. 0: unknown. */
uint64_t nv_facts_last_level_cache_bytes (const json_t *facts, const int *cpus, size_t n_cpus);
