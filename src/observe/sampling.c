#include "observe/sampling.h"
#include "base/error.h"
#include "bench/samplers/format.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct NvSampling
{
  NvSamplingRecord record;
  gpointer data;
  struct nv_engine *engine;
  struct nv_schedule schedule;
  GThread *thread;
  GAsyncQueue *records;    /* of json_t, not yet handed over */
  GAsyncQueue *complaints; /* of char * */
  guint64 n_samples;       /* the thread's, until it is joined */
};

/* In the default main context, or once the thread has ended. */
static void
hand_over (NvSampling *sampling)
{
  json_t *record;

  while ((record = g_async_queue_try_pop (sampling->records)))
    {
      sampling->record (record, sampling->data);
      json_decref (record);
    }
}

static gboolean
on_idle (gpointer data)
{
  hand_over (data);
  return G_SOURCE_REMOVE;
}

/* In whichever thread. Empties @buffer. */
static int
queue_record (NvSampling *sampling, struct nv_sample_buffer *buffer)
{
  json_t *record = buffer->failed ? NULL : json_loadb (buffer->bytes, buffer->length, 0, NULL);

  nv_sample_buffer_clear (buffer);
  if (!record)
    return -ENOMEM;
  g_async_queue_push (sampling->records, record);
  g_idle_add_full (G_PRIORITY_DEFAULT, on_idle, sampling, NULL);
  return 0;
}

static int
on_sample (void *data, const struct nv_sample *sample)
{
  struct nv_sample_buffer buffer = { 0 };

  nv_sample_format_json (&buffer, sample);
  return queue_record (data, &buffer);
}

static void
complain (void *data, const char *text)
{
  g_async_queue_push (((NvSampling *)data)->complaints, g_strdup (text));
}

static gpointer
run_engine (gpointer data)
{
  NvSampling *sampling = data;
  struct nv_engine_result result = { 0 };
  struct nv_message message = { "" };
  int status = nv_engine_run (sampling->engine, &sampling->schedule, on_sample, sampling, &result, &message);

  if (status < 0)
    complain (sampling, *message.text ? message.text : "no memory is left for a sample");
  sampling->n_samples = result.samples;
  return NULL;
}

static void
sampling_free (NvSampling *sampling)
{
  while (g_idle_remove_by_data (sampling))
    ;
  nv_engine_close (sampling->engine);
  if (sampling->schedule.stop_fd >= 0)
    close (sampling->schedule.stop_fd);
  g_async_queue_unref (sampling->records);
  g_async_queue_unref (sampling->complaints);
  g_free (sampling);
}

static void
free_record (gpointer record)
{
  json_decref (record);
}

NvSampling *
nv_sampling_start (guint64 interval_ns, NvSamplingRecord record, gpointer data, GError **error)
{
  NvSampling *sampling = g_new0 (NvSampling, 1);
  const struct nv_engine_complaints complaints = { complain, sampling };
  struct nv_sample_buffer header = { 0 };
  struct nv_message message;
  int status;

  sampling->record = record;
  sampling->data = data;
  sampling->records = g_async_queue_new_full (free_record);
  sampling->complaints = g_async_queue_new_full (g_free);
  sampling->schedule = (struct nv_schedule){ .start_ns = nv_clock_ns (CLOCK_MONOTONIC),
                                             .interval_ns = interval_ns,
                                             .stop_fd = eventfd (0, EFD_CLOEXEC),
                                             .output_fd = -1 };
  if (sampling->schedule.stop_fd < 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot sample: %s", g_strerror (errno));
      sampling_free (sampling);
      return NULL;
    }
  status = nv_engine_open ("/", nv_samplers, &complaints, &sampling->engine, &message);
  if (status < 0)
    {
      g_set_error (error, NV_ERROR, status == -ENOENT ? NV_ERROR_UNAVAILABLE : NV_ERROR_FAILED, "%s",
                   message.text);
      sampling_free (sampling);
      return NULL;
    }
  nv_sample_format_header (&header, "/", sampling->engine, &sampling->schedule);
  queue_record (sampling, &header);
  sampling->thread = g_thread_new ("sampling", run_engine, sampling);
  return sampling;
}

char *
nv_sampling_take_complaint (NvSampling *sampling)
{
  return g_async_queue_try_pop (sampling->complaints);
}

guint64
nv_sampling_stop (NvSampling *sampling)
{
  guint64 one = 1, n_samples;

  while (write (sampling->schedule.stop_fd, &one, sizeof one) < 0 && errno == EINTR)
    ;
  g_thread_join (sampling->thread);
  hand_over (sampling);
  n_samples = sampling->n_samples;
  sampling_free (sampling);
  return n_samples;
}
