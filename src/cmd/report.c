/* report: one HTML page of what a store, or files of results, hold. */

#include "cmd/read-results.h"
#include "base/duration.h"
#include "base/size.h"
#include "report/page.h"
#include "store/export.h"

#include <stdio.h>
#include <string.h>

typedef struct
{
  char *db;
  char *run;
  char *stream;
  char *interval;
  char *output;
  gboolean force;
} ReportOptions;

static gboolean
understand (const NvCommandContext *context, NvImportRequest *request, GError **error)
{
  const ReportOptions *options = context->options;
  gboolean has_files = context->n_arguments > 0;

  if (has_files == (options->db != NULL))
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                 "report: %s: numavm report --db FILE -o report.html, or numavm report DIR -o report.html",
                 has_files ? "either a store or files, not both"
                           : "a store or files to report on are needed");
  else if (!options->output)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "report: -o, the page to write, is needed: -o report.html");
  else if (has_files && options->run)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "report: --run chooses from a store: with --db only");
  else if (!has_files && (options->stream || options->interval))
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "report: %s says how to read files: without --db only",
                 options->stream ? "--stream" : "--interval");
  else
    return nv_read_stream (options->stream, &request->stream, error)
           && (!options->interval || nv_duration_parse (options->interval, &request->interval_ns, error));
  return FALSE;
}

static char *
format_command (const NvCommandContext *context)
{
  const ReportOptions *options = context->options;
  GString *command = g_string_new ("numavm report");

  for (int i = 0; i < context->n_arguments; i++)
    nv_command_append (command, NULL, context->arguments[i]);
  nv_command_append (command, "--db", options->db);
  nv_command_append (command, "--run", options->run);
  nv_command_append (command, "--stream", options->stream);
  nv_command_append (command, "--interval", options->interval);
  nv_command_append (command, "-o", options->output);
  /* What it wrote is there when it is repeated. */
  if (strcmp (options->output, "-") != 0)
    g_string_append (command, " --force");
  return g_string_free (command, FALSE);
}

/* NULL: of files there is nothing more. */
static char *
format_export (const ReportOptions *options)
{
  GString *command;

  if (!options->db)
    return NULL;
  command = g_string_new ("numavm export");
  nv_command_append (command, "--db", options->db);
  nv_command_append (command, "--run", options->run);
  g_string_append (command, " --format csv -o values");
  return g_string_free (command, FALSE);
}

/* --- what is reported on --- */

static json_t *
read_data (const NvCommandContext *context, const NvImportRequest *import, GError **error)
{
  const ReportOptions *options = context->options;
  g_autofree char *command = format_command (context);
  g_autofree char *export_command = format_export (options);
  g_autoptr (NvStore) store = options->db ? nv_store_open (options->db, NV_STORE_READ, error)
                                          : nv_import_into_memory (context, import, command, error);
  NvPageRequest request = {
    .store = store,
    .path = options->db,
    .source = options->db ? options->db : context->arguments[0],
    .command = command,
    .export_command = export_command,
  };

  if (!store || (options->run && !(request.run = nv_export_find_run (store, options->run, error))))
    return NULL;
  return nv_page_data (&request, error);
}

/* --- writing --- */

/* Before anything is read, which may be long; it is seen to again when the page gets its name. */
static gboolean
may_write (const ReportOptions *options, GError **error)
{
  if (options->force || strcmp (options->output, "-") == 0
      || !g_file_test (options->output, G_FILE_TEST_EXISTS))
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_EXISTS, "'%s' is there already: --force replaces it",
               options->output);
  return FALSE;
}

static gboolean
write_data (FILE *file, gpointer data, GError **error)
{
  return nv_page_write (data, file, error);
}

static gboolean
write_page (const NvCommandContext *context, json_t *data, GError **error)
{
  const ReportOptions *options = context->options;
  g_autofree char *size = NULL;
  guint64 bytes;

  if (strcmp (options->output, "-") == 0)
    return nv_page_write (data, stdout, error);
  if (!nv_write_file (options->output, options->force, write_data, data, &bytes, error))
    return FALSE;
  size = nv_size_format (bytes);
  if (context->common->json)
    nv_print_json (
        json_pack ("{s:o, s:I}", "path", nv_json_path (options->output), "bytes", (json_int_t)bytes));
  else
    printf ("%s  %s\n", options->output, size);
  return TRUE;
}

static int
run_report (NvCommandContext *context, GError **error)
{
  const ReportOptions *options = context->options;
  NvImportRequest import = { NULL };
  json_t *data;
  gboolean done;

  if (!understand (context, &import, error))
    return NV_EXIT_USAGE;
  data = may_write (options, error) ? read_data (context, &import, error) : NULL;
  if (!data)
    return NV_EXIT_FAILED;
  if (json_is_true (json_object_get (data, "emulated")))
    nv_note (context, "EMULATED: these figures compare emulators, not memory");
  done = write_page (context, data, error);
  json_decref (data);
  return done ? NV_EXIT_DONE : NV_EXIT_FAILED;
}

static const NvOption report_options[] = {
  { "db", 0, NV_OPTION_FILE, G_STRUCT_OFFSET (ReportOptions, db), "FILE", "the store" },
  { "run", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (ReportOptions, run), "ID",
    "only this run: its number, or the first four letters or more of its UUID; default: all" },
  { "stream", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (ReportOptions, stream), "stock|original-mod",
    "whose text *.expresult are, as for `numavm import`" },
  { "interval", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (ReportOptions, interval), "TIME",
    "between the samples of a log without time stamps, such as 10s" },
  { "output", 'o', NV_OPTION_FILE, G_STRUCT_OFFSET (ReportOptions, output), "FILE|-", "the page to write" },
  { "force", 0, NV_OPTION_FLAG, G_STRUCT_OFFSET (ReportOptions, force), NULL,
    "replace what is there already" },
  { NULL },
};

const NvCommand nv_command_report = {
  .name = "report",
  .summary = "write one HTML page of a store's runs",
  .arguments = "[DIR|FILE...]",
  .description =
      "The page needs nothing else: it works offline, can be sent to somebody, and prints. It shows what was run, "
      "workloads with how their programs ended and what they printed last, "
      "a table of each kernel and policy, every value as a point, where the memory was declared and where it was, "
      "and throughput and compaction over time. In place of a store it takes what `numavm import` does: files, and "
      "folders of which the files are read.\n\n"
      "Of very many values it keeps some thousand, among them the lowest and the highest of each kernel, policy and "
      "VM; statistics are of all. What is emulated says so. The page appears when it is whole, or not at all.",
  .examples = "numavm report --db results.db -o report.html\n"
              "# the original system's files\n"
              "numavm report results/ --stream original-mod --interval 10s -o report.html",
  .without_vms = TRUE,
  .options_size = sizeof (ReportOptions),
  .options = report_options,
  .run = run_report,
};
