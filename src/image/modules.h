#pragma once

#include <glib.h>

/* A kernel module, not compressed. */
typedef struct
{
  char *name; /* of its file, such as virtio_pci.ko */
  GBytes *content;
} NvModule;

/**
 * nv_modules_collect:
 * @root: "/" for this machine
 * @kernel: its version: modules are in lib/modules/VERSION
 * @names: ended by %NULL; - and _ are the same
 * @missing: (nullable): gets those (not owned) that the kernel has neither as a module nor built in; all
 * where nothing is known of it
 *
 * Those of the modules that the kernel has not built in, each behind those that it needs (modules.dep,
 * modules.builtin: kmod's depmod(8)).
 *
 * Returns: (transfer full) (element-type NvModule): %NULL with NV_ERROR_PARSE (which line of modules.dep) or
 * NV_ERROR_NOT_FOUND (a module's file).
 */
GPtrArray *nv_modules_collect (const char *root, const char *kernel, const char *const *names,
                               GPtrArray *missing, GError **error);
