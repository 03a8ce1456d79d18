#include "vm/vm.h"

#include <string.h>

NvVm *
nv_vm_new (void)
{
  return g_new0 (NvVm, 1);
}

void
nv_vm_free (NvVm *vm)
{
  if (!vm)
    return;
  g_free (vm->name);
  g_free (vm->uuid);
  nv_placement_free (vm->placement);
  nv_disk_free (vm->disk);
  g_free (vm->kernel);
  g_free (vm->initrd);
  g_free (vm->command_line);
  g_free (vm->cdrom);
  g_free (vm->console_log);
  g_free (vm);
}

NvDisk *
nv_disk_new (const char *path, NvDiskFormat format, guint64 size_bytes, const char *base)
{
  NvDisk *disk = g_new0 (NvDisk, 1);

  disk->path = g_strdup (path);
  disk->format = format;
  disk->size_bytes = size_bytes;
  disk->base = g_strdup (base);
  return disk;
}

void
nv_disk_free (NvDisk *disk)
{
  if (!disk)
    return;
  g_free (disk->path);
  g_free (disk->base);
  g_free (disk);
}

const char *
nv_disk_format_name (NvDiskFormat format)
{
  return format == NV_DISK_RAW ? "raw" : "qcow2";
}

gboolean
nv_disk_format_parse (const char *name, NvDiskFormat *ret_format)
{
  if (strcmp (name, "qcow2") == 0)
    *ret_format = NV_DISK_QCOW2;
  else if (strcmp (name, "raw") == 0)
    *ret_format = NV_DISK_RAW;
  else
    return FALSE;
  return TRUE;
}

const char *
nv_accel_name (NvAccel accel)
{
  return accel == NV_ACCEL_KVM ? "kvm" : "tcg";
}

gboolean
nv_accel_parse (const char *name, NvAccel *ret_accel)
{
  if (strcmp (name, "kvm") == 0)
    *ret_accel = NV_ACCEL_KVM;
  else if (strcmp (name, "tcg") == 0)
    *ret_accel = NV_ACCEL_TCG;
  else
    return FALSE;
  return TRUE;
}
