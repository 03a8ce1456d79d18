#pragma once

#include <glib.h>

/**
 * nv_qemu_machines_ask:
 * @emulator: its path, or its name if it is in PATH
 *
 * Starts a QEMU without a machine and asks it for its machine types.
 *
 * Returns: (transfer full) (element-type utf8 guint): for each machine type, and each alias such as "pc", the
 * largest number of vCPUs; NULL with NV_ERROR_FAILED.
 */
GHashTable *nv_qemu_machines_ask (const char *emulator, GError **error);
