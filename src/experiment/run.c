#include "experiment/run.h"
#include "base/error.h"
#include "bench/clock.h"
#include "bench/rng.h"
#include "experiment/boot.h"
#include "experiment/kept.h"
#include "observe/sampling.h"

#include <string.h>

/* What is kept when numavm is killed: at most so much is lost. */
#define COMMIT_INTERVAL_US (2 * G_USEC_PER_SEC)

guint64
nv_run_derive_seed (guint64 seed, guint block, const char *arm)
{
  guint8 digest[32];
  gsize length = sizeof digest;
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  guint64 stream;

  g_checksum_update (sum, (const guchar *)arm, (gssize)strlen (arm));
  g_checksum_get_digest (sum, digest, &length);
  memcpy (&stream, digest, sizeof stream);
  /* SQLite's and JSON's integers are signed. */
  return nv_rng_draw64 (seed, GUINT64_FROM_LE (stream), block) >> 1;
}

void
nv_run_store_record (NvRunState *state, gint64 vm, const json_t *record)
{
  gint64 now_us = g_get_monotonic_time ();
  gboolean stored;

  if (state->store_error)
    return;
  stored = nv_store_add_record (state->run->store, state->run_id, vm, record, &state->store_error);
  if (stored && now_us - state->committed_us > COMMIT_INTERVAL_US)
    {
      nv_store_commit (state->run->store, &state->store_error);
      state->committed_us = now_us;
    }
}

static void
on_host_sample (json_t *record, gpointer data)
{
  nv_run_store_record (data, 0, record);
}

static gboolean
add_run (NvRunState *state, GError **error)
{
  const NvRun *run = state->run;
  json_t *plan = nv_quick_plan_to_json (run->plan);
  const NvStoreRun row = {
    .uuid = state->result->uuid,
    .started_wall_ns = g_get_real_time () * 1000,
    .started_ns = nv_now_ns (),
    .program = "numavm " NV_VERSION,
    .command = run->command,
    .driver = run->connection->driver->name,
    .uri = run->connection->uri,
    .accel = nv_accel_name (run->accel),
    .emulated = run->accel == NV_ACCEL_TCG,
    .seed = &run->seed,
    .plan = plan,
    .host = run->host,
  };

  state->run_id = nv_store_add_run (run->store, &row, error);
  json_decref (plan);
  return state->run_id != 0;
}

/* Every arm must be possible before the first is begun. */
static gboolean
check_arms (const NvRun *run, GError **error)
{
  for (guint i = 0; i < run->plan->policies->len; i++)
    {
      const NvPolicy *policy = g_ptr_array_index (run->plan->policies, i);
      g_autoptr (GPtrArray) members =
          run->make_members (policy, nv_run_derive_seed (run->seed, 0, policy->name), run->data, error);

      if (!members)
        return FALSE;
    }
  return TRUE;
}

/* What could not be sampled is said. @sampling: (nullable). */
static void
end_sampling (NvSampling *sampling, NvRunResult *result)
{
  char *complaint;

  if (!sampling)
    return;
  while ((complaint = nv_sampling_take_complaint (sampling)))
    g_ptr_array_add (result->notes, complaint);
  nv_sampling_stop (sampling);
}

gboolean
nv_run (const NvRun *run, NvRunResult *ret_result, GError **error)
{
  NvRunState state = { .run = run, .result = ret_result };
  gint64 since_us = g_get_monotonic_time ();
  NvKept kept = { .path = run->results, .policies = run->plan->policies };
  NvSampling *sampling = NULL;
  GError *problem = NULL;

  nv_run_result_init (ret_result);
  ret_result->is_workload = run->plan->workload != NULL;
  if (!check_arms (run, error) || !nv_kept_make (&kept, error))
    return FALSE;
  if (!add_run (&state, error))
    {
      nv_kept_remove_empty (&kept);
      return FALSE;
    }
  if (run->plan->sample_interval_ns > 0)
    sampling = nv_sampling_start (run->plan->sample_interval_ns, on_host_sample, &state, &problem);
  for (guint i = 0; i < run->plan->policies->len && !problem; i++)
    nv_boot_run (&state, i, &problem);
  end_sampling (sampling, ret_result);
  nv_kept_remove_empty (&kept);
  ret_result->total_us = g_get_monotonic_time () - since_us;
  if (!problem)
    problem = g_steal_pointer (&state.store_error);
  g_clear_error (&state.store_error);
  nv_store_finish_run (run->store, state.run_id, g_get_real_time () * 1000,
                       !problem                                                  ? "done"
                       : g_error_matches (problem, NV_ERROR, NV_ERROR_CANCELLED) ? "interrupted"
                                                                                 : "failed",
                       problem ? problem->message : NULL, problem ? NULL : &problem);
  nv_store_commit (run->store, problem ? NULL : &problem);
  if (problem)
    g_propagate_error (error, problem);
  return problem == NULL;
}
