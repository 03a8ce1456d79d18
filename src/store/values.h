#pragma once

#include "store/store.h"

/* All values of a store, one after the other. */

/* Who measured. */
typedef struct
{
  gint64 run, boot, vm; /* boot, vm: 0: the host, or bare metal */
  char *name;           /* "host", or the VM's */
  char *policy;         /* NULL: not known */
} NvValueSource;

typedef struct
{
  const NvValueSource *source; /* the same for all values of a VM and run */
  /* Not ended by 0, and none in it; with what distinguishes it: "chase, CPUs of node 0, memory of node 1". */
  const char *kernel;
  gsize kernel_length;
  const char *unit; /* "bytes/s", "ns", "operations/s", or a workload's own, in UTF-8, without control
                       characters; within a reading the same pointer for the same unit */
  gboolean lower_is_better;
  gboolean is_metric; /* of a workload */
  const char
      *workload;    /* of a metric: as in store/metrics.h; NULL: not known; within a reading as the unit */
  gboolean changed; /* not to be counted, since the host moved CPUs */
  gint64 iteration;
  double value; /* finite */
  double t_s; /* of its start, since the run's, on the host's clock; NAN: not known, or not within the run */
  double time_s; /* that it took; of what has only STREAM's text the average, as value is the best */
} NvValue;

typedef void (*NvValueFunction) (const NvValue *value, gpointer data);

/* First the iterations, then STREAM's texts, each in the order in which they came. @run: 0: all. */
gboolean nv_values_read (NvStore *store, gint64 run, NvValueFunction function, gpointer data, GError **error);
