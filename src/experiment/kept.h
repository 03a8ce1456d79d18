#pragma once

#include <glib.h>

/* The folder of `run --results`: POLICY/VM/ with each guest's files. */

typedef struct
{
  const char *path;          /* (nullable): none is asked for */
  const GPtrArray *policies; /* (element-type NvPolicy) */
  gboolean is_new;           /* set by nv_kept_make() */
} NvKept;

/* Makes the folder, and in it each policy's, before hours are spent on what goes there. Returns: %FALSE with
 * NV_ERROR_EXISTS or NV_ERROR_FAILED; nothing is left then but what is above the folder. */
gboolean nv_kept_make (NvKept *kept, GError **error);

/* Removes what was made and nothing came to. */
void nv_kept_remove_empty (const NvKept *kept);
