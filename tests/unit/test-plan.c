/* What holds for every policy, CPUs, the ledger between VMs, and errors. */

#include "planned.h"

/* Uneven memory, sparse numbers, a node without CPUs and one without memory, distances partly unknown. */
static NvHost *
rugged_host (void)
{
  static const TestNode nodes[] = { { 0, 2, 700 }, { 2, 0, 900 }, { 3, 1, 0 }, { 8, 4, 333 }, { 9, 1, 64 } };
  NvHost *host = test_host (nodes, G_N_ELEMENTS (nodes));

  for (guint i = 0; i < 5; i++)
    nv_node_add_page_pool (g_ptr_array_index (host->nodes, i), 2 * NV_MIB, 64, 10 + 20 * i);
  nv_host_set_distance (host, 0, 1, 15);
  nv_host_set_distance (host, 1, 0, 25);
  nv_host_set_distance (host, 0, 3, 31);
  return host;
}

typedef NvHost *(*HostMaker) (void);

static NvHost *
one_node (void)
{
  return test_host_even (1, 2, 1000);
}

static NvHost *
two_nodes (void)
{
  return test_host_even (2, 2, 600);
}

static NvHost *
four_nodes (void)
{
  return test_host_even (4, 2, 500);
}

static NvHost *
eight_nodes (void)
{
  return test_host_even (8, 8, 300);
}

static const HostMaker hosts[] = { one_node, two_nodes, four_nodes, eight_nodes, rugged_host };

/* A dozen VMs of many kinds; some fit nowhere on some hosts. */
static const char mixed_lines[] = "1 64\n2 128\n1 64 nodes=1\n4 256 pages=2M\n1 16 pages=2M\n9 100\n"
                                  "1 600\n1 100 cpus=0\n16 64\n1 1\n3 300\n1 64 prealloc=yes\n";

static void
assert_shares (const NvHost *host, const NvPlacement *placement, guint64 memory_bytes)
{
  g_autoptr (NvSet) usable = nv_host_usable_nodes (host);
  const NvRegion *region = region_of (placement);
  guint64 sum = 0;
  int last = -1;

  g_assert_cmpuint (region->size_bytes, ==, memory_bytes);
  for (guint i = 0; i < region->shares->len; i++)
    {
      const NvShare *share = &g_array_index (region->shares, NvShare, i);

      g_assert_cmpint ((int)share->node, >, last);
      g_assert_cmpuint (share->bytes, >, 0);
      g_assert_true (nv_set_contains (region->nodes ? region->nodes : usable, share->node));
      last = (int)share->node;
      sum += share->bytes;
    }
  g_assert_cmpuint (sum, ==, memory_bytes);
  if (region->nodes)
    {
      g_assert_true (nv_set_contains_all (placement->candidates, region->nodes));
      g_assert_true (nv_set_contains_all (usable, placement->candidates));
    }
  g_assert_true (!placement->skipped || nv_set_contains_all (placement->candidates, placement->skipped));
}

/* Adds up all shares anew: no node gives more than it had, and the ledger agrees to the byte. */
static void
assert_nothing_is_promised_twice (const NvHost *host, const Planned *planned, guint64 page_size_bytes)
{
  for (guint i = 0; i < host->nodes->len; i++)
    {
      const NvNode *node = g_ptr_array_index (host->nodes, i);
      guint64 had = nv_node_available_bytes (node, page_size_bytes);
      guint64 promised = 0;

      for (guint j = 0; j < planned->placements->len; j++)
        {
          const NvPlacement *placement = planned_at (planned, j);
          const NvRegion *region = placement ? region_of (placement) : NULL;

          for (guint k = 0; region && region->page_size_bytes == page_size_bytes && k < region->shares->len;
               k++)
            {
              const NvShare *share = &g_array_index (region->shares, NvShare, k);

              promised += share->node == node->os_index ? share->bytes : 0;
            }
        }
      g_assert_cmpuint (promised, <=, had);
      g_assert_cmpuint (nv_ledger_left_bytes (planned->ledger, i, page_size_bytes), ==, had - promised);
    }
}

static void
every_policy_keeps_the_invariants (void)
{
  for (guint i = 0; nv_policies[i]; i++)
    for (guint j = 0; j < G_N_ELEMENTS (hosts); j++)
      {
        g_autoptr (NvHost) host = hosts[j]();
        g_auto (Planned) planned = plan_lines (host, nv_policies[i]->name, mixed_lines, 5);
        guint n_placed = 0;

        for (guint k = 0; k < planned.requests->len; k++)
          {
            const NvRequest *request = g_ptr_array_index (planned.requests, k);
            const NvPlacement *placement = planned_at (&planned, k);

            g_assert_true ((placement == NULL) == nv_problems_line_is_bad (planned.problems, request->line));
            if (!placement)
              continue;
            n_placed++;
            g_assert_cmpstr (placement->policy, ==, nv_policies[i]->name);
            g_assert_cmpuint (region_of (placement)->page_size_bytes, ==, request->page_size_bytes);
            g_assert_cmpint (region_of (placement)->preallocate, ==, request->preallocate);
            assert_shares (host, placement, request->memory_bytes);
          }
        g_assert_cmpuint (n_placed, >=, 2);
        assert_nothing_is_promised_twice (host, &planned, 0);
        assert_nothing_is_promised_twice (host, &planned, 2 * NV_MIB);
      }
}

static void
the_same_seed_gives_the_same_placement (void)
{
  for (guint i = 0; nv_policies[i]; i++)
    {
      g_autoptr (NvHost) host = rugged_host ();
      g_auto (Planned) first = plan_lines (host, nv_policies[i]->name, mixed_lines, 99);
      g_auto (Planned) second = plan_lines (host, nv_policies[i]->name, mixed_lines, 99);
      g_autofree char *shown_first = planned_format (&first);
      g_autofree char *shown_second = planned_format (&second);

      g_assert_cmpstr (shown_first, ==, shown_second);
    }
}

static void
another_seed_draws_other_nodes (void)
{
  g_autoptr (NvHost) host = test_host_even (8, 1, 4096);
  const char *lines = "1 64\n1 64\n1 64\n1 64\n1 64\n1 64\n1 64\n1 64\n1 64\n1 64\n1 64\n1 64\n";
  g_auto (Planned) first = plan_lines (host, "random", lines, 1);
  g_auto (Planned) second = plan_lines (host, "random", lines, 2);
  g_autofree char *shown_first = planned_format (&first);
  g_autofree char *shown_second = planned_format (&second);

  g_assert_cmpstr (shown_first, !=, shown_second);
}

static void
candidates_are_the_first_usable_nodes (void)
{
  g_autoptr (NvHost) host = rugged_host ();
  g_auto (Planned) planned = plan_lines (host, "spread", "1 64 nodes=3\n1 64\n", 1);

  assert_set (planned_at (&planned, 0)->candidates, "0,2,8");
  assert_set (planned_at (&planned, 1)->candidates, "0,2,8-9");
}

static void
memory_that_fits_on_no_node_names_what_each_has_left (void)
{
  g_autoptr (NvHost) host = test_host_even (4, 1, 1000);

  assert_no_fit (
      host, "round-robin", "1 588\n1 4096\n",
      "memory 4096 MiB: no node of 0-3 has that much left "
      "(0: 412 MiB, 1: 1000 MiB, 2: 1000 MiB, 3: 1000 MiB): make fewer or smaller VMs, or stop some");
  assert_no_fit (
      host, "spread", "1 1001\n",
      "memory 1001 MiB: no node of 0-3 has that much left "
      "(0: 1000 MiB, 1: 1000 MiB, 2: 1000 MiB, 3: 1000 MiB): policy 'pack' can use what several nodes have left");
  assert_no_fit (
      host, "pack", "1 4001\n",
      "memory 4001 MiB: nodes 0-3 have less left together "
      "(0: 1000 MiB, 1: 1000 MiB, 2: 1000 MiB, 3: 1000 MiB): make fewer or smaller VMs, or stop some");
}

static void
of_many_nodes_an_error_lists_those_with_most_left (void)
{
  g_autoptr (NvHost) host = test_host_even (12, 1, 100);

  for (guint i = 0; i < 12; i++)
    ((NvNode *)g_ptr_array_index (host->nodes, i))->memory_available_bytes = (50 + i) * NV_MIB;
  assert_no_fit (
      host, "random", "1 64\n",
      "memory 64 MiB: no node of 0-11 has that much left (11: 61 MiB, 10: 60 MiB, 9: 59 MiB, "
      "8: 58 MiB, 7: 57 MiB, 6: 56 MiB, 5: 55 MiB, 4: 54 MiB, and 4 more with no more than that): policy 'pack' can use what several nodes have left");
}

static void
huge_pages_come_from_their_pool_and_an_error_names_their_size (void)
{
  g_autoptr (NvHost) host = rugged_host ();

  assert_planned (host, "spread", "1 200 pages=2M\n1 600\n", "- 2");
  assert_no_fit (
      host, "spread", "1 200 pages=2M\n",
      "memory 200 MiB in pages of 2 MiB: no node of 0,2,8-9 has that much left "
      "(0: 20 MiB, 2: 60 MiB, 8: 140 MiB, 9: 180 MiB): policy 'pack' can use what several nodes have left");
}

static void
a_sum_that_overcommits_is_refused_and_later_vms_are_still_placed (void)
{
  g_autoptr (NvHost) host = test_host_even (2, 1, 1000);

  assert_planned (host, "random", "1 800\n1 800\n1 300\n1 150\n1 150\n", "1 0 - 1 0");
}

static void
a_host_without_a_usable_node_is_one_error_for_all (void)
{
  static const TestNode nodes[] = { { 0, 4, 0 } };
  g_autoptr (NvHost) host = test_host (nodes, 1);

  for (guint i = 0; nv_policies[i]; i++)
    assert_no_fit (host, nv_policies[i]->name, "1 64\n1 64\n",
                   "this host has no node that a VM may use: `numavm topology` shows why");
}

static void
cpus_are_free_unless_asked_for (void)
{
  g_autoptr (NvHost) host = test_host_even (2, 1, 1000);

  for (guint i = 0; nv_policies[i]; i++)
    {
      g_auto (Planned) planned = plan_lines (host, nv_policies[i]->name, "1 64\n", 1);

      g_assert_true ((planned_at (&planned, 0)->vcpu_cpus != NULL) == nv_policies[i]->needs_home);
    }
}

static void
cpus_can_be_those_of_given_nodes (void)
{
  g_autoptr (NvHost) host = test_host_even (4, 2, 1000);
  g_auto (Planned) planned = plan_lines (host, "spread", "3 64 cpus=1,3\n", 1);
  const NvPlacement *placement = planned_at (&planned, 0);

  assert_set (placement->cpu_nodes, "1,3");
  assert_set (placement->vcpu_cpus, "4-7,12-15");
  assert_set (placement->emulator_cpus, "4-7,12-15");
  assert_set (region_of (placement)->nodes, "0");
  g_assert_cmpint (nv_ledger_free_cores (planned.ledger, 1), ==, 1);
  g_assert_cmpint (nv_ledger_free_cores (planned.ledger, 3), ==, 0);
}

static void
cpus_can_be_those_of_the_memory (void)
{
  g_autoptr (NvHost) host = rugged_host ();
  g_auto (Planned) planned = plan_lines (host, "interleave", "1 64 cpus=same nodes=3\n", 1);

  assert_set (planned_at (&planned, 0)->cpu_nodes, "0,8");
  assert_set (planned_at (&planned, 0)->vcpu_cpus, "0-3,6-13");
}

static void
where_cpus_follow_memory_no_policy_chooses_a_node_without_cpus (void)
{
  static const TestNode nodes[] = { { 0, 0, 900 }, { 1, 1, 500 }, { 2, 1, 300 }, { 3, 0, 100 } };
  g_autoptr (NvHost) host = test_host (nodes, G_N_ELEMENTS (nodes));
  static const char *const choosing[] = { "random", "round-robin", "spread", "pack" };

  for (guint i = 0; i < G_N_ELEMENTS (choosing); i++)
    {
      g_auto (Planned) planned =
          plan_lines (host, choosing[i], "1 64 cpus=same\n1 64 cpus=same\n1 64 cpus=same\n", i);

      for (guint j = 0; j < 3; j++)
        {
          assert_set (planned_at (&planned, j)->candidates, "1-2");
          g_assert_true (nv_set_equal (region_of (planned_at (&planned, j))->nodes,
                                       planned_at (&planned, j)->cpu_nodes));
        }
    }
  assert_no_fit (host, "spread", "1 800 cpus=same\n",
                 "memory 800 MiB: no node of 1-2, those with CPUs, has that much left "
                 "(1: 500 MiB, 2: 300 MiB): policy 'pack' can use what several nodes have left");
  assert_no_fit (host, "spread", "1 600 cpus=same nodes=2\n",
                 "memory 600 MiB: node 1, the only one with CPUs, has 500 MiB left"
                 ": make fewer or smaller VMs, or stop some");
  for (guint i = 0; nv_policies[i]; i++)
    if (nv_policies[i]->names_nodes && !nv_policies[i]->needs_home)
      assert_no_fit (
          host, nv_policies[i]->name, "1 64 cpus=same nodes=1\n",
          "cpus 'same': the memory can only be on node 0, without CPUs: name more nodes, or use free");
}

static void
on_a_host_of_one_node_an_error_says_what_it_has_left (void)
{
  g_autoptr (NvHost) host = one_node ();

  for (guint i = 0; nv_policies[i]; i++)
    {
      const char *subject = nv_policies[i]->names_nodes ? "node 0" : "this machine";
      g_autofree char *expected = g_strdup_printf (
          "memory 1001 MiB: %s has 1000 MiB left: make fewer or smaller VMs, or stop some", subject);

      assert_no_fit (host, nv_policies[i]->name, "1 1001\n", expected);
    }
  nv_node_add_page_pool (g_ptr_array_index (host->nodes, 0), 2 * NV_MIB, 8, 8);
  assert_no_fit (host, "spread", "1 18 pages=2M\n",
                 "memory 18 MiB in pages of 2 MiB: node 0 has 16 MiB left"
                 ": reserve more such pages, or make fewer or smaller VMs");
}

static void
home_is_the_node_with_most_free_cores_and_room (void)
{
  static const TestNode nodes[] = { { 0, 2, 500 }, { 1, 8, 500 }, { 2, 8, 600 }, { 3, 0, 900 } };
  g_autoptr (NvHost) host = test_host (nodes, G_N_ELEMENTS (nodes));
  g_auto (Planned) planned = plan_lines (host, "local", "4 100\n1 100\n12 450\n1 100\n1 700\n", 1);
  g_autofree char *found = planned_format (&planned);

  /* 2 has more left than 1; then 1 has more free cores; VM 2 needs 12 CPUs and finds 2 too full. */
  g_assert_cmpstr (found, ==, "2 1 2 1 -");
  g_assert_cmpstr (planned_at (&planned, 0)->note, ==,
                   "home: node 2, most free cores among the nodes with room");
  assert_set (planned_at (&planned, 0)->vcpu_cpus, "20-35");
  g_assert_cmpint (region_of (planned_at (&planned, 0))->expectation, ==, NV_EXPECT_EXACT);
}

static void
a_home_that_is_too_full_is_passed_over_and_said (void)
{
  static const TestNode nodes[] = { { 0, 2, 500 }, { 1, 8, 50 }, { 2, 0, 20 } };
  g_autoptr (NvHost) host = test_host (nodes, G_N_ELEMENTS (nodes));
  g_auto (Planned) planned = plan_lines (host, "local", "1 100\n", 1);

  assert_set (region_of (planned_at (&planned, 0))->nodes, "0");
  assert_set (planned_at (&planned, 0)->skipped, "1");
  assert_no_fit (host, "local", "1 501\n",
                 "memory 501 MiB: no node of 0-1, those with CPUs for it, has that much left "
                 "(0: 500 MiB, 1: 50 MiB): policy 'pack' can use what several nodes have left");
}

static void
a_vm_wider_than_any_node_gets_the_nearest_nodes_and_a_note (void)
{
  g_autoptr (NvHost) host = test_host_even (4, 4, 500);

  for (guint from = 0; from < 4; from++)
    for (guint to = 0; to < 4; to++)
      nv_host_set_distance (host, from, to, from == to ? 10 : 30);
  nv_host_set_distance (host, 1, 3, 12);
  {
    g_auto (Planned) planned = plan_lines (host, "local", "16 600\n", 1);
    const NvPlacement *placement = planned_at (&planned, 0);

    assert_set (placement->cpu_nodes, "1,3");
    assert_set (region_of (placement)->nodes, "1,3");
    g_assert_cmpint (region_of (placement)->mode, ==, NV_MEMORY_STRICT);
    g_assert_cmpint (region_of (placement)->expectation, ==, NV_EXPECT_WITHIN);
    g_assert_cmpstr (placement->note, ==, "home: nodes 1,3, as no single node has CPUs for 16 vCPUs");
  }
  assert_no_fit (host, "local", "16 2001\n",
                 "memory 2001 MiB: nodes 0-3 have less left together "
                 "(0: 500 MiB, 1: 500 MiB, 2: 500 MiB, 3: 500 MiB): make fewer or smaller VMs, or stop some");
}

static void
more_vcpus_than_the_host_has_cpus_take_all_its_nodes (void)
{
  g_autoptr (NvHost) one = test_host_even (1, 1, 500);
  g_autoptr (NvHost) two = test_host_even (2, 1, 500);
  g_auto (Planned) on_one = plan_lines (one, "local", "64 100\n", 1);
  g_auto (Planned) on_two = plan_lines (two, "local", "64 100\n", 1);

  assert_set (planned_at (&on_one, 0)->cpu_nodes, "0");
  g_assert_cmpstr (planned_at (&on_one, 0)->note, ==, "home: node 0, with 2 CPUs for 64 vCPUs");
  assert_set (planned_at (&on_two, 0)->cpu_nodes, "0-1");
  g_assert_cmpstr (planned_at (&on_two, 0)->note, ==, "home: nodes 0-1, with 4 CPUs for 64 vCPUs");
}

static void
local_stays_on_the_nodes_of_the_given_cpus (void)
{
  g_autoptr (NvHost) host = rugged_host ();
  g_auto (Planned) planned = plan_lines (host, "local", "1 64 cpus=8\n1 750 cpus=0,3,8\n", 1);

  assert_set (region_of (planned_at (&planned, 0))->nodes, "8");
  g_assert_null (planned_at (&planned, 0)->note);
  assert_set (region_of (planned_at (&planned, 1))->nodes, "0,8");
  assert_set (planned_at (&planned, 1)->cpu_nodes, "0,3,8");
  /* 636 and 269 MiB are left on them. */
  g_assert_cmpuint (g_array_index (region_of (planned_at (&planned, 1))->shares, NvShare, 1).bytes / NV_MIB,
                    ==, 750 * 269 / (700 + 269));
  assert_no_fit (
      host, "local", "1 400 cpus=8\n",
      "memory 400 MiB: node 8 has 333 MiB left: policy 'pack' can use what several nodes have left");
}

static void
memory_on_some_of_the_given_cpus_nodes_only_is_said (void)
{
  g_autoptr (NvHost) host = four_nodes ();
  g_auto (Planned) planned = plan_lines (host, "local", "1 64 cpus=0,3 nodes=2\n1 64 cpus=0-1 nodes=2\n", 1);

  assert_set (planned_at (&planned, 0)->cpu_nodes, "0,3");
  assert_set (region_of (planned_at (&planned, 0))->nodes, "0");
  g_assert_cmpstr (planned_at (&planned, 0)->note, ==,
                   "CPUs on nodes 0,3, memory on node 0 only: nodes= or the host rules out the others");
  g_assert_null (planned_at (&planned, 1)->note);
}

static void
wide_vms_take_turns_on_groups_that_are_equally_near (void)
{
  g_autoptr (NvHost) host = test_host_even (12, 2, 500);

  for (guint from = 0; from < 12; from++)
    for (guint to = 0; to < 12; to++)
      nv_host_set_distance (host, from, to, from / 4 == to / 4 ? 16 : 32);
  assert_planned (host, "local", "8 100\n8 100\n8 100\n12 100\n", "0-1 2-3 4-5 8-10");
}

static void
no_home_without_cpus (void)
{
  static const TestNode nodes[] = { { 0, 0, 500 }, { 1, 2, 500 } };
  g_autoptr (NvHost) host = test_host (nodes, G_N_ELEMENTS (nodes));

  assert_planned (host, "local", "1 64\n", "1");
  assert_no_fit (host, "local", "1 64 nodes=1\n",
                 "policy 'local': no node of 0 has CPUs, so none can be home: name more nodes");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(test) g_test_add_func ("/plan/" #test, test)
  ADD (every_policy_keeps_the_invariants);
  ADD (the_same_seed_gives_the_same_placement);
  ADD (another_seed_draws_other_nodes);
  ADD (candidates_are_the_first_usable_nodes);
  ADD (memory_that_fits_on_no_node_names_what_each_has_left);
  ADD (of_many_nodes_an_error_lists_those_with_most_left);
  ADD (huge_pages_come_from_their_pool_and_an_error_names_their_size);
  ADD (a_sum_that_overcommits_is_refused_and_later_vms_are_still_placed);
  ADD (a_host_without_a_usable_node_is_one_error_for_all);
  ADD (cpus_are_free_unless_asked_for);
  ADD (cpus_can_be_those_of_given_nodes);
  ADD (cpus_can_be_those_of_the_memory);
  ADD (where_cpus_follow_memory_no_policy_chooses_a_node_without_cpus);
  ADD (on_a_host_of_one_node_an_error_says_what_it_has_left);
  ADD (home_is_the_node_with_most_free_cores_and_room);
  ADD (a_home_that_is_too_full_is_passed_over_and_said);
  ADD (a_vm_wider_than_any_node_gets_the_nearest_nodes_and_a_note);
  ADD (more_vcpus_than_the_host_has_cpus_take_all_its_nodes);
  ADD (local_stays_on_the_nodes_of_the_given_cpus);
  ADD (memory_on_some_of_the_given_cpus_nodes_only_is_said);
  ADD (wide_vms_take_turns_on_groups_that_are_equally_near);
  ADD (no_home_without_cpus);
#undef ADD
  return g_test_run ();
}
