#pragma once

#include <stddef.h>
#include <stdint.h>

/* Readers of /proc and /sys. Each takes the directory that holds proc/ and sys/ ("/" for this machine), so
 * that recorded machines can be read in tests. They return 0 or -errno (-ENOENT: the kernel does not have
 * it, -EBADMSG: it does not look as it should) and leave their results untouched on failure. */

/* Of one node, or of the whole machine; bytes. */
struct nv_proc_memory
{
  uint64_t total;
  uint64_t free;
  uint64_t available; /* see nv_proc_node_memory() */
};

/**
 * nv_proc_machine_memory:
 *
 * /proc/meminfo: MemTotal, MemFree, MemAvailable.
 */
int nv_proc_machine_memory (const char *root, struct nv_proc_memory *ret_memory);

/**
 * nv_proc_node_memory:
 *
 * /sys/devices/system/node/nodeN/meminfo. Its available is what a VM can get on that node without
 * swapping: MemFree + Active(file) + Inactive(file) + SReclaimable - the sum of the low watermarks of the
 * node's zones in /proc/zoneinfo (0 if that is more).
 */
int nv_proc_node_memory (const char *root, unsigned node, struct nv_proc_memory *ret_memory);

/**
 * nv_proc_huge_pages:
 * @node: OS index
 * @page_size_bytes: such as 2 MiB
 *
 * /sys/devices/system/node/nodeN/hugepages/hugepages-*kB/{nr,free}_hugepages.
 */
int nv_proc_huge_pages (const char *root, unsigned node, uint64_t page_size_bytes, uint64_t *ret_total_pages,
                        uint64_t *ret_free_pages);

/* Does the first processor in /proc/cpuinfo list @flag among its flags? 1, 0 or -errno. */
int nv_proc_cpu_has_flag (const char *root, const char *flag);

/**
 * nv_proc_setting:
 * @path: below @root, such as "sys/kernel/mm/transparent_hugepage/enabled"
 * @size: of the buffer @ret_value
 *
 * The first word of a file of one setting, or the one in brackets where the file lists all choices.
 */
int nv_proc_setting (const char *root, const char *path, char *ret_value, size_t size);

/**
 * nv_proc_numa_pages:
 * @sizes: only mappings of one of these @n_sizes sizes in bytes are counted: a QEMU's guest RAM is told so
 * from its heap and its libraries
 * @nodes: length of @ret_bytes
 * @ret_bytes: (out): their resident bytes on each node, by each mapping's own kernelpagesize_kB; pages on
 *   nodes from @nodes on are not counted
 *
 * /proc/PID/numa_maps, and for the sizes /proc/PID/maps. -ESRCH if there is no such process.
 */
int nv_proc_numa_pages (const char *root, int pid, const uint64_t *sizes, size_t n_sizes, size_t nodes,
                        uint64_t *ret_bytes);
