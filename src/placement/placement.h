#pragma once

#include "base/set.h"

/**
 * NvPlacement: where one VM's CPUs and memory go.
 *
 * Policies make it, renderers (domain XML, QEMU argv) read it, the residence check holds the pages against
 * it. A driver never sees a policy's name: whatever a policy means is in here.
 */

typedef enum
{
  NV_MEMORY_DEFAULT, /* the kernel's default: no numatune */
  NV_MEMORY_STRICT,
  NV_MEMORY_PREFERRED,
  NV_MEMORY_INTERLEAVE,
  NV_MEMORY_RESTRICTIVE,
} NvMemoryMode;

/* What to expect of a region's resident pages. */
typedef enum
{
  NV_EXPECT_ANY,     /* nothing */
  NV_EXPECT_WITHIN,  /* all on the region's nodes */
  NV_EXPECT_EXACT,   /* on each node the share that NvShare says */
  NV_EXPECT_LEARNED, /* known only after start: numad's choice */
} NvExpectation;

typedef struct
{
  guint node; /* OS index */
  guint64 bytes;
} NvShare;

/* The memory of one guest cell; the whole RAM of a guest without cells. */
typedef struct
{
  guint64 size_bytes;
  NvMemoryMode mode;
  NvSet *nodes;            /* OS indexes; %NULL with NV_MEMORY_DEFAULT */
  guint64 page_size_bytes; /* of hugetlb pages; 0: the kernel's normal pages */
  gboolean preallocate;    /* all memory is allocated before the guest starts */
  NvExpectation expectation;
  GArray *shares; /* of NvShare, ascending node: what is reserved on each node. With
                     NV_EXPECT_EXACT it is also what must be found there; else an estimate. */
} NvRegion;

typedef struct
{
  char *policy;         /* its name, for people and records */
  NvSet *cpu_nodes;     /* (nullable): the nodes whose CPUs the VM is pinned to; %NULL: free */
  NvSet *vcpu_cpus;     /* (nullable): CPUs that each vCPU may run on */
  NvSet *emulator_cpus; /* (nullable): CPUs that QEMU's other threads may run on */
  GPtrArray *regions;   /* of NvRegion, by guest cell */
  NvSet *candidates;    /* the nodes that the policy could choose from; %NULL: it does not choose */
  NvSet *skipped;       /* those among them that had too little memory; %NULL or empty: none */
  char *note;           /* (nullable): what was decided for the user and must be said, such as the home */
} NvPlacement;

NvPlacement *nv_placement_new (const char *policy);
void nv_placement_free (NvPlacement *placement);

/**
 * nv_placement_add_region:
 * @nodes: (nullable): copied
 *
 * Returns: (transfer none): the new region, without shares, EXPECT_ANY.
 */
NvRegion *
nv_placement_add_region (NvPlacement *placement, guint64 size_bytes, NvMemoryMode mode, const NvSet *nodes);

/* Appends a share; call in ascending order of @node. */
void nv_region_add_share (NvRegion *region, guint node, guint64 bytes);

guint64 nv_placement_memory_bytes (const NvPlacement *placement);

/* Returns: (transfer full): all nodes of all regions; empty if none is named. */
NvSet *nv_placement_nodes (const NvPlacement *placement);

/**
 * nv_placement_format_memory:
 *
 * Returns: (transfer full): for a table's column: `node 1`, `0-3, 25% each`, `within 0-1`, `anywhere`.
 */
char *nv_placement_format_memory (const NvPlacement *placement);

/* Returns: (transfer full): `free` or `nodes 0-1`. */
char *nv_placement_format_cpus (const NvPlacement *placement);

/* As libvirt and QEMU's users write them: "strict", "interleave", ...; "default". */
const char *nv_memory_mode_name (NvMemoryMode mode);
gboolean nv_memory_mode_parse (const char *name, NvMemoryMode *ret_mode);
const char *nv_expectation_name (NvExpectation expectation);
gboolean nv_expectation_parse (const char *name, NvExpectation *ret_expectation);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvPlacement, nv_placement_free)
