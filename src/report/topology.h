#pragma once

#include "placement/host.h"

#include <jansson.h>

/* What a machine looks like, for people and for programs. Pure: text in, nothing printed. */

typedef struct
{
  gboolean utf8; /* may what is drawn leave ASCII? */
  guint columns; /* as wide as the text may become */
} NvTopologyStyle;

/* Returns: (transfer full): a heading, the nodes as a table, and where `available` comes from. */
char *nv_topology_format_nodes (const NvHost *host, const NvTopologyStyle *style);

/**
 * nv_topology_format_distances:
 *
 * Returns: (transfer full): a matrix; where it would be too wide, each node's others by distance. "" with
 * fewer than two nodes.
 */
char *nv_topology_format_distances (const NvHost *host, const NvTopologyStyle *style);

/* Returns: (transfer full): each node as a box; nodes nearest to each other stand in one row. */
char *nv_topology_draw (const NvHost *host, const NvTopologyStyle *style);

/* Returns: (transfer full): all facts, raw: sizes in bytes, each core as the set of its threads, an unknown
 * distance as null. */
json_t *nv_topology_to_json (const NvHost *host);

/* Parts of the above that both the tables and the picture show. Returns: (transfer full). */

/* The other nodes by distance from the one at position @from, nearest first: `16: 1  32: 2-3`; "" if none is
 * known. */
char *nv_topology_format_by_distance (const NvHost *host, guint from);

/* Huge pages, free and in all: `1000/1024 of 2M, 0/1 of 1G`; "" if there are none. */
char *nv_topology_format_pools (const NvNode *node);
