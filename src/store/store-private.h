#pragma once

#include "store/store.h"

#include <sqlite3.h>

/* What the files of this room share. */

struct NvStore
{
  sqlite3 *db;
  char *path;
  int lock_fd;            /* -1: not locked */
  gboolean is_changing;   /* a transaction is open */
  GHashTable *statements; /* SQL, by its address -> sqlite3_stmt */
  GHashTable *series;     /* what was added last, of each run and VM; store/series.h */
  struct NvSeries *last_series;
};

/* Sets @error from what SQLite says last. Returns: FALSE. */
gboolean nv_store_fail (NvStore *store, GError **error);

/* Opens a transaction unless one is open. */
gboolean nv_store_begin (NvStore *store, GError **error);

/* Prepared once. @sql: a literal: it is known by its address. Returns: (transfer none): NULL with @error. */
sqlite3_stmt *nv_store_prepare (NvStore *store, const char *sql, GError **error);

/* Steps and resets. FALSE with @error. */
gboolean nv_store_finish (NvStore *store, sqlite3_stmt *statement, GError **error);

/* Behind the last row, or where an error ended them: then FALSE with @error. Not nv_store_finish(), which
 * would begin anew. */
gboolean nv_store_end_rows (NvStore *store, sqlite3_stmt *statement, GError **error);

/* Text in UTF-8, copied; what is none is made so. NULL is NULL. */
void nv_store_bind_text (sqlite3_stmt *statement, int index, const char *text);

/**
 * nv_store_change:
 * @types: a letter for each value that follows: `i` gint64, `n` gint64 of which 0 is NULL, `u` const guint64
 * *, as text, `t` const char *, `r` double, `j` const json_t *; pointers may be NULL
 *
 * Within a transaction. Returns: the row's id, or, where nothing was added, another number that is not 0; 0
 * with
 * @error.
 */
gint64 nv_store_change (NvStore *store, GError **error, const char *sql, const char *types, ...);

/* What is added after a mark can be undone, or is kept until the transaction's end. */
gboolean nv_store_mark (NvStore *store, GError **error);
gboolean nv_store_return (NvStore *store, GError **error);
gboolean nv_store_keep (NvStore *store, GError **error);

/* Digits of a real within JSON: records have 12; so many give them back as they came. */
#define NV_STORE_JSON_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION (15))
