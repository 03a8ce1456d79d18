#include "image/distribution.h"
#include "base/error.h"
#include "base/size.h"
#include "guest/guest-resource.h"
#include "image/bootstrap.h"
#include "image/directory.h"
#include "image/distribution-resource.h"
#include "image/package-cache.h"
#include "image/sources.h"
#include "image/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As those of the default guest; whoever wants the kernel's messages back edits image.json. */
#define COMMAND_LINE "root=LABEL=numavm ro console=ttyS0 quiet panic=0"

/* More than a partition table of this kind can say is 2 TiB. */
#define MAX_BYTES (2047 * NV_GIB)

/* --- what is asked --- */

/* Packages, distributions and suites are called alike. */
static gboolean
is_name (const char *text)
{
  for (const char *c = text; *c; c++)
    if (!g_ascii_islower (*c) && !g_ascii_isdigit (*c) && (c == text || !strchr ("+-.", *c)))
      return FALSE;
  return *text != '\0';
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

/* Returns: (transfer full) (element-type utf8): sorted, so that their order makes no difference. */
static GPtrArray *
read_packages (const char *text, GError **error)
{
  g_auto (GStrv) words = g_strsplit_set (text ? text : "", ", \t\n", -1);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; words[i]; i++)
    {
      if (!*words[i])
        continue;
      if (!is_name (words[i]))
        {
          g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                       "package '%s': the name of a Debian package is allowed: a-z, 0-9, `+`, `-` and `.`",
                       words[i]);
          return NULL;
        }
      if (!g_ptr_array_find_with_equal_func (names, words[i], g_str_equal, NULL))
        g_ptr_array_add (names, g_strdup (words[i]));
    }
  g_ptr_array_sort (names, compare_names);
  return g_steal_pointer (&names);
}

/* --- programs --- */

static gboolean
check_programs (GError **error)
{
  static const char *const needed[][2] = {
    { "mmdebstrap", "mmdebstrap" }, { "grub-mkimage", "grub-common" },
    { "qemu-img", "qemu-utils" },   { "mke2fs", "e2fsprogs" },
    { "sfdisk", "fdisk" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (needed); i++)
    {
      g_autofree char *in_path = g_find_program_in_path (needed[i][0]);
      g_autofree char *in_sbin = g_build_filename ("/usr/sbin", needed[i][0], NULL);

      if (in_path || g_file_test (in_sbin, G_FILE_TEST_IS_EXECUTABLE))
        continue;
      g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE,
                   "a distribution's image needs '%s': install the package %s", needed[i][0], needed[i][1]);
      return FALSE;
    }
  if (g_file_test ("/usr/lib/grub/i386-pc/boot.img", G_FILE_TEST_EXISTS))
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE,
               "a distribution's image needs GRUB for a BIOS: install the package grub-pc-bin");
  return FALSE;
}

/* --- files --- */

static gboolean
write_resource (GResource *resource, const char *name, const char *path, GError **error)
{
  g_autoptr (GBytes) content = g_resource_lookup_data (resource, name, G_RESOURCE_LOOKUP_FLAGS_NONE, error);
  gsize length;
  const char *bytes = content ? g_bytes_get_data (content, &length) : NULL;

  return bytes && g_file_set_contents (path, bytes, (gssize)length, error);
}

/* What mmdebstrap gets: the guest's program, its unit, and where packages are. */
static gboolean
write_inputs (const NvBootstrap *bootstrap, const char *sources, GError **error)
{
  g_autofree char *guest = g_build_filename (bootstrap->work, NV_BOOTSTRAP_GUEST, NULL);
  g_autofree char *unit = g_build_filename (bootstrap->work, NV_BOOTSTRAP_UNIT, NULL);
  g_autofree char *list = g_build_filename (bootstrap->work, NV_BOOTSTRAP_SOURCES, NULL);

  return write_resource (nv_guest_get_resource (), "/numavm/guest/init", guest, error)
         && write_resource (nv_distribution_get_resource (), "/numavm/distribution/numavm-guest.service",
                            unit, error)
         && g_file_set_contents (list, sources, -1, error);
}

/* Returns: (transfer full): its SHA-256, once it is on disk. */
static char *
sum_of_file (const char *path, guint64 *ret_bytes, GError **error)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guchar *part = g_malloc (1 << 20);
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  gssize n = -1;

  *ret_bytes = 0;
  if (fd >= 0 && fsync (fd) == 0)
    while ((n = read (fd, part, 1 << 20)) > 0)
      {
        g_checksum_update (sum, part, n);
        *ret_bytes += (guint64)n;
      }
  if (n < 0)
    g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot read '%s': %s", path, g_strerror (errno));
  if (fd >= 0)
    close (fd);
  return n == 0 ? g_strdup (g_checksum_get_string (sum)) : NULL;
}

static json_t *
describe_file (const char *dir, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  guint64 bytes;
  g_autofree char *sum = sum_of_file (path, &bytes, error);

  return sum ? json_pack ("{s:s, s:I, s:s}", "file", name, "size_bytes", (json_int_t)bytes, "sha256", sum)
             : NULL;
}

/* Reads and removes what disk.sh says of the system. Returns: (transfer full) */
static char *
take_text (const char *dir, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  char *text = NULL;

  if (g_file_get_contents (path, &text, NULL, error))
    g_unlink (path);
  return text;
}

/* --- image.json --- */

/* @text: lines of name, version and architecture between tabs, sorted by dpkg */
static json_t *
describe_packages (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  json_t *packages = json_array ();

  for (guint i = 0; lines[i]; i++)
    {
      g_auto (GStrv) words = g_strsplit (lines[i], "\t", -1);

      if (g_strv_length (words) == 3)
        json_array_append_new (packages, json_pack ("{s:s, s:s, s:s}", "name", words[0], "version", words[1],
                                                    "architecture", words[2]));
    }
  return packages;
}

static json_t *
describe_asked (const GPtrArray *names)
{
  json_t *asked = json_array ();

  for (guint i = 0; i < names->len; i++)
    json_array_append_new (asked, json_string (g_ptr_array_index (names, i)));
  return asked;
}

/* Returns: (transfer full): of the files in @dir. */
static json_t *
describe (const NvDistributionOptions *options, const GPtrArray *asked, const char *dir, GError **error)
{
  g_autofree char *packages = take_text (dir, "packages", error);
  g_autofree char *version = packages ? take_text (dir, "kernel", error) : NULL;
  json_t *kernel = version ? describe_file (dir, NV_IMAGE_KERNEL, error) : NULL;
  json_t *initramfs = kernel ? describe_file (dir, NV_IMAGE_INITRAMFS, error) : NULL;
  json_t *disk = initramfs ? describe_file (dir, NV_DISTRIBUTION_DISK, error) : NULL;

  if (!disk)
    {
      json_decref (kernel);
      json_decref (initramfs);
      return NULL;
    }
  g_strstrip (version);
  json_object_set_new (
      kernel, "version",
      json_string (g_str_has_prefix (version, "vmlinuz-") ? version + strlen ("vmlinuz-") : version));
  json_object_set_new (disk, "virtual_bytes", json_integer ((json_int_t)options->size_bytes));
  return json_pack ("{s:i, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:o}", "version", 1, "program",
                    "numavm " NV_VERSION, "kind", NV_DISTRIBUTION_KIND, "suite", options->suite,
                    "asked_packages", describe_asked (asked), "kernel", kernel, "initramfs", initramfs,
                    "disk", disk, "command_line", COMMAND_LINE, "packages", describe_packages (packages));
}

/* --- the whole --- */

static json_t *
build (const NvBootstrap *bootstrap, const NvDistributionOptions *options, const GPtrArray *asked,
       const char *sources, const char *dir, GError **error)
{
  g_autofree char *made = NULL;
  json_t *manifest;

  if (!write_inputs (bootstrap, sources, error) || !nv_bootstrap_install (bootstrap, error)
      || !(made = nv_bootstrap_make_disk (bootstrap, COMMAND_LINE, options->size_bytes, error)))
    return NULL;
  options->progress ("looks at what was made", options->data);
  manifest = describe (options, asked, made, error);
  if (manifest && nv_image_directory_publish (made, manifest, dir, error))
    return manifest;
  json_decref (manifest);
  return NULL;
}

static gboolean
check_options (const NvDistributionOptions *options, const char *dir, GError **error)
{
  if (!is_name (options->suite))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                   "distribution '%s': the code name of a Debian is allowed, such as bookworm",
                   options->suite);
      return FALSE;
    }
  if (options->kernel_package && !is_name (options->kernel_package))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                   "kernel '%s': with --distribution the name of a kernel's package is allowed",
                   options->kernel_package);
      return FALSE;
    }
  if (options->size_bytes < NV_GIB || options->size_bytes > MAX_BYTES || options->size_bytes % NV_MIB != 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                   "--size: whole MiB from 1G to 2047G are allowed, not %" G_GUINT64_FORMAT " bytes",
                   options->size_bytes);
      return FALSE;
    }
  return nv_image_directory_check (dir, error) && check_programs (error);
}

json_t *
nv_distribution_build (const NvDistributionOptions *options, const char *dir,
                       NvDistributionResult *ret_result, GError **error)
{
  g_autofree char *path = g_canonicalize_filename (dir, NULL);
  g_autoptr (GPtrArray) asked = read_packages (options->packages, error);
  g_autoptr (GHashTable) before = NULL;
  g_autofree char *sources = NULL;
  g_autofree char *cache = NULL;
  g_autofree char *left = NULL;
  NvBootstrap bootstrap = { .options = options, .packages = asked };
  json_t *manifest;

  if (!asked || !check_options (options, path, error)
      || !(sources = nv_sources_find (options->suite, options->mirror, error))
      || !(cache = nv_package_cache_open (error)) || !nv_bootstrap_begin (&bootstrap, path, cache, error))
    return NULL;
  before = nv_package_cache_list (cache);
  manifest = build (&bootstrap, options, asked, sources, path, error);
  left = nv_bootstrap_end (&bootstrap);
  if (manifest)
    *ret_result = (NvDistributionResult){
      .n_packages = (guint)json_array_size (json_object_get (manifest, "packages")),
      .n_reused = nv_package_cache_finish (cache, before, json_object_get (manifest, "packages")),
      .cache = g_steal_pointer (&cache),
      .left = g_steal_pointer (&left),
    };
  else if (left)
    g_prefix_error (error, "cannot remove%s, which stays: ", left);
  return manifest;
}
