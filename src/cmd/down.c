/* down: VMs go, and the disks that numavm made for them. */

#include "cmd/command.h"
#include "cmd/select.h"
#include "vm/lock.h"

typedef struct
{
  gboolean all;
  char *prefix;
} DownOptions;

static const NvOption down_options[] = {
  { "all", 'a', NV_OPTION_FLAG, G_STRUCT_OFFSET (DownOptions, all), NULL, "all VMs of numavm" },
  { "prefix", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (DownOptions, prefix), "TEXT",
    "those whose names begin so" },
  { NULL },
};

/* A disk that another VM uses, most likely as the base of its own, does not go. */
static gboolean
check_disks (GPtrArray *infos, GPtrArray *others, GError **error)
{
  for (guint i = 0; i < infos->len; i++)
    {
      const NvVm *vm = ((const NvVmInfo *)g_ptr_array_index (infos, i))->vm;
      const NvVm *user = vm->disk && vm->disk->created ? nv_find_disk_user (others, vm->disk->path) : NULL;

      if (!user)
        continue;
      g_set_error (
          error, NV_ERROR, NV_ERROR_FAILED,
          "cannot remove '%s': VM '%s' needs its disk '%s': take that VM down first, or both at once",
          vm->name, user->name, vm->disk->path);
      return FALSE;
    }
  return TRUE;
}

static int
run_down (NvCommandContext *context, GError **error)
{
  const DownOptions *options = context->options;
  g_autoptr (NvLock) lock = nv_lock_take (context->connection->uri, nv_say_waiting, context, error);
  g_autoptr (GPtrArray) others = NULL;
  g_autoptr (GPtrArray) infos =
      lock ? nv_select_vms (context, options->all, options->prefix, &others, error) : NULL;
  gboolean removed;

  if (!infos || !check_disks (infos, others, error))
    return NV_EXIT_FAILED;
  removed = nv_fleet_down (context->connection, infos, nv_show_fleet_progress, context, error);
  nv_end_progress (context);
  if (removed)
    nv_note (context, "%u %s removed", infos->len, infos->len == 1 ? "VM" : "VMs");
  return removed ? NV_EXIT_DONE : NV_EXIT_FAILED;
}

const NvCommand nv_command_down = {
  .name = "down",
  .summary = "stop VMs at once and remove them and their disks",
  .arguments = "[VM...]",
  .description = "Removes only VMs that numavm made, and of their disks only those that numavm made.",
  .examples = "# all of them\n"
              "numavm down --all",
  .needs = NV_NEEDS_CONNECTION,
  .options_size = sizeof (DownOptions),
  .options = down_options,
  .run = run_down,
};
