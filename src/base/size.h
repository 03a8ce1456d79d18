#pragma once

#include <glib.h>

#define NV_KIB (G_GUINT64_CONSTANT (1) << 10)
#define NV_MIB (G_GUINT64_CONSTANT (1) << 20)
#define NV_GIB (G_GUINT64_CONSTANT (1) << 30)

/**
 * nv_size_parse:
 * @text: a whole number and a unit of IEC size: K, M, G, T, P, E, also written KiB or kib; none or B: bytes
 * @ret_bytes: (out): the size in bytes; untouched on failure
 *
 * `2G` is 2 GiB, as in qemu-img and mkfs. A fraction, a sign, a blank inside and a decimal unit (`GB`) are
 * refused: a size that two tools read differently is worse than an error.
 *
 * Returns: %FALSE with NV_ERROR_USAGE.
 */
gboolean nv_size_parse (const char *text, guint64 *ret_bytes, GError **error);

/**
 * nv_size_format:
 *
 * Returns: (transfer full): the size for people, IEC: whole KiB and MiB, one decimal from GiB on: `1.0 GiB`,
 * `1.5 TiB`, `512 MiB`, `37 B`.
 */
char *nv_size_format (guint64 bytes);

/**
 * nv_count_parse:
 * @text: a whole decimal number without a sign
 *
 * Returns: %FALSE with NV_ERROR_USAGE if @text is no such number or not in @minimum to @maximum; @ret_value
 * is then untouched.
 */
gboolean
nv_count_parse (const char *text, guint64 minimum, guint64 maximum, guint64 *ret_value, GError **error);
