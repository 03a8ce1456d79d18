/* summarize: what each kernel reached, over all VMs. */

#include "cmd/read-results.h"
#include "report/summary.h"

#include <stdio.h>
#include <unistd.h>

typedef struct
{
  char *db;
  char *run;
  char *stream;
  gboolean csv;
} SummarizeOptions;

static void
say_emulated (const NvCommandContext *context)
{
  nv_note (context, "EMULATED: these figures compare emulators, not memory");
}

static void
show (const NvCommandContext *context, const NvResults *results)
{
  const SummarizeOptions *options = context->options;
  g_autoptr (GArray) rows = nv_summary_new (results);
  g_autofree char *text = NULL;

  if (context->common->json)
    {
      nv_print_json (nv_summary_to_json (results, rows));
      return;
    }
  if (options->csv)
    text = nv_summary_to_csv (results, rows);
  else
    text = nv_summary_format (results, rows,
                              isatty (STDOUT_FILENO) && g_get_charset (NULL) ? nv_columns_of_output () : 0);
  fputs (text, stdout);
}

static int
run_summarize (NvCommandContext *context, GError **error)
{
  const SummarizeOptions *options = context->options;
  const NvResultsFrom from = { options->db, options->run, options->stream };
  g_autoptr (NvResults) results = NULL;

  if (options->csv && context->common->json)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "summarize: --json or --csv, not both");
      return NV_EXIT_USAGE;
    }
  if (!nv_check_results (context, &from, "summarize", error))
    return NV_EXIT_USAGE;
  results = nv_read_results (context, &from, error);
  if (!results)
    return NV_EXIT_FAILED;
  if (results->emulated == 1)
    say_emulated (context);
  show (context, results);
  return NV_EXIT_DONE;
}

static const NvOption summarize_options[] = {
  { "db", 0, NV_OPTION_FILE, G_STRUCT_OFFSET (SummarizeOptions, db), "FILE", "of a store, not of files" },
  { "run", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (SummarizeOptions, run), "ID",
    "only this run of the store: its number, or the first four letters or more of its UUID; default: all" },
  { "stream", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (SummarizeOptions, stream), "stock|original-mod",
    "whose text the files are: the original's modified STREAM moved an eighth of what it reported, and its rates "
    "are divided by 8; default: stock" },
  { "csv", 0, NV_OPTION_FLAG, G_STRUCT_OFFSET (SummarizeOptions, csv), NULL,
    "comma-separated, in bytes/s, ns and s" },
  { NULL },
};

const NvCommand nv_command_summarize = {
  .name = "summarize",
  .summary = "what each kernel reached, as means over the VMs, with their spread",
  .arguments = "[DIR|FILE...]",
  .description =
      "Of each VM the mean over its runs is taken, then the mean over the VMs: of the best rate (or latency, or value "
      "of a workload's metric, in its own unit and as it is better), and of "
      "the average, minimum and maximum time of an iteration. SD is the standard deviation between VMs; the 95 % "
      "interval of their mean is Student's t. The fastest and the slowest VM are named with their mean best rate. "
      "Where policies are known, each has a row of its own.\n\n"
      "A file is one VM, and holds STREAM's text, run after run; of a folder the files that end in .expresult are "
      "read, or, if there are none, all that are STREAM's text. What is cut off, empty or damaged is named and left "
      "out (the first 20 lines; with --verbose at most 1000 a file), the rest is used. Of a store each boot of a VM "
      "is one run, without the iterations during which the host moved CPUs. What was measured without a policy, on bare "
      "metal or by others, is told apart by its run, pages and access; runs of different hosts are not mixed.\n\n"
      "A folder that holds nothing but folders is a tree, as `numavm run --results` leaves it: POLICY/VM/FILE, or VM/FILE; "
      "a VM is called as its folder there. Of what guests have sent (NAME.json beside NAME.expresult or NAME.output) the "
      "records are read, since STREAM's text has but some of their values.\n\n"
      "On a terminal that is wide enough, and shows UTF-8, a bar shows where each policy's VMs are on an axis that "
      "all policies of the kernel share: from the slowest to the fastest, with the mean and its interval.\n\n"
      "Exit status 1: there was no result at all.",
  .examples = "numavm summarize results/\n"
              "# the original system's files\n"
              "numavm summarize results/ --stream original-mod\n"
              "# the policies of one run, for a spreadsheet\n"
              "numavm summarize --db results.db --run 3 --csv",
  .without_vms = TRUE,
  .options_size = sizeof (SummarizeOptions),
  .options = summarize_options,
  .run = run_summarize,
};
