/* stop: VMs power off and stay defined. */

#include "cmd/command.h"
#include "cmd/select.h"
#include "base/size.h"

#define DEFAULT_TIMEOUT_S 60
#define MAX_TIMEOUT_S     86400

typedef struct
{
  gboolean all;
  gboolean force;
  char *prefix;
  char *timeout;
} StopOptions;

static const NvOption stop_options[] = {
  { "all", 'a', NV_OPTION_FLAG, G_STRUCT_OFFSET (StopOptions, all), NULL, "all VMs of numavm" },
  { "prefix", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (StopOptions, prefix), "TEXT",
    "those whose names begin so" },
  { "force", 0, NV_OPTION_FLAG, G_STRUCT_OFFSET (StopOptions, force), NULL, "pull the plug" },
  { "timeout", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (StopOptions, timeout), "SECONDS",
    "how long a guest may take to power off; default 60" },
  { NULL },
};

static gboolean
read_timeout (const StopOptions *options, guint64 *ret_timeout_s, GError **error)
{
  *ret_timeout_s = options->force ? 0 : DEFAULT_TIMEOUT_S;
  if (options->force || !options->timeout)
    return TRUE;
  if (nv_count_parse (options->timeout, 1, MAX_TIMEOUT_S, ret_timeout_s, error))
    return TRUE;
  g_prefix_error (error, "timeout ");
  return FALSE;
}

static int
run_stop (NvCommandContext *context, GError **error)
{
  const StopOptions *options = context->options;
  g_autoptr (GPtrArray) infos = NULL;
  guint64 timeout_s;
  gboolean stopped;

  if (!read_timeout (options, &timeout_s, error)
      || !(infos = nv_select_vms (context, options->all, options->prefix, NULL, error)))
    return NV_EXIT_FAILED;
  stopped =
      nv_fleet_stop (context->connection, infos, (guint)timeout_s, nv_show_fleet_progress, context, error);
  nv_end_progress (context);
  if (stopped)
    nv_note (context, "%u %s stopped", infos->len, infos->len == 1 ? "VM" : "VMs");
  return stopped ? NV_EXIT_DONE : NV_EXIT_FAILED;
}

const NvCommand nv_command_stop = {
  .name = "stop",
  .summary = "power VMs off; they stay defined, their disks stay",
  .arguments = "[VM...]",
  .description = "A guest is asked to power off (the default guest, which has nothing to save, is not).",
  .needs = NV_NEEDS_CONNECTION,
  .options_size = sizeof (StopOptions),
  .options = stop_options,
  .run = run_stop,
};
