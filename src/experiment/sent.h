#pragma once

#include <glib.h>

/* What a guest has sent into a folder. It is hostile: its files are read only if they are plain, small enough
 * and not links, and under the names that it was told. */

typedef struct
{
  const char *folder; /* where nobody writes any more */
  const char *name;   /* of its files: NAME.json, ... */
  guint64 max_bytes;  /* a file of so many was cut off there */
} NvSent;

typedef gboolean (*NvSentLine) (const char *line, gsize length, gpointer data, GError **error);

/**
 * nv_sent_read:
 * @hear: gets each line of NAME.json, without its newline; FALSE ends the reading
 *
 * Returns: %FALSE with NV_ERROR_NOT_FOUND (no such file), NV_ERROR_PARSE (no plain file, cut off, a line
 * too long), NV_ERROR_FAILED, or the error of @hear, with the file and its line in front.
 */
gboolean nv_sent_read (const NvSent *sent, NvSentLine hear, gpointer data, GError **error);

/* Copies NAME.json, NAME.expresult, NAME.output and NAME.buddyinfo, those that are there and can be, to @to,
 * which is made. Returns: %FALSE with the first error. */
gboolean nv_sent_copy (const NvSent *sent, const char *to, GError **error);
