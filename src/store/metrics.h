#pragma once

#include "store/store-private.h"

/* Which way values are better, as a store's workloads say it of their metrics. */

typedef struct
{
  gboolean is_metric; /* of a workload */
  gboolean lower_is_better;
} NvDirection;

typedef struct
{
  GHashTable *directions; /* of what metrics.c knows; NULL: there are no metrics */
  GString *key;
} NvMetrics;

/* @run: 0: of all. Returns: FALSE with @error. */
gboolean nv_metrics_read (NvMetrics *metrics, NvStore *store, gint64 run, GError **error);

/* Of what is no metric, ns are better lower, all else higher. */
NvDirection nv_metrics_find (const NvMetrics *metrics, gint64 run, const char *kernel, gsize kernel_length,
                             const char *unit);

void nv_metrics_clear (NvMetrics *metrics);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (NvMetrics, nv_metrics_clear)
