#include "image/contents.h"
#include "base/error.h"
#include "guest/guest-resource.h"
#include "image/static-elf.h"
#include "image/kernel.h"
#include "image/modules.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* The channel's device and its bus, then what hears a power button. */
static const char *const module_names[] = { "virtio_pci", "virtio_console", "button", "evdev", NULL };

static void
clear_entry (gpointer data)
{
  NvInitramfsEntry *entry = data;

  g_clear_pointer (&entry->content, g_bytes_unref);
}

/* An initramfs has some twenty paths, and the program that makes one ends soon. */
void
nv_contents_add (GArray *entries, const char *path, mode_t mode, GBytes *taken_content)
{
  const NvInitramfsEntry entry = { .path = g_intern_string (path), .mode = mode, .content = taken_content };

  g_array_append_val (entries, entry);
}

static const NvInitramfsEntry *
find_entry (GArray *entries, const char *path)
{
  for (guint i = 0; i < entries->len; i++)
    {
      const NvInitramfsEntry *entry = &g_array_index (entries, NvInitramfsEntry, i);

      if (strcmp (entry->path, path) == 0)
        return entry;
    }
  return NULL;
}

/* In /modules, and as a list in the order of loading, which init reads. */
gboolean
nv_contents_add_modules (GArray *entries, const char *kernel, const char *const *names, GPtrArray *missing,
                         GError **error)
{
  g_autofree char *version = nv_kernel_version (kernel);
  g_autoptr (GPtrArray) modules = nv_modules_collect ("/", version, names, missing, error);
  GString *order;

  if (!modules)
    return FALSE;
  order = g_string_new (NULL);
  for (guint i = 0; i < modules->len; i++)
    {
      const NvModule *module = g_ptr_array_index (modules, i);
      g_autofree char *path = g_build_filename ("modules", module->name, NULL);

      nv_contents_add (entries, path, S_IFREG | 0644, g_bytes_ref (module->content));
      g_string_append_printf (order, "%s\n", module->name);
    }
  nv_contents_add (entries, "modules/order", S_IFREG | 0644, g_string_free_to_bytes (order));
  return TRUE;
}

GArray *
nv_contents_new (GBytes *taken_init)
{
  const NvInitramfsEntry fixed[] = {
    { .path = "dev", .mode = S_IFDIR | 0755 },
    /* The kernel opens it for init before anything is mounted. */
    { .path = "dev/console", .mode = S_IFCHR | 0600, .device = makedev (5, 1) },
    { .path = "proc", .mode = S_IFDIR | 0555 },
    { .path = "sys", .mode = S_IFDIR | 0555 },
    { .path = "modules", .mode = S_IFDIR | 0755 },
  };
  GArray *entries = g_array_new (FALSE, FALSE, sizeof (NvInitramfsEntry));

  g_array_set_clear_func (entries, clear_entry);
  g_array_append_vals (entries, fixed, G_N_ELEMENTS (fixed));
  nv_contents_add (entries, "init", S_IFREG | 0755, taken_init);
  return entries;
}

GArray *
nv_contents_collect (const char *kernel, GPtrArray *missing, GError **error)
{
  GBytes *init = g_resource_lookup_data (nv_guest_get_resource (), "/numavm/guest/init",
                                         G_RESOURCE_LOOKUP_FLAGS_NONE, error);
  g_autoptr (GArray) entries = NULL;

  if (!init)
    return NULL;
  entries = nv_contents_new (init);
  return nv_contents_add_modules (entries, kernel, module_names, missing, error) ? g_steal_pointer (&entries)
                                                                                 : NULL;
}

/* --- what a user adds --- */

/* Is it absolute, and without detours? */
static gboolean
is_plain_path (const char *path)
{
  g_auto (GStrv) names = g_strsplit (path, "/", -1);

  if (*path != '/' || !g_utf8_validate (path, -1, NULL))
    return FALSE;
  for (guint i = 1; names[i]; i++)
    if (!*names[i] || strcmp (names[i], ".") == 0 || strcmp (names[i], "..") == 0
        || strlen (names[i]) > NAME_MAX)
      return FALSE;
  return TRUE;
}

/* Mounts would hide what is there. */
static gboolean
is_hidden (const char *path)
{
  return g_str_has_prefix (path, "/dev/") || g_str_has_prefix (path, "/proc/")
         || g_str_has_prefix (path, "/sys/");
}

/* @path: relative. A program that is there already can be no directory. */
static gboolean
add_parents (GArray *entries, const char *path, GError **error)
{
  for (const char *slash = strchr (path, '/'); slash; slash = strchr (slash + 1, '/'))
    {
      g_autofree char *parent = g_strndup (path, (gsize)(slash - path));
      const NvInitramfsEntry *there = find_entry (entries, parent);

      if (!there)
        nv_contents_add (entries, parent, S_IFDIR | 0755, NULL);
      else if (!S_ISDIR (there->mode))
        {
          g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "path '/%s': '/%s' is a file", path, parent);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
add_program (GArray *entries, const char *file, const char *path, GError **error)
{
  g_autoptr (GBytes) content = NULL;
  g_autoptr (GError) problem = NULL;
  char *bytes;
  gsize length;

  if (!is_plain_path (path) || is_hidden (path))
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                 "path '%s': an absolute one without `.` and `..`, outside /dev, /proc and /sys, is allowed",
                 path);
  else if (find_entry (entries, path + 1))
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "path '%s': it is in the image already", path);
  else if (!g_file_get_contents (file, &bytes, &length, &problem))
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "cannot read a program: %s", problem->message);
  else
    {
      content = g_bytes_new_take (bytes, length);
      if (nv_elf_check_static (file, content, error) && add_parents (entries, path + 1, error))
        {
          nv_contents_add (entries, path + 1, S_IFREG | 0755, g_steal_pointer (&content));
          return TRUE;
        }
    }
  return FALSE;
}

gboolean
nv_contents_add_program (GArray *entries, const char *what, GError **error)
{
  const char *colon = strrchr (what, ':');
  g_autofree char *file = colon ? g_strndup (what, (gsize)(colon - what)) : g_strdup (what);
  g_autofree char *name = g_path_get_basename (file);
  g_autofree char *path = colon ? g_strdup (colon + 1) : g_build_filename ("/bin", name, NULL);

  return add_program (entries, file, path, error);
}

gboolean
nv_contents_add_shell (GArray *entries, GError **error)
{
  g_autofree char *busybox = g_find_program_in_path ("busybox");

  if (busybox && add_program (entries, busybox, "/bin/sh", NULL))
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_NOT_FOUND,
               "no static busybox for a shell: install the package busybox-static");
  return FALSE;
}
