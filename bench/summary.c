#include "bench/summary.h"
#include "bench/rng.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum
{
  N_RESAMPLES = 2000,
  MANY = 2000, /* values: from here on the interval is taken from the limit */
};

static int
compare (const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;

  return (x > y) - (x < y);
}

double
nv_quantile (const double *sorted, size_t n, double q)
{
  double position = (double)(n - 1) * q;
  size_t below = (size_t)position;

  if (below + 1 >= n)
    return sorted[n - 1];
  return sorted[below] + (position - (double)below) * (sorted[below + 1] - sorted[below]);
}

/* How often each of @n values is in a resample. One draw of 64 bits serves two of them; that 2^32 is no
 * multiple of @n shifts a probability by less than n / 2^32. */
static void
resample (uint64_t seed, uint64_t stream, size_t n, uint32_t *ret_counts)
{
  memset (ret_counts, 0, n * sizeof *ret_counts);
  for (size_t i = 0; i < n; i += 2)
    {
      uint64_t draw = nv_rng_draw64 (seed, stream, i / 2);

      ret_counts[(draw >> 32) * n >> 32]++;
      if (i + 1 < n)
        ret_counts[(draw & UINT32_MAX) * n >> 32]++;
    }
}

/* The median of the resample that has sorted[i] @counts[i] times. */
static double
resampled_median (const double *sorted, const uint32_t *counts, size_t n)
{
  size_t seen = 0, i = 0;
  double lower;

  while ((seen += counts[i]) < (n + 1) / 2)
    i++;
  lower = sorted[i];
  while (seen < n / 2 + 1)
    seen += counts[++i];
  return (lower + sorted[i]) / 2;
}

/* What the bootstrap of a median comes to with many values: the ranks n / 2 -+ 1.96 sqrt (n) / 2, as the
 * number of values below the true median is binomial. Bisects for the root, so as not to need libm. */
static void
limit (const double *sorted, size_t n, double *ret_low, double *ret_high)
{
  size_t root = 1, half;

  for (size_t step = (size_t)1 << 31; step > 0; step /= 2)
    if ((root + step) <= n / (root + step))
      root += step;
  half = (size_t)(0.98 * (double)root);
  *ret_low = sorted[n / 2 - half];
  *ret_high = sorted[n / 2 + half];
}

static void
bootstrap (const double *sorted, size_t n, uint64_t seed, double *ret_low, double *ret_high)
{
  double medians[N_RESAMPLES];
  uint32_t *counts = malloc (n * sizeof *counts);

  /* Without memory: all that can be said for sure. */
  *ret_low = sorted[0];
  *ret_high = sorted[n - 1];
  if (!counts)
    return;
  for (unsigned i = 0; i < N_RESAMPLES; i++)
    {
      resample (seed, i, n, counts);
      medians[i] = resampled_median (sorted, counts, n);
    }
  free (counts);
  qsort (medians, N_RESAMPLES, sizeof *medians, compare);
  *ret_low = nv_quantile (medians, N_RESAMPLES, 0.025);
  *ret_high = nv_quantile (medians, N_RESAMPLES, 0.975);
}

void
nv_summarize (double *values, size_t n, uint64_t seed, struct nv_summary *ret_summary)
{
  double sum = 0;

  qsort (values, n, sizeof *values, compare);
  for (size_t i = 0; i < n; i++)
    sum += values[i];
  *ret_summary = (struct nv_summary){
    .n = n,
    .minimum = values[0],
    .p5 = nv_quantile (values, n, 0.05),
    .median = nv_quantile (values, n, 0.5),
    .p95 = nv_quantile (values, n, 0.95),
    .maximum = values[n - 1],
    .mean = sum / (double)n,
  };
  if (n >= MANY)
    limit (values, n, &ret_summary->low, &ret_summary->high);
  else
    bootstrap (values, n, seed, &ret_summary->low, &ret_summary->high);
}
