/* The smallest group of nodes, near to each other, that can hold what one node cannot. */

#include "policy/candidates.h"

/* Up to so many nodes all groups are tried: 255 at most. */
#define MAX_EXACT 8

/* A group of nodes, by their indexes in candidates->nodes, and its sums. */
typedef struct
{
  guint *members;
  guint n_members;
  guint64 memory_bytes;
  guint64 n_cpus;
  gint64 free_cores;
  guint64 distance; /* over all pairs, both directions */
} Group;

typedef struct
{
  const NvCandidates *candidates;
  guint64 memory_bytes; /* needed */
  guint64 vcpus;        /* needed */
  guint *eligible;      /* indexes in candidates->nodes */
  guint n_eligible;
  guint *by_memory; /* the eligible, most left first */
  guint *by_cpus;   /* the eligible, most CPUs first */
  Group group;      /* the one in the making */
  Group best;       /* without members: none yet */
  gboolean *taken;  /* by index in candidates->nodes: is it in group? */
  guint64 *away;    /* the same: its distance from all of group */
} Search;

guint64 *
nv_candidates_measure (const NvHost *host)
{
  guint n = host->nodes->len;
  guint64 *apart = g_new (guint64, (gsize)n * n), unknown = 1;

  for (guint i = 0; i < n * n; i++)
    unknown = MAX (unknown, (guint64)nv_host_distance (host, i / n, i % n) + 1);
  for (guint i = 0; i < n * n; i++)
    {
      guint there = nv_host_distance (host, i / n, i % n), back = nv_host_distance (host, i % n, i / n);

      apart[i] =
          (there == NV_DISTANCE_UNKNOWN ? unknown : there) + (back == NV_DISTANCE_UNKNOWN ? unknown : back);
    }
  return apart;
}

static guint64
pair_distance (const NvCandidates *candidates, guint a, guint b)
{
  return candidates
      ->apart[candidates->nodes[a].position * candidates->host->nodes->len + candidates->nodes[b].position];
}

static void
group_clear (Group *group)
{
  guint *members = group->members;

  *group = (Group){ .members = members };
}

static void
group_add (const NvCandidates *candidates, Group *group, guint index)
{
  for (guint i = 0; i < group->n_members; i++)
    group->distance += pair_distance (candidates, group->members[i], index);
  group->members[group->n_members++] = index;
  group->memory_bytes += candidates->nodes[index].left_bytes;
  group->n_cpus += candidates->nodes[index].n_cpus;
  group->free_cores += candidates->nodes[index].free_cores;
}

static gboolean
group_is_better (const Group *a, const Group *b, gboolean for_cpus)
{
  if (b->n_members == 0)
    return TRUE;
  if (a->n_members != b->n_members)
    return a->n_members < b->n_members;
  if (a->distance != b->distance)
    return a->distance < b->distance;
  if (for_cpus && a->free_cores != b->free_cores)
    return a->free_cores > b->free_cores;
  return a->memory_bytes < b->memory_bytes;
}

static gboolean
is_best_so_far (const Search *search, const Group *group)
{
  return group->memory_bytes >= search->memory_bytes && group->n_cpus >= search->vcpus
         && group_is_better (group, &search->best, search->vcpus > 0);
}

static void
consider (Search *search)
{
  const Group *group = &search->group;

  if (!is_best_so_far (search, group))
    return;
  group_clear (&search->best);
  for (guint i = 0; i < group->n_members; i++)
    group_add (search->candidates, &search->best, group->members[i]);
}

static void
try_one (Search *search)
{
  for (guint i = 0; i < search->n_eligible; i++)
    {
      group_clear (&search->group);
      group_add (search->candidates, &search->group, search->eligible[i]);
      consider (search);
    }
}

/* By far the most frequent, so a pair becomes a group only if it is the best. */
static void
try_two (Search *search)
{
  const NvCandidates *candidates = search->candidates;

  for (guint i = 0; i < search->n_eligible; i++)
    for (guint j = i + 1; j < search->n_eligible; j++)
      {
        guint index_a = search->eligible[i], index_b = search->eligible[j];
        const NvCandidate *a = &candidates->nodes[index_a], *b = &candidates->nodes[index_b];
        Group pair = {
          .n_members = 2,
          .memory_bytes = a->left_bytes + b->left_bytes,
          .n_cpus = a->n_cpus + b->n_cpus,
          .free_cores = a->free_cores + b->free_cores,
          .distance = pair_distance (candidates, index_a, index_b),
        };

        if (!is_best_so_far (search, &pair))
          continue;
        group_clear (&search->best);
        group_add (candidates, &search->best, index_a);
        group_add (candidates, &search->best, index_b);
      }
}

static void
try_all (Search *search)
{
  for (guint mask = 1; mask < 1u << search->n_eligible; mask++)
    {
      group_clear (&search->group);
      for (guint i = 0; i < search->n_eligible; i++)
        if (mask >> i & 1)
          group_add (search->candidates, &search->group, search->eligible[i]);
      consider (search);
    }
}

/* What the @n largest that are not taken have together. */
static void
largest_rest (const Search *search, guint n, guint64 *ret_memory_bytes, guint64 *ret_cpus)
{
  const NvCandidate *nodes = search->candidates->nodes;

  *ret_memory_bytes = *ret_cpus = 0;
  for (guint i = 0, found = 0; i < search->n_eligible && found < n; i++)
    if (!search->taken[search->by_memory[i]])
      {
        *ret_memory_bytes += nodes[search->by_memory[i]].left_bytes;
        found++;
      }
  for (guint i = 0, found = 0; i < search->n_eligible && found < n; i++)
    if (!search->taken[search->by_cpus[i]])
      {
        *ret_cpus += nodes[search->by_cpus[i]].n_cpus;
        found++;
      }
}

static void
forget (Search *search)
{
  group_clear (&search->group);
  for (guint i = 0; i < search->n_eligible; i++)
    {
      search->taken[search->eligible[i]] = FALSE;
      search->away[search->eligible[i]] = 0;
    }
}

static void
take (Search *search, guint index)
{
  group_add (search->candidates, &search->group, index);
  search->taken[index] = TRUE;
  for (guint i = 0; i < search->n_eligible; i++)
    search->away[search->eligible[i]] += pair_distance (search->candidates, index, search->eligible[i]);
}

/* The nearest node to the group with which it can still suffice after @n_more others, or -1. */
static int
find_next (const Search *search, guint n_more)
{
  const Group *group = &search->group;
  guint64 memory_bytes, cpus;
  int next = -1;

  largest_rest (search, n_more, &memory_bytes, &cpus);
  for (guint i = 0; i < search->n_eligible; i++)
    {
      guint index = search->eligible[i];
      const NvCandidate *node = &search->candidates->nodes[index];

      if (search->taken[index] || (next >= 0 && search->away[index] >= search->away[next]))
        continue;
      if (group->memory_bytes + node->left_bytes + memory_bytes >= search->memory_bytes
          && group->n_cpus + node->n_cpus + cpus >= search->vcpus)
        next = (int)index;
    }
  return next;
}

static void
grow (Search *search, guint start, guint size)
{
  int next = (int)start;

  forget (search);
  for (guint n = 1; next >= 0; n++)
    {
      take (search, (guint)next);
      next = n < size ? find_next (search, size - n - 1) : -1;
    }
}

static void
try_near (Search *search)
{
  for (guint size = 3; size <= search->n_eligible && search->best.n_members == 0; size++)
    {
      guint64 memory_bytes, cpus;

      forget (search);
      largest_rest (search, size, &memory_bytes, &cpus);
      if (memory_bytes < search->memory_bytes || cpus < search->vcpus)
        continue;
      for (guint i = 0; i < search->n_eligible; i++)
        {
          grow (search, search->eligible[i], size);
          consider (search);
        }
    }
}

static gint
compare_memory (gconstpointer a, gconstpointer b, gpointer nodes)
{
  guint64 left_a = ((const NvCandidate *)nodes)[*(const guint *)a].left_bytes;
  guint64 left_b = ((const NvCandidate *)nodes)[*(const guint *)b].left_bytes;

  return (left_a < left_b) - (left_a > left_b);
}

static gint
compare_cpus (gconstpointer a, gconstpointer b, gpointer nodes)
{
  guint cpus_a = ((const NvCandidate *)nodes)[*(const guint *)a].n_cpus;
  guint cpus_b = ((const NvCandidate *)nodes)[*(const guint *)b].n_cpus;

  return (cpus_a < cpus_b) - (cpus_a > cpus_b);
}

static void
search_prepare (Search *search)
{
  guint n = search->candidates->n_nodes;

  search->eligible = g_new (guint, n);
  search->group.members = g_new (guint, n);
  search->best.members = g_new (guint, n);
  search->taken = g_new0 (gboolean, n);
  search->away = g_new0 (guint64, n);
  for (guint i = 0; i < n; i++)
    if (search->vcpus == 0 || search->candidates->nodes[i].n_cpus > 0)
      search->eligible[search->n_eligible++] = i;
}

static void
search_sort (Search *search)
{
  search->by_memory = g_memdup2 (search->eligible, search->n_eligible * sizeof (guint));
  search->by_cpus = g_memdup2 (search->eligible, search->n_eligible * sizeof (guint));
  g_qsort_with_data (search->by_memory, (gint)search->n_eligible, sizeof (guint), compare_memory,
                     search->candidates->nodes);
  g_qsort_with_data (search->by_cpus, (gint)search->n_eligible, sizeof (guint), compare_cpus,
                     search->candidates->nodes);
}

static void
search_clear (Search *search)
{
  g_free (search->eligible);
  g_free (search->by_memory);
  g_free (search->by_cpus);
  g_free (search->group.members);
  g_free (search->best.members);
  g_free (search->taken);
  g_free (search->away);
}

NvSet *
nv_candidates_nearest (const NvCandidates *candidates, guint64 memory_bytes, guint vcpus)
{
  Search search = { .candidates = candidates, .memory_bytes = memory_bytes, .vcpus = vcpus };
  NvSet *nodes = NULL;

  search_prepare (&search);
  try_one (&search);
  if (search.best.n_members == 0)
    try_two (&search);
  if (search.best.n_members == 0 && search.n_eligible <= MAX_EXACT)
    try_all (&search);
  else if (search.best.n_members == 0)
    {
      search_sort (&search);
      try_near (&search);
    }
  if (search.best.n_members > 0)
    nodes = nv_set_new ();
  for (guint i = 0; i < search.best.n_members; i++)
    nv_set_add (nodes, candidates->nodes[search.best.members[i]].os_index);
  search_clear (&search);
  return nodes;
}
