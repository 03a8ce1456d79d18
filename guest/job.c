#include "guest/job.h"

#include "bench/clock.h"
#include "bench/protocol.h"
#include "bench/record.h"
#include "guest/clean.h"
#include "guest/samples.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Of waiting for the start, so much is slept to the very moment, and cannot be interrupted. */
#define LAST_WAIT_NS INT64_C (20000000)

/* Bytes of what all runs of a workload print, in a file: they may be in the guest's memory. */
#define OUTPUTS_MAX ((size_t)128 << 20)

static int
read_options (struct nv_job *job, struct nv_message *message)
{
  const char *name;
  json_t *value;

  if (!json_is_object (job->options))
    return nv_fail (message, EINVAL, "job: options, an object of texts, are missing");
  json_object_foreach (job->options, name, value)
  {
    const char *text = json_string_value (value);

    if (!text)
      return nv_fail (message, EINVAL, "%.100s: its value is no text", name);
    if (nv_setup_set (&job->setup, name, *text ? text : NULL, message) < 0)
      return -EINVAL;
  }
  return 0;
}

static int
read_interval (struct nv_job *job, const json_t *interval, struct nv_message *message)
{
  json_int_t ns = json_integer_value (interval);

  if (!interval)
    return 0;
  if (!json_is_integer (interval) || ns < (json_int_t)NV_MIN_INTERVAL_NS)
    return nv_fail (message, EINVAL, "sample_interval_ns: a whole number from %llu on is allowed",
                    (unsigned long long)NV_MIN_INTERVAL_NS);
  job->sample_interval_ns = (uint64_t)ns;
  return 0;
}

static int
read_kernels (struct nv_job *job, struct nv_message *message)
{
  int error = read_options (job, message);

  if (error == 0 && nv_bench_plan (&job->setup, &job->size_bytes, message) != NV_STATUS_DONE)
    error = -EINVAL;
  return error;
}

int
nv_job_read (struct nv_job *job, const json_t *record, struct nv_message *message)
{
  json_t *workload = json_object_get (record, "workload");
  json_t *transport = json_object_get (record, "transport");
  int error = 0;

  *job = (struct nv_job){ .options = json_incref (json_object_get (record, "options")), .over_fd = -1 };
  nv_setup_init (&job->setup);
  if (workload || transport) /* what reads options names each that is wrong */
    error = nv_record_check (record, message);
  if (error == 0)
    error = read_interval (job, json_object_get (record, "sample_interval_ns"), message);
  if (error == 0)
    error = nv_transfer_read (&job->transfer, transport, message);
  if (error == 0)
    error = workload ? nv_workload_read (&job->workload, workload, message) : read_kernels (job, message);
  return error;
}

void
nv_job_clear (struct nv_job *job)
{
  nv_workload_clear (&job->workload);
  nv_transfer_clear (&job->transfer);
  json_decref (job->options);
  if (job->over_fd >= 0)
    close (job->over_fd);
  *job = (struct nv_job){ .over_fd = -1 };
}

/* --- the thread that measures --- */

struct run
{
  struct nv_job *job;
  struct nv_samples samples;
};

/* Nobody would get what is still to be measured. The first error counts. */
static void
note_write (struct nv_job *job, int result)
{
  int none = 0;

  if (result < 0)
    atomic_compare_exchange_strong (&job->write_error, &none, result);
}

/* Whole lines, to where all that is measured goes. */
static void
send_lines (struct nv_job *job, const char *bytes, size_t length)
{
  if (job->transfer.asked)
    nv_transfer_write (&job->transfer, NV_TRANSFER_RECORDS, bytes, length);
  else
    note_write (job, nv_writer_send_lines (job->writer, bytes, length));
}

/* Takes @record. */
static void
send_record (struct nv_job *job, json_t *record)
{
  size_t length;
  char *line = nv_writer_format_line (record, &length);

  if (line)
    send_lines (job, line, length);
  else
    note_write (job, -ENOMEM);
  free (line);
}

static void
send_samples (struct run *run)
{
  struct nv_sample_buffer lines;

  if (run->job->sample_interval_ns == 0)
    return;
  nv_samples_take (&run->samples, &lines);
  if (lines.failed)
    note_write (run->job, -ENOMEM);
  else
    send_lines (run->job, lines.bytes, lines.length);
  nv_sample_buffer_clear (&lines);
}

static void
on_start (void *data, const struct nv_setup *setup, const struct nv_team *team, const json_t *facts,
          double timer_tick_ns)
{
  send_record (((struct run *)data)->job, nv_record_setup (setup, team, facts, timer_tick_ns));
}

static void
on_result (void *data, const struct nv_setup *setup, const struct nv_result *result)
{
  struct run *run = data;
  char *lines = NULL;
  size_t length = 0;
  FILE *file = open_memstream (&lines, &length);
  int error = file ? nv_record_write_result (setup, result, file) : -ENOMEM;

  if (file && fclose (file) != 0 && error == 0)
    error = -ENOMEM;
  if (error < 0)
    note_write (run->job, error);
  else
    send_lines (run->job, lines, length);
  free (lines);
  if (run->job->transfer.asked)
    nv_transfer_add_result (&run->job->transfer, setup, result);
  send_samples (run);
}

static void
on_progress (void *data, const char *kernel, unsigned iteration, unsigned total)
{
  struct nv_job *job = ((struct run *)data)->job;

  pthread_mutex_lock (&job->mutex);
  job->kernel = kernel;
  job->iteration = iteration;
  job->n_iterations = total;
  pthread_mutex_unlock (&job->mutex);
}

static bool
is_cancelled (void *data)
{
  struct nv_job *job = ((struct run *)data)->job;

  return atomic_load (&job->cancelled) || atomic_load (&job->write_error) < 0;
}

/* Returns: is it time? Else the job was cancelled. */
static bool
wait_for_start (const struct nv_job *job)
{
  struct pollfd cancel = { .fd = job->writer->cancel_fd, .events = POLLIN };
  struct timespec start = { .tv_sec = (time_t)(job->start_ns / 1000000000),
                            .tv_nsec = (long)(job->start_ns % 1000000000) };
  int64_t left_ns;

  while ((left_ns = (int64_t)job->start_ns - nv_now_ns () - LAST_WAIT_NS) > 0)
    {
      int64_t left_ms = left_ns / 1000000 + 1;

      if (poll (&cancel, 1, left_ms < INT_MAX ? (int)left_ms : INT_MAX) > 0)
        return false;
    }
  while (clock_nanosleep (CLOCK_MONOTONIC, TIMER_ABSTIME, &start, NULL) == EINTR)
    ;
  return true;
}

static json_t *
make_started (void)
{
  return json_pack ("{s:s, s:i, s:I}", "record", "started", "version", NV_RECORD_VERSION, "monotonic_ns",
                    (json_int_t)nv_now_ns ());
}

static enum nv_status
run_kernels (struct run *run)
{
  const struct nv_reporter reporter = {
    .start = on_start, .result = on_result, .progress = on_progress, .cancelled = is_cancelled, .data = run
  };

  return nv_bench_run (&run->job->setup, &reporter, &run->job->message);
}

static void
on_record (void *data, json_t *record)
{
  send_record (((struct run *)data)->job, record);
}

/* Returns: so many bytes of a run's output are kept, so that those of all runs fit. */
static size_t
output_share (const struct nv_job *job)
{
  size_t share = OUTPUTS_MAX / job->workload.runs;

  return share > NV_OUTPUT_MAX ? share : NV_OUTPUT_MAX;
}

/* A line that says what is below it. */
static void
write_output_head (struct nv_job *job, unsigned number, const struct nv_program_end *end,
                   const struct nv_printed *printed, size_t kept)
{
  char head[200], part[64] = "";
  int length;

  if (kept < printed->total)
    snprintf (part, sizeof part, " (the last %zu are here)", kept);
  length =
      snprintf (head, sizeof head, "# run %u, %llu bytes%s, %s%s %d\n", number,
                (unsigned long long)printed->total, part, end->timed_out ? "not in time, " : "",
                end->signal > 0 ? "signal" : "exit status", end->signal > 0 ? end->signal : end->exit_status);
  nv_transfer_write (&job->transfer, NV_TRANSFER_OUTPUT, head, (size_t)length);
}

static void
on_printed (void *data, unsigned number, const struct nv_program_end *end, const struct nv_printed *printed)
{
  struct nv_job *job = ((struct run *)data)->job;
  size_t share = output_share (job), kept = printed->length < share ? printed->length : share;
  char *text = job->transfer.asked ? nv_clean (printed->bytes, printed->length, kept) : NULL;

  if (text)
    {
      write_output_head (job, number, end, printed, kept);
      nv_transfer_write (&job->transfer, NV_TRANSFER_OUTPUT, text, strlen (text));
      if (*text && text[strlen (text) - 1] != '\n')
        nv_transfer_write (&job->transfer, NV_TRANSFER_OUTPUT, "\n", 1);
    }
  else if (job->transfer.asked)
    note_write (job, -ENOMEM);
  free (text);
}

static void
on_run (void *data, unsigned number)
{
  struct nv_workload *workload = &((struct run *)data)->job->workload;

  on_progress (data, workload->phase, number, workload->runs);
}

static void
after_run (void *data)
{
  send_samples (data);
}

static enum nv_status
run_workload (struct run *run)
{
  const struct nv_workload_reporter reporter = { .record = on_record,
                                                 .printed = on_printed,
                                                 .before_run = on_run,
                                                 .after_run = after_run,
                                                 .cancelled = is_cancelled,
                                                 .data = run,
                                                 .cancel_fd = run->job->writer->cancel_fd };

  return nv_workload_run (&run->job->workload, &reporter, &run->job->message);
}

/* What ended because of that is not "interrupted". */
static void
judge_writes (struct nv_job *job)
{
  int error = atomic_load (&job->write_error);

  if (error == 0 || atomic_load (&job->cancelled))
    return;
  job->status = NV_STATUS_FAILED;
  nv_fail (&job->message, -error, "cannot send what is measured: %s", strerror (-error));
}

/* Also of a job that failed: what was measured before is worth having. */
static void
send_files (struct nv_job *job)
{
  bool complete = nv_status_is_measured (job->status);
  struct nv_message problem;

  if (atomic_load (&job->cancelled)
      || nv_transfer_send (&job->transfer, complete, job->writer->cancel_fd, &problem) == 0)
    return;
  nv_append (job->message.text, sizeof job->message.text, "; ", problem.text);
  job->status = NV_STATUS_FAILED;
}

static void
measure (struct nv_job *job)
{
  struct nv_transfer *transfer = job->transfer.asked ? &job->transfer : NULL;
  struct run run = { .job = job };

  note_write (job, nv_writer_send (job->writer, make_started ()));
  job->status = NV_STATUS_FAILED;
  if (transfer && nv_transfer_open (transfer, &job->message) < 0)
    return;
  if (job->sample_interval_ns > 0
      && nv_samples_start (&run.samples, job->sample_interval_ns, transfer, &job->message) < 0)
    return;
  job->status = job->workload.command ? run_workload (&run) : run_kernels (&run);
  if (job->sample_interval_ns > 0)
    {
      nv_samples_stop (&run.samples);
      send_samples (&run);
      nv_samples_clear (&run.samples);
    }
  judge_writes (job);
  if (transfer)
    send_files (job);
}

static void *
run_thread (void *data)
{
  struct nv_job *job = data;

  if (wait_for_start (job))
    measure (job);
  eventfd_write (job->over_fd, 1);
  return NULL;
}

/* --- its owner --- */

int
nv_job_start (struct nv_job *job, struct nv_writer *writer, uint64_t start_ns)
{
  int error;

  job->writer = writer;
  job->start_ns = start_ns;
  job->over_fd = eventfd (0, EFD_CLOEXEC);
  pthread_mutex_init (&job->mutex, NULL);
  error = job->over_fd < 0 ? errno : pthread_create (&job->thread, NULL, run_thread, job);
  if (error == 0)
    return 0;
  job->status = NV_STATUS_FAILED;
  return nv_fail (&job->message, error, "cannot start a thread: %s", strerror (error));
}

void
nv_job_join (struct nv_job *job)
{
  pthread_join (job->thread, NULL);
}

void
nv_job_cancel (struct nv_job *job)
{
  eventfd_t sum;

  atomic_store (&job->cancelled, true);
  eventfd_write (job->writer->cancel_fd, 1);
  nv_job_join (job);
  eventfd_read (job->writer->cancel_fd, &sum);
}

void
nv_job_say_progress (struct nv_job *job, json_t *alive)
{
  pthread_mutex_lock (&job->mutex);
  json_object_set_new (alive, "phase", json_string (job->kernel ? job->kernel : "waiting"));
  if (job->kernel)
    {
      json_object_set_new (alive, "iteration", json_integer (job->iteration));
      json_object_set_new (alive, "iterations", json_integer (job->n_iterations));
    }
  pthread_mutex_unlock (&job->mutex);
}
