#pragma once

#include <glib.h>

/* What a set of numbers is. Pure functions on arrays. */

typedef struct
{
  gsize n;
  double minimum, p5, q1, median, q3, p95, maximum; /* quantiles of type 7 (Hyndman and Fan, 1996) */
  double mean;
  double deviation; /* of the sample, over n - 1; NAN with fewer than 2 */
  double low, high; /* 95 % interval of the mean, of Student's t with n - 1 degrees; NAN with fewer than 2 */
} NvStatistics;

/* @values: finite; are sorted. With @n of 0 all is NAN. */
void nv_describe (double *values, gsize n, NvStatistics *ret_statistics);
