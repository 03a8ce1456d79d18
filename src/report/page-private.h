#pragma once

#include "report/page.h"

/* The parts of nv_page_data(): each adds its keys to @page. */

gboolean nv_page_add_facts (json_t *page, const NvPageRequest *request, GError **error);
gboolean nv_page_add_values (json_t *page, const NvPageRequest *request, GError **error);
gboolean nv_page_add_timelines (json_t *page, const NvPageRequest *request, GError **error);
