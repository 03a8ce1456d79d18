#pragma once

#include <glib.h>

/* How what was measured is shown. */
typedef struct
{
  const char *shown; /* "MB/s" */
  double scale;      /* so many of the record's unit are one */
} NvUnit;

/* @name: as records have it: "bytes/s", "ns", "operations/s". One that is not known is shown as it is: keep
 * @name as long. */
NvUnit nv_unit_find (const char *name);
