/* plot: pictures of results, by gnuplot. */

#include "cmd/plot.h"

#include <stdio.h>
#include <string.h>

static const struct
{
  const char *name;
  int (*run) (NvCommandContext *context, GError **error);
} subjects[] = {
  { "throughput", nv_plot_throughput },
  { "compaction", nv_plot_compaction },
};

static const NvOption plot_options[] = {
  { "db", 0, NV_OPTION_FILE, G_STRUCT_OFFSET (NvPlotOptions, db), "FILE", "a store, instead of files" },
  { "run", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (NvPlotOptions, run), "ID",
    "only this run of the store: its number, or the first four letters or more of its UUID; default: all" },
  { "output", 'o', NV_OPTION_FILE, G_STRUCT_OFFSET (NvPlotOptions, output), "DIR|FILE",
    "where to; what is there and has the same name is replaced; needed" },
  { "vm", 0, NV_OPTION_STRINGS, G_STRUCT_OFFSET (NvPlotOptions, vms), "NAME",
    "only this VM; may be given more than once" },
  { "data", 0, NV_OPTION_FILE, G_STRUCT_OFFSET (NvPlotOptions, data), "FILE.csv|FILE.json",
    "also write what is drawn, as numbers" },
  { "format", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (NvPlotOptions, format), "png|svg|pdf",
    "throughput: default: png" },
  { "kernel", 0, NV_OPTION_STRINGS, G_STRUCT_OFFSET (NvPlotOptions, kernels), "NAME",
    "throughput: only this kernel; may be given more than once" },
  { "stream", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (NvPlotOptions, stream), "stock|original-mod",
    "throughput: whose text *.expresult are, as in `numavm import`; default: stock" },
  { "interval", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (NvPlotOptions, interval), "TIME",
    "compaction: between the samples of a log, such as 10s; needed with logs" },
  { "order", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (NvPlotOptions, order), "N,N-M",
    "compaction: free blocks of these orders only" },
  { "zone", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (NvPlotOptions, zone), "NAME",
    "compaction: only this zone" },
  { "node", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (NvPlotOptions, node), "N", "compaction: only this node" },
  { "index-order", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (NvPlotOptions, index_order), "N",
    "compaction: the unusable free space index of this order; default: a huge page's, 9 with pages of 4 KiB" },
  { "linear", 0, NV_OPTION_FLAG, G_STRUCT_OFFSET (NvPlotOptions, linear), NULL,
    "compaction: free blocks on a linear axis" },
  { "log", 0, NV_OPTION_FLAG, G_STRUCT_OFFSET (NvPlotOptions, log), NULL,
    "compaction: free blocks on a logarithmic axis; the default, since there may be ten thousand of one order "
    "and ten of another" },
  { NULL },
};

static gboolean
is_given (const NvOption *option, const NvPlotOptions *options)
{
  const void *value = (const char *)options + option->offset;

  return option->type == NV_OPTION_FLAG ? *(const gboolean *)value : *(char *const *)value != NULL;
}

/* The help of an option that only one subject has begins with that subject's name. An option that would have
 * no effect is a misunderstanding. */
static gboolean
check_options (const NvPlotOptions *options, const char *subject, GError **error)
{
  for (const NvOption *option = plot_options; option->name; option++)
    for (guint i = 0; i < G_N_ELEMENTS (subjects); i++)
      {
        gsize length = strlen (subjects[i].name);

        if (strncmp (option->help, subjects[i].name, length) != 0 || option->help[length] != ':'
            || strcmp (subjects[i].name, subject) == 0 || !is_given (option, options))
          continue;
        g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "--%s: means nothing to `numavm plot %s`", option->name,
                     subject);
        return FALSE;
      }
  return TRUE;
}

void
nv_plot_list (const NvCommandContext *context, char *const *paths, const char *data)
{
  json_t *pictures;

  if (!context->common->json)
    {
      for (guint i = 0; paths[i]; i++)
        puts (paths[i]);
      if (data)
        puts (data);
      return;
    }
  pictures = json_array ();
  for (guint i = 0; paths[i]; i++)
    json_array_append_new (pictures, nv_json_path (paths[i]));
  nv_print_json (json_pack ("{s:o, s:o}", "pictures", pictures, "data", nv_json_path (data)));
}

static int
run_plot (NvCommandContext *context, GError **error)
{
  const char *subject = context->n_arguments > 0 ? context->arguments[0] : NULL;

  for (guint i = 0; subject && i < G_N_ELEMENTS (subjects); i++)
    {
      if (strcmp (subjects[i].name, subject) != 0)
        continue;
      if (!check_options (context->options, subject, error))
        return NV_EXIT_USAGE;
      context->n_arguments--;
      context->arguments++;
      return subjects[i].run (context, error);
    }
  if (subject)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "plot '%s': throughput or compaction is allowed", subject);
  else
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "plot: say what to draw: throughput or compaction");
  return NV_EXIT_USAGE;
}

const NvCommand nv_command_plot = {
  .name = "plot",
  .summary = "draw results: PNG, SVG or PDF",
  .arguments = "throughput|compaction [DIR|FILE...]",
  .description =
      "throughput reads what `numavm summarize` does: STREAM's text (folders with a file for each VM, or the files), or a "
      "store; and fills a folder, "
      "which is made if it is not there, with pictures: vm-NAME of each VM's kernels over the runs of the benchmark; "
      "kernel-NAME of each kernel's VMs; throughput, boxes of the VMs' mean rates for each kernel; time-average, "
      "time-minimum and time-maximum, boxes of how long an iteration of each kernel took. Where policies are "
      "known, they stand beside each other. What differs in its unit, or in whether high or low is better, never shares "
      "an axis, and an axis that does not "
      "begin at zero says so.\n\n"
      "compaction reads logs of /proc/buddyinfo, appended at an interval, or the samples of one run of a store, and draws "
      "one picture, which grows with what is in it: for each node and zone the free blocks of each order over time "
      "(order 0 is one page; in a store also those of the guests); of the free memory the share that is in blocks too "
      "small for a request of one order (the unusable free space index: 0 all can be used, 1 none); and, of a store, "
      "what the counters of compaction and huge pages grew by per s. What was measured meanwhile is shaded. Where there "
      "are more samples than pixels, a line is each stretch's last sample, in a band from its lowest to its highest. "
      "--vm also takes host. What is not drawn is said.\n\n"
      "A picture is replaced when the new one is whole. What was written is listed on standard output.\n\n"
      "Needs gnuplot (Debian's package gnuplot-nox).",
  .examples =
      "# the original system's results\n"
      "numavm plot throughput results/ --stream original-mod -o pictures\n"
      "numavm plot compaction buddyinfo.log --interval 10s -o buddyinfo.png\n"
      "# a run, for a paper, and the numbers behind it\n"
      "numavm plot throughput --db results.db --run 3 -o pictures --format pdf --data pictures/all.csv",
  .without_vms = TRUE,
  .options_size = sizeof (NvPlotOptions),
  .options = plot_options,
  .run = run_plot,
};
