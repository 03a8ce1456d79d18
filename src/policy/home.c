#include "policy/home.h"
#include "base/error.h"

/* The node with the most free cores comes first: nv_candidates_least() decides between equals. */
static guint64
most_free_cores_first (const NvCandidates *candidates, const NvRequest *request, const NvCandidate *node)
{
  return (guint64)G_MAXINT64 - (guint64)node->free_cores;
}

/* The candidates that have so many CPUs and, with @ret_cpus, all their CPUs together. */
static NvSet *
with_cpus (const NvCandidates *candidates, guint n_cpus, guint64 *ret_cpus)
{
  NvSet *nodes = nv_set_new ();

  *ret_cpus = 0;
  for (guint i = 0; i < candidates->n_nodes; i++)
    if (candidates->nodes[i].n_cpus >= n_cpus)
      {
        nv_set_add (nodes, candidates->nodes[i].os_index);
        *ret_cpus += candidates->nodes[i].n_cpus;
      }
  return nodes;
}

static NvSet *
home_of_one (NvCandidates *candidates, const NvRequest *request, const NvSet *wide_enough, char **ret_note,
             GError **error)
{
  const NvCandidate *node = nv_candidates_least (candidates, request, wide_enough, most_free_cores_first);
  g_autofree char *shown = NULL;
  NvSet *home;

  if (!node)
    {
      shown = nv_set_format (wide_enough);
      nv_candidates_set_no_fit (candidates, request, wide_enough, error,
                                "no node of %s, which have CPUs for it, has that much left", shown);
      return NULL;
    }
  *ret_note = g_strdup_printf ("home: node %u, which has the most free cores (%" G_GINT64_FORMAT ")",
                               node->os_index, node->free_cores);
  home = nv_set_new ();
  nv_set_add (home, node->os_index);
  return home;
}

static NvSet *
home_of_many (const NvCandidates *candidates, const NvRequest *request, char **ret_note, GError **error)
{
  guint64 all_cpus;
  g_autoptr (NvSet) nodes = with_cpus (candidates, 1, &all_cpus);
  g_autofree char *shown = NULL;
  NvSet *home;

  if (all_cpus == 0)
    {
      g_autoptr (NvSet) all = nv_candidates_set (candidates);
      g_autofree char *all_shown = nv_set_format (all);

      g_set_error (error, NV_ERROR, NV_ERROR_NO_FIT,
                   "policy '%s': no node of %s has CPUs, so none can be home: name more nodes",
                   request->policy->name, all_shown);
      return NULL;
    }
  /* vCPUs may well be more than the host has CPUs; then all nodes together are the nearest to enough. */
  home = nv_candidates_nearest (candidates, request->memory_bytes, (guint)MIN (request->vcpus, all_cpus));
  shown = nv_set_format (home ? home : nodes);
  if (!home)
    {
      nv_candidates_set_no_fit (candidates, request, nodes, error,
                                "nodes %s, which have CPUs, have less left together", shown);
      return NULL;
    }
  *ret_note = g_strdup_printf ("home: node%s %s, as no single node has CPUs for %u vCPUs",
                               nv_set_count (home) > 1 ? "s" : "", shown, request->vcpus);
  return home;
}

NvSet *
nv_home_find (NvCandidates *candidates, const NvRequest *request, char **ret_note, GError **error)
{
  guint64 cpus;
  g_autoptr (NvSet) wide_enough = with_cpus (candidates, request->vcpus, &cpus);

  if (nv_set_is_empty (wide_enough))
    return home_of_many (candidates, request, ret_note, error);
  return home_of_one (candidates, request, wide_enough, ret_note, error);
}
