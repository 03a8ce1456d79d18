/* random: one node a VM, drawn.
 *
 * Rendezvous hashing (D. G. Thaler, C. V. Ravishankar, "Using name-based mappings to increase hit rates",
 * IEEE/ACM Transactions on Networking 6(1), 1998): each node draws a number for the VM, the least wins. All
 * nodes are equally likely, and a node that gets full moves only the VMs that would have been on it. */

#include "policy/candidates.h"
#include "bench/rng.h"

static guint64
draw (const NvCandidates *candidates, const NvRequest *request, const NvCandidate *node)
{
  return nv_rng_draw64 (candidates->seed, request->index, node->os_index);
}

static gboolean
random_plan (const NvRequest *request, NvCandidates *candidates, NvPlacement *placement, GError **error)
{
  return nv_candidates_bind_least (candidates, request, draw, placement, NULL, error);
}

const NvPolicy nv_policy_random = {
  .name = "random",
  .summary = "one node a VM, drawn uniformly among those that have room",
  .names_nodes = TRUE,
  .plan = random_plan,
};
