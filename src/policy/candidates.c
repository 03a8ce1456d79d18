#include "policy/candidates.h"
#include "base/error.h"
#include "base/size.h"

/* How many nodes an error lists. */
#define MAX_LISTED 8

/* Shares in normal pages are whole multiples of this. Where the kernel's pages are larger, a share is off by
 * less than one of them. */
#define NORMAL_PAGE_BYTES 4096

static void
skip (NvCandidates *candidates, const NvCandidate *node)
{
  if (!candidates->skipped)
    candidates->skipped = nv_set_new ();
  nv_set_add (candidates->skipped, node->os_index);
}

static gboolean
is_among (const NvCandidate *node, const NvSet *among)
{
  return !among || nv_set_contains (among, node->os_index);
}

const NvCandidate *
nv_candidates_least (NvCandidates *candidates, const NvRequest *request, const NvSet *among,
                     NvCandidateKey key)
{
  const NvCandidate *best = NULL;
  guint64 best_key = 0;

  for (guint i = 0; i < candidates->n_nodes; i++)
    {
      const NvCandidate *node = &candidates->nodes[i];
      guint64 this_key;

      if (node->left_bytes < request->memory_bytes || !is_among (node, among))
        continue;
      this_key = key (candidates, request, node);
      if (!best || this_key < best_key || (this_key == best_key && node->left_bytes > best->left_bytes))
        {
          best = node;
          best_key = this_key;
        }
    }
  for (guint i = 0; best && i < candidates->n_nodes; i++)
    {
      const NvCandidate *node = &candidates->nodes[i];

      if (node->left_bytes < request->memory_bytes && is_among (node, among)
          && key (candidates, request, node) < best_key)
        skip (candidates, node);
    }
  return best;
}

NvSet *
nv_candidates_set (const NvCandidates *candidates)
{
  NvSet *nodes = nv_set_new ();

  for (guint i = 0; i < candidates->n_nodes; i++)
    nv_set_add (nodes, candidates->nodes[i].os_index);
  return nodes;
}

NvRegion *
nv_candidates_add_region (const NvRequest *request, NvMemoryMode mode, const NvSet *nodes,
                          NvExpectation expectation, NvPlacement *placement)
{
  NvRegion *region = nv_placement_add_region (placement, request->memory_bytes, mode, nodes);

  region->page_size_bytes = request->page_size_bytes;
  region->preallocate = request->preallocate;
  region->expectation = expectation;
  return region;
}

guint64
nv_candidates_page_bytes (const NvRequest *request)
{
  return request->page_size_bytes > 0 ? request->page_size_bytes : NORMAL_PAGE_BYTES;
}

/* The OS indexes of the candidates in @nodes, and what they have left together. */
static NvSet *
keep_candidates (const NvCandidates *candidates, const NvSet *nodes, guint64 *ret_left_bytes)
{
  NvSet *kept = nv_set_new ();

  *ret_left_bytes = 0;
  for (guint i = 0; i < candidates->n_nodes; i++)
    {
      const NvCandidate *node = &candidates->nodes[i];

      if (!nv_set_contains (nodes, node->os_index))
        continue;
      nv_set_add (kept, node->os_index);
      *ret_left_bytes += node->left_bytes;
    }
  return kept;
}

gboolean
nv_candidates_bind (const NvCandidates *candidates, const NvRequest *request, const NvSet *nodes,
                    NvPlacement *placement, GError **error)
{
  guint64 left, missing = request->memory_bytes;
  g_autoptr (NvSet) kept = keep_candidates (candidates, nodes, &left);
  gboolean is_one = nv_set_count (kept) == 1;
  NvRegion *region;

  if (left < missing)
    {
      g_autofree char *shown = nv_set_format (kept);

      return nv_candidates_set_no_fit (candidates, request, kept, error,
                                       is_one ? "node %s has less left" : "nodes %s have less left together",
                                       shown);
    }
  region = nv_candidates_add_region (request, NV_MEMORY_STRICT, kept,
                                     is_one ? NV_EXPECT_EXACT : NV_EXPECT_WITHIN, placement);
  for (guint i = 0; i < candidates->n_nodes && missing > 0; i++)
    {
      const NvCandidate *node = &candidates->nodes[i];
      guint64 share = MIN (node->left_bytes, missing);

      if (share == 0 || !nv_set_contains (kept, node->os_index))
        continue;
      nv_region_add_share (region, node->os_index, share);
      missing -= share;
    }
  return TRUE;
}

gboolean
nv_candidates_bind_least (NvCandidates *candidates, const NvRequest *request, NvCandidateKey key,
                          NvPlacement *placement, const NvCandidate **ret_node, GError **error)
{
  const NvCandidate *node = nv_candidates_least (candidates, request, NULL, key);
  g_autoptr (NvSet) nodes = NULL;

  if (!node)
    {
      g_autofree char *all = NULL;

      nodes = nv_candidates_set (candidates);
      all = nv_set_format (nodes);
      return nv_candidates_set_no_fit (candidates, request, NULL, error, "no node of %s has that much left",
                                       all);
    }
  if (ret_node)
    *ret_node = node;
  nodes = nv_set_new ();
  nv_set_add (nodes, node->os_index);
  return nv_candidates_bind (candidates, request, nodes, placement, error);
}

static gint
compare_left (gconstpointer a, gconstpointer b)
{
  const NvCandidate *one = a, *other = b;

  if (one->left_bytes != other->left_bytes)
    return one->left_bytes < other->left_bytes ? 1 : -1;
  return (one->os_index > other->os_index) - (one->os_index < other->os_index);
}

/* ` (0: 412 MiB, 1: 3071 MiB)`. In MiB even where they are many, rounded down: what is needed is said in MiB
 * too, and 3.0 GiB would not show that 3072 MiB do not fit into 3071. */
static void
append_left (GString *text, const NvCandidates *candidates, const NvSet *listed)
{
  g_autoptr (GArray) nodes = g_array_new (FALSE, FALSE, sizeof (NvCandidate));

  for (guint i = 0; i < candidates->n_nodes; i++)
    if (is_among (&candidates->nodes[i], listed))
      g_array_append_val (nodes, candidates->nodes[i]);
  if (nodes->len > MAX_LISTED)
    g_array_sort (nodes, compare_left);
  for (guint i = 0; i < MIN (nodes->len, MAX_LISTED); i++)
    {
      const NvCandidate *node = &g_array_index (nodes, NvCandidate, i);

      g_string_append_printf (text, "%s%u: %" G_GUINT64_FORMAT " MiB", i > 0 ? ", " : " (", node->os_index,
                              node->left_bytes / NV_MIB);
    }
  if (nodes->len > MAX_LISTED)
    g_string_append_printf (text, ", and %u more with no more than that", nodes->len - MAX_LISTED);
  if (nodes->len > 0)
    g_string_append_c (text, ')');
}

gboolean
nv_candidates_set_no_fit (const NvCandidates *candidates, const NvRequest *request, const NvSet *listed,
                          GError **error, const char *format, ...)
{
  GString *text = g_string_new (NULL);
  va_list args;

  g_string_append_printf (text, "memory %" G_GUINT64_FORMAT " MiB", request->memory_bytes / NV_MIB);
  if (request->page_size_bytes > 0)
    {
      g_autofree char *page = nv_size_format (request->page_size_bytes);

      g_string_append_printf (text, " in pages of %s", page);
    }
  g_string_append (text, ": ");
  va_start (args, format);
  g_string_append_vprintf (text, format, args);
  va_end (args);
  append_left (text, candidates, listed);
  g_set_error_literal (error, NV_ERROR, NV_ERROR_NO_FIT, text->str);
  g_string_free (text, TRUE);
  return FALSE;
}
