/* Each policy's defining property. What holds for all policies is in test-plan.c. */

#include "planned.h"

#include "bench/rng.h"
#include "policy/candidates.h"

#define SIX_OF_64_MIB "1 64\n1 64\n1 64\n1 64\n1 64\n1 64\n"

static void
round_robin_wraps_after_last_node (void)
{
  static const TestNode sparse[] = { { 0, 1, 1024 }, { 2, 1, 1024 }, { 8, 1, 1024 } };
  g_autoptr (NvHost) host = test_host (sparse, G_N_ELEMENTS (sparse));
  g_autoptr (NvHost) one = test_host_even (1, 1, 1024);

  assert_planned (host, "round-robin", SIX_OF_64_MIB, "0 2 8 0 2 8");
  assert_planned (one, "round-robin", "1 64\n1 64\n", "0 0");
}

static void
round_robin_passes_over_a_full_node_and_says_so (void)
{
  static const TestNode uneven[] = { { 0, 1, 1024 }, { 1, 1, 32 }, { 2, 1, 1024 } };
  g_autoptr (NvHost) host = test_host (uneven, G_N_ELEMENTS (uneven));
  g_auto (Planned) planned = plan_lines (host, "round-robin", "1 64\n1 64\n1 64\n", 1);
  g_autofree char *found = planned_format (&planned);

  g_assert_cmpstr (found, ==, "0 2 0");
  g_assert_null (planned_at (&planned, 0)->skipped);
  assert_set (planned_at (&planned, 1)->skipped, "1");
  g_assert_null (planned_at (&planned, 2)->skipped);
}

static void
round_robin_keeps_its_place_across_other_policies_and_node_counts (void)
{
  g_autoptr (NvHost) host = test_host_even (4, 1, 1024);

  assert_planned (host, "round-robin", "1 64\n1 64 policy=pack\n1 64\n1 64 nodes=2\n1 64\n", "0 0 1 0 1");
}

static void
random_is_uniform_over_the_nodes (void)
{
  enum
  {
    N_NODES = 8,
    N_VMS = 8000
  };
  g_autoptr (NvHost) host = test_host_even (N_NODES, 1, N_VMS);
  g_autoptr (GString) lines = g_string_new (NULL);
  guint counts[N_NODES] = { 0 };
  double chi_squared = 0;

  for (guint i = 0; i < N_VMS; i++)
    g_string_append (lines, "1 1\n");
  {
    g_auto (Planned) planned = plan_lines (host, "random", lines->str, 42);

    for (guint i = 0; i < N_VMS; i++)
      counts[nv_set_next (region_of (planned_at (&planned, i))->nodes, -1)]++;
  }
  for (guint i = 0; i < N_NODES; i++)
    chi_squared += (counts[i] - 1000.0) * (counts[i] - 1000.0) / 1000.0;
  g_assert_cmpfloat (chi_squared, <, 24.32); /* quantile 0.999 of chi-squared with 7 degrees of freedom */
}

static void
an_edited_line_moves_no_other_vm (void)
{
  g_autoptr (NvHost) host = test_host_even (4, 2, 4096);
  g_auto (Planned) before = plan_lines (host, "random", SIX_OF_64_MIB, 7);
  g_auto (Planned) after =
      plan_lines (host, "random", "1 64\n2 512 name=db\n1 64\n1 64 nodes=1\n1 64\n1 64\n", 7);

  for (guint i = 0; i < 6; i++)
    if (i != 3)
      g_assert_true (nv_set_equal (region_of (planned_at (&before, i))->nodes,
                                   region_of (planned_at (&after, i))->nodes));
  assert_set (region_of (planned_at (&after, 3))->nodes, "0");
}

static void
a_full_node_moves_only_the_vms_that_were_on_it (void)
{
  g_autoptr (NvHost) roomy = test_host_even (4, 1, 64 * 64);
  g_autoptr (NvHost) tight = test_host_even (4, 1, 64 * 64);
  g_autoptr (GString) lines = g_string_new (NULL);
  guint n_moved = 0;

  ((NvNode *)g_ptr_array_index (tight->nodes, 2))->memory_available_bytes = 32 * NV_MIB;
  for (guint i = 0; i < 40; i++)
    g_string_append (lines, "1 64\n");
  {
    g_auto (Planned) before = plan_lines (roomy, "random", lines->str, 3);
    g_auto (Planned) after = plan_lines (tight, "random", lines->str, 3);

    for (guint i = 0; i < 40; i++)
      if (nv_set_contains (region_of (planned_at (&before, i))->nodes, 2))
        {
          assert_set (planned_at (&after, i)->skipped, "2");
          n_moved++;
        }
      else
        {
          g_assert_true (nv_set_equal (region_of (planned_at (&before, i))->nodes,
                                       region_of (planned_at (&after, i))->nodes));
          g_assert_null (planned_at (&after, i)->skipped);
        }
  }
  g_assert_cmpuint (n_moved, >, 0);
}

static void
interleave_gives_each_node_an_equal_share (void)
{
  g_autoptr (NvHost) host = test_host_even (4, 1, 1024);
  g_auto (Planned) planned = plan_lines (host, "interleave", "1 64\n1 64 nodes=3\n", 1);
  const NvRegion *even = region_of (planned_at (&planned, 0));
  const NvRegion *odd = region_of (planned_at (&planned, 1));

  g_assert_cmpint (even->mode, ==, NV_MEMORY_INTERLEAVE);
  g_assert_cmpint (even->expectation, ==, NV_EXPECT_EXACT);
  for (guint i = 0; i < 4; i++)
    g_assert_cmpuint (g_array_index (even->shares, NvShare, i).bytes, ==, 16 * NV_MIB);
  /* 16384 pages over three nodes: 5462, 5461, 5461. */
  assert_set (odd->nodes, "0-2");
  g_assert_cmpuint (g_array_index (odd->shares, NvShare, 0).bytes, ==, 5462 * 4096);
  g_assert_cmpuint (g_array_index (odd->shares, NvShare, 2).bytes, ==, 5461 * 4096);
}

static void
interleave_deals_out_whole_huge_pages (void)
{
  g_autoptr (NvHost) host = test_host_even (4, 1, 1024);
  const NvRegion *region;

  for (guint i = 0; i < 4; i++)
    nv_node_add_page_pool (g_ptr_array_index (host->nodes, i), 2 * NV_MIB, 8, 2);
  {
    g_auto (Planned) planned = plan_lines (host, "interleave", "1 12 pages=2M\n", 1);

    region = region_of (planned_at (&planned, 0));
    g_assert_cmpuint (g_array_index (region->shares, NvShare, 1).bytes, ==, 4 * NV_MIB);
    g_assert_cmpuint (g_array_index (region->shares, NvShare, 2).bytes, ==, 2 * NV_MIB);
    g_assert_cmpuint (nv_ledger_left_bytes (planned.ledger, 0, 2 * NV_MIB), ==, 0);
  }
  /* Which node gets the fifth page is the kernel's business, so each needs room for it. */
  ((NvNode *)g_ptr_array_index (host->nodes, 3))->page_pools->len = 0;
  nv_node_add_page_pool (g_ptr_array_index (host->nodes, 3), 2 * NV_MIB, 8, 1);
  assert_planned (host, "interleave", "1 8 pages=2M\n", "0-3");
  assert_planned (host, "interleave", "1 10 pages=2M\n", "-");
  assert_no_fit (host, "interleave", "1 2 pages=2M\n",
                 "memory 2 MiB: its 1 page of 2 MiB cannot be interleaved over 4 nodes: use smaller pages or "
                 "fewer nodes");
}

static void
interleave_names_the_node_that_lacks_its_share (void)
{
  static const TestNode uneven[] = { { 0, 1, 1024 }, { 1, 1, 100 }, { 2, 1, 99 }, { 3, 1, 1024 } };
  g_autoptr (NvHost) host = test_host (uneven, G_N_ELEMENTS (uneven));

  assert_no_fit (
      host, "interleave", "1 400\n",
      "memory 400 MiB: interleaved over 0-3 it needs 100 MiB on each node, which is not left (2: 99 "
      "MiB): policy 'pack' can use what several nodes have left");
}

static void
spread_takes_the_node_with_most_left (void)
{
  static const TestNode uneven[] = { { 0, 1, 1000 }, { 2, 1, 1200 }, { 8, 1, 1100 } };
  g_autoptr (NvHost) host = test_host (uneven, G_N_ELEMENTS (uneven));

  assert_planned (host, "spread", "1 150\n1 100\n1 50\n1 1\n", "2 8 2 0");
}

static void
pack_leaves_least_over (void)
{
  static const TestNode uneven[] = { { 0, 1, 1000 }, { 1, 1, 300 }, { 2, 1, 500 } };
  g_autoptr (NvHost) host = test_host (uneven, G_N_ELEMENTS (uneven));
  g_auto (Planned) planned = plan_lines (host, "pack", "1 400\n1 200\n1 100\n1 100\n", 1);
  g_autofree char *found = planned_format (&planned);

  g_assert_cmpstr (found, ==, "2 1 1 2");
  g_assert_cmpint (region_of (planned_at (&planned, 0))->expectation, ==, NV_EXPECT_EXACT);
}

/* A ring of four: 0-1, 1-2, 2-3, 3-0 are near; but from 3 back to 0 it is far. */
static NvHost *
lopsided_ring (void)
{
  NvHost *host = test_host_even (4, 2, 100);

  for (guint from = 0; from < 4; from++)
    for (guint to = 0; to < 4; to++)
      nv_host_set_distance (host, from, to, from == to ? 10 : (from + 2) % 4 == to ? 30 : 20);
  nv_host_set_distance (host, 0, 1, 25);
  nv_host_set_distance (host, 3, 0, 40);
  return host;
}

static void
pack_takes_the_fewest_nodes_nearest_to_each_other (void)
{
  g_autoptr (NvHost) host = lopsided_ring ();
  g_auto (Planned) planned = plan_lines (host, "pack", "1 150\n1 30\n1 110\n", 1);
  g_autofree char *found = planned_format (&planned);
  const NvRegion *region = region_of (planned_at (&planned, 0));

  /* 1-2 and 2-3 are both 40 there and back; the first of equals wins. Then 1 and 2 have 25 left each: the
   * next fits best on 0; and 110 go best to 2 and 3, which are near. */
  g_assert_cmpstr (found, ==, "1-2 0 2-3");
  g_assert_cmpint (region->mode, ==, NV_MEMORY_STRICT);
  g_assert_cmpint (region->expectation, ==, NV_EXPECT_WITHIN);
  g_assert_cmpuint (g_array_index (region->shares, NvShare, 0).bytes, ==, 75 * NV_MIB);
  g_assert_cmpuint (g_array_index (region->shares, NvShare, 1).bytes, ==, 75 * NV_MIB);
  g_assert_cmpstr (planned_at (&planned, 0)->note, ==,
                   "memory on nodes 1-2, as no single node has room for it");
  g_assert_null (planned_at (&planned, 1)->note);
}

static void
an_unknown_distance_is_farther_than_any_known (void)
{
  g_autoptr (NvHost) host = lopsided_ring ();

  nv_host_set_distance (host, 1, 2, NV_DISTANCE_UNKNOWN);
  nv_host_set_distance (host, 2, 1, NV_DISTANCE_UNKNOWN);
  assert_planned (host, "pack", "1 150\n", "2-3");
}

static void
nodes_without_any_distance_are_packed_in_order (void)
{
  g_autoptr (NvHost) host = test_host_even (8, 1, 100);

  /* 16 or 17 MiB are left on each of 0-2, so that the next begin with 3; 116 fit best on the least of them
   * and 6. */
  assert_planned (host, "pack", "1 250\n1 250\n1 116\n", "0-2 3-5 2,6");
}

/* Draws a host of @n nodes with random memory and distances, some of them unknown. */
static NvHost *
draw_host (guint n, guint64 seed)
{
  g_autofree TestNode *nodes = g_new (TestNode, n);
  NvHost *host;

  for (guint i = 0; i < n; i++)
    nodes[i] = (TestNode){ 2 * i, 1, 10 + (guint)(nv_rng_draw64 (seed, 0, i) % 90) };
  host = test_host (nodes, n);
  for (guint from = 0; from < n; from++)
    for (guint to = 0; to < n; to++)
      nv_host_set_distance (host, from, to, (guint)(nv_rng_draw64 (seed, 1 + from, to) % 5) * 10);
  return host;
}

static NvSet *
nearest_on (const NvHost *host, guint64 mib, guint vcpus)
{
  g_autofree NvCandidate *nodes = g_new0 (NvCandidate, host->nodes->len);
  g_autofree guint64 *apart = nv_candidates_measure (host);
  NvCandidates candidates = { .host = host, .nodes = nodes, .n_nodes = host->nodes->len, .apart = apart };

  for (guint i = 0; i < host->nodes->len; i++)
    {
      const NvNode *node = g_ptr_array_index (host->nodes, i);

      nodes[i] = (NvCandidate){ .position = i,
                                .os_index = node->os_index,
                                .left_bytes = node->memory_available_bytes,
                                .n_cpus = node->cores->len * THREADS_PER_CORE };
    }
  return nv_candidates_nearest (&candidates, mib * NV_MIB, vcpus);
}

/* The fewest nodes whose memory suffices: the largest ones. */
static guint
fewest_nodes (const NvHost *host, guint64 mib)
{
  g_autoptr (NvSet) taken = nv_set_new ();
  guint64 sum = 0;

  for (guint n = 1; n <= host->nodes->len; n++)
    {
      int largest = -1;

      for (guint i = 0; i < host->nodes->len; i++)
        if (!nv_set_contains (taken, i)
            && (largest < 0
                || ((NvNode *)g_ptr_array_index (host->nodes, i))->memory_available_bytes
                       > ((NvNode *)g_ptr_array_index (host->nodes, largest))->memory_available_bytes))
          largest = (int)i;
      nv_set_add (taken, (guint)largest);
      sum += ((NvNode *)g_ptr_array_index (host->nodes, largest))->memory_available_bytes;
      if (sum >= mib * NV_MIB)
        return n;
    }
  return 0;
}

static void
a_group_on_a_large_host_is_the_smallest_and_holds_the_memory (void)
{
  for (guint64 seed = 0; seed < 60; seed++)
    {
      g_autoptr (NvHost) host = draw_host (4 + seed % 20, seed);
      guint64 mib = 20 + nv_rng_draw64 (seed, 99, 0) % 700;
      g_autoptr (NvSet) nodes = nearest_on (host, mib, 0);
      guint64 sum = 0;

      g_assert_cmpuint (nodes ? nv_set_count (nodes) : 0, ==, fewest_nodes (host, mib));
      for (guint i = 0; nodes && i < host->nodes->len; i++)
        if (nv_set_contains (nodes, 2 * i))
          sum += ((NvNode *)g_ptr_array_index (host->nodes, i))->memory_available_bytes;
      g_assert_true (!nodes || sum >= mib * NV_MIB);
    }
}

/* Twelve nodes in three boards of four; only within the last board are two near nodes with 80 MiB each. */
static void
a_pair_on_a_large_host_is_a_near_one (void)
{
  g_autoptr (NvHost) host = test_host_even (12, 1, 80);

  for (guint from = 0; from < 12; from++)
    for (guint to = 0; to < 12; to++)
      nv_host_set_distance (host, from, to, from / 4 == to / 4 ? 20 : 40);
  nv_host_set_distance (host, 9, 11, 15);
  assert_planned (host, "pack", "1 150\n", "9,11");
}

static void
a_group_can_be_asked_for_cpus_too (void)
{
  static const TestNode nodes[] = { { 0, 1, 100 }, { 1, 0, 500 }, { 2, 1, 100 }, { 3, 4, 100 } };
  g_autoptr (NvHost) host = test_host (nodes, G_N_ELEMENTS (nodes));
  g_autoptr (NvHost) large = test_host_even (12, 2, 100);
  g_autoptr (NvSet) small_group = nearest_on (host, 150, 10);
  g_autoptr (NvSet) large_group = nearest_on (large, 150, 10);
  g_autoptr (NvSet) none = nearest_on (large, 150, 49);

  assert_set (small_group, "0,3");
  assert_set (large_group, "0-2");
  g_assert_null (none);
}

static void
none_names_no_node_and_is_held_against_the_machine (void)
{
  static const TestNode uneven[] = { { 0, 1, 300 }, { 2, 1, 100 }, { 8, 1, 0 } };
  g_autoptr (NvHost) host = test_host (uneven, G_N_ELEMENTS (uneven));
  g_auto (Planned) planned = plan_lines (host, "none", "1 200 nodes=1\n", 1);
  const NvRegion *region = region_of (planned_at (&planned, 0));

  g_assert_cmpint (region->mode, ==, NV_MEMORY_DEFAULT);
  g_assert_null (region->nodes);
  g_assert_cmpint (region->expectation, ==, NV_EXPECT_ANY);
  g_assert_null (planned_at (&planned, 0)->candidates);
  g_assert_cmpuint (region->shares->len, ==, 2);
  g_assert_cmpuint (g_array_index (region->shares, NvShare, 0).bytes, ==, 150 * NV_MIB);
  g_assert_cmpuint (g_array_index (region->shares, NvShare, 1).bytes, ==, 50 * NV_MIB);
  assert_no_fit (
      host, "none", "1 300\n1 101\n",
      "memory 101 MiB: this machine has 100 MiB left (0: 75 MiB, 2: 25 MiB): make fewer or smaller VMs, or stop some");
}

static void
none_believes_the_machine_where_its_nodes_report_less (void)
{
  g_autoptr (NvHost) host = test_host_even (2, 1, 100);

  host->memory_available_bytes = 400 * NV_MIB;
  assert_planned (host, "none", "1 300\n1 60\n", "* *");
  assert_no_fit (
      host, "none", "1 300\n1 101\n",
      "memory 101 MiB: this machine has 100 MiB left (0: 0 MiB, 1: 0 MiB): make fewer or smaller VMs, or stop some");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(test) g_test_add_func ("/policies/" #test, test)
  ADD (round_robin_wraps_after_last_node);
  ADD (round_robin_passes_over_a_full_node_and_says_so);
  ADD (round_robin_keeps_its_place_across_other_policies_and_node_counts);
  ADD (random_is_uniform_over_the_nodes);
  ADD (an_edited_line_moves_no_other_vm);
  ADD (a_full_node_moves_only_the_vms_that_were_on_it);
  ADD (interleave_gives_each_node_an_equal_share);
  ADD (interleave_deals_out_whole_huge_pages);
  ADD (interleave_names_the_node_that_lacks_its_share);
  ADD (spread_takes_the_node_with_most_left);
  ADD (pack_leaves_least_over);
  ADD (pack_takes_the_fewest_nodes_nearest_to_each_other);
  ADD (an_unknown_distance_is_farther_than_any_known);
  ADD (nodes_without_any_distance_are_packed_in_order);
  ADD (a_group_on_a_large_host_is_the_smallest_and_holds_the_memory);
  ADD (a_pair_on_a_large_host_is_a_near_one);
  ADD (a_group_can_be_asked_for_cpus_too);
  ADD (none_names_no_node_and_is_held_against_the_machine);
  ADD (none_believes_the_machine_where_its_nodes_report_less);
#undef ADD
  return g_test_run ();
}
