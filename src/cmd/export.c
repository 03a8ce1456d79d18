/* export: a store's rows as files for other programs. */

#include "cmd/command.h"
#include "store/export.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct
{
  char *db;
  char *format;
  char *run;
  char *output;
  gboolean force;
} ExportOptions;

/* --- one file --- */

typedef struct
{
  NvStore *store;
  gint64 run;
} Source;

static gboolean
write_json (FILE *file, gpointer data, GError **error)
{
  const Source *source = data;

  return nv_export_json (source->store, source->run, file, error);
}

static gboolean
export_json (NvStore *store, gint64 run, const ExportOptions *options, GError **error)
{
  if (options->output && strcmp (options->output, "-") != 0)
    return nv_write_file (options->output, options->force, write_json, &(Source){ store, run }, NULL, error);
  return nv_export_json (store, run, stdout, error)
         && (fflush (stdout) == 0 || nv_set_write_error ("standard output", error));
}

/* --- a folder --- */

/* Files in the making, in a folder beside the one that they shall be in. */
typedef struct
{
  char *temporary;
  GPtrArray *names;
  FILE *file; /* the last one */
} Folder;

static gboolean
close_last (Folder *folder, GError **error)
{
  FILE *file = g_steal_pointer (&folder->file);

  return !file || nv_close_file (file, g_ptr_array_index (folder->names, folder->names->len - 1), error);
}

static FILE *
open_in_folder (const char *name, gpointer data, GError **error)
{
  Folder *folder = data;
  g_autofree char *path = g_build_filename (folder->temporary, name, NULL);

  if (!close_last (folder, error))
    return NULL;
  folder->file = fopen (path, "wx");
  if (folder->file)
    g_ptr_array_add (folder->names, g_strdup (name));
  else
    nv_set_write_error (name, error);
  return folder->file;
}

static void
folder_clear (Folder *folder)
{
  if (folder->file)
    fclose (folder->file);
  for (guint i = 0; i < folder->names->len; i++)
    {
      g_autofree char *path =
          g_build_filename (folder->temporary, g_ptr_array_index (folder->names, i), NULL);

      g_unlink (path);
    }
  g_rmdir (folder->temporary);
  g_ptr_array_unref (folder->names);
  g_free (folder->temporary);
}

/* The whole folder at once, or, into one that is there, file by file. */
static gboolean
publish (Folder *folder, const char *path, gboolean force, GError **error)
{
  if (rename (folder->temporary, path) == 0)
    return TRUE;
  if (!force || (errno != ENOTEMPTY && errno != EEXIST))
    {
      if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR)
        return nv_set_write_error (path, error);
      g_set_error (error, NV_ERROR, NV_ERROR_EXISTS,
                   "'%s' is there already: --force replaces the files in it that have the same names", path);
      return FALSE;
    }
  for (guint i = 0; i < folder->names->len; i++)
    {
      const char *name = g_ptr_array_index (folder->names, i);
      g_autofree char *from = g_build_filename (folder->temporary, name, NULL);
      g_autofree char *to = g_build_filename (path, name, NULL);

      if (rename (from, to) != 0)
        return nv_set_write_error (to, error);
    }
  return TRUE;
}

typedef gboolean (*ExportFolder) (NvStore *store, gint64 run, NvExportOpen open, gpointer data,
                                  GError **error);

static gboolean
export_folder (NvStore *store, gint64 run, const ExportOptions *options, ExportFolder write, GError **error)
{
  g_autofree char *path = g_canonicalize_filename (options->output, NULL);
  Folder folder = { .temporary = g_strconcat (path, ".XXXXXX", NULL) };
  gboolean done;

  if (!g_mkdtemp_full (folder.temporary, 0755))
    {
      g_free (folder.temporary);
      return nv_set_write_error (path, error);
    }
  folder.names = g_ptr_array_new_with_free_func (g_free);
  done = write (store, run, open_in_folder, &folder, error) && close_last (&folder, error)
         && publish (&folder, path, options->force, error);
  folder_clear (&folder);
  return done;
}

static gboolean
export_csv (NvStore *store, gint64 run, const ExportOptions *options, GError **error)
{
  return export_folder (store, run, options, nv_export_csv, error);
}

static gboolean
export_expresult (NvStore *store, gint64 run, const ExportOptions *options, GError **error)
{
  return export_folder (store, run, options, nv_export_expresult, error);
}

/* --- the command --- */

typedef struct
{
  const char *name;
  gboolean is_folder;
  gboolean (*run) (NvStore *store, gint64 run, const ExportOptions *options, GError **error);
} Format;

static const Format formats[] = {
  { "jsonl", FALSE, export_json },
  { "csv", TRUE, export_csv },
  { "expresult", TRUE, export_expresult },
};

static const Format *
understand (const NvCommandContext *context, GError **error)
{
  const ExportOptions *options = context->options;
  const char *name = options->format ? options->format : formats[0].name;
  const Format *format = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (strcmp (formats[i].name, name) == 0)
      format = &formats[i];
  if (context->n_arguments > 0)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "export: '%s': the store is named with --db '%s'",
                 context->arguments[0], context->arguments[0]);
  else if (!format)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "format '%s': jsonl, csv or expresult is allowed", name);
  else if (!options->db)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "export: --db, the store to export from, is needed");
  else if (format->is_folder && (!options->output || strcmp (options->output, "-") == 0))
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "format '%s': a folder to write to is needed: -o DIR",
                 name);
  else
    return format;
  return NULL;
}

static int
run_export (NvCommandContext *context, GError **error)
{
  const ExportOptions *options = context->options;
  const Format *format = understand (context, error);
  g_autoptr (NvStore) store = NULL;
  gint64 run = 0;

  if (!format)
    return NV_EXIT_USAGE;
  store = nv_store_open (options->db, NV_STORE_READ, error);
  if (!store || (options->run && !(run = nv_export_find_run (store, options->run, error))))
    return NV_EXIT_FAILED;
  return format->run (store, run, options, error) ? NV_EXIT_DONE : NV_EXIT_FAILED;
}

static const NvOption export_options[] = {
  { "db", 0, NV_OPTION_FILE, G_STRUCT_OFFSET (ExportOptions, db), "FILE", "the store" },
  { "format", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (ExportOptions, format), "jsonl|csv|expresult",
    "default: jsonl" },
  { "run", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (ExportOptions, run), "ID",
    "only this run: its number, or the first four letters or more of its UUID; default: all" },
  { "output", 'o', NV_OPTION_FILE, G_STRUCT_OFFSET (ExportOptions, output), "DIR|FILE|-",
    "where to; default for jsonl: standard output" },
  { "force", 0, NV_OPTION_FLAG, G_STRUCT_OFFSET (ExportOptions, force), NULL,
    "replace what is there already" },
  { NULL },
};

const NvCommand nv_command_export = {
  .name = "export",
  .summary = "write a store's values as JSON lines, CSV or STREAM's text",
  .arguments = "",
  .description =
      "jsonl: every row of every table, an object a line; `numavm import` makes the same of it in another "
      "store. csv: a folder with a file for each table. expresult: a folder with NAME.expresult for each VM, "
      "in STREAM 5.10's text, once for each boot: the best rate in MB/s (decimal) and the times in s of copy, "
      "scale, add and triad, as far as they were measured, not by a workload; what was measured on bare metal is "
      "host.expresult.\n\n"
      "What is written appears when it is whole, or not at all.",
  .examples = "numavm export --db results.db -o results.jsonl\n"
              "# the tables of one run, for a spreadsheet\n"
              "numavm export --db results.db --format csv --run 3 -o run3\n"
              "# for what reads STREAM's output\n"
              "numavm export --db results.db --format expresult -o stream",
  .without_vms = TRUE,
  .options_size = sizeof (ExportOptions),
  .options = export_options,
  .run = run_export,
};
