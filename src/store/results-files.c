/* Files of STREAM's text, many at once. */

#include "store/results-private.h"
#include "base/error.h"
#include "store/stream-text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX     ".expresult"
#define READ_BYTES ((gsize)256 << 10) /* stays in a core's own cache until it is read through */
#define MAX_SAID   1000               /* of each file: a damaged one must not fill the memory */

/* What the threads share. */
typedef struct
{
  const NvResultsRequest *request;
  NvResults *results;
  GPtrArray *files; /* File, in the order in which they are named */
  GHashTable *seen; /* "device:inode": a file that is named twice is one VM */
  GMutex lock;      /* of what follows, and of the results' kernels */
  guint next_to_say;
} Reading;

/* A file, and all that is in it. */
typedef struct
{
  Reading *reading;
  char *path;
  gboolean is_guess; /* nobody said that it is STREAM's text */
  NvStreamText text;
  NvResultVm *vm;
  guint n_results;
  char kernels[NV_RESULTS_KERNELS][NV_STREAM_TEXT_NAME]; /* by the results' index, once they were met */
  GPtrArray *said;
  guint64 left_out;
  double implausible_rate;
  gboolean is_read;
} File;

static void
file_free (gpointer data)
{
  File *file = data;

  nv_result_vm_free (file->vm);
  g_clear_pointer (&file->said, g_ptr_array_unref);
  g_free (file->path);
  g_free (file);
}

/* --- one file --- */

/* @line: 0: of the file as a whole. */
static void
leave_out (guint64 line, const char *reason, gpointer data)
{
  File *file = data;

  file->left_out++;
  if (file->left_out > MAX_SAID)
    return;
  if (!file->said)
    file->said = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (file->said,
                   line > 0 ? g_strdup_printf ("%s:%" G_GUINT64_FORMAT ": %s", file->path, line, reason)
                            : g_strdup_printf ("%s: %s", file->path, reason));
}

static int
find_kernel (File *file, const char *name)
{
  int index;

  for (guint i = 0; i < NV_RESULTS_KERNELS; i++)
    if (strcmp (file->kernels[i], name) == 0)
      return (int)i;
  g_mutex_lock (&file->reading->lock);
  index = nv_results_get_kernel (file->reading->results, name, "bytes/s", NV_RESULTS_RATE);
  g_mutex_unlock (&file->reading->lock);
  if (index >= 0)
    g_strlcpy (file->kernels[index], name, NV_STREAM_TEXT_NAME);
  return index;
}

static gboolean
take (const NvStoreStream *stream, gpointer data)
{
  File *file = data;
  int kernel = find_kernel (file, stream->kernel);
  NvResult result;

  if (kernel < 0)
    leave_out (file->text.line, "more kernels than can be told apart", file);
  else if (!nv_result_set (&result, stream->best_rate_bytes_per_s, stream->average_s, stream->minimum_s,
                           stream->maximum_s, stream->sequence))
    leave_out (file->text.line, "a number is too large", file);
  else
    {
      nv_result_vm_add (file->vm, (guint)kernel, &result);
      file->n_results++;
      file->implausible_rate = MAX (file->implausible_rate, nv_stream_implausible_rate (stream));
    }
  return TRUE;
}

/* The rest of a buffer, which has no end of a line: it is the last one, or too long. */
static void
end_text (File *file, const char *rest, gsize length, ssize_t n)
{
  if (n < 0)
    {
      g_autofree char *reason = g_strdup_printf ("from here on: %s", g_strerror (errno));

      leave_out (file->text.line + 1, reason, file);
    }
  else if (length > NV_STREAM_TEXT_LINE)
    leave_out (file->text.line + 1, "from here on: a line is longer than 1 MiB", file);
  else if (length > 0)
    nv_stream_text_take_line (&file->text, rest, length);
  nv_stream_text_finish (&file->text);
}

static void
read_text (File *file, int fd)
{
  g_autofree char *buffer = g_malloc (NV_STREAM_TEXT_LINE + READ_BYTES);
  gsize length = 0, taken;
  ssize_t n = 0;

  while (length <= NV_STREAM_TEXT_LINE && (n = read (fd, buffer + length, READ_BYTES)) != 0)
    {
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        break;
      length += (gsize)n;
      nv_stream_text_take_lines (&file->text, buffer, length, &taken);
      length -= taken;
      memmove (buffer, buffer + taken, length);
    }
  end_text (file, buffer, length, n);
}

/* @path: NULL: @text names it. */
static void
say (const NvResultsRequest *request, const char *path, const char *text)
{
  g_autofree char *whole = path ? g_strdup_printf ("%s: %s", path, text) : g_strdup (text);
  g_autofree char *valid = g_utf8_make_valid (whole, -1);

  request->say (valid, request->data);
}

static void
say_of_file (const NvResultsRequest *request, const File *file)
{
  for (guint i = 0; file->said && i < file->said->len; i++)
    say (request, NULL, g_ptr_array_index (file->said, i));
  if (file->left_out > MAX_SAID)
    {
      g_autofree char *rest =
          g_strdup_printf ("and %" G_GUINT64_FORMAT " more lines or parts", file->left_out - MAX_SAID);

      say (request, file->path, rest);
    }
}

/* In the order of the files, whichever is read first. */
static void
end_file (Reading *reading, File *file)
{
  g_mutex_lock (&reading->lock);
  file->is_read = TRUE;
  for (; reading->next_to_say < reading->files->len; reading->next_to_say++)
    {
      File *next = g_ptr_array_index (reading->files, reading->next_to_say);

      if (!next->is_read)
        break;
      reading->results->left_out += next->left_out;
      say_of_file (reading->request, next);
      g_clear_pointer (&next->said, g_ptr_array_unref);
    }
  g_mutex_unlock (&reading->lock);
}

static void
read_file (gpointer data, gpointer user_data)
{
  File *file = data;
  Reading *reading = user_data;
  /* Not blocking: it may have become a FIFO to which nobody ever writes. */
  int fd = open (file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

  if (fd < 0)
    leave_out (0, g_strerror (errno), file);
  else
    read_text (file, fd);
  if (fd >= 0 && file->n_results == 0 && file->left_out == 0)
    leave_out (0, file->text.line == 0 ? "is empty" : "no result of STREAM is in it", file);
  if (fd >= 0)
    close (fd);
  if (file->is_guess && file->n_results == 0)
    {
      file->left_out = 0;
      g_clear_pointer (&file->said, g_ptr_array_unref);
    }
  file->vm->n_runs = file->text.sequence;
  end_file (reading, file);
}

/* --- which files --- */

static void
refuse (Reading *reading, const char *path, const char *reason)
{
  reading->results->left_out++;
  say (reading->request, path, reason);
}

/* @policy: (nullable). @name: of the VM; NULL: as the file is called. */
static void
add_file (Reading *reading, const char *path, gboolean is_guess, const char *policy, const char *name)
{
  g_autofree char *base = g_path_get_basename (path);
  struct stat status;
  gboolean is_there = stat (path, &status) == 0;
  char *identity;
  File *file;

  if (!is_there || !S_ISREG (status.st_mode))
    {
      if (!is_guess)
        refuse (reading, path, is_there ? "is no regular file" : g_strerror (errno));
      return;
    }
  identity = g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64)status.st_dev,
                              (guint64)status.st_ino);
  if (!g_hash_table_add (reading->seen, identity))
    {
      refuse (reading, path, "was named before");
      return;
    }
  if (g_str_has_suffix (base, SUFFIX) && strlen (base) > strlen (SUFFIX))
    base[strlen (base) - strlen (SUFFIX)] = '\0';
  file = g_new0 (File, 1);
  file->reading = reading;
  file->path = g_strdup (path);
  file->is_guess = is_guess;
  file->vm = nv_result_vm_new (name ? name : base, policy);
  file->text.is_guess = is_guess;
  file->text.is_original_mod = reading->request->is_original_mod;
  file->text.take = take;
  file->text.leave_out = leave_out;
  file->text.data = file;
  g_ptr_array_add (reading->files, file);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strverscmp (*(char *const *)a, *(char *const *)b);
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
are_folders (const GPtrArray *paths)
{
  for (guint i = 0; i < paths->len; i++)
    {
      const char *path = g_ptr_array_index (paths, i);

      if (!g_file_test (path, G_FILE_TEST_IS_DIR) || g_file_test (path, G_FILE_TEST_IS_SYMLINK))
        return FALSE;
    }
  return paths->len > 0;
}

static guint
count_suffixes (const GPtrArray *paths)
{
  guint n = 0;

  for (guint i = 0; i < paths->len; i++)
    n += g_str_has_suffix (g_ptr_array_index (paths, i), SUFFIX);
  return n;
}

/* @vm: (nullable): in a tree, which VM's folder it is. */
static void
add_files (Reading *reading, const GPtrArray *paths, const char *policy, const char *vm)
{
  guint n = count_suffixes (paths);

  for (guint i = 0; i < paths->len; i++)
    {
      const char *path = g_ptr_array_index (paths, i);

      if (!g_str_has_suffix (path, SUFFIX) && (n > 0 || vm))
        continue;
      if (g_file_test (path, G_FILE_TEST_IS_SYMLINK))
        refuse (reading, path, "a symbolic link is not followed: name the file itself");
      else
        add_file (reading, path, n == 0, policy, n == 1 ? vm : NULL);
    }
}

/* A folder that holds nothing but folders is a tree: VM/FILE, or POLICY/VM/FILE. @level: 0: the tree's root;
 * @policy: of level 2. */
static void
add_folder (Reading *reading, const char *path, GDir *folder, guint level, const char *policy)
{
  g_autoptr (GPtrArray) paths = list_paths (path, folder);
  g_autofree char *name = g_path_get_basename (path);

  if (level == 2 || !are_folders (paths))
    {
      add_files (reading, paths, policy, level > 0 ? name : NULL);
      return;
    }
  for (guint i = 0; i < paths->len; i++)
    {
      const char *below = g_ptr_array_index (paths, i);
      GDir *next = g_dir_open (below, 0, NULL);

      if (next)
        {
          add_folder (reading, below, next, level + 1, level == 1 ? name : NULL);
          g_dir_close (next);
        }
    }
}

static void
add_paths (Reading *reading, char *const *paths)
{
  for (; *paths; paths++)
    {
      GDir *folder = g_dir_open (*paths, 0, NULL);

      if (folder)
        add_folder (reading, *paths, folder, 0, NULL);
      else
        add_file (reading, *paths, FALSE, NULL, NULL);
      if (folder)
        g_dir_close (folder);
    }
}

/* --- all of them --- */

static char *
policy_and_name (const NvResultVm *vm)
{
  return g_strdup_printf ("%s\n%s", vm->policy ? vm->policy : "", vm->name);
}

/* Those that share policy and name get one that @rename makes of the path. */
static void
tell_apart (const Reading *reading, char *(*rename) (const File *file))
{
  g_autoptr (GHashTable) counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < reading->files->len; i++)
    {
      const File *file = g_ptr_array_index (reading->files, i);
      char *key = policy_and_name (file->vm);
      guint n = GPOINTER_TO_UINT (g_hash_table_lookup (counts, key));

      g_hash_table_insert (counts, key, GUINT_TO_POINTER (n + (file->n_results > 0)));
    }
  for (guint i = 0; i < reading->files->len; i++)
    {
      const File *file = g_ptr_array_index (reading->files, i);
      g_autofree char *key = policy_and_name (file->vm);
      g_autofree char *name = NULL;

      if (GPOINTER_TO_UINT (g_hash_table_lookup (counts, key)) < 2)
        continue;
      name = rename (file);
      g_free (file->vm->name);
      file->vm->name = g_utf8_make_valid (name, -1);
    }
}

static char *
name_with_folder (const File *file)
{
  g_autofree char *path = g_canonicalize_filename (file->path, NULL);
  g_autofree char *folder_path = g_path_get_dirname (path);
  g_autofree char *folder = g_path_get_basename (folder_path);

  return g_build_filename (folder, file->vm->name, NULL);
}

static char *
name_with_path (const File *file)
{
  return g_strdup (file->path);
}

static void
read_all (Reading *reading)
{
  GThreadPool *pool = g_thread_pool_new (read_file, reading, (int)g_get_num_processors (), FALSE, NULL);

  for (guint i = 0; i < reading->files->len; i++)
    g_thread_pool_push (pool, g_ptr_array_index (reading->files, i), NULL);
  g_thread_pool_free (pool, FALSE, TRUE);
  tell_apart (reading, name_with_folder);
  tell_apart (reading, name_with_path);
  for (guint i = 0; i < reading->files->len; i++)
    {
      File *file = g_ptr_array_index (reading->files, i);

      reading->results->implausible_rate = MAX (reading->results->implausible_rate, file->implausible_rate);
      if (file->n_results > 0)
        g_ptr_array_add (reading->results->vms, g_steal_pointer (&file->vm));
    }
  nv_results_finish (reading->results);
}

NvResults *
nv_results_read_files (const NvResultsRequest *request, char *const *paths, GError **error)
{
  g_autofree char *source =
      paths[0] && paths[1] ? g_strdup_printf ("%s and %u more", paths[0], g_strv_length ((char **)paths) - 1)
                           : g_strdup (paths[0] ? paths[0] : "");
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (file_free);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (NvResults) results = nv_results_new (source);
  Reading reading = { .request = request, .results = results, .files = files, .seen = seen };

  results->rates_divided_by = request->is_original_mod ? NV_STREAM_MOD_DIVISOR : 0;
  g_mutex_init (&reading.lock);
  add_paths (&reading, paths);
  read_all (&reading);
  g_mutex_clear (&reading.lock);
  if (results->vms->len > 0)
    return g_steal_pointer (&results);
  g_set_error (error, NV_ERROR, NV_ERROR_NOT_FOUND, "'%s': no result of STREAM is in it", results->source);
  return NULL;
}
