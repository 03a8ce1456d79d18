#include "store/facts.h"
#include "store/store-private.h"

#include <string.h>

/* @first: the first of those that are alike. */
#define WITH_WORKLOADS                                                                                                \
  "WITH workload AS (SELECT *, min (id) OVER (PARTITION BY run, command, runs, timeout_ns, format, metrics) AS first" \
  " FROM (SELECT id, run, vm, record ->> '$.command' AS command, record ->> '$.runs' AS runs,"                        \
  " record ->> '$.timeout_ns' AS timeout_ns, record ->> '$.format' AS format, record ->> '$.metrics' AS metrics"      \
  " FROM setup WHERE ?1 IN (0, run) AND iif (json_valid (record), record ->> '$.record', NULL) = 'workload')) "

/* Columns are the objects' keys; one that ends in `{}` holds JSON, in `@` a time, in `?` a truth. */
static const char *const queries[] = {
  [NV_FACTS_RUNS] =
      "SELECT run.id, uuid, started_wall_ns AS 'started@', finished_wall_ns AS 'finished@', status, message,"
      " program, command, driver, uri, accel, emulated AS 'emulated?', seed, plan AS 'plan{}', host AS 'host{}',"
      " (SELECT record FROM sample_header WHERE run = run.id AND vm IS NULL LIMIT 1) AS 'sampled{}',"
      " (SELECT record FROM setup WHERE run = run.id LIMIT 1) AS 'measured{}',"
      " (SELECT count (*) FROM source WHERE run = run.id) AS sources"
      " FROM run WHERE ?1 IN (0, run.id) ORDER BY run.id",
  [NV_FACTS_BOOTS] = "SELECT id, run, block, position, arm AS policy, seed, status, message, spread_ns,"
                     " counters AS 'counters{}' FROM boot WHERE ?1 IN (0, run) ORDER BY id",
  [NV_FACTS_VMS] = "SELECT vm.id, boot, run, name, arm AS policy, vcpus, memory_bytes, vm.status, vm.message,"
                   " hello AS 'guest{}', placement AS 'declared{}'"
                   " FROM vm JOIN boot ON boot.id = boot WHERE ?1 IN (0, run) ORDER BY vm.id",
  [NV_FACTS_RESIDENCE] = "SELECT vm, phase, node, sum (resident_bytes) AS bytes, holds"
                         " FROM residence JOIN vm ON vm.id = vm JOIN boot ON boot.id = boot"
                         " WHERE ?1 IN (0, run) GROUP BY vm, phase, node ORDER BY vm, phase DESC, node",
  [NV_FACTS_WORKLOADS] = WITH_WORKLOADS
  "SELECT first AS id, run, count (DISTINCT ifnull (vm, 0)) AS vms, command AS 'command{}', runs,"
  " timeout_ns, format, metrics AS 'metrics{}', sum ((SELECT count (*) FROM output"
  " WHERE setup = workload.id)) AS outputs FROM workload GROUP BY first ORDER BY first",
  [NV_FACTS_ENDS] = WITH_WORKLOADS
  "SELECT first AS workload, exit_status, signal, timed_out AS 'timed_out?', count (*) AS n"
  " FROM output JOIN workload ON workload.id = setup GROUP BY 1, 2, 3, 4 ORDER BY 1, 5 DESC",
  [NV_FACTS_OUTPUTS] =
      WITH_WORKLOADS ", ranked AS (SELECT output.id, first, exit_status IS NOT 0 OR timed_out AS failed,"
                     " row_number () OVER (PARTITION BY setup ORDER BY output.id) AS up,"
                     " row_number () OVER (PARTITION BY setup ORDER BY output.id DESC) AS down"
                     " FROM output JOIN workload ON workload.id = setup),"
                     " chosen AS (SELECT id, first FROM ranked WHERE failed OR up = 1 OR down = 1"
                     " ORDER BY failed DESC, id LIMIT ?2)"
                     " SELECT first AS workload, vm, run_index, time_ns, exit_status, signal,"
                     " timed_out AS 'timed_out?', bytes, substr (text, -?3) AS text"
                     " FROM chosen JOIN output USING (id) ORDER BY id",
};

/* Of ns since 1970. */
static json_t *
format_time (gint64 wall_ns)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (wall_ns / 1000000000);
  g_autofree char *text = time ? g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ") : NULL;

  return text ? json_string (text) : json_null ();
}

static json_t *
read_text (sqlite3_stmt *statement, int column)
{
  const char *text = (const char *)sqlite3_column_text (statement, column);
  g_autofree char *valid = text ? g_utf8_make_valid (text, sqlite3_column_bytes (statement, column)) : NULL;

  return valid ? json_string (valid) : json_null ();
}

/* @kind: the last letter of the column's name. A store of somebody else's may hold anything: what is no UTF-8
 * is made so, what is no JSON is null. */
static json_t *
read_column (sqlite3_stmt *statement, int column, char kind)
{
  int type = sqlite3_column_type (statement, column);
  json_t *value;

  if (type == SQLITE_NULL)
    value = json_null ();
  else if (kind == '}')
    value = json_loads ((const char *)sqlite3_column_text (statement, column), JSON_DECODE_ANY, NULL);
  else if (kind == '@')
    value = format_time (sqlite3_column_int64 (statement, column));
  else if (kind == '?')
    value = json_boolean (sqlite3_column_int64 (statement, column));
  else if (type == SQLITE_INTEGER)
    value = json_integer (sqlite3_column_int64 (statement, column));
  else
    value = read_text (statement, column);
  return value ? value : json_null ();
}

static json_t *
read_row (sqlite3_stmt *statement)
{
  json_t *row = json_object ();

  for (int i = 0; i < sqlite3_column_count (statement); i++)
    {
      const char *name = sqlite3_column_name (statement, i);
      gsize length = strcspn (name, "{@?");
      g_autofree char *key = g_strndup (name, length);

      json_object_set_new (row, key, read_column (statement, i, name[strlen (name) - 1]));
    }
  return row;
}

json_t *
nv_facts_read (NvStore *store, NvFacts facts, gint64 run, GError **error)
{
  sqlite3_stmt *statement = nv_store_prepare (store, queries[facts], error);
  json_t *rows;
  int result;

  if (!statement)
    return NULL;
  rows = json_array ();
  sqlite3_bind_int64 (statement, 1, run);
  if (facts == NV_FACTS_OUTPUTS)
    {
      sqlite3_bind_int (statement, 2, NV_FACTS_OUTPUTS_MAX);
      sqlite3_bind_int (statement, 3, NV_FACTS_TEXT);
    }
  while ((result = sqlite3_step (statement)) == SQLITE_ROW)
    json_array_append_new (rows, read_row (statement));
  if (result != SQLITE_DONE)
    {
      nv_store_fail (store, error);
      g_clear_pointer (&rows, json_decref);
    }
  sqlite3_reset (statement);
  return rows;
}
