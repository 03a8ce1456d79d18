/* Samples: only what changed since the sample before is stored. */

#include "store/series.h"
#include "base/error.h"

#include <string.h>

/* Of one run and VM: three times as many as a machine of 256 nodes has. They stay in memory, and a guest
 * could think up new ones for ever. */
#define MAX_COUNTERS 100000

/* A counter of one run and VM, with what it had last. */
typedef struct
{
  char *sampler, *name, *zone;
  gint64 node, order;
  gint64 id;
  gint64 sample; /* that gave it last */
  gboolean is_real;
  gint64 count;
  double real;
} Counter;

static guint
counter_hash (gconstpointer key)
{
  const Counter *counter = key;

  return (g_str_hash (counter->name) * 31 + (guint)counter->node) * 31 + (guint)counter->order
         + (counter->zone ? g_str_hash (counter->zone) : 0);
}

static gboolean
counter_equal (gconstpointer a, gconstpointer b)
{
  const Counter *one = a, *other = b;

  return one->node == other->node && one->order == other->order && strcmp (one->name, other->name) == 0
         && g_strcmp0 (one->zone, other->zone) == 0 && strcmp (one->sampler, other->sampler) == 0;
}

static void
counter_free (gpointer data)
{
  Counter *counter = data;

  g_free (counter->sampler);
  g_free (counter->name);
  g_free (counter->zone);
  g_free (counter);
}

static guint
series_hash (gconstpointer key)
{
  const NvSeries *series = key;

  return (guint)series->run * 31 + (guint)series->vm;
}

static gboolean
series_equal (gconstpointer a, gconstpointer b)
{
  const NvSeries *one = a, *other = b;

  return one->run == other->run && one->vm == other->vm;
}

static void
series_free (gpointer data)
{
  NvSeries *series = data;

  g_hash_table_unref (series->counters);
  g_free (series);
}

NvSeries *
nv_series_get (NvStore *store, gint64 run, gint64 vm)
{
  const NvSeries key = { .run = run, .vm = vm };
  NvSeries *series = store->last_series;

  if (series && series_equal (series, &key))
    return series;
  if (!store->series)
    store->series = g_hash_table_new_full (series_hash, series_equal, series_free, NULL);
  series = g_hash_table_lookup (store->series, &key);
  if (!series)
    {
      series = g_memdup2 (&key, sizeof key);
      series->counters = g_hash_table_new_full (counter_hash, counter_equal, counter_free, NULL);
      g_hash_table_add (store->series, series);
    }
  return store->last_series = series;
}

void
nv_series_forget (NvStore *store)
{
  store->last_series = NULL;
  g_clear_pointer (&store->series, g_hash_table_unref);
}

gboolean
nv_samples_start (NvStore *store, NvSeries *series, gint64 monotonic_ns, gint64 wall_ns, gint64 missed,
                  GError **error)
{
  series->n_given = 0;
  series->sample = nv_store_change (
      store, error,
      "INSERT INTO sample (run, vm, header, monotonic_ns, wall_ns, missed) VALUES (?, ?, ?, ?, ?, ?)",
      "innini", series->run, series->vm, series->header, monotonic_ns, wall_ns, missed);
  return series->sample != 0;
}

static Counter *
add_counter (NvStore *store, NvSeries *series, const Counter *key, GError **error)
{
  Counter *counter;
  gint64 id;

  if (g_hash_table_size (series->counters) >= MAX_COUNTERS)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "record 'sample': more than %d counters", MAX_COUNTERS);
      return NULL;
    }
  id = nv_store_change (store, error,
                        "INSERT INTO counter (run, vm, sampler, name, node, zone, block_order)"
                        " VALUES (?, ?, ?, ?, nullif (?, -1), ?, nullif (?, -1))",
                        "inttiti", series->run, series->vm, key->sampler, key->name, key->node, key->zone,
                        key->order);
  if (id == 0)
    return NULL;
  counter = g_new0 (Counter, 1);
  counter->sampler = g_strdup (key->sampler);
  counter->name = g_strdup (key->name);
  counter->zone = g_strdup (key->zone);
  counter->node = key->node;
  counter->order = key->order;
  counter->id = id;
  g_hash_table_add (series->counters, counter);
  return counter;
}

/* NULL @value: the counter is gone. */
static gboolean
insert_value (NvStore *store, gint64 sample, gint64 counter, const NvCounterValue *value, GError **error)
{
  static const char sql[] = "INSERT OR REPLACE INTO sample_value (sample, counter, value) VALUES (?, ?, ?)";
  sqlite3_stmt *statement = nv_store_prepare (store, sql, error);

  if (!statement)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, sample);
  sqlite3_bind_int64 (statement, 2, counter);
  if (!value)
    sqlite3_bind_null (statement, 3);
  else if (value->is_real)
    sqlite3_bind_double (statement, 3, value->real);
  else
    sqlite3_bind_int64 (statement, 3, value->count);
  return nv_store_finish (store, statement, error);
}

static gboolean
has_value (const Counter *counter, const NvCounterValue *value)
{
  if (counter->sample == 0 || counter->is_real != value->is_real)
    return FALSE;
  return value->is_real ? counter->real == value->real : counter->count == value->count;
}

gboolean
nv_samples_add (NvStore *store, NvSeries *series, const NvCounterValue *value, GError **error)
{
  const Counter key = { .sampler = (char *)value->sampler,
                        .name = (char *)value->name,
                        .zone = (char *)value->zone,
                        .node = value->node,
                        .order = value->order };
  Counter *counter = g_hash_table_lookup (series->counters, &key);

  if (!counter && !(counter = add_counter (store, series, &key, error)))
    return FALSE;
  if (!has_value (counter, value) && !insert_value (store, series->sample, counter->id, value, error))
    return FALSE;
  series->n_live += counter->sample == 0;
  series->n_given += counter->sample != series->sample;
  counter->sample = series->sample;
  counter->is_real = value->is_real;
  counter->count = value->count;
  counter->real = value->real;
  return TRUE;
}

/* What the sample before had and this one has not is said to be gone. */
gboolean
nv_samples_end (NvStore *store, NvSeries *series, GError **error)
{
  GHashTableIter iter;
  gpointer key;

  if (series->n_live == series->n_given)
    return TRUE;
  g_hash_table_iter_init (&iter, series->counters);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      Counter *counter = key;

      if (counter->sample == 0 || counter->sample == series->sample)
        continue;
      if (!insert_value (store, series->sample, counter->id, NULL, error))
        return FALSE;
      counter->sample = 0;
      series->n_live--;
    }
  return TRUE;
}

/* --- from a record --- */

static gboolean
add_number (NvStore *store, NvSeries *series, NvCounterValue *value, const json_t *number, GError **error)
{
  if (!json_is_number (number))
    return TRUE;
  value->is_real = json_is_real (number);
  value->count = json_integer_value (number);
  value->real = json_real_value (number);
  return nv_samples_add (store, series, value, error);
}

/* The machine's values, or a node's (and zone's). */
static gboolean
add_values (NvStore *store, NvSeries *series, const char *sampler, const json_t *group, GError **error)
{
  const json_t *node = json_object_get (group, "node");
  NvCounterValue value = { .sampler = sampler,
                           .node = json_is_integer (node) ? json_integer_value (node) : -1,
                           .zone = json_string_value (json_object_get (group, "zone")) };
  json_t *member, *number;
  size_t order;

  json_object_foreach ((json_t *)group, value.name, member)
  {
    value.order = -1;
    if (member == node)
      continue;
    if (!add_number (store, series, &value, member, error))
      return FALSE;
    json_array_foreach (member, order, number)
    {
      value.order = (gint64)order;
      if (!add_number (store, series, &value, number, error))
        return FALSE;
    }
  }
  return TRUE;
}

gboolean
nv_samples_add_record (NvStore *store, NvSeries *series, const json_t *record, GError **error)
{
  const char *sampler;
  json_t *member, *group;
  size_t index;

  if (!nv_samples_start (store, series, json_integer_value (json_object_get (record, "monotonic_ns")),
                         json_integer_value (json_object_get (record, "wall_ns")),
                         json_integer_value (json_object_get (record, "missed")), error))
    return FALSE;
  json_object_foreach ((json_t *)record, sampler, member)
  {
    if (json_is_object (member) && !add_values (store, series, sampler, member, error))
      return FALSE;
    json_array_foreach (member, index,
                        group) if (json_is_object (group)
                                   && !add_values (store, series, sampler, group, error)) return FALSE;
  }
  return nv_samples_end (store, series, error);
}
