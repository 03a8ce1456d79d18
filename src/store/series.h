#pragma once

#include "store/store-private.h"

/* What a run's VM (or host) added last: to it belongs what comes next. */
typedef struct NvSeries
{
  gint64 run, vm;
  gint64 setup;         /* 0: none yet */
  gint64 header;        /* of samples; 0: none yet */
  GHashTable *counters; /* of Counter */
  gint64 sample;        /* that gets values */
  guint n_live;         /* counters that have a value */
  guint n_given;        /* of these, in this sample */
} NvSeries;

/* Made where it is not there. */
NvSeries *nv_series_get (NvStore *store, gint64 run, gint64 vm);

/* Nothing more will come of any run so far; what does, has no setup. */
void nv_series_forget (NvStore *store);

/* A counter's value in one sample. */
typedef struct
{
  const char *sampler, *name;
  gint64 node;      /* -1: the machine's */
  const char *zone; /* (nullable) */
  gint64 order;     /* -1: none */
  gboolean is_real;
  gint64 count;
  double real;
} NvCounterValue;

/* One sample: start, each value, end. @wall_ns: 0: unknown. Of a counter given twice the last value stays. */
gboolean nv_samples_start (NvStore *store, NvSeries *series, gint64 monotonic_ns, gint64 wall_ns,
                           gint64 missed, GError **error);
gboolean nv_samples_add (NvStore *store, NvSeries *series, const NvCounterValue *value, GError **error);
gboolean nv_samples_end (NvStore *store, NvSeries *series, GError **error);

/* A record of samplers/format.h. */
gboolean nv_samples_add_record (NvStore *store, NvSeries *series, const json_t *record, GError **error);
