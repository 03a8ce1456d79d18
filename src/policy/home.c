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

static const char with_enough[] = "with CPUs for it";

/* Why only @nodes come into question, for an error; NULL if they all do. */
static const char *
which_of (const NvCandidates *candidates, const NvSet *nodes)
{
  return nv_set_count (nodes) < candidates->n_nodes ? with_enough : NULL;
}

static NvSet *
home_of_one (NvCandidates *candidates, const NvRequest *request, const NvSet *wide_enough, char **ret_note,
             GError **error)
{
  const NvCandidate *node = nv_candidates_least (candidates, request, wide_enough, most_free_cores_first);
  NvSet *home;

  if (!node)
    {
      nv_candidates_set_too_full (candidates, request, wide_enough, which_of (candidates, wide_enough), FALSE,
                                  error);
      return NULL;
    }
  if (nv_set_count (wide_enough) > 1)
    *ret_note = g_strdup_printf ("home: node %u, most free cores among the nodes with room", node->os_index);
  else
    *ret_note = g_strdup_printf ("home: node %u, the only one %s", node->os_index,
                                 candidates->n_nodes > 1 ? with_enough : "to choose from");
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
  if (!home)
    {
      nv_candidates_set_too_full (candidates, request, nodes, which_of (candidates, nodes), TRUE, error);
      return NULL;
    }
  shown = nv_set_format (home);
  if (request->vcpus <= all_cpus)
    *ret_note =
        g_strdup_printf ("home: nodes %s, as no single node has CPUs for %u vCPUs", shown, request->vcpus);
  else
    *ret_note = g_strdup_printf ("home: node%s %s, with %" G_GUINT64_FORMAT " CPU%s for %u vCPUs",
                                 nv_set_count (home) > 1 ? "s" : "", shown, all_cpus,
                                 all_cpus == 1 ? "" : "s", request->vcpus);
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
