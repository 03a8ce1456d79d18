#pragma once

#include "experiment/run.h"

/* One boot of one arm, and what all boots of a run share; this room's own. */

typedef struct
{
  const NvRun *run;
  NvRunResult *result;
  gint64 run_id;
  guint64 size_bytes; /* of each array in all arms; 0: the first boot decides */
  gint64 arm_us;      /* all that the arms took that are through */
  guint n_arms_done;
  gint64 committed_us;
  GError *store_error; /* the first; it ends the run at the next step */
} NvRunState;

/* A function of (seed, block, arm), never of what ran before. */
guint64 nv_run_derive_seed (guint64 seed, guint block, const char *arm);

/* @vm: its id in the store; 0: the host's. The first error is kept in @state: callbacks of the main loop
 * cannot return one. */
void nv_run_store_record (NvRunState *state, gint64 vm, const json_t *record);

/**
 * nv_boot_run:
 * @position: of the arm in the plan
 *
 * From planning a fleet to its end.
 *
 * Returns: %FALSE with the first failure; the fleet is taken down all the same.
 */
gboolean nv_boot_run (NvRunState *state, guint position, GError **error);

void nv_run_result_init (NvRunResult *result);

/* @summary: of one kernel and its largest group. @holds, @reason: of the VM's memory. Returns: (transfer
 * none): its row. */
NvRunRow *nv_run_result_add (NvRunResult *result, const char *policy, const char *vm, const json_t *summary,
                             NvHolds holds, const char *reason);
