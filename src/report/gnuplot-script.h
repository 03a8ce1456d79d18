#pragma once

#include "report/chart.h"

typedef enum
{
  NV_PICTURE_PNG,
  NV_PICTURE_SVG,
  NV_PICTURE_PDF,
} NvPictureFormat;

/**
 * nv_gnuplot_script:
 * @output: a path without any character that means something
 *
 * What gnuplot reads to draw @chart, with the numbers in it as doubles, binary. All texts of the chart are
 * lines of one data block, each behind a colon, and the script refers to them by number.
 *
 * Returns: (transfer full).
 */
GString *nv_gnuplot_script (const NvChart *chart, NvPictureFormat format, const char *output);
