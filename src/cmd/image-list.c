/* image list: the images that `image build` made, by what their image.json says. */

#include "base/size.h"
#include "cmd/image.h"
#include "image/directory.h"
#include "report/table.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct
{
  char *dir;
  json_t *manifest;
  guint64 size_bytes; /* of its files, on disk */
} Image;

static void
image_free (gpointer data)
{
  Image *image = data;

  g_free (image->dir);
  json_decref (image->manifest);
  g_free (image);
}

static guint64
size_of_files (const char *dir)
{
  g_autoptr (GDir) entries = g_dir_open (dir, 0, NULL);
  guint64 size_bytes = 0;
  const char *entry;

  while (entries && (entry = g_dir_read_name (entries)))
    {
      g_autofree char *path = g_build_filename (dir, entry, NULL);
      struct stat facts;

      if (stat (path, &facts) == 0 && S_ISREG (facts.st_mode))
        size_bytes += (guint64)facts.st_blocks * 512;
    }
  return size_bytes;
}

/* What is there and is no image is an error where somebody named it. */
static gboolean
add_image (GPtrArray *images, const char *dir, GError **error)
{
  g_autofree char *path = g_build_filename (dir, NV_IMAGE_MANIFEST, NULL);
  json_error_t problem;
  json_t *manifest = NULL;
  Image *image;

  if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
    manifest = json_load_file (path, 0, &problem);
  else
    g_strlcpy (problem.text, "there is none", sizeof problem.text);
  if (!json_is_object (manifest))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "image '%s': its " NV_IMAGE_MANIFEST ": %s", dir,
                   manifest ? "no JSON object" : problem.text);
      json_decref (manifest);
      return FALSE;
    }
  image = g_new0 (Image, 1);
  image->dir = g_strdup (dir);
  image->manifest = manifest;
  image->size_bytes = size_of_files (dir);
  g_ptr_array_add (images, image);
  return TRUE;
}

/* Where nobody named one: the folders of the current directory. */
static gboolean
add_subdirectories (const NvCommandContext *context, GPtrArray *images, GError **error)
{
  g_autoptr (GDir) entries = g_dir_open (".", 0, error);
  const char *entry;

  while (entries && (entry = g_dir_read_name (entries)))
    {
      g_autofree char *path = g_build_filename (entry, NV_IMAGE_MANIFEST, NULL);
      g_autoptr (GError) problem = NULL;

      if (g_file_test (path, G_FILE_TEST_EXISTS) && !add_image (images, entry, &problem))
        nv_note (context, "%s", problem->message);
    }
  return entries != NULL;
}

static gint
compare_dirs (gconstpointer a, gconstpointer b)
{
  return strverscmp ((*(Image *const *)a)->dir, (*(Image *const *)b)->dir);
}

/* A guest of numavm's own, or a distribution's system. */
static const char *
kind_of (const json_t *manifest)
{
  const char *kind = json_string_value (json_object_get (manifest, "kind"));

  return kind ? kind : "guest";
}

/* Of an object, or the text itself. NULL: it is not said. */
static const char *
kernel_of (const json_t *manifest)
{
  const json_t *kernel = json_object_get (manifest, "kernel");

  return json_string_value (json_is_object (kernel) ? json_object_get (kernel, "version") : kernel);
}

static const char *
suite_of (const json_t *manifest)
{
  return json_string_value (json_object_get (manifest, "suite"));
}

static void
print_table (GPtrArray *images)
{
  g_autoptr (NvTable) table =
      nv_table_new ((const char *[]){ "NAME", "KIND", "KERNEL", "SUITE", ">ON DISK", NULL });
  g_autofree char *text = NULL;

  for (guint i = 0; i < images->len; i++)
    {
      const Image *image = g_ptr_array_index (images, i);
      g_autofree char *size = nv_size_format (image->size_bytes);
      const char *kernel = kernel_of (image->manifest), *suite = suite_of (image->manifest);

      nv_table_add_row (table, (const char *[]){ image->dir, kind_of (image->manifest), kernel ? kernel : "",
                                                 suite ? suite : "", size, NULL });
    }
  text = nv_table_format (table);
  fputs (text, stdout);
}

static void
print_json (GPtrArray *images)
{
  json_t *array = json_array ();

  for (guint i = 0; i < images->len; i++)
    {
      const Image *image = g_ptr_array_index (images, i);
      g_autofree char *path = g_canonicalize_filename (image->dir, NULL);

      json_array_append_new (
          array, json_pack ("{s:o, s:s, s:s?, s:s?, s:I}", "directory", nv_json_path (path), "kind",
                            kind_of (image->manifest), "kernel", kernel_of (image->manifest), "suite",
                            suite_of (image->manifest), "size_bytes", (json_int_t)image->size_bytes));
    }
  nv_print_json (json_pack ("{s:o}", "images", array));
}

int
nv_image_run_list (NvCommandContext *context, GError **error)
{
  g_autoptr (GPtrArray) images = g_ptr_array_new_with_free_func (image_free);

  for (int i = 0; i < context->n_arguments; i++)
    if (!add_image (images, context->arguments[i], error))
      return NV_EXIT_USAGE;
  if (context->n_arguments == 0 && !add_subdirectories (context, images, error))
    return NV_EXIT_FAILED;
  g_ptr_array_sort (images, compare_dirs);
  if (context->common->json)
    print_json (images);
  else if (images->len > 0)
    print_table (images);
  else
    nv_note (context, "no image in a folder here: `numavm image build -o DIR` makes one");
  return NV_EXIT_DONE;
}
