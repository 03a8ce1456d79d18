#pragma once

#include "stats/describe.h"
#include "store/results.h"

#include <jansson.h>

/* One kernel under one policy. VMs are the units: of each VM the mean over its runs, then of the VMs. */
typedef struct
{
  const NvResultKernel *kernel;
  const char *policy;                           /* NULL: not known */
  guint n_runs;                                 /* of the benchmark, of all VMs, that have this kernel */
  NvStatistics best;                            /* in the kernel's unit; n is the number of VMs */
  NvStatistics average_s, minimum_s, maximum_s; /* times of an iteration */
  const char *fastest, *slowest;                /* VMs by their best rate (or latency) */
  double fastest_best, slowest_best;
} NvSummaryRow;

/* Returns: (transfer full) (element-type NvSummaryRow): by kernel, then by policy, in the order of @results,
 * whose strings they keep. */
GArray *nv_summary_new (const NvResults *results);

/**
 * nv_summary_format:
 * @columns: of a terminal that shows UTF-8; 0: no such terminal
 *
 * A table, above which is said what a reader must know of its rates. If there is room, with a bar for each
 * row, on one axis for all policies of a kernel: from the slowest VM to the fastest, the mean's 95 %
 * interval, the mean. Returns: (transfer full).
 */
char *nv_summary_format (const NvResults *results, const GArray *rows, guint columns);

/* All facts, raw: rates in the kernel's unit, times in s; what is not known, or not so, is null. Returns:
 * (transfer full). */
json_t *nv_summary_to_json (const NvResults *results, const GArray *rows);

/* The same rows, RFC 4180; what is not known is empty. Returns: (transfer full). */
char *nv_summary_to_csv (const NvResults *results, const GArray *rows);
