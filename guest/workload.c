#include "guest/workload.h"

#include "bench/clock.h"
#include "bench/facts.h"
#include "bench/protocol.h"
#include "bench/record.h"
#include "guest/clean.h"
#include "guest/folder.h"
#include "guest/program.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum
{
  COMMAND_SHOWN = 200, /* bytes of it in a message */
  TAIL_SHOWN = 1000,   /* of what it printed */
};

/* --- what is asked --- */

static void
name_phase (struct nv_workload *workload)
{
  const char *slash = strrchr (workload->command[0], '/');
  const char *name = slash && slash[1] ? slash + 1 : workload->command[0];

  nv_clean_tail (name, strlen (name), workload->phase, sizeof workload->phase);
}

int
nv_workload_read (struct nv_workload *workload, json_t *asked, struct nv_message *message)
{
  const json_t *command = json_object_get (asked, "command");
  size_t n = json_array_size (command);

  *workload = (struct nv_workload){
    .asked = json_incref (asked),
    .command = calloc (n + 1, sizeof *workload->command),
    .runs = (unsigned)json_integer_value (json_object_get (asked, "runs")),
    .timeout_ns = (uint64_t)json_integer_value (json_object_get (asked, "timeout_ns")),
  };
  if (!workload->command)
    return nv_fail (message, ENOMEM, "no memory for the workload's command");
  for (size_t i = 0; i < n; i++)
    workload->command[i] = (char *)json_string_value (json_array_get (command, i));
  if (!*workload->command[0])
    return nv_fail (message, EINVAL, "the workload's command '' is no program");
  name_phase (workload);
  workload->facts = nv_facts_read ("/"); /* not between the start and the first run */
  return nv_metrics_read (&workload->metrics, asked, message);
}

void
nv_workload_clear (struct nv_workload *workload)
{
  nv_metrics_clear (&workload->metrics);
  free (workload->command);
  json_decref (workload->asked);
  json_decref (workload->facts);
  *workload = (struct nv_workload){ 0 };
}

/* --- records --- */

static json_t *
make_workload (const struct nv_workload *workload)
{
  json_t *record = nv_record_start ("workload");
  const char *name;
  json_t *value;

  json_object_set_new (record, "program", json_string ("numavm-guest " NV_VERSION));
  nv_record_set_time (record);
  json_object_foreach (workload->asked, name, value)
  {
    if (!json_object_get (record, name))
      json_object_set (record, name, value);
  }
  json_object_set (record, "facts", workload->facts);
  return record;
}

static json_t *
make_output (unsigned run, const struct nv_program_end *end, const struct nv_printed *printed)
{
  json_t *record = nv_record_start ("output");
  char *text = nv_clean (printed->bytes, printed->length, NV_OUTPUT_MAX);

  json_object_set_new (record, "run", json_integer (run));
  json_object_set_new (record, "start_ns", json_integer ((json_int_t)end->start_ns));
  json_object_set_new (record, "time_ns", json_integer ((json_int_t)end->time_ns));
  if (end->signal > 0)
    json_object_set_new (record, "signal", json_integer (end->signal));
  else
    json_object_set_new (record, "exit_status", json_integer (end->exit_status));
  json_object_set_new (record, "timed_out", json_boolean (end->timed_out));
  json_object_set_new (record, "output_bytes", json_integer ((json_int_t)printed->total));
  json_object_set_new (record, "text", json_string (text ? text : ""));
  free (text);
  return record;
}

static json_t *
make_iteration (const struct nv_metric *metric, size_t i, const struct nv_program_end *end)
{
  json_t *record = nv_record_start ("iteration");

  json_object_set_new (record, "kernel", json_string (metric->name));
  json_object_set_new (record, "iteration", json_integer ((json_int_t)i));
  json_object_set_new (record, "start_ns", json_integer ((json_int_t)end->start_ns));
  json_object_set_new (record, "time_ns", json_integer ((json_int_t)end->time_ns));
  json_object_set_new (record, "value", json_real (metric->values[i]));
  json_object_set_new (record, "unit", json_string (metric->unit));
  json_object_set_new (record, "group", json_integer (0));
  json_object_set_new (record, "changed", json_false ());
  return record;
}

/* As bench/record.h has it; what only memory kernels have is absent. Sorts the metric's values. */
static json_t *
make_summary (const struct nv_metric *metric, bool is_whole)
{
  json_t *record = nv_record_start ("summary");
  struct nv_summary summary;

  nv_summarize (metric->values, metric->n, 0, &summary);
  json_object_set_new (record, "kernel", json_string (metric->name));
  json_object_set_new (record, "unit", json_string (metric->unit));
  json_object_set_new (record, "cache_resident_possible", json_false ());
  json_object_set_new (record, "warm_ups", json_integer (0));
  json_object_set_new (record, "stable", json_true ());
  json_object_set_new (record, "iterations", json_integer ((json_int_t)metric->n));
  json_object_set_new (record, "n_changed", json_integer (0));
  json_object_set_new (record, "interrupted", json_boolean (!is_whole));
  json_object_set_new (record, "groups", json_integer (1));
  json_object_set_new (record, "group", json_integer (0));
  json_object_set_new (record, "n", json_integer ((json_int_t)metric->n));
  nv_record_set_statistics (record, &summary);
  json_object_set_new (record, "residence", json_array ());
  return record;
}

/* --- a run --- */

/* @words: what happened; the end of what it printed is added. */
static enum nv_status
fail (const struct nv_workload *workload, const struct nv_printed *printed, const char *words,
      struct nv_message *message)
{
  char command[COMMAND_SHOWN + 1] = "", tail[TAIL_SHOWN + 1], *shown;

  for (char **word = workload->command; *word; word++)
    nv_append (command, sizeof command, " ", *word);
  shown = nv_clean (command, strlen (command), sizeof command); /* its end may be within a character */
  nv_clean_tail (printed->bytes, printed->length, tail, sizeof tail);
  nv_fail (message, EIO, "'%s' %s%s%s", shown ? shown : "", words, *tail ? "; the end of its output: " : "",
           tail);
  free (shown);
  return NV_STATUS_FAILED;
}

/* Returns: did it end well? Else @words say how it ended. */
static bool
ended_well (const struct nv_workload *workload, const struct nv_program_end *end, struct nv_message *words)
{
  if (end->exec_error != 0)
    nv_fail (words, end->exec_error, "cannot be executed: %s", strerror (end->exec_error));
  else if (end->timed_out)
    nv_fail (words, ETIME, "did not end within %g s", (double)workload->timeout_ns / 1e9);
  else if (end->signal > 0)
    nv_fail (words, EIO, "was killed by signal %d (%s)", end->signal, strsignal (end->signal));
  else if (end->exit_status != 0)
    nv_fail (words, EIO, "ended with exit status %d", end->exit_status);
  else
    return true;
  return false;
}

static int
run_program (const struct nv_workload *workload, unsigned run, int cancel_fd, struct nv_printed *printed,
             struct nv_program_end *ret_end, struct nv_message *message)
{
  static const char *const above[] = { "/tmp", NULL };
  char directory[NV_FOLDER_PATH_MAX], number[32];
  int error = nv_folder_make (above, directory, message);
  struct nv_program program = {
    .command = workload->command,
    .environment = (char *[]){ NV_PROGRAM_ENVIRONMENT, number, NULL },
    .directory = directory,
    .timeout_ns = workload->timeout_ns,
    .cancel_fd = cancel_fd,
  };

  if (error < 0)
    return error;
  snprintf (number, sizeof number, "NUMAVM_RUN=%u", run);
  error = nv_program_run (&program, printed, ret_end, message);
  nv_folder_remove (directory);
  return error;
}

static enum nv_status
interrupt (struct nv_message *message)
{
  nv_fail (message, ECANCELED, "interrupted");
  return NV_STATUS_FAILED;
}

static enum nv_status
run_once (struct nv_workload *workload, unsigned run, const struct nv_workload_reporter *reporter,
          struct nv_printed *printed, struct nv_message *message)
{
  struct nv_program_end end;
  struct nv_message words;

  if (reporter->cancelled (reporter->data))
    return interrupt (message);
  if (run_program (workload, run, reporter->cancel_fd, printed, &end, message) < 0)
    return NV_STATUS_FAILED;
  if (end.cancelled || reporter->cancelled (reporter->data))
    return interrupt (message);
  if (end.exec_error == 0)
    {
      reporter->printed (reporter->data, run, &end, printed);
      reporter->record (reporter->data, make_output (run, &end, printed));
    }
  if (!ended_well (workload, &end, &words)
      || nv_metrics_match (&workload->metrics, printed->bytes, printed->length, &words) < 0)
    return fail (workload, printed, words.text, message);
  for (size_t i = 0; i < workload->metrics.n; i++)
    for (size_t j = workload->metrics.items[i].first; j < workload->metrics.items[i].n; j++)
      reporter->record (reporter->data, make_iteration (&workload->metrics.items[i], j, &end));
  return NV_STATUS_DONE;
}

enum nv_status
nv_workload_run (struct nv_workload *workload, const struct nv_workload_reporter *reporter,
                 struct nv_message *message)
{
  enum nv_status status = NV_STATUS_DONE;
  struct nv_printed printed = { 0 };

  /* Programs expect it; the default guest has a /dev without. */
  if (mkdir ("/dev/shm", 01777) == 0)
    chmod ("/dev/shm", 01777);
  reporter->record (reporter->data, make_workload (workload));
  for (unsigned run = 0; run < workload->runs && status == NV_STATUS_DONE; run++)
    {
      reporter->before_run (reporter->data, run + 1);
      status = run_once (workload, run, reporter, &printed, message);
      reporter->after_run (reporter->data);
    }
  for (size_t i = 0; i < workload->metrics.n; i++)
    if (workload->metrics.items[i].n > 0)
      reporter->record (reporter->data, make_summary (&workload->metrics.items[i], status == NV_STATUS_DONE));
  nv_printed_clear (&printed);
  return status;
}
