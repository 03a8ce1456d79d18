#pragma once

#include <gio/gio.h>

/**
 * nv_qemu_img_run:
 * @arguments: NULL-terminated, without the program; files by absolute path, which qemu-img never takes for
 *   a protocol, an option or JSON
 *
 * On cancellation qemu-img is killed, and gone when this returns. Not for the main context: blocks.
 *
 * Returns: (transfer full): what it printed; NULL with NV_ERROR_UNAVAILABLE (there is no qemu-img),
 * NV_ERROR_NO_SPACE, NV_ERROR_CANCELLED, or NV_ERROR_FAILED with its complaint.
 */
char *nv_qemu_img_run (const char *const *arguments, GCancellable *cancellable, GError **error);
