/* What can be said of a request against a host before anything is planned. */

#include "base/size.h"
#include "policy/plan.h"
#include "policy/policy.h"

static void
check_n_nodes (const NvRequest *request, const NvHost *host, NvProblems *problems)
{
  g_autoptr (NvSet) usable = nv_host_usable_nodes (host);
  g_autofree char *shown = nv_set_format (usable);
  guint n = nv_set_count (usable);

  /* A host without any usable node is said once, by nv_plan(), not for each VM. */
  if (n > 0 && request->n_nodes > n)
    nv_problems_add (problems, request->line, "nodes '%u': this host has %u node%s that a VM may use (%s)",
                     request->n_nodes, n, n == 1 ? "" : "s", shown);
}

static char *
format_all_nodes (const NvHost *host)
{
  g_autoptr (NvSet) nodes = nv_set_new ();

  for (guint i = 0; i < host->nodes->len; i++)
    nv_set_add (nodes, ((const NvNode *)g_ptr_array_index (host->nodes, i))->os_index);
  return nv_set_format (nodes);
}

/* The first n usable nodes: what the policy may choose from. */
static NvSet *
first_usable (const NvRequest *request, const NvHost *host)
{
  NvSet *nodes = nv_set_new ();
  guint n = 0;

  for (guint i = 0; i < host->nodes->len && (request->n_nodes == 0 || n < request->n_nodes); i++)
    {
      const NvNode *node = g_ptr_array_index (host->nodes, i);

      if (node->use != NV_NODE_USABLE)
        continue;
      nv_set_add (nodes, node->os_index);
      n++;
    }
  return nodes;
}

/* Of a policy that puts memory where the CPUs are. */
static void
check_home (const NvRequest *request, const NvHost *host, NvProblems *problems)
{
  g_autoptr (NvSet) candidates = first_usable (request, host);
  g_autoptr (NvSet) home = nv_set_copy (request->cpu_nodes);
  g_autofree char *all = nv_set_format (candidates), *cpus = nv_set_format (request->cpu_nodes);

  nv_set_keep (home, candidates);
  if (nv_set_is_empty (home) && !nv_set_is_empty (candidates))
    nv_problems_add (problems, request->line,
                     "cpus '%s': policy '%s' puts memory there, but may choose among nodes %s only", cpus,
                     request->policy->name, all);
}

static void
check_cpu_nodes (const NvRequest *request, const NvHost *host, NvProblems *problems)
{
  g_autofree char *cpus = nv_set_format (request->cpu_nodes);

  NV_SET_FOREACH (os_index, request->cpu_nodes)
  {
    const NvNode *node = nv_host_node (host, (guint)os_index);
    g_autofree char *all = format_all_nodes (host);

    if (!node)
      nv_problems_add (problems, request->line, "cpus '%s': this host has no node %d, it has %s", cpus,
                       os_index, all);
    else if (node->cores->len == 0)
      nv_problems_add (problems, request->line, "cpus '%s': node %d has no CPUs", cpus, os_index);
    else
      continue;
    return;
  }
  if (request->policy->needs_home)
    check_home (request, host, problems);
}

static void
check_same (const NvRequest *request, NvProblems *problems)
{
  if (request->policy->needs_home)
    nv_problems_add (
        problems, request->line,
        "cpus 'same': policy '%s' puts memory where the CPUs are, not CPUs where the memory is: use free or nodes",
        request->policy->name);
  else if (!request->policy->names_nodes)
    nv_problems_add (problems, request->line,
                     "cpus 'same': policy '%s' names no nodes for the memory: use free or nodes",
                     request->policy->name);
}

/* The sizes of which some usable node has pages, for people: `2 MiB, 1.0 GiB`. */
static char *
format_page_sizes (const NvHost *host)
{
  g_autoptr (NvSet) powers = nv_set_new (); /* a page size is a power of two: its exponent */
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < host->nodes->len; i++)
    {
      const NvNode *node = g_ptr_array_index (host->nodes, i);

      for (guint j = 0; node->use == NV_NODE_USABLE && j < node->page_pools->len; j++)
        {
          const NvPagePool *pool = &g_array_index (node->page_pools, NvPagePool, j);

          if (pool->total_pages > 0)
            nv_set_add (powers, (guint)g_bit_nth_msf (pool->page_size_bytes, -1));
        }
    }
  NV_SET_FOREACH (power, powers)
  {
    g_autofree char *size = nv_size_format (G_GUINT64_CONSTANT (1) << power);

    g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", size);
  }
  return g_string_free (text, FALSE);
}

static void
check_pages (const NvRequest *request, const NvHost *host, NvProblems *problems)
{
  guint64 page = request->page_size_bytes;
  g_autofree char *shown = nv_size_format (page);
  g_autofree char *sizes = NULL;

  if (request->memory_bytes % page != 0)
    nv_problems_add (problems, request->line,
                     "memory '%" G_GUINT64_FORMAT "': a whole number of pages of %s is allowed",
                     request->memory_bytes / NV_MIB, shown);
  for (guint i = 0; i < host->nodes->len; i++)
    {
      const NvNode *node = g_ptr_array_index (host->nodes, i);

      if (node->use == NV_NODE_USABLE && nv_node_total_bytes (node, page) > 0)
        return;
    }
  sizes = format_page_sizes (host);
  if (*sizes)
    nv_problems_add (problems, request->line, "pages '%s': this host has pages of %s", shown, sizes);
  else
    nv_problems_add (problems, request->line,
                     "pages '%s': this host has no huge pages reserved: `numavm doctor` tells how", shown);
}

void
nv_request_check (const NvRequest *request, const NvHost *host, guint max_vcpus, const char *machine,
                  NvProblems *problems)
{
  if (max_vcpus > 0 && request->vcpus > max_vcpus)
    {
      g_autofree char *type =
          machine ? g_strdup_printf ("machine type '%s'", machine) : g_strdup ("the default machine type");

      nv_problems_add (problems, request->line, "vcpus '%u': %s allows at most %u", request->vcpus, type,
                       max_vcpus);
    }
  check_n_nodes (request, host, problems);
  if (request->cpu_choice == NV_CPUS_NODES)
    check_cpu_nodes (request, host, problems);
  if (request->cpu_choice == NV_CPUS_SAME)
    check_same (request, problems);
  if (request->page_size_bytes > 0)
    check_pages (request, host, problems);
}
