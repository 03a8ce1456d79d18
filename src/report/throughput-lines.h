#pragma once

#include "report/chart.h"
#include "store/results.h"

/* Results over the runs of the benchmark. */
typedef struct
{
  const char *label;
  const GArray *results; /* of NvResult, by sequence */
} NvResultLine;

/**
 * nv_result_lines_put:
 * @lines: at least one
 * @scale: from the result's unit to the panel's
 *
 * A line each; of many runs some in a row become a point, their mean, in a band from the lowest to the
 * highest; of many lines there are the median, where all are and which are highest and lowest.
 */
void nv_result_lines_put (NvPanel *panel, const NvResultLine *lines, guint n_lines, double scale);

/* Of the best rates or latencies. */
double nv_results_mean (const GArray *results);
