/* local: memory where the CPUs are. */

#include "policy/candidates.h"

static gboolean
local_plan (const NvRequest *request, NvCandidates *candidates, NvPlacement *placement, GError **error)
{
  return nv_candidates_bind (candidates, request, candidates->home, placement, error);
}

const NvPolicy nv_policy_local = {
  .name = "local",
  .summary = "memory on the home node, where the CPUs are",
  .needs_home = TRUE,
  .names_nodes = TRUE,
  .plan = local_plan,
};
