#include "vm/fleet.h"
#include "base/error.h"

#include <stdarg.h>
#include <string.h>

/* libvirtd works on several requests of one connection at once; more threads than this only queue there. */
#define MAX_THREADS 8

typedef enum
{
  DONE_DISK = 1 << 0,
  DONE_DEFINE = 1 << 1,
  DONE_START = 1 << 2,
} Done;

/* What one VM of the fleet has been through. */
typedef struct
{
  const NvFleetMember *member;
  Done done;
} Progress;

typedef struct Stage Stage;

/* One stage over many VMs; the work runs in a pool, everything else in the calling thread. */
struct Stage
{
  gboolean (*work) (Stage *stage, gpointer item, GError **error);
  NvStage name;
  guint pending;
  guint n_done;
  guint total;
  guint n_failed;
  GError *first_error;
  NvFleetProgress progress;
  gpointer progress_data;
  GCancellable *cancellable;
  NvConnection *connection;
  const NvFleetPlan *plan;
  NvDiskMaker *disks;
  NvFleetTimes *times;
  gboolean paused;
  guint timeout_s;
};

typedef struct
{
  Stage *stage;
  GError *error;
} Result;

static void
add_time (gint64 *sum, gint64 since)
{
  __atomic_add_fetch (sum, g_get_monotonic_time () - since, __ATOMIC_RELAXED);
}

static gboolean
on_result (gpointer data)
{
  Result *result = data;
  Stage *stage = result->stage;

  stage->pending--;
  if (result->error)
    {
      stage->n_failed++;
      if (!stage->first_error)
        stage->first_error = g_steal_pointer (&result->error);
    }
  else
    stage->n_done++;
  if (stage->progress)
    stage->progress (stage->name, stage->n_done, stage->total, stage->progress_data);
  g_clear_error (&result->error);
  g_free (result);
  return G_SOURCE_REMOVE;
}

static void
run_item (gpointer item, gpointer data)
{
  Stage *stage = data;
  Result *result = g_new0 (Result, 1);

  result->stage = stage;
  if (g_cancellable_is_cancelled (stage->cancellable))
    g_set_error (&result->error, NV_ERROR, NV_ERROR_CANCELLED, "interrupted");
  else
    stage->work (stage, item, &result->error);
  g_idle_add_full (G_PRIORITY_DEFAULT, on_result, result, NULL);
}

static void G_GNUC_PRINTF (2, 3) append (GError *error, const char *format, ...)
{
  g_autofree char *before = error->message;
  g_autofree char *more = NULL;
  va_list args;

  va_start (args, format);
  more = g_strdup_vprintf (format, args);
  va_end (args);
  error->message = g_strconcat (before, more, NULL);
}

/* Returns: FALSE with the first error, its message counting the others. */
static gboolean
run_stage (Stage *stage, GPtrArray *items, GError **error)
{
  gint64 since = g_get_monotonic_time ();
  GThreadPool *pool;

  if (items->len == 0)
    return TRUE;
  pool = g_thread_pool_new (run_item, stage, (gint)MIN (items->len, MAX_THREADS), TRUE, NULL);
  stage->total = items->len;
  stage->pending = items->len;
  for (guint i = 0; i < items->len; i++)
    g_thread_pool_push (pool, g_ptr_array_index (items, i), NULL);
  while (stage->pending > 0)
    g_main_context_iteration (NULL, TRUE);
  g_thread_pool_free (pool, FALSE, TRUE);
  stage->times->stage_us[stage->name] += g_get_monotonic_time () - since;
  if (!stage->first_error)
    return TRUE;
  if (stage->n_failed > 1 && !g_error_matches (stage->first_error, NV_ERROR, NV_ERROR_CANCELLED))
    append (stage->first_error, " (and %u more VMs failed)", stage->n_failed - 1);
  g_propagate_error (error, stage->first_error);
  return FALSE;
}

/* The stages' work. */

static gboolean
make (Stage *stage, gpointer item, GError **error)
{
  Progress *progress = item;
  const NvFleetMember *member = progress->member;
  const NvVm *vm = member->vm;
  gint64 since = g_get_monotonic_time ();
  gboolean defined;

  if (vm->disk && vm->disk->created)
    {
      gboolean made = nv_disk_create (stage->disks, vm->disk, member->disk_flags, stage->cancellable, error);

      add_time (&stage->times->disk_us, since);
      if (!made)
        return FALSE;
      progress->done |= DONE_DISK;
      since = g_get_monotonic_time ();
    }
  defined = stage->connection->driver->define (stage->connection, vm, member->template_xml,
                                               stage->plan->network, error);
  add_time (&stage->times->define_us, since);
  if (defined)
    progress->done |= DONE_DEFINE;
  return defined;
}

static gboolean
start (Stage *stage, gpointer item, GError **error)
{
  Progress *progress = item;
  gint64 since = g_get_monotonic_time ();
  gboolean started =
      stage->connection->driver->start_paused (stage->connection, progress->member->vm->name, error);

  add_time (&stage->times->start_us, since);
  if (started)
    progress->done |= DONE_START;
  return started;
}

static gboolean
resume (Stage *stage, gpointer item, GError **error)
{
  Progress *progress = item;
  gint64 since = g_get_monotonic_time ();
  gboolean resumed = stage->connection->driver->resume (stage->connection, progress->member->vm->name, error);

  add_time (&stage->times->resume_us, since);
  return resumed;
}

/* Keeps the first error of several steps of which each is tried. */
static void
keep_first (GError **first, GError *next)
{
  if (!*first)
    *first = next;
  else
    g_clear_error (&next);
}

static void
remove_disk (const NvDisk *disk, GError **first)
{
  GError *error = NULL;

  /* A disk that somebody removed already is what was wanted. */
  if (!nv_disk_delete (disk->path, &error) && !g_error_matches (error, NV_ERROR, NV_ERROR_NOT_FOUND))
    keep_first (first, error);
  else
    g_clear_error (&error);
}

static gboolean
take_away (Stage *stage, const NvVm *vm, Done done, GError **error)
{
  const NvDriver *driver = stage->connection->driver;
  g_autoptr (GError) first = NULL;
  GError *next = NULL;

  if ((done & DONE_START) && !driver->stop (stage->connection, vm->name, TRUE, &next))
    keep_first (&first, g_steal_pointer (&next));
  if ((done & DONE_DEFINE) && !driver->undefine (stage->connection, vm->name, &next))
    keep_first (&first, g_steal_pointer (&next));
  /* The disk of a VM that is still there is still in use. */
  if ((done & DONE_DISK) && !first)
    remove_disk (vm->disk, &first);
  if (!first)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&first));
  return FALSE;
}

static gboolean
roll_back_one (Stage *stage, gpointer item, GError **error)
{
  Progress *progress = item;

  return take_away (stage, progress->member->vm, progress->done, error);
}

static gboolean
remove_one (Stage *stage, gpointer item, GError **error)
{
  const NvVmInfo *info = item;
  Done done = DONE_DEFINE;

  if (info->state != NV_VM_STOPPED)
    done |= DONE_START;
  if (info->vm->disk && info->vm->disk->created)
    done |= DONE_DISK;
  return take_away (stage, info->vm, done, error);
}

static void
roll_back (const NvFleetPlan *plan, GPtrArray *items, NvFleetTimes *times, GError *reason)
{
  g_autoptr (GError) problem = NULL;
  Stage stage = {
    .work = roll_back_one,
    .name = NV_STAGE_ROLL_BACK,
    .connection = plan->connection,
    .plan = plan,
    .times = times,
    .progress = plan->progress,
    .progress_data = plan->progress_data,
  };

  if (run_stage (&stage, items, &problem))
    append (reason, "; what was made is taken away again");
  else
    append (reason, "; not all that was made could be taken away again: %s", problem->message);
}

static gboolean
run_up_stages (const NvFleetPlan *plan, GPtrArray *items, NvDiskMaker *disks, NvFleetTimes *times,
               GError **error)
{
  static const struct
  {
    NvStage name;
    gboolean (*work) (Stage *stage, gpointer item, GError **error);
    NvFleetFlags unless;
  } stages[] = {
    { NV_STAGE_MAKE, make, 0 },
    { NV_STAGE_START, start, NV_FLEET_NO_START },
    { NV_STAGE_RESUME, resume, NV_FLEET_NO_START | NV_FLEET_PAUSED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (stages); i++)
    {
      Stage stage = {
        .work = stages[i].work,
        .name = stages[i].name,
        .connection = plan->connection,
        .plan = plan,
        .disks = disks,
        .times = times,
        .cancellable = plan->cancellable,
        .progress = plan->progress,
        .progress_data = plan->progress_data,
      };

      if (!(plan->flags & stages[i].unless) && !run_stage (&stage, items, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
nv_fleet_up (const NvFleetPlan *plan, NvFleetTimes *ret_times, GError **error)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (NvDiskMaker) disks = nv_disk_maker_new ();
  NvFleetTimes times = { 0 };
  GError *reason = NULL;
  gboolean up;

  for (guint i = 0; i < plan->members->len; i++)
    {
      Progress *progress = g_new0 (Progress, 1);

      progress->member = g_ptr_array_index (plan->members, i);
      g_ptr_array_add (items, progress);
    }
  up = run_up_stages (plan, items, disks, &times, &reason);
  if (!up && !(plan->flags & NV_FLEET_KEEP))
    roll_back (plan, items, &times, reason);
  times.qemu_img_us = nv_disk_maker_qemu_img_us (disks);
  if (ret_times)
    *ret_times = times;
  if (reason)
    g_propagate_error (error, reason);
  return up;
}

static gboolean
start_one (Stage *stage, gpointer item, GError **error)
{
  const NvVmInfo *info = item;
  const NvDriver *driver = stage->connection->driver;

  if (info->state == NV_VM_STOPPED && !driver->start_paused (stage->connection, info->vm->name, error))
    return FALSE;
  return stage->paused || info->state == NV_VM_RUNNING
         || driver->resume (stage->connection, info->vm->name, error);
}

/* The state now; STOPPED for a VM that is gone. */
static gboolean
read_state (NvConnection *connection, const char *name, NvVmState *ret_state, GError **error)
{
  g_autoptr (GPtrArray) infos = connection->driver->list (connection, error);

  if (!infos)
    return FALSE;
  *ret_state = NV_VM_STOPPED;
  for (guint i = 0; i < infos->len; i++)
    {
      const NvVmInfo *info = g_ptr_array_index (infos, i);

      if (strcmp (info->vm->name, name) == 0)
        *ret_state = info->state;
    }
  return TRUE;
}

static gboolean
stop_one (Stage *stage, gpointer item, GError **error)
{
  const NvVmInfo *info = item;
  const char *name = info->vm->name;
  gint64 deadline = g_get_monotonic_time () + (gint64)stage->timeout_s * G_USEC_PER_SEC;
  gboolean force = stage->timeout_s == 0 || info->vm->kernel;
  NvVmState state = info->state;

  if (state == NV_VM_STOPPED)
    return TRUE;
  if (!stage->connection->driver->stop (stage->connection, name, force, error))
    return FALSE;
  while (!force && state != NV_VM_STOPPED)
    {
      if (g_get_monotonic_time () > deadline)
        {
          g_set_error (error, NV_ERROR, NV_ERROR_FAILED,
                       "cannot stop '%s': its guest did not power off within %u s (--force pulls the plug)",
                       name, stage->timeout_s);
          return FALSE;
        }
      g_usleep (G_USEC_PER_SEC / 5);
      if (!read_state (stage->connection, name, &state, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
nv_fleet_start (NvConnection *connection, GPtrArray *infos, gboolean paused, NvFleetProgress progress,
                gpointer progress_data, GError **error)
{
  NvFleetTimes times = { 0 };
  Stage stage = {
    .work = start_one,
    .name = NV_STAGE_START,
    .connection = connection,
    .times = &times,
    .paused = paused,
    .progress = progress,
    .progress_data = progress_data,
  };

  return run_stage (&stage, infos, error);
}

gboolean
nv_fleet_stop (NvConnection *connection, GPtrArray *infos, guint timeout_s, NvFleetProgress progress,
               gpointer progress_data, GError **error)
{
  NvFleetTimes times = { 0 };
  Stage stage = {
    .work = stop_one,
    .name = NV_STAGE_STOP,
    .connection = connection,
    .times = &times,
    .timeout_s = timeout_s,
    .progress = progress,
    .progress_data = progress_data,
  };

  return run_stage (&stage, infos, error);
}

gboolean
nv_fleet_down (NvConnection *connection, GPtrArray *infos, NvFleetProgress progress, gpointer progress_data,
               GError **error)
{
  NvFleetTimes times = { 0 };
  Stage stage = {
    .work = remove_one,
    .name = NV_STAGE_REMOVE,
    .connection = connection,
    .times = &times,
    .progress = progress,
    .progress_data = progress_data,
  };

  return run_stage (&stage, infos, error);
}

void
nv_fleet_member_free (NvFleetMember *member)
{
  if (!member)
    return;
  nv_vm_free (member->vm);
  g_free (member->template_xml);
  g_free (member);
}
