#include "image/initramfs.h"
#include "base/error.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

typedef struct archive Archive;
typedef struct archive_entry ArchiveEntry;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Archive, archive_write_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ArchiveEntry, archive_entry_free)

static la_ssize_t
append (Archive *archive, void *data, const void *bytes, size_t length)
{
  g_byte_array_append (data, bytes, (guint)length);
  return (la_ssize_t)length;
}

static gboolean
open_archive (Archive *archive, GByteArray *bytes)
{
  /* A gzip header would hold the time. The kernel needs no padding to blocks. */
  return archive_write_set_format_cpio_newc (archive) == ARCHIVE_OK
         && archive_write_add_filter_gzip (archive) == ARCHIVE_OK
         && archive_write_set_options (archive, "gzip:!timestamp") == ARCHIVE_OK
         && archive_write_set_bytes_in_last_block (archive, 1) == ARCHIVE_OK
         && archive_write_open (archive, bytes, NULL, append, NULL) == ARCHIVE_OK;
}

static gboolean
add_entry (Archive *archive, const NvInitramfsEntry *from)
{
  g_autoptr (ArchiveEntry) entry = archive_entry_new ();
  gsize length = 0;
  const void *content = from->content ? g_bytes_get_data (from->content, &length) : NULL;

  archive_entry_set_pathname (entry, from->path);
  archive_entry_set_mode (entry, from->mode);
  archive_entry_set_nlink (entry, S_ISDIR (from->mode) ? 2 : 1);
  archive_entry_set_uid (entry, 0);
  archive_entry_set_gid (entry, 0);
  archive_entry_set_mtime (entry, 0, 0);
  archive_entry_set_size (entry, (la_int64_t)length);
  if (S_ISCHR (from->mode) || S_ISBLK (from->mode))
    archive_entry_set_rdev (entry, from->device);
  return archive_write_header (archive, entry) == ARCHIVE_OK
         && archive_write_data (archive, content, length) == (la_ssize_t)length;
}

GBytes *
nv_initramfs_build (const NvInitramfsEntry *entries, gsize n_entries, GError **error)
{
  /* Outlives the archive, which still writes to it when it is freed. */
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (Archive) archive = archive_write_new ();
  gboolean written = open_archive (archive, bytes);

  for (gsize i = 0; written && i < n_entries; i++)
    written = add_entry (archive, entries + i);
  if (written && archive_write_close (archive) == ARCHIVE_OK)
    return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
  g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot write an initramfs: %s",
               archive_error_string (archive));
  return NULL;
}
