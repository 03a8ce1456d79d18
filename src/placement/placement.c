#include "placement/placement.h"

#include <string.h>

static void
region_free (gpointer data)
{
  NvRegion *region = data;

  nv_set_free (region->nodes);
  g_array_unref (region->shares);
  g_free (region);
}

NvPlacement *
nv_placement_new (const char *policy)
{
  NvPlacement *placement = g_new0 (NvPlacement, 1);

  placement->policy = g_strdup (policy);
  placement->regions = g_ptr_array_new_with_free_func (region_free);
  return placement;
}

void
nv_placement_free (NvPlacement *placement)
{
  if (!placement)
    return;
  g_free (placement->policy);
  nv_set_free (placement->cpu_nodes);
  nv_set_free (placement->vcpu_cpus);
  nv_set_free (placement->emulator_cpus);
  g_ptr_array_unref (placement->regions);
  nv_set_free (placement->candidates);
  nv_set_free (placement->skipped);
  g_free (placement->note);
  g_free (placement);
}

NvRegion *
nv_placement_add_region (NvPlacement *placement, guint64 size_bytes, NvMemoryMode mode, const NvSet *nodes)
{
  NvRegion *region = g_new0 (NvRegion, 1);

  region->size_bytes = size_bytes;
  region->mode = mode;
  region->nodes = nv_set_copy (nodes);
  region->shares = g_array_sized_new (FALSE, FALSE, sizeof (NvShare), nodes ? nv_set_count (nodes) : 0);
  g_ptr_array_add (placement->regions, region);
  return region;
}

void
nv_region_add_share (NvRegion *region, guint node, guint64 bytes)
{
  NvShare share = { node, bytes };

  g_array_append_val (region->shares, share);
}

guint64
nv_placement_memory_bytes (const NvPlacement *placement)
{
  guint64 bytes = 0;

  for (guint i = 0; i < placement->regions->len; i++)
    bytes += ((const NvRegion *)g_ptr_array_index (placement->regions, i))->size_bytes;
  return bytes;
}

NvSet *
nv_placement_nodes (const NvPlacement *placement)
{
  NvSet *nodes = nv_set_new ();

  for (guint i = 0; i < placement->regions->len; i++)
    {
      const NvRegion *region = g_ptr_array_index (placement->regions, i);

      if (region->nodes)
        nv_set_add_all (nodes, region->nodes);
    }
  return nodes;
}

static gboolean
shares_are_equal (const NvRegion *region)
{
  const NvShare *first = &g_array_index (region->shares, NvShare, 0);

  /* An interleaved region differs by at most one page a node, which nobody wants to read. */
  for (guint i = 1; i < region->shares->len; i++)
    {
      const NvShare *share = &g_array_index (region->shares, NvShare, i);
      guint64 difference =
          share->bytes > first->bytes ? share->bytes - first->bytes : first->bytes - share->bytes;

      if (difference * 200 > region->size_bytes)
        return FALSE;
    }
  return TRUE;
}

static void
format_exact (GString *text, const NvRegion *region, const char *nodes)
{
  guint n_nodes = nv_set_count (region->nodes);

  if (n_nodes == 1)
    g_string_append_printf (text, "node %s", nodes);
  else if (region->shares->len == n_nodes && shares_are_equal (region))
    g_string_append_printf (text, "%s, %.3g%% each", nodes, 100.0 / n_nodes);
  else
    for (guint i = 0; i < region->shares->len; i++)
      {
        const NvShare *share = &g_array_index (region->shares, NvShare, i);

        g_string_append_printf (text, "%s%u: %.3g%%", i > 0 ? ", " : "", share->node,
                                100.0 * (double)share->bytes / (double)region->size_bytes);
      }
}

char *
nv_placement_format_memory (const NvPlacement *placement)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < placement->regions->len; i++)
    {
      const NvRegion *region = g_ptr_array_index (placement->regions, i);
      g_autofree char *nodes = region->nodes ? nv_set_format (region->nodes) : NULL;

      if (i > 0)
        g_string_append (text, "; ");
      if (!nodes || region->expectation == NV_EXPECT_ANY)
        g_string_append (text, "anywhere");
      else if (region->expectation == NV_EXPECT_EXACT)
        format_exact (text, region, nodes);
      else
        g_string_append_printf (text, "within %s", nodes);
    }
  return g_string_free (text, FALSE);
}

char *
nv_placement_format_cpus (const NvPlacement *placement)
{
  g_autofree char *nodes = NULL;

  if (!placement->cpu_nodes)
    return g_strdup ("free");
  nodes = nv_set_format (placement->cpu_nodes);
  return g_strdup_printf ("%s %s", nv_set_count (placement->cpu_nodes) == 1 ? "node" : "nodes", nodes);
}

static const char *const mode_names[] = {
  [NV_MEMORY_DEFAULT] = "default",         [NV_MEMORY_STRICT] = "strict",
  [NV_MEMORY_PREFERRED] = "preferred",     [NV_MEMORY_INTERLEAVE] = "interleave",
  [NV_MEMORY_RESTRICTIVE] = "restrictive",
};

static const char *const expectation_names[] = {
  [NV_EXPECT_ANY] = "any",
  [NV_EXPECT_WITHIN] = "within",
  [NV_EXPECT_EXACT] = "exact",
  [NV_EXPECT_LEARNED] = "learned",
};

static int
find_name (const char *const *names, guint n_names, const char *name)
{
  for (guint i = 0; i < n_names; i++)
    if (strcmp (names[i], name) == 0)
      return (int)i;
  return -1;
}

const char *
nv_memory_mode_name (NvMemoryMode mode)
{
  return mode_names[mode];
}

gboolean
nv_memory_mode_parse (const char *name, NvMemoryMode *ret_mode)
{
  int found = find_name (mode_names, G_N_ELEMENTS (mode_names), name);

  if (found >= 0)
    *ret_mode = (NvMemoryMode)found;
  return found >= 0;
}

const char *
nv_expectation_name (NvExpectation expectation)
{
  return expectation_names[expectation];
}

gboolean
nv_expectation_parse (const char *name, NvExpectation *ret_expectation)
{
  int found = find_name (expectation_names, G_N_ELEMENTS (expectation_names), name);

  if (found >= 0)
    *ret_expectation = (NvExpectation)found;
  return found >= 0;
}
