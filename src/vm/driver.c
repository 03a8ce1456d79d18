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
