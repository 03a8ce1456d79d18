/* What numavm-bench and the samplers say, into rows. */

#include "store/series.h"
#include "base/error.h"

#include <string.h>

static void
bind_count (sqlite3_stmt *statement, int index, const json_t *value)
{
  if (json_is_integer (value))
    sqlite3_bind_int64 (statement, index, json_integer_value (value));
  else
    sqlite3_bind_null (statement, index);
}

static void
bind_real (sqlite3_stmt *statement, int index, const json_t *value)
{
  if (json_is_number (value))
    sqlite3_bind_double (statement, index, json_number_value (value));
  else
    sqlite3_bind_null (statement, index);
}

static void
bind_truth (sqlite3_stmt *statement, int index, const json_t *value)
{
  sqlite3_bind_int (statement, index, json_is_true (value));
}

/* The record outlives the step. */
static void
bind_string (sqlite3_stmt *statement, int index, const json_t *value)
{
  sqlite3_bind_text (statement, index, json_string_value (value), (int)json_string_length (value),
                     SQLITE_STATIC);
}

static void
bind_whole (sqlite3_stmt *statement, int index, const json_t *value)
{
  if (value)
    sqlite3_bind_text (statement, index, json_dumps (value, NV_STORE_JSON_FLAGS), -1, free);
  else
    sqlite3_bind_null (statement, index);
}

static void
bind_id (sqlite3_stmt *statement, int index, gint64 id)
{
  if (id != 0)
    sqlite3_bind_int64 (statement, index, id);
  else
    sqlite3_bind_null (statement, index);
}

typedef void (*BindFunction) (sqlite3_stmt *statement, int index, const json_t *value);

/* Where a member goes; bind NULL ends it. */
typedef struct
{
  BindFunction bind;
  const char *member;
} Column;

/* Binds run, VM and, with @setup, the setup, then each column. */
static gboolean
insert (NvStore *store, const NvSeries *series, const char *sql, gboolean with_setup, const Column *columns,
        const json_t *record, gboolean whole, GError **error)
{
  sqlite3_stmt *statement = nv_store_begin (store, error) ? nv_store_prepare (store, sql, error) : NULL;
  int index = 0;

  if (!statement)
    return FALSE;
  sqlite3_bind_int64 (statement, ++index, series->run);
  bind_id (statement, ++index, series->vm);
  if (with_setup)
    bind_id (statement, ++index, series->setup);
  for (; columns->bind; columns++)
    columns->bind (statement, ++index, json_object_get (record, columns->member));
  if (whole)
    bind_whole (statement, ++index, record);
  return nv_store_finish (store, statement, error);
}

static gboolean
add_setup (NvStore *store, NvSeries *series, const json_t *record, GError **error)
{
  static const Column columns[] = {
    { bind_string, "program" }, { bind_string, "time" }, { bind_count, "monotonic_ns" }, { NULL }
  };

  if (!insert (store, series,
               "INSERT INTO setup (run, vm, program, time, monotonic_ns, record) VALUES (?, ?, ?, ?, ?, ?)",
               FALSE, columns, record, TRUE, error))
    return FALSE;
  series->setup = sqlite3_last_insert_rowid (store->db);
  return TRUE;
}

static gboolean
add_iteration (NvStore *store, NvSeries *series, const json_t *record, GError **error)
{
  static const Column columns[] = { { bind_string, "kernel" },
                                    { bind_count, "iteration" },
                                    { bind_count, "start_ns" },
                                    { bind_count, "time_ns" },
                                    { bind_count, "bytes" },
                                    { bind_count, "operations" },
                                    { bind_real, "value" },
                                    { bind_string, "unit" },
                                    { bind_count, "group" },
                                    { bind_truth, "changed" },
                                    { bind_string, "load" },
                                    { bind_count, "delay_ns" },
                                    { bind_real, "load_bytes_per_s" },
                                    { bind_count, "cpu_node" },
                                    { bind_count, "memory_node" },
                                    { bind_string, "pages" },
                                    { bind_whole, "handover_before_ns" },
                                    { bind_whole, "handover_after_ns" },
                                    { NULL } };

  return insert (
      store, series,
      "INSERT INTO iteration (run, vm, setup, kernel, iteration, start_ns, time_ns, bytes, operations,"
      " value, unit, handover_group, changed, load, delay_ns, load_bytes_per_s, cpu_node, memory_node,"
      " pages, handover_before_ns, handover_after_ns)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      TRUE, columns, record, FALSE, error);
}

static gboolean
add_summary (NvStore *store, NvSeries *series, const json_t *record, GError **error)
{
  static const Column columns[] = { { bind_string, "kernel" },
                                    { bind_string, "unit" },
                                    { bind_count, "group" },
                                    { bind_count, "n" },
                                    { bind_real, "minimum" },
                                    { bind_real, "p5" },
                                    { bind_real, "median" },
                                    { bind_real, "p95" },
                                    { bind_real, "maximum" },
                                    { bind_real, "mean" },
                                    { NULL } };

  return insert (
      store, series,
      "INSERT INTO summary (run, vm, setup, kernel, unit, handover_group, n, minimum, p5, median, p95,"
      " maximum, mean, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      TRUE, columns, record, TRUE, error);
}

static gboolean
add_sample_header (NvStore *store, NvSeries *series, const json_t *record, GError **error)
{
  static const Column columns[] = { { NULL } };

  if (!insert (store, series, "INSERT INTO sample_header (run, vm, record) VALUES (?, ?, ?)", FALSE, columns,
               record, TRUE, error))
    return FALSE;
  series->header = sqlite3_last_insert_rowid (store->db);
  return TRUE;
}

gboolean
nv_store_add_record (NvStore *store, gint64 run, gint64 vm, const json_t *record, GError **error)
{
  static const struct
  {
    const char *name;
    gboolean (*add) (NvStore *store, NvSeries *series, const json_t *record, GError **error);
  } kinds[] = { { "iteration", add_iteration },
                { "sample", nv_samples_add_record },
                { "summary", add_summary },
                { "setup", add_setup },
                { "sample-header", add_sample_header } };
  const char *name = json_string_value (json_object_get (record, "record"));

  for (guint i = 0; name && i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i].name, name) == 0)
      return kinds[i].add (store, nv_series_get (store, run, vm), record, error);
  g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "record '%s': of this a store keeps nothing",
               name ? name : "");
  return FALSE;
}
