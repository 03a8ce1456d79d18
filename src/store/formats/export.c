/* What numavm export prints: rows of a store, which come into this one whole, under ids of its own. */

#include "base/error.h"
#include "bench/protocol.h"
#include "store/formats/format.h"
#include "store/store-private.h"
#include "store/tables.h"

#include <string.h>

enum
{
  MAX_COLUMNS = 32,
  NO_PARENT = -1,
};

/* An id as a key of a hash table. */
G_STATIC_ASSERT (sizeof (gpointer) >= sizeof (gint64));

typedef struct
{
  char *names[MAX_COLUMNS];
  int parents[MAX_COLUMNS]; /* index of the table that it refers to */
  int n_columns;            /* without the id, which is given anew */
  sqlite3_stmt *insert;
  GHashTable *ids; /* there -> here; 0: its run was here before */
} Table;

typedef struct
{
  Table tables[NV_N_TABLES];
} State;

static int
find_table (const char *name)
{
  for (int i = 0; name && i < NV_N_TABLES; i++)
    if (strcmp (nv_tables[i].name, name) == 0)
      return i;
  return NO_PARENT;
}

static gboolean
export_recognise (const char *line, gsize length)
{
  json_t *row = *line == '{' ? json_loadb (line, length, 0, NULL) : NULL;
  gboolean is_one = find_table (json_string_value (json_object_get (row, "table"))) != NO_PARENT;

  json_decref (row);
  return is_one;
}

static gboolean
prepare (NvStore *store, sqlite3_stmt **ret_statement, GError **error, char *sql)
{
  gboolean done = sqlite3_prepare_v2 (store->db, sql, -1, ret_statement, NULL) == SQLITE_OK
                  || nv_store_fail (store, error);

  g_free (sql);
  return done;
}

static gboolean
read_columns (NvStore *store, Table *table, const char *name, GError **error)
{
  sqlite3_stmt *statement;

  if (!prepare (
          store, &statement, error,
          g_strdup_printf (
              "SELECT name, (SELECT \"table\" FROM pragma_foreign_key_list ('%1$s') WHERE \"from\" = c.name)"
              " FROM pragma_table_info ('%1$s') AS c WHERE name <> 'id'",
              name)))
    return FALSE;
  while (sqlite3_step (statement) == SQLITE_ROW && table->n_columns < MAX_COLUMNS)
    {
      table->names[table->n_columns] = g_strdup ((const char *)sqlite3_column_text (statement, 0));
      table->parents[table->n_columns++] = find_table ((const char *)sqlite3_column_text (statement, 1));
    }
  sqlite3_finalize (statement);
  return TRUE;
}

static gboolean
open_table (NvStore *store, Table *table, const char *name, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);
  g_autoptr (GString) places = g_string_new (NULL);

  if (table->insert)
    return TRUE;
  if (!read_columns (store, table, name, error))
    return FALSE;
  for (int i = 0; i < table->n_columns; i++)
    {
      g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", table->names[i]);
      g_string_append (places, i > 0 ? ", ?" : "?");
    }
  table->ids = g_hash_table_new (NULL, NULL);
  return prepare (store, &table->insert, error,
                  g_strdup_printf ("INSERT INTO %s (%s) VALUES (%s)", name, names->str, places->str));
}

static gboolean
bind (sqlite3_stmt *statement, int index, const json_t *value)
{
  if (!value || json_is_null (value))
    sqlite3_bind_null (statement, index);
  else if (json_is_integer (value))
    sqlite3_bind_int64 (statement, index, json_integer_value (value));
  else if (json_is_real (value))
    sqlite3_bind_double (statement, index, json_real_value (value));
  else if (json_is_string (value))
    sqlite3_bind_text (statement, index, json_string_value (value), (int)json_string_length (value),
                       SQLITE_TRANSIENT);
  else
    return FALSE;
  return TRUE;
}

typedef enum
{
  ROW_NEW,
  ROW_KNOWN,
  ROW_BAD, /* and named */
} Row;

static Row
bind_row (NvImport *import, State *state, Table *table, const json_t *row)
{
  for (int i = 0; i < table->n_columns; i++)
    {
      const json_t *value = json_object_get (row, table->names[i]);
      const Table *parent = table->parents[i] == NO_PARENT ? NULL : &state->tables[table->parents[i]];
      gpointer there = (gpointer)(gintptr)json_integer_value (value), here;

      if (!parent || !json_is_integer (value))
        {
          if (bind (table->insert, i + 1, value))
            continue;
          nv_import_leave_out (import, "'%s' is no value of a table", table->names[i]);
          return ROW_BAD;
        }
      if (!parent->ids || !g_hash_table_lookup_extended (parent->ids, there, NULL, &here))
        {
          nv_import_leave_out (import, "%s %" G_GINT64_FORMAT ", which it belongs to, is not in the file",
                               nv_tables[table->parents[i]].name, (gint64)json_integer_value (value));
          return ROW_BAD;
        }
      if (!here)
        return ROW_KNOWN;
      sqlite3_bind_int64 (table->insert, i + 1, (gint64)(gintptr)here);
    }
  return ROW_NEW;
}

/* 1, 0, or -1 with @error: does the store have this run, or this source? */
static int
is_known (NvStore *store, const char *table, const json_t *row, GError **error)
{
  const char *uuid = json_string_value (json_object_get (row, "uuid"));
  const char *sum = json_string_value (json_object_get (row, "sha256"));

  if (uuid && strcmp (table, "run") == 0)
    return nv_store_has_run (store, uuid, error);
  return sum && strcmp (table, "source") == 0 ? nv_store_has_source (store, sum, error) : 0;
}

static gboolean
add_row (NvImport *import, State *state, int index, const json_t *row, GError **error)
{
  NvStore *store = import->request->store;
  Table *table = &state->tables[index];
  const json_t *id = json_object_get (row, "id");
  int known;
  Row kind;
  gint64 here = 0;

  if (!nv_store_begin (store, error) || !open_table (store, table, nv_tables[index].name, error))
    return FALSE;
  known = is_known (store, nv_tables[index].name, row, error);
  if (known < 0)
    return FALSE;
  kind = known ? ROW_KNOWN : bind_row (import, state, table, row);
  if (kind == ROW_BAD)
    return TRUE;
  if (kind == ROW_NEW)
    {
      if (!nv_store_finish (store, table->insert, error))
        return nv_import_excuse (import, error);
      here = sqlite3_last_insert_rowid (store->db);
    }
  import->rows += kind == ROW_NEW;
  import->known += kind == ROW_KNOWN;
  if (json_is_integer (id))
    g_hash_table_insert (table->ids, (gpointer)(gintptr)json_integer_value (id), (gpointer)(gintptr)here);
  return TRUE;
}

static gboolean
export_read_line (NvImport *import, gpointer state, char *line, gsize length, GError **error)
{
  json_error_t problem;
  json_t *row = json_loadb (line, length, JSON_REJECT_DUPLICATES, &problem);
  int index = find_table (json_string_value (json_object_get (row, "table")));
  gboolean done = TRUE;

  if (!row)
    nv_import_leave_out (import, "no JSON: %s", problem.text);
  else if (index == NO_PARENT)
    nv_import_leave_out (import, "no row of a table that is known here");
  else
    done = add_row (import, state, index, row, error);
  json_decref (row);
  return done;
}

static void
export_clear (gpointer data)
{
  State *state = data;

  for (guint i = 0; i < NV_N_TABLES; i++)
    {
      Table *table = &state->tables[i];

      for (int j = 0; j < table->n_columns; j++)
        g_free (table->names[j]);
      sqlite3_finalize (table->insert);
      g_clear_pointer (&table->ids, g_hash_table_unref);
    }
}

const NvFormat nv_format_export = {
  .name = "export",
  .summary = "what numavm export prints as JSON lines",
  .has_ids = TRUE,
  .state_size = sizeof (State),
  .recognises = export_recognise,
  .read_line = export_read_line,
  .clear = export_clear,
};
