/* On which node is an address of the emulated machine's memory? */
#pragma once

#include "plugin/settings.h"

#define NV_DELAY_MAX_RANGES (NV_DELAY_MAX_NODES + 1) /* one node may lie on both sides of the hole */

typedef struct
{
  guint64 start;
  guint64 end; /* the first address after it */
  int node;
} NvDelayRange;

typedef struct
{
  unsigned n_ranges;
  NvDelayRange ranges[NV_DELAY_MAX_RANGES];
} NvDelayMap;

/* What QEMU says an address is. */
typedef enum
{
  NV_DELAY_PHYSICAL, /* 8.2 and newer: the address that the guest uses */
  NV_DELAY_BLOCKS,   /* older: the block's place among all blocks, plus that in its container, plus the offset
                        in it */
  NV_DELAY_N_READINGS,
} NvDelayReading;

/* QEMU does not say which reading holds: what only one of them can explain decides. */
typedef struct
{
  NvDelayMap maps[NV_DELAY_N_READINGS];
  unsigned votes[NV_DELAY_N_READINGS]; /* several threads write it: a lost vote does no harm */
  int reading;                         /* -1: not known yet */
} NvDelayLayout;

/**
 * nv_delay_map_physical:
 *
 * Where the nodes' memory is on QEMU's machine `pc` (hw/i386/pc_piix.c): one after the other from 0 on; below
 * 4 GiB is room for 3.5 GiB, or for 3 GiB if the machine has 3.5 GiB or more, and the rest goes on at 4 GiB.
 */
void nv_delay_map_physical (const guint64 *memory_bytes, unsigned n_nodes, NvDelayMap *map);

/**
 * nv_delay_map_blocks:
 *
 * The same as QEMU before 8.2 tells it to plugins, where each node has a memory backend of its own and these
 * were made in the nodes' order, before all other memory: both parts of the sum are then the node's start.
 */
void nv_delay_map_blocks (const guint64 *memory_bytes, unsigned n_nodes, NvDelayMap *map);

/** nv_delay_map_find: returns: the node, or NV_DELAY_NO_NODE: no node's memory. */
int nv_delay_map_find (const NvDelayMap *map, guint64 address);

void nv_delay_layout_init (NvDelayLayout *layout, const guint64 *memory_bytes, unsigned n_nodes);

/** nv_delay_layout_find: returns: the node, or NV_DELAY_NO_NODE: no node's memory, or not known yet. */
int nv_delay_layout_find (NvDelayLayout *layout, guint64 address);
