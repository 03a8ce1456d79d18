#include "image/default-guest.h"
#include "base/error.h"
#include "guest/guest-resource.h"
#include "image/initramfs.h"
#include "image/kernel.h"
#include "vm/new-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define KERNEL_NAME    "vmlinuz"
#define INITRAMFS_NAME "initramfs.cpio.gz"

/* After a panic the kernel stays where it is: a guest that starts over and over would fill its console's log.
 */
#define COMMAND_LINE "console=ttyS0 quiet panic=0"

/* QEMU runs as a user of its own. */
#define DIR_MODE  0755
#define FILE_MODE 0644

void
nv_guest_free (NvGuest *guest)
{
  if (!guest)
    return;
  g_free (guest->kernel);
  g_free (guest->initrd);
  g_free (guest->command_line);
  g_free (guest);
}

static void
clear_entry (gpointer data)
{
  NvInitramfsEntry *entry = data;

  g_clear_pointer (&entry->content, g_bytes_unref);
}

static void
add_file (GArray *entries, const char *path, mode_t permissions, GBytes *taken_content)
{
  const NvInitramfsEntry entry = { .path = path, .mode = S_IFREG | permissions, .content = taken_content };

  g_array_append_val (entries, entry);
}

/* The guest hears its power button only with these, where the kernel has them as modules. */
static void
add_module (GArray *entries, const char *path, const char *kernel, const char *name)
{
  g_autofree char *version = nv_kernel_version (kernel);
  g_autofree char *file = g_build_filename ("/lib/modules", version, "kernel/drivers", name, NULL);
  char *content;
  gsize length;

  if (g_file_get_contents (file, &content, &length, NULL))
    add_file (entries, path, 0644, g_bytes_new_take (content, length));
}

/* Returns: (transfer full) (element-type NvInitramfsEntry): what the initramfs for @kernel consists of. */
static GArray *
collect_entries (const char *kernel, GError **error)
{
  const NvInitramfsEntry fixed[] = {
    { .path = "dev", .mode = S_IFDIR | 0755 },
    /* The kernel opens it for init before anything is mounted. */
    { .path = "dev/console", .mode = S_IFCHR | 0600, .device = makedev (5, 1) },
    { .path = "proc", .mode = S_IFDIR | 0555 },
    { .path = "sys", .mode = S_IFDIR | 0555 },
    { .path = "modules", .mode = S_IFDIR | 0755 },
  };
  GBytes *init = g_resource_lookup_data (nv_guest_get_resource (), "/numavm/guest/init",
                                         G_RESOURCE_LOOKUP_FLAGS_NONE, error);
  GArray *entries;

  if (!init)
    return NULL;
  entries = g_array_new (FALSE, FALSE, sizeof (NvInitramfsEntry));
  g_array_set_clear_func (entries, clear_entry);
  g_array_append_vals (entries, fixed, G_N_ELEMENTS (fixed));
  add_file (entries, "init", 0755, init);
  add_module (entries, "modules/button.ko", kernel, "acpi/button.ko");
  add_module (entries, "modules/evdev.ko", kernel, "input/evdev.ko");
  return entries;
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

/* On disk before the directory gets its name: after a crash there must be no guest with empty files. */
static gboolean
finish_file (NvNewFile *file, GError **error)
{
  if (fchmod (file->fd, FILE_MODE) == 0 && fsync (file->fd) == 0)
    return nv_new_file_publish (file, FALSE, error);
  g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot write '%s': %s", file->path, g_strerror (errno));
  return FALSE;
}

static gboolean
copy_kernel (int kernel, const char *dir, GError **error)
{
  g_autofree char *path = g_build_filename (dir, KERNEL_NAME, NULL);
  g_autoptr (NvNewFile) file = nv_new_file_create (path, error);

  return file && nv_file_copy (kernel, file->fd, NULL, error) && finish_file (file, error);
}

static gboolean
write_initramfs (GArray *entries, const char *dir, GError **error)
{
  g_autofree char *path = g_build_filename (dir, INITRAMFS_NAME, NULL);
  g_autoptr (NvNewFile) file = nv_new_file_create (path, error);
  g_autoptr (GBytes) initramfs = NULL;
  gsize length, done = 0;
  const char *bytes;

  if (!file
      || !(initramfs =
               nv_initramfs_build ((const NvInitramfsEntry *)(void *)entries->data, entries->len, error)))
    return FALSE;
  bytes = g_bytes_get_data (initramfs, &length);
  while (done < length)
    {
      gssize n = write (file->fd, bytes + done, length - done);

      if (n < 0 && errno != EINTR)
        {
          g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot write '%s': %s", path, g_strerror (errno));
          return FALSE;
        }
      done += (gsize)MAX (n, 0);
    }
  return finish_file (file, error);
}

static void
remove_files (const char *dir)
{
  g_autofree char *kernel = g_build_filename (dir, KERNEL_NAME, NULL);
  g_autofree char *initramfs = g_build_filename (dir, INITRAMFS_NAME, NULL);

  unlink (kernel);
  unlink (initramfs);
  rmdir (dir);
}

/* Fills a directory of another name and then renames it; another numavm may have been faster. */
static gboolean
make_guest (int kernel, GArray *entries, const char *dir, GError **error)
{
  g_autofree char *temporary = g_strdup_printf ("%s.XXXXXX", dir);

  if (!g_mkdtemp_full (temporary, 0700))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot make directory '%s': %s", dir,
                   g_strerror (errno));
      return FALSE;
    }
  if (copy_kernel (kernel, temporary, error) && write_initramfs (entries, temporary, error))
    {
      if (chmod (temporary, DIR_MODE) == 0 && rename (temporary, dir) == 0)
        return TRUE;
      if (errno == EEXIST || errno == ENOTEMPTY)
        {
          remove_files (temporary);
          return TRUE;
        }
      g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot make directory '%s': %s", dir,
                   g_strerror (errno));
    }
  remove_files (temporary);
  return FALSE;
}

/* Returns: a descriptor, or -1. */
static int
open_kernel (const char *path, struct stat *ret_status, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);

  if (fd >= 0 && fstat (fd, ret_status) == 0 && S_ISREG (ret_status->st_mode))
    return fd;
  g_set_error (error, NV_ERROR, NV_ERROR_NOT_FOUND, "kernel '%s': %s", path,
               fd < 0 ? g_strerror (errno) : "is no regular file");
  if (fd >= 0)
    close (fd);
  return -1;
}

NvGuest *
nv_guest_default (const char *kernel, const char *dir, gboolean make, GError **error)
{
  g_autofree char *source = kernel ? g_strdup (kernel) : nv_kernel_image_find ("/", error);
  g_autoptr (GArray) entries = NULL;
  g_autofree char *name = NULL;
  g_autofree char *guest_dir = NULL;
  gboolean is_there = FALSE;
  struct stat status;
  NvGuest *guest;
  int fd;

  if (!source || (fd = open_kernel (source, &status, error)) < 0)
    return NULL;
  entries = collect_entries (source, error);
  if (entries)
    {
      name = name_guest (&status, entries);
      guest_dir = g_build_filename (dir, name, NULL);
      is_there =
          !make || g_file_test (guest_dir, G_FILE_TEST_IS_DIR) || make_guest (fd, entries, guest_dir, error);
    }
  close (fd);
  if (!is_there)
    return NULL;
  guest = g_new0 (NvGuest, 1);
  guest->kernel = g_build_filename (guest_dir, KERNEL_NAME, NULL);
  guest->initrd = g_build_filename (guest_dir, INITRAMFS_NAME, NULL);
  guest->command_line = g_strdup (COMMAND_LINE);
  return guest;
}
