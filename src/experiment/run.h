#pragma once

#include "experiment/quick.h"
#include "observe/residence.h"
#include "store/store.h"
#include "vm/fleet.h"

/* A run: for each policy a fleet is booted, measured and taken down; every raw value goes into the store. */

typedef struct
{
  const char *policy;
  const char *stage; /* "boot", "measure" or "down" */
  guint n_vms, n_vms_done;
  const char *kernel; /* that is measured; "": none */
  guint iteration, iterations;
  double seconds_left; /* negative: not known yet */
} NvRunProgress;

typedef struct
{
  const NvQuickPlan *plan;
  NvConnection *connection;
  NvStore *store;
  const char *network;
  const char *command; /* to repeat it */
  const json_t *host;
  NvAccel accel;
  guint64 seed;
  const char *results; /* (nullable): with scp: a folder that gets POLICY/VM/ with each guest's files */
  gboolean hold;       /* leave the last fleet up */
  GCancellable *cancellable;

  /* Plans and builds a fleet whose VMs' memory goes where @policy puts it; nothing is made yet. Returns:
   * (transfer full) (element-type NvFleetMember): NULL with an error. */
  GPtrArray *(*make_members) (const NvPolicy *policy, guint64 seed, gpointer data, GError **error);
  /* From planning to start no other numavm may plan. Returns: (transfer full). */
  struct NvLock *(*take_lock) (gpointer data, GError **error);
  void (*progress) (const NvRunProgress *progress, gpointer data);
  gpointer data;
} NvRun;

/* One kernel, or metric, in one VM: what the summary of its largest group says. */
typedef struct
{
  const char *policy;
  char *vm;
  char *kernel;
  char *unit; /* "bytes/s", "ns", "operations/s"; of a metric its own */
  gboolean lower_is_better;
  guint n;         /* iterations */
  guint n_changed; /* left out: the host moved the CPUs meanwhile */
  double median, p5, p95, minimum, maximum;
  gboolean cache_resident_possible;
  gboolean pages_hold; /* in the guest */
  NvHolds holds;       /* of the VM's memory on the host, after measuring */
  char *reason;        /* (nullable): with NV_HOLDS_NOT; with NV_HOLDS_NOTHING: why nothing is known */
} NvRunRow;

typedef struct
{
  char *uuid;
  gboolean is_workload; /* its rows are of metrics, not of kernels */
  GPtrArray *rows;      /* of NvRunRow */
  gint64 boot_us;       /* from planning to ready */
  gint64 measure_us;    /* from the go to the last guest's end */
  gint64 total_us;
  gint64 largest_spread_ns; /* of the guests' starts, of all boots */
  guint64 size_bytes;       /* of each array */
  GPtrArray *notes;         /* (element-type utf8): who moved pages meanwhile */
  GPtrArray *held;          /* (element-type utf8): VMs that were left up */
} NvRunResult;

/**
 * nv_run:
 * @ret_result: (out): filled in as far as it came, also on failure; nv_run_result_clear()
 *
 * Returns: %FALSE with the first failure; fleets are taken down all the same, and what was measured is in the
 * store.
 */
gboolean nv_run (const NvRun *run, NvRunResult *ret_result, GError **error);

void nv_run_result_clear (NvRunResult *result);

/* Does the memory of all VMs lie as it was placed? */
gboolean nv_run_result_holds (const NvRunResult *result);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (NvRunResult, nv_run_result_clear)
