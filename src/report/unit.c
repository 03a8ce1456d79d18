#include "report/unit.h"

#include <math.h>
#include <string.h>

#define MAX_DECIMALS 12

NvUnit
nv_unit_find (const char *name)
{
  static const struct
  {
    const char *name;
    NvUnit unit;
  } units[] = {
    { "bytes/s", { "MB/s", 1e6 } }, /* as STREAM has it */
    { "ns", { "ns", 1 } },
    { "operations/s", { "Mop/s", 1e6 } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (units); i++)
    if (strcmp (units[i].name, name) == 0)
      return units[i].unit;
  return (NvUnit){ name, 1 };
}

int
nv_unit_decimals (double typical)
{
  double size = fabs (typical);

  if (!isfinite (size) || size >= 10 || size == 0)
    return 1;
  return (int)CLAMP (2 - floor (log10 (size)), 1, MAX_DECIMALS);
}
