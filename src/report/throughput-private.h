#pragma once

#include "report/throughput.h"

/* What the files of throughput's pictures share. */

struct NvThroughput
{
  const NvResults *results;
  GArray *kernels;     /* guint: places in the results' kernels, of those that have a result */
  GPtrArray *vms;      /* const NvResultVm, that have a result */
  GPtrArray *names;    /* of VMs, each once */
  GPtrArray *policies; /* each once; NULL: not known */
  char *where;         /* ", host a1 (emulated), 2026-11-24" */
};

const NvResultKernel *nv_throughput_kernel (const NvThroughput *throughput, guint index);

/* Of a VM, by the index among the chosen kernels. */
const GArray *nv_throughput_results (const NvThroughput *throughput, const NvResultVm *vm, guint index);

/* Of two NvResultKernel. */
gboolean nv_throughput_share_axis (gconstpointer a, gconstpointer b);

/* Of the chosen kernels the first of each axis. Returns: (transfer container). */
GPtrArray *nv_throughput_list_axes (const NvThroughput *throughput);

/* "best rate, MB/s"; what a workload's metric is, its unit tells. Returns: (transfer full). */
char *nv_throughput_format_unit (const NvResultKernel *kernel, double *ret_scale);

/* @vm: (nullable): which one it is about. */
NvChart *nv_throughput_new_chart (const NvThroughput *throughput, const char *what, const char *vm);

/* Pictures behind those of VMs and kernels. */
#define NV_THROUGHPUT_N_BOXES 4
const char *nv_throughput_box_name (guint which);
NvChart *nv_throughput_draw_boxes (const NvThroughput *throughput, guint which);
