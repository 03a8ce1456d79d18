/* Results for the commands that show some: of files or of a store. */

#include "cmd/read-results.h"
#include "store/export.h"

#include <string.h>

gboolean
nv_read_stream (const char *text, NvStreamKind *ret_stream, GError **error)
{
  *ret_stream = g_strcmp0 (text, "original-mod") == 0 ? NV_STREAM_ORIGINAL_MOD : NV_STREAM_STOCK;
  if (!text || *ret_stream == NV_STREAM_ORIGINAL_MOD || strcmp (text, "stock") == 0)
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "stream '%s': stock or original-mod is allowed", text);
  return FALSE;
}

gboolean
nv_check_results (const NvCommandContext *context, const NvResultsFrom *from, const char *what,
                  GError **error)
{
  NvStreamKind stream;

  if ((context->n_arguments > 0) == (from->db != NULL))
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "%s: say of what: files or folders, or a store by --db%s",
                 what, from->db ? ", not both" : "");
  else if (from->run && !from->db)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "--run: files have no runs: name a store by --db");
  else if (!nv_read_stream (from->stream, &stream, error))
    return FALSE;
  else if (from->stream && from->db)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                 "--stream: means nothing to a store: give it to `numavm import`");
  else
    return TRUE;
  return FALSE;
}

NvStore *
nv_import_into_memory (const NvCommandContext *context, const NvImportRequest *how, const char *command,
                       GError **error)
{
  g_autoptr (NvStore) store = nv_store_open (":memory:", NV_STORE_CREATE, error);
  NvComplaints complaints = { context, 0 };
  NvImportRequest request = *how;
  NvImportResult result;

  request.store = store;
  request.command = command;
  request.say = nv_complain;
  request.data = &complaints;
  if (!store || !nv_import (&request, context->arguments, &result, error))
    return NULL;
  nv_complaints_end (&complaints);
  if (result.rows > 0)
    return g_steal_pointer (&store);
  g_set_error (error, NV_ERROR, NV_ERROR_NOT_FOUND, "'%s': nothing in it is a result", context->arguments[0]);
  return NULL;
}

static gboolean
is_beside (const char *folder, const char *records)
{
  static const char *const extensions[] = { "expresult", "output", "buddyinfo" };

  for (guint i = 0; i < G_N_ELEMENTS (extensions); i++)
    {
      g_autofree char *name =
          g_strdup_printf ("%.*s%s", (int)(strlen (records) - strlen ("json")), records, extensions[i]);
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_file_test (path, G_FILE_TEST_EXISTS))
        return TRUE;
    }
  return FALSE;
}

/* Is it a tree of what guests have sent: records, and what others can read beside them? @level: 0: its root.
 */
static gboolean
was_sent (const char *path, guint level)
{
  GDir *folder = g_dir_open (path, 0, NULL);
  gboolean found = FALSE;
  const char *name;

  while (folder && !found && (name = g_dir_read_name (folder)))
    {
      g_autofree char *below = g_build_filename (path, name, NULL);

      if (level > 0 && g_str_has_suffix (name, ".json"))
        found = is_beside (path, name);
      else if (level < 2 && g_file_test (below, G_FILE_TEST_IS_DIR))
        found = was_sent (below, level + 1);
    }
  if (folder)
    g_dir_close (folder);
  return found;
}

static gboolean
are_sent (const NvCommandContext *context)
{
  for (int i = 0; i < context->n_arguments; i++)
    if (!was_sent (context->arguments[i], 0))
      return FALSE;
  return TRUE;
}

/* @results: (nullable): of a store. */
static void
say_left_out (const NvCommandContext *context, const NvResults *results)
{
  g_autofree char *why = results && results->left_out > 0 ? nv_results_say_left_out (results) : NULL;

  if (why)
    nv_note (context, "%" G_GUINT64_FORMAT " iterations are left out: %s", results->left_out, why);
}

/* STREAM's text has but some of their values. */
static NvResults *
read_records (const NvCommandContext *context, const NvResultsFrom *from, GError **error)
{
  const NvImportRequest how = { NULL };
  g_autoptr (NvStore) store = NULL;
  NvResults *results;

  if (from->stream)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "--stream: means nothing to what guests have sent: '%s'",
                   context->arguments[0]);
      return NULL;
    }
  store = nv_import_into_memory (context, &how, "", error);
  results = store ? nv_results_read_store (store, 0, error) : NULL;

  say_left_out (context, results);
  if (results)
    {
      g_free (results->source);
      results->source = g_utf8_make_valid (context->arguments[0], -1);
    }
  return results;
}

static NvResults *
read_files (const NvCommandContext *context, gboolean is_original_mod, GError **error)
{
  NvComplaints complaints = { context, 0 };
  const NvResultsRequest request = { is_original_mod, nv_complain, &complaints };
  NvResults *results = nv_results_read_files (&request, context->arguments, error);

  nv_complaints_end (&complaints);
  if (results && is_original_mod)
    nv_note (context,
             "rates are divided by 8: the original's modified STREAM moved an eighth of what it reported");
  return results;
}

static NvResults *
read_store (const NvCommandContext *context, const NvResultsFrom *from, GError **error)
{
  g_autoptr (NvStore) store = nv_store_open (from->db, NV_STORE_READ, error);
  NvResults *results;
  gint64 run = 0;

  if (!store || (from->run && !(run = nv_export_find_run (store, from->run, error))))
    return NULL;
  results = nv_results_read_store (store, run, error);
  say_left_out (context, results);
  return results;
}

NvResults *
nv_read_results (const NvCommandContext *context, const NvResultsFrom *from, GError **error)
{
  gboolean is_original_mod = g_strcmp0 (from->stream, "original-mod") == 0;
  NvResults *results = from->db             ? read_store (context, from, error)
                       : are_sent (context) ? read_records (context, from, error)
                                            : read_files (context, is_original_mod, error);

  if (results && results->implausible_rate > 0)
    nv_note (
        context,
        "%.0f MB/s a thread is more than a core gets from memory: if the original's modified STREAM wrote it, %s",
        results->implausible_rate / 1e6,
        from->db ? "import it into another store with --stream original-mod" : "say --stream original-mod");
  return results;
}
