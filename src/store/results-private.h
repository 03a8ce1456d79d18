#pragma once

#include "store/metrics.h"
#include "store/results.h"

/* Results in the making. */

enum
{
  NV_RESULTS_KERNELS = 64, /* what a hostile file calls kernels must fill no memory */
};

NvResults *nv_results_new (const char *source);

/* The index of a kernel, which is added if it is new; -1: there are too many, or it has
 * no name (a store that somebody sends need not keep to the schema). It changes in the end. */
int nv_results_get_kernel (NvResults *results, const char *name, const char *unit, NvDirection direction);

/* Of a rate in bytes/s, which is no workload's. */
#define NV_RESULTS_RATE ((NvDirection){ FALSE, FALSE })

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
