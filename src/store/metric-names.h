#pragma once

#include <glib.h>

typedef struct
{
  const char *name;
  const char *workload; /* as in NvMetric; NULL: of none, or not known */
} NvMetricName;

/* What each is called where all are seen: "score (stress-ng … 2)" where another of this name is of another
 * workload, with as much of its command as tells them apart, or a number; else its name.
 *
 * Returns: (transfer full): as many texts as there are @names, and NULL. */
char **nv_metric_names_tell_apart (const NvMetricName *names, guint n);
