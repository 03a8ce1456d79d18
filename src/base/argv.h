#pragma once

#include <glib.h>

/* A command in the making: an array of words that it owns, for QEMU above all. Words are copied. */

/* @value: (nullable): a second word. */
void nv_argv_add (GPtrArray *argv, const char *option, const char *value);

void nv_argv_add_format (GPtrArray *argv, const char *option, const char *format, ...) G_GNUC_PRINTF (3, 4);
