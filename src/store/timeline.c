/* Timelines: thinned while they are read. */

#include "store/timeline-build.h"

#include <string.h>

#define FIRST_CAPACITY ((gsize)64)

static void
counter_free (gpointer data)
{
  NvTimelineCounter *counter = data;

  g_free (counter->sampler);
  g_free (counter->name);
  g_free (counter->zone);
  g_free (counter->stretches);
  g_free (counter);
}

static void
phase_clear (gpointer data)
{
  NvPhase *phase = data;

  g_free (phase->policy);
  g_free (phase->kernel);
}

void
nv_timeline_free (NvTimeline *timeline)
{
  if (!timeline)
    return;
  g_free (timeline->who);
  g_free (timeline->policy);
  g_free (timeline->times_s);
  g_ptr_array_unref (timeline->counters);
  g_array_unref (timeline->phases);
  g_free (timeline);
}

double
nv_timeline_rate (const NvTimeline *timeline, const NvTimelineCounter *counter, gsize i)
{
  double grown, passed_s;

  if (i == 0)
    return NAN;
  grown = counter->stretches[i].last - counter->stretches[i - 1].last;
  passed_s = timeline->times_s[i] - timeline->times_s[i - 1];
  return grown >= 0 && passed_s > 0 ? grown / passed_s : NAN;
}

gboolean
nv_timeline_wants (const NvTimelineFilter *filter, const char *sampler, int node, const char *zone, int order)
{
  return (!filter->sampler || strcmp (filter->sampler, sampler) == 0)
         && (filter->order < 0 || order < 0 || filter->order == order)
         && (filter->node < 0 || node < 0 || filter->node == node)
         && (!filter->zone || !zone || strcmp (filter->zone, zone) == 0);
}

NvTimelineBuilder *
nv_timeline_builder_new (const char *who, const NvTimelineFilter *filter, gsize max_cells)
{
  NvTimelineBuilder *builder = g_new0 (NvTimelineBuilder, 1);
  NvTimeline *timeline = builder->timeline = g_new0 (NvTimeline, 1);

  timeline->who = g_strdup (who);
  timeline->page_bytes = NV_TIMELINE_PAGE_BYTES;
  timeline->is_page_assumed = TRUE;
  timeline->counters = g_ptr_array_new_with_free_func (counter_free);
  timeline->phases = g_array_new (FALSE, FALSE, sizeof (NvPhase));
  g_array_set_clear_func (timeline->phases, phase_clear);
  builder->tracks = g_array_new (FALSE, FALSE, sizeof (NvTrack));
  builder->ranks = g_array_new (FALSE, FALSE, sizeof (guint));
  builder->zones = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  /* An even number: neighbours become one. */
  builder->max_stretches = filter->n_stretches > 0 ? MAX (filter->n_stretches & ~1u, 2) : 0;
  builder->max_cells = max_cells;
  builder->per_stretch = 1;
  return builder;
}

void
nv_timeline_builder_free (NvTimelineBuilder *builder)
{
  if (!builder)
    return;
  nv_timeline_free (builder->timeline);
  g_array_unref (builder->tracks);
  g_array_unref (builder->ranks);
  g_hash_table_unref (builder->zones);
  g_free (builder);
}

static guint
rank_of (NvTimelineBuilder *builder, int node, const char *zone)
{
  g_autofree char *key = g_strdup_printf ("%d %s", node, zone ? zone : "");
  gpointer rank;

  if (!g_hash_table_lookup_extended (builder->zones, key, NULL, &rank))
    {
      rank = GUINT_TO_POINTER (g_hash_table_size (builder->zones));
      g_hash_table_insert (builder->zones, g_steal_pointer (&key), rank);
    }
  return GPOINTER_TO_UINT (rank);
}

/* Of stretches; an even number: neighbours become one. */
static gsize
limit_of (const NvTimelineBuilder *builder)
{
  gsize n_counters = MAX (builder->tracks->len, 1);
  gsize share = builder->max_cells / n_counters & ~(gsize)1;

  return builder->max_stretches > 0 ? MIN (builder->max_stretches, MAX (share, NV_TIMELINE_MIN_STRETCHES))
                                    : G_MAXSIZE;
}

static void
set_capacity (NvTimelineBuilder *builder, gsize capacity)
{
  NvTimeline *timeline = builder->timeline;

  builder->capacity = capacity;
  timeline->times_s = g_renew (double, timeline->times_s, capacity);
  for (guint i = 0; i < timeline->counters->len; i++)
    {
      NvTimelineCounter *counter = g_ptr_array_index (timeline->counters, i);

      counter->stretches = g_renew (NvStretch, counter->stretches, capacity);
    }
}

static void
make_room (NvTimelineBuilder *builder)
{
  gsize n = builder->timeline->n;
  gsize wanted = MIN (MAX (2 * builder->capacity, FIRST_CAPACITY), limit_of (builder));

  if (n == builder->capacity)
    set_capacity (builder, MAX (wanted, n + 1));
}

static void
close_stretch (NvTimelineBuilder *builder)
{
  NvTimeline *timeline = builder->timeline;

  if (builder->n_open == 0)
    return;
  make_room (builder);
  for (guint i = 0; i < timeline->counters->len; i++)
    {
      const NvTimelineCounter *counter = g_ptr_array_index (timeline->counters, i);
      const NvTrack *track = &g_array_index (builder->tracks, NvTrack, i);

      counter->stretches[timeline->n] = (NvStretch){ (float)track->low, (float)track->high, track->value };
    }
  timeline->times_s[timeline->n++] = builder->time_s;
  builder->n_open = 0;
}

static void
merge_neighbours (NvTimelineBuilder *builder)
{
  NvTimeline *timeline = builder->timeline;

  timeline->n /= 2;
  for (gsize i = 0; i < timeline->n; i++)
    timeline->times_s[i] = timeline->times_s[2 * i + 1];
  for (guint i = 0; i < timeline->counters->len; i++)
    {
      NvStretch *stretches = ((NvTimelineCounter *)g_ptr_array_index (timeline->counters, i))->stretches;

      for (gsize j = 0; j < timeline->n; j++)
        {
          const NvStretch *one = &stretches[2 * j], *other = one + 1;

          stretches[j] =
              (NvStretch){ fminf (one->low, other->low), fmaxf (one->high, other->high), other->last };
        }
    }
  builder->per_stretch *= 2;
}

/* An odd one has no neighbour: it and the open one become one. */
static void
reopen_last (NvTimelineBuilder *builder)
{
  NvTimeline *timeline = builder->timeline;

  timeline->n--;
  for (guint i = 0; i < timeline->counters->len; i++)
    {
      const NvStretch *last =
          ((NvTimelineCounter *)g_ptr_array_index (timeline->counters, i))->stretches + timeline->n;
      NvTrack *track = &g_array_index (builder->tracks, NvTrack, i);

      track->low = fmin (track->low, last->low);
      track->high = fmax (track->high, last->high);
    }
  builder->n_open += builder->per_stretch;
}

/* A log may begin with few counters and go on with many, for which there was room for too long a time. */
static void
keep_limit (NvTimelineBuilder *builder)
{
  gsize limit = limit_of (builder);

  if (builder->capacity / 2 <= limit)
    return;
  while (builder->timeline->n > limit)
    {
      if (builder->timeline->n % 2 == 1)
        reopen_last (builder);
      merge_neighbours (builder);
    }
  set_capacity (builder, limit);
}

guint
nv_timeline_builder_add (NvTimelineBuilder *builder, const char *sampler, const char *name, int node,
                         const char *zone, int order)
{
  static const NvTrack unknown = { NAN, NAN, NAN };
  NvTimelineCounter *counter = g_new0 (NvTimelineCounter, 1);
  guint rank = rank_of (builder, node, zone);

  counter->sampler = g_utf8_make_valid (sampler, -1);
  counter->name = g_utf8_make_valid (name, -1);
  counter->node = node;
  counter->zone = zone ? g_utf8_make_valid (zone, -1) : NULL;
  counter->order = order;
  counter->stretches = g_new (NvStretch, builder->capacity);
  for (gsize i = 0; i < builder->timeline->n; i++)
    counter->stretches[i] = (NvStretch){ NAN, NAN, NAN };
  g_ptr_array_add (builder->timeline->counters, counter);
  g_array_append_val (builder->ranks, rank);
  g_array_append_val (builder->tracks, unknown);
  keep_limit (builder);
  return builder->tracks->len - 1;
}

void
nv_timeline_builder_start_sample (NvTimelineBuilder *builder, double time_s)
{
  if (builder->n_open == builder->per_stretch)
    close_stretch (builder);
  if (builder->n_open == 0)
    {
      while (builder->timeline->n >= limit_of (builder) && builder->timeline->n % 2 == 0)
        merge_neighbours (builder);
      for (guint i = 0; i < builder->tracks->len; i++)
        {
          NvTrack *track = &g_array_index (builder->tracks, NvTrack, i);

          track->low = track->high = track->value;
        }
    }
  builder->n_open++;
  builder->time_s = time_s;
  builder->timeline->n_samples++;
}

typedef struct
{
  NvTimelineCounter *counter;
  guint rank;
} Ranked;

static int
compare_counters (gconstpointer a, gconstpointer b)
{
  const Ranked *one = a, *other = b;
  int difference = strcmp (one->counter->sampler, other->counter->sampler);

  if (difference == 0)
    difference = strcmp (one->counter->name, other->counter->name);
  if (difference == 0)
    difference = (one->counter->node > other->counter->node) - (one->counter->node < other->counter->node);
  if (difference == 0)
    difference = (one->rank > other->rank) - (one->rank < other->rank);
  return difference != 0
             ? difference
             : (one->counter->order > other->counter->order) - (one->counter->order < other->counter->order);
}

NvTimeline *
nv_timeline_builder_finish (NvTimelineBuilder *builder)
{
  NvTimeline *timeline = builder->timeline;
  guint n = timeline->counters->len;
  g_autofree Ranked *ranked = g_new (Ranked, n);

  close_stretch (builder);
  for (guint i = 0; i < n; i++)
    ranked[i] =
        (Ranked){ g_ptr_array_index (timeline->counters, i), g_array_index (builder->ranks, guint, i) };
  if (n > 0)
    qsort (ranked, n, sizeof *ranked, compare_counters);
  for (guint i = 0; i < n; i++)
    timeline->counters->pdata[i] = ranked[i].counter;
  builder->timeline = NULL;
  nv_timeline_builder_free (builder);
  return timeline;
}
