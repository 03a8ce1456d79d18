#pragma once

#include "vm/vm.h"

#include <gio/gio.h>

typedef enum
{
  NV_DISK_OVERWRITE = 1 << 0, /* replace what is there, in one step, once the new disk is whole */
  NV_DISK_FULL_COPY = 1 << 1, /* base is copied, not referred to */
} NvDiskFlags;

#define NV_DISK_DEFAULT_BYTES (G_GUINT64_CONSTANT (2) << 30)

/**
 * NvDiskMaker: makes disks, from several threads at once.
 *
 * Disks that are alike (same format, size and base) are made by qemu-img once and copied: a disk says nothing
 * of its own name. A disk appears under its name only when it is whole.
 */
typedef struct NvDiskMaker NvDiskMaker;

NvDiskMaker *nv_disk_maker_new (void);
void nv_disk_maker_free (NvDiskMaker *maker);

/**
 * nv_disk_create:
 * @disk: size_bytes 0: the size of its base; with a base at least that size
 *
 * Returns: %FALSE with NV_ERROR_EXISTS, NV_ERROR_NOT_FOUND (the base), NV_ERROR_USAGE (smaller than its
 * base), NV_ERROR_NO_SPACE (needed and free are named), NV_ERROR_CANCELLED, NV_ERROR_UNAVAILABLE (there is no
 * qemu-img), NV_ERROR_FAILED; nothing is then left behind.
 */
gboolean nv_disk_create (NvDiskMaker *maker, const NvDisk *disk, NvDiskFlags flags, GCancellable *cancellable,
                         GError **error);

/* Microseconds that qemu-img ran, over all calls. */
gint64 nv_disk_maker_qemu_img_us (NvDiskMaker *maker);

/* Removes the file. NV_ERROR_NOT_FOUND if there is none; NV_ERROR_USAGE if it is no regular file. */
gboolean nv_disk_delete (const char *path, GError **error);

/* What qemu-img says of an image. */
typedef struct
{
  char *path;
  char *format; /* as qemu-img calls it; may be one that numavm does not make */
  guint64 virtual_bytes;
  guint64 actual_bytes;
  char *base; /* (nullable) */
} NvDiskInfo;

void nv_disk_info_free (NvDiskInfo *info);

/* @format: (nullable): raw if @path ends in .raw, else probed; what is called .img and is found to name
 * another file is refused. Returns: (transfer full): NULL with NV_ERROR_NOT_FOUND or NV_ERROR_PARSE. */
NvDiskInfo *nv_disk_info_read (const char *path, const char *format, GError **error);

/* How much of what @disk shows was written, wherever: holes and zeros that are known as such are none.
 * NV_ERROR_PARSE, or the errors of nv_qemu_img_run(). */
gboolean nv_disk_data_bytes (const NvDisk *disk, guint64 *ret_bytes, GError **error);

/* Returns: (transfer full) (element-type NvDiskInfo): the images in @dir, by name; what is no image is
 * passed over. */
GPtrArray *nv_disk_list (const char *dir, GError **error);

/* Returns: (transfer full): DIR/NAME.FORMAT. */
char *nv_disk_path (const char *dir, const char *name, NvDiskFormat format);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvDiskMaker, nv_disk_maker_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvDiskInfo, nv_disk_info_free)
