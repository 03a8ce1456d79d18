#pragma once

#include "store/timeline.h"

#include <math.h>

/* A timeline in the making: samples come in order, with what changed. Starts with one sample a stretch; when
 * there are as many as may be, neighbours become one. */

typedef struct
{
  double value;     /* the counter's, until another comes; NAN: not shown */
  double low, high; /* in the open stretch */
} NvTrack;

typedef struct
{
  NvTimeline *timeline;
  GArray *tracks;      /* of NvTrack, one for each counter, in the order in which they were added */
  GArray *ranks;       /* guint, the same: of their zones, as they came */
  GHashTable *zones;   /* node and name -> rank */
  gsize capacity;      /* of stretches */
  gsize max_stretches; /* 0: no limit */
  gsize max_cells;     /* stretches of all counters together */
  guint64 per_stretch; /* samples */
  guint64 n_open;      /* samples in the open stretch; 0: there is none */
  double time_s;       /* of the last sample */
} NvTimelineBuilder;

/* @max_cells: counts only with a limit of stretches */
NvTimelineBuilder *nv_timeline_builder_new (const char *who, const NvTimelineFilter *filter, gsize max_cells);

/* Returns: its index, for nv_timeline_builder_set(). Strings are copied, as valid UTF-8. */
guint nv_timeline_builder_add (NvTimelineBuilder *builder, const char *sampler, const char *name, int node,
                               const char *zone, int order);

void nv_timeline_builder_start_sample (NvTimelineBuilder *builder, double time_s);

/* In the sample that was started last. @value: NAN: from here on it is not shown. */
static inline void
nv_timeline_builder_set (const NvTimelineBuilder *builder, guint counter, double value)
{
  NvTrack *track = &g_array_index (builder->tracks, NvTrack, counter);

  track->value = value;
  if (value < track->low || isnan (track->low) || builder->n_open == 1)
    track->low = value;
  if (value > track->high || isnan (track->high) || builder->n_open == 1)
    track->high = value;
}

/* Takes the builder. Returns: (transfer full). */
NvTimeline *nv_timeline_builder_finish (NvTimelineBuilder *builder);

void nv_timeline_builder_free (NvTimelineBuilder *builder);

gboolean nv_timeline_wants (const NvTimelineFilter *filter, const char *sampler, int node, const char *zone,
                            int order);

/* What all counters of all timelines that are read at once may take: 128 MiB; up to twice that until all
 * counters are known. */
#define NV_TIMELINE_CELLS ((gsize)1 << 23)

#define NV_TIMELINE_MIN_STRETCHES ((gsize)16) /* however many counters there are */
#define NV_TIMELINE_MAX_COUNTERS  (NV_TIMELINE_CELLS / NV_TIMELINE_MIN_STRETCHES)

#define NV_TIMELINE_PAGE_BYTES 4096

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvTimelineBuilder, nv_timeline_builder_free)
