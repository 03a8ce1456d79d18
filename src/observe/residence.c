#include "observe/residence.h"
#include "base/error.h"
#include "base/size.h"
#include "bench/proc.h"

#include <errno.h>
#include <math.h>

#define THP "sys/kernel/mm/transparent_hugepage/"

/* Shares are quotients; a page of a guest of 1 TiB is more than this. */
#define ROUNDING 1e-10

void
nv_residence_free (NvResidence *residence)
{
  if (!residence)
    return;
  g_array_unref (residence->nodes);
  g_free (residence);
}

guint64
nv_residence_on_node (const NvResidence *residence, guint node)
{
  guint64 bytes = 0;

  for (guint i = 0; i < residence->nodes->len; i++)
    {
      const NvResident *resident = &g_array_index (residence->nodes, NvResident, i);

      if (resident->node == node)
        bytes += resident->resident_bytes;
    }
  return bytes;
}

/* @result: a negative errno; @size_bytes: that it is about. */
static void
set_error (GError **error, int pid, int result, guint64 size_bytes)
{
  g_autofree char *size = nv_size_format (size_bytes);

  switch (-result)
    {
    case ESRCH:
      g_set_error (error, NV_ERROR, NV_ERROR_NOT_FOUND, "process %d has ended, or there is none", pid);
      return;
    case ENXIO:
      g_set_error (error, NV_ERROR, NV_ERROR_NOT_FOUND,
                   "process %d has no memory of %s that can be its guest's: is it a QEMU?", pid, size);
      return;
    case ENOTUNIQ:
      g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE,
                   "process %d has more memory of %s than its guest's: which is which cannot be told", pid,
                   size);
      return;
    case EACCES:
    case EPERM:
      g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE,
                   "the memory of process %d may not be looked at: run it as root, or as that process's user",
                   pid);
      return;
    case ENOENT:
      g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE,
                   "this kernel does not say on which nodes memory is: it has no numa_maps");
      return;
    case EBADMSG:
      g_set_error (error, NV_ERROR, NV_ERROR_PARSE,
                   "the maps and numa_maps of process %d do not look as they should", pid);
      return;
    default:
      g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot read the memory of process %d: %s", pid,
                   g_strerror (-result));
    }
}

/* Which small pages are of a transparent huge page cannot be seen here: they may all be. */
static guint64
largest_page_bytes (const char *root, const struct nv_proc_residents *residents)
{
  char enabled[16] = "never";
  guint64 largest_bytes = 0, thp_bytes = 0;

  nv_proc_setting (root, THP "enabled", enabled, sizeof enabled);
  if (!g_str_equal (enabled, "never"))
    nv_proc_number (root, THP "hpage_pmd_size", &thp_bytes);
  for (gsize i = 0; i < residents->length; i++)
    largest_bytes = MAX (largest_bytes, residents->items[i].page_bytes);
  return MAX (largest_bytes, thp_bytes);
}

NvResidence *
nv_residence_read (const char *root, int pid, const guint64 *sizes, gsize n_sizes, GError **error)
{
  g_autofree struct nv_proc_range *ranges = g_new0 (struct nv_proc_range, n_sizes);
  struct nv_proc_residents residents = { 0 };
  guint64 size_bytes = 0;
  NvResidence *residence;
  int result = nv_proc_find_ranges (root, pid, sizes, n_sizes, ranges, &size_bytes);

  if (result == 0)
    result = nv_proc_residents_read (root, pid, ranges, n_sizes, &residents);
  if (result < 0)
    {
      set_error (error, pid, result, size_bytes);
      return NULL;
    }
  residence = g_new0 (NvResidence, 1);
  residence->nodes = g_array_new (FALSE, FALSE, sizeof (NvResident));
  residence->largest_page_bytes = largest_page_bytes (root, &residents);
  for (gsize i = 0; i < n_sizes; i++)
    residence->ram_bytes += sizes[i];
  for (gsize i = 0; i < residents.length; i++)
    {
      const struct nv_proc_resident *item = &residents.items[i];
      NvResident resident = { item->node, item->page_bytes, item->bytes };

      residence->resident_bytes += item->bytes;
      g_array_append_val (residence->nodes, resident);
    }
  nv_proc_residents_clear (&residents);
  return residence;
}

/* What the regions promise together. */
static NvExpectation
expectation_of (const NvPlacement *placement)
{
  NvExpectation expectation = placement->regions->len > 0 ? NV_EXPECT_EXACT : NV_EXPECT_ANY;

  for (guint i = 0; i < placement->regions->len; i++)
    {
      const NvRegion *region = g_ptr_array_index (placement->regions, i);

      if (!region->nodes || region->expectation == NV_EXPECT_ANY || region->expectation == NV_EXPECT_LEARNED)
        return NV_EXPECT_ANY;
      if (region->expectation == NV_EXPECT_WITHIN)
        expectation = NV_EXPECT_WITHIN;
    }
  return expectation;
}

/* Nodes that hold pages or should, ascending. */
static NvSet *
nodes_of (const NvResidence *residence, const NvPlacement *placement)
{
  NvSet *nodes = nv_placement_nodes (placement);

  for (guint i = 0; i < residence->nodes->len; i++)
    nv_set_add (nodes, g_array_index (residence->nodes, NvResident, i).node);
  return nodes;
}

static NvHolds
check_within (const NvResidence *residence, const NvPlacement *placement, char **ret_reason)
{
  g_autoptr (NvSet) declared = nv_placement_nodes (placement);
  g_autoptr (NvSet) nodes = nodes_of (residence, placement);
  g_autoptr (NvSet) wrong = nv_set_new ();
  g_autofree char *size = NULL, *where = NULL;
  guint64 bytes = 0;

  NV_SET_FOREACH (node, nodes)
  {
    guint64 here_bytes = nv_residence_on_node (residence, (guint)node);

    if (here_bytes == 0 || nv_set_contains (declared, (guint)node))
      continue;
    nv_set_add (wrong, (guint)node);
    bytes += here_bytes;
  }
  if (bytes == 0)
    return NV_HOLDS;
  size = nv_size_format (bytes);
  where = nv_set_format (wrong);
  *ret_reason =
      g_strdup_printf ("%s are on %s %s", size, nv_set_count (wrong) == 1 ? "node" : "nodes", where);
  return NV_HOLDS_NOT;
}

/* The share of all regions that is declared for a node, 0 to 1. */
static double
declared_share (const NvPlacement *placement, guint node)
{
  double here = 0, all = 0;

  for (guint i = 0; i < placement->regions->len; i++)
    {
      const NvRegion *region = g_ptr_array_index (placement->regions, i);

      for (guint j = 0; j < region->shares->len; j++)
        {
          const NvShare *share = &g_array_index (region->shares, NvShare, j);

          all += (double)share->bytes;
          here += share->node == node ? (double)share->bytes : 0;
        }
    }
  return all > 0 ? here / all : 0;
}

static NvHolds
check_exact (const NvResidence *residence, const NvPlacement *placement, char **ret_reason)
{
  g_autoptr (NvSet) nodes = nodes_of (residence, placement);
  double resident = (double)residence->resident_bytes;
  double tolerance = MAX (0.01, 2 * (double)residence->largest_page_bytes / resident);
  double worst = 0, worst_here = 0, worst_declared = 0;
  guint worst_node = 0;

  /* Where too much is says more than from where it is missing: of equal differences, that is named. */
  NV_SET_FOREACH (node, nodes)
  {
    double here = (double)nv_residence_on_node (residence, (guint)node) / resident;
    double declared = declared_share (placement, (guint)node);
    double difference = fabs (here - declared) + (here > declared ? ROUNDING : 0);

    if (difference <= worst)
      continue;
    worst = difference;
    worst_node = (guint)node;
    worst_here = here;
    worst_declared = declared;
  }
  /* What is on the border holds. */
  if (worst <= tolerance + 2 * ROUNDING)
    return NV_HOLDS;
  if (worst_declared > 0)
    *ret_reason = g_strdup_printf ("%.1f%% are on node %u, not %.1f%%", 100 * worst_here, worst_node,
                                   100 * worst_declared);
  else
    {
      g_autofree char *size = nv_size_format (nv_residence_on_node (residence, worst_node));

      *ret_reason = g_strdup_printf ("%s are on node %u", size, worst_node);
    }
  return NV_HOLDS_NOT;
}

NvHolds
nv_residence_check (const NvResidence *residence, const NvPlacement *placement, char **ret_reason)
{
  NvExpectation expectation = expectation_of (placement);

  *ret_reason = NULL;
  if (expectation == NV_EXPECT_ANY || residence->resident_bytes == 0)
    return NV_HOLDS_NOTHING;
  return expectation == NV_EXPECT_EXACT ? check_exact (residence, placement, ret_reason)
                                        : check_within (residence, placement, ret_reason);
}

const char *
nv_holds_name (NvHolds holds)
{
  static const char *const names[] = {
    [NV_HOLDS] = "yes",
    [NV_HOLDS_NOT] = "no",
    [NV_HOLDS_NOTHING] = "nothing declared",
  };

  return names[holds];
}
