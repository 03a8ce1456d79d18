#include "vm/driver.h"

#include <string.h>

const NvDriver *
nv_driver_find (const char *name)
{
  for (guint i = 0; nv_drivers[i]; i++)
    if (strcmp (nv_drivers[i]->name, name) == 0)
      return nv_drivers[i];
  return NULL;
}

void
nv_driver_host_free (NvDriverHost *host)
{
  if (!host)
    return;
  nv_host_free (host->host);
  g_free (host->kvm_reason);
  g_free (host->emulator);
  g_free (host);
}

void
nv_vm_info_free (NvVmInfo *info)
{
  if (!info)
    return;
  nv_vm_free (info->vm);
  g_free (info);
}

static void
info_free (gpointer data)
{
  nv_vm_info_free (data);
}

GPtrArray *
nv_vm_infos_new (void)
{
  return g_ptr_array_new_with_free_func (info_free);
}

static void
damaged_free (gpointer data)
{
  NvDamagedVm *vm = data;

  g_free (vm->message);
  g_free (vm);
}

GPtrArray *
nv_damaged_vms_new (void)
{
  return g_ptr_array_new_with_free_func (damaged_free);
}

void
nv_damaged_vms_add (GPtrArray *damaged, const char *name, NvVmState state, GError *error)
{
  if (damaged)
    {
      NvDamagedVm *vm = g_new0 (NvDamagedVm, 1);

      vm->message =
          g_strdup_printf ("what numavm stored with VM '%s' cannot be read: %s", name, error->message);
      vm->state = state;
      g_ptr_array_add (damaged, vm);
    }
  g_error_free (error);
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  const NvVmInfo *first = *(NvVmInfo *const *)a, *second = *(NvVmInfo *const *)b;

  return strverscmp (first->vm->name, second->vm->name);
}

void
nv_vm_infos_sort (GPtrArray *infos)
{
  g_ptr_array_sort (infos, compare_names);
}

const char *
nv_vm_state_name (NvVmState state)
{
  static const char *const names[] = {
    [NV_VM_STOPPED] = "stopped",
    [NV_VM_RUNNING] = "running",
    [NV_VM_PAUSED] = "paused",
    [NV_VM_CRASHED] = "crashed",
  };

  return names[state];
}
