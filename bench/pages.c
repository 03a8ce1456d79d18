#include "bench/bench.h"

#include "bench/list.h"
#include "bench/proc.h"
#include "bench/rng.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <numa.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

enum
{
  MAX_WEIGHT = 65535,
  MAX_HUGE_SIZES = 16,
  LIST_BYTES = 256, /* of a list of nodes in a message */
  KEPT_BYTES = 256 << 20,
};

#define EXAMPLES                                                                                             \
  "first-touch, local, bind:0-2, interleave:0-3, random:0-3, round-robin:0-3, weighted:0=3,1=1 or mixed"

enum nodes_given
{
  NODES_NEVER,
  NODES_MAYBE,
  NODES_ALWAYS,
  NODES_WEIGHTED, /* always, with their weights */
};

static const struct form
{
  const char *name;
  const char *letter; /* (nullable): the original's */
  enum nv_pages_policy policy;
  enum nodes_given nodes;
} forms[] = {
  { "first-touch", NULL, NV_PAGES_FIRST_TOUCH, NODES_NEVER },
  { "local", "l", NV_PAGES_LOCAL, NODES_NEVER },
  { "bind", NULL, NV_PAGES_BIND, NODES_ALWAYS },
  { "interleave", "i", NV_PAGES_INTERLEAVE, NODES_MAYBE },
  { "random", "r", NV_PAGES_RANDOM, NODES_MAYBE },
  { "round-robin", NULL, NV_PAGES_ROUND_ROBIN, NODES_MAYBE },
  { "weighted", NULL, NV_PAGES_WEIGHTED, NODES_WEIGHTED },
  { "mixed", "m", NV_PAGES_MIXED, NODES_MAYBE },
};

enum
{
  N_FORMS = sizeof forms / sizeof *forms,
};

void
nv_pages_init (struct nv_pages *pages)
{
  *pages = (struct nv_pages){ .policy = NV_PAGES_FIRST_TOUCH,
                              .kind = NV_PAGE_BASE,
                              .page_bytes = (uint64_t)sysconf (_SC_PAGESIZE) };
}

static bool
is_word (const char *word, const char *text, size_t length)
{
  return word && strlen (word) == length && memcmp (word, text, length) == 0;
}

static const struct form *
find_form (const char *text, size_t length)
{
  for (size_t i = 0; i < N_FORMS; i++)
    if (is_word (forms[i].name, text, length) || is_word (forms[i].letter, text, length))
      return &forms[i];
  return NULL;
}

/* `0-2,5` or, with weights, `0=3,1-2=1`, to the end of @text. @list: where it begins there. */
static int
parse_nodes (const char *text, const char *list, bool weighted, struct nv_pages *pages,
             struct nv_message *message)
{
  bool named[NV_MAX_NODES] = { false };
  const char *at = list;
  unsigned first, last, weight = 1;

  for (bool more = true; more;)
    {
      if (!nv_list_range (&at, NV_MAX_NODES, &first, &last))
        return nv_fail (message, EINVAL, "pages '%s': '%s' is no list of nodes from 0 to %d, such as %s",
                        text, list, NV_MAX_NODES - 1, weighted ? "0=3,1=1" : "0-2,5");
      if (weighted && (*at != '=' || (at++, !nv_list_number (&at, MAX_WEIGHT + 1, &weight)) || weight == 0))
        return nv_fail (
            message, EINVAL,
            "pages '%s': node %u has no weight: a whole number from 1 to %d is allowed, as in 0=3,1=1", text,
            first, MAX_WEIGHT);
      for (unsigned node = first; node <= last; node++)
        {
          if (named[node])
            return nv_fail (message, EINVAL, "pages '%s': node %u is named twice", text, node);
          named[node] = true;
          pages->nodes[pages->n_nodes++] = (struct nv_node_weight){ node, weight };
        }
      if ((more = *at == ','))
        at++;
    }
  if (*at != '\0')
    return nv_fail (message, EINVAL, "pages '%s': '%s' does not belong to a list of nodes such as %s", text,
                    at, weighted ? "0=3,1=1" : "0-2,5");
  return 0;
}

int
nv_pages_parse (const char *text, struct nv_pages *pages, struct nv_message *message)
{
  size_t length = strcspn (text, ":");
  const struct form *form = find_form (text, length);
  struct nv_pages parsed = *pages;
  int result = 0;

  if (!form)
    return nv_fail (message, EINVAL, "pages '%s': %s is allowed", text, EXAMPLES);
  parsed.policy = form->policy;
  parsed.n_nodes = 0;
  if (text[length] == ':' && form->nodes == NODES_NEVER)
    return nv_fail (message, EINVAL, "pages '%s': '%s' is asked for without nodes", text, form->name);
  if (text[length] == ':')
    result = parse_nodes (text, text + length + 1, form->nodes == NODES_WEIGHTED, &parsed, message);
  else if (form->nodes >= NODES_ALWAYS)
    return nv_fail (message, EINVAL, "pages '%s': no nodes are named: %s is allowed", text, EXAMPLES);
  if (result == 0)
    *pages = parsed;
  return result;
}

static int
fail_page_size (const char *text, const uint64_t *sizes, size_t n_sizes, struct nv_message *message)
{
  char known[200] = "", size[24];

  for (size_t i = 0; i < n_sizes; i++)
    {
      size_t length = strlen (known);

      nv_format_size (sizes[i], size, sizeof size);
      snprintf (known + length, sizeof known - length, ", %s", size);
    }
  return nv_fail (message, EINVAL, "page size '%s': this kernel has 4K, thp%s%s", text,
                  n_sizes > 0 ? ", hugetlb" : "", known);
}

int
nv_pages_parse_size (const char *root, const char *text, struct nv_pages *pages, struct nv_message *message)
{
  static const char thp_path[] = "sys/kernel/mm/transparent_hugepage/hpage_pmd_size";
  enum nv_page_kind kind = NV_PAGE_HUGETLB;
  uint64_t sizes[MAX_HUGE_SIZES], bytes = 0;
  size_t n_sizes = 0;
  char size[24];

  nv_proc_huge_page_sizes (root, sizes, MAX_HUGE_SIZES, &n_sizes);
  if (strcmp (text, "4K") == 0)
    {
      kind = NV_PAGE_BASE;
      bytes = (uint64_t)sysconf (_SC_PAGESIZE);
    }
  else if (strcmp (text, "thp") == 0)
    {
      kind = NV_PAGE_THP;
      if (nv_proc_number (root, thp_path, &bytes) < 0)
        return nv_fail (message, EINVAL, "page size 'thp': this kernel has no transparent huge pages");
    }
  else if (strcmp (text, "hugetlb") == 0)
    {
      if (nv_proc_default_huge_page_bytes (root, &bytes) < 0)
        return nv_fail (message, EINVAL, "page size 'hugetlb': this kernel has no huge pages to reserve");
    }
  else
    for (size_t i = 0; i < n_sizes; i++)
      {
        nv_format_size (sizes[i], size, sizeof size);
        if (strcmp (text, size) == 0)
          bytes = sizes[i];
      }
  /* A page size is a power of two, whatever a file says. */
  if (bytes < 4096 || (bytes & (bytes - 1)) != 0)
    return fail_page_size (text, sizes, n_sizes, message);
  pages->kind = kind;
  pages->page_bytes = bytes;
  return 0;
}

/* Nodes with memory that this process may use, ascending; at least one. libnuma knows them from sysfs and
 * /proc/self/status, so also where its system calls are forbidden; without those there is one node. */
static size_t
find_usable_nodes (unsigned nodes[NV_MAX_NODES])
{
  size_t n_nodes = 0;
  int highest = numa_max_node ();

  for (int node = 0; node <= highest && node < NV_MAX_NODES; node++)
    if (numa_bitmask_isbitset (numa_all_nodes_ptr, (unsigned)node) && numa_node_size64 (node, NULL) != 0)
      nodes[n_nodes++] = (unsigned)node;
  if (n_nodes == 0)
    nodes[n_nodes++] = 0;
  return n_nodes;
}

/* With memory, whether or not this process may use them all: a cpuset may restrict it. */
static size_t
count_nodes (void)
{
  size_t n_nodes = 0;

  for (int node = 0; node <= numa_max_node (); node++)
    n_nodes += numa_bitmask_isbitset (numa_nodes_ptr, (unsigned)node) && numa_node_size64 (node, NULL) != 0;
  return n_nodes;
}

static bool
contains (const unsigned *nodes, size_t n_nodes, unsigned node)
{
  for (size_t i = 0; i < n_nodes; i++)
    if (nodes[i] == node)
      return true;
  return false;
}

int
nv_pages_resolve (struct nv_pages *pages, struct nv_message *message)
{
  unsigned usable[NV_MAX_NODES], missing[NV_MAX_NODES];
  size_t n_usable = find_usable_nodes (usable), n_missing = 0;
  char usable_list[LIST_BYTES], missing_list[LIST_BYTES], policy[LIST_BYTES];

  for (size_t i = 0; i < pages->n_nodes; i++)
    if (!contains (usable, n_usable, pages->nodes[i].node))
      missing[n_missing++] = pages->nodes[i].node;
  if (n_missing > 0)
    {
      nv_list_format (missing, n_missing, missing_list, sizeof missing_list);
      nv_list_format (usable, n_usable, usable_list, sizeof usable_list);
      nv_pages_format (pages, policy, sizeof policy);
      return nv_fail (message, ENODEV,
                      "pages '%.100s': nodes '%.100s': this process may use memory on %s %s here", policy,
                      missing_list, n_usable == 1 ? "node" : "nodes", usable_list);
    }
  if (pages->n_nodes == 0)
    for (; pages->n_nodes < n_usable; pages->n_nodes++)
      pages->nodes[pages->n_nodes] = (struct nv_node_weight){ usable[pages->n_nodes], 1 };
  return 0;
}

/* Of all nodes together the machine knows better: a hypervisor may bring memory online as it is touched, and
 * its nodes report less. Without /proc the kernel says at least what is free. */
static uint64_t
machine_available_bytes (void)
{
  struct nv_proc_memory memory;
  struct sysinfo info;

  if (nv_proc_machine_memory ("/", &memory) == 0)
    return memory.available;
  return sysinfo (&info) == 0 ? (uint64_t)info.freeram * info.mem_unit : UINT64_MAX;
}

static uint64_t
reserved_bytes (const struct nv_pages *pages)
{
  uint64_t free_pages = 0, promised = 0, total, free_on_node;

  for (size_t i = 0; i < pages->n_nodes; i++)
    if (nv_proc_huge_pages ("/", pages->nodes[i].node, pages->page_bytes, &total, &free_on_node) == 0)
      free_pages += free_on_node;
  nv_proc_promised_huge_pages ("/", pages->page_bytes, &promised);
  return (free_pages > promised ? free_pages - promised : 0) * pages->page_bytes;
}

uint64_t
nv_pages_available_bytes (const struct nv_pages *pages)
{
  uint64_t left_bytes = nv_proc_cgroup_left_bytes ("/"), sum = 0;
  struct nv_proc_memory memory;

  if (pages->kind == NV_PAGE_HUGETLB)
    return reserved_bytes (pages);
  if (pages->n_nodes == 0 || pages->n_nodes >= count_nodes ())
    sum = machine_available_bytes ();
  else
    for (size_t i = 0; i < pages->n_nodes && sum < UINT64_MAX; i++)
      if (nv_proc_node_memory ("/", pages->nodes[i].node, &memory) == 0)
        sum += memory.available;
      else
        sum = UINT64_MAX;
  return left_bytes < sum ? left_bytes : sum;
}

/* Whoever takes all that is available is ended by the kernel as soon as anybody needs some more. */
uint64_t
nv_room_bytes (uint64_t available_bytes)
{
  uint64_t kept = available_bytes / 20 > KEPT_BYTES ? available_bytes / 20 : KEPT_BYTES;

  return available_bytes - (kept < available_bytes / 4 ? kept : available_bytes / 4);
}

static void
format_weights (const struct nv_pages *pages, char *text, size_t size)
{
  size_t length = 0;

  for (size_t i = 0; i < pages->n_nodes && length < size; i++)
    length += (size_t)snprintf (text + length, size - length, "%s%u=%.0f", i > 0 ? "," : "",
                                pages->nodes[i].node, pages->nodes[i].weight);
}

void
nv_pages_format (const struct nv_pages *pages, char *text, size_t size)
{
  const struct form *form = forms;
  unsigned nodes[NV_MAX_NODES];
  size_t length;

  while (form->policy != pages->policy)
    form++;
  length = (size_t)snprintf (text, size, "%s%s", form->name,
                             form->nodes != NODES_NEVER && pages->n_nodes > 0 ? ":" : "");
  if (form->nodes == NODES_NEVER || length >= size)
    return;
  for (size_t i = 0; i < pages->n_nodes; i++)
    nodes[i] = pages->nodes[i].node;
  if (form->nodes == NODES_WEIGHTED)
    format_weights (pages, text + length, size - length);
  else
    nv_list_format (nodes, pages->n_nodes, text + length, size - length);
}

size_t
nv_pages_spread (const struct nv_node_weight *nodes, size_t n_nodes, uint64_t page)
{
  uint64_t dealt[NV_MAX_NODES], n_dealt = 0;
  double sum = 0, start;
  size_t next = 0;

  for (size_t i = 0; i < n_nodes; i++)
    sum += nodes[i].weight;
  /* At time t, s * t pages of a node are due, give or take a half: so up to here not more than @page are, and
   * not many fewer. */
  start = ((double)page - (double)n_nodes / 2 - 0.5) / sum;
  for (size_t i = 0; i < n_nodes; i++)
    {
      double due = nodes[i].weight * start + 0.5;

      dealt[i] = due > 0 ? (uint64_t)due : 0;
      n_dealt += dealt[i];
    }
  for (; n_dealt <= page; n_dealt++)
    {
      double earliest = INFINITY;

      for (size_t i = 0; i < n_nodes; i++)
        {
          double due = ((double)dealt[i] + 0.5) / nodes[i].weight;

          if (due < earliest)
            {
              earliest = due;
              next = i;
            }
        }
      dealt[next]++;
    }
  return next;
}

/* The kernel's way: 10 is a node's distance to itself, 0 that libnuma knows none. */
static double
distance (unsigned from, unsigned to)
{
  int known = numa_distance ((int)from, (int)to);

  return known > 0 ? known : 10;
}

/* Where an owner's memory is when it is local: on its node or, if that has none, the nearest that has. */
static int
nearest_node (const struct nv_pages *pages, unsigned owner_node)
{
  unsigned nearest = owner_node;
  double smallest = INFINITY;

  for (size_t i = 0; i < pages->n_nodes; i++)
    {
      double far = pages->nodes[i].node == owner_node ? 0 : distance (owner_node, pages->nodes[i].node);

      if (far < smallest)
        {
          smallest = far;
          nearest = pages->nodes[i].node;
        }
    }
  return (int)nearest;
}

static int
mixed_node (const struct nv_pages *pages, uint64_t page, unsigned owner_node)
{
  struct nv_node_weight nodes[NV_MAX_NODES];

  for (size_t i = 0; i < pages->n_nodes; i++)
    nodes[i] =
        (struct nv_node_weight){ pages->nodes[i].node, 1 / distance (owner_node, pages->nodes[i].node) };
  return (int)nodes[nv_pages_spread (nodes, pages->n_nodes, page)].node;
}

/* Of @n, by the high half of a product: a remainder would prefer the first. */
static size_t
draw_index (uint64_t draw, size_t n)
{
  return (size_t)(((unsigned __int128)draw * n) >> 64);
}

int
nv_pages_target (const struct nv_pages *pages, unsigned array, uint64_t page, unsigned owner_node)
{
  size_t n_nodes = pages->n_nodes, index = 0;

  if (pages->policy == NV_PAGES_LOCAL)
    return nearest_node (pages, owner_node);
  if (n_nodes == 0)
    return -1;
  switch (pages->policy)
    {
    case NV_PAGES_FIRST_TOUCH:
    case NV_PAGES_LOCAL:
      return -1;
    case NV_PAGES_BIND:
      return n_nodes == 1 ? (int)pages->nodes[0].node : -1;
    case NV_PAGES_INTERLEAVE:
      index = page % n_nodes;
      break;
    case NV_PAGES_RANDOM:
      index = draw_index (nv_rng_draw64 (pages->seed, array, page), n_nodes);
      break;
    case NV_PAGES_ROUND_ROBIN:
      index = array % n_nodes;
      break;
    case NV_PAGES_WEIGHTED:
      index = nv_pages_spread (pages->nodes, n_nodes, page);
      break;
    case NV_PAGES_MIXED:
      return mixed_node (pages, page, owner_node);
    }
  return (int)pages->nodes[index].node;
}
