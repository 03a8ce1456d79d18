#pragma once

#include "store/clocks.h"
#include "store/timeline.h"

/* When one kernel was measured by one VM; by the clock of who measured. The kernel is as the store has it. */
typedef struct
{
  gint64 run, vm;
  char *kernel;
  double start_s, end_s;
} NvMeasured;

/* Returns: (transfer full) (element-type NvMeasured): NULL with @error. */
GPtrArray *nv_timeline_read_measured (NvStore *store, GError **error);

/* Those of the timeline: a VM's own, or of all of the host's run. @vm: 0: the host; @shift_s: from the VM's
 * clock to the timeline's; @zero_s: where the timeline begins on the host's clock. */
void nv_timeline_add_phases (NvTimeline *timeline, gint64 vm, double shift_s, double zero_s,
                             const GPtrArray *measured, const NvClocks *clocks);
