#include "guest/job.h"

#include "bench/clock.h"
#include "bench/record.h"
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

int
nv_job_read (struct nv_job *job, const json_t *record, struct nv_message *message)
{
  int error;

  *job = (struct nv_job){ .options = json_incref (json_object_get (record, "options")), .over_fd = -1 };
  nv_setup_init (&job->setup);
  error = read_options (job, message);
  if (error == 0)
    error = read_interval (job, json_object_get (record, "sample_interval_ns"), message);
  if (error == 0 && nv_bench_plan (&job->setup, &job->size_bytes, message) != NV_STATUS_DONE)
    error = -EINVAL;
  return error;
}

void
nv_job_clear (struct nv_job *job)
{
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

/* The host is gone: nobody would get what is still to be measured. */
static void
note_write (struct nv_job *job, int result)
{
  if (result < 0)
    atomic_store (&job->cancelled, true);
}

static void
send_samples (struct run *run)
{
  struct nv_sample_buffer lines;

  if (run->job->sample_interval_ns == 0)
    return;
  nv_samples_take (&run->samples, &lines);
  note_write (run->job,
              lines.failed ? -ENOMEM : nv_writer_send_lines (run->job->writer, lines.bytes, lines.length));
  nv_sample_buffer_clear (&lines);
}

static void
on_start (void *data, const struct nv_setup *setup, const struct nv_team *team, const json_t *facts,
          double timer_tick_ns)
{
  struct run *run = data;

  note_write (run->job,
              nv_writer_send (run->job->writer, nv_record_setup (setup, team, facts, timer_tick_ns)));
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
  note_write (run->job, error < 0 ? error : nv_writer_send_lines (run->job->writer, lines, length));
  free (lines);
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
  return atomic_load (&((struct run *)data)->job->cancelled);
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

static void
measure (struct nv_job *job)
{
  struct run run = { .job = job };
  const struct nv_reporter reporter = {
    .start = on_start, .result = on_result, .progress = on_progress, .cancelled = is_cancelled, .data = &run
  };

  note_write (job, nv_writer_send (job->writer, make_started ()));
  job->status = NV_STATUS_FAILED;
  if (job->sample_interval_ns > 0
      && nv_samples_start (&run.samples, job->sample_interval_ns, &job->message) < 0)
    return;
  job->status = nv_bench_run (&job->setup, &reporter, &job->message);
  if (job->sample_interval_ns == 0)
    return;
  nv_samples_stop (&run.samples);
  send_samples (&run);
  nv_samples_clear (&run.samples);
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
