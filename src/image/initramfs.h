#pragma once

#include <glib.h>

#include <sys/types.h>

/* A file, directory or device of an initramfs. */
typedef struct
{
  const char *path; /* relative, such as "dev/console" */
  mode_t mode;      /* type and permissions, as in stat() */
  dev_t device;     /* of a device */
  GBytes *content;  /* of a file */
} NvInitramfsEntry;

/**
 * nv_initramfs_build:
 * @entries: a directory before what is in it
 *
 * A compressed cpio archive in the kernel's format (Documentation/driver-api/early-userspace/
 * buffer-format.rst), all owned by root, without times: the same entries always give the same bytes.
 *
 * Returns: (transfer full): NULL with NV_ERROR_FAILED.
 */
GBytes *nv_initramfs_build (const NvInitramfsEntry *entries, gsize n_entries, GError **error);
