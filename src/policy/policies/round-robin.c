/* round-robin: one node a VM, the next VM gets the next node that has room. */

#include "policy/candidates.h"

static guint64
steps_ahead (const NvCandidates *candidates, const NvRequest *request, const NvCandidate *node)
{
  guint n = candidates->host->nodes->len;

  return (node->position + n - candidates->next_position) % n;
}

static gboolean
round_robin_plan (const NvRequest *request, NvCandidates *candidates, NvPlacement *placement, GError **error)
{
  const NvCandidate *node;

  if (!nv_candidates_bind_least (candidates, request, steps_ahead, placement, &node, error))
    return FALSE;
  candidates->next_position = (node->position + 1) % candidates->host->nodes->len;
  return TRUE;
}

const NvPolicy nv_policy_round_robin = {
  .name = "round-robin",
  .summary = "one node a VM, the next VM gets the next node that has room",
  .names_nodes = TRUE,
  .plan = round_robin_plan,
};
