/* none: the kernel's default, no node is named: the baseline. */

#include "policy/candidates.h"
#include "base/size.h"

/* Huge pages are counted on the nodes only. */
static guint64
left_on_machine (const NvRequest *request, const NvCandidates *candidates)
{
  guint64 sum = 0;

  if (request->page_size_bytes == 0)
    return candidates->left_on_machine_bytes;
  for (guint i = 0; i < candidates->n_nodes; i++)
    sum += candidates->nodes[i].left_bytes;
  return sum;
}

static gboolean
none_plan (const NvRequest *request, NvCandidates *candidates, NvPlacement *placement, GError **error)
{
  guint64 left_bytes = left_on_machine (request, candidates);
  NvRegion *region;

  if (left_bytes < request->memory_bytes)
    return nv_candidates_set_no_fit (candidates, request, NULL, error,
                                     "this machine has %" G_GUINT64_FORMAT " MiB left", left_bytes / NV_MIB);
  region = nv_candidates_add_region (request, NV_MEMORY_DEFAULT, NULL, NV_EXPECT_ANY, placement);
  nv_candidates_estimate (candidates, request, NULL, region);
  return TRUE;
}

const NvPolicy nv_policy_none = {
  .name = "none",
  .summary = "the kernel's default, no node is named: the baseline",
  .plan = none_plan,
};
