#pragma once

#include "experiment/boot.h"
#include "experiment/session.h"
#include "experiment/transfer.h"

/* What boot.c and boot-residence.c share. */

/* One fleet, from planning to its end. */
typedef struct
{
  NvRunState *state;
  const NvPolicy *policy;
  guint position;
  guint64 seed;
  gint64 boot_id;
  GPtrArray *members; /* of NvFleetMember */
  gint64 *vm_ids;
  NvSession *session;
  NvTransfer *transfer; /* (nullable): guests send files by it */
  const char *stage;
  gint64 since_us;
  gint64 ready_ns, go_ns, spread_ns;
  GPtrArray *summaries; /* of json_t, of each VM and kernel of the plan: see summary_at() */
} NvBoot;

const NvVm *nv_boot_vm (const NvBoot *boot, guint index);

/* Is a VM's memory where it was placed? */
typedef struct
{
  NvHolds holds;
  char *reason;
} NvBootResidence;

/* Of all VMs whose guests are not lost, into the store; @phase: "before" or "after". Returns: (transfer full)
 * (element-type NvBootResidence): NULL with an error. */
GArray *nv_boot_check_residence (const NvBoot *boot, const char *phase, GError **error);
