#pragma once

#include "report/chart.h"
#include "store/results.h"

/* Which pictures results give, and each of them. Pure; the results outlive it. */
typedef struct NvThroughput NvThroughput;

/**
 * nv_throughput_new:
 * @kernels, @vms: (nullable): only these, ended by NULL
 *
 * Returns: (transfer full): NULL with NV_ERROR_NOT_FOUND: none of them has a result, or there is no such
 * kernel or VM.
 */
NvThroughput *
nv_throughput_new (const NvResults *results, char *const *kernels, char *const *vms, GError **error);
void nv_throughput_free (NvThroughput *throughput);

guint nv_throughput_count (const NvThroughput *throughput);

/* What it is called, unlike all others: "vm-NAME", "kernel-NAME", "throughput", "time-average"... Returns:
 * (transfer full): may hold anything that a name of a VM may. */
char *nv_throughput_name (const NvThroughput *throughput, guint index);

/* Returns: (transfer full). */
NvChart *nv_throughput_draw (const NvThroughput *throughput, guint index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvThroughput, nv_throughput_free)
