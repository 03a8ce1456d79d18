/* local: memory where the CPUs are. */

#include "policy/candidates.h"

static gboolean
local_plan (const NvRequest *request, NvCandidates *candidates, NvPlacement *placement, GError **error)
{
  const NvRegion *region;

  if (!nv_candidates_bind (candidates, request, candidates->home, placement, error))
    return FALSE;
  region = g_ptr_array_index (placement->regions, 0);
  if (!nv_set_contains_all (region->nodes, candidates->home))
    {
      g_autofree char *home = nv_set_format (candidates->home), *memory = nv_set_format (region->nodes);

      placement->note = g_strdup_printf (
          "CPUs on nodes %s, memory on node%s %s only: nodes= or the host rules out the others", home,
          nv_set_count (region->nodes) > 1 ? "s" : "", memory);
    }
  return TRUE;
}

const NvPolicy nv_policy_local = {
  .name = "local",
  .summary = "memory on the home node, where the CPUs are",
  .needs_home = TRUE,
  .names_nodes = TRUE,
  .plan = local_plan,
};
