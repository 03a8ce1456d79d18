#pragma once

#include "bench/protocol.h"
#include "store/metrics.h"
#include "store/results.h"
#include "store/stream-text.h"

/* Results in the making. */

enum
{
  NV_RESULTS_KERNELS = 128, /* what a hostile file calls kernels must fill no memory */
};

/* STREAM's have their places from the start. */
G_STATIC_ASSERT (NV_RESULTS_KERNELS >= NV_STREAM_KERNELS + NV_METRICS_MAX);

NvResults *nv_results_new (const char *source);

/* The index of a kernel, which is added if it is new; -1: there are too many, or it has
 * no name (a store that somebody sends need not keep to the schema). It changes in the end. */
int nv_results_get_kernel (NvResults *results, const char *name, const char *unit, const NvMetric *metric);

/* Of a rate in bytes/s, which is no workload's. */
#define NV_RESULTS_RATE (&(const NvMetric){ FALSE, FALSE, NULL })

/* Copies both. @policy: (nullable). Its arrays are made as results come. */
NvResultVm *nv_result_vm_new (const char *name, const char *policy);
void nv_result_vm_free (NvResultVm *vm);
void nv_result_vm_add (NvResultVm *vm, guint kernel, const NvResult *result);

/* Before nv_results_finish(). */
gboolean nv_result_vm_is_empty (const NvResultVm *vm);

/* Do all of its numbers fit? */
gboolean nv_result_set (NvResult *result, double best, double average_s, double minimum_s, double maximum_s,
                        guint32 sequence);

/* Kernels that any VM has, and VMs, in their order, an array for each kernel. */
void nv_results_finish (NvResults *results);
