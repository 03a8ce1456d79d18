#pragma once

#include "report/page.h"

/* The parts of nv_page_data(): each adds its keys to @page. */

gboolean nv_page_add_facts (json_t *page, const NvPageRequest *request, GError **error);
gboolean nv_page_add_values (json_t *page, const NvPageRequest *request, GError **error);
gboolean nv_page_add_workloads (json_t *page, const NvPageRequest *request, GError **error);

/* What has values, each once: by all of this. */
typedef struct
{
  const char *name; /* UTF-8 */
  const char *unit;
  const char *workload; /* (nullable): of a metric, as in NvValue */
  gboolean lower_is_better, is_metric;
} NvPageKernel;

typedef struct NvPageKernels NvPageKernels;

NvPageKernels *nv_page_kernels_new (void);
void nv_page_kernels_free (NvPageKernels *kernels);

/* The index of a kernel, which is added if it is new; -1: there are @max others. */
int nv_page_kernels_get (NvPageKernels *kernels, const NvPageKernel *kernel, guint max);

/* Returns: (transfer full): the same for the same kernel. */
char *nv_page_kernel_key (const NvPageKernel *kernel);

/* Returns: (transfer full): kernels[] of the page. */
json_t *nv_page_kernels_to_json (const NvPageKernels *kernels);

/* Samples take about as long to be read as values: this starts to, in a thread if it may. @page: with its
 * facts. nv_page_finish_timelines() takes what it returns. */
typedef struct NvPageSamples NvPageSamples;
NvPageSamples *nv_page_start_timelines (const json_t *page, const NvPageRequest *request);
gboolean nv_page_finish_timelines (json_t *page, NvPageSamples *samples, GError **error);
