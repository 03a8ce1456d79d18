#include "store/import.h"
#include "base/error.h"
#include "bench/protocol.h"
#include "store/import-place.h"
#include "store/series.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMMIT_INTERVAL_US G_USEC_PER_SEC
#define READ_BYTES         ((gsize)1 << 16)

typedef struct
{
  const NvImportRequest *request;
  NvImportResult *result;
  NvImportPlaces *places;
  gint64 committed_us;
  gboolean in_folder;
  gboolean has_said_beside; /* that a file's values are in another */
  GHashTable *taken;        /* paths of records -> 1, 2: they are in the store */
} Importer;

static void G_GNUC_PRINTF (2, 0) say (const NvImport *import, const char *format, va_list arguments)
{
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  g_autofree char *name = g_utf8_make_valid (import->file, -1);
  g_autofree char *whole = import->line > 0
                               ? g_strdup_printf ("%s:%" G_GUINT64_FORMAT ": %s", name, import->line, text)
                               : g_strdup_printf ("%s: %s", name, text);

  import->request->say (whole, import->request->data);
}

void
nv_import_leave_out (NvImport *import, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  say (import, format, arguments);
  va_end (arguments);
  import->left_out++;
}

void
nv_import_say (NvImport *import, const char *format, ...)
{
  NvImport whole = *import;
  va_list arguments;

  whole.line = 0;
  va_start (arguments, format);
  say (&whole, format, arguments);
  va_end (arguments);
}

gboolean
nv_import_excuse (NvImport *import, GError **error)
{
  if (!g_error_matches (*error, NV_ERROR, NV_ERROR_PARSE))
    return FALSE;
  nv_import_leave_out (import, "%s", (*error)->message);
  g_clear_error (error);
  return TRUE;
}

typedef gboolean (*LineFunction) (NvImport *import, char *line, gsize length, gpointer data, GError **error);

/* Calls @each for every line, also for one that the end cuts off, until one gives FALSE. */
static gboolean
for_each_line (NvImport *import, int fd, LineFunction each, gpointer data, GError **error)
{
  struct nv_lines lines = { 0 };
  gboolean done = TRUE;
  gsize length;
  char *line;
  int status;

  import->line = 0;
  do
    {
      status = nv_lines_read (&lines, fd);
      if (status == 0 && lines.length > 0)
        status = nv_lines_add (&lines, "\n", 1);
      while (done && lines.length > 0 && (line = nv_lines_next (&lines, &length)))
        {
          import->line++;
          done = each (import, line, length, data, error);
        }
    }
  while (done && status > 0);
  if (done && status < 0)
    {
      import->line++;
      nv_import_leave_out (import, "from here on: %s",
                           status == -EMSGSIZE ? "a line is longer than 1 MiB" : g_strerror (-status));
    }
  nv_lines_clear (&lines);
  return done;
}

/* Returns: (transfer full): SHA-256, in hexadecimal; NULL with errno. */
static char *
checksum (int fd)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guchar *bytes = g_malloc (READ_BYTES);
  ssize_t n;

  while ((n = read (fd, bytes, READ_BYTES)) > 0)
    g_checksum_update (sum, bytes, n);
  return n == 0 && lseek (fd, 0, SEEK_SET) == 0 ? g_strdup (g_checksum_get_string (sum)) : NULL;
}

/* Stops at the first line that some format knows. */
static gboolean
recognise_line (NvImport *import, char *line, gsize length, gpointer data, GError **error)
{
  const NvFormat **ret_format = data;

  for (guint i = 0; nv_formats[i]; i++)
    if (nv_formats[i]->recognises (line, length))
      {
        *ret_format = nv_formats[i];
        return FALSE;
      }
  return TRUE;
}

typedef struct
{
  const NvFormat *format;
  gpointer state;
} Reader;

static gboolean
read_line (NvImport *import, char *line, gsize length, gpointer data, GError **error)
{
  const Reader *reader = data;

  return reader->format->read_line (import, reader->state, line, length, error);
}

gboolean
nv_import_read (NvImport *import, const NvFormat *format, int fd, GError **error)
{
  g_autofree void *state = g_malloc0 (format->state_size + 1);
  Reader reader = { format, state };
  gboolean done = for_each_line (import, fd, read_line, &reader, error)
                  && (!format->finish || format->finish (import, state, error));

  if (format->clear)
    format->clear (state);
  nv_series_forget (import->request->store);
  return done;
}

/* What was made for this file is undone. */
static gboolean
undo_file (NvImport *import, GError **error)
{
  nv_import_forget_places (import);
  return nv_store_return (import->request->store, error);
}

/* All that a file holds, or, if that is nothing, no trace of it. */
static gboolean
take_file (Importer *importer, NvImport *import, const NvFormat *format, int fd, const char *sum,
           GError **error)
{
  NvStore *store = importer->request->store;

  if (!nv_store_mark (store, error) || !nv_import_read (import, format, fd, error))
    return FALSE;
  importer->result->left_out += import->left_out;
  if (import->rows == 0)
    {
      import->line = 0;
      importer->result->known += import->known > 0;
      importer->result->unreadable += import->known == 0;
      nv_import_say (import, import->known > 0 ? "is in the store already" : "nothing in it can be read");
      return undo_file (import, error);
    }
  importer->result->imported++;
  importer->result->rows += import->rows;
  return (format->has_ids || nv_store_add_source (store, import->run, import->file, format->name, sum, error))
         && nv_store_keep (store, error);
}

/* Of no failure where nobody named this very file: folders hold other things, too. */
static void
refuse (Importer *importer, NvImport *import, const char *reason)
{
  nv_import_say (import, "%s", reason);
  if (importer->in_folder)
    importer->result->passed_over++;
  else
    importer->result->unreadable++;
}

static gboolean
import_descriptor (Importer *importer, NvImport *import, int fd, GError **error)
{
  const NvFormat *format = NULL;
  g_autofree char *sum = checksum (fd);
  int known;

  if (!sum)
    {
      refuse (importer, import, g_strerror (errno));
      return TRUE;
    }
  known = nv_store_has_source (importer->request->store, sum, error);
  if (known < 0)
    return FALSE;
  if (known > 0)
    {
      nv_import_say (import, "was imported before");
      importer->result->known++;
      return TRUE;
    }
  for_each_line (import, fd, recognise_line, &format, NULL);
  import->left_out = 0;
  if (format && lseek (fd, 0, SEEK_SET) == 0)
    return take_file (importer, import, format, fd, sum, error);
  refuse (importer, import, import->line == 0 ? "is empty" : "is of no format that is known here");
  return TRUE;
}

/* What is not there to be read from is named. Returns: -1. */
static int
open_file (Importer *importer, NvImport *import)
{
  /* Not blocking: nobody may ever write to a FIFO. */
  int fd = open (import->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (importer->in_folder ? O_NOFOLLOW : 0));
  struct stat status;

  if (fd >= 0 && fstat (fd, &status) == 0 && S_ISREG (status.st_mode))
    return fd;
  if (fd < 0 && errno == ELOOP)
    refuse (importer, import, "a symbolic link is not followed: name the file itself");
  else
    refuse (importer, import, fd < 0 ? g_strerror (errno) : "is no regular file");
  if (fd >= 0)
    close (fd);
  return -1;
}

static gboolean
import_file (Importer *importer, NvImport *import, GError **error)
{
  int fd = open_file (importer, import);
  gboolean done = fd < 0 || import_descriptor (importer, import, fd, error);

  importer->result->files++;
  if (fd >= 0)
    close (fd);
  while (g_main_context_iteration (NULL, FALSE))
    ; /* signals */
  if (!done || g_cancellable_set_error_if_cancelled (importer->request->cancellable, NULL))
    {
      if (done)
        g_set_error (error, NV_ERROR, NV_ERROR_CANCELLED, "interrupted after '%s'", import->file);
      return FALSE;
    }
  if (g_get_monotonic_time () - importer->committed_us < COMMIT_INTERVAL_US)
    return TRUE;
  importer->committed_us = g_get_monotonic_time ();
  return nv_store_commit (importer->request->store, error);
}

/* --- folders --- */

/* @path without its extension. Returns: (transfer full). */
static char *
cut_extension (const char *path)
{
  const char *slash = strrchr (path, '/'), *dot = strrchr (path, '.');

  return dot && dot > (slash ? slash + 1 : path) ? g_strndup (path, (gsize)(dot - path)) : g_strdup (path);
}

/* NAME.json is before what is beside it. */
static int
compare_names (gconstpointer a, gconstpointer b)
{
  const char *one = *(char *const *)a, *other = *(char *const *)b;
  g_autofree char *one_name = cut_extension (one), *other_name = cut_extension (other);
  int order = strcmp (one_name, other_name);

  if (order == 0)
    order = g_str_has_suffix (other, ".json") - g_str_has_suffix (one, ".json");
  return order != 0 ? order : strcmp (one, other);
}

/* Returns: (transfer full): paths, in the order of their names. */
static GPtrArray *
list_paths (const char *path, GDir *folder)
{
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  while ((name = g_dir_read_name (folder)))
    g_ptr_array_add (paths, g_build_filename (path, name, NULL));
  g_ptr_array_sort (paths, compare_names);
  return paths;
}

static gboolean
is_folder (const char *path)
{
  return g_file_test (path, G_FILE_TEST_IS_DIR) && !g_file_test (path, G_FILE_TEST_IS_SYMLINK);
}

static gboolean
are_folders (const GPtrArray *paths)
{
  for (guint i = 0; i < paths->len; i++)
    if (!is_folder (g_ptr_array_index (paths, i)))
      return FALSE;
  return paths->len > 0;
}

static gboolean
share_name (const GPtrArray *paths)
{
  for (guint i = 1; i < paths->len; i++)
    {
      g_autofree char *one = cut_extension (g_ptr_array_index (paths, 0));
      g_autofree char *other = cut_extension (g_ptr_array_index (paths, i));

      if (strcmp (one, other) != 0)
        return FALSE;
    }
  return TRUE;
}

/* Are these records, and in the store? 1: yes; 0: no; -1: @error. */
static int
find_records (Importer *importer, const char *path, GError **error)
{
  NvImport import = { .request = importer->request, .file = path };
  const NvFormat *format = NULL;
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (importer->in_folder ? O_NOFOLLOW : 0));
  g_autofree char *sum = NULL;
  struct stat status;

  if (fd >= 0 && fstat (fd, &status) == 0 && S_ISREG (status.st_mode) && (sum = checksum (fd)))
    for_each_line (&import, fd, recognise_line, &format, NULL);
  if (fd >= 0)
    close (fd);
  return format && strcmp (format->name, "records") == 0
             ? nv_store_has_source (importer->request->store, sum, error)
             : 0;
}

static int
are_records_taken (Importer *importer, const char *path, GError **error)
{
  int taken = GPOINTER_TO_INT (g_hash_table_lookup (importer->taken, path)) - 1;

  if (taken < 0)
    {
      taken = find_records (importer, path, error);
      g_hash_table_insert (importer->taken, g_strdup (path), GINT_TO_POINTER (taken + 1));
    }
  return taken;
}

/* A guest that sends its results as files sends NAME.json, which has all of them, and what others can read
 * beside it. Returns: (transfer full): NULL: @path is none of the latter. */
static char *
find_beside (const char *path)
{
  static const char *const extensions[] = { ".expresult", ".output", ".buddyinfo", NULL };
  g_autofree char *name = cut_extension (path);

  return g_strv_contains (extensions, path + strlen (name)) ? g_strconcat (name, ".json", NULL) : NULL;
}

/* Those that are beside records come in only if the records did not. */
static gboolean
import_unless_told (Importer *importer, NvImport *import, GError **error)
{
  g_autofree char *records = find_beside (import->file);
  int taken = records ? are_records_taken (importer, records, error) : 0;

  if (taken < 0)
    return FALSE;
  if (taken == 0)
    return import_file (importer, import, error);
  if (!importer->has_said_beside)
    nv_import_say (import, "passed over, as all such: what it holds is in '%s', too", records);
  importer->has_said_beside = TRUE;
  importer->result->files++;
  importer->result->passed_over++;
  return TRUE;
}

/* @place: (nullable): in a tree, what the folder's files share. */
static gboolean
import_paths (Importer *importer, const GPtrArray *paths, const NvImport *place, GError **error)
{
  gboolean is_alone = place && share_name (paths), done = TRUE;

  for (guint i = 0; i < paths->len && done; i++)
    {
      NvImport import = place ? *place : (NvImport){ 0 };

      import.request = importer->request;
      import.places = importer->places;
      import.file = g_ptr_array_index (paths, i);
      import.is_alone = is_alone;
      if (is_folder (import.file))
        nv_import_say (&import, "a folder: not looked into");
      else
        done = import_unless_told (importer, &import, error);
    }
  return done;
}

static gboolean
import_folder (Importer *importer, const char *path, GDir *folder, const NvImport *above, GError **error);

/* VM/FILE, or POLICY/VM/FILE. @above: as in import_folder(). */
static gboolean
import_tree (Importer *importer, const char *path, const GPtrArray *paths, const NvImport *above,
             GError **error)
{
  gboolean done = TRUE;

  for (guint i = 0; i < paths->len && done; i++)
    {
      const char *below = g_ptr_array_index (paths, i);
      g_autofree char *policy = above ? g_path_get_basename (path) : NULL;
      const NvImport place = { .tree = above ? above->tree : path, .policy = policy };
      GDir *folder = g_dir_open (below, 0, NULL);

      if (folder)
        {
          done = import_folder (importer, below, folder, &place, error);
          g_dir_close (folder);
        }
    }
  return done;
}

/* @above: (nullable): of the tree that it is in. */
static gboolean
import_folder (Importer *importer, const char *path, GDir *folder, const NvImport *above, GError **error)
{
  g_autoptr (GPtrArray) paths = list_paths (path, folder);

  if (are_folders (paths) && !(above && above->policy))
    return import_tree (importer, path, paths, above, error);
  return import_paths (importer, paths, above, error);
}

static gboolean
import_path (Importer *importer, const char *path, GError **error)
{
  NvImport import = { .request = importer->request, .file = path, .places = importer->places };
  GDir *folder = g_dir_open (path, 0, NULL);
  gboolean done;

  importer->in_folder = folder != NULL;
  if (!folder)
    return import_unless_told (importer, &import, error);
  done = import_folder (importer, path, folder, NULL, error);
  g_dir_close (folder);
  return done;
}

/* Where records are named behind what is beside them, they come first. Returns: (transfer container). */
static GPtrArray *
order_paths (char *const *paths)
{
  GPtrArray *ordered = g_ptr_array_new ();
  g_autoptr (GHashTable) named = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) early = g_hash_table_new (g_str_hash, g_str_equal);

  for (char *const *path = paths; *path; path++)
    g_hash_table_insert (named, g_canonicalize_filename (*path, NULL), *path);
  for (; *paths; paths++)
    {
      g_autofree char *canonical = g_canonicalize_filename (*paths, NULL);
      g_autofree char *records = find_beside (canonical);
      gpointer key, path;

      if (records && g_hash_table_steal_extended (named, records, &key, &path))
        {
          g_ptr_array_add (ordered, path);
          g_hash_table_add (early, path);
          g_free (key);
        }
      if (!g_hash_table_remove (early, *paths))
        g_ptr_array_add (ordered, *paths);
    }
  return ordered;
}

gboolean
nv_import (const NvImportRequest *request, char *const *paths, NvImportResult *ret_result, GError **error)
{
  g_autoptr (NvImportPlaces) places = nv_import_places_new ();
  g_autoptr (GHashTable) taken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) ordered = order_paths (paths);
  Importer importer = { request, ret_result, places, g_get_monotonic_time (), FALSE, FALSE, taken };
  gboolean done = TRUE;

  *ret_result = (NvImportResult){ 0 };
  for (guint i = 0; i < ordered->len && done; i++)
    done = import_path (&importer, g_ptr_array_index (ordered, i), error);
  return (done || g_error_matches (*error, NV_ERROR, NV_ERROR_CANCELLED))
         && nv_store_commit (request->store, done ? error : NULL) && done;
}

char *
nv_import_list_formats (void)
{
  GString *list = g_string_new (NULL);

  for (guint i = 0; nv_formats[i]; i++)
    g_string_append_printf (list, "%-12s%s\n", nv_formats[i]->name, nv_formats[i]->summary);
  return g_string_free (list, FALSE);
}
