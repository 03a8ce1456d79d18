#pragma once

#include "report/page.h"

/* The parts of nv_page_data(): each adds its keys to @page. */

gboolean nv_page_add_facts (json_t *page, const NvPageRequest *request, GError **error);
gboolean nv_page_add_values (json_t *page, const NvPageRequest *request, GError **error);
gboolean nv_page_add_timelines (json_t *page, const NvPageRequest *request, GError **error);

/* A real; null where it is not finite. */
json_t *nv_page_real (double value);

/* @text: (nullable). */
json_t *nv_page_text (const char *text);
