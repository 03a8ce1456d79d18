#include "cmd/select.h"

#include <string.h>
#include <sys/stat.h>

static NvVmInfo *
take_named (GPtrArray *infos, const char *name)
{
  for (guint i = 0; i < infos->len; i++)
    if (strcmp (((const NvVmInfo *)g_ptr_array_index (infos, i))->vm->name, name) == 0)
      return g_ptr_array_steal_index (infos, i);
  return NULL;
}

static gboolean
fail_not_found (NvConnection *connection, const char *name, GError **error)
{
  gboolean exists = FALSE;

  if (!connection->driver->exists (connection, name, &exists, error))
    return FALSE;
  g_set_error (error, NV_ERROR, NV_ERROR_NOT_FOUND,
               exists ? "'%s' is not numavm's: only VMs that numavm made are touched" : "there is no VM '%s'",
               name);
  return FALSE;
}

static gboolean
take_by_name (const NvCommandContext *context, GPtrArray *infos, GPtrArray *selected, GError **error)
{
  for (int i = 0; i < context->n_arguments; i++)
    {
      const char *name = context->arguments[i];
      NvVmInfo *info;
      gboolean again = FALSE;

      for (guint j = 0; j < selected->len; j++)
        again |= strcmp (((const NvVmInfo *)g_ptr_array_index (selected, j))->vm->name, name) == 0;
      if (again)
        continue;
      info = take_named (infos, name);
      if (!info)
        return fail_not_found (context->connection, name, error);
      g_ptr_array_add (selected, info);
    }
  return TRUE;
}

GPtrArray *
nv_select_vms (const NvCommandContext *context, gboolean all, const char *prefix, GPtrArray **ret_others,
               GError **error)
{
  g_autoptr (GPtrArray) infos = NULL;
  g_autoptr (GPtrArray) selected = nv_vm_infos_new ();

  /* An empty prefix is more likely a script's empty variable than a wish for all. */
  if (prefix && !*prefix)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "%s: prefix '' begins every name: say --all for all VMs",
                   context->name);
      return NULL;
    }
  if (!all && !prefix && context->n_arguments == 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "%s: which VMs? name them, or say --all or --prefix TEXT",
                   context->name);
      return NULL;
    }
  infos = context->connection->driver->list (context->connection, NULL, error);
  if (!infos || !take_by_name (context, infos, selected, error))
    return NULL;
  for (guint i = 0; i < infos->len;)
    {
      const NvVmInfo *info = g_ptr_array_index (infos, i);

      if (all || (prefix && g_str_has_prefix (info->vm->name, prefix)))
        g_ptr_array_add (selected, g_ptr_array_steal_index (infos, i));
      else
        i++;
    }
  if (ret_others)
    *ret_others = g_steal_pointer (&infos);
  return g_steal_pointer (&selected);
}

static gboolean
is_same_file (const char *a, const char *b)
{
  struct stat left, right;

  return strcmp (a, b) == 0
         || (stat (a, &left) == 0 && stat (b, &right) == 0 && left.st_dev == right.st_dev
             && left.st_ino == right.st_ino);
}

const NvVm *
nv_find_disk_user (GPtrArray *infos, const char *path)
{
  for (guint i = 0; i < infos->len; i++)
    {
      const NvVm *vm = ((const NvVmInfo *)g_ptr_array_index (infos, i))->vm;

      if (vm->disk
          && (is_same_file (vm->disk->path, path) || (vm->disk->base && is_same_file (vm->disk->base, path))))
        return vm;
    }
  return NULL;
}

void
nv_show_fleet_progress (NvStage stage, guint done, guint total, gpointer data)
{
  static const char *const names[] = {
    [NV_STAGE_MAKE] = "disks and definitions", [NV_STAGE_START] = "started", [NV_STAGE_RESUME] = "running",
    [NV_STAGE_ROLL_BACK] = "taken away again", [NV_STAGE_STOP] = "stopped",  [NV_STAGE_REMOVE] = "removed",
  };

  nv_show_progress (data, names[stage], done, total);
}
