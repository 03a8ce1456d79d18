#pragma once

#include <glib.h>

#include <sys/stat.h>

/**
 * nv_kernel_image_find:
 * @root: "/" for this machine
 *
 * The newest of boot/vmlinuz-VERSION and lib/modules/VERSION/vmlinuz that can be read.
 *
 * Returns: (transfer full): NULL with NV_ERROR_NOT_FOUND, which says what to do.
 */
char *nv_kernel_image_find (const char *root, GError **error);

/* Returns: (transfer full): the version in the name of such a file; its name where there is none. */
char *nv_kernel_version (const char *path);

/* Returns: a descriptor of a regular file, with what stat() says of it; -1 with NV_ERROR_NOT_FOUND. */
int nv_kernel_image_open (const char *path, struct stat *ret_status, GError **error);
