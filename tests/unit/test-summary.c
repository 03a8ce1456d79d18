#include "bench/summary.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#define assert_near(value, expected)                                                                         \
  g_assert_cmpfloat_with_epsilon (value, expected, 1e-12 * (1 + fabs ((double)(expected))))

/* R: quantile (c (1, 2, 4, 8, 16), c (0, .05, .25, .3, .5, .95, 1)), type 7, which is its default. */
static void
quantiles_are_those_of_r (void)
{
  static const double values[] = { 1, 2, 4, 8, 16 };
  static const double expected[][2] = { { 0, 1 },   { 0.05, 1.2 },  { 0.25, 2 }, { 0.3, 2.4 },
                                        { 0.5, 4 }, { 0.95, 14.4 }, { 1, 16 } };

  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++)
    assert_near (nv_quantile (values, 5, expected[i][0]), expected[i][1]);
}

/* R: quantile (1:10, c (.05, .5, .95)): 1.45 5.50 9.55 */
static void
an_even_number_of_values_has_its_median_between_two (void)
{
  double values[] = { 7, 3, 10, 1, 9, 2, 8, 6, 4, 5 };
  struct nv_summary summary;

  nv_summarize (values, 10, 1, &summary);
  g_assert_cmpuint (summary.n, ==, 10);
  assert_near (summary.minimum, 1);
  assert_near (summary.p5, 1.45);
  assert_near (summary.median, 5.5);
  assert_near (summary.p95, 9.55);
  assert_near (summary.maximum, 10);
  assert_near (summary.mean, 5.5);
}

static void
one_value_is_its_own_summary (void)
{
  double value = 3.25;
  struct nv_summary summary;

  nv_summarize (&value, 1, 9, &summary);
  g_assert_cmpuint (summary.n, ==, 1);
  for (int i = 0; i < 8; i++)
    g_assert_cmpfloat (((double[]){ summary.minimum, summary.p5, summary.median, summary.p95, summary.maximum,
                                    summary.mean, summary.low, summary.high })[i],
                       ==, 3.25);
}

/* P (the median of a resample is at most the k-th of n values), n odd: that of at least (n + 1) / 2 hits
 * among the k lowest. B. Efron, "Bootstrap methods: another look at the jackknife", The Annals of Statistics
 * 7 (1979), section 3. */
static double
at_most (unsigned n, unsigned k)
{
  double p = (double)k / n, sum = 0;

  for (unsigned hits = (n + 1) / 2; hits <= n; hits++)
    sum += exp (lgamma (n + 1) - lgamma (hits + 1) - lgamma (n - hits + 1)) * pow (p, hits)
           * pow (1 - p, n - hits);
  return sum;
}

static void
the_interval_is_that_of_infinitely_many_resamples (void)
{
  for (unsigned n = 5; n <= 101; n += 12)
    {
      g_autofree double *values = g_new (double, n);
      struct nv_summary summary;
      unsigned low = 1, high = 1;

      for (unsigned i = 0; i < n; i++)
        values[i] = n - i;
      nv_summarize (values, n, n, &summary);
      while (at_most (n, low) < 0.025)
        low++;
      while (at_most (n, high) < 0.975)
        high++;
      /* 2000 of them can be off by one where the true share is close to the limit. */
      g_assert_cmpfloat (fabs (summary.low - low), <=, 1);
      g_assert_cmpfloat (fabs (summary.high - high), <=, 1);
      g_assert_cmpfloat (summary.low, <, summary.median);
      g_assert_cmpfloat (summary.high, >, summary.median);
    }
}

static void
the_interval_follows_from_the_seed (void)
{
  double values[40];
  struct nv_summary first, again, other;
  gboolean differs = FALSE;

  for (int i = 0; i < 40; i++)
    values[i] = i * i;
  nv_summarize (values, 40, 1, &first);
  nv_summarize (values, 40, 1, &again);
  g_assert_cmpmem (&first, sizeof first, &again, sizeof again);
  for (uint64_t seed = 2; seed < 30; seed++)
    {
      nv_summarize (values, 40, seed, &other);
      differs |= other.low != first.low || other.high != first.high;
    }
  g_assert_true (differs);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(name) g_test_add_func ("/summary/" #name, name)
  TEST (quantiles_are_those_of_r);
  TEST (an_even_number_of_values_has_its_median_between_two);
  TEST (one_value_is_its_own_summary);
  TEST (the_interval_is_that_of_infinitely_many_resamples);
  TEST (the_interval_follows_from_the_seed);
  return g_test_run ();
}
