#pragma once

#include <glib.h>

/* Where an axis begins and ends, and its ticks. */

#define NV_AXIS_MAX_TICKS 32

typedef enum
{
  NV_AXIS_FROM_ZERO = 1 << 0,
  NV_AXIS_LOG = 1 << 1,
  NV_AXIS_TIGHT = 1 << 2, /* ends where the data do, and not at ticks */
  NV_AXIS_WHOLE = 1 << 3, /* ticks at whole numbers only */
} NvAxisFlags;

typedef struct
{
  double low, high;
  gboolean is_cut; /* linear, and does not begin at zero */
  guint n_ticks;
  double ticks[NV_AXIS_MAX_TICKS];
  char texts[NV_AXIS_MAX_TICKS][32]; /* UTF-8: thousands set apart, powers of ten as 10³ */
} NvAxis;

/* Of data between @minimum and @maximum (of a logarithmic one: the smallest that is above zero); both finite,
 * or the minimum is larger, if there are no data. @n_ticks: about so many. */
void nv_axis_choose (NvAxis *axis, double minimum, double maximum, guint n_ticks, NvAxisFlags flags);
