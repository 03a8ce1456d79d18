#pragma once

#include <glib.h>

/* Of very many values so few as a picture can show, in one pass: of each group the lowest, the highest, and
 * every 2^k-th in the order in which they came. Groups with few values lose none before those with many do.
 */

typedef struct
{
  double value, time_s, t_s;
  gint64 run, vm, boot, iteration;
  gboolean changed;
  gsize index; /* which of its group it was; set by nv_thin_add() */
} NvThinValue;

typedef struct
{
  gsize n;      /* that came */
  gsize stride; /* of which one is kept */
  GArray *kept; /* NvThinValue */
  NvThinValue low, high;
} NvThinGroup;

typedef struct
{
  gsize limit; /* of all groups together, one of each at least; beside it come their lowest and highest */
  gsize n_kept;
  GPtrArray *groups; /* NvThinGroup */
} NvThin;

void nv_thin_init (NvThin *thin, gsize limit);
NvThinGroup *nv_thin_add_group (NvThin *thin); /* (transfer none) */
void nv_thin_add (NvThin *thin, NvThinGroup *group, const NvThinValue *value);

/* No more will come: within the limit now, and each group's lowest and highest are among what it kept, in
 * order. */
void nv_thin_finish (NvThin *thin);
void nv_thin_clear (NvThin *thin);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (NvThin, nv_thin_clear)
