#pragma once

#include <glib.h>

#define NV_NAME_MAX_BYTES 64

/**
 * nv_name_check:
 * @name: what a VM shall be called
 *
 * A VM's name is 1 to 64 bytes of UTF-8 without control characters or `/`, and neither `.` nor `..`.
 * Everything else, quotes and commas and blanks too, is allowed: names are escaped, never spliced.
 *
 * Returns: %FALSE with NV_ERROR_USAGE.
 */
gboolean nv_name_check (const char *name, GError **error);
