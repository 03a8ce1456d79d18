#pragma once

#include <glib.h>
#include <jansson.h>

typedef struct
{
  const char *kernel;     /* (nullable): the newest distribution kernel that is found */
  char *const *additions; /* (nullable): as nv_contents_add_program() takes them, ended by %NULL */
  gboolean debug_shell;
} NvImageOptions;

/**
 * nv_image_build:
 * @dir: gets the kernel, the initramfs, and what is in them as JSON (directory.h); must not be there, or be
 *   empty
 *
 * The same inputs give the same bytes.
 *
 * Returns: (transfer full): what image.json says,
 *
 *     {"version": 1, "program": "numavm 0.1.0",
 *      "kernel": {"file": "vmlinuz", "version": "6.1.0-56-cloud-amd64", "size_bytes": ..., "sha256": ...},
 *      "initramfs": {"file": "initramfs.cpio.gz", "size_bytes": ..., "sha256": ...},
 *      "modules": ["virtio_pci.ko", ...],      in the order of loading
 *      "missing_modules": ["virtio_console"],  that the kernel lacks
 *      "files": [{"path": "/init", "size_bytes": ..., "sha256": ...}, ...]}
 *
 * or %NULL with an error of nv_contents_collect(), nv_contents_add_program() or nv_image_directory_make().
 */
json_t *nv_image_build (const NvImageOptions *options, const char *dir, GError **error);
