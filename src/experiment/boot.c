/* One boot of a fleet: planned, started, its guests asked, measured, taken down. */

#include "experiment/boot-private.h"
#include "base/error.h"
#include "bench/bench.h"
#include "bench/clock.h"
#include "bench/rng.h"
#include "observe/counters.h"
#include "vm/lock.h"
#include "vm/placement-json.h"

#include <string.h>

const NvVm *
nv_boot_vm (const NvBoot *boot, guint index)
{
  return ((const NvFleetMember *)g_ptr_array_index (boot->members, index))->vm;
}

/* --- progress --- */

static double
seconds_left (const NvRunState *state, gint64 elapsed_us)
{
  guint n_arms = state->run->plan->policies->len;
  double arm_us;

  if (state->n_arms_done == 0)
    return -1;
  arm_us = (double)state->arm_us / state->n_arms_done;
  return (MAX (arm_us - (double)elapsed_us, 0) + arm_us * (n_arms - state->n_arms_done - 1)) / 1e6;
}

static void
show_progress (gpointer data)
{
  const NvBoot *boot = data;
  const NvRun *run = boot->state->run;
  NvRunProgress progress = {
    .policy = boot->policy->name,
    .stage = boot->stage,
    .n_vms = boot->members->len,
    .kernel = "",
    .iterations = run->plan->iterations,
    .seconds_left = seconds_left (boot->state, g_get_monotonic_time () - boot->since_us),
  };

  if (boot->session)
    {
      progress.kernel = nv_session_phase (boot->session, &progress.iteration);
      progress.n_vms_done = progress.n_vms - nv_session_count (boot->session, NV_GUEST_BOOTING);
    }
  run->progress (&progress, run->data);
}

static void
show_fleet_progress (NvStage stage, guint done, guint total, gpointer data)
{
  show_progress (data);
}

/* --- into the store --- */

/* (nullable): where the summary of the plan's kernel @kernel in VM @vm is kept. */
static json_t **
summary_at (const NvBoot *boot, guint vm, guint kernel)
{
  return (json_t **)&g_ptr_array_index (boot->summaries, vm * boot->state->run->plan->kernels->len + kernel);
}

/* The last summary of a kernel is that of its largest group: the one that counts. A guest that sends more, or
 * of other kernels, fills no memory. */
static void
keep_summary (const NvBoot *boot, guint vm, json_t *summary)
{
  const GPtrArray *kernels = boot->state->run->plan->kernels;
  const char *kernel = json_string_value (json_object_get (summary, "kernel"));

  for (guint i = 0; i < kernels->len; i++)
    if (strcmp (kernel, g_ptr_array_index (kernels, i)) == 0)
      {
        json_decref (*summary_at (boot, vm, i));
        *summary_at (boot, vm, i) = json_incref (summary);
      }
}

static void
on_guest_record (guint index, json_t *record, gpointer data)
{
  const NvBoot *boot = data;

  nv_run_store_record (boot->state, boot->vm_ids[index], record);
  if (strcmp (json_string_value (json_object_get (record, "record")), "summary") == 0)
    keep_summary (boot, index, record);
}

static gboolean
add_boot (NvBoot *boot, GError **error)
{
  NvRunState *state = boot->state;
  NvStore *store = state->run->store;
  const NvStoreBoot row = {
    .run = state->run_id,
    .block = 0,
    .position = boot->position,
    .arm = boot->policy->name,
    .seed = &boot->seed,
    .started_ns = nv_now_ns (),
  };

  boot->boot_id = nv_store_add_boot (store, &row, error);
  boot->vm_ids = g_new0 (gint64, boot->members->len);
  for (guint i = 0; i < boot->members->len && boot->boot_id; i++)
    {
      const NvVm *vm = nv_boot_vm (boot, i);
      json_t *placement = nv_placement_to_json (vm->placement);
      const NvStoreVm vm_row = {
        .boot = boot->boot_id,
        .name = vm->name,
        .uuid = vm->uuid,
        .index = vm->index,
        .vcpus = vm->vcpus,
        .memory_bytes = vm->memory_bytes,
        .placement = placement,
      };

      boot->vm_ids[i] = nv_store_add_vm (store, &vm_row, error);
      json_decref (placement);
      if (!boot->vm_ids[i])
        return FALSE;
    }
  return boot->boot_id && nv_store_commit (store, error);
}

static gboolean
store_clocks (const NvBoot *boot, const char *phase, GError **error)
{
  for (guint i = 0; i < boot->members->len; i++)
    {
      const NvClockOffset *clock = nv_channel_clock (nv_session_channel (boot->session, i));

      if (!nv_store_add_clock (boot->state->run->store, boot->vm_ids[i], phase, clock->host_ns,
                               clock->offset_ns, clock->error_ns, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
store_hellos (const NvBoot *boot, GError **error)
{
  for (guint i = 0; i < boot->members->len; i++)
    if (!nv_store_set_vm_hello (boot->state->run->store, boot->vm_ids[i],
                                nv_channel_hello (nv_session_channel (boot->session, i)), error))
      return FALSE;
  return TRUE;
}

/* When each guest really started, and how its job ended; of a boot that fails, of those that have come to an
 * end. */
static gboolean
finish_vms (const NvBoot *boot, GError **error)
{
  for (guint i = 0; boot->session && i < boot->members->len; i++)
    {
      const NvChannel *channel = nv_session_channel (boot->session, i);
      gboolean is_lost = nv_channel_state (channel) == NV_GUEST_LOST;
      gboolean has_measured = nv_session_has_measured (boot->session, i);
      gboolean has_failed =
          nv_channel_state (channel) == NV_GUEST_IDLE && nv_channel_job_status (channel) != NV_STATUS_DONE;

      if (!is_lost && !has_measured && !has_failed)
        continue;
      if (!nv_store_finish_vm (boot->state->run->store, boot->vm_ids[i], nv_channel_started_host_ns (channel),
                               has_measured ? "done" : "failed",
                               is_lost ? nv_channel_error (channel) : nv_channel_job_message (channel),
                               error))
        return FALSE;
    }
  return TRUE;
}

/* --- one boot --- */

/* Of kernels only the seed differs from guest to guest and from boot to boot. */
static json_t *
make_job (const NvBoot *boot, guint index)
{
  const NvRunState *state = boot->state;
  g_autofree char *seed = g_strdup_printf ("%" G_GUINT64_FORMAT, nv_rng_draw64 (boot->seed, index, 0) >> 1);
  g_autofree char *size = g_strdup_printf ("%" G_GUINT64_FORMAT, state->size_bytes);
  json_t *job = nv_quick_plan_job (state->run->plan);
  json_t *options = json_object_get (job, "options");

  if (options)
    json_object_set_new (options, "seed", json_string (seed));
  if (options && state->size_bytes > 0)
    json_object_set_new (options, "size", json_string (size));
  if (boot->transfer)
    json_object_set_new (job, "transport", nv_transfer_job (boot->transfer, index));
  return job;
}

static gboolean
prepare_guests (NvBoot *boot, GError **error)
{
  NvRunState *state = boot->state;
  const NvQuickPlan *plan = state->run->plan;
  g_autofree json_t **jobs = g_new0 (json_t *, boot->members->len);
  guint64 size_bytes;
  gboolean ready;

  for (guint i = 0; i < boot->members->len; i++)
    jobs[i] = make_job (boot, i);
  ready = nv_session_prepare (boot->session, jobs, plan->sample_interval_ns, &size_bytes, error);
  for (guint i = 0; i < boot->members->len; i++)
    json_decref (jobs[i]);
  if (!ready || state->size_bytes > 0)
    return ready;
  /* The least that any guest would take is what all take, in this boot and the next ones; of a workload there
   * is none. */
  state->size_bytes = size_bytes;
  state->result->size_bytes = size_bytes;
  return size_bytes == 0 || prepare_guests (boot, error);
}

/* --- what guests send by scp --- */

static gboolean
start_transfer (NvBoot *boot, GError **error)
{
  g_autofree const char **names = g_new0 (const char *, boot->members->len);

  if (boot->state->run->plan->transport != NV_TRANSPORT_SCP)
    return TRUE;
  for (guint i = 0; i < boot->members->len; i++)
    names[i] = nv_boot_vm (boot, i)->name;
  boot->transfer = nv_transfer_start (names, boot->members->len, NV_TRANSFER_FILE_BYTES, error);
  return boot->transfer != NULL;
}

static gboolean
hear_sent (const char *line, gsize length, gpointer channel, GError **error)
{
  return nv_channel_hear_sent (channel, line, length, error);
}

static gboolean
take_sent_of (const NvBoot *boot, guint index, GError **error)
{
  const NvRun *run = boot->state->run;
  const char *name = nv_boot_vm (boot, index)->name;
  g_autofree char *results =
      run->results ? g_build_filename (run->results, boot->policy->name, name, NULL) : NULL;
  g_autofree char *said = NULL;
  GError *problem = NULL;

  if (nv_transfer_take (boot->transfer, index, hear_sent, nv_session_channel (boot->session, index), results,
                        &problem))
    return TRUE;
  said = nv_transfer_log_tail (boot->transfer, index);
  g_set_error (error, NV_ERROR, problem->code, "VM '%s': what its guest sent by scp: %s%s%s", name,
               problem->message, *said ? "; its sshd ended with\n" : "", said);
  g_error_free (problem);
  return FALSE;
}

/* Also of those whose job failed, and of the rest where one cannot be taken: what was measured stays. The
 * first error.
 */
static gboolean
take_sent (const NvBoot *boot, GError **error)
{
  GError *first = NULL;

  for (guint i = 0; boot->transfer && i < boot->members->len; i++)
    {
      const NvChannel *channel = nv_session_channel (boot->session, i);

      if (nv_channel_state (channel) == NV_GUEST_IDLE && nv_channel_started_host_ns (channel) > 0)
        take_sent_of (boot, i, first ? NULL : &first);
    }
  if (first)
    g_propagate_error (error, first);
  return first == NULL;
}

/* --- booting and measuring --- */

static gboolean
boot_fleet (NvBoot *boot, GError **error)
{
  NvRunState *state = boot->state;
  const NvRun *run = state->run;
  const NvSessionEvents events = {
    .record = on_guest_record,
    .tick = show_progress,
    .cancellable = run->cancellable,
  };
  g_autoptr (NvLock) lock = run->take_lock (run->data, error);
  NvFleetPlan plan = {
    .connection = run->connection,
    .network = run->network,
    .cancellable = run->cancellable,
    .progress = show_fleet_progress,
    .progress_data = boot,
  };

  if (!lock || !(boot->members = run->make_members (boot->policy, boot->seed, run->data, error)))
    return FALSE;
  plan.members = boot->members;
  g_ptr_array_set_size (boot->summaries, (int)(boot->members->len * run->plan->kernels->len));
  if (!add_boot (boot, error) || !start_transfer (boot, error) || !nv_fleet_up (&plan, NULL, error))
    return FALSE;
  g_clear_pointer (&lock, nv_lock_free);
  boot->session = nv_session_open (run->connection, boot->members, &events, boot, error);
  return boot->session && nv_session_wait_booted (boot->session, run->plan->boot_timeout_ns, error)
         && store_hellos (boot, error) && nv_session_measure_clocks (boot->session, error)
         && store_clocks (boot, "before", error) && prepare_guests (boot, error);
}

static void
add_rows (const NvBoot *boot, const GArray *residences)
{
  const NvQuickPlan *plan = boot->state->run->plan;

  for (guint i = 0; i < plan->kernels->len; i++)
    for (guint vm = 0; vm < boot->members->len; vm++)
      {
        const json_t *summary = *summary_at (boot, vm, i);
        const NvBootResidence *residence = &g_array_index (residences, NvBootResidence, vm);
        NvRunRow *row;

        if (!summary || !nv_session_has_measured (boot->session, vm))
          continue;
        row = nv_run_result_add (boot->state->result, boot->policy->name, nv_boot_vm (boot, vm)->name,
                                 summary, residence->holds, residence->reason);
        if (plan->workload)
          row->lower_is_better =
              ((const NvMetric *)g_ptr_array_index (plan->workload->metrics, i))->lower_is_better;
      }
}

static gboolean
store_counters (const NvBoot *boot, const NvCounters *before, GError **error)
{
  NvRunResult *result = boot->state->result;
  g_autoptr (NvCounters) after = nv_counters_read ("/", error);
  json_t *difference;
  g_autofree char *text = NULL;
  gboolean stored;

  if (!after)
    return FALSE;
  difference = nv_counters_difference (before, after);
  text = nv_counters_describe (difference);
  stored = nv_store_set_boot_counters (boot->state->run->store, boot->boot_id, difference, error);
  json_decref (difference);
  if (text)
    g_ptr_array_add (result->notes, g_strdup_printf ("%s: %s", boot->policy->name, text));
  return stored;
}

/* Until all guests are through, and what they sent is there. Where a job failed since its files did not get
 * here, its sshd knows why. */
static gboolean
measure_guests (NvBoot *boot, GError **error)
{
  g_autoptr (GError) failure = NULL;
  g_autoptr (GError) unsent = NULL;
  gboolean measured = nv_session_measure (boot->session, &boot->go_ns, &boot->spread_ns, &failure);
  gboolean taken = take_sent (boot, &unsent);

  if (measured && taken)
    return TRUE;
  if (!measured && !taken)
    g_set_error (error, failure->domain, failure->code, "%s; %s", failure->message, unsent->message);
  else
    g_propagate_error (error, measured ? g_steal_pointer (&unsent) : g_steal_pointer (&failure));
  return FALSE;
}

/* Of a boot that has failed: the guests that have measured all the same, where it can be said where their
 * memory is. */
static void
show_measured (const NvBoot *boot)
{
  g_autoptr (GArray) after = NULL;
  gboolean any = FALSE;

  for (guint i = 0; i < boot->members->len; i++)
    any |= nv_session_has_measured (boot->session, i);
  if (any && (after = nv_boot_check_residence (boot, "after", NULL)))
    add_rows (boot, after);
}

static gboolean
measure_fleet (NvBoot *boot, GError **error)
{
  NvRunState *state = boot->state;
  g_autoptr (GArray) before = NULL, after = NULL;
  g_autoptr (NvCounters) counters = NULL;
  gint64 since_us;

  boot->ready_ns = nv_now_ns ();
  before = nv_boot_check_residence (boot, "before", error);
  counters = before ? nv_counters_read ("/", error) : NULL;
  if (!counters)
    return FALSE;
  since_us = g_get_monotonic_time ();
  if (!measure_guests (boot, error))
    {
      show_measured (boot);
      return FALSE;
    }
  state->result->measure_us += g_get_monotonic_time () - since_us;
  state->result->largest_spread_ns = MAX (state->result->largest_spread_ns, boot->spread_ns);
  if (!finish_vms (boot, error) || !store_counters (boot, counters, error)
      || !nv_session_measure_clocks (boot->session, error) || !store_clocks (boot, "after", error)
      || !(after = nv_boot_check_residence (boot, "after", error)))
    return FALSE;
  add_rows (boot, after);
  return TRUE;
}

/* The VMs of this boot that are there. */
static GPtrArray *
find_fleet (const NvBoot *boot, GError **error)
{
  NvConnection *connection = boot->state->run->connection;
  GPtrArray *infos = connection->driver->list (connection, NULL, error);

  for (guint i = infos ? infos->len : 0; i-- > 0;)
    {
      const NvVmInfo *info = g_ptr_array_index (infos, i);
      gboolean is_ours = FALSE;

      for (guint j = 0; j < boot->members->len && !is_ours; j++)
        is_ours = strcmp (info->vm->uuid, nv_boot_vm (boot, j)->uuid) == 0;
      if (!is_ours)
        g_ptr_array_remove_index (infos, i);
    }
  return infos;
}

/* Who plans meanwhile must not meet half a fleet. Where there is no lock to be had, it is gone all the same.
 */
static gboolean
take_down (NvBoot *boot, GError **error)
{
  const NvRun *run = boot->state->run;
  NvConnection *connection = run->connection;
  g_autoptr (NvLock) lock = NULL;
  g_autoptr (GPtrArray) infos = NULL;

  boot->stage = "down";
  if (!boot->members)
    return TRUE;
  lock = run->take_lock (run->data, NULL);
  if (boot->session)
    nv_session_say_bye (boot->session);
  g_clear_pointer (&boot->session, nv_session_free);
  infos = find_fleet (boot, error);
  return infos && nv_fleet_down (connection, infos, NULL, NULL, error);
}

static void
hold (const NvBoot *boot)
{
  for (guint i = 0; i < boot->members->len; i++)
    g_ptr_array_add (boot->state->result->held, g_strdup (nv_boot_vm (boot, i)->name));
}

static gboolean
finish_boot (const NvBoot *boot, const GError *problem, GError **error)
{
  NvStore *store = boot->state->run->store;
  const char *status = !problem                                                  ? "done"
                       : g_error_matches (problem, NV_ERROR, NV_ERROR_CANCELLED) ? "interrupted"
                                                                                 : "failed";

  return nv_store_finish_boot (store, boot->boot_id, boot->ready_ns, boot->go_ns, boot->spread_ns,
                               nv_now_ns (), status, problem ? problem->message : NULL, error)
         && nv_store_commit (store, error);
}

static void
boot_clear (NvBoot *boot)
{
  g_clear_pointer (&boot->session, nv_session_free);
  g_clear_pointer (&boot->transfer, nv_transfer_free);
  g_clear_pointer (&boot->members, g_ptr_array_unref);
  g_clear_pointer (&boot->vm_ids, g_free);
  g_clear_pointer (&boot->summaries, g_ptr_array_unref);
}

static void
free_json (gpointer data)
{
  json_decref (data);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (NvBoot, boot_clear)

gboolean
nv_boot_run (NvRunState *state, guint position, GError **error)
{
  const NvRun *run = state->run;
  const NvPolicy *policy = g_ptr_array_index (run->plan->policies, position);
  g_auto (NvBoot) boot = {
    .state = state,
    .policy = policy,
    .position = position,
    .seed = nv_run_derive_seed (run->seed, 0, policy->name),
    .stage = "boot",
    .since_us = g_get_monotonic_time (),
    .summaries = g_ptr_array_new_with_free_func (free_json),
  };
  GError *problem = NULL, *later = NULL;
  gboolean measured, holds_last;

  measured = boot_fleet (&boot, &problem);
  state->result->boot_us += g_get_monotonic_time () - boot.since_us;
  boot.stage = "measure";
  measured = measured && measure_fleet (&boot, &problem);
  if (measured && state->store_error)
    problem = g_error_copy (state->store_error);
  if (problem && !state->store_error)
    finish_vms (&boot, NULL); /* @problem says more */
  holds_last = run->hold && (problem || position + 1 == run->plan->policies->len);
  if (holds_last && boot.session)
    hold (&boot);
  else if (!take_down (&boot, &later) && !problem)
    problem = g_steal_pointer (&later);
  if (boot.boot_id && !finish_boot (&boot, problem, &later) && !problem)
    problem = g_steal_pointer (&later);
  if (later && problem)
    g_prefix_error (&problem, "%s; before that: ", later->message);
  g_clear_error (&later);
  state->arm_us += g_get_monotonic_time () - boot.since_us;
  state->n_arms_done++;
  if (problem)
    g_propagate_error (error, problem);
  return problem == NULL;
}
