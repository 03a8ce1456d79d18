#pragma once

#include "image/initramfs.h"

/**
 * nv_contents_collect:
 * @kernel: path of the kernel; its modules are those of the version that its name says
 * @missing: (nullable): gets the modules that this kernel lacks: see nv_modules_collect()
 *
 * What the initramfs of every guest consists of: the guest's program and the modules for the channel to the
 * host and for the power button.
 *
 * Returns: (transfer full) (element-type NvInitramfsEntry): %NULL with NV_ERROR_PARSE or NV_ERROR_NOT_FOUND.
 */
GArray *nv_contents_collect (const char *kernel, GPtrArray *missing, GError **error);

/* The parts that every initramfs has, with @taken_init as its first program. Returns: (transfer full)
 * (element-type NvInitramfsEntry). */
GArray *nv_contents_new (GBytes *taken_init);

/* @path: relative; @mode: with its type; @taken_content: NULL of a directory. */
void nv_contents_add (GArray *entries, const char *path, mode_t mode, GBytes *taken_content);

/* Adds modules in /modules, and /modules/order with their names in the order of loading. @names, @missing,
 * errors: see nv_modules_collect(). */
gboolean nv_contents_add_modules (GArray *entries, const char *kernel, const char *const *names,
                                  GPtrArray *missing, GError **error);

/**
 * nv_contents_add_program:
 * @what: FILE, which lands in /bin, or FILE:PATH
 *
 * Adds a static program, and the directories above it.
 *
 * Returns: %FALSE with NV_ERROR_USAGE: the file cannot run there, the path is none or is taken.
 */
gboolean nv_contents_add_program (GArray *entries, const char *what, GError **error);

/* Adds the distribution's static busybox as /bin/sh, which the guest then starts on its console. %FALSE with
 * NV_ERROR_NOT_FOUND, which names the package. */
gboolean nv_contents_add_shell (GArray *entries, GError **error);
