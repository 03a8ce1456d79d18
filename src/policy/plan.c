#include "policy/plan.h"
#include "base/error.h"
#include "policy/candidates.h"
#include "policy/home.h"

typedef struct
{
  const NvHost *host;
  NvLedger *ledger;
  NvCandidate *usable; /* all nodes that a VM may use */
  guint n_usable;
  NvCandidate *chosen; /* room for those of them that one VM may use */
  guint64 *apart;      /* see nv_candidates_measure() */
  GPtrArray *cpus;     /* of NvSet, by position in host->nodes: each node's CPUs */
  NvCandidates candidates;
} Planning;

static void
set_free (gpointer data)
{
  nv_set_free (data);
}

static void
planning_init (Planning *planning, const NvHost *host, NvLedger *ledger, guint64 seed)
{
  *planning = (Planning){ .host = host, .ledger = ledger };
  planning->cpus = g_ptr_array_new_with_free_func (set_free);
  planning->usable = g_new0 (NvCandidate, host->nodes->len);
  planning->chosen = g_new (NvCandidate, host->nodes->len);
  planning->apart = nv_candidates_measure (host);
  for (guint i = 0; i < host->nodes->len; i++)
    {
      const NvNode *node = g_ptr_array_index (host->nodes, i);
      NvSet *cpus = nv_node_cpus (node);

      g_ptr_array_add (planning->cpus, cpus);
      if (node->use == NV_NODE_USABLE)
        planning->usable[planning->n_usable++] =
            (NvCandidate){ .position = i, .os_index = node->os_index, .n_cpus = nv_set_count (cpus) };
    }
  planning->candidates = (NvCandidates){
    .host = host,
    .nodes = planning->chosen,
    .seed = seed,
    .apart = planning->apart,
  };
}

static void
planning_clear (Planning *planning)
{
  g_ptr_array_unref (planning->cpus);
  g_free (planning->usable);
  g_free (planning->chosen);
  g_free (planning->apart);
}

static gboolean
set_no_cpus (const Planning *planning, guint n_nodes, GError **error)
{
  g_autoptr (NvSet) nodes = nv_set_new ();
  g_autofree char *shown = NULL;

  for (guint i = 0; i < n_nodes; i++)
    nv_set_add (nodes, planning->usable[i].os_index);
  shown = nv_set_format (nodes);
  g_set_error (error, NV_ERROR, NV_ERROR_NO_FIT,
               "cpus 'same': the memory can only be on node%s %s, without CPUs: name more nodes, or use free",
               n_nodes > 1 ? "s" : "", shown);
  return FALSE;
}

/* What the VM may choose from: the first n usable nodes, with what is left now. Where CPUs shall follow the
 * memory, a node without CPUs is no choice. */
static gboolean
look (Planning *planning, const NvRequest *request, GError **error)
{
  NvCandidates *candidates = &planning->candidates;
  const NvPolicy *policy = request->policy;
  guint n = policy->names_nodes && request->n_nodes > 0 ? request->n_nodes : planning->n_usable;
  gboolean same = request->cpu_choice == NV_CPUS_SAME;
  guint n_with_cpus = 0;

  n = MIN (n, planning->n_usable);
  candidates->n_nodes = 0;
  candidates->left_on_machine_bytes = nv_ledger_left_on_machine_bytes (planning->ledger);
  for (guint i = 0; i < n; i++)
    {
      NvCandidate node = planning->usable[i];

      if (node.n_cpus > 0)
        n_with_cpus++;
      else if (same && !policy->takes_all)
        continue;
      node.left_bytes = nv_ledger_left_bytes (planning->ledger, node.position, request->page_size_bytes);
      node.free_cores = nv_ledger_free_cores (planning->ledger, node.position);
      candidates->nodes[candidates->n_nodes++] = node;
    }
  candidates->which = candidates->n_nodes < n ? "with CPUs" : NULL;
  return !same || n_with_cpus > 0 || set_no_cpus (planning, n, error);
}

/* Pins vCPUs and QEMU's other threads to the CPUs of those among @nodes that have some. */
static void
pin (const Planning *planning, const NvSet *nodes, NvPlacement *placement)
{
  placement->cpu_nodes = nv_set_new ();
  placement->vcpu_cpus = nv_set_new ();
  NV_SET_FOREACH (os_index, nodes)
  {
    int position = nv_host_position (planning->host, (guint)os_index);
    const NvSet *cpus = position < 0 ? NULL : g_ptr_array_index (planning->cpus, position);

    if (!cpus || nv_set_is_empty (cpus))
      continue;
    nv_set_add (placement->cpu_nodes, (guint)os_index);
    nv_set_add_all (placement->vcpu_cpus, cpus);
  }
  placement->emulator_cpus = nv_set_copy (placement->vcpu_cpus);
}

/* CPUs that are decided before the memory: those of cpus=NODES, or the home's. */
static gboolean
pin_before (Planning *planning, const NvRequest *request, NvPlacement *placement, NvSet **ret_home,
            GError **error)
{
  if (request->cpu_choice == NV_CPUS_NODES)
    *ret_home = nv_set_copy (request->cpu_nodes);
  else if (request->policy->needs_home)
    *ret_home = nv_home_find (&planning->candidates, request, &placement->note, error);
  else
    return TRUE;
  if (!*ret_home)
    return FALSE;
  pin (planning, *ret_home, placement);
  planning->candidates.home = *ret_home;
  return TRUE;
}

static NvPlacement *
place (Planning *planning, const NvRequest *request, GError **error)
{
  NvCandidates *candidates = &planning->candidates;
  const NvPolicy *policy = request->policy;
  g_autoptr (NvPlacement) placement = nv_placement_new (policy->name);
  g_autoptr (NvSet) home = NULL;
  gboolean placed;

  if (!look (planning, request, error))
    return NULL;
  if (policy->names_nodes)
    placement->candidates = nv_candidates_set (candidates);
  placed = pin_before (planning, request, placement, &home, error)
           && policy->plan (request, candidates, placement, error);
  candidates->home = NULL;
  placement->skipped = g_steal_pointer (&candidates->skipped);
  if (!placed)
    return NULL;
  if (request->cpu_choice == NV_CPUS_SAME)
    {
      g_autoptr (NvSet) nodes = nv_placement_nodes (placement);

      pin (planning, nodes, placement);
    }
  nv_ledger_reserve (planning->ledger, placement, request->vcpus, NULL);
  return g_steal_pointer (&placement);
}

static void
placement_free (gpointer data)
{
  nv_placement_free (data);
}

GPtrArray *
nv_plan (const NvHost *host, NvLedger *ledger, GPtrArray *requests, guint64 seed, NvProblems *problems)
{
  GPtrArray *placements = g_ptr_array_new_full (requests->len, placement_free);
  Planning planning;

  planning_init (&planning, host, ledger, seed);
  if (planning.n_usable == 0)
    nv_problems_add (problems, 0, "this host has no node that a VM may use: `numavm topology` shows why");
  for (guint i = 0; i < requests->len; i++)
    {
      const NvRequest *request = g_ptr_array_index (requests, i);
      GError *error = NULL;
      NvPlacement *placement = planning.n_usable > 0 ? place (&planning, request, &error) : NULL;

      g_ptr_array_add (placements, placement);
      if (error)
        nv_problems_take_error (problems, request->line, error);
    }
  planning_clear (&planning);
  return placements;
}
