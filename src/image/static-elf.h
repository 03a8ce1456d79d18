#pragma once

#include <glib.h>

/**
 * nv_elf_check_static:
 * @path: for the message
 *
 * Can @content be executed where there is nothing else? A 64-bit ELF program of this machine's kind that asks
 * for no interpreter (System V ABI, chapter 5), which is what loads shared libraries.
 *
 * Returns: %FALSE with NV_ERROR_USAGE, which says why not.
 */
gboolean nv_elf_check_static (const char *path, GBytes *content, GError **error);
