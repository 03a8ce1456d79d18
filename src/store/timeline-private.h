#pragma once

#include "store/store-private.h"
#include "store/timeline.h"

/* Behind the last row. Also if there was an error: then FALSE with @error. */
gboolean nv_timeline_end_rows (NvStore *store, sqlite3_stmt *statement, GError **error);

/* What a store says about time. All times are s as doubles, of the host's CLOCK_MONOTONIC. */

typedef struct
{
  gint64 id; /* 0: the host itself, or bare metal */
  gint64 boot, run;
  char *name;
  char *policy;
  gboolean has_offset;
  double offset_s; /* the guest's clock less the host's, the mean of before and after */
  double go_s;     /* of its boot; NAN: not known */
} NvTimelineVm;

/* Of all VMs. Returns: (transfer full) (element-type gint64 NvTimelineVm): NULL with @error. */
GHashTable *nv_timeline_read_vms (NvStore *store, GError **error);

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
                             const GPtrArray *measured, GHashTable *vms);
