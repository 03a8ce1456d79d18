/* spread: the node that has most left, so that all nodes fill evenly. */

#include "policy/candidates.h"

static guint64
most_left_first (const NvCandidates *candidates, const NvRequest *request, const NvCandidate *node)
{
  return G_MAXUINT64 - node->left_bytes;
}

static gboolean
spread_plan (const NvRequest *request, NvCandidates *candidates, NvPlacement *placement, GError **error)
{
  return nv_candidates_bind_least (candidates, request, most_left_first, placement, NULL, error);
}

const NvPolicy nv_policy_spread = {
  .name = "spread",
  .summary = "the node that has most memory left",
  .names_nodes = TRUE,
  .plan = spread_plan,
};
