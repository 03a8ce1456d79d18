#pragma once

#include "store/store.h"

#include <stdio.h>

/* Out of a store, again. Texts are written to files that the caller opens, who also sees whether that failed
 * (ferror). @run: 0: all of them. */

/* Every row of every table, one JSON object a line: "table", then its columns; columns that hold JSON are
 * strings. nv_import() makes the same store of it. */
gboolean nv_export_json (NvStore *store, gint64 run, FILE *file, GError **error);

/* Called for each file of an export that is a folder. NULL with @error ends it. */
typedef FILE *(*NvExportOpen) (const char *name, gpointer data, GError **error);

/* A file a table, RFC 4180, headed by the columns' names; NULL is an empty field, a text that is empty is "".
 */
gboolean nv_export_csv (NvStore *store, gint64 run, NvExportOpen open, gpointer data, GError **error);

/**
 * nv_export_expresult:
 *
 * NAME.expresult for each VM: STREAM 5.10's text, once for each boot (or run of the benchmark that was
 * imported), with what of STREAM's kernels was measured; `host` is bare metal.
 */
gboolean nv_export_expresult (NvStore *store, gint64 run, NvExportOpen open, gpointer data, GError **error);

/* What names do in a path that they must not do (`/`, a dot in front, control characters) is written %XX; of
 * what is too long for a file system, the beginning and a checksum stay. Returns: (transfer full). */
char *nv_export_file_name (const char *name, const char *extension);

/* The run of that id or UUID (or of its beginning, if no other's begins so). 0 with NV_ERROR_NOT_FOUND or
 * NV_ERROR_USAGE. */
gint64 nv_export_find_run (NvStore *store, const char *text, GError **error);
