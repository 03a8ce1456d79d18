/* pack: the fewest nodes, nearest to each other, that leave the least over. */

#include "policy/candidates.h"

static guint64
least_left_first (const NvCandidates *candidates, const NvRequest *request, const NvCandidate *node)
{
  return node->left_bytes;
}

static gboolean
pack_plan (const NvRequest *request, NvCandidates *candidates, NvPlacement *placement, GError **error)
{
  const NvCandidate *node = nv_candidates_least (candidates, request, NULL, least_left_first);
  g_autoptr (NvSet) nodes = NULL;
  g_autofree char *shown = NULL;

  if (node)
    {
      nodes = nv_set_new ();
      nv_set_add (nodes, node->os_index);
    }
  else if (!(nodes = nv_candidates_nearest (candidates, request->memory_bytes, 0)))
    nodes = nv_candidates_set (candidates); /* too little even together: the error tells by how much */
  if (!nv_candidates_bind (candidates, request, nodes, placement, error))
    return FALSE;
  if (!node)
    {
      shown = nv_set_format (nodes);
      placement->note = g_strdup_printf ("memory on nodes %s, as no single node has room for it", shown);
    }
  return TRUE;
}

const NvPolicy nv_policy_pack = {
  .name = "pack",
  .summary = "the fewest nodes, nearest to each other, that leave the least over",
  .names_nodes = TRUE,
  .plan = pack_plan,
};
