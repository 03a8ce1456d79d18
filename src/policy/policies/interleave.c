/* interleave: page by page over all nodes, an equal share on each. */

#include "policy/candidates.h"
#include "base/error.h"
#include "base/size.h"

/* The pages are dealt out one by one. Where they do not come out even, some nodes get one more, here the
 * first ones. The kernel starts where a page's offset in its mapping says (mm/mempolicy.c), so that these may
 * be others: the residence check allows two pages' difference, and every node needs room for one more. */
static guint64
share_bytes (const NvRequest *request, guint index, guint n_nodes)
{
  guint64 page = nv_candidates_page_bytes (request);
  guint64 pages = request->memory_bytes / page;

  return (pages / n_nodes + (index < pages % n_nodes)) * page;
}

/* Where fewer pages than nodes would lie, nobody could say. */
static gboolean
check_pages (const NvRequest *request, const NvCandidates *candidates, GError **error)
{
  guint64 pages = request->memory_bytes / nv_candidates_page_bytes (request);
  g_autofree char *size = nv_size_format (nv_candidates_page_bytes (request));

  if (pages >= candidates->n_nodes)
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_NO_FIT,
               "memory %" G_GUINT64_FORMAT " MiB: its %" G_GUINT64_FORMAT
               " page%s of %s cannot be interleaved over %u nodes: use smaller pages or fewer nodes",
               request->memory_bytes / NV_MIB, pages, pages == 1 ? "" : "s", size, candidates->n_nodes);
  return FALSE;
}

static gboolean
check_room (const NvRequest *request, const NvCandidates *candidates, const NvSet *nodes, GError **error)
{
  g_autoptr (NvSet) lacking = nv_set_new ();
  g_autofree char *shown = NULL;
  guint64 share = share_bytes (request, 0, candidates->n_nodes);

  for (guint i = 0; i < candidates->n_nodes; i++)
    if (candidates->nodes[i].left_bytes < share)
      nv_set_add (lacking, candidates->nodes[i].os_index);
  if (nv_set_is_empty (lacking))
    return TRUE;
  if (candidates->n_nodes == 1)
    return nv_candidates_set_too_full (candidates, request, nodes, NULL, FALSE, error);
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

  if (!check_pages (request, candidates, error) || !check_room (request, candidates, nodes, error))
    return FALSE;
  region = nv_candidates_add_region (request, NV_MEMORY_INTERLEAVE, nodes, NV_EXPECT_EXACT, placement);
  for (guint i = 0; i < candidates->n_nodes; i++)
    nv_region_add_share (region, candidates->nodes[i].os_index,
                         share_bytes (request, i, candidates->n_nodes));
  return TRUE;
}

const NvPolicy nv_policy_interleave = {
  .name = "interleave",
  .summary = "interleaved over all nodes, an equal share on each",
  .names_nodes = TRUE,
  .takes_all = TRUE,
  .plan = interleave_plan,
};
