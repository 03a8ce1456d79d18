#include "guest/samples.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum
{
  MAX_BYTES = 16 << 20, /* that are kept: some 10,000 samples of a guest of one node */
};

static void
complain (void *data, const char *text)
{
  fprintf (stderr, "numavm guest: %s\n", text);
}

/* A guest whose memory is being measured must not run out of it. */
static int
keep_sample (void *data, const struct nv_sample *sample)
{
  struct nv_samples *samples = data;
  struct nv_sample kept = *sample;

  pthread_mutex_lock (&samples->mutex);
  if (samples->lines.length > MAX_BYTES)
    samples->dropped += 1 + sample->missed;
  else
    {
      kept.missed += samples->dropped;
      samples->dropped = 0;
      nv_sample_format_json (&samples->lines, &kept);
    }
  pthread_mutex_unlock (&samples->mutex);
  if (samples->transfer)
    nv_transfer_add_sample (samples->transfer, sample);
  return 0;
}

static void *
run (void *data)
{
  struct nv_samples *samples = data;
  struct nv_engine_result result;
  struct nv_message message;

  if (nv_engine_run (samples->engine, &samples->schedule, keep_sample, samples, &result, &message) < 0)
    complain (NULL, message.text);
  return NULL;
}

int
nv_samples_start (struct nv_samples *samples, uint64_t interval_ns, struct nv_transfer *transfer,
                  struct nv_message *message)
{
  static const struct nv_engine_complaints complaints = { .complain = complain };
  int error;

  *samples = (struct nv_samples){ .schedule = { .start_ns = nv_clock_ns (CLOCK_MONOTONIC),
                                                .interval_ns = interval_ns,
                                                .stop_fd = eventfd (0, EFD_CLOEXEC),
                                                .output_fd = -1 },
                                  .transfer = transfer };
  pthread_mutex_init (&samples->mutex, NULL);
  if (samples->schedule.stop_fd < 0)
    error = nv_fail (message, errno, "cannot sample: %s", strerror (errno));
  else
    error = nv_engine_open ("/", nv_samplers, &complaints, &samples->engine, message);
  if (error == 0)
    {
      nv_sample_format_header (&samples->lines, "/", samples->engine, &samples->schedule);
      error = pthread_create (&samples->thread, NULL, run, samples);
      if (error != 0)
        error = nv_fail (message, error, "cannot sample: %s", strerror (error));
    }
  if (error < 0)
    nv_samples_clear (samples);
  return error;
}

void
nv_samples_take (struct nv_samples *samples, struct nv_sample_buffer *ret_lines)
{
  pthread_mutex_lock (&samples->mutex);
  *ret_lines = samples->lines;
  samples->lines = (struct nv_sample_buffer){ 0 };
  pthread_mutex_unlock (&samples->mutex);
}

void
nv_samples_stop (struct nv_samples *samples)
{
  eventfd_write (samples->schedule.stop_fd, 1);
  pthread_join (samples->thread, NULL);
}

void
nv_samples_clear (struct nv_samples *samples)
{
  nv_sample_buffer_clear (&samples->lines);
  nv_engine_close (samples->engine);
  if (samples->schedule.stop_fd >= 0)
    close (samples->schedule.stop_fd);
}
