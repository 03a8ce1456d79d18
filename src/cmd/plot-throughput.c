/* plot throughput: a folder of pictures of what STREAM, or a run, measured. */

#include "cmd/plot.h"
#include "cmd/read-results.h"
#include "report/throughput.h"
#include "store/export.h"

#include <errno.h>

typedef struct
{
  NvCommandContext *context;
  const NvThroughput *throughput;
  const char *format;
  guint next;
  GPtrArray *paths; /* of all pictures */
} Work;

static gboolean
understand (const NvCommandContext *context, const NvResultsFrom *from, GError **error)
{
  static const char *const formats[] = { "png", "svg", "pdf", NULL };
  const NvPlotOptions *options = context->options;

  if (!options->output)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "plot throughput: say where to: -o DIR");
  else if (options->format && !g_strv_contains (formats, options->format))
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "format '%s': png, svg or pdf is allowed", options->format);
  else
    return nv_check_results (context, from, "plot throughput", error)
           && (!options->data || nv_chart_check_data_name (options->data, error));
  return FALSE;
}

static NvChart *
give_next (gpointer data, char **ret_path)
{
  Work *work = data;

  if (work->next == nv_throughput_count (work->throughput))
    return NULL;
  *ret_path = g_strdup (g_ptr_array_index (work->paths, work->next));
  return nv_throughput_draw (work->throughput, work->next++);
}

static void
show_done (guint n_done, gpointer data)
{
  const Work *work = data;

  nv_show_progress (work->context, "pictures", n_done, nv_throughput_count (work->throughput));
}

static gboolean
write_data (const Work *work, const char *path, GError **error)
{
  g_autoptr (GPtrArray) charts = g_ptr_array_new_with_free_func ((GDestroyNotify)nv_chart_free);

  for (guint i = 0; i < nv_throughput_count (work->throughput); i++)
    g_ptr_array_add (charts, nv_throughput_draw (work->throughput, i));
  return nv_chart_write_data ((const NvChart *const *)(void *)charts->pdata, charts->len, path, error);
}

static gboolean
write_pictures (Work *work, const NvPlotOptions *options, GCancellable *cancellable, GError **error)
{
  gboolean done;

  if (g_mkdir_with_parents (options->output, 0777) != 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot make directory '%s': %s", options->output,
                   g_strerror (errno));
      return FALSE;
    }
  for (guint i = 0; i < nv_throughput_count (work->throughput); i++)
    {
      g_autofree char *name = nv_throughput_name (work->throughput, i);
      g_autofree char *extension = g_strconcat (".", work->format, NULL);
      g_autofree char *file = nv_export_file_name (name, extension);

      g_ptr_array_add (work->paths, g_build_filename (options->output, file, NULL));
    }
  done = nv_charts_write (give_next, work, show_done, cancellable, error)
         && (!options->data || write_data (work, options->data, error));
  g_ptr_array_add (work->paths, NULL);
  nv_end_progress (work->context);
  return done;
}

int
nv_plot_throughput (NvCommandContext *context, GError **error)
{
  const NvPlotOptions *options = context->options;
  const NvResultsFrom from = { options->db, options->run, options->stream };
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (NvThroughput) throughput = NULL;
  g_autoptr (NvResults) results = NULL;
  Work work = { .context = context, .format = options->format ? options->format : "png", .paths = paths };
  NvSignals signals;
  gboolean done;

  if (!understand (context, &from, error))
    return NV_EXIT_USAGE;
  results = nv_read_results (context, &from, error);
  if (results)
    work.throughput = throughput = nv_throughput_new (results, options->kernels, options->vms, error);
  nv_signals_cancel (&signals, cancellable);
  done = throughput && write_pictures (&work, options, cancellable, error);
  nv_signals_restore (&signals);
  if (!done)
    return NV_EXIT_FAILED;
  if (results->emulated == 1)
    nv_note (context, "EMULATED: these figures compare emulators, not memory");
  nv_plot_list (context, (char *const *)paths->pdata, options->data);
  return NV_EXIT_DONE;
}
