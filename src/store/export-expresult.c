/* STREAM's text of what was measured, a file a VM. */

#include "store/export.h"
#include "base/error.h"
#include "bench/stream-text.h"
#include "store/store-private.h"

#include <string.h>

/* A row a kernel's result, in the order of files, boots and STREAM's table. Of what was measured it is the
 * largest group of like hand-over times, as numavm-bench prints it; what ran beside a load, or from node to
 * node, or is a workload's metric, is none of STREAM's. ?1: the run, or NULL. */
static const char results_sql[] =
    "WITH grouped AS ("
    "  SELECT i.run, i.vm, i.setup, i.kernel, max (value) AS best, avg (time_ns) / 1e9 AS average,"
    "    min (time_ns) / 1e9 AS minimum, max (time_ns) / 1e9 AS maximum,"
    "    row_number () OVER (PARTITION BY i.run, i.vm, i.setup, i.kernel ORDER BY count (*) DESC, handover_group)"
    "      AS place"
    "  FROM iteration AS i WHERE NOT changed AND unit = 'bytes/s' AND load IS NULL AND cpu_node IS NULL"
    "    AND value IS NOT NULL AND kernel IN ('copy', 'scale', 'add', 'triad') AND i.run = ifnull (?1, i.run)"
    "    AND NOT EXISTS (SELECT 1 FROM metric AS m WHERE m.run = i.run AND m.kernel = i.kernel AND m.unit = i.unit)"
    "  GROUP BY i.run, i.vm, i.setup, i.kernel, handover_group),"
    " sized AS ("
    "  SELECT setup, kernel, max (record ->> '$.size_bytes') AS bytes, max (record ->> '$.threads') AS threads,"
    "    max (record ->> '$.iterations') AS iterations"
    "  FROM summary WHERE run = ifnull (?1, run) GROUP BY setup, kernel),"
    " results AS ("
    "  SELECT g.run, g.vm, ifnull (g.setup, 0) AS part, g.kernel, best, average, minimum, maximum, bytes, threads,"
    "    iterations, 0 AS imported"
    "  FROM grouped AS g LEFT JOIN sized AS s ON s.setup IS g.setup AND s.kernel = g.kernel WHERE place = 1"
    "  UNION ALL"
    "  SELECT run, vm, sequence, kernel, best_rate_bytes_per_s, average_s, minimum_s, maximum_s, array_bytes, threads,"
    "    NULL, 1"
    "  FROM stream WHERE run = ifnull (?1, run))"
    " SELECT ifnull (name, 'host') AS name, results.run, results.vm, imported, part, kernel, best, average, minimum,"
    "   maximum, bytes, threads, iterations"
    " FROM results LEFT JOIN vm ON vm.id = results.vm"
    " ORDER BY 1, 2, 3, 4, 5, instr ('copy scale add triad', kernel), kernel";

enum
{
  NAME,
  RUN,
  VM,
  IMPORTED,
  PART,
  KERNEL,
  BEST,
  AVERAGE,
  MINIMUM,
  MAXIMUM,
  BYTES,
  THREADS,
  ITERATIONS,
};

/* File systems allow 255 bytes, of which some are for what is put behind a name. */
#define FILE_NAME_BYTES 200

/* What is being written. */
typedef struct
{
  FILE *file; /* NULL: none yet */
  char *name;
  gint64 part[PART - RUN + 1]; /* of which run of the benchmark the last line was */
} Writer;

/* A name in a store need not be one that numavm would give a VM. */
char *
nv_export_file_name (const char *name, const char *extension)
{
  GString *file = g_string_new (NULL);

  for (const char *at = name; *at; at++)
    if (*at == '/' || *at == '%' || (guchar)*at < ' ' || *at == 0x7f || (*at == '.' && at == name))
      g_string_append_printf (file, "%%%02X", (guint)(guchar)*at);
    else if ((guchar)*at == 0xc2 && (guchar)at[1] >= 0x80
             && (guchar)at[1] < 0xa0) /* C1: a terminal obeys it */
      g_string_append_printf (file, "%%C2%%%02X", (guint)(guchar) * ++at);
    else
      g_string_append_c (file, *at);
  if (file->len > FILE_NAME_BYTES)
    {
      g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, name, -1);
      gsize length = FILE_NAME_BYTES;

      while (length > 0 && ((guchar)file->str[length] & 0xc0) == 0x80) /* within a character */
        length--;
      g_string_truncate (file, length);
      g_string_append_printf (file, "~%.12s", digest);
    }
  g_string_append (file, extension);
  return g_string_free (file, FALSE);
}

static void
start_part (const Writer *writer, sqlite3_stmt *row)
{
  const struct nv_stream_head head = {
    .program = "numavm " NV_VERSION,
    .array_bytes = (guint64)sqlite3_column_int64 (row, BYTES),
    .n_iterations = (unsigned)sqlite3_column_int64 (row, ITERATIONS),
    .n_threads = (unsigned)sqlite3_column_int64 (row, THREADS),
  };

  nv_stream_text_start (writer->file, &head);
}

static void
write_result (const Writer *writer, sqlite3_stmt *row)
{
  g_autofree char *label = g_strdup ((const char *)sqlite3_column_text (row, KERNEL));

  *label = g_ascii_toupper (*label);
  nv_stream_text_line (writer->file, label, sqlite3_column_double (row, BEST),
                       sqlite3_column_double (row, AVERAGE), sqlite3_column_double (row, MINIMUM),
                       sqlite3_column_double (row, MAXIMUM));
}

static gboolean
add_row (Writer *writer, sqlite3_stmt *row, NvExportOpen open, gpointer data, GError **error)
{
  const char *name = (const char *)sqlite3_column_text (row, NAME);
  gboolean is_new_file = g_strcmp0 (writer->name, name) != 0, is_new_part = is_new_file;

  for (int i = RUN; i <= PART; i++)
    {
      is_new_part = is_new_part || writer->part[i - RUN] != sqlite3_column_int64 (row, i);
      writer->part[i - RUN] = sqlite3_column_int64 (row, i);
    }
  if (is_new_part && writer->file)
    nv_stream_text_end (writer->file, FALSE);
  if (is_new_file)
    {
      g_autofree char *file_name = nv_export_file_name (name, ".expresult");

      g_free (writer->name);
      writer->name = g_strdup (name);
      writer->file = open (file_name, data, error);
    }
  if (!writer->file)
    return FALSE;
  if (is_new_part)
    start_part (writer, row);
  write_result (writer, row);
  return TRUE;
}

gboolean
nv_export_expresult (NvStore *store, gint64 run, NvExportOpen open, gpointer data, GError **error)
{
  sqlite3_stmt *row = nv_store_prepare (store, results_sql, error);
  Writer writer = { 0 };
  gboolean done = row != NULL;
  int result = SQLITE_DONE;

  if (row && run)
    sqlite3_bind_int64 (row, 1, run);
  while (done && (result = sqlite3_step (row)) == SQLITE_ROW)
    done = add_row (&writer, row, open, data, error);
  if (done && result != SQLITE_DONE)
    done = nv_store_fail (store, error);
  if (done && !writer.file)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_NOT_FOUND,
                   "nothing of STREAM's kernels (copy, scale, add, triad) was measured");
      done = FALSE;
    }
  if (writer.file)
    nv_stream_text_end (writer.file, FALSE);
  sqlite3_reset (row);
  sqlite3_clear_bindings (row);
  g_free (writer.name);
  return done;
}
