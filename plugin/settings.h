/* What the plugin is told: the emulated machine's nodes, and how slow its memory is to be. Whoever starts
   QEMU makes the plugin's arguments from it, the plugin reads them back. */
#pragma once

#include <glib.h>

#define NV_DELAY_MAX_NODES   64
#define NV_DELAY_MAX_CPUS    1024
#define NV_DELAY_MAX_RATE_NS 1000000
#define NV_DELAY_NO_NODE     (-1)

/* Node 0 is the first of QEMU's -numa node, and so on. */
typedef struct
{
  unsigned rate_ns;    /* what a miss costs at distance 10; in proportion elsewhere; 0: nothing is delayed */
  gsize private_bytes; /* of each vCPU's cache; a power of two */
  gsize shared_bytes;  /* of the cache that a node's vCPUs share; a power of two */
  char *report;        /* a file for what was seen so far, kept while QEMU runs; NULL: none */
  unsigned n_nodes;
  guint64 memory_bytes[NV_DELAY_MAX_NODES];
  unsigned char distances[NV_DELAY_MAX_NODES][NV_DELAY_MAX_NODES]; /* from a vCPU's node to memory's */
  signed char cpu_nodes[NV_DELAY_MAX_CPUS]; /* by index of the vCPU; NV_DELAY_NO_NODE: none */
} NvDelaySettings;

/** nv_delay_settings_init: defaults, and no node. Clear it with nv_delay_settings_clear. */
void nv_delay_settings_init (NvDelaySettings *settings);
void nv_delay_settings_clear (NvDelaySettings *settings);

/**
 * nv_delay_settings_format:
 * @plugin: the plugin's file
 *
 * Returns: the value of QEMU's option -plugin: `file=...,rate=...,node=CPUS/BYTES/DISTANCES,...`; the caller
 * frees.
 */
char *nv_delay_settings_format (const NvDelaySettings *settings, const char *plugin);

/**
 * nv_delay_settings_parse:
 * @arguments: as QEMU hands them to the plugin: name=value each, without the file
 * @settings: initialised; cleared by the caller in any case
 *
 * Returns: %FALSE with a G_OPTION_ERROR that quotes the argument.
 */
gboolean
nv_delay_settings_parse (char **arguments, int n_arguments, NvDelaySettings *settings, GError **error);
