#pragma once

#include "vm/vm.h"

/**
 * NvQemuRecord: what the QEMU driver keeps of a VM: one file, DIR/NAME.xml, numavm's metadata and the
 * network.
 *
 * A record is written once, whole, under its VM's name, and never changed: the file system itself sees to it
 * that a name is given once. Who starts or removes the VM holds the file's lock (flock(2)) meanwhile.
 */
typedef struct
{
  NvVm *vm;
  char *network; /* "none" or "user" */
  char *path;
  int fd; /* holds the lock, if it was asked for */
} NvQemuRecord;

typedef enum
{
  NV_QEMU_RECORD_READ,
  NV_QEMU_RECORD_LOCK, /* waits until no other thread or process has it locked */
} NvQemuRecordAccess;

/* @network: (nullable): "none". Returns: %FALSE with NV_ERROR_EXISTS or NV_ERROR_FAILED. */
gboolean nv_qemu_record_create (const char *dir, const NvVm *vm, const char *network, GError **error);

/* Returns: (transfer full): %NULL with NV_ERROR_NOT_FOUND, NV_ERROR_PARSE or NV_ERROR_FAILED. */
NvQemuRecord *
nv_qemu_record_open (const char *dir, const char *name, NvQemuRecordAccess access, GError **error);

/* Unlocks it, too. */
void nv_qemu_record_close (NvQemuRecord *record);

gboolean nv_qemu_record_exists (const char *dir, const char *name);

/* Has another thread or process locked it? Only for a record that was opened to be read. */
gboolean nv_qemu_record_is_busy (const NvQemuRecord *record);

/* Removes the file; @record stays to be closed. */
gboolean nv_qemu_record_remove (NvQemuRecord *record, GError **error);

/* Returns: (transfer full): the names of all VMs in @dir, in no order, with a %NULL at the end; g_strfreev()
 * it. %NULL with NV_ERROR_FAILED. */
char **nv_qemu_record_names (const char *dir, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvQemuRecord, nv_qemu_record_close)
