#include "hosts.h"

#include "policy/ledger.h"

/* Two nodes of 2 cores and 1024 MiB each, with four pages of 2 MiB. */
static NvHost *
two_nodes (void)
{
  NvHost *host = test_host_even (2, 2, 1024);

  for (guint i = 0; i < 2; i++)
    nv_node_add_page_pool (g_ptr_array_index (host->nodes, i), 2 * NV_MIB, 8, 4);
  return host;
}

static NvPlacement *
placed (guint64 page_size_bytes, guint64 mib0, guint64 mib1)
{
  NvPlacement *placement = nv_placement_new ("test");
  NvRegion *region = nv_placement_add_region (placement, (mib0 + mib1) * NV_MIB, NV_MEMORY_DEFAULT, NULL);

  region->page_size_bytes = page_size_bytes;
  nv_region_add_share (region, 0, mib0 * NV_MIB);
  nv_region_add_share (region, 1, mib1 * NV_MIB);
  return placement;
}

static void
assert_left_mib (const NvLedger *ledger, guint64 page_size_bytes, guint64 mib0, guint64 mib1)
{
  g_assert_cmpuint (nv_ledger_left_bytes (ledger, 0, page_size_bytes), ==, mib0 * NV_MIB);
  g_assert_cmpuint (nv_ledger_left_bytes (ledger, 1, page_size_bytes), ==, mib1 * NV_MIB);
}

static void
it_begins_with_what_is_available (void)
{
  g_autoptr (NvHost) host = two_nodes ();
  g_autoptr (NvLedger) ledger = nv_ledger_new (host);

  assert_left_mib (ledger, 0, 1024, 1024);
  assert_left_mib (ledger, 2 * NV_MIB, 8, 8);
  assert_left_mib (ledger, NV_GIB, 0, 0);
  g_assert_cmpuint (nv_ledger_left_on_machine_bytes (ledger), ==, 2 * NV_GIB);
  g_assert_cmpint (nv_ledger_free_cores (ledger, 1), ==, 2);
}

static void
a_promise_is_taken_off_each_node_and_the_machine (void)
{
  g_autoptr (NvHost) host = two_nodes ();
  g_autoptr (NvLedger) ledger = nv_ledger_new (host);
  g_autoptr (NvPlacement) placement = placed (0, 100, 1);

  nv_ledger_reserve (ledger, placement, 1, NULL);
  nv_ledger_reserve (ledger, placement, 1, NULL);
  assert_left_mib (ledger, 0, 824, 1022);
  g_assert_cmpuint (nv_ledger_left_on_machine_bytes (ledger), ==, (2048 - 202) * NV_MIB);
  g_assert_cmpint (nv_ledger_free_cores (ledger, 0), ==, 2);
}

static void
huge_pages_are_taken_from_their_own_pool (void)
{
  g_autoptr (NvHost) host = two_nodes ();
  g_autoptr (NvLedger) ledger = nv_ledger_new (host);
  g_autoptr (NvPlacement) placement = placed (2 * NV_MIB, 2, 6);

  nv_ledger_reserve (ledger, placement, 1, NULL);
  assert_left_mib (ledger, 2 * NV_MIB, 6, 2);
  assert_left_mib (ledger, 0, 1024, 1024);
  g_assert_cmpuint (nv_ledger_left_on_machine_bytes (ledger), ==, 2 * NV_GIB);
}

static void
what_is_left_is_never_negative (void)
{
  g_autoptr (NvHost) host = two_nodes ();
  g_autoptr (NvLedger) ledger = nv_ledger_new (host);
  g_autoptr (NvPlacement) placement = placed (0, 5000, 24);

  nv_ledger_reserve (ledger, placement, 1, NULL);
  assert_left_mib (ledger, 0, 0, 1000);
  g_assert_cmpuint (nv_ledger_left_on_machine_bytes (ledger), ==, 0);
}

static void
only_what_is_not_touched_yet_is_taken (void)
{
  g_autoptr (NvHost) host = two_nodes ();
  g_autoptr (NvLedger) ledger = nv_ledger_new (host);
  g_autoptr (NvPlacement) placement = placed (0, 100, 200);
  const guint64 touched[] = { 30 * NV_MIB, 200 * NV_MIB };

  nv_ledger_reserve (ledger, placement, 1, touched);
  assert_left_mib (ledger, 0, 1024 - 70, 1024);
  g_assert_cmpuint (nv_ledger_left_on_machine_bytes (ledger), ==, (2048 - 70) * NV_MIB);
}

static void
pages_that_landed_elsewhere_are_not_taken_twice (void)
{
  g_autoptr (NvHost) host = two_nodes ();
  g_autoptr (NvLedger) ledger = nv_ledger_new (host);
  g_autoptr (NvPlacement) placement = placed (0, 150, 150);
  const guint64 touched[] = { 300 * NV_MIB, 0 };

  nv_ledger_reserve (ledger, placement, 1, touched);
  assert_left_mib (ledger, 0, 1024, 1024);
}

static void
touched_memory_counts_once_over_several_regions (void)
{
  g_autoptr (NvHost) host = two_nodes ();
  g_autoptr (NvLedger) ledger = nv_ledger_new (host);
  g_autoptr (NvPlacement) placement = placed (0, 100, 0);
  NvRegion *second = nv_placement_add_region (placement, 100 * NV_MIB, NV_MEMORY_DEFAULT, NULL);
  const guint64 touched[] = { 120 * NV_MIB, 0 };

  nv_region_add_share (second, 0, 100 * NV_MIB);
  nv_ledger_reserve (ledger, placement, 1, touched);
  assert_left_mib (ledger, 0, 1024 - 80, 1024);
}

static void
pinned_vcpus_count_in_proportion_to_cores_and_none_is_lost (void)
{
  static const TestNode nodes[] = { { 0, 1, 64 }, { 2, 0, 64 }, { 8, 2, 64 } };
  g_autoptr (NvHost) host = test_host (nodes, G_N_ELEMENTS (nodes));
  g_autoptr (NvLedger) ledger = nv_ledger_new (host);
  g_autoptr (NvPlacement) placement = nv_placement_new ("test");

  placement->cpu_nodes = nv_set_parse ("0,2,8", NULL);
  nv_ledger_reserve (ledger, placement, 7, NULL);
  g_assert_cmpint (nv_ledger_free_cores (ledger, 0), ==, 1 - 2);
  g_assert_cmpint (nv_ledger_free_cores (ledger, 1), ==, 0);
  g_assert_cmpint (nv_ledger_free_cores (ledger, 2), ==, 2 - 5);
}

static void
nodes_that_the_host_no_longer_has_are_passed_over (void)
{
  g_autoptr (NvHost) host = two_nodes ();
  g_autoptr (NvLedger) ledger = nv_ledger_new (host);
  g_autoptr (NvPlacement) placement = placed (0, 1, 1);
  NvRegion *region = g_ptr_array_index (placement->regions, 0);

  nv_region_add_share (region, 7, 500 * NV_MIB);
  placement->cpu_nodes = nv_set_parse ("7", NULL);
  nv_ledger_reserve (ledger, placement, 1, NULL);
  assert_left_mib (ledger, 0, 1023, 1023);
  g_assert_cmpint (nv_ledger_free_cores (ledger, 0), ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(test) g_test_add_func ("/ledger/" #test, test)
  ADD (it_begins_with_what_is_available);
  ADD (a_promise_is_taken_off_each_node_and_the_machine);
  ADD (huge_pages_are_taken_from_their_own_pool);
  ADD (what_is_left_is_never_negative);
  ADD (only_what_is_not_touched_yet_is_taken);
  ADD (pages_that_landed_elsewhere_are_not_taken_twice);
  ADD (touched_memory_counts_once_over_several_regions);
  ADD (pinned_vcpus_count_in_proportion_to_cores_and_none_is_lost);
  ADD (nodes_that_the_host_no_longer_has_are_passed_over);
#undef ADD
  return g_test_run ();
}
