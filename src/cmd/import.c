/* import: files that others, or earlier runs, left behind, into a store. */

#include "cmd/read-results.h"
#include "base/duration.h"

#include <stdio.h>
#include <string.h>

typedef struct
{
  char *db;
  char *stream;
  char *interval;
} ImportOptions;

static gboolean
understand (const NvCommandContext *context, NvImportRequest *request, GError **error)
{
  const ImportOptions *options = context->options;

  if (context->n_arguments == 0 || !options->db)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "import: %s is needed: numavm import FILE... --db FILE",
                   options->db ? "a file or folder" : "--db, the store to import into,");
      return FALSE;
    }
  if (!nv_read_stream (options->stream, &request->stream, error))
    return FALSE;
  if (options->interval && !nv_duration_parse (options->interval, &request->interval_ns, error))
    return FALSE;
  if (options->interval && request->interval_ns == 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "interval '%s': more than that is needed",
                   options->interval);
      return FALSE;
    }
  return TRUE;
}

static void
say (const char *text, gpointer data)
{
  fprintf (stderr, "%s\n", text);
}

static void
show (const NvCommandContext *context, const NvImportResult *result)
{
  if (context->common->json)
    {
      nv_print_json (json_pack ("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "files", (json_int_t)result->files,
                                "imported", (json_int_t)result->imported, "imported_before",
                                (json_int_t)result->known, "unreadable", (json_int_t)result->unreadable,
                                "passed_over", (json_int_t)result->passed_over, "rows",
                                (json_int_t)result->rows, "left_out", (json_int_t)result->left_out));
      return;
    }
  printf ("%u of %u files imported: %" G_GUINT64_FORMAT " rows", result->imported, result->files,
          result->rows);
  if (result->known > 0)
    printf ("; %u imported before", result->known);
  if (result->unreadable > 0)
    printf ("; %u unreadable", result->unreadable);
  if (result->passed_over > 0)
    printf ("; %u passed over", result->passed_over);
  if (result->left_out > 0)
    printf ("; %" G_GUINT64_FORMAT " lines or parts left out", result->left_out);
  putchar ('\n');
}

/* What a person would type to have it again. */
static char *
format_command (const NvCommandContext *context)
{
  const ImportOptions *options = context->options;
  GString *command = g_string_new ("numavm import");

  nv_command_append (command, "--stream", options->stream);
  nv_command_append (command, "--interval", options->interval);
  for (int i = 0; i < context->n_arguments; i++)
    nv_command_append (command, NULL, context->arguments[i]);
  return g_string_free (command, FALSE);
}

static int
run_import (NvCommandContext *context, GError **error)
{
  const ImportOptions *options = context->options;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *command = format_command (context);
  NvImportRequest request = { .command = command, .say = say, .cancellable = cancellable };
  g_autoptr (NvStore) store = NULL;
  NvImportResult result;
  NvSignals signals;
  gboolean done;

  if (!understand (context, &request, error))
    return NV_EXIT_USAGE;
  store = request.store = nv_store_open (options->db, NV_STORE_CREATE, error);
  if (!store)
    return NV_EXIT_FAILED;
  nv_signals_cancel (&signals, cancellable);
  done = nv_import (&request, context->arguments, &result, error);
  nv_signals_restore (&signals);
  show (context, &result);
  return done && result.unreadable == 0 ? NV_EXIT_DONE : NV_EXIT_FAILED;
}

static const NvOption import_options[] = {
  { "db", 0, NV_OPTION_FILE, G_STRUCT_OFFSET (ImportOptions, db), "FILE",
    "the store; made if it is not there" },
  { "stream", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (ImportOptions, stream), "stock|original-mod",
    "whose text *.expresult are: the original's modified STREAM moved an eighth of what it reported, and its "
    "rates are divided by 8; default: stock" },
  { "interval", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (ImportOptions, interval), "TIME",
    "between the samples of a log without time stamps, such as 10s" },
  { NULL },
};

const NvCommand nv_command_import = {
  .name = "import",
  .summary = "bring results that are files into a store",
  .arguments = "DIR|FILE...",
  .description =
      "Reads files, and of folders the files that are in them, and adds what they hold to the store. What a "
      "file is, its content tells, not its name. What cannot be read is named with its line and left out; the "
      "rest comes in. A file that was imported before (its bytes are the same), or a run that is in the store "
      "already, adds nothing.\n\n"
      "A folder that holds nothing but folders is one run, as `numavm run --results` leaves it: POLICY/VM/FILE, or "
      "VM/FILE. Where NAME.json holds a guest's records, NAME.expresult, NAME.output and NAME.buddyinfo beside it are passed "
      "over: what is in them is in the records, too.\n\n"
      "Exit status 1: a file gave nothing at all, though what the others hold was imported. Parts that were "
      "left out, and files in folders that are no results, are named and are no failure; the last line counts "
      "them.\n\n"
      "Formats:",
  .list = nv_import_list_formats,
  .examples = "# what numavm-bench measured\n"
              "numavm-bench --json > a1.json && numavm import a1.json --db results.db\n"
              "# the original system's files\n"
              "numavm import results/ --db results.db --stream original-mod --interval 10s",
  .without_vms = TRUE,
  .options_size = sizeof (ImportOptions),
  .options = import_options,
  .run = run_import,
};
