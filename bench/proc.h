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

/* /sys/kernel/mm/hugepages: the sizes in bytes of which huge pages can be reserved, ascending, the first @max
 * of them; and of which size are those that a program gets that names none (/proc/meminfo's Hugepagesize). */
int nv_proc_huge_page_sizes (const char *root, uint64_t *ret_sizes, size_t max, size_t *ret_n_sizes);
int nv_proc_default_huge_page_bytes (const char *root, uint64_t *ret_bytes);

/* Free huge pages that are promised to mappings which have not touched them yet, on whatever node. */
int nv_proc_promised_huge_pages (const char *root, uint64_t page_size_bytes, uint64_t *ret_pages);

/* /sys/devices/system/node/nodeN/distance: to the nodes that are online, in their order; the first @max.
 * On failure @ret_distances is spoilt. */
int nv_proc_distances (const char *root, unsigned node, unsigned *ret_distances, size_t max,
                       size_t *ret_n_distances);

/* What /proc/cpuinfo says of the first processor under @name, such as "model name". */
int nv_proc_cpu_value (const char *root, const char *name, char *ret_value, size_t size);

/* /proc/cpuinfo's apicid of the first @n CPUs by their index; -1 where it has none. x86 only, else -ENOENT.
 */
int nv_proc_apic_ids (const char *root, int *ret_ids, size_t n);

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

/* A file of one number. */
int nv_proc_number (const char *root, const char *path, uint64_t *ret_number);

/**
 * nv_proc_huge_bytes:
 *
 * What /proc/PID/smaps says of the mappings between the addresses @start and @end, in bytes: AnonHugePages,
 * Shared_Hugetlb and Private_Hugetlb. A mapping that reaches beyond them is not counted.
 */
int nv_proc_huge_bytes (const char *root, int pid, uint64_t start, uint64_t end, uint64_t *ret_bytes);

/* /proc/PID/numa_maps: resident bytes, on each of the first @nodes nodes, of the mappings that begin from
 * @start on and before @end. -ENOENT: no such process, or a kernel without NUMA. */
int nv_proc_numa_bytes (const char *root, int pid, uint64_t start, uint64_t end, size_t nodes,
                        uint64_t *ret_bytes);

/* Addresses of a process, from start on and before end. */
struct nv_proc_range
{
  uint64_t start, end;
};

/**
 * nv_proc_find_ranges:
 * @sizes: @n_sizes of them, in bytes
 * @ret_ranges: (out): for each size the range of that size
 * @ret_size: (out): with -ENXIO and -ENOTUNIQ: which size
 *
 * /proc/PID/maps: where a process has memory of these sizes: a mapping that can be read and written but not
 * executed, or a run of adjacent ones of the same file or of none.
 *
 * Returns: -ESRCH: there is no such process; -ENXIO: it has too few ranges of a size; -ENOTUNIQ: it has more
 * of a size than are looked for.
 */
int nv_proc_find_ranges (const char *root, int pid, const uint64_t *sizes, size_t n_sizes,
                         struct nv_proc_range *ret_ranges, uint64_t *ret_size);

#define NV_PROC_MAX_NODES 1024u /* of Linux: CONFIG_NODES_SHIFT is at most 10 */

/* Resident bytes on one node in pages of one size. */
struct nv_proc_resident
{
  unsigned node; /* OS index */
  uint64_t page_bytes;
  uint64_t bytes;
};

struct nv_proc_residents
{
  struct nv_proc_resident *items; /* by node, then page size */
  size_t length;
};

/**
 * nv_proc_residents_read:
 * @ret_residents: (out): for nv_proc_residents_clear()
 *
 * /proc/PID/numa_maps: what is resident of the mappings that begin in one of @ranges, by each mapping's own
 * kernelpagesize_kB: transparent huge pages count as the small pages that they are made of.
 *
 * Returns: -ENOENT: no such process, or a kernel without NUMA.
 */
int nv_proc_residents_read (const char *root, int pid, const struct nv_proc_range *ranges, size_t n_ranges,
                            struct nv_proc_residents *ret_residents);
void nv_proc_residents_clear (struct nv_proc_residents *residents);

/* cgroup.c: what the memory limits of the cgroups that this process is in leave it, less what can be had back
 * from files' caches (memory.max, memory.current and memory.stat, or those of version 1). UINT64_MAX: there
 * is no limit. */
uint64_t nv_proc_cgroup_left_bytes (const char *root);
