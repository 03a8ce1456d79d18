#include "store/clocks.h"

#include <math.h>

static void
clock_free (gpointer data)
{
  NvClock *clock = data;

  g_free (clock->source.name);
  g_free (clock->source.policy);
  g_free (clock);
}

void
nv_clocks_clear (NvClocks *clocks)
{
  g_clear_pointer (&clocks->vms, g_hash_table_unref);
  g_clear_pointer (&clocks->hosts, g_hash_table_unref);
}

/* A store that somebody sends may hold any bytes. */
static char *
dup_text (sqlite3_stmt *statement, int column)
{
  const char *text = (const char *)sqlite3_column_text (statement, column);

  return text ? g_utf8_make_valid (text, -1) : NULL;
}

static double
column_number (sqlite3_stmt *statement, int column)
{
  return sqlite3_column_type (statement, column) == SQLITE_NULL ? NAN
                                                                : sqlite3_column_double (statement, column);
}

/* @sql: run, boot, vm, name, policy, offset_ns, run_start_ns, go_ns, length in ns; @key: the column that they
 * are found by. */
static GHashTable *
read_clocks (NvStore *store, const char *sql, int key, GError **error)
{
  sqlite3_stmt *statement = nv_store_prepare (store, sql, error);
  g_autoptr (GHashTable) clocks = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, clock_free);

  if (!statement)
    return NULL;
  while (sqlite3_step (statement) == SQLITE_ROW)
    {
      NvClock *clock = g_new0 (NvClock, 1);

      clock->source = (NvValueSource){
        .run = sqlite3_column_int64 (statement, 0),
        .boot = sqlite3_column_int64 (statement, 1),
        .vm = sqlite3_column_int64 (statement, 2),
        .name = dup_text (statement, 3),
        .policy = dup_text (statement, 4),
      };
      clock->is_adrift = sqlite3_column_type (statement, 5) == SQLITE_NULL;
      clock->offset_ns = sqlite3_column_double (statement, 5);
      clock->run_start_ns = column_number (statement, 6);
      clock->go_ns = column_number (statement, 7);
      clock->length_s = column_number (statement, 8) / 1e9;
      g_hash_table_replace (clocks, key == 0 ? &clock->source.run : &clock->source.vm, clock);
    }
  return nv_store_end_rows (store, statement, error) ? g_steal_pointer (&clocks) : NULL;
}

/* What was measured on bare metal and imported starts with its setup. */
#define JOIN_SETUP                                                                                            \
  " LEFT JOIN (SELECT run, min (monotonic_ns) AS setup_ns FROM setup WHERE vm IS NULL GROUP BY run) AS setup" \
  " ON setup.run = run.id"

gboolean
nv_clocks_read (NvClocks *clocks, NvStore *store, GError **error)
{
  clocks->vms = read_clocks (
      store,
      "SELECT run.id, boot.id, vm.id, vm.name, arm, offset_ns, coalesce (run.started_ns, setup_ns),"
      " coalesce (go_ns, ready_ns, boot.started_ns),"
      " coalesce (boot.finished_ns - run.started_ns, finished_wall_ns - started_wall_ns)"
      " FROM vm JOIN boot ON boot.id = boot JOIN run ON run.id = boot.run" JOIN_SETUP
      " LEFT JOIN (SELECT vm, avg (offset_ns) AS offset_ns FROM clock GROUP BY vm) AS clock ON clock.vm = vm.id",
      2, error);
  clocks->hosts = clocks->vms
                      ? read_clocks (store,
                                     "SELECT id, 0, 0, 'host', NULL, 0, coalesce (started_ns, setup_ns),"
                                     " NULL, finished_wall_ns - started_wall_ns FROM run" JOIN_SETUP,
                                     0, error)
                      : NULL;
  return clocks->hosts != NULL;
}

const NvClock *
nv_clocks_find (const NvClocks *clocks, gint64 run, gint64 vm)
{
  return g_hash_table_lookup (vm ? clocks->vms : clocks->hosts, vm ? &vm : &run);
}
