#include "image/build.h"
#include "base/error.h"
#include "image/contents.h"
#include "image/directory.h"
#include "image/kernel.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MANIFEST_VERSION 1
#define MODULES_PREFIX   "modules/"
#define MODULES_ORDER    "modules/order"

static json_t *
describe_bytes (const char *key, const char *name, GBytes *content)
{
  g_autofree char *sum = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, content);

  return json_pack ("{s:s, s:I, s:s}", key, name, "size_bytes", (json_int_t)g_bytes_get_size (content),
                    "sha256", sum);
}

static json_t *
describe_kernel (const char *path, GBytes *content)
{
  g_autofree char *version = nv_kernel_version (path);
  g_autofree char *valid = g_utf8_make_valid (version, -1);
  json_t *kernel = describe_bytes ("file", NV_IMAGE_KERNEL, content);

  json_object_set_new (kernel, "version", json_string (valid));
  return kernel;
}

static json_t *
describe_files (GArray *entries)
{
  json_t *files = json_array ();

  for (guint i = 0; i < entries->len; i++)
    {
      const NvInitramfsEntry *entry = &g_array_index (entries, NvInitramfsEntry, i);
      g_autofree char *path = g_strdup_printf ("/%s", entry->path);

      if (entry->content)
        json_array_append_new (files, describe_bytes ("path", path, entry->content));
    }
  return files;
}

static json_t *
describe_modules (GArray *entries)
{
  json_t *modules = json_array ();

  for (guint i = 0; i < entries->len; i++)
    {
      const char *path = g_array_index (entries, NvInitramfsEntry, i).path;

      if (g_str_has_prefix (path, MODULES_PREFIX) && strcmp (path, MODULES_ORDER) != 0)
        json_array_append_new (modules, json_string (path + strlen (MODULES_PREFIX)));
    }
  return modules;
}

static json_t *
describe_missing (GPtrArray *missing)
{
  json_t *names = json_array ();

  for (guint i = 0; i < missing->len; i++)
    json_array_append_new (names, json_string (g_ptr_array_index (missing, i)));
  return names;
}

static gboolean
add_options (GArray *entries, const NvImageOptions *options, GError **error)
{
  if (options->debug_shell && !nv_contents_add_shell (entries, error))
    return FALSE;
  for (guint i = 0; options->additions && options->additions[i]; i++)
    if (!nv_contents_add_program (entries, options->additions[i], error))
      return FALSE;
  return TRUE;
}

/* The same kernel, opened for reading and as bytes. */
static int
open_kernel (const char *path, GBytes **ret_content, GError **error)
{
  g_autoptr (GMappedFile) file = NULL;
  struct stat status;
  int fd = nv_kernel_image_open (path, &status, error);

  if (fd < 0)
    return -1;
  file = g_mapped_file_new_from_fd (fd, FALSE, error);
  if (file)
    {
      *ret_content = g_mapped_file_get_bytes (file);
      return fd;
    }
  close (fd);
  return -1;
}

static json_t *
make_image (const char *kernel, int kernel_fd, GBytes *kernel_content, const NvImageOptions *options,
            const char *dir, GError **error)
{
  g_autoptr (GPtrArray) missing = g_ptr_array_new ();
  g_autoptr (GArray) entries = nv_contents_collect (kernel, missing, error);
  g_autoptr (GBytes) initramfs = NULL;
  g_autoptr (GBytes) text = NULL;
  json_t *manifest;
  char *bytes;

  if (!entries || !add_options (entries, options, error)
      || !(initramfs =
               nv_initramfs_build ((const NvInitramfsEntry *)(void *)entries->data, entries->len, error)))
    return NULL;
  manifest = json_pack ("{s:i, s:s, s:o, s:o, s:o, s:o, s:o}", "version", MANIFEST_VERSION, "program",
                        "numavm " NV_VERSION, "kernel", describe_kernel (kernel, kernel_content), "initramfs",
                        describe_bytes ("file", NV_IMAGE_INITRAMFS, initramfs), "modules",
                        describe_modules (entries), "missing_modules", describe_missing (missing), "files",
                        describe_files (entries));
  bytes = json_dumps (manifest, JSON_INDENT (2));
  text = g_bytes_new_with_free_func (bytes, strlen (bytes), free, bytes);
  if (nv_image_directory_make (dir, kernel_fd, initramfs, text, error))
    return manifest;
  json_decref (manifest);
  return NULL;
}

json_t *
nv_image_build (const NvImageOptions *options, const char *dir, GError **error)
{
  g_autofree char *kernel = options->kernel ? g_strdup (options->kernel) : nv_kernel_image_find ("/", error);
  g_autofree char *path = g_canonicalize_filename (dir, NULL);
  g_autoptr (GBytes) content = NULL;
  json_t *manifest;
  int fd;

  if (!kernel || (fd = open_kernel (kernel, &content, error)) < 0)
    return NULL;
  manifest = make_image (kernel, fd, content, options, path, error);
  close (fd);
  return manifest;
}
