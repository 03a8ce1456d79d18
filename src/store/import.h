#pragma once

#include "store/store.h"

#include <gio/gio.h>

/* Files into a store: what can be read comes in, the rest is named, nothing comes in twice. */

/* Whose text *.expresult files are. */
typedef enum
{
  NV_STREAM_STOCK,
  NV_STREAM_ORIGINAL_MOD, /* the original system's modified STREAM, whose rates are 8 times too high */
} NvStreamKind;

typedef struct
{
  NvStore *store;
  NvStreamKind stream;
  guint64 interval_ns; /* of logs without time stamps; 0: unknown, they are left out */
  const char *command; /* kept with each run */
  void (*say) (const char *text, gpointer data); /* `FILE:LINE: what is left out`, or what must be known */
  gpointer data;
  GCancellable *cancellable; /* (nullable) */
} NvImportRequest;

typedef struct
{
  guint files;
  guint imported;
  guint known;       /* were imported before */
  guint unreadable;  /* nothing came of them */
  guint passed_over; /* in folders, and no results at all, or in another file, too */
  guint64 rows;
  guint64 left_out; /* lines and parts */
} NvImportResult;

/**
 * nv_import:
 * @paths: ended by NULL: files, or folders, of which the files are read: not what is in folders below, no
 * links, no devices. A folder that holds nothing but folders is a tree: of VMs, or of policies' folders of
 * VMs, as `numavm run --results` leaves it; it is one run.
 *
 * Of what one guest sent, only the records come in, unless nothing in them can be read: NAME.json has all
 * that is in the files beside it.
 *
 * Returns: %FALSE if the store could not take it, or with NV_ERROR_CANCELLED; what was imported before stays.
 */
gboolean
nv_import (const NvImportRequest *request, char *const *paths, NvImportResult *ret_result, GError **error);

/* The formats, one a line: `NAME  what it is`. Returns: (transfer full). */
char *nv_import_list_formats (void);
