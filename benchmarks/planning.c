/* How long planning takes: seconds for 50,000 and 100,000 VMs on a host of 64 nodes, for each policy; the
 * best of three, since what else the machine does can only add. */

#include "base/size.h"
#include "policy/plan.h"
#include "policy/policy.h"

#include <stdio.h>
#include <stdlib.h>

enum
{
  N_NODES = 64,
  CORES_PER_NODE = 32,
  THREADS_PER_CORE = 2,
  N_VMS = 100000,
  N_ROUNDS = 3
};

/* Room for all VMs on any one node, so that every policy has the whole host to choose from to the end. */
#define NODE_BYTES (N_VMS * 256 * NV_MIB)

static NvHost *
make_host (void)
{
  NvHost *host = nv_host_new ("a host of 64 nodes");
  guint cpu = 0;

  for (guint i = 0; i < N_NODES; i++)
    {
      NvNode *node = nv_host_add_node (host, i);

      node->memory_total_bytes = node->memory_available_bytes = NODE_BYTES;
      for (guint j = 0; j < CORES_PER_NODE; j++)
        {
          NvSet *threads = nv_set_new ();

          for (guint k = 0; k < THREADS_PER_CORE; k++)
            nv_set_add (threads, cpu++);
          nv_node_take_core (node, threads);
        }
    }
  for (guint from = 0; from < N_NODES; from++)
    for (guint to = 0; to < N_NODES; to++)
      nv_host_set_distance (host, from, to, from == to ? 10 : from / 8 == to / 8 ? 16 : 32);
  nv_host_finish (host);
  return host;
}

static void
request_free (gpointer data)
{
  nv_request_free (data);
}

/* VMs of 1 to 4 vCPUs and 64 to 256 MiB. */
static GPtrArray *
make_requests (const NvPolicy *policy, guint n_vms)
{
  GPtrArray *requests = g_ptr_array_new_full (n_vms, request_free);

  for (guint i = 0; i < n_vms; i++)
    {
      NvRequest *request = g_new0 (NvRequest, 1);

      request->line = i + 1;
      request->index = i;
      request->vcpus = 1 + i % 4;
      request->memory_bytes = (1 + i % 4) * 64 * NV_MIB;
      request->policy = policy;
      g_ptr_array_add (requests, request);
    }
  return requests;
}

/* Seconds of one planning; the ledger's making and the placements' freeing count, too. */
static double
plan_once (const NvHost *host, GPtrArray *requests, const char *policy)
{
  g_autoptr (NvProblems) problems = nv_problems_new ("-");
  gint64 since = g_get_monotonic_time ();
  NvLedger *ledger = nv_ledger_new (host);
  GPtrArray *placements = nv_plan (host, ledger, requests, 1, problems);

  if (nv_problems_count (problems) > 0)
    {
      fprintf (stderr, "%s: %s\n", policy, nv_problems_get (problems, 0)->message);
      exit (1);
    }
  g_ptr_array_unref (placements);
  nv_ledger_free (ledger);
  return (double)(g_get_monotonic_time () - since) / 1e6;
}

static double
measure (const NvHost *host, const NvPolicy *policy, guint n_vms)
{
  g_autoptr (GPtrArray) requests = make_requests (policy, n_vms);
  double best = plan_once (host, requests, policy->name);

  for (guint i = 1; i < N_ROUNDS; i++)
    best = MIN (best, plan_once (host, requests, policy->name));
  return best;
}

int
main (void)
{
  g_autoptr (NvHost) host = make_host ();

  printf ("planning on a host of %d nodes, in seconds; target: 100000 VMs in under 1 s\n", N_NODES);
  printf ("%-12s  %9s  %10s  %9s\n", "POLICY", "50000 VMS", "100000 VMS", "RATIO");
  for (guint i = 0; nv_policies[i]; i++)
    {
      double half = measure (host, nv_policies[i], N_VMS / 2);
      double whole = measure (host, nv_policies[i], N_VMS);

      printf ("%-12s  %9.3f  %10.3f  %9.2f\n", nv_policies[i]->name, half, whole, whole / half);
    }
  return 0;
}
