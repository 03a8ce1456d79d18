#pragma once

#include "store/store-private.h"

/* What a store's workloads say of their metrics: which way values are better, and whose they are. */

typedef struct
{
  gboolean is_metric; /* of a workload */
  gboolean lower_is_better;
  /* Of a metric: command, pattern and format, as "COMMAND\nPATTERN\nFORMAT", since values of another program
   * are of something else. NULL: not known, or no metric. Within a reading the same pointer for the same. */
  const char *workload;
} NvMetric;

typedef struct
{
  GHashTable *directions; /* of what metrics.c knows; NULL: there are no metrics */
  GHashTable *workloads;
  GHashTable *of_setups;
  GStringChunk *texts;
  GString *key;
} NvMetrics;

/* What has values. */
typedef struct
{
  gint64 run, setup;  /* setup: 0: it came without */
  const char *kernel; /* neither this nor the unit need be ended by 0 */
  gsize kernel_length;
  const char *unit; /* as it is stored */
  gsize unit_length;
} NvMetricOf;

/* @run: 0: of all. Returns: FALSE with @error. */
gboolean nv_metrics_read (NvMetrics *metrics, NvStore *store, gint64 run, GError **error);

/* Of what is no metric, ns are better lower, all else higher. */
NvMetric nv_metrics_find (const NvMetrics *metrics, const NvMetricOf *of);

void nv_metrics_clear (NvMetrics *metrics);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (NvMetrics, nv_metrics_clear)
