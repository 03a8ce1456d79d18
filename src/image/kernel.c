#include "image/kernel.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <unistd.h>

#define NAME        "vmlinuz"
#define NAME_PREFIX NAME "-"

char *
nv_kernel_version (const char *path)
{
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *dir = NULL;

  if (g_str_has_prefix (name, NAME_PREFIX))
    return g_strdup (name + strlen (NAME_PREFIX));
  if (strcmp (name, NAME) != 0)
    return g_steal_pointer (&name);
  dir = g_path_get_dirname (path);
  return g_path_get_basename (dir);
}

/* Keeps in @newest the newer one of two kernels that can be read, in @locked one that cannot. */
static void
consider (const char *path, char **newest, char **locked)
{
  g_autofree char *version = nv_kernel_version (path);
  g_autofree char *newest_version = *newest ? nv_kernel_version (*newest) : NULL;

  if (access (path, R_OK) != 0)
    {
      g_free (*locked);
      *locked = g_strdup (path);
    }
  else if (!newest_version || strverscmp (version, newest_version) > 0)
    {
      g_free (*newest);
      *newest = g_strdup (path);
    }
}

char *
nv_kernel_image_find (const char *root, GError **error)
{
  static const char *const patterns[] = { "boot/" NAME_PREFIX "*", "lib/modules/*/" NAME };
  g_autofree char *newest = NULL;
  g_autofree char *locked = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (patterns); i++)
    {
      g_autofree char *pattern = g_build_filename (root, patterns[i], NULL);
      glob_t found = { 0 };

      glob (pattern, 0, NULL, &found);
      for (gsize j = 0; j < found.gl_pathc; j++)
        consider (found.gl_pathv[j], &newest, &locked);
      globfree (&found);
    }
  if (newest)
    return g_steal_pointer (&newest);
  if (locked)
    g_set_error (error, NV_ERROR, NV_ERROR_NOT_FOUND,
                 "no kernel for the default guest: '%s' is not readable: make it so, or name one by --kernel",
                 locked);
  else
    g_set_error (
        error, NV_ERROR, NV_ERROR_NOT_FOUND,
        "no kernel for the default guest in /boot or /lib/modules: install the package linux-image-cloud-amd64, or name one by --kernel");
  return NULL;
}

int
nv_kernel_image_open (const char *path, struct stat *ret_status, GError **error)
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
