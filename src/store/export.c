/* Rows as JSON lines and CSV. */

#include "store/export.h"
#include "base/error.h"
#include "store/store-private.h"
#include "store/tables.h"

#include <string.h>

/* Returns: (transfer full): finalize it. NULL with @error. */
static sqlite3_stmt *
select_rows (NvStore *store, const NvTable *table, gint64 run, GError **error)
{
  /* In the order in which they came: ids tell it, and so do the pairs of sample_value's key. */
  g_autofree char *sql = g_strdup_printf ("SELECT * FROM %s %s %s ORDER BY 1, 2", table->name,
                                          run ? "WHERE" : "", run ? table->of_run : "");
  sqlite3_stmt *statement = NULL;

  if (sqlite3_prepare_v2 (store->db, sql, -1, &statement, NULL) != SQLITE_OK)
    nv_store_fail (store, error);
  else if (run)
    sqlite3_bind_int64 (statement, 1, run);
  return statement;
}

typedef void (*RowFunction) (sqlite3_stmt *statement, const char *table, FILE *file);

/* FALSE where the store, not the file, fails. */
static gboolean
for_each_row (NvStore *store, const NvTable *table, gint64 run, RowFunction write, FILE *file, GError **error)
{
  sqlite3_stmt *statement = select_rows (store, table, run, error);
  int result = SQLITE_ERROR;

  while (statement && !ferror (file) && (result = sqlite3_step (statement)) == SQLITE_ROW)
    write (statement, table->name, file);
  if (statement && result != SQLITE_DONE && result != SQLITE_ROW && !ferror (file))
    nv_store_fail (store, error);
  sqlite3_finalize (statement);
  return result == SQLITE_DONE || ferror (file);
}

static json_t *
make_value (sqlite3_stmt *statement, int column)
{
  switch (sqlite3_column_type (statement, column))
    {
    case SQLITE_INTEGER:
      return json_integer (sqlite3_column_int64 (statement, column));
    case SQLITE_FLOAT:
      return json_real (sqlite3_column_double (statement, column));
    case SQLITE_NULL:
      return json_null ();
    default:
      return json_stringn ((const char *)sqlite3_column_text (statement, column),
                           (size_t)sqlite3_column_bytes (statement, column));
    }
}

/* Reals have all the digits that bring the same number back. */
static void
write_json (sqlite3_stmt *statement, const char *table, FILE *file)
{
  json_t *row = json_pack ("{s:s}", "table", table);

  for (int i = 0; i < sqlite3_column_count (statement); i++)
    json_object_set_new (row, sqlite3_column_name (statement, i), make_value (statement, i));
  json_dumpf (row, file, JSON_COMPACT);
  fputc ('\n', file);
  json_decref (row);
}

gboolean
nv_export_json (NvStore *store, gint64 run, FILE *file, GError **error)
{
  for (guint i = 0; i < NV_N_TABLES; i++)
    if (!for_each_row (store, &nv_tables[i], run, write_json, file, error))
      return FALSE;
  return TRUE;
}

static void
write_text (const char *text, FILE *file)
{
  if (*text && text[strcspn (text, ",\"\r\n")] == '\0')
    {
      fputs (text, file);
      return;
    }
  fputc ('"', file);
  for (; *text; text++)
    {
      if (*text == '"')
        fputc ('"', file);
      fputc (*text, file);
    }
  fputc ('"', file);
}

/* As few digits as bring the same number back. */
static void
write_real (double value, FILE *file)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_ascii_formatd (text, sizeof text, "%.15g", value);
  if (g_ascii_strtod (text, NULL) != value)
    g_ascii_dtostr (text, sizeof text, value);
  fputs (text, file);
}

static void
write_csv (sqlite3_stmt *statement, const char *table, FILE *file)
{
  for (int i = 0; i < sqlite3_column_count (statement); i++)
    {
      if (i > 0)
        fputc (',', file);
      switch (sqlite3_column_type (statement, i))
        {
        case SQLITE_NULL:
          break;
        case SQLITE_FLOAT:
          write_real (sqlite3_column_double (statement, i), file);
          break;
        default:
          write_text ((const char *)sqlite3_column_text (statement, i), file);
        }
    }
  fputs ("\r\n", file);
}

static gboolean
write_heading (NvStore *store, const NvTable *table, FILE *file, GError **error)
{
  sqlite3_stmt *statement = select_rows (store, table, 0, error);

  for (int i = 0; statement && i < sqlite3_column_count (statement); i++)
    fprintf (file, "%s%s", i > 0 ? "," : "", sqlite3_column_name (statement, i));
  fputs ("\r\n", file);
  sqlite3_finalize (statement);
  return statement != NULL;
}

gboolean
nv_export_csv (NvStore *store, gint64 run, NvExportOpen open, gpointer data, GError **error)
{
  for (guint i = 0; i < NV_N_TABLES; i++)
    {
      g_autofree char *name = g_strconcat (nv_tables[i].name, ".csv", NULL);
      FILE *file = open (name, data, error);

      if (!file || !write_heading (store, &nv_tables[i], file, error)
          || !for_each_row (store, &nv_tables[i], run, write_csv, file, error))
        return FALSE;
    }
  return TRUE;
}

gint64
nv_export_find_run (NvStore *store, const char *text, GError **error)
{
  sqlite3_stmt *statement =
      nv_store_prepare (store,
                        "SELECT id, count (*) FROM run WHERE CAST (id AS TEXT) = ?1"
                        " OR (length (?1) >= 4 AND substr (uuid, 1, length (?1)) = lower (?1))",
                        error);
  gint64 run = 0, n = 0;

  if (!statement)
    return 0;
  nv_store_bind_text (statement, 1, text);
  if (sqlite3_step (statement) == SQLITE_ROW)
    {
      run = sqlite3_column_int64 (statement, 0);
      n = sqlite3_column_int64 (statement, 1);
    }
  sqlite3_reset (statement);
  if (n == 1)
    return run;
  g_set_error (error, NV_ERROR, n == 0 ? NV_ERROR_NOT_FOUND : NV_ERROR_USAGE,
               n == 0 ? "run '%s': none of that id or UUID is in the store" : "run '%s': several begin so",
               text);
  return 0;
}
