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

static guint64
weight_of (const NvCandidates *candidates, const NvCandidate *node, gboolean use_total)
{
  const NvNode *there = g_ptr_array_index (candidates->host->nodes, node->position);

  return use_total ? there->memory_total_bytes : node->left_bytes;
}

static guint64
sum_weights (const NvCandidates *candidates, const NvSet *among, gboolean use_total)
{
  guint64 sum = 0;

  for (guint i = 0; i < candidates->n_nodes; i++)
    if (is_among (&candidates->nodes[i], among))
      sum += weight_of (candidates, &candidates->nodes[i], use_total);
  return sum;
}

void
nv_candidates_estimate (const NvCandidates *candidates, const NvRequest *request, const NvSet *among,
                        NvRegion *region)
{
  guint64 page = nv_candidates_page_bytes (request);
  guint64 pages = request->memory_bytes / page;
  gboolean use_total = sum_weights (candidates, among, FALSE) == 0;
  guint64 all = sum_weights (candidates, among, use_total);
  guint64 weight_so_far = 0, given = 0;

  /* Rounded by running sums, so that no page is lost. */
  for (guint i = 0; i < candidates->n_nodes; i++)
    {
      const NvCandidate *node = &candidates->nodes[i];
      guint64 until_here;

      if (!is_among (node, among))
        continue;
      weight_so_far += weight_of (candidates, node, use_total);
      until_here = (guint64)((unsigned __int128)pages * weight_so_far / all);
      if (until_here > given)
        nv_region_add_share (region, node->os_index, (until_here - given) * page);
      given = until_here;
    }
}

gboolean
nv_candidates_bind (const NvCandidates *candidates, const NvRequest *request, const NvSet *nodes,
                    NvPlacement *placement, GError **error)
{
  guint64 left;
  g_autoptr (NvSet) kept = keep_candidates (candidates, nodes, &left);
  gboolean is_one = nv_set_count (kept) == 1;
  NvRegion *region;

  if (left < request->memory_bytes)
    return nv_candidates_set_too_full (candidates, request, kept, candidates->which, TRUE, error);
  region = nv_candidates_add_region (request, NV_MEMORY_STRICT, kept,
                                     is_one ? NV_EXPECT_EXACT : NV_EXPECT_WITHIN, placement);
  nv_candidates_estimate (candidates, request, kept, region);
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
      nodes = nv_candidates_set (candidates);
      return nv_candidates_set_too_full (candidates, request, nodes, candidates->which, FALSE, error);
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

static void
append_remedy (GString *text, const NvCandidates *candidates, const NvRequest *request)
{
  if (candidates->n_nodes > 1 && sum_weights (candidates, NULL, FALSE) >= request->memory_bytes)
    g_string_append (text, ": policy 'pack' can use what several nodes have left");
  else if (request->page_size_bytes > 0)
    g_string_append (text, ": reserve more such pages, or make fewer or smaller VMs");
  else
    g_string_append (text, ": make fewer or smaller VMs, or stop some");
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
  if (candidates->n_nodes > 1)
    append_left (text, candidates, listed);
  append_remedy (text, candidates, request);
  g_set_error_literal (error, NV_ERROR, NV_ERROR_NO_FIT, text->str);
  g_string_free (text, TRUE);
  return FALSE;
}

gboolean
nv_candidates_set_too_full (const NvCandidates *candidates, const NvRequest *request, const NvSet *nodes,
                            const char *which, gboolean together, GError **error)
{
  g_autofree char *shown = nv_set_format (nodes);
  g_autofree char *those = which ? g_strdup_printf (", those %s,", which) : g_strdup ("");
  g_autoptr (NvSet) none = nv_set_new ();
  guint64 left;

  if (nv_set_count (nodes) > 1)
    return nv_candidates_set_no_fit (
        candidates, request, nodes, error,
        together ? "nodes %s%s have less left together" : "no node of %s%s has that much left", shown, those);
  nv_set_free (keep_candidates (candidates, nodes, &left));
  return nv_candidates_set_no_fit (
      candidates, request, none, error, "node %s%s%s%s has %" G_GUINT64_FORMAT " MiB left", shown,
      which ? ", the only one " : "", which ? which : "", which ? "," : "", left / NV_MIB);
}
