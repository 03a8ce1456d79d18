/* interleave: page by page over all nodes, an equal share on each. */

#include "policy/candidates.h"
#include "base/size.h"

/* The pages are dealt out one by one: the first few nodes get one more where they do not come out even. */
static guint64
share_bytes (const NvRequest *request, guint index, guint n_nodes)
{
  guint64 page = nv_candidates_page_bytes (request);
  guint64 pages = request->memory_bytes / page;

  return (pages / n_nodes + (index < pages % n_nodes)) * page;
}

static gboolean
check_room (const NvRequest *request, const NvCandidates *candidates, const NvSet *nodes, GError **error)
{
  g_autoptr (NvSet) lacking = nv_set_new ();
  g_autofree char *shown = NULL;
  guint64 share = share_bytes (request, 0, candidates->n_nodes);

  for (guint i = 0; i < candidates->n_nodes; i++)
    if (candidates->nodes[i].left_bytes < share_bytes (request, i, candidates->n_nodes))
      nv_set_add (lacking, candidates->nodes[i].os_index);
  if (nv_set_is_empty (lacking))
    return TRUE;
  shown = nv_set_format (nodes);
  return nv_candidates_set_no_fit (candidates, request, lacking, error,
                                   "interleaved over %s it needs %" G_GUINT64_FORMAT
                                   " MiB on each node, which is not left",
                                   shown, (share + NV_MIB - 1) / NV_MIB);
}

static gboolean
interleave_plan (const NvRequest *request, NvCandidates *candidates, NvPlacement *placement, GError **error)
{
  g_autoptr (NvSet) nodes = nv_candidates_set (candidates);
  NvRegion *region;

  if (!check_room (request, candidates, nodes, error))
    return FALSE;
  region = nv_candidates_add_region (request, NV_MEMORY_INTERLEAVE, nodes, NV_EXPECT_EXACT, placement);
  for (guint i = 0; i < candidates->n_nodes; i++)
    {
      guint64 share = share_bytes (request, i, candidates->n_nodes);

      if (share > 0)
        nv_region_add_share (region, candidates->nodes[i].os_index, share);
    }
  return TRUE;
}

const NvPolicy nv_policy_interleave = {
  .name = "interleave",
  .summary = "interleaved over all nodes, an equal share on each",
  .names_nodes = TRUE,
  .plan = interleave_plan,
};
