#pragma once

#include "report/page.h"

/* The parts of nv_page_data(): each adds its keys to @page. */

gboolean nv_page_add_facts (json_t *page, const NvPageRequest *request, GError **error);
gboolean nv_page_add_values (json_t *page, const NvPageRequest *request, GError **error);
gboolean nv_page_add_workloads (json_t *page, const NvPageRequest *request, GError **error);

/* Samples take about as long to be read as values: this starts to, in a thread if it may. @page: with its
 * facts. nv_page_finish_timelines() takes what it returns. */
typedef struct NvPageSamples NvPageSamples;
NvPageSamples *nv_page_start_timelines (const json_t *page, const NvPageRequest *request);
gboolean nv_page_finish_timelines (json_t *page, NvPageSamples *samples, GError **error);
