#include "store/metrics.h"

#include <string.h>

enum
{
  HIGHER = 1,
  LOWER,
};

static void
set_key (GString *key, gint64 run, const char *kernel, gsize kernel_length, const char *unit)
{
  g_string_printf (key, "%" G_GINT64_FORMAT "\n%s\n", run, unit);
  g_string_append_len (key, kernel, (gssize)kernel_length);
}

gboolean
nv_metrics_read (NvMetrics *metrics, NvStore *store, gint64 run, GError **error)
{
  sqlite3_stmt *row = nv_store_prepare (
      store, "SELECT run, kernel, unit, better = 'lower' FROM metric WHERE ?1 IN (0, run)", error);

  if (!row)
    return FALSE;
  sqlite3_bind_int64 (row, 1, run);
  while (sqlite3_step (row) == SQLITE_ROW)
    {
      const char *kernel = (const char *)sqlite3_column_text (row, 1);
      const char *unit = (const char *)sqlite3_column_text (row, 2);

      if (!kernel || !unit)
        continue; /* of a damaged store */
      if (!metrics->directions)
        {
          metrics->directions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
          metrics->key = g_string_new (NULL);
        }
      set_key (metrics->key, sqlite3_column_int64 (row, 0), kernel, strlen (kernel), unit);
      g_hash_table_insert (metrics->directions, g_strdup (metrics->key->str),
                           GINT_TO_POINTER (sqlite3_column_int (row, 3) ? LOWER : HIGHER));
    }
  return nv_store_end_rows (store, row, error);
}

NvDirection
nv_metrics_find (const NvMetrics *metrics, gint64 run, const char *kernel, gsize kernel_length,
                 const char *unit)
{
  int direction = 0;

  if (metrics->directions)
    {
      set_key (metrics->key, run, kernel, kernel_length, unit);
      direction = GPOINTER_TO_INT (g_hash_table_lookup (metrics->directions, metrics->key->str));
    }
  return direction ? (NvDirection){ TRUE, direction == LOWER }
                   : (NvDirection){ FALSE, strcmp (unit, "ns") == 0 };
}

void
nv_metrics_clear (NvMetrics *metrics)
{
  g_clear_pointer (&metrics->directions, g_hash_table_unref);
  if (metrics->key)
    g_string_free (metrics->key, TRUE);
  metrics->key = NULL;
}
