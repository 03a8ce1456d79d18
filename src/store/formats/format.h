#pragma once

#include "store/import.h"

/* An import format is one const record in a file of its own and one word in this folder's meson.build. Files
 * are told apart by what their lines are, not by names, and are read line by line, so that any size will do.
 * What is in them is hostile. */

typedef struct NvImportPlaces NvImportPlaces;

typedef enum
{
  NV_IMPORT_RUN,
  NV_IMPORT_BOOT,
  NV_IMPORT_VM,
  NV_IMPORT_N_LEVELS,
} NvImportLevel;

/* A file that is being read. */
typedef struct NvImport
{
  const NvImportRequest *request;
  const char *file; /* as it was named */
  const char *tree; /* the folder of folders that it is in; NULL: none */
  const char *policy;
  gboolean is_alone; /* all files of its folder share one name, but for their extensions */
  guint64 line;      /* from 1 */
  gint64 run;        /* 0: none is made yet */
  NvImportPlaces *places;
  gboolean has_made[NV_IMPORT_N_LEVELS];
  guint64 rows, known; /* came in; are there already */
  guint64 left_out;
} NvImport;

typedef struct
{
  const char *name;
  const char *summary;
  gboolean has_ids; /* tells itself what is there already; for others it is the file's checksum */
  gsize state_size; /* of what it keeps from line to line; zeroed at first */

  /* Is this line one that only this format has? */
  gboolean (*recognises) (const char *line, gsize length);

  /* @line: ended by a zero byte, may be changed. Bad content: nv_import_leave_out(). Returns: FALSE if the
   * store fails. */
  gboolean (*read_line) (NvImport *import, gpointer state, char *line, gsize length, GError **error);

  /* (nullable) after the last line. */
  gboolean (*finish) (NvImport *import, gpointer state, GError **error);
  void (*clear) (gpointer state); /* (nullable) */
} NvFormat;

extern const NvFormat *const nv_formats[];

/* Reads @fd to its end as @format, into an open transaction. FALSE if the store fails. */
gboolean nv_import_read (NvImport *import, const NvFormat *format, int fd, GError **error);

/* Of a member of the file that cannot be read: says where and what, and counts it. */
void nv_import_leave_out (NvImport *import, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* What must be known of the file as a whole. */
void nv_import_say (NvImport *import, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* The run that this file's rows are of, made now if there is none. @plan: (nullable). 0 with @error. */
gint64 nv_import_get_run (NvImport *import, const json_t *plan, GError **error);

/* A VM called as the file, in a run and a boot that all files of this folder share; in a tree the VM of its
 * folder. 0 with @error. */
gint64 nv_import_add_vm (NvImport *import, const json_t *plan, GError **error);

/* Who measured where the file does not say it: in a tree the VM of its folder, else the host: 0. Sets
 * @import's run. FALSE with @error. */
gboolean nv_import_get_measurer (NvImport *import, gint64 *ret_vm, GError **error);

/* An error of the store's that a row itself is to blame for becomes a complaint. Returns: TRUE if it was one.
 */
gboolean nv_import_excuse (NvImport *import, GError **error);
