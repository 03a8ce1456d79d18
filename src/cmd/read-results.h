#pragma once

#include "cmd/command.h"
#include "store/import.h"
#include "store/results.h"

/* @text: of --stream; NULL: stock. NV_ERROR_USAGE. */
gboolean nv_read_stream (const char *text, NvStreamKind *ret_stream, GError **error);

/* Where a command has results from: its arguments, or a store; as the user gave it. */
typedef struct
{
  const char *db;     /* (nullable) */
  const char *run;    /* (nullable): of the store */
  const char *stream; /* (nullable): whose text files are */
} NvResultsFrom;

/* What both is not allowed: NV_ERROR_USAGE. @what: for messages, such as "summarize". */
gboolean nv_check_results (const NvCommandContext *context, const NvResultsFrom *from, const char *what,
                           GError **error);

/* Names on stderr what is left out, up to some lines without --verbose, and what a reader must know of all.
 * It waits for threads and for SQLite: a caller who catches signals in a main loop catches them afterwards.
 */
NvResults *nv_read_results (const NvCommandContext *context, const NvResultsFrom *from, GError **error);

/**
 * nv_import_into_memory:
 * @how: they are to be read: without a store and who is told
 * @command: kept with what comes in
 *
 * What the files and folders on the command line hold, as a store that nobody keeps.
 *
 * Returns: (transfer full): NULL with @error: NV_ERROR_NOT_FOUND: nothing in them is a result
 */
NvStore *nv_import_into_memory (const NvCommandContext *context, const NvImportRequest *how,
                                const char *command, GError **error);
