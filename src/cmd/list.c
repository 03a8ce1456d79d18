/* list: the VMs that numavm made. */

#include "cmd/command.h"
#include "cmd/show.h"

#include <stdio.h>

static void
print_json (NvConnection *connection, GPtrArray *infos)
{
  json_t *vms = json_array ();

  for (guint i = 0; i < infos->len; i++)
    {
      const NvVmInfo *info = g_ptr_array_index (infos, i);
      int pid = 0;

      if (info->state != NV_VM_STOPPED)
        connection->driver->process (connection, info->vm->name, &pid, NULL, NULL);
      json_array_append_new (vms, nv_vm_to_json (info->vm, nv_vm_state_name (info->state), pid));
    }
  nv_print_json (json_pack ("{s:s, s:o}", "uri", connection->uri, "vms", vms));
}

static void
print_table (GPtrArray *infos)
{
  g_autoptr (NvTable) table = nv_vm_table_new (TRUE);
  g_autofree char *text = NULL;

  for (guint i = 0; i < infos->len; i++)
    {
      const NvVmInfo *info = g_ptr_array_index (infos, i);

      nv_vm_table_add (table, info->vm, nv_vm_state_name (info->state));
    }
  text = nv_table_format (table);
  fputs (text, stdout);
}

static int
run_list (NvCommandContext *context, GError **error)
{
  g_autoptr (GPtrArray) infos = NULL;
  g_autoptr (GPtrArray) damaged = nv_damaged_vms_new ();

  if (context->n_arguments > 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "list: takes no arguments");
      return NV_EXIT_USAGE;
    }
  infos = context->connection->driver->list (context->connection, damaged, error);
  if (!infos)
    return NV_EXIT_FAILED;
  for (guint i = 0; i < damaged->len; i++)
    nv_message ("%s", ((const NvDamagedVm *)g_ptr_array_index (damaged, i))->message);
  if (context->common->json)
    print_json (context->connection, infos);
  else if (infos->len > 0)
    print_table (infos);
  else
    nv_note (context, "no VMs of numavm on %s", context->connection->uri);
  return NV_EXIT_DONE;
}

const NvCommand nv_command_list = {
  .name = "list",
  .summary = "show the VMs that numavm made, their state and placement",
  .examples = "# the QEMU process of each, and where its memory was placed\n"
              "numavm list --json",
  .needs = NV_NEEDS_CONNECTION,
  .run = run_list,
};
