#include "placement/host.h"
#include "placement/placement.h"
#include "base/size.h"

static NvHost *
sparse_host (void)
{
  NvHost *host = nv_host_new ("sparse");
  static const guint indexes[] = { 0, 2, 8 };

  for (guint i = 0; i < G_N_ELEMENTS (indexes); i++)
    {
      NvNode *node = nv_host_add_node (host, indexes[i]);

      node->memory_total_bytes = i * NV_GIB; /* node 0 has none */
      node->memory_available_bytes = i * NV_GIB;
      nv_node_add_page_pool (node, NV_GIB, 4, 2);
      nv_node_add_page_pool (node, 2 * NV_MIB, 100, 50);
    }
  nv_host_finish (host);
  return host;
}

static void
nodes_are_found_by_os_index (void)
{
  g_autoptr (NvHost) host = sparse_host ();
  g_autoptr (NvSet) usable = nv_host_usable_nodes (host);
  g_autofree char *shown = nv_set_format (usable);

  g_assert_cmpint (nv_host_position (host, 8), ==, 2);
  g_assert_cmpint (nv_host_position (host, 1), ==, -1);
  g_assert_null (nv_host_node (host, 9));
  g_assert_cmpstr (shown, ==, "2,8");
  g_assert_cmpint (nv_host_node (host, 0)->use, ==, NV_NODE_WITHOUT_MEMORY);
  g_assert_cmpuint (host->memory_total_bytes, ==, 3 * NV_GIB);
}

static void
available_memory_is_read_by_page_size (void)
{
  g_autoptr (NvHost) host = sparse_host ();
  const NvNode *node = nv_host_node (host, 2);

  g_assert_cmpuint (nv_node_available_bytes (node, 0), ==, NV_GIB);
  g_assert_cmpuint (nv_node_available_bytes (node, 2 * NV_MIB), ==, 100 * NV_MIB);
  g_assert_cmpuint (nv_node_total_bytes (node, NV_GIB), ==, 4 * NV_GIB);
  g_assert_cmpuint (nv_node_available_bytes (node, 4096), ==, 0);
}

static void
a_distance_nobody_stated_is_unknown (void)
{
  g_autoptr (NvHost) host = sparse_host ();

  g_assert_cmpuint (nv_host_distance (host, 0, 1), ==, NV_DISTANCE_UNKNOWN);
  nv_host_set_distance (host, 0, 1, 40);
  g_assert_cmpuint (nv_host_distance (host, 0, 1), ==, 40);
  g_assert_cmpuint (nv_host_distance (host, 1, 0), ==, NV_DISTANCE_UNKNOWN);
}

static void
assert_memory (NvPlacement *placement, const char *expected)
{
  g_autofree char *shown = nv_placement_format_memory (placement);

  g_assert_cmpstr (shown, ==, expected);
  nv_placement_free (placement);
}

static NvPlacement *
placed (NvMemoryMode mode, const char *nodes, NvExpectation expectation, const guint64 *mib)
{
  g_autoptr (NvSet) set = nodes ? nv_set_parse (nodes, NULL) : NULL;
  NvPlacement *placement = nv_placement_new ("test");
  NvRegion *region = nv_placement_add_region (placement, 400 * NV_MIB, mode, set);
  guint i = 0;

  region->expectation = expectation;
  if (set && mib)
    NV_SET_FOREACH (node, set)
    {
      if (mib[i] > 0)
        nv_region_add_share (region, (guint)node, mib[i] * NV_MIB);
      i++;
    }
  return placement;
}

static void
memory_is_shown_as_a_person_would_say_it (void)
{
  assert_memory (placed (NV_MEMORY_STRICT, "1", NV_EXPECT_EXACT, (guint64[]){ 400 }), "node 1");
  assert_memory (placed (NV_MEMORY_INTERLEAVE, "0-3", NV_EXPECT_EXACT, (guint64[]){ 100, 100, 100, 100 }),
                 "0-3, 25% each");
  assert_memory (placed (NV_MEMORY_STRICT, "0,2", NV_EXPECT_EXACT, (guint64[]){ 300, 100 }),
                 "0: 75%, 2: 25%");
  assert_memory (placed (NV_MEMORY_INTERLEAVE, "0-2", NV_EXPECT_EXACT, (guint64[]){ 200, 200, 0 }),
                 "0: 50%, 1: 50%");
  assert_memory (placed (NV_MEMORY_STRICT, "0-1", NV_EXPECT_WITHIN, NULL), "within 0-1");
  assert_memory (placed (NV_MEMORY_DEFAULT, NULL, NV_EXPECT_ANY, NULL), "anywhere");
}

static void
modes_and_expectations_are_read_back (void)
{
  for (NvMemoryMode mode = NV_MEMORY_DEFAULT; mode <= NV_MEMORY_RESTRICTIVE; mode++)
    {
      NvMemoryMode read = NV_MEMORY_DEFAULT;

      g_assert_true (nv_memory_mode_parse (nv_memory_mode_name (mode), &read));
      g_assert_cmpint (read, ==, mode);
    }
  for (NvExpectation expectation = NV_EXPECT_ANY; expectation <= NV_EXPECT_LEARNED; expectation++)
    {
      NvExpectation read = NV_EXPECT_ANY;

      g_assert_true (nv_expectation_parse (nv_expectation_name (expectation), &read));
      g_assert_cmpint (read, ==, expectation);
    }
  g_assert_false (nv_memory_mode_parse ("bind", &(NvMemoryMode){ 0 }));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/host/nodes_are_found_by_os_index", nodes_are_found_by_os_index);
  g_test_add_func ("/host/available_memory_is_read_by_page_size", available_memory_is_read_by_page_size);
  g_test_add_func ("/host/a_distance_nobody_stated_is_unknown", a_distance_nobody_stated_is_unknown);
  g_test_add_func ("/placement/memory_is_shown_as_a_person_would_say_it",
                   memory_is_shown_as_a_person_would_say_it);
  g_test_add_func ("/placement/modes_and_expectations_are_read_back", modes_and_expectations_are_read_back);
  return g_test_run ();
}
