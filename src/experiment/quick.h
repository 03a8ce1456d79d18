#pragma once

#include "experiment/workload.h"
#include "policy/policy.h"
#include "policy/request.h"

#include <jansson.h>

/* What `run --quick` is asked: one boot for each policy, all alike but for where their memory goes. */
typedef struct
{
  GPtrArray *policies; /* (element-type NvPolicy): the arms, in their order */
  guint n_vms;
  NvRequest *request;   /* of each VM; without name and policy; with a disk if it has a base */
  NvWorkload *workload; /* (nullable): instead of kernels */
  json_t *job;          /* without one: options for the guests, see bench/protocol.h */
  GPtrArray *kernels;   /* (element-type utf8): of the job; of a workload its metrics */
  guint iterations;     /* of a workload: runs */
  NvTransport transport;
  guint64 sample_interval_ns; /* 0: no samples */
  guint64 boot_timeout_ns;    /* 0: not said; whoever knows what is booted then sets it */
} NvQuickPlan;

/**
 * nv_quick_plan_parse:
 * @text: `KEY=VALUE ...`, divided by blanks
 *
 * Keys: policies, vms; those of an input line that say what a VM gets (vcpus, memory, nodes, cpus, pages,
 * prealloc; base, and disk for its overlay's size); those of numavm-bench that say what is measured (kernels,
 * iterations, size, access, threads...), with guest-pages for its pages; or those of a workload instead, see
 * nv_workload_set(), where workload=@FILE reads a file, of which iterations, timeout and transport can be
 * said anew; interval (of samples; 0: none), boot-timeout.
 *
 * Returns: (transfer full): NULL with NV_ERROR_USAGE; the message names key, value and what is allowed.
 */
NvQuickPlan *nv_quick_plan_parse (const char *text, GError **error);
void nv_quick_plan_free (NvQuickPlan *plan);

/* Returns: (transfer full): what a guest is asked: an object with options or workload. */
json_t *nv_quick_plan_job (const NvQuickPlan *plan);

/* Returns: (transfer full): all of it with its defaults, for the record. */
json_t *nv_quick_plan_to_json (const NvQuickPlan *plan);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvQuickPlan, nv_quick_plan_free)
