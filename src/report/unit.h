#pragma once

#include <glib.h>

/* How what was measured is shown. */
typedef struct
{
  const char *shown; /* "MB/s" */
  double scale;      /* so many of the record's unit are one */
} NvUnit;

/* @name: as records have it: "bytes/s", "ns", "operations/s". Any other, as a workload's, is shown as it is:
 * keep @name as long. */
NvUnit nv_unit_find (const char *name);

/* How many digits behind the point a value needs, and those that stand beside it: one; of what is small so
 * many that three are seen. @typical: scaled. */
int nv_unit_decimals (double typical);
