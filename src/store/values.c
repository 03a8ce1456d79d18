#include "store/values.h"
#include "store/store-private.h"

#include <math.h>
#include <string.h>

/* Clocks are never quite alike; and where no end is known, no run is longer. */
#define SLACK_S   1.0
#define LONGEST_S (30.0 * 24 * 60 * 60)

/* A VM, or a run's host, and its clock. */
typedef struct
{
  NvValueSource source;
  gint64 zero_ns; /* the run's start on its clock */
  double end_s;   /* when it had measured, since then */
  gboolean has_clock;
} Source;

typedef struct
{
  NvStore *store;
  GHashTable *vms;   /* id -> Source */
  GHashTable *hosts; /* run's id -> Source */
  const Source *last;
} Reader;

static void
source_free (gpointer data)
{
  Source *source = data;

  g_free (source->source.name);
  g_free (source->source.policy);
  g_free (source);
}

static void
reader_clear (Reader *reader)
{
  g_clear_pointer (&reader->vms, g_hash_table_unref);
  g_clear_pointer (&reader->hosts, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reader, reader_clear)

/* @sql: run, boot, vm, name, policy, zero_ns, how long in ns (both NULL: not known); @key: the column that
 * they are found by. */
static GHashTable *
read_sources (NvStore *store, const char *sql, int key, GError **error)
{
  sqlite3_stmt *statement = nv_store_prepare (store, sql, error);
  g_autoptr (GHashTable) sources = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, source_free);
  int result;

  if (!statement)
    return NULL;
  while ((result = sqlite3_step (statement)) == SQLITE_ROW)
    {
      Source *source = g_new0 (Source, 1);

      source->source.run = sqlite3_column_int64 (statement, 0);
      source->source.boot = sqlite3_column_int64 (statement, 1);
      source->source.vm = sqlite3_column_int64 (statement, 2);
      source->source.name = g_strdup ((const char *)sqlite3_column_text (statement, 3));
      source->source.policy = g_strdup ((const char *)sqlite3_column_text (statement, 4));
      source->has_clock = sqlite3_column_type (statement, 5) != SQLITE_NULL;
      source->zero_ns = sqlite3_column_int64 (statement, 5);
      source->end_s = sqlite3_column_type (statement, 6) != SQLITE_NULL
                          ? (double)sqlite3_column_int64 (statement, 6) / 1e9
                          : LONGEST_S;
      g_hash_table_replace (sources, key == 0 ? &source->source.run : &source->source.vm, source);
    }
  if (result != SQLITE_DONE)
    nv_store_fail (store, error);
  sqlite3_reset (statement);
  return result == SQLITE_DONE ? g_steal_pointer (&sources) : NULL;
}

static gboolean
reader_init (Reader *reader, NvStore *store, GError **error)
{
  reader->store = store;
  /* A guest's clock is as far from the host's as the mean of before and after says. */
  reader->vms = read_sources (
      store,
      "SELECT run, boot, vm.id, name, arm,"
      " run.started_ns + (SELECT CAST (avg (offset_ns) AS INTEGER) FROM clock WHERE clock.vm = vm.id),"
      " coalesce (boot.finished_ns - run.started_ns, finished_wall_ns - started_wall_ns)"
      " FROM vm JOIN boot ON boot.id = boot JOIN run ON run.id = run",
      2, error);
  /* What was measured on bare metal and imported starts with its setup. */
  reader->hosts = read_sources (
      store,
      "SELECT id, 0, 0, 'host', NULL,"
      " coalesce (started_ns, (SELECT min (monotonic_ns) FROM setup WHERE run = run.id AND vm IS NULL)),"
      " finished_wall_ns - started_wall_ns FROM run",
      0, error);
  return reader->vms && reader->hosts;
}

/* Rows come in long stretches of one VM, or of a few by turns. NULL: a damaged store. */
static const Source *
find_source (Reader *reader, gint64 run, gint64 vm)
{
  if (!reader->last || reader->last->source.vm != vm || reader->last->source.run != run)
    reader->last = g_hash_table_lookup (vm ? reader->vms : reader->hosts, vm ? &vm : &run);
  return reader->last;
}

/* The units that there are, so that none is copied. */
static const char *
known_unit (const char *text, int length)
{
  static const char *const units[] = { "bytes/s", "ns", "operations/s" };

  for (guint i = 0; i < G_N_ELEMENTS (units); i++)
    if ((gsize)length == strlen (units[i]) && memcmp (text, units[i], (gsize)length) == 0)
      return units[i];
  return NULL;
}

/* Since the run's start. A guest says what it likes: NAN unless it is within the run, from start to end. */
static double
read_start (const Source *source, sqlite3_stmt *statement, int column, double time_s)
{
  double t_s;

  if (!source->has_clock || sqlite3_column_type (statement, column) == SQLITE_NULL)
    return NAN;
  t_s = ((double)sqlite3_column_int64 (statement, column) - (double)source->zero_ns) / 1e9;
  return t_s >= -SLACK_S && time_s >= 0 && t_s + time_s <= source->end_s + SLACK_S ? t_s : NAN;
}

/* Columns: run, vm, kernel, unit, iteration, value, time in s, start_ns, changed. */
static gboolean
take_row (Reader *reader, sqlite3_stmt *statement, NvValue *ret_value)
{
  const Source *source =
      find_source (reader, sqlite3_column_int64 (statement, 0), sqlite3_column_int64 (statement, 1));
  const char *unit;

  /* As blobs: as text they would be copied. */
  ret_value->kernel = sqlite3_column_blob (statement, 2);
  ret_value->kernel_length = (gsize)sqlite3_column_bytes (statement, 2);
  unit = sqlite3_column_blob (statement, 3);
  ret_value->unit = unit ? known_unit (unit, sqlite3_column_bytes (statement, 3)) : NULL;
  ret_value->value = sqlite3_column_double (statement, 5);
  if (!source || !ret_value->unit || !ret_value->kernel || !isfinite (ret_value->value)
      || sqlite3_column_type (statement, 5) == SQLITE_NULL
      || memchr (ret_value->kernel, '\0', ret_value->kernel_length))
    return FALSE;
  ret_value->source = &source->source;
  ret_value->iteration = sqlite3_column_int64 (statement, 4);
  ret_value->time_s = sqlite3_column_double (statement, 6);
  ret_value->t_s = read_start (source, statement, 7, ret_value->time_s);
  ret_value->changed = sqlite3_column_int (statement, 8) != 0;
  return TRUE;
}

static gboolean
read_rows (Reader *reader, const char *sql, gint64 run, NvValueFunction function, gpointer data,
           GError **error)
{
  sqlite3_stmt *statement = nv_store_prepare (reader->store, sql, error);
  int result;

  if (!statement)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, run);
  while ((result = sqlite3_step (statement)) == SQLITE_ROW)
    {
      NvValue value;

      if (take_row (reader, statement, &value))
        function (&value, data);
    }
  if (result != SQLITE_DONE)
    nv_store_fail (reader->store, error);
  sqlite3_reset (statement);
  return result == SQLITE_DONE;
}

gboolean
nv_values_read (NvStore *store, gint64 run, NvValueFunction function, gpointer data, GError **error)
{
  g_auto (Reader) reader = { NULL };

  return reader_init (&reader, store, error)
         && read_rows (
             &reader,
             "SELECT run, vm, iif (load IS NULL AND cpu_node IS NULL, kernel, kernel"
             " || iif (cpu_node IS NULL, '', printf (', CPUs of node %d, memory of %s', cpu_node,"
             " coalesce ('node ' || memory_node, pages)))"
             " || iif (load IS NULL, '', printf (', beside %s every %s ns', load, coalesce (delay_ns, '?')))),"
             " unit, iteration, value, time_ns * 1e-9, start_ns, changed FROM iteration WHERE ?1 IN (0, run)",
             run, function, data, error)
         && read_rows (
             &reader,
             "SELECT run, vm, kernel, 'bytes/s', sequence, best_rate_bytes_per_s, average_s, NULL, 0"
             " FROM stream WHERE ?1 IN (0, run)",
             run, function, data, error);
}
