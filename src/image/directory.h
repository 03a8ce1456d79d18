#pragma once

#include <glib.h>
#include <jansson.h>

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

/* May an image come there? NV_ERROR_EXISTS: something that is no empty directory is there; NV_ERROR_FAILED:
 * its parent is not. */
gboolean nv_image_directory_check (const char *dir, GError **error);

/**
 * nv_image_directory_publish:
 * @made: a directory beside @dir, with all files of an image but image.json, all on disk
 *
 * Adds @manifest as image.json, and gives the directory its name.
 *
 * Returns: %FALSE with an error of nv_image_directory_make(); @made is then the caller's to remove.
 */
gboolean
nv_image_directory_publish (const char *made, const json_t *manifest, const char *dir, GError **error);
