#pragma once

#include <glib.h>

#define NV_IMAGE_KERNEL    "vmlinuz"
#define NV_IMAGE_INITRAMFS "initramfs.cpio.gz"
#define NV_IMAGE_MANIFEST  "image.json"

/**
 * nv_image_directory_make:
 * @dir: gets its name when it is whole; its parent is there
 * @kernel: descriptor of the kernel, which is copied
 * @manifest: (nullable): text of the third file
 *
 * Returns: %FALSE with NV_ERROR_EXISTS (something is there, and stays), NV_ERROR_NO_SPACE or NV_ERROR_FAILED.
 */
gboolean
nv_image_directory_make (const char *dir, int kernel, GBytes *initramfs, GBytes *manifest, GError **error);
