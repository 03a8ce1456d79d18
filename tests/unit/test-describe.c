/* Statistics against values that R 4.2 gives: quantile (type = 7), sd, t.test. */

#include "stats/describe.h"
#include "stats/sort.h"

#include <math.h>

static void
is_what_r_gives (void)
{
  /* R's women$weight, in no order. */
  double weights[] = { 164, 115, 117, 120, 123, 126, 129, 132, 135, 139, 142, 146, 150, 154, 159 };
  NvStatistics all;

  nv_describe (weights, G_N_ELEMENTS (weights), &all);
  g_assert_cmpuint (all.n, ==, 15);
  g_assert_cmpfloat (all.minimum, ==, 115);
  g_assert_cmpfloat_with_epsilon (all.p5, 116.4, 1e-9);
  g_assert_cmpfloat (all.q1, ==, 124.5);
  g_assert_cmpfloat (all.median, ==, 135);
  g_assert_cmpfloat (all.q3, ==, 148);
  g_assert_cmpfloat_with_epsilon (all.p95, 160.5, 1e-9);
  g_assert_cmpfloat (all.maximum, ==, 164);
  g_assert_cmpfloat_with_epsilon (all.mean, 136.733333333, 1e-8);
  g_assert_cmpfloat_with_epsilon (all.deviation, 15.498694264, 1e-8);
  g_assert_cmpfloat_with_epsilon (all.low, 128.150467, 1e-4);
  g_assert_cmpfloat_with_epsilon (all.high, 145.316200, 1e-4);
}

static void
of_one_value_there_is_no_spread (void)
{
  double value = 7;
  NvStatistics all;

  nv_describe (&value, 1, &all);
  g_assert_cmpfloat (all.minimum, ==, 7);
  g_assert_cmpfloat (all.q3, ==, 7);
  g_assert_cmpfloat (all.mean, ==, 7);
  g_assert_true (isnan (all.deviation) && isnan (all.low) && isnan (all.high));
}

static void
of_none_there_is_nothing (void)
{
  NvStatistics all;

  nv_describe (NULL, 0, &all);
  g_assert_cmpuint (all.n, ==, 0);
  g_assert_true (isnan (all.minimum) && isnan (all.median) && isnan (all.mean));
}

/* Of every sign and size, some often, in no order. */
static void
many_are_sorted (gconstpointer data)
{
  gsize n = GPOINTER_TO_SIZE (data);
  g_autofree double *values = g_new (double, n);
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  double sum = 0, sum_after = 0;

  for (gsize i = 0; i < n; i++)
    {
      values[i] =
          i % 5 == 0 ? (double)(i % 3) - 1 : ldexp (g_rand_double_range (rand, -1, 1), (int)(i % 200) - 100);
      sum += fabs (values[i]) > 1e-3 ? rint (1e3 * fmod (values[i], 1e6)) : 0;
    }
  nv_sort (values, n);
  for (gsize i = 0; i < n; i++)
    {
      if (i > 0)
        g_assert_cmpfloat (values[i - 1], <=, values[i]);
      sum_after += fabs (values[i]) > 1e-3 ? rint (1e3 * fmod (values[i], 1e6)) : 0;
    }
  g_assert_cmpfloat (sum, ==, sum_after);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/describe/is-what-r-gives", is_what_r_gives);
  g_test_add_func ("/describe/of-one-value-there-is-no-spread", of_one_value_there_is_no_spread);
  g_test_add_func ("/describe/of-none-there-is-nothing", of_none_there_is_nothing);
  g_test_add_data_func ("/describe/few-are-sorted", GSIZE_TO_POINTER (37), many_are_sorted);
  g_test_add_data_func ("/describe/many-are-sorted", GSIZE_TO_POINTER (5000), many_are_sorted);
  return g_test_run ();
}
