#pragma once

#include <stddef.h>
#include <stdint.h>

/* Order statistics of the values of one group. */
struct nv_summary
{
  size_t n;
  double minimum, p5, median, p95, maximum, mean;
  double low, high; /* 95 % interval of the median */
};

/* Quantile @q (0 to 1) of @n >= 1 ascending values, type 7 of R. J. Hyndman, Y. Fan, "Sample quantiles in
 * statistical packages", The American Statistician 50 (1996). */
double nv_quantile (const double *sorted, size_t n, double q);

/**
 * nv_summarize:
 * @values: n >= 1, in any order; sorted on return
 * @seed: of the resampling
 *
 * The interval is the percentile bootstrap's, 2000 resamples: B. Efron, R. J. Tibshirani, "An introduction to
 * the bootstrap" (1993), section 13.3; from 2000 values on, what that comes to with many: the ranks
 * n / 2 -+ 0.98 sqrt (n).
 */
void nv_summarize (double *values, size_t n, uint64_t seed, struct nv_summary *ret_summary);
