/* The file: opened, brought up to date, locked, closed. */

#include "store/store-private.h"
#include "base/error.h"
#include "store/schema-resource.h"
#include "store/series.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum
{
  APPLICATION_ID = 0x6e756d61, /* "numa" */
  VERSION = 2,
  BUSY_MS = 3000, /* a reader's look takes less */
  POLL_MS = 50,
};

/* Resources that lead from each version to the next; a new store goes through all of them. */
static const char *const migrations[VERSION] = {
  "/numavm/store/schema.sql",
  "/numavm/store/schema-2.sql",
};

static NvError
code_of (int result)
{
  switch (result & 0xff)
    {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
      return NV_ERROR_PARSE;
    case SQLITE_FULL:
      return NV_ERROR_NO_SPACE;
    default:
      return NV_ERROR_FAILED;
    }
}

static void
set_locked (const char *path, GError **error)
{
  g_set_error (
      error, NV_ERROR, NV_ERROR_FAILED,
      "store '%s' is locked: another program writes to it; wait for it, or name another file with --db",
      path);
}

gboolean
nv_store_fail (NvStore *store, GError **error)
{
  int result = sqlite3_extended_errcode (store->db);

  if ((result & 0xff) == SQLITE_BUSY || (result & 0xff) == SQLITE_LOCKED)
    set_locked (store->path, error);
  else if ((result & 0xff) == SQLITE_NOTADB)
    g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "store '%s' is no SQLite file", store->path);
  else
    g_set_error (error, NV_ERROR, code_of (result), "store '%s': %s", store->path,
                 sqlite3_errmsg (store->db));
  return FALSE;
}

static gboolean
execute (NvStore *store, const char *sql, GError **error)
{
  return sqlite3_exec (store->db, sql, NULL, NULL, NULL) == SQLITE_OK || nv_store_fail (store, error);
}

static gboolean
read_number (NvStore *store, const char *sql, gint64 *ret_number, GError **error)
{
  sqlite3_stmt *statement = NULL;
  gboolean done = sqlite3_prepare_v2 (store->db, sql, -1, &statement, NULL) == SQLITE_OK
                  && sqlite3_step (statement) == SQLITE_ROW;

  if (done)
    *ret_number = sqlite3_column_int64 (statement, 0);
  else
    nv_store_fail (store, error);
  sqlite3_finalize (statement);
  return done;
}

/* flock() and not SQLite's own locks: these are let go at each commit, and a run must not learn in its middle
 * that another has begun to write. Readers are not kept out. */
static gboolean
lock (NvStore *store, NvStoreMode mode, GError **error)
{
  store->lock_fd = open (store->path, O_RDWR | O_CLOEXEC | (mode == NV_STORE_CREATE ? O_CREAT : 0), 0666);
  if (store->lock_fd < 0)
    {
      g_set_error (error, NV_ERROR, errno == ENOENT ? NV_ERROR_NOT_FOUND : NV_ERROR_FAILED,
                   "cannot open the store '%s' to write: %s", store->path, g_strerror (errno));
      return FALSE;
    }
  for (guint waited_ms = 0; flock (store->lock_fd, LOCK_EX | LOCK_NB) < 0; waited_ms += POLL_MS)
    {
      if (errno != EWOULDBLOCK || waited_ms >= BUSY_MS)
        {
          set_locked (store->path, error);
          return FALSE;
        }
      g_usleep (POLL_MS * 1000);
    }
  return TRUE;
}

/* Returns: (transfer full): what leads from @version to the next. */
static GBytes *
find_migration (gint64 version, GError **error)
{
  return g_resource_lookup_data (nv_store_schema_get_resource (), migrations[version],
                                 G_RESOURCE_LOOKUP_FLAGS_NONE, error);
}

static gboolean
migrate (NvStore *store, gint64 version, GError **error)
{
  g_autofree char *pragmas = g_strdup_printf ("PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
                                              APPLICATION_ID, VERSION);

  if (!execute (store, "BEGIN IMMEDIATE", error))
    return FALSE;
  for (; version < VERSION; version++)
    {
      g_autoptr (GBytes) sql = find_migration (version, error);

      if (!sql || !execute (store, g_bytes_get_data (sql, NULL), error))
        return FALSE;
    }
  return execute (store, pragmas, error);
}

/* What an older store lacks are whole tables: to who only reads they are there, and empty. */
static gboolean
fill_up (NvStore *store, gint64 version, GError **error)
{
  for (; version < VERSION; version++)
    {
      g_autoptr (GBytes) sql = find_migration (version, error);
      g_autoptr (GString) temporary = sql ? g_string_new (g_bytes_get_data (sql, NULL)) : NULL;

      if (!temporary)
        return FALSE;
      g_string_replace (temporary, "CREATE TABLE", "CREATE TEMP TABLE", 0);
      if (!execute (store, temporary->str, error))
        return FALSE;
    }
  return TRUE;
}

/* Is it a store, and of which version? 0: an empty file. */
static gboolean
recognise (NvStore *store, gint64 *ret_version, GError **error)
{
  gint64 application, tables;

  if (!read_number (store, "PRAGMA application_id", &application, error)
      || !read_number (store, "PRAGMA user_version", ret_version, error)
      || !read_number (store, "SELECT count(*) FROM sqlite_schema", &tables, error))
    return FALSE;
  if (application == 0 && *ret_version == 0 && tables == 0)
    return TRUE;
  if (application != APPLICATION_ID || *ret_version < 1)
    g_set_error (error, NV_ERROR, NV_ERROR_PARSE,
                 "'%s' is a database of another program, no store of numavm's", store->path);
  else if (*ret_version > VERSION)
    g_set_error (error, NV_ERROR, NV_ERROR_PARSE,
                 "store '%s' was made by a newer numavm (version %" G_GINT64_FORMAT
                 ", this one knows up to %d): use that one",
                 store->path, *ret_version, VERSION);
  else
    return TRUE;
  return FALSE;
}

static gboolean
bring_up_to_date (NvStore *store, NvStoreMode mode, GError **error)
{
  gint64 version;

  if (!recognise (store, &version, error))
    return FALSE;
  if (version == VERSION)
    return TRUE;
  if (version == 0 && mode != NV_STORE_CREATE)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "store '%s' is empty", store->path);
      return FALSE;
    }
  return mode == NV_STORE_READ ? fill_up (store, version, error) : migrate (store, version, error);
}

static gboolean
open_file (NvStore *store, NvStoreMode mode, GError **error)
{
  gboolean in_memory = strcmp (store->path, ":memory:") == 0;
  int flags = mode == NV_STORE_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;

  if (mode == NV_STORE_READ && access (store->path, R_OK) < 0)
    {
      g_set_error (error, NV_ERROR, errno == ENOENT ? NV_ERROR_NOT_FOUND : NV_ERROR_FAILED,
                   "cannot open the store '%s': %s", store->path, g_strerror (errno));
      return FALSE;
    }
  if (mode != NV_STORE_READ && !in_memory && !lock (store, mode, error))
    return FALSE;
  if (sqlite3_open_v2 (store->path, &store->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
    return nv_store_fail (store, error);
  sqlite3_busy_timeout (store->db, BUSY_MS);
  /* A file that somebody sends must not corrupt itself. */
  sqlite3_db_config (store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  return bring_up_to_date (store, mode, error)
         && (mode == NV_STORE_READ
             || execute (store,
                         "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON",
                         error));
}

static void
finalize (gpointer statement)
{
  sqlite3_finalize (statement);
}

NvStore *
nv_store_open (const char *path, NvStoreMode mode, GError **error)
{
  g_autoptr (NvStore) store = g_new0 (NvStore, 1);

  store->path = g_strdup (path);
  store->lock_fd = -1;
  store->statements = g_hash_table_new_full (NULL, NULL, NULL, finalize);
  return open_file (store, mode, error) ? g_steal_pointer (&store) : NULL;
}

void
nv_store_close (NvStore *store)
{
  if (!store)
    return;
  g_hash_table_unref (store->statements);
  nv_series_forget (store);
  if (store->db && store->is_changing)
    execute (store, "ROLLBACK", NULL);
  /* Then a store is one file, which can be read where nothing may be written. */
  if (store->db && store->lock_fd >= 0)
    execute (store, "PRAGMA journal_mode = DELETE", NULL);
  sqlite3_close (store->db);
  /* Not before: closing any descriptor of a file drops all the locks that SQLite has on it. */
  if (store->lock_fd >= 0)
    close (store->lock_fd);
  g_free (store->path);
  g_free (store);
}

gboolean
nv_store_begin (NvStore *store, GError **error)
{
  if (!store->is_changing)
    store->is_changing = execute (store, "BEGIN IMMEDIATE", error);
  return store->is_changing;
}

gboolean
nv_store_commit (NvStore *store, GError **error)
{
  if (store->is_changing && !execute (store, "COMMIT", error))
    return FALSE;
  store->is_changing = FALSE;
  return TRUE;
}

gboolean
nv_store_mark (NvStore *store, GError **error)
{
  return nv_store_begin (store, error) && execute (store, "SAVEPOINT mark", error);
}

gboolean
nv_store_return (NvStore *store, GError **error)
{
  return execute (store, "ROLLBACK TO mark; RELEASE mark", error);
}

gboolean
nv_store_keep (NvStore *store, GError **error)
{
  return execute (store, "RELEASE mark", error);
}

sqlite3_stmt *
nv_store_prepare (NvStore *store, const char *sql, GError **error)
{
  sqlite3_stmt *statement = g_hash_table_lookup (store->statements, sql);

  if (statement)
    return statement;
  if (sqlite3_prepare_v3 (store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK)
    {
      nv_store_fail (store, error);
      return NULL;
    }
  g_hash_table_insert (store->statements, (gpointer)sql, statement);
  return statement;
}

gboolean
nv_store_finish (NvStore *store, sqlite3_stmt *statement, GError **error)
{
  gboolean done = sqlite3_step (statement) == SQLITE_DONE || nv_store_fail (store, error);

  sqlite3_reset (statement);
  return done;
}

gboolean
nv_store_end_rows (NvStore *store, sqlite3_stmt *statement, GError **error)
{
  return sqlite3_reset (statement) == SQLITE_OK || nv_store_fail (store, error);
}

void
nv_store_bind_text (sqlite3_stmt *statement, int index, const char *text)
{
  g_autofree char *valid = text && !g_utf8_validate (text, -1, NULL) ? g_utf8_make_valid (text, -1) : NULL;

  sqlite3_bind_text (statement, index, valid ? valid : text, -1, SQLITE_TRANSIENT);
}

static void
bind_json (sqlite3_stmt *statement, int index, const json_t *json)
{
  if (json)
    sqlite3_bind_text (statement, index, json_dumps (json, NV_STORE_JSON_FLAGS | JSON_ENCODE_ANY), -1, free);
  else
    sqlite3_bind_null (statement, index);
}

static void
bind_unsigned (sqlite3_stmt *statement, int index, const guint64 *number)
{
  char text[24];

  g_snprintf (text, sizeof text, "%" G_GUINT64_FORMAT, number ? *number : 0);
  sqlite3_bind_text (statement, index, number ? text : NULL, -1, SQLITE_TRANSIENT);
}

static void
bind_number (sqlite3_stmt *statement, int index, gint64 number, gboolean zero_is_null)
{
  if (number == 0 && zero_is_null)
    sqlite3_bind_null (statement, index);
  else
    sqlite3_bind_int64 (statement, index, number);
}

gint64
nv_store_change (NvStore *store, GError **error, const char *sql, const char *types, ...)
{
  sqlite3_stmt *statement = nv_store_begin (store, error) ? nv_store_prepare (store, sql, error) : NULL;
  va_list values;

  if (!statement)
    return 0;
  va_start (values, types);
  for (int i = 1; *types; types++, i++)
    switch (*types)
      {
      case 'i':
      case 'n':
        bind_number (statement, i, va_arg (values, gint64), *types == 'n');
        break;
      case 'u':
        bind_unsigned (statement, i, va_arg (values, const guint64 *));
        break;
      case 'r':
        sqlite3_bind_double (statement, i, va_arg (values, double));
        break;
      case 't':
        nv_store_bind_text (statement, i, va_arg (values, const char *));
        break;
      default:
        bind_json (statement, i, va_arg (values, const json_t *));
      }
  va_end (values);
  return nv_store_finish (store, statement, error) ? sqlite3_last_insert_rowid (store->db) : 0;
}
