#include "store/writer.h"
#include "store/series.h"

/* Records go over in batches: a wake-up for each would cost more than it saves. */
#define BATCH       256
#define MAX_BATCHES 64 /* that wait; about 16 MB */

typedef struct
{
  gint64 run, vm;
  json_t *record;
} Entry;

struct NvWriter
{
  NvStore *store;
  GThread *thread;
  GArray *batch; /* of Entry: not yet handed over */
  GMutex mutex;  /* of what follows */
  GCond changed;
  GQueue batches;
  gboolean is_busy, ends;
  GError *error; /* the first */
};

static void
clear_entry (gpointer data)
{
  json_decref (((Entry *)data)->record);
}

static GArray *
new_batch (void)
{
  GArray *batch = g_array_sized_new (FALSE, FALSE, sizeof (Entry), BATCH);

  g_array_set_clear_func (batch, clear_entry);
  return batch;
}

static gboolean
add_batch (NvWriter *writer, const GArray *batch, GError **error)
{
  for (guint i = 0; i < batch->len; i++)
    {
      const Entry *entry = &g_array_index (batch, Entry, i);

      if (!nv_record_add (writer->store, entry->run, entry->vm, entry->record, error))
        return FALSE;
    }
  return TRUE;
}

static gpointer
run (gpointer data)
{
  NvWriter *writer = data;

  g_mutex_lock (&writer->mutex);
  for (;;)
    {
      GArray *batch;
      GError *error = NULL;

      while (g_queue_is_empty (&writer->batches) && !writer->ends)
        g_cond_wait (&writer->changed, &writer->mutex);
      if (writer->ends)
        break;
      batch = g_queue_pop_head (&writer->batches);
      writer->is_busy = TRUE;
      if (!writer->error)
        {
          g_mutex_unlock (&writer->mutex);
          add_batch (writer, batch, &error);
          g_mutex_lock (&writer->mutex);
          writer->error = error;
        }
      writer->is_busy = FALSE;
      g_array_unref (batch);
      g_cond_broadcast (&writer->changed);
    }
  g_mutex_unlock (&writer->mutex);
  return NULL;
}

NvWriter *
nv_writer_new (NvStore *store)
{
  NvWriter *writer = g_new0 (NvWriter, 1);

  writer->store = store;
  writer->batch = new_batch ();
  g_mutex_init (&writer->mutex);
  g_cond_init (&writer->changed);
  g_queue_init (&writer->batches);
  writer->thread = g_thread_new ("store", run, writer);
  return writer;
}

void
nv_writer_free (NvWriter *writer)
{
  g_mutex_lock (&writer->mutex);
  writer->ends = TRUE;
  g_cond_broadcast (&writer->changed);
  g_mutex_unlock (&writer->mutex);
  g_thread_join (writer->thread);
  g_queue_clear_full (&writer->batches, (GDestroyNotify)g_array_unref);
  g_array_unref (writer->batch);
  g_clear_error (&writer->error);
  g_mutex_clear (&writer->mutex);
  g_cond_clear (&writer->changed);
  g_free (writer);
}

static void
hand_over (NvWriter *writer)
{
  if (writer->batch->len == 0)
    return;
  g_mutex_lock (&writer->mutex);
  while (writer->batches.length >= MAX_BATCHES)
    g_cond_wait (&writer->changed, &writer->mutex);
  g_queue_push_tail (&writer->batches, g_steal_pointer (&writer->batch));
  g_cond_broadcast (&writer->changed);
  g_mutex_unlock (&writer->mutex);
  writer->batch = new_batch ();
}

void
nv_writer_add (NvWriter *writer, gint64 run, gint64 vm, const json_t *record)
{
  const Entry entry = { .run = run, .vm = vm, .record = json_incref ((json_t *)record) };

  g_array_append_val (writer->batch, entry);
  if (writer->batch->len == BATCH)
    hand_over (writer);
}

gboolean
nv_writer_wait (NvWriter *writer, GError **error)
{
  GError *problem;

  if (g_thread_self () == writer->thread)
    return TRUE;
  hand_over (writer);
  g_mutex_lock (&writer->mutex);
  while (writer->is_busy || !g_queue_is_empty (&writer->batches))
    g_cond_wait (&writer->changed, &writer->mutex);
  problem = g_steal_pointer (&writer->error);
  g_mutex_unlock (&writer->mutex);
  if (!problem)
    return TRUE;
  g_propagate_error (error, problem);
  return FALSE;
}
