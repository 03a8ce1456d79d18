#include "report/unit.h"

#include <string.h>

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
