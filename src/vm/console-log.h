#pragma once

#include <glib.h>

/**
 * nv_console_log_tail:
 * @path: (nullable): of a VM's console log
 *
 * The last @n_lines lines of what a guest printed, for people: indented, each ended by a newline but the
 * last; control characters, and bytes that are not UTF-8, shown as `?`.
 *
 * Returns: (transfer full): "" if there is nothing or it cannot be read.
 */
char *nv_console_log_tail (const char *path, guint n_lines);
