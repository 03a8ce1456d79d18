/* plot compaction: one picture of the free memory's blocks over time, of logs or of a store. */

#include "base/duration.h"
#include "base/set.h"
#include "base/size.h"
#include "cmd/plot.h"
#include "report/compaction.h"
#include "store/export.h"
#include "store/facts.h"

#include <string.h>

enum
{
  N_STRETCHES = 700, /* about one a pixel */
  MAX_NAMES = 20,    /* of VMs, in a message */
  MAX_ORDER = 63,
};

typedef struct
{
  const NvCommandContext *context;
  guint64 interval_ns;
  NvTimelineFilter filter;
  NvCompactionStyle style;
} Job;

static const NvPlotOptions *
options_of (const Job *job)
{
  return job->context->options;
}

/* --- what is asked --- */

static gboolean
understand_orders (Job *job, GError **error)
{
  const NvPlotOptions *options = options_of (job);
  guint64 index_order;

  job->style.index_order = -1;
  if (options->order)
    {
      g_autoptr (NvSet) orders = nv_set_parse (options->order, error);

      if (!orders)
        {
          g_prefix_error (error, "order: ");
          return FALSE;
        }
      NV_SET_FOREACH (order, orders)
      {
        if (order > MAX_ORDER)
          {
            g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "order '%s': 0 to %d is allowed", options->order,
                         MAX_ORDER);
            return FALSE;
          }
        job->style.orders |= (guint64)1 << order;
      }
    }
  if (!options->index_order)
    return TRUE;
  if (!nv_count_parse (options->index_order, 0, MAX_ORDER, &index_order, error))
    {
      g_prefix_error (error, "index-order: ");
      return FALSE;
    }
  job->style.index_order = (int)index_order;
  return TRUE;
}

static gboolean
understand_filter (Job *job, GError **error)
{
  const NvPlotOptions *options = options_of (job);
  guint64 node;

  job->filter = (NvTimelineFilter){
    .order = -1,
    .node = -1,
    .zone = options->zone,
    .n_stretches = N_STRETCHES,
    .who = options->vms && !options->vms[1] ? options->vms[0] : NULL,
  };
  if (!options->node)
    return TRUE;
  if (!nv_count_parse (options->node, 0, G_MAXINT16, &node, error))
    {
      g_prefix_error (error, "node: ");
      return FALSE;
    }
  job->filter.node = (int)node;
  return TRUE;
}

static gboolean
understand_interval (Job *job, GError **error)
{
  const NvPlotOptions *options = options_of (job);

  if (!options->db && !options->interval)
    g_set_error (
        error, NV_ERROR, NV_ERROR_USAGE,
        "plot compaction: a log without time stamps: --interval says how far apart its samples are, such as --interval 10s");
  else if (options->db && options->interval)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "--interval: a store knows when its samples were taken");
  else if (!options->interval)
    return TRUE;
  else if (!nv_duration_parse (options->interval, &job->interval_ns, error))
    g_prefix_error (error, "interval: ");
  else if (job->interval_ns == 0)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "interval '%s': more than that is needed",
                 options->interval);
  else
    return TRUE;
  return FALSE;
}

static gboolean
understand (Job *job, GError **error)
{
  const NvPlotOptions *options = options_of (job);

  if ((job->context->n_arguments > 0) == (options->db != NULL))
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                 "plot compaction: say of what: logs of /proc/buddyinfo, or a store by --db%s",
                 options->db ? ", not both" : "");
  else if (!options->output)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "plot compaction: say where to: -o FILE.png, .svg or .pdf");
  else if (options->run && !options->db)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "--run: logs have no runs: name a store by --db");
  else if (options->vms && !options->db)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "--vm: logs have no VMs: name a store by --db");
  else if (options->linear && options->log)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "--linear, --log: one of them");
  else
    {
      job->style.is_linear = options->linear;
      job->style.is_verbose = job->context->common->verbose;
      return nv_chart_check_name (options->output, error)
             && (!options->data || nv_chart_check_data_name (options->data, error))
             && understand_interval (job, error) && understand_orders (job, error)
             && understand_filter (job, error);
    }
  return FALSE;
}

/* --- logs --- */

static GPtrArray *
read_logs (Job *job, char **ret_title, GError **error)
{
  g_autoptr (GPtrArray) timelines = g_ptr_array_new_with_free_func ((GDestroyNotify)nv_timeline_free);
  g_autoptr (GString) title = g_string_new ("free memory");
  NvComplaints complaints = { job->context, 0 };
  guint64 n_samples = 0;

  for (int i = 0; i < job->context->n_arguments; i++)
    {
      const char *path = job->context->arguments[i];
      NvTimeline *timeline =
          nv_timeline_read_log (path, job->interval_ns, &job->filter, nv_complain, &complaints, error);
      g_autofree char *name = g_filename_display_basename (path);

      if (!timeline)
        return NULL;
      g_ptr_array_add (timelines, timeline);
      g_free (timeline->who);
      timeline->who = job->context->n_arguments == 1 ? g_strdup (name) : g_filename_display_name (path);
      n_samples += timeline->n_samples;
      if (timeline->is_page_assumed)
        job->style.note = "sizes are of pages of 4 KiB, which is assumed: the log does not say it";
      g_string_append_printf (title, ", %s", name);
    }
  nv_complaints_end (&complaints);
  g_string_append_printf (title, ", %" G_GUINT64_FORMAT " samples, one every %s", n_samples,
                          options_of (job)->interval);
  *ret_title = g_string_free (g_steal_pointer (&title), FALSE);
  return g_steal_pointer (&timelines);
}

/* --- a store --- */

/* Times of several runs have nothing to do with each other. */
static gboolean
check_one_run (const GPtrArray *timelines, gint64 *ret_run, GError **error)
{
  g_autoptr (GString) runs = g_string_new (NULL);

  *ret_run = 0;
  for (guint i = 0; i < timelines->len; i++)
    {
      const NvTimeline *timeline = g_ptr_array_index (timelines, i);

      if (timeline->run != *ret_run)
        g_string_append_printf (runs, "%s%" G_GINT64_FORMAT, runs->len > 0 ? ", " : "", timeline->run);
      *ret_run = timeline->run;
    }
  if (!strchr (runs->str, ','))
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
               "there are samples of several runs: choose one with --run: %s", runs->str);
  return FALSE;
}

static gboolean
is_sampled (const GPtrArray *timelines, const char *who)
{
  for (guint i = 0; i < timelines->len; i++)
    if (strcmp (((const NvTimeline *)g_ptr_array_index (timelines, i))->who, who) == 0)
      return TRUE;
  return FALSE;
}

static void
set_not_sampled (NvStore *store, gint64 run, const char *who, GError **error)
{
  json_t *vms = nv_facts_read (store, NV_FACTS_VMS, run, error);
  g_autoptr (GHashTable) known = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GString) names = g_string_new ("host");
  const json_t *vm;
  size_t i;

  if (!vms)
    return;
  json_array_foreach (vms, i, vm)
  {
    const char *name = json_string_value (json_object_get (vm, "name"));

    if (name && g_hash_table_size (known) < MAX_NAMES && g_hash_table_add (known, (gpointer)name))
      g_string_append_printf (names, ", %s", name);
  }
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "vm '%s': there are no samples of it; there may be of %s",
               who, names->str);
  json_decref (vms);
}

/* Those that are asked for, of which none may be missing. */
static gboolean
keep_wanted (const Job *job, NvStore *store, gint64 run, GPtrArray *timelines, GError **error)
{
  const char *const *names = (const char *const *)options_of (job)->vms;

  for (guint i = 0; names && names[i]; i++)
    if (!is_sampled (timelines, names[i]))
      {
        set_not_sampled (store, run, names[i], error);
        return FALSE;
      }
  for (guint i = timelines->len; names && i-- > 0;)
    if (!g_strv_contains (names, ((const NvTimeline *)g_ptr_array_index (timelines, i))->who))
      g_ptr_array_remove_index (timelines, i);
  return TRUE;
}

/* "free memory, 2 VMs, interleave against random, host a1 (emulated), 2026-11-24": what is known of it. */
static char *
format_title (const json_t *run, const GPtrArray *timelines, const char *db)
{
  g_autofree char *name = g_filename_display_basename (db);
  const char *host = json_string_value (json_object_get (json_object_get (run, "sampled"), "host"));
  const char *started = json_string_value (json_object_get (run, "started"));
  g_autoptr (GHashTable) vms = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) policies = g_ptr_array_new ();
  g_autoptr (GString) title = g_string_new ("free memory");

  for (guint i = 0; i < timelines->len; i++)
    {
      const NvTimeline *timeline = g_ptr_array_index (timelines, i);

      if (timeline->boot)
        g_hash_table_add (vms, timeline->who);
      if (timeline->policy
          && !g_ptr_array_find_with_equal_func (policies, timeline->policy, g_str_equal, NULL))
        g_ptr_array_add (policies, timeline->policy);
    }
  if (g_hash_table_size (vms) > 0)
    g_string_append_printf (title, ", %u VM%s", g_hash_table_size (vms),
                            g_hash_table_size (vms) > 1 ? "s" : "");
  for (guint i = 0; i < policies->len; i++)
    g_string_append_printf (title, "%s%s", i == 0 ? ", " : " against ",
                            (char *)g_ptr_array_index (policies, i));
  if (host)
    g_string_append_printf (title, ", host %s", host);
  else
    g_string_append_printf (title, ", %s", name);
  if (json_is_true (json_object_get (run, "emulated")))
    g_string_append (title, " (emulated)");
  if (started)
    g_string_append_printf (title, ", %.10s", started);
  return g_string_free (g_steal_pointer (&title), FALSE);
}

static gboolean
describe_run (Job *job, NvStore *store, gint64 run, const GPtrArray *timelines, char **ret_title,
              GError **error)
{
  json_t *runs = nv_facts_read (store, NV_FACTS_RUNS, run, error);
  const json_t *row = json_array_get (runs, 0);

  if (!runs)
    return FALSE;
  *ret_title = format_title (row, timelines, options_of (job)->db);
  if (json_is_true (json_object_get (row, "emulated")))
    job->style.note = "EMULATED: what an emulator's memory does is not what a machine's would";
  json_decref (runs);
  return TRUE;
}

static GPtrArray *
read_store (Job *job, char **ret_title, GError **error)
{
  const NvPlotOptions *options = options_of (job);
  g_autoptr (NvStore) store = nv_store_open (options->db, NV_STORE_READ, error);
  g_autoptr (GPtrArray) timelines = NULL;
  gint64 run = 0;

  if (!store || (options->run && !(run = nv_export_find_run (store, options->run, error)))
      || !(timelines = nv_timelines_read_store (store, run, &job->filter, error)))
    return NULL;
  if (!keep_wanted (job, store, run, timelines, error) || !check_one_run (timelines, &run, error)
      || !describe_run (job, store, run, timelines, ret_title, error))
    return NULL;
  return g_steal_pointer (&timelines);
}

/* --- the picture --- */

static void
set_nothing_drawn (const Job *job, const GPtrArray *timelines, GError **error)
{
  const NvPlotOptions *options = options_of (job);
  gboolean is_narrowed = options->zone || options->node || options->order || options->vms;
  guint64 n_samples = 0;

  for (guint i = 0; i < timelines->len; i++)
    n_samples += ((const NvTimeline *)g_ptr_array_index (timelines, i))->n_samples;
  g_set_error (
      error, NV_ERROR, NV_ERROR_NOT_FOUND, "nothing to draw in '%s'%s%s",
      options->db ? options->db : job->context->arguments[0],
      is_narrowed ? " of what --vm, --node, --zone and --order choose" : "",
      n_samples > 0 ? ": in its samples no block is free and no counter of compaction or huge pages grew"
      : options->db && !is_narrowed
          ? ": it has no samples; `numavm run` takes them, `numavm import` reads those of `numavm sample`"
          : "");
}

typedef struct
{
  NvChart *chart;
  const char *path;
} Next;

static NvChart *
give_chart (gpointer data, char **ret_path)
{
  Next *next = data;

  if (next->chart)
    *ret_path = g_strdup (next->path);
  return g_steal_pointer (&next->chart);
}

/* Takes @chart. */
static gboolean
write_all (const Job *job, NvChart *chart, GError **error)
{
  const NvPlotOptions *options = options_of (job);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Next next = { chart, options->output };
  const NvChart *const charts[] = { chart };
  NvSignals signals;
  gboolean done;

  nv_signals_cancel (&signals, cancellable);
  done = (!options->data || nv_chart_write_data (charts, 1, options->data, error))
         && nv_charts_write (give_chart, &next, NULL, cancellable, error);
  nv_signals_restore (&signals);
  nv_chart_free (next.chart);
  return done;
}

int
nv_plot_compaction (NvCommandContext *context, GError **error)
{
  const NvPlotOptions *options = context->options;
  g_autoptr (GPtrArray) left_out = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) timelines = NULL;
  g_autofree char *title = NULL;
  Job job = { .context = context };
  NvChart *chart;

  if (!understand (&job, error))
    return NV_EXIT_USAGE;
  timelines = options->db ? read_store (&job, &title, error) : read_logs (&job, &title, error);
  if (!timelines)
    return NV_EXIT_FAILED;
  job.style.title = title;
  chart = nv_compaction_chart (timelines, &job.style, left_out);
  for (guint i = 0; i < left_out->len; i++)
    nv_note (context, "%s", (char *)g_ptr_array_index (left_out, i));
  if (!chart)
    {
      set_nothing_drawn (&job, timelines, error);
      return NV_EXIT_FAILED;
    }
  if (!write_all (&job, chart, error))
    return NV_EXIT_FAILED;
  nv_plot_list (context, (char *[]){ options->output, NULL }, options->data);
  return NV_EXIT_DONE;
}
