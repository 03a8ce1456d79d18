#pragma once

#include <gio/gio.h>
#include <jansson.h>

#define NV_DISTRIBUTION_DISK  "disk.qcow2"
#define NV_DISTRIBUTION_KIND  "distribution" /* image.json's "kind" */
#define NV_DISTRIBUTION_BYTES (G_GUINT64_CONSTANT (4) << 30)

typedef struct
{
  const char *suite;          /* such as "bookworm" */
  const char *packages;       /* (nullable): names, between commas or blanks; their order does not matter */
  const char *kernel_package; /* (nullable): the default */
  const char *mirror;         /* (nullable): instead of the host's package sources */
  guint64 size_bytes;         /* of the disk, as its guest sees it */

  /* What is done now, in words. */
  void (*progress) (const char *stage, gpointer data);
  /* All that the tools say, line by line. */
  void (*log) (const char *line, gpointer data);
  gpointer data;
  GCancellable *cancellable;
} NvDistributionOptions;

typedef struct
{
  guint n_packages; /* that the system consists of */
  guint n_reused;   /* of these, so many were in the cache */
  char *cache;      /* where packages are kept; freed by the caller */
  char *left;       /* (nullable): of the build, what could not be removed: " 'PATH'", for each */
} NvDistributionResult;

/**
 * nv_distribution_build:
 * @dir: gets disk.qcow2, vmlinuz, initramfs.cpio.gz and image.json, whole or not at all; must not be there,
 * or be empty
 *
 * A Debian, or what is built as one, with the guest's program as a service in it, by mmdebstrap. Its disk
 * starts by itself on a BIOS; its kernel and initrd are beside it, for a direct start. No loop device is
 * needed, nor, where the kernel has user namespaces for users, root.
 *
 * Which packages in which versions is what image.json says and what can be had again; files that installing
 * makes anew each time (keys, caches, times) are not the same in two builds.
 *
 * Returns: (transfer full): what image.json says, as nv_image_build() has it without "modules",
 * "missing_modules" and "files", and with
 *
 *     {"kind": "distribution", "suite": "bookworm", "asked_packages": ["stress-ng", ...],
 *      "disk": {"file": "disk.qcow2", "virtual_bytes": ..., "size_bytes": ..., "sha256": ...},
 *      "command_line": "root=LABEL=numavm ...",
 *      "packages": [{"name": "adduser", "version": "3.134", "architecture": "all"}, ...]}
 *
 * or %NULL with NV_ERROR_USAGE (a name that is none, a package or a suite that there is not),
 * NV_ERROR_EXISTS, NV_ERROR_UNAVAILABLE (a program is missing: which package has it), NV_ERROR_NO_SPACE,
 * NV_ERROR_CANCELLED or NV_ERROR_FAILED; nothing is then left behind, but for the cache.
 */
json_t *nv_distribution_build (const NvDistributionOptions *options, const char *dir,
                               NvDistributionResult *ret_result, GError **error);
