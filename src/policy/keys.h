#pragma once

#include <glib.h>

/* The keys of a request by number, for a reader of lines that must know which it has seen. */
#define NV_N_KEYS 11u

/* Returns: the number, or -1. */
int nv_key_find (const char *name);
const char *nv_key_name (guint key);

/* Sets NV_ERROR_USAGE: `SUBJECT 'name': one of name, vcpus, ... is allowed`. */
void nv_key_refuse (const char *subject, const char *name, GError **error);
