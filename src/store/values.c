#include "store/values.h"
#include "store/clocks.h"
#include "store/metrics.h"

#include <math.h>
#include <string.h>

/* Clocks are never quite alike; and where no end is known, no run is longer. */
#define SLACK_S   1.0
#define LONGEST_S (30.0 * 24 * 60 * 60)

typedef struct
{
  NvStore *store;
  const NvClocks *clocks;
  const NvClock *last;
  const NvMetrics *metrics;
  GHashTable *units; /* as they are stored -> as they are shown */
} Reader;

/* Rows come in long stretches of one VM, or of a few by turns. NULL: a damaged store. */
static const NvClock *
find_clock (Reader *reader, gint64 run, gint64 vm)
{
  if (!reader->last || reader->last->source.vm != vm || reader->last->source.run != run)
    reader->last = nv_clocks_find (reader->clocks, run, vm);
  return reader->last;
}

/* A store of somebody else's may hold anything. */
static char *
make_shown (const char *stored)
{
  char *shown = g_utf8_make_valid (stored, -1);

  for (char *at = shown; *at; at = g_utf8_next_char (at))
    if (g_unichar_iscntrl (g_utf8_get_char (at)))
      memset (at, '?', (gsize)(g_utf8_next_char (at) - at));
  return shown;
}

/* Those of our own kernels are nearly all, and found without a copy. NULL: it has none. */
static const char *
find_unit (const Reader *reader, sqlite3_stmt *statement, int column)
{
  static const char *const units[] = { "bytes/s", "ns", "operations/s" };
  const char *text = sqlite3_column_blob (statement, column), *shown;
  int length = sqlite3_column_bytes (statement, column);

  for (guint i = 0; text && i < G_N_ELEMENTS (units); i++)
    if ((gsize)length == strlen (units[i]) && memcmp (text, units[i], (gsize)length) == 0)
      return units[i];
  text = (const char *)sqlite3_column_text (statement, column);
  shown = text ? g_hash_table_lookup (reader->units, text) : NULL;
  if (text && !shown)
    {
      char *made = make_shown (text);

      g_hash_table_insert (reader->units, g_strdup (text), made);
      shown = made;
    }
  return shown;
}

/* Since the run's start. A guest says what it likes: NAN unless it is within the run, from start to end. */
static double
read_start (const NvClock *clock, sqlite3_stmt *statement, int column, double time_s)
{
  double length_s = isnan (clock->length_s) ? LONGEST_S : clock->length_s, t_s;

  if (clock->is_adrift || sqlite3_column_type (statement, column) == SQLITE_NULL)
    return NAN;
  t_s = ((double)sqlite3_column_int64 (statement, column) - clock->offset_ns - clock->run_start_ns) / 1e9;
  return t_s >= -SLACK_S && time_s >= 0 && t_s + time_s <= length_s + SLACK_S ? t_s : NAN;
}

/* By the unit as it is stored. */
static void
set_metric (const Reader *reader, sqlite3_stmt *statement, NvValue *value)
{
  const NvMetric metric = nv_metrics_find (
      reader->metrics, &(NvMetricOf){ .run = value->source->run,
                                      .setup = sqlite3_column_int64 (statement, 9),
                                      .kernel = value->kernel,
                                      .kernel_length = value->kernel_length,
                                      .unit = sqlite3_column_blob (statement, 3),
                                      .unit_length = (gsize)sqlite3_column_bytes (statement, 3) });

  value->lower_is_better = metric.lower_is_better;
  value->is_metric = metric.is_metric;
  value->workload = metric.workload;
}

/* Columns: run, vm, kernel, unit, iteration, value, time in s, start_ns, changed, setup. */
static gboolean
take_row (Reader *reader, sqlite3_stmt *statement, NvValue *ret_value)
{
  const NvClock *clock =
      find_clock (reader, sqlite3_column_int64 (statement, 0), sqlite3_column_int64 (statement, 1));

  /* As blobs: as text they would be copied. */
  ret_value->kernel = sqlite3_column_blob (statement, 2);
  ret_value->kernel_length = (gsize)sqlite3_column_bytes (statement, 2);
  ret_value->unit = find_unit (reader, statement, 3);
  ret_value->value = sqlite3_column_double (statement, 5);
  if (!clock || !ret_value->unit || !ret_value->kernel || !isfinite (ret_value->value)
      || sqlite3_column_type (statement, 5) == SQLITE_NULL
      || memchr (ret_value->kernel, '\0', ret_value->kernel_length))
    return FALSE;
  ret_value->source = &clock->source;
  set_metric (reader, statement, ret_value);
  ret_value->iteration = sqlite3_column_int64 (statement, 4);
  ret_value->time_s = sqlite3_column_double (statement, 6);
  ret_value->t_s = read_start (clock, statement, 7, ret_value->time_s);
  ret_value->changed = sqlite3_column_int (statement, 8) != 0;
  return TRUE;
}

static gboolean
read_rows (Reader *reader, const char *sql, gint64 run, NvValueFunction function, gpointer data,
           GError **error)
{
  sqlite3_stmt *statement = nv_store_prepare (reader->store, sql, error);

  if (!statement)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, run);
  while (sqlite3_step (statement) == SQLITE_ROW)
    {
      NvValue value;

      if (take_row (reader, statement, &value))
        function (&value, data);
    }
  return nv_store_end_rows (reader->store, statement, error);
}

gboolean
nv_values_read (NvStore *store, gint64 run, NvValueFunction function, gpointer data, GError **error)
{
  g_auto (NvClocks) clocks = { NULL };
  g_auto (NvMetrics) metrics = { NULL };
  g_autoptr (GHashTable) units = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  Reader reader = { .store = store, .clocks = &clocks, .metrics = &metrics, .units = units };

  return nv_clocks_read (&clocks, store, error) && nv_metrics_read (&metrics, store, run, error)
         && read_rows (
             &reader,
             "SELECT run, vm, iif (load IS NULL AND cpu_node IS NULL, kernel, kernel"
             " || iif (cpu_node IS NULL, '', printf (', CPUs of node %d, memory of %s', cpu_node,"
             " coalesce ('node ' || memory_node, pages)))"
             " || iif (load IS NULL, '', printf (', beside %s every %s ns', load, coalesce (delay_ns, '?')))),"
             " unit, iteration, value, time_ns * 1e-9, start_ns, changed, setup FROM iteration WHERE ?1 IN (0, run)",
             run, function, data, error)
         && read_rows (
             &reader,
             "SELECT run, vm, kernel, 'bytes/s', sequence, best_rate_bytes_per_s, average_s, NULL, 0, -1"
             " FROM stream WHERE ?1 IN (0, run)",
             run, function, data, error);
}
