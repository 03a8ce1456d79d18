#include "vm/fleet.h"
#include "base/error.h"

#include <stdarg.h>
#include <string.h>

/* libvirtd works on several requests of one connection at once; more threads than this only queue there. */
#define MAX_THREADS 8

/* How often it is looked whether guests have powered off. */
#define STOP_TICK_US (G_USEC_PER_SEC / 2)

typedef enum
{
  DONE_DISK = 1 << 0,
  DONE_DEFINE = 1 << 1,
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
  gboolean ends_early; /* a failure lets the items that are not begun yet be passed over */
  gint failed;         /* atomic */
  NvFleetProgress progress;
  gpointer progress_data;
  GCancellable *cancellable;
  NvConnection *connection;
  const NvFleetPlan *plan;
  NvDiskMaker *disks;
  NvFleetTimes *times;
  gboolean paused;
  gboolean force;
};

typedef struct
{
  Stage *stage;
  GError *error;
  gboolean passed_over;
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
  else if (!result->passed_over)
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
  result->passed_over =
      stage->ends_early
      && (g_atomic_int_get (&stage->failed) || g_cancellable_is_cancelled (stage->cancellable));
  if (!result->passed_over && !stage->work (stage, item, &result->error))
    g_atomic_int_set (&stage->failed, TRUE);
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

/* QEMU's and libvirt's part of a start is work for a CPU (hundreds of questions to the monitor): more starts
 * at once than CPUs only make each take longer. The other stages mostly wait. */
static guint
count_threads (const Stage *stage)
{
  return stage->name == NV_STAGE_START ? CLAMP (g_get_num_processors (), 2, MAX_THREADS) : MAX_THREADS;
}

/* Returns: FALSE with the first error, its message counting the others. */
static gboolean
run_stage (Stage *stage, GPtrArray *items, GError **error)
{
  gint64 since = g_get_monotonic_time ();
  GThreadPool *pool;

  if (items->len == 0)
    return TRUE;
  pool = g_thread_pool_new (run_item, stage, (gint)MIN (items->len, count_threads (stage)), TRUE, NULL);
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
    append (stage->first_error, " (and %u more %s failed)", stage->n_failed - 1,
            stage->n_failed == 2 ? "VM" : "VMs");
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

/* What is not there any more is what was wanted. */
static gboolean
or_gone (gboolean done, GError **error)
{
  if (done || !g_error_matches (*error, NV_ERROR, NV_ERROR_NOT_FOUND))
    return done;
  g_clear_error (error);
  return TRUE;
}

/* Each step only after the one before: the disk of a VM that is still there is still in use. */
static gboolean
take_away (Stage *stage, const NvVm *vm, Done done, GError **error)
{
  NvConnection *connection = stage->connection;
  const NvDriver *driver = connection->driver;

  if ((done & DONE_DEFINE)
      && !(or_gone (driver->stop (connection, vm->name, TRUE, error), error)
           && or_gone (driver->undefine (connection, vm->name, error), error)))
    return FALSE;
  return !(done & DONE_DISK) || or_gone (nv_disk_delete (vm->disk->path, error), error);
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

  if (info->vm->disk && info->vm->disk->created)
    done |= DONE_DISK;
  return take_away (stage, info->vm, done, error);
}

static void
roll_back (const NvFleetPlan *plan, GPtrArray *made, NvFleetTimes *times, GError *reason)
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

  if (run_stage (&stage, made, &problem))
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
        .ends_early = TRUE,
        .progress = plan->progress,
        .progress_data = plan->progress_data,
      };

      if (plan->flags & stages[i].unless)
        continue;
      if (!run_stage (&stage, items, error))
        return FALSE;
      if (g_cancellable_is_cancelled (plan->cancellable))
        {
          g_set_error (error, NV_ERROR, NV_ERROR_CANCELLED, "interrupted");
          return FALSE;
        }
    }
  return TRUE;
}

gboolean
nv_fleet_up (const NvFleetPlan *plan, NvFleetTimes *ret_times, GError **error)
{
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) made = g_ptr_array_new ();
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
  for (guint i = 0; i < items->len; i++)
    if (((const Progress *)g_ptr_array_index (items, i))->done)
      g_ptr_array_add (made, g_ptr_array_index (items, i));
  if (!up && made->len > 0 && (plan->flags & NV_FLEET_KEEP))
    append (reason, "; what was made is kept: `numavm down` and `numavm disk delete` remove it");
  else if (!up && made->len > 0)
    roll_back (plan, made, &times, reason);
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

/* A VM to be stopped. */
typedef struct
{
  const NvVmInfo *info;
  gboolean asked; /* its guest was asked to power off */
} Stopping;

/* The default guest has nothing to save. Who starts a kernel directly and has a disk with something on it is
 * a whole system. */
static gboolean
has_nothing_to_save (const NvVm *vm)
{
  return vm->kernel && !(vm->disk && vm->disk->base);
}

static gboolean
stop_one (Stage *stage, gpointer item, GError **error)
{
  Stopping *stopping = item;
  const NvVmInfo *info = stopping->info;
  gboolean force = stage->force || has_nothing_to_save (info->vm);
  gboolean stopped;

  if (info->state == NV_VM_STOPPED)
    return TRUE;
  stopped = stage->connection->driver->stop (stage->connection, info->vm->name, force, error);
  stopping->asked = stopped && !force;
  return stopped;
}

static gboolean
is_stopped (GPtrArray *infos, const char *name)
{
  for (guint i = 0; i < infos->len; i++)
    {
      const NvVmInfo *info = g_ptr_array_index (infos, i);

      if (strcmp (info->vm->name, name) == 0)
        return info->state == NV_VM_STOPPED;
    }
  return TRUE; /* it is gone */
}

/* Looks which of the guests that were asked have powered off. Returns: how many have not; -1 on failure. */
static int
look_who_runs (NvConnection *connection, GPtrArray *items, GError **error)
{
  g_autoptr (GPtrArray) infos = connection->driver->list (connection, NULL, error);
  int running = 0;

  for (guint i = 0; infos && i < items->len; i++)
    {
      Stopping *stopping = g_ptr_array_index (items, i);

      if (stopping->asked && is_stopped (infos, stopping->info->vm->name))
        stopping->asked = FALSE;
      running += stopping->asked;
    }
  return infos ? running : -1;
}

static void
set_error_of_running (GPtrArray *items, guint timeout_s, GError **error)
{
  GString *names = g_string_new (NULL);

  for (guint i = 0; i < items->len; i++)
    {
      const Stopping *stopping = g_ptr_array_index (items, i);

      if (stopping->asked)
        g_string_append_printf (names, "%s'%s'", names->len > 0 ? ", " : "", stopping->info->vm->name);
    }
  g_set_error (error, NV_ERROR, NV_ERROR_FAILED,
               "cannot stop %s: no power-off by the guest within %u s (--force pulls the plug)", names->str,
               timeout_s);
  g_string_free (names, TRUE);
}

/* One look a tick for all of them, with one deadline. */
static gboolean
wait_for_power_off (Stage *stage, GPtrArray *items, guint timeout_s, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + (gint64)timeout_s * G_USEC_PER_SEC;
  int running;

  while ((running = look_who_runs (stage->connection, items, error)) > 0
         && g_get_monotonic_time () < deadline)
    {
      if (stage->progress)
        stage->progress (stage->name, items->len - (guint)running, items->len, stage->progress_data);
      g_usleep (STOP_TICK_US);
    }
  if (running > 0)
    set_error_of_running (items, timeout_s, error);
  return running == 0;
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
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_free);
  NvFleetTimes times = { 0 };
  Stage stage = {
    .work = stop_one,
    .name = NV_STAGE_STOP,
    .connection = connection,
    .times = &times,
    .force = timeout_s == 0,
    .progress = timeout_s == 0 ? progress : NULL, /* to be asked is not to be stopped */
    .progress_data = progress_data,
  };
  GError *problem = NULL, *late = NULL;

  for (guint i = 0; i < infos->len; i++)
    {
      Stopping *stopping = g_new0 (Stopping, 1);

      stopping->info = g_ptr_array_index (infos, i);
      g_ptr_array_add (items, stopping);
    }
  run_stage (&stage, items, &problem);
  stage.progress = progress;
  if (timeout_s > 0 && !wait_for_power_off (&stage, items, timeout_s, &late))
    {
      if (problem)
        append (problem, "; %s", late->message);
      else
        problem = g_steal_pointer (&late);
      g_clear_error (&late);
    }
  if (!problem)
    return TRUE;
  g_propagate_error (error, problem);
  return FALSE;
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

  if (connection->remote)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE,
                   "'%s' is on another machine: numavm removes disks on its own machine only, run it there",
                   connection->uri);
      return FALSE;
    }
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
