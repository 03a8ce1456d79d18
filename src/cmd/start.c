/* start: VMs that are stopped or paused go on. */

#include "cmd/command.h"
#include "cmd/select.h"
#include "vm/lock.h"
#include "vm/reservations.h"

typedef struct
{
  gboolean all;
  gboolean paused;
  char *prefix;
} StartOptions;

static const NvOption start_options[] = {
  { "all", 'a', NV_OPTION_FLAG, G_STRUCT_OFFSET (StartOptions, all), NULL, "all VMs of numavm" },
  { "prefix", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (StartOptions, prefix), "TEXT",
    "those whose names begin so" },
  { "paused", 0, NV_OPTION_FLAG, G_STRUCT_OFFSET (StartOptions, paused), NULL,
    "start with the CPUs stopped" },
  { NULL },
};

/* A placement was made when its VM was defined; others may have taken the memory since. */
static gboolean
check_room (NvConnection *connection, GPtrArray *infos, GError **error)
{
  g_autoptr (NvDriverHost) host = connection->driver->host (connection, error);
  g_autoptr (NvLedger) ledger = host ? nv_reservations_read (connection, host, error) : NULL;

  if (!ledger)
    return FALSE;
  for (guint i = 0; i < infos->len; i++)
    {
      const NvVmInfo *info = g_ptr_array_index (infos, i);

      if (info->state != NV_VM_STOPPED)
        continue;
      if (!nv_reservations_check (ledger, host->host, info->vm, error))
        return FALSE;
      nv_ledger_reserve (ledger, info->vm->placement, info->vm->vcpus, NULL);
    }
  return TRUE;
}

static int
run_start (NvCommandContext *context, GError **error)
{
  const StartOptions *options = context->options;
  g_autoptr (NvLock) lock = nv_lock_take (context->connection->uri, nv_say_waiting, context, error);
  g_autoptr (GPtrArray) infos =
      lock ? nv_select_vms (context, options->all, options->prefix, NULL, error) : NULL;
  gboolean started;

  if (!infos || !check_room (context->connection, infos, error))
    return NV_EXIT_FAILED;
  started =
      nv_fleet_start (context->connection, infos, options->paused, nv_show_fleet_progress, context, error);
  nv_end_progress (context);
  if (started)
    nv_note (context, "%u %s %s", infos->len, infos->len == 1 ? "VM" : "VMs",
             options->paused ? "paused" : "running");
  return started ? NV_EXIT_DONE : NV_EXIT_FAILED;
}

const NvCommand nv_command_start = {
  .name = "start",
  .summary = "start VMs that are stopped, resume those that are paused",
  .arguments = "[VM...]",
  .description = "The memory of each VM must still be free where it was placed; else nothing is started.",
  .needs = NV_NEEDS_CONNECTION,
  .options_size = sizeof (StartOptions),
  .options = start_options,
  .run = run_start,
};
