#pragma once

#include <gio/gio.h>

/* A file in the making, under a temporary name beside its own, so that nobody ever sees half of it. */
typedef struct
{
  char *path;      /* absolute: its name once it is whole */
  char *temporary; /* DIR/.NAME.XXXXXX; %NULL once published */
  int fd;          /* for reading and writing */
} NvNewFile;

/**
 * nv_new_file_create:
 * @path: absolute
 *
 * The new file is readable by its owner only.
 *
 * Returns: (transfer full): NULL with NV_ERROR_NO_SPACE or NV_ERROR_FAILED.
 */
NvNewFile *nv_new_file_create (const char *path, GError **error);

/**
 * nv_new_file_publish:
 * @overwrite: replace what has that name
 *
 * Gives the file its name, in one step.
 *
 * Returns: %FALSE with NV_ERROR_EXISTS or NV_ERROR_FAILED; the file is then still unpublished.
 */
gboolean nv_new_file_publish (NvNewFile *file, gboolean overwrite, GError **error);

/* Lets others read it as far as this process's umask does. */
void nv_new_file_share (NvNewFile *file);

/* Closes the file; removes it if it is not published. */
void nv_new_file_free (NvNewFile *file);

/**
 * nv_file_copy:
 * @from, @to: descriptors; @to is empty. Neither's offset matters, so threads may share @from
 *
 * Copies the content and keeps its holes; where the file system can, blocks are shared and not copied.
 *
 * Returns: %FALSE with NV_ERROR_NO_SPACE, NV_ERROR_CANCELLED or NV_ERROR_FAILED.
 */
gboolean nv_file_copy (int from, int to, GCancellable *cancellable, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvNewFile, nv_new_file_free)
