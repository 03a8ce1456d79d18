#include "vm/disk.h"
#include "base/error.h"
#include "vm/qemu-img.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

/* More of them only wait for the disk. */
#define MAX_THREADS 8

void
nv_disk_info_free (NvDiskInfo *info)
{
  if (!info)
    return;
  g_free (info->path);
  g_free (info->format);
  g_free (info->base);
  g_free (info);
}

/* A guest writes what it likes into its raw disk: also the header of a format that lets another file of this
 * host be read. The name .raw is therefore believed. Under .img people keep both raw and other images, which
 * are probed, but then must not name another file. */
static const char *
format_by_name (const char *path)
{
  return g_str_has_suffix (path, ".raw") ? "raw" : NULL;
}

static gboolean
check_trust (const char *path, const char *format, const char *other_file, GError **error)
{
  if (!other_file || !g_str_has_suffix (path, ".img"))
    return TRUE;
  g_set_error (
      error, NV_ERROR, NV_ERROR_PARSE,
      "image '%s': it holds %s that names another file, '%s', as a guest could have written it: call it .%s if that is meant, .raw if it is not",
      path, format, other_file, format);
  return FALSE;
}

static NvDiskInfo *
parse_info (const char *path, const char *text, gboolean probed, GError **error)
{
  json_error_t problem;
  json_t *json = json_loads (text, 0, &problem);
  json_int_t virtual_bytes, actual_bytes = 0;
  const char *format, *base = NULL, *full_base = NULL, *data_file = NULL;
  NvDiskInfo *info = NULL;

  if (json
      && json_unpack_ex (json, &problem, 0, "{s:s, s:I, s?I, s?s, s?s, s?{s?{s?s}}}", "format", &format,
                         "virtual-size", &virtual_bytes, "actual-size", &actual_bytes, "backing-filename",
                         &base, "full-backing-filename", &full_base, "format-specific", "data", "data-file",
                         &data_file)
             == 0)
    {
      if (probed && !check_trust (path, format, base ? base : data_file, error))
        {
          json_decref (json);
          return NULL;
        }
      info = g_new0 (NvDiskInfo, 1);
      info->path = g_strdup (path);
      info->format = g_strdup (format);
      info->virtual_bytes = (guint64)virtual_bytes;
      info->actual_bytes = (guint64)actual_bytes;
      info->base = g_strdup (full_base ? full_base : base);
    }
  else
    g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "image '%s': qemu-img says what cannot be read: %s", path,
                 problem.text);
  json_decref (json);
  return info;
}

/* qemu-img would wait at a FIFO for ever. */
static gboolean
check_is_file (const char *path, GError **error)
{
  struct stat status;

  if (stat (path, &status) != 0)
    {
      int number = errno;

      g_set_error (error, NV_ERROR, number == ENOENT ? NV_ERROR_NOT_FOUND : NV_ERROR_FAILED, "image '%s': %s",
                   path, number == ENOENT ? "there is none" : g_strerror (number));
      return FALSE;
    }
  if (S_ISREG (status.st_mode) || S_ISBLK (status.st_mode))
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "image '%s': is neither a file nor a block device", path);
  return FALSE;
}

NvDiskInfo *
nv_disk_info_read (const char *path, const char *format, GError **error)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autofree char *output = NULL;
  GError *problem = NULL;

  if (!check_is_file (absolute, error))
    return NULL;
  if (!format)
    format = format_by_name (absolute);
  /* -U: an image that a VM has open may be looked at. */
  output = nv_qemu_img_run (
      (const char *[]){ "info", "-U", "--output=json", absolute, format ? "-f" : NULL, format, NULL }, NULL,
      &problem);
  if (output)
    return parse_info (absolute, output, format == NULL, error);
  if (g_error_matches (problem, NV_ERROR, NV_ERROR_FAILED))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "image '%s': %s", absolute, problem->message);
      g_error_free (problem);
    }
  else
    g_propagate_error (error, problem);
  return NULL;
}

gboolean
nv_disk_data_bytes (const NvDisk *disk, guint64 *ret_bytes, GError **error)
{
  g_autofree char *text =
      nv_qemu_img_run ((const char *[]){ "map", "-U", "--output=json", "-f",
                                         nv_disk_format_name (disk->format), disk->path, NULL },
                       NULL, error);
  json_t *extents, *extent;
  guint64 bytes = 0;
  size_t i;

  if (!text)
    return FALSE;
  extents = json_loads (text, 0, NULL);
  if (!json_is_array (extents))
    {
      json_decref (extents);
      g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "image '%s': qemu-img says what cannot be read",
                   disk->path);
      return FALSE;
    }
  json_array_foreach (extents, i, extent) if (json_is_true (json_object_get (extent, "data"))) bytes +=
      (guint64)json_integer_value (json_object_get (extent, "length"));
  json_decref (extents);
  *ret_bytes = bytes;
  return TRUE;
}

/* Any file can be read as raw: only its name can say that it is meant so. */
static gboolean
is_image (const NvDiskInfo *info)
{
  return strcmp (info->format, "raw") != 0 || g_str_has_suffix (info->path, ".raw")
         || g_str_has_suffix (info->path, ".img");
}

/* What each thread works on: a path, replaced by its info. */
typedef struct
{
  char *path;
  NvDiskInfo *info;
  GError *error;
} Look;

static void
look_free (gpointer data)
{
  Look *look = data;

  g_free (look->path);
  nv_disk_info_free (look->info);
  g_clear_error (&look->error);
  g_free (look);
}

static void
run_look (gpointer item, gpointer data)
{
  Look *look = item;

  look->info = nv_disk_info_read (look->path, NULL, &look->error);
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  const Look *const *left = a, *const *right = b;

  return strverscmp ((*left)->path, (*right)->path);
}

/* Disks in the making have names that begin with a dot. */
static GPtrArray *
read_paths (const char *dir, GError **error)
{
  GPtrArray *looks;
  struct dirent *entry;
  DIR *opened = opendir (dir);

  if (!opened)
    {
      int number = errno;

      g_set_error (error, NV_ERROR, number == ENOENT ? NV_ERROR_NOT_FOUND : NV_ERROR_FAILED,
                   "directory '%s': %s", dir, number == ENOENT ? "there is none" : g_strerror (number));
      return NULL;
    }
  looks = g_ptr_array_new_with_free_func (look_free);
  while ((entry = readdir (opened)))
    {
      g_autofree char *path = g_build_filename (dir, entry->d_name, NULL);

      if (*entry->d_name != '.' && g_file_test (path, G_FILE_TEST_IS_REGULAR))
        {
          Look *look = g_new0 (Look, 1);

          look->path = g_steal_pointer (&path);
          g_ptr_array_add (looks, look);
        }
    }
  closedir (opened);
  g_ptr_array_sort (looks, compare_paths);
  return looks;
}

GPtrArray *
nv_disk_list (const char *dir, GError **error)
{
  g_autofree char *absolute = g_canonicalize_filename (dir, NULL);
  g_autoptr (GPtrArray) looks = read_paths (absolute, error);
  g_autoptr (GPtrArray) infos = g_ptr_array_new_with_free_func ((GDestroyNotify)nv_disk_info_free);
  GThreadPool *pool;

  if (!looks)
    return NULL;
  pool = g_thread_pool_new (run_look, NULL, MAX_THREADS, FALSE, NULL);
  for (guint i = 0; i < looks->len; i++)
    g_thread_pool_push (pool, g_ptr_array_index (looks, i), NULL);
  g_thread_pool_free (pool, FALSE, TRUE);
  for (guint i = 0; i < looks->len; i++)
    {
      Look *look = g_ptr_array_index (looks, i);

      if (g_error_matches (look->error, NV_ERROR, NV_ERROR_UNAVAILABLE))
        {
          g_propagate_error (error, g_steal_pointer (&look->error));
          return NULL;
        }
      if (look->info && is_image (look->info))
        g_ptr_array_add (infos, g_steal_pointer (&look->info));
    }
  return g_steal_pointer (&infos);
}
