#include "stats/describe.h"
#include "stats/sort.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

void
nv_describe (double *values, gsize n, NvStatistics *ret_statistics)
{
  NvStatistics all = { n, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN };

  if (n > 0)
    {
      nv_sort (values, n);
      all.minimum = values[0];
      all.p5 = gsl_stats_quantile_from_sorted_data (values, 1, n, 0.05);
      all.q1 = gsl_stats_quantile_from_sorted_data (values, 1, n, 0.25);
      all.median = gsl_stats_quantile_from_sorted_data (values, 1, n, 0.5);
      all.q3 = gsl_stats_quantile_from_sorted_data (values, 1, n, 0.75);
      all.p95 = gsl_stats_quantile_from_sorted_data (values, 1, n, 0.95);
      all.maximum = values[n - 1];
      all.mean = gsl_stats_mean (values, 1, n);
    }
  if (n > 1)
    {
      double half;

      all.deviation = gsl_stats_sd_m (values, 1, n, all.mean);
      half = gsl_cdf_tdist_Pinv (0.975, (double)(n - 1)) * all.deviation / sqrt ((double)n);
      all.low = all.mean - half;
      all.high = all.mean + half;
    }
  *ret_statistics = all;
}
