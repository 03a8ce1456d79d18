#pragma once

#include <glib.h>

#define NV_MS_IN_NS G_GUINT64_CONSTANT (1000000)

/**
 * nv_duration_parse:
 * @text: a whole number and a unit: ns, us, ms, s, m or h
 * @ret_ns: (out): untouched on failure
 *
 * A number without a unit is refused, since tools differ in what it is, and so is a fraction. At most 2^63 -
 * 1 ns, so that a clock's time and a duration can be added.
 *
 * Returns: %FALSE with NV_ERROR_USAGE.
 */
gboolean nv_duration_parse (const char *text, guint64 *ret_ns, GError **error);
