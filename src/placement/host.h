#pragma once

#include "base/set.h"

/**
 * NvHost: the NUMA side of a machine, as a plain table.
 *
 * Built from hwloc, from libvirt's capabilities text, from a version-2 hwloc XML file, or as a literal in a
 * test. Policies are pure functions over it: nothing in it changes while they plan.
 */

typedef enum
{
  NV_MEMORY_KIND_UNKNOWN, /* what most machines say; treated as DRAM */
  NV_MEMORY_KIND_DRAM,
  NV_MEMORY_KIND_HBM,
  NV_MEMORY_KIND_NONVOLATILE,
  NV_MEMORY_KIND_GPU,
} NvMemoryKind;

/* May a VM's memory go to a node? If not: the first reason. */
typedef enum
{
  NV_NODE_USABLE,
  NV_NODE_WITHOUT_MEMORY,
  NV_NODE_NOT_ALLOWED, /* this process's cpuset excludes it */
  NV_NODE_OF_DEVICE,   /* memory of a GPU: no VM gets it by default */
} NvNodeUse;

/* Huge pages of one size on one node. */
typedef struct
{
  guint64 page_size_bytes;
  guint64 total_pages;
  guint64 free_pages;
} NvPagePool;

typedef struct
{
  guint os_index;
  GPtrArray *cores; /* of NvSet: the OS indexes of each core's online, allowed threads; empty: no CPUs */
  guint64 memory_total_bytes;
  guint64 memory_available_bytes; /* normal pages that can be had without swapping */
  GArray *page_pools;             /* of NvPagePool, ascending page size; huge pages only */
  NvMemoryKind kind;
  NvNodeUse use;
} NvNode;

/* Where memory_available_bytes comes from. */
typedef enum
{
  NV_AVAILABLE_FROM_KERNEL,      /* MemFree + reclaimable page cache and slab - the low watermark */
  NV_AVAILABLE_FROM_LIBVIRT,     /* what libvirt reports as free, on a remote host */
  NV_AVAILABLE_FROM_DESCRIPTION, /* all of it: a machine that is only described */
} NvAvailableSource;

#define NV_DISTANCE_UNKNOWN 0u

typedef struct
{
  char *description;          /* for a table's heading, such as "this host" */
  GPtrArray *nodes;           /* of NvNode, ascending OS index; also those that no VM may use */
  guint *distances;           /* [nodes->len * nodes->len], row: from, column: to, by position in @nodes */
  guint64 memory_total_bytes; /* of the machine; can differ from the sum of its nodes */
  guint64 memory_available_bytes;
  NvAvailableSource available_source;
} NvHost;

NvHost *nv_host_new (const char *description);
void nv_host_free (NvHost *host);

/**
 * nv_host_add_node:
 *
 * Appends a node without CPUs, memory or huge pages; call in ascending order of @os_index. Distances are
 * unknown until nv_host_set_distance(); call that after the last node.
 *
 * Returns: (transfer none): owned by @host.
 */
NvNode *nv_host_add_node (NvHost *host, guint os_index);

/* Adds a core with the threads @cpus to @node. Takes @cpus. */
void nv_node_take_core (NvNode *node, NvSet *cpus);

/* Adds a pool; the pools of a node are kept in ascending order of page size. */
void nv_node_add_page_pool (NvNode *node, guint64 page_size_bytes, guint64 total_pages, guint64 free_pages);

/**
 * nv_host_finish:
 *
 * Call once after the last node: sets each node's use where it is still USABLE but has no memory, and the
 * machine's sums where they are 0.
 */
void nv_host_finish (NvHost *host);

/* Returns: (transfer none) (nullable): the node of that OS index. */
const NvNode *nv_host_node (const NvHost *host, guint os_index);

/* The position of the node in @host->nodes, or -1. */
int nv_host_position (const NvHost *host, guint os_index);

/* By position in @host->nodes. NV_DISTANCE_UNKNOWN where the machine does not say. */
guint nv_host_distance (const NvHost *host, guint from, guint to);
void nv_host_set_distance (NvHost *host, guint from, guint to, guint distance);

/* Returns: (transfer full): the OS indexes of the nodes that a VM may use. */
NvSet *nv_host_usable_nodes (const NvHost *host);

/* Returns: (transfer full): the threads of all its cores. */
NvSet *nv_node_cpus (const NvNode *node);

/* @page_size_bytes 0: normal pages. Bytes free (available) and in all, where pages of that size come from. */
guint64 nv_node_available_bytes (const NvNode *node, guint64 page_size_bytes);
guint64 nv_node_total_bytes (const NvNode *node, guint64 page_size_bytes);

const char *nv_memory_kind_name (NvMemoryKind kind); /* "DRAM", "non-volatile", ... */
const char *nv_node_use_reason (NvNodeUse use);      /* "no memory", ...; "" for NV_NODE_USABLE */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvHost, nv_host_free)
