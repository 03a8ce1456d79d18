/* none: the kernel's default, no node is named: the baseline. */

#include "policy/candidates.h"
#include "base/size.h"

/* Nobody knows where the pages will go; the ledger assumes that each node gives in proportion to what it has
 * left, or, where the nodes say that they have nothing and the machine has, to what it has in all. */
static guint64
weight (const NvCandidates *candidates, guint index, gboolean use_total)
{
  const NvCandidate *candidate = &candidates->nodes[index];
  const NvNode *node = g_ptr_array_index (candidates->host->nodes, candidate->position);

  return use_total ? node->memory_total_bytes : candidate->left_bytes;
}

/* Rounded by running sums, so that no page is lost. */
static void
add_shares (const NvCandidates *candidates, const NvRequest *request, gboolean use_total, guint64 all,
            NvRegion *region)
{
  guint64 page = nv_candidates_page_bytes (request);
  guint64 pages = request->memory_bytes / page;
  guint64 weight_so_far = 0, given = 0;

  for (guint i = 0; i < candidates->n_nodes; i++)
    {
      guint64 until_here;

      weight_so_far += weight (candidates, i, use_total);
      until_here = (guint64)((unsigned __int128)pages * weight_so_far / all);
      if (until_here > given)
        nv_region_add_share (region, candidates->nodes[i].os_index, (until_here - given) * page);
      given = until_here;
    }
}

static guint64
sum_weights (const NvCandidates *candidates, gboolean use_total)
{
  guint64 sum = 0;

  for (guint i = 0; i < candidates->n_nodes; i++)
    sum += weight (candidates, i, use_total);
  return sum;
}

static gboolean
none_plan (const NvRequest *request, NvCandidates *candidates, NvPlacement *placement, GError **error)
{
  guint64 all = sum_weights (candidates, FALSE);
  guint64 left_bytes = request->page_size_bytes > 0 ? all : candidates->left_on_machine_bytes;
  gboolean use_total = all == 0;
  NvRegion *region;

  if (left_bytes < request->memory_bytes)
    return nv_candidates_set_no_fit (candidates, request, NULL, error,
                                     "this machine has %" G_GUINT64_FORMAT " MiB left", left_bytes / NV_MIB);
  if (use_total)
    all = sum_weights (candidates, TRUE);
  region = nv_candidates_add_region (request, NV_MEMORY_DEFAULT, NULL, NV_EXPECT_ANY, placement);
  add_shares (candidates, request, use_total, all, region);
  return TRUE;
}

const NvPolicy nv_policy_none = {
  .name = "none",
  .summary = "the kernel's default, no node is named: the baseline",
  .plan = none_plan,
};
