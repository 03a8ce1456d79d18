/* down: VMs go, and the disks that numavm made for them. */

#include "cmd/command.h"
#include "cmd/select.h"

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

static int
run_down (NvCommandContext *context, GError **error)
{
  const DownOptions *options = context->options;
  g_autoptr (GPtrArray) infos = nv_select_vms (context, options->all, options->prefix, error);
  gboolean removed;

  if (!infos)
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
