/* The samples of a store. sample_value is walked by its primary key: the view sample_full would make and sort
 * all values of all samples. */

#include "base/error.h"
#include "store/timeline-build.h"
#include "store/timeline-private.h"

#include <string.h>

/* Who sampled. */
typedef struct
{
  gint64 run, vm; /* vm 0: the host */
  const NvClock *clock;
  guint n_counters;
  double first_s; /* by the clock of who sampled; NAN: no sample yet */
  NvTimelineBuilder *builder;
  NvTimeline *timeline;
} Sampled;

typedef struct
{
  gint64 id;
  Sampled *sampled;
  guint index; /* of its builder */
} Counter;

typedef struct
{
  NvStore *store;
  const NvTimelineFilter *filter;
  gint64 run; /* 0: all */
  const NvClocks *clocks;
  GHashTable *by_id; /* of Sampled, by run and VM */
  GPtrArray *sampled;
  GArray *counters; /* of Counter, by id */
} Reader;

static guint
sampled_hash (gconstpointer key)
{
  const Sampled *sampled = key;

  return (guint)sampled->run * 31 + (guint)sampled->vm;
}

static gboolean
sampled_equal (gconstpointer a, gconstpointer b)
{
  const Sampled *one = a, *other = b;

  return one->run == other->run && one->vm == other->vm;
}

static void
sampled_free (gpointer data)
{
  Sampled *sampled = data;

  nv_timeline_builder_free (sampled->builder);
  nv_timeline_free (sampled->timeline);
  g_free (sampled);
}

/* (nullable): it is not wanted. */
static Sampled *
get_sampled (const Reader *reader, gint64 run, gint64 vm, gboolean add)
{
  const Sampled key = { .run = run, .vm = vm };
  Sampled *sampled = g_hash_table_lookup (reader->by_id, &key);
  const NvClock *clock;

  if (sampled || !add)
    return sampled;
  clock = nv_clocks_find (reader->clocks, run, vm);
  if (!clock || (reader->filter->who && g_strcmp0 (reader->filter->who, clock->source.name) != 0))
    return NULL;
  sampled = g_memdup2 (&key, sizeof key);
  sampled->clock = clock;
  sampled->first_s = NAN;
  g_ptr_array_add (reader->sampled, sampled);
  g_hash_table_add (reader->by_id, sampled);
  return sampled;
}

static const char *
column_name (sqlite3_stmt *statement, int column)
{
  const char *text = (const char *)sqlite3_column_text (statement, column);

  return text ? text : "";
}

/* -1: NULL, or no number that is one. */
static int
column_small (sqlite3_stmt *statement, int column)
{
  gint64 number = sqlite3_column_int64 (statement, column);

  return sqlite3_column_type (statement, column) == SQLITE_INTEGER && number >= 0 && number <= G_MAXINT
             ? (int)number
             : -1;
}

typedef void (*CounterFunction) (const Reader *reader, Sampled *sampled, sqlite3_stmt *statement);

static void
count_counter (const Reader *reader, Sampled *sampled, sqlite3_stmt *statement)
{
  sampled->n_counters++;
}

static void
add_counter (const Reader *reader, Sampled *sampled, sqlite3_stmt *statement)
{
  const Counter counter = {
    .id = sqlite3_column_int64 (statement, 0),
    .sampled = sampled,
    .index = nv_timeline_builder_add (
        sampled->builder, column_name (statement, 3), column_name (statement, 4), column_small (statement, 5),
        (const char *)sqlite3_column_text (statement, 6), column_small (statement, 7)),
  };

  g_array_append_val (reader->counters, counter);
}

static gboolean
for_each_counter (const Reader *reader, CounterFunction function, GError **error)
{
  sqlite3_stmt *statement = nv_store_prepare (
      reader->store,
      "SELECT id, run, vm, sampler, name, node, zone, block_order FROM counter WHERE ?1 IN (0, run) ORDER BY id",
      error);

  if (!statement)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, reader->run);
  while (sqlite3_step (statement) == SQLITE_ROW)
    {
      Sampled *sampled = get_sampled (reader, sqlite3_column_int64 (statement, 1),
                                      sqlite3_column_int64 (statement, 2), TRUE);

      if (sampled
          && nv_timeline_wants (reader->filter, column_name (statement, 3), column_small (statement, 5),
                                (const char *)sqlite3_column_text (statement, 6),
                                column_small (statement, 7)))
        function (reader, sampled, statement);
    }
  return nv_store_end_rows (reader->store, statement, error);
}

/* Each gets its part of what all may take. */
static gboolean
make_builders (const Reader *reader, GError **error)
{
  gsize n_counters = 0;

  for (guint i = 0; i < reader->sampled->len; i++)
    n_counters += ((Sampled *)g_ptr_array_index (reader->sampled, i))->n_counters;
  if (n_counters > NV_TIMELINE_MAX_COUNTERS)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                   "store '%s': %" G_GSIZE_FORMAT
                   " counters are too many to be read at once (%" G_GSIZE_FORMAT "): --run chooses a run",
                   reader->store->path, n_counters, NV_TIMELINE_MAX_COUNTERS);
      return FALSE;
    }
  for (guint i = 0; i < reader->sampled->len; i++)
    {
      Sampled *sampled = g_ptr_array_index (reader->sampled, i);
      const NvValueSource *who = &sampled->clock->source;
      NvTimeline *timeline;

      sampled->builder = nv_timeline_builder_new (
          who->name, reader->filter, NV_TIMELINE_CELLS / MAX (n_counters, 1) * MAX (sampled->n_counters, 1));
      timeline = sampled->builder->timeline;
      timeline->run = sampled->run;
      timeline->boot = who->boot;
      timeline->policy = g_strdup (who->policy);
    }
  return TRUE;
}

/* @next: where it is looked for first: values come by the counters' ids. NULL: it is not wanted. */
static const Counter *
find_counter (const GArray *counters, gint64 id, guint next)
{
  guint low = 0, high = counters->len;

  if (next < high && g_array_index (counters, Counter, next).id == id)
    return &g_array_index (counters, Counter, next);
  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      const Counter *counter = &g_array_index (counters, Counter, middle);

      if (counter->id == id)
        return counter;
      if (counter->id < id)
        low = middle + 1;
      else
        high = middle;
    }
  return NULL;
}

/* Of one sample. @values stands before the sample's or behind; TRUE in @at_row: it has a row. */
static void
take_values (const Reader *reader, sqlite3_stmt *values, gint64 sample, const Sampled *sampled,
             gboolean *at_row)
{
  const Counter *first = &g_array_index (reader->counters, Counter, 0);
  guint next = 0;

  for (; *at_row && sqlite3_column_int64 (values, 0) <= sample; *at_row = sqlite3_step (values) == SQLITE_ROW)
    {
      const Counter *counter;
      int type;

      if (!sampled || sqlite3_column_int64 (values, 0) < sample)
        continue;
      counter = find_counter (reader->counters, sqlite3_column_int64 (values, 1), next);
      if (!counter || counter->sampled != sampled)
        continue;
      next = (guint)(counter - first) + 1;
      type = sqlite3_column_type (values, 2);
      nv_timeline_builder_set (sampled->builder, counter->index,
                               type == SQLITE_NULL ? NAN : sqlite3_column_double (values, 2));
      if (type == SQLITE_FLOAT)
        ((NvTimelineCounter *)g_ptr_array_index (sampled->builder->timeline->counters, counter->index))
            ->is_real = TRUE;
    }
}

static gboolean
walk (const Reader *reader, sqlite3_stmt *samples, sqlite3_stmt *values, GError **error)
{
  gboolean at_row = sqlite3_step (values) == SQLITE_ROW;

  while (sqlite3_step (samples) == SQLITE_ROW)
    {
      Sampled *sampled =
          get_sampled (reader, sqlite3_column_int64 (samples, 1), sqlite3_column_int64 (samples, 2), FALSE);
      double time_s = (double)sqlite3_column_int64 (samples, 3) / 1e9;

      if (sampled)
        {
          if (isnan (sampled->first_s))
            sampled->first_s = time_s;
          nv_timeline_builder_start_sample (sampled->builder, time_s);
        }
      take_values (reader, values, sqlite3_column_int64 (samples, 0), sampled, &at_row);
    }
  return nv_store_end_rows (reader->store, samples, error);
}

static gboolean
read_samples (const Reader *reader, GError **error)
{
  NvStore *store = reader->store;
  sqlite3_stmt *samples = nv_store_prepare (
      store, "SELECT id, run, vm, monotonic_ns FROM sample WHERE ?1 IN (0, run) ORDER BY id", error);
  sqlite3_stmt *values = samples ? nv_store_prepare (
                             store,
                             "SELECT sample, counter, value FROM sample_value"
                             " WHERE sample >= ifnull ((SELECT min (id) FROM sample WHERE ?1 IN (0, run)), 0)"
                             " ORDER BY sample, counter",
                             error)
                                 : NULL;
  gboolean done;

  if (!values)
    return FALSE;
  sqlite3_bind_int64 (samples, 1, reader->run);
  sqlite3_bind_int64 (values, 1, reader->run);
  done = walk (reader, samples, values, error);
  return nv_store_end_rows (store, values, done ? error : NULL) && done;
}

/* What a header says; page sizes that cannot be are not believed. */
static gboolean
read_page_sizes (const Reader *reader, GError **error)
{
  sqlite3_stmt *statement = nv_store_prepare (
      reader->store, "SELECT run, vm, json_extract (record, '$.page_bytes') FROM sample_header ORDER BY id",
      error);

  if (!statement)
    return FALSE;
  while (sqlite3_step (statement) == SQLITE_ROW)
    {
      Sampled *sampled = get_sampled (reader, sqlite3_column_int64 (statement, 0),
                                      sqlite3_column_int64 (statement, 1), FALSE);
      gint64 bytes = sqlite3_column_int64 (statement, 2);

      if (sampled && bytes >= 1024 && bytes <= (1 << 20) && (bytes & (bytes - 1)) == 0)
        {
          sampled->timeline->page_bytes = (guint64)bytes;
          sampled->timeline->is_page_assumed = FALSE;
        }
    }
  return nv_store_end_rows (reader->store, statement, error);
}

/* The run's start on the host's clock, in s; where nothing says it, its first sample. */
static double
find_zero (const Reader *reader, const Sampled *of)
{
  double first_s = INFINITY;

  if (!isnan (of->clock->run_start_ns))
    return of->clock->run_start_ns / 1e9;
  for (guint i = 0; i < reader->sampled->len; i++)
    {
      const Sampled *sampled = g_ptr_array_index (reader->sampled, i);

      if (sampled->run == of->run && !sampled->clock->is_adrift)
        first_s = fmin (first_s, sampled->first_s - sampled->clock->offset_ns / 1e9);
    }
  return isinf (first_s) ? 0 : first_s;
}

/* From the clock of who sampled to s since the run's start. */
static void
set_times (const Reader *reader, Sampled *sampled, const GPtrArray *measured)
{
  const NvClock *clock = sampled->clock;
  NvTimeline *timeline = sampled->timeline;
  double zero_s = find_zero (reader, sampled), shift_s = -zero_s - clock->offset_ns / 1e9;

  /* It is taken to have begun when its boot measured. */
  if (clock->is_adrift)
    shift_s = (isnan (clock->go_ns) ? 0 : clock->go_ns / 1e9 - zero_s) - sampled->first_s;
  for (gsize i = 0; i < timeline->n; i++)
    timeline->times_s[i] += shift_s;
  if (measured)
    nv_timeline_add_phases (timeline, sampled->vm, shift_s, zero_s, measured, reader->clocks);
}

static int
compare_sampled (gconstpointer a, gconstpointer b)
{
  const Sampled *one = *(Sampled *const *)a, *other = *(Sampled *const *)b;

  if (one->run != other->run)
    return one->run < other->run ? -1 : 1;
  return (one->vm > other->vm) - (one->vm < other->vm);
}

static gboolean
read_all (const Reader *reader, GError **error)
{
  g_autoptr (GPtrArray) measured = NULL;

  if (!for_each_counter (reader, count_counter, error) || !make_builders (reader, error))
    return FALSE;
  if (!for_each_counter (reader, add_counter, error) || !read_samples (reader, error)
      || (!reader->filter->without_phases && !(measured = nv_timeline_read_measured (reader->store, error))))
    return FALSE;
  for (guint i = 0; i < reader->sampled->len; i++)
    {
      Sampled *sampled = g_ptr_array_index (reader->sampled, i);

      sampled->timeline = nv_timeline_builder_finish (g_steal_pointer (&sampled->builder));
    }
  if (!read_page_sizes (reader, error))
    return FALSE;
  for (guint i = 0; i < reader->sampled->len; i++)
    set_times (reader, g_ptr_array_index (reader->sampled, i), measured);
  return TRUE;
}

GPtrArray *
nv_timelines_read_store (NvStore *store, gint64 run, const NvTimelineFilter *filter, GError **error)
{
  g_autoptr (GPtrArray) sampled = g_ptr_array_new_with_free_func (sampled_free);
  g_autoptr (GHashTable) by_id = g_hash_table_new (sampled_hash, sampled_equal);
  g_autoptr (GArray) counters = g_array_new (FALSE, FALSE, sizeof (Counter));
  g_auto (NvClocks) clocks = { NULL };
  g_autoptr (GPtrArray) timelines = g_ptr_array_new_with_free_func ((GDestroyNotify)nv_timeline_free);
  const Reader reader = { .store = store,
                          .filter = filter,
                          .run = run,
                          .clocks = &clocks,
                          .by_id = by_id,
                          .sampled = sampled,
                          .counters = counters };

  if (!nv_clocks_read (&clocks, store, error) || !read_all (&reader, error))
    return NULL;
  g_ptr_array_sort (sampled, compare_sampled);
  for (guint i = 0; i < sampled->len; i++)
    g_ptr_array_add (timelines, g_steal_pointer (&((Sampled *)g_ptr_array_index (sampled, i))->timeline));
  return g_steal_pointer (&timelines);
}
