#include "bench/buffer.h"
#include "bench/proc.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THP_ENABLED "sys/kernel/mm/transparent_hugepage/enabled"

enum
{
  QUERY_BATCH = 4096,
};

/* What is found on the way over a buffer. */
struct count
{
  const struct nv_pages *pages;
  struct nv_residence *residence;
  size_t step;              /* bytes that one entry stands for */
  uint64_t elsewhere_bytes; /* of pages that must be on one node, or on one of several, and are not */
  void *addresses[QUERY_BATCH];
  int targets[QUERY_BATCH];
  int nodes[QUERY_BATCH];
  size_t n;
};

static bool
is_allowed (const struct nv_pages *pages, int node, int target)
{
  if (target >= 0)
    return node == target;
  if (pages->policy != NV_PAGES_BIND)
    return true;
  for (size_t i = 0; i < pages->n_nodes; i++)
    if (pages->nodes[i].node == (unsigned)node)
      return true;
  return false;
}

/* Asks where the pages of the batch are, and empties it. 0 or -errno. */
static int
count_batch (struct count *count)
{
  struct nv_residence *residence = count->residence;
  int result = nv_query_nodes (count->addresses, count->n, count->nodes);

  for (size_t i = 0; result == 0 && i < count->n; i++)
    {
      int node = count->nodes[i], target = count->targets[i];

      if (node < 0 || node >= NV_MAX_NODES) /* not touched */
        continue;
      residence->resident_bytes += count->step;
      residence->node_bytes[node] += count->step;
      if (target >= 0)
        residence->wanted_bytes[target] += count->step;
      if (!is_allowed (count->pages, node, target))
        count->elsewhere_bytes += count->step;
    }
  count->n = 0;
  return result;
}

static int
count_pages (struct count *count, struct nv_page_walk *walk)
{
  char *address;
  int target, result = 0;

  while (result == 0 && nv_page_walk_next (walk, &address, &target))
    for (size_t offset = 0; result == 0 && offset < count->pages->page_bytes; offset += count->step)
      {
        count->addresses[count->n] = address + offset;
        count->targets[count->n++] = target;
        if (count->n == QUERY_BATCH)
          result = count_batch (count);
      }
  return result == 0 && count->n > 0 ? count_batch (count) : result;
}

/* The largest difference of a node's share, less one page: the kernel decides where interleave begins. */
static double
compare_shares (const struct nv_residence *residence, uint64_t page_bytes)
{
  double largest = 0;

  for (size_t node = 0; node < residence->n_nodes; node++)
    {
      double difference = fabs ((double)residence->node_bytes[node] - (double)residence->wanted_bytes[node]);

      difference -= (double)page_bytes;
      largest = difference > largest ? difference : largest;
    }
  return largest / (double)residence->resident_bytes;
}

static double
find_mismatch (const struct count *count)
{
  const struct nv_residence *residence = count->residence;

  if (residence->resident_bytes == 0)
    return 0;
  if (count->pages->policy == NV_PAGES_INTERLEAVE)
    return compare_shares (residence, count->pages->page_bytes);
  return (double)count->elsewhere_bytes / (double)residence->resident_bytes;
}

/* Each page in use lies wholly in the mapping, so that each can be huge. */
static void
look_at_kind (const struct nv_pages *pages, const struct nv_buffer *buffer, struct nv_residence *residence)
{
  uint64_t start = (uintptr_t)buffer->mapping;
  struct nv_page_walk walk;
  double share;

  if (nv_proc_huge_bytes ("/", getpid (), start, start + buffer->mapping_bytes, &residence->huge_bytes) < 0)
    return;
  nv_page_walk_begin (&walk, pages, buffer, NULL, 0);
  share = (double)residence->huge_bytes / ((double)(walk.end - walk.page) * (double)pages->page_bytes);
  share = share < 1 ? share : 1;
  if (pages->kind != NV_PAGE_HUGETLB)
    residence->kind_mismatch = pages->kind == NV_PAGE_THP ? 1 - share : share;
}

/* Where nothing was asked, only how much is where is of interest, and numa_maps says it with no system call
 * that a container may forbid. It also counts pages that NUMA balancing, which leaves alone what has a
 * policy, has made inaccessible for a while: move_pages of Linux 6.1 takes those for absent. 0 or -errno. */
static int
count_first_touched (const struct nv_buffer *buffer, struct nv_residence *residence)
{
  uint64_t start = (uintptr_t)buffer->mapping;
  int result = nv_proc_numa_bytes ("/", getpid (), start, start + buffer->mapping_bytes, NV_MAX_NODES,
                                   residence->node_bytes);

  for (size_t node = 0; result == 0 && node < NV_MAX_NODES; node++)
    residence->resident_bytes += residence->node_bytes[node];
  return result;
}

static int
count_each_page (struct count *count, const struct nv_buffer *buffer, const struct nv_owner *owners,
                 size_t n_owners)
{
  struct nv_page_walk walk;

  /* Where all are huge pages, each is on one node; else a stretch may be base pages on several. */
  count->step = count->pages->kind == NV_PAGE_HUGETLB || count->residence->huge_bytes == buffer->mapping_bytes
                    ? count->pages->page_bytes
                    : (size_t)sysconf (_SC_PAGESIZE);
  nv_page_walk_begin (&walk, count->pages, buffer, owners, n_owners);
  return count_pages (count, &walk);
}

/* With both arrays of NV_MAX_NODES, of which n_nodes are in use at the end. */
static int
fill_in (struct count *count, const struct nv_buffer *buffer, const struct nv_owner *owners, size_t n_owners)
{
  const struct nv_pages *pages = count->pages;
  struct nv_residence *residence = count->residence;
  int result = -ENOENT;

  look_at_kind (pages, buffer, residence);
  if (pages->policy == NV_PAGES_FIRST_TOUCH)
    result = count_first_touched (buffer, residence);
  if (result < 0)
    result = count_each_page (count, buffer, owners, n_owners);
  if (result < 0)
    return result;
  if (pages->kind == NV_PAGE_HUGETLB)
    residence->huge_bytes = residence->resident_bytes;
  for (size_t node = 0; node < NV_MAX_NODES; node++)
    if (residence->node_bytes[node] > 0 || residence->wanted_bytes[node] > 0)
      residence->n_nodes = node + 1;
  residence->mismatch = find_mismatch (count);
  return 0;
}

int
nv_buffer_residence (const struct nv_pages *pages, const struct nv_buffer *buffer,
                     const struct nv_owner *owners, size_t n_owners, struct nv_residence *ret_residence,
                     struct nv_message *message)
{
  struct nv_residence residence = { 0 };
  struct count *count = calloc (1, sizeof *count);
  int result = -ENOMEM;

  residence.node_bytes = calloc (NV_MAX_NODES, sizeof *residence.node_bytes);
  residence.wanted_bytes = calloc (NV_MAX_NODES, sizeof *residence.wanted_bytes);
  if (count && residence.node_bytes && residence.wanted_bytes)
    {
      count->pages = pages;
      count->residence = &residence;
      result = fill_in (count, buffer, owners, n_owners);
    }
  free (count);
  if ((result == -EPERM || result == -ENOSYS) && pages->policy == NV_PAGES_FIRST_TOUCH)
    result = 0;
  if (result < 0)
    {
      nv_residence_clear (&residence);
      return nv_fail_placing (pages, "move_pages", -result, message);
    }
  residence.holds = residence.mismatch <= NV_MISMATCH_LIMIT && residence.kind_mismatch <= NV_MISMATCH_LIMIT;
  *ret_residence = residence;
  return 0;
}

void
nv_residence_clear (struct nv_residence *residence)
{
  free (residence->node_bytes);
  free (residence->wanted_bytes);
  memset (residence, 0, sizeof *residence);
}

/* "66.0 % on node 0, 34.0 % on node 1" */
static void
format_nodes (const struct nv_residence *residence, char *text, size_t size)
{
  size_t used = 0;

  text[0] = '\0';
  for (size_t node = 0; node < residence->n_nodes && used < size; node++)
    if (residence->node_bytes[node])
      used += (size_t)snprintf (text + used, size - used, "%s%.1f %% on node %zu", used ? ", " : "",
                                100 * (double)residence->node_bytes[node] / (double)residence->resident_bytes,
                                node);
}

void
nv_residence_explain (const struct nv_pages *pages, const struct nv_residence *residence, char *text,
                      size_t size)
{
  char found[192], enabled[32] = "";

  if (residence->mismatch > NV_MISMATCH_LIMIT)
    {
      format_nodes (residence, found, sizeof found);
      snprintf (text, size, "%.1f %% is elsewhere: %s", 100 * residence->mismatch, found);
    }
  else if (pages->kind != NV_PAGE_THP)
    snprintf (text, size, "%.1f %% is in huge pages, none was asked for", 100 * residence->kind_mismatch);
  else
    {
      nv_proc_setting ("/", THP_ENABLED, enabled, sizeof enabled);
      snprintf (text, size, "huge pages: %.0f %% of what was asked: %s", 100 * (1 - residence->kind_mismatch),
                strcmp (enabled, "never") == 0
                    ? "echo madvise > /" THP_ENABLED " allows them"
                    : "no more were free: echo 1 > /proc/sys/vm/compact_memory, or --page-size 2M");
    }
}
