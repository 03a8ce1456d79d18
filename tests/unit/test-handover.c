#include "bench/handover.h"

#include <glib.h>
#include <string.h>

static void
each_pair_has_an_index_of_its_own (void)
{
  for (unsigned n = 0; n <= 9; n++)
    {
      size_t next = 0;

      for (unsigned i = 0; i < n; i++)
        for (unsigned j = i + 1; j < n; j++)
          g_assert_cmpuint (nv_handover_pair (n, i, j), ==, next++);
      g_assert_cmpuint (nv_handover_n_pairs (n), ==, next);
    }
}

static void
each_thread_meets_each_other_once (void)
{
  for (unsigned n = 2; n <= 9; n++)
    {
      g_autofree unsigned *meetings = g_new0 (unsigned, nv_handover_n_pairs (n));

      for (unsigned round = 0; round < n - 1 + n % 2; round++)
        for (unsigned thread = 0; thread < n; thread++)
          {
            unsigned partner = nv_handover_partner (n, round, thread);

            g_assert_cmpuint (partner, <=, n - 1 + n % 2);
            g_assert_cmpuint (partner, !=, thread);
            if (partner == n)
              continue;
            g_assert_cmpuint (nv_handover_partner (n, round, partner), ==, thread);
            if (thread < partner)
              meetings[nv_handover_pair (n, thread, partner)]++;
          }
      for (size_t i = 0; i < nv_handover_n_pairs (n); i++)
        g_assert_cmpuint (meetings[i], ==, 1);
    }
}

static void
a_change_is_a_factor_of_more_than_one_and_a_half (void)
{
  g_assert_false (nv_handover_changed ((float[]){ 40, 100 }, (float[]){ 60, 70 }, 2));
  g_assert_true (nv_handover_changed ((float[]){ 40, 100 }, (float[]){ 40, 151 }, 2));
  g_assert_true (nv_handover_changed ((float[]){ 40, 151 }, (float[]){ 40, 100 }, 2));
}

static void
unknown_pairs_are_no_change (void)
{
  g_assert_false (nv_handover_changed ((float[]){ 0, 100 }, (float[]){ 40, 0 }, 2));
  g_assert_true (nv_handover_changed ((float[]){ 0, 100 }, (float[]){ 40, 200 }, 2));
  g_assert_false (nv_handover_changed (NULL, NULL, 0));
}

static void
assert_groups (const float *probes, size_t n_probes, size_t n_pairs, const unsigned *expected)
{
  g_autofree unsigned *groups = g_new (unsigned, n_probes);
  unsigned highest = 0;

  for (size_t i = 0; i < n_probes; i++)
    highest = MAX (highest, expected[i]);
  g_assert_cmpuint (nv_handover_groups (probes, n_probes, n_pairs, groups), ==, highest + 1);
  for (size_t i = 0; i < n_probes; i++)
    g_assert_cmpuint (groups[i], ==, expected[i]);
}

static void
near_and_far_are_two_groups_the_first_probe_s_first (void)
{
  assert_groups ((float[]){ 190, 41, 45, 203, 38, 188 }, 6, 1, (unsigned[]){ 0, 1, 1, 0, 1, 0 });
}

static void
three_states_are_three_groups (void)
{
  assert_groups ((float[]){ 40, 100, 300, 110, 42, 290 }, 6, 1, (unsigned[]){ 0, 1, 2, 1, 0, 2 });
}

static void
neighbours_within_the_factor_are_one_group (void)
{
  assert_groups ((float[]){ 40, 90, 60, 135 }, 4, 1, (unsigned[]){ 0, 0, 0, 0 });
}

static void
all_pairs_must_agree (void)
{
  assert_groups ((float[]){ 40, 40, 200, /**/ 40, 200, 40, /**/ 41, 39, 210, /**/ 200, 40, 40 }, 4, 3,
                 (unsigned[]){ 0, 1, 0, 2 });
}

static void
an_unknown_pair_fits_to_any_group (void)
{
  assert_groups ((float[]){ 0, 40, /**/ 200, 40, /**/ 40, 41, /**/ 0, 200 }, 4, 2,
                 (unsigned[]){ 0, 0, 1, 2 });
}

static void
what_was_not_probed_is_one_group (void)
{
  unsigned groups[2] = { 7, 7 };

  g_assert_cmpuint (nv_handover_groups (NULL, 2, 0, groups), ==, 1);
  g_assert_cmpuint (groups[0], ==, 0);
  g_assert_cmpuint (groups[1], ==, 0);
  g_assert_cmpuint (nv_handover_groups (NULL, 0, 0, groups), ==, 0);
}

/* Whether a value is known is the machine's business: its CPUs may be taken away. */
static void
a_probe_ends_with_plausible_values (void)
{
  struct nv_team_request request = { 0 };
  struct nv_team team;
  struct nv_message message;
  g_autofree float *ns = NULL;

  g_assert_cmpint (nv_team_make (&request, &team, &message), ==, 0);
  ns = g_new (float, nv_handover_n_pairs (team.n_threads) + 1);
  ns[nv_handover_n_pairs (team.n_threads)] = -1;
  nv_handover_probe (&team, ns);
  for (size_t i = 0; i < nv_handover_n_pairs (team.n_threads); i++)
    {
      g_test_message ("pair %zu: %.1f ns", i, (double)ns[i]);
      g_assert_true (ns[i] == 0 || (ns[i] > 1 && ns[i] < 5e6));
    }
  g_assert_cmpfloat (ns[nv_handover_n_pairs (team.n_threads)], ==, -1);
  nv_team_clear (&team);
}

static void
threads_that_share_a_cpu_are_unknown_to_each_other (void)
{
  struct nv_team_request request = { .n_threads = 1 };
  struct nv_team team;
  struct nv_message message;
  float ns[3] = { -1, -1, -1 };

  g_assert_cmpint (nv_team_make (&request, &team, &message), ==, 0);
  struct nv_team shared = { .n_threads = 3,
                            .pinned = true,
                            .cpus = (int[]){ team.cpus[0], team.cpus[0], team.cpus[0] },
                            .nodes = (unsigned[]){ 0, 0, 0 } };
  nv_handover_probe (&shared, ns);
  for (int i = 0; i < 3; i++)
    g_assert_cmpfloat (ns[i], ==, 0);
  nv_team_clear (&team);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(name) g_test_add_func ("/handover/" #name, name)
  TEST (each_pair_has_an_index_of_its_own);
  TEST (each_thread_meets_each_other_once);
  TEST (a_change_is_a_factor_of_more_than_one_and_a_half);
  TEST (unknown_pairs_are_no_change);
  TEST (near_and_far_are_two_groups_the_first_probe_s_first);
  TEST (three_states_are_three_groups);
  TEST (neighbours_within_the_factor_are_one_group);
  TEST (all_pairs_must_agree);
  TEST (an_unknown_pair_fits_to_any_group);
  TEST (what_was_not_probed_is_one_group);
  TEST (a_probe_ends_with_plausible_values);
  TEST (threads_that_share_a_cpu_are_unknown_to_each_other);
  return g_test_run ();
}
