/* sample: what the kernel's memory management does over time. */

#include "cmd/command.h"
#include "base/duration.h"
#include "bench/samplers/format.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_INTERVAL "100ms"

typedef struct
{
  char *interval;
  char *duration;
  char *format;
  char *samplers;
  char *output;
} SampleOptions;

/* How samples become text. */
typedef struct
{
  const char *name;
  void (*header) (struct nv_sample_buffer *buffer, const char *root, const struct nv_engine *engine,
                  const struct nv_schedule *schedule);
  void (*sample) (struct nv_sample_buffer *buffer, const struct nv_sample *sample);
  const char *only; /* (nullable): the one sampler that it can show */
} Format;

static void
csv_header (struct nv_sample_buffer *buffer, const char *root, const struct nv_engine *engine,
            const struct nv_schedule *schedule)
{
  nv_sample_format_csv_header (buffer);
}

static const Format formats[] = {
  { "json", nv_sample_format_header, nv_sample_format_json, NULL },
  { "csv", csv_header, nv_sample_format_csv, NULL },
  { "buddyinfo", NULL, nv_sample_format_texts, "buddyinfo" },
};

/* What is asked, understood. */
typedef struct
{
  const Format *format;
  struct nv_schedule schedule;
  GPtrArray *samplers; /* const struct nv_sampler *; ended by NULL */
} Job;

static const Format *
choose_format (const SampleOptions *options, gboolean json, GError **error)
{
  const char *name = options->format ? options->format : formats[0].name;

  if (json && strcmp (name, "json") != 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                   "format '%s': either this or --json can be asked for, not both", name);
      return NULL;
    }
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (strcmp (name, formats[i].name) == 0)
      return &formats[i];
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "format '%s': json, csv or buddyinfo is allowed", name);
  return NULL;
}

/* The parser of durations does not know what a duration is of. */
static void
rename_subject (const char *from, const char *to, GError **error)
{
  char *message;

  if (!error || !g_str_has_prefix ((*error)->message, from))
    return;
  message = g_strconcat (to, (*error)->message + strlen (from), NULL);
  g_free ((*error)->message);
  (*error)->message = message;
}

static gboolean
choose_schedule (const SampleOptions *options, struct nv_schedule *schedule, GError **error)
{
  const char *interval = options->interval ? options->interval : DEFAULT_INTERVAL;

  if (!nv_duration_parse (interval, &schedule->interval_ns, error))
    {
      rename_subject ("duration", "interval", error);
      return FALSE;
    }
  if (schedule->interval_ns < NV_MIN_INTERVAL_NS)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "interval '%s': at least 1ms is allowed", interval);
      return FALSE;
    }
  if (!options->duration)
    return TRUE;
  if (!nv_duration_parse (options->duration, &schedule->duration_ns, error))
    return FALSE;
  if (schedule->duration_ns > 0)
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
               "duration '%s': more than that is needed; without --duration it goes on until Ctrl-C",
               options->duration);
  return FALSE;
}

static void
set_no_sampler (const char *name, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; nv_samplers[i]; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? "," : "", nv_samplers[i]->name);
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "sampler '%s': a list of these is allowed: %s", name,
               names->str);
}

/* In the order of their table, each once. Returns: (transfer full). */
static GPtrArray *
choose_samplers (const char *list, const Format *format, GError **error)
{
  g_auto (GStrv) names = list ? g_strsplit (list, ",", -1) : NULL;
  GPtrArray *samplers;

  for (guint i = 0; names && (i == 0 || names[i]); i++)
    {
      const char *name = names[i] ? names[i] : "";

      if (!nv_sampler_find (name))
        {
          set_no_sampler (name, error);
          return NULL;
        }
      if (format->only && strcmp (name, format->only) != 0)
        {
          g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "sampler '%s': format %s shows %s alone", name,
                       format->name, format->only);
          return NULL;
        }
    }
  samplers = g_ptr_array_new ();
  for (guint i = 0; nv_samplers[i]; i++)
    if (format->only ? strcmp (nv_samplers[i]->name, format->only) == 0
                     : !names || g_strv_contains ((const char *const *)names, nv_samplers[i]->name))
      g_ptr_array_add (samplers, (gpointer)nv_samplers[i]);
  g_ptr_array_add (samplers, NULL);
  return samplers;
}

static gboolean
understand (const NvCommandContext *context, Job *job, GError **error)
{
  const SampleOptions *options = context->options;

  if (context->n_arguments > 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "sample: '%s': takes no arguments",
                   context->arguments[0]);
      return FALSE;
    }
  job->format = choose_format (options, context->common->json, error);
  if (!job->format || !choose_schedule (options, &job->schedule, error))
    return FALSE;
  job->samplers = choose_samplers (options->samplers, job->format, error);
  return job->samplers != NULL;
}

/* The first signal ends the sampling, the second one the program, should it hang in a write. */
static int stop_fd = -1;
static volatile sig_atomic_t stopped;

static void
on_signal (int number)
{
  int error = errno;
  const uint64_t one = 1;

  stopped = 1;
  if (write (stop_fd, &one, sizeof one) < 0)
    raise (number);
  errno = error;
}

/* What nohup ignores stays ignored. */
static void
catch_signals (void)
{
  static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
  const struct sigaction stopping = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      struct sigaction before;

      if (sigaction (numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction (numbers[i], &stopping, NULL);
    }
  signal (SIGPIPE, SIG_IGN); /* a reader that had enough is no failure: EPIPE says so */
}

/* Where the text goes. */
typedef struct
{
  int fd;
  const Format *format;
  struct nv_sample_buffer buffer;
} Output;

/* All of the buffer, at once, so that a reader sees every tick as it is. 0 or -errno. */
static int
write_buffer (Output *output)
{
  const char *at = output->buffer.bytes;
  gsize left = output->buffer.length;

  if (output->buffer.failed)
    return -ENOMEM;
  output->buffer.length = 0;
  while (left > 0)
    {
      ssize_t written = write (output->fd, at, left);

      if (written < 0 && (errno != EINTR || stopped))
        return -errno;
      at += MAX (written, 0);
      left -= (gsize)MAX (written, 0);
    }
  return 0;
}

static int
write_sample (void *data, const struct nv_sample *sample)
{
  Output *output = data;

  output->format->sample (&output->buffer, sample);
  return write_buffer (output);
}

static void
complain (void *data, const char *text)
{
  nv_message ("%s", text);
}

/* What the schedule lost, and whether it came to its end. */
static int
report (const Job *job, const struct nv_engine_result *result, GError **error)
{
  if (result->end == NV_ENGINE_READER_GONE)
    return NV_EXIT_DONE;
  if (result->missed > 0)
    nv_message ("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                " ticks were missed: the machine is busy, or what reads the output is slow",
                result->missed, result->missed + result->samples);
  if (result->end != NV_ENGINE_STOPPED || job->schedule.duration_ns == 0)
    return NV_EXIT_DONE;
  g_set_error (error, NV_ERROR, NV_ERROR_CANCELLED,
               "stopped before the end of --duration, after %" G_GUINT64_FORMAT " samples", result->samples);
  return NV_EXIT_FAILED;
}

static int
sample (const Job *job, struct nv_engine *engine, Output *output, GError **error)
{
  struct nv_schedule schedule = job->schedule;
  struct nv_engine_result result = { 0 };
  struct nv_message message = { "" };
  int status;

  schedule.start_ns = nv_clock_ns (CLOCK_MONOTONIC);
  schedule.stop_fd = stop_fd;
  schedule.output_fd = output->fd;
  if (output->format->header)
    output->format->header (&output->buffer, "/", engine, &schedule);
  status = write_buffer (output);
  if (status == 0)
    status = nv_engine_run (engine, &schedule, write_sample, output, &result, &message);
  if (status == -EPIPE)
    result.end = NV_ENGINE_READER_GONE;
  else if (status == -EINTR)
    result.end = NV_ENGINE_STOPPED;
  else if (status < 0)
    {
      if (*message.text)
        g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "%s", message.text);
      else
        g_set_error (error, NV_ERROR, status == -ENOSPC ? NV_ERROR_NO_SPACE : NV_ERROR_FAILED,
                     "cannot write the output: %s", g_strerror (-status));
      return NV_EXIT_FAILED;
    }
  return report (job, &result, error);
}

/* stdout, or --output. Returns: -1 with @error set. */
static int
open_output (const char *path, GError **error)
{
  int fd = path ? open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : STDOUT_FILENO;

  if (fd < 0)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "output '%s': %s", path, g_strerror (errno));
  return fd;
}

static int
run_sample (NvCommandContext *context, GError **error)
{
  const SampleOptions *options = context->options;
  const struct nv_engine_complaints complaints = { complain, NULL };
  Job job = { 0 };
  Output output = { .fd = -1 };
  struct nv_engine *engine = NULL;
  struct nv_message message;
  int status = NV_EXIT_FAILED;

  if (!understand (context, &job, error))
    return NV_EXIT_USAGE;
  if (nv_engine_open ("/", (const struct nv_sampler *const *)job.samplers->pdata, &complaints, &engine,
                      &message)
      < 0)
    g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE, "%s", message.text);
  else if ((output.fd = open_output (options->output, error)) >= 0)
    {
      output.format = job.format;
      stop_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
      catch_signals ();
      status = sample (&job, engine, &output, error);
      if (options->output && close (output.fd) < 0 && status == NV_EXIT_DONE)
        {
          g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot write '%s': %s", options->output,
                       g_strerror (errno));
          status = NV_EXIT_FAILED;
        }
    }
  nv_sample_buffer_clear (&output.buffer);
  nv_engine_close (engine);
  g_ptr_array_unref (job.samplers);
  return status;
}

static char *
list_samplers (void)
{
  GString *text = g_string_new ("Samplers:");

  for (guint i = 0; nv_samplers[i]; i++)
    g_string_append_printf (text, "\n  %-12s%s", nv_samplers[i]->name, nv_samplers[i]->summary);
  return g_string_free (text, FALSE);
}

static const NvOption sample_options[] = {
  { "interval", 'i', NV_OPTION_STRING, G_STRUCT_OFFSET (SampleOptions, interval), "TIME",
    "from one tick to the next, at least 1ms; default " DEFAULT_INTERVAL },
  { "duration", 't', NV_OPTION_STRING, G_STRUCT_OFFSET (SampleOptions, duration), "TIME",
    "from the first tick to the last; default: until Ctrl-C" },
  { "format", 'f', NV_OPTION_STRING, G_STRUCT_OFFSET (SampleOptions, format), "json|csv|buddyinfo",
    "JSON lines (default), CSV, or /proc/buddyinfo's text" },
  { "samplers", 's', NV_OPTION_STRING, G_STRUCT_OFFSET (SampleOptions, samplers), "LIST",
    "which, divided by commas; default: all" },
  { "output", 'o', NV_OPTION_FILE, G_STRUCT_OFFSET (SampleOptions, output), "FILE",
    "write it there; a file of that name is replaced" },
  { NULL },
};

const NvCommand nv_command_sample = {
  .name = "sample",
  .summary = "record compaction, fragmentation and NUMA counters over time",
  .description =
      "Reads the kernel's counters at a fixed interval, on an absolute schedule: a tick for which the machine "
      "left no time is missed and counted, not caught up. Times are 100ms, 3s, 1m or 2h.\n\n"
      "JSON has one line for the machine and the schedule, then one for each tick, with the time on the "
      "monotonic clock and on the wall's. CSV has one line for each value. The format buddyinfo is the text of "
      "/proc/buddyinfo, tick after tick, without times. Counters that this kernel lacks are absent, not 0.\n\n"
      "free is the number of free blocks of each order, from order 0, one page. unusable_index is the "
      "unusable free space index: the share of a zone's free memory, from 0 to 1, that is in blocks too small "
      "for a request of that order (Gorman and Whitcroft, Ottawa Linux Symposium 2006); 1 where nothing is "
      "free.\n\n"
      "It ends with status 0 when what reads its output has had enough.",
  .list = list_samplers,
  .examples = "# ten times a second, for three seconds\n"
              "numavm sample --interval 100ms --duration 3s\n"
              "# until Ctrl-C\n"
              "numavm sample --format csv --samplers vmstat --output vmstat.csv\n"
              "numavm sample --interval 1s --format buddyinfo --output buddyinfo.log",
  .without_vms = TRUE,
  .options_size = sizeof (SampleOptions),
  .options = sample_options,
  .run = run_sample,
};
