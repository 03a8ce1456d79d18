#include "image/default-guest.h"
#include "base/error.h"
#include "image/contents.h"
#include "image/directory.h"
#include "image/kernel.h"

#include <jansson.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* After a panic the kernel stays where it is: a guest that starts over and over would fill its console's log.
 */
#define COMMAND_LINE "console=ttyS0 quiet panic=0"

void
nv_guest_free (NvGuest *guest)
{
  if (!guest)
    return;
  g_free (guest->kernel);
  g_free (guest->initrd);
  g_free (guest->command_line);
  g_free (guest->disk);
  g_free (guest);
}

/* A guest's directory is named by what it is made of: the kernel by its identity and time, so that it need
 * not be read again, and the initramfs by its content. */
static char *
name_guest (const struct stat *kernel, GArray *entries)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *identity =
      g_strdup_printf ("%ju:%ju:%jd:%jd.%09ld", (uintmax_t)kernel->st_dev, (uintmax_t)kernel->st_ino,
                       (intmax_t)kernel->st_size, (intmax_t)kernel->st_mtim.tv_sec, kernel->st_mtim.tv_nsec);

  g_checksum_update (sum, (const guchar *)identity, (gssize)strlen (identity));
  for (guint i = 0; i < entries->len; i++)
    {
      const NvInitramfsEntry *entry = &g_array_index (entries, NvInitramfsEntry, i);
      gsize length = 0;
      const guchar *content = entry->content ? g_bytes_get_data (entry->content, &length) : NULL;
      g_autofree char *heading = g_strdup_printf ("\n%s %o %zu\n", entry->path, entry->mode, length);

      g_checksum_update (sum, (const guchar *)heading, (gssize)strlen (heading));
      g_checksum_update (sum, content, (gssize)length);
    }
  return g_strndup (g_checksum_get_string (sum), 16);
}

/* Another numavm may have been faster. */
static gboolean
make_guest (int kernel, GArray *entries, const char *dir, GError **error)
{
  g_autoptr (GBytes) initramfs =
      nv_initramfs_build ((const NvInitramfsEntry *)(void *)entries->data, entries->len, error);
  g_autoptr (GError) problem = NULL;

  if (!initramfs)
    return FALSE;
  if (nv_image_directory_make (dir, kernel, initramfs, NULL, &problem)
      || g_error_matches (problem, NV_ERROR, NV_ERROR_EXISTS))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

/* @dir: absolute */
static NvGuest *
make_record (const char *dir)
{
  NvGuest *guest = g_new0 (NvGuest, 1);

  guest->kernel = g_build_filename (dir, NV_IMAGE_KERNEL, NULL);
  guest->initrd = g_build_filename (dir, NV_IMAGE_INITRAMFS, NULL);
  guest->command_line = g_strdup (COMMAND_LINE);
  return guest;
}

NvGuest *
nv_guest_default (const char *kernel, const char *dir, gboolean make, GError **error)
{
  g_autofree char *source = kernel ? g_strdup (kernel) : nv_kernel_image_find ("/", error);
  g_autoptr (GArray) entries = NULL;
  g_autofree char *guest_dir = NULL;
  gboolean is_there = FALSE;
  struct stat status;
  int fd;

  if (!source || (fd = nv_kernel_image_open (source, &status, error)) < 0)
    return NULL;
  entries = nv_contents_collect (source, NULL, error);
  if (entries)
    {
      g_autofree char *name = name_guest (&status, entries);

      guest_dir = g_build_filename (dir, name, NULL);
      is_there =
          !make || g_file_test (guest_dir, G_FILE_TEST_IS_DIR) || make_guest (fd, entries, guest_dir, error);
    }
  close (fd);
  return is_there ? make_record (guest_dir) : NULL;
}

/* A distribution's system has a disk, and starts with a line of its own. An image may be without image.json.
 */
static gboolean
read_manifest (NvGuest *guest, const char *dir, GError **error)
{
  g_autofree char *path = g_build_filename (dir, NV_IMAGE_MANIFEST, NULL);
  const char *disk = NULL, *command_line = NULL;
  json_error_t problem;
  json_t *manifest;
  gboolean good;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  manifest = json_load_file (path, 0, &problem);
  good = manifest
         && json_unpack_ex (manifest, &problem, 0, "{s?s, s?{s:s}}", "command_line", &command_line, "disk",
                            "file", &disk)
                == 0;
  if (good && disk && strchr (disk, '/'))
    {
      g_snprintf (problem.text, sizeof problem.text, "disk.file '%s': a name without / is allowed", disk);
      good = FALSE;
    }
  if (good && command_line)
    {
      g_free (guest->command_line);
      guest->command_line = g_strdup (command_line);
    }
  if (good && disk)
    guest->disk = g_build_filename (dir, disk, NULL);
  if (!good)
    g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "'%s' is damaged: %s: build the image anew", path,
                 problem.text);
  json_decref (manifest);
  return good;
}

NvGuest *
nv_guest_of_image (const char *dir, GError **error)
{
  g_autofree char *path = g_canonicalize_filename (dir, NULL);
  g_autoptr (NvGuest) guest = make_record (path);
  const char *files[] = { guest->kernel, guest->initrd, NULL };

  if (!read_manifest (guest, path, error))
    return NULL;
  files[2] = guest->disk;
  for (guint i = 0; i < G_N_ELEMENTS (files) && files[i]; i++)
    if (!g_file_test (files[i], G_FILE_TEST_IS_REGULAR))
      {
        g_set_error (error, NV_ERROR, NV_ERROR_NOT_FOUND,
                     "image '%s': there is no file '%s': `numavm image build -o DIR` makes an image", dir,
                     files[i]);
        return NULL;
      }
  return g_steal_pointer (&guest);
}
