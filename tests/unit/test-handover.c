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
a_probe_of_many_threads_plays_some_rounds_spread_over_all (void)
{
  g_assert_cmpuint (nv_handover_n_rounds (2), ==, 1);
  g_assert_cmpuint (nv_handover_n_rounds (3), ==, 3);
  g_assert_cmpuint (nv_handover_n_rounds (16), ==, 15);
  for (unsigned nth = 0; nth < 15; nth++)
    g_assert_cmpuint (nv_handover_round (16, nth), ==, nth);
  for (unsigned n = 17; n <= 1024; n += 7)
    {
      unsigned n_rounds = nv_handover_n_rounds (n), all = n - 1 + n % 2;

      g_assert_cmpuint (n_rounds, ==, NV_HANDOVER_MAX_ROUNDS);
      for (unsigned nth = 1; nth < n_rounds; nth++)
        {
          unsigned step = nv_handover_round (n, nth) - nv_handover_round (n, nth - 1);

          g_assert_cmpuint (step, >=, all / n_rounds);
          g_assert_cmpuint (step, <=, all / n_rounds + 1);
        }
      g_assert_cmpuint (nv_handover_round (n, n_rounds - 1), <, all);
    }
}

static void
a_change_is_a_factor_of_more_than_one_and_a_half (void)
{
  g_assert_false (nv_handover_changed ((float[]){ 40 }, (float[]){ 60 }, 2));
  g_assert_true (nv_handover_changed ((float[]){ 40 }, (float[]){ 61 }, 2));
  g_assert_true (nv_handover_changed ((float[]){ 61 }, (float[]){ 40 }, 2));
  g_assert_false (nv_handover_changed ((float[]){ 40, 100, 90 }, (float[]){ 60, 70, 90 }, 3));
  g_assert_true (nv_handover_changed ((float[]){ 40, 100, 90 }, (float[]){ 40, 151, 90 }, 3));
}

static void
unknown_pairs_are_no_change (void)
{
  g_assert_false (nv_handover_changed ((float[]){ 0, 100, 0 }, (float[]){ 40, 0, 0 }, 3));
  g_assert_true (nv_handover_changed ((float[]){ 0, 100, 0 }, (float[]){ 40, 200, 0 }, 3));
  g_assert_false (nv_handover_changed (NULL, NULL, 0));
}

enum
{
  MANY = 64,
  N_MANY_PAIRS = MANY * (MANY - 1) / 2,
};

/* What a probe of @MANY threads shows: near within each of the groups of cores that @groups names, far
 * between them. */
static void
fill_probe (const unsigned *groups, float *ret_ns)
{
  for (size_t i = 0; i < N_MANY_PAIRS; i++)
    ret_ns[i] = 0;
  for (unsigned nth = 0; nth < nv_handover_n_rounds (MANY); nth++)
    for (unsigned i = 0; i < MANY; i++)
      {
        unsigned j = nv_handover_partner (MANY, nv_handover_round (MANY, nth), i);

        if (i < j)
          ret_ns[nv_handover_pair (MANY, i, j)] = groups[i] == groups[j] ? 40 : 200;
      }
}

/* Groups of 8 cores, as many processors have them: a CPU that moves changes its distance to 15 of 63. */
static void
one_disturbed_pair_of_many_threads_is_no_move_and_one_moved_cpu_is (void)
{
  enum
  {
    DISTURBED = 1,
    MOVED = 2,
    N = 4
  };
  unsigned groups[MANY], numbers[N];
  g_autofree float *probes = g_new (float, N *N_MANY_PAIRS);
  float *disturbed = &probes[DISTURBED * N_MANY_PAIRS], *moved = &probes[MOVED * N_MANY_PAIRS];
  size_t pair = 0;

  for (unsigned i = 0; i < MANY; i++)
    groups[i] = i / 8;
  for (size_t i = 0; i < N; i++)
    fill_probe (groups, &probes[i * N_MANY_PAIRS]);
  while (disturbed[pair] == 0)
    pair++;
  disturbed[pair] *= 3;
  groups[9] = 4;
  fill_probe (groups, moved);

  g_assert_false (nv_handover_changed (probes, disturbed, MANY));
  g_assert_true (nv_handover_changed (probes, moved, MANY));
  g_assert_cmpuint (nv_handover_groups (probes, N, MANY, numbers), ==, 2);
  for (unsigned i = 0; i < N; i++)
    g_assert_cmpuint (numbers[i], ==, i == MOVED);
}

static void
assert_groups (const float *probes, size_t n_probes, unsigned n_threads, const unsigned *expected)
{
  g_autofree unsigned *groups = g_new (unsigned, n_probes);
  unsigned highest = 0;

  for (size_t i = 0; i < n_probes; i++)
    highest = MAX (highest, expected[i]);
  g_assert_cmpuint (nv_handover_groups (probes, n_probes, n_threads, groups), ==, highest + 1);
  for (size_t i = 0; i < n_probes; i++)
    g_assert_cmpuint (groups[i], ==, expected[i]);
}

static void
near_and_far_are_two_groups_the_first_probe_s_first (void)
{
  assert_groups ((float[]){ 190, 41, 45, 203, 38, 188 }, 6, 2, (unsigned[]){ 0, 1, 1, 0, 1, 0 });
}

static void
three_states_are_three_groups (void)
{
  assert_groups ((float[]){ 40, 100, 300, 110, 42, 290 }, 6, 2, (unsigned[]){ 0, 1, 2, 1, 0, 2 });
}

static void
neighbours_within_the_factor_are_one_group (void)
{
  assert_groups ((float[]){ 40, 90, 60, 135 }, 4, 2, (unsigned[]){ 0, 0, 0, 0 });
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
  assert_groups ((float[]){ 0, 40, 0, /**/ 200, 40, 0, /**/ 40, 41, 0, /**/ 0, 200, 0 }, 4, 3,
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

/* Whether a value is known is the machine's business, for a while: its CPUs may be taken away. */
static void
a_probe_ends_with_plausible_values (void)
{
  struct nv_team_request request = { 0 };
  struct nv_team team;
  struct nv_message message;
  struct nv_courts *courts;
  g_autofree float *ns = NULL;
  size_t n_pairs, n_known = 0;

  g_assert_cmpint (nv_team_make (&request, &team, &message), ==, 0);
  n_pairs = nv_handover_n_pairs (team.n_threads);
  ns = g_new (float, n_pairs + 1);
  ns[n_pairs] = -1;
  courts = nv_courts_make (team.n_threads);
  for (int i = 0; i < 3 || (i < 1000 && n_pairs > 0 && n_known == 0); i++)
    {
      gint64 start_us = g_get_monotonic_time ();

      nv_handover_probe (&team, courts, ns);
      g_test_message ("a probe of %u threads: %" G_GINT64_FORMAT " us, the first pair: %.1f ns",
                      team.n_threads, g_get_monotonic_time () - start_us, (double)ns[0]);
      for (size_t pair = 0; pair < n_pairs; pair++)
        {
          g_assert_true (ns[pair] == 0 || (ns[pair] > 1 && ns[pair] < 5e6));
          n_known += ns[pair] > 0;
        }
      g_assert_cmpfloat (ns[n_pairs], ==, -1);
    }
  g_assert_true (n_pairs == 0 || n_known > 0);
  nv_courts_free (courts);
  nv_team_clear (&team);
}

static void
threads_that_share_a_cpu_are_unknown_to_each_other (void)
{
  struct nv_team_request request = { .n_threads = 1 };
  struct nv_team team;
  struct nv_message message;
  struct nv_courts *courts;
  float ns[3] = { -1, -1, -1 };

  g_assert_cmpint (nv_team_make (&request, &team, &message), ==, 0);
  struct nv_team shared = { .n_threads = 3,
                            .pinned = true,
                            .cpus = (int[]){ team.cpus[0], team.cpus[0], team.cpus[0] },
                            .nodes = (unsigned[]){ 0, 0, 0 } };
  courts = nv_courts_make (3);
  nv_handover_probe (&shared, courts, ns);
  nv_courts_free (courts);
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
  TEST (a_probe_of_many_threads_plays_some_rounds_spread_over_all);
  TEST (a_change_is_a_factor_of_more_than_one_and_a_half);
  TEST (unknown_pairs_are_no_change);
  TEST (one_disturbed_pair_of_many_threads_is_no_move_and_one_moved_cpu_is);
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
