#pragma once

#include "report/chart.h"
#include "store/timeline.h"

/* Free blocks, how much of the free memory is of use to a request of some order, and what the kernel did
 * about it, over time. */

typedef struct
{
  const char *title;
  const char *note;    /* (nullable) */
  gboolean is_linear;  /* free blocks; else on a logarithmic axis */
  guint64 orders;      /* of free blocks: a bit for each; 0: all */
  gboolean is_verbose; /* all that is not drawn is named */
  int index_order;     /* of the unusable free space index; -1: a huge page's, or the largest there is */
} NvCompactionStyle;

/**
 * nv_compaction_chart:
 * @timelines: (element-type NvTimeline): on one clock; those of one name, which are a VM's boots, are drawn
 * as one machine, after the machine that came first
 * @left_out: (element-type char *): gets sentences on everything that is not drawn
 *
 * For each machine a panel for each node and zone, with a line for each order, one with the zones' indexes,
 * and what its counters of compaction and huge pages grew by per s; phases are shaded. The line is what the
 * last sample of each stretch had, the band around it what was lowest and highest.
 *
 * Returns: (transfer full): NULL if there is nothing to draw.
 */
NvChart *
nv_compaction_chart (const GPtrArray *timelines, const NvCompactionStyle *style, GPtrArray *left_out);

/* "order 5, 128 KiB". Returns: (transfer full). */
char *nv_compaction_order (int order, guint64 page_bytes);
