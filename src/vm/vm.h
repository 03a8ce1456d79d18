#pragma once

#include "placement/placement.h"

typedef enum
{
  NV_ACCEL_TCG,
  NV_ACCEL_KVM,
} NvAccel;

typedef enum
{
  NV_DISK_QCOW2,
  NV_DISK_RAW,
} NvDiskFormat;

/* The disk that numavm makes for a VM. */
typedef struct
{
  char *path; /* absolute */
  NvDiskFormat format;
  guint64 size_bytes;
  char *base;       /* (nullable): absolute; what it is an overlay of */
  gboolean created; /* numavm made it, so `down` removes it */
} NvDisk;

/* One VM, whole: what renderers turn into domain XML or QEMU's argv, what a driver stores with the VM and
 * reads back. */
typedef struct
{
  char *name;
  char *uuid;
  guint vcpus;
  guint64 memory_bytes;
  NvPlacement *placement;
  guint64 seed; /* of the planning that placed it */
  guint index;  /* of the VM in that planning */
  NvAccel accel;
  NvDisk *disk;       /* (nullable) */
  char *kernel;       /* (nullable): of the default guest: booted directly */
  char *initrd;       /* (nullable) */
  char *command_line; /* (nullable): of @kernel */
  char *cdrom;        /* (nullable): absolute path of an installer's medium: it boots first, and a reboot or a
                       * panic ends the VM, since an installation has then ended */
  char *console_log;  /* absolute path of the file that keeps what the guest printed */
} NvVm;

NvVm *nv_vm_new (void);
void nv_vm_free (NvVm *vm);
NvDisk *nv_disk_new (const char *path, NvDiskFormat format, guint64 size_bytes, const char *base);
void nv_disk_free (NvDisk *disk);

const char *nv_disk_format_name (NvDiskFormat format); /* "qcow2", "raw" */
gboolean nv_disk_format_parse (const char *name, NvDiskFormat *ret_format);
const char *nv_accel_name (NvAccel accel); /* "kvm", "tcg" */
gboolean nv_accel_parse (const char *name, NvAccel *ret_accel);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvVm, nv_vm_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvDisk, nv_disk_free)
