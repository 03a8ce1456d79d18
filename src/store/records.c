/* What numavm-bench, a workload and the samplers say, into rows. */

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

/* Hand-over times have one decimal, and there is one of each pair of threads in each iteration: printf()
 * would be a good part of the time that it takes to store one. */
static void
append_ns (GString *text, double value_ns)
{
  char digits[G_ASCII_DTOSTR_BUF_SIZE];
  char *at = digits + sizeof digits;
  guint64 tenths = value_ns >= 0 && value_ns < 1e9 ? (guint64)(value_ns * 10 + 0.5) : 0;
  guint64 whole = tenths / 10;

  if (value_ns != (double)tenths / 10)
    {
      g_string_append (text, g_ascii_formatd (digits, sizeof digits, "%.15g", value_ns));
      return;
    }
  *--at = (char)('0' + tenths % 10);
  *--at = '.';
  do
    *--at = (char)('0' + whole % 10);
  while ((whole /= 10) > 0);
  g_string_append_len (text, at, digits + sizeof digits - at);
}

static void
bind_times (sqlite3_stmt *statement, int index, const json_t *value)
{
  GString *text;
  gsize length, n = json_array_size (value);

  if (!json_is_array (value))
    return;
  text = g_string_sized_new (8 * n + 8);
  for (gsize i = 0; i < n; i++)
    {
      const json_t *time_ns = json_array_get (value, i);

      g_string_append_c (text, i > 0 ? ',' : '[');
      if (json_is_number (time_ns))
        append_ns (text, json_number_value (time_ns));
      else
        g_string_append (text, "null");
    }
  g_string_append (text, n > 0 ? "]" : "[]");
  length = text->len;
  sqlite3_bind_text (statement, index, g_string_free (text, FALSE), (int)length, g_free);
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

/* Where a member goes. */
typedef struct
{
  BindFunction bind;
  const char *member;
} Column;

/* Members come in the order of the columns, mostly: the search goes on behind the last one. -1: of no column.
 */
static int
find_column (const Column *columns, int n_columns, int after, const char *member)
{
  for (int i = 1; i <= n_columns; i++)
    if (strcmp (columns[(after + i) % n_columns].member, member) == 0)
      return (after + i) % n_columns;
  return -1;
}

/* Binds run, VM and, with @setup, the setup, then each column; a member that is not there is NULL. */
static gboolean
insert (NvStore *store, const NvSeries *series, const char *sql, gboolean with_setup, const Column *columns,
        int n_columns, const json_t *record, gboolean whole, GError **error)
{
  sqlite3_stmt *statement = nv_store_begin (store, error) ? nv_store_prepare (store, sql, error) : NULL;
  int index = 0, column = -1;
  const char *name;
  json_t *member;

  if (!statement)
    return FALSE;
  sqlite3_clear_bindings (statement);
  sqlite3_bind_int64 (statement, ++index, series->run);
  bind_id (statement, ++index, series->vm);
  if (with_setup)
    bind_id (statement, ++index, series->setup);
  json_object_foreach ((json_t *)record, name, member)
  {
    int found = find_column (columns, n_columns, column, name);

    if (found < 0)
      continue;
    column = found;
    columns[column].bind (statement, index + 1 + column, member);
  }
  if (whole)
    bind_whole (statement, index + 1 + n_columns, record);
  return nv_store_finish (store, statement, error);
}

static gboolean
add_setup (NvStore *store, NvSeries *series, const json_t *record, GError **error)
{
  static const Column columns[] = { { bind_string, "program" },
                                    { bind_string, "time" },
                                    { bind_count, "monotonic_ns" } };

  if (!insert (store, series,
               "INSERT INTO setup (run, vm, program, time, monotonic_ns, record) VALUES (?, ?, ?, ?, ?, ?)",
               FALSE, columns, G_N_ELEMENTS (columns), record, TRUE, error))
    return FALSE;
  series->setup = sqlite3_last_insert_rowid (store->db);
  return TRUE;
}

/* Of one that is known, nothing is added, unless it contradicts itself: then the table refuses it. */
static gboolean
add_metric (NvStore *store, gint64 run, const json_t *metric, GError **error)
{
  const char *name = json_string_value (json_object_get (metric, "name"));
  const char *better = json_string_value (json_object_get (metric, "better"));
  g_autoptr (GError) problem = NULL;

  if (nv_store_change (store, &problem,
                       "INSERT INTO metric (run, kernel, unit, better) SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS"
                       " (SELECT 1 FROM metric WHERE run = ?1 AND kernel = ?2 AND unit = ?3 AND better = ?4)",
                       "ittt", run, name, json_string_value (json_object_get (metric, "unit")), better))
    return TRUE;
  if (g_error_matches (problem, NV_ERROR, NV_ERROR_PARSE))
    g_set_error (error, NV_ERROR, NV_ERROR_PARSE,
                 "metric '%s': better '%s', but another workload of this run has it the other way round",
                 name, better);
  else
    g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

static gboolean
add_workload (NvStore *store, NvSeries *series, const json_t *record, GError **error)
{
  const json_t *metric;
  gsize i;

  if (!add_setup (store, series, record, error))
    return FALSE;
  json_array_foreach (json_object_get (record, "metrics"), i, metric)
  {
    if (!add_metric (store, series->run, metric, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
add_output (NvStore *store, NvSeries *series, const json_t *record, GError **error)
{
  static const Column columns[] = {
    { bind_count, "run" },          { bind_count, "start_ns" }, { bind_count, "time_ns" },
    { bind_count, "exit_status" },  { bind_count, "signal" },   { bind_truth, "timed_out" },
    { bind_count, "output_bytes" }, { bind_string, "text" },
  };

  return insert (
      store, series,
      "INSERT INTO output (run, vm, setup, run_index, start_ns, time_ns, exit_status, signal, timed_out,"
      " bytes, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      TRUE, columns, G_N_ELEMENTS (columns), record, FALSE, error);
}

static gboolean
add_iteration (NvStore *store, NvSeries *series, const json_t *record, GError **error)
{
  static const Column columns[] = {
    { bind_string, "kernel" },
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
    { bind_times, "handover_before_ns" },
    { bind_times, "handover_after_ns" },
  };

  return insert (
      store, series,
      "INSERT INTO iteration (run, vm, setup, kernel, iteration, start_ns, time_ns, bytes, operations,"
      " value, unit, handover_group, changed, load, delay_ns, load_bytes_per_s, cpu_node, memory_node,"
      " pages, handover_before_ns, handover_after_ns)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      TRUE, columns, G_N_ELEMENTS (columns), record, FALSE, error);
}

static gboolean
add_summary (NvStore *store, NvSeries *series, const json_t *record, GError **error)
{
  static const Column columns[] = {
    { bind_string, "kernel" }, { bind_string, "unit" }, { bind_count, "group" }, { bind_count, "n" },
    { bind_real, "minimum" },  { bind_real, "p5" },     { bind_real, "median" }, { bind_real, "p95" },
    { bind_real, "maximum" },  { bind_real, "mean" },
  };

  return insert (
      store, series,
      "INSERT INTO summary (run, vm, setup, kernel, unit, handover_group, n, minimum, p5, median, p95,"
      " maximum, mean, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      TRUE, columns, G_N_ELEMENTS (columns), record, TRUE, error);
}

static gboolean
add_sample_header (NvStore *store, NvSeries *series, const json_t *record, GError **error)
{
  if (!insert (store, series, "INSERT INTO sample_header (run, vm, record) VALUES (?, ?, ?)", FALSE, NULL, 0,
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
                { "output", add_output },
                { "workload", add_workload },
                { "sample-header", add_sample_header } };
  const char *name = json_string_value (json_object_get (record, "record"));

  for (guint i = 0; name && i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i].name, name) == 0)
      return kinds[i].add (store, nv_series_get (store, run, vm), record, error);
  g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "record '%s': of this a store keeps nothing",
               name ? name : "");
  return FALSE;
}
