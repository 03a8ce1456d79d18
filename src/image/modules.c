#include "image/modules.h"
#include "base/error.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

typedef struct archive Archive;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Archive, archive_read_free)

/* A line of modules.dep. */
typedef struct
{
  guint line;
  char *path;
  char **needed; /* paths */
  enum
  {
    NOT_SEEN,
    IN_PROGRESS, /* what it needs is looked for */
    ADDED,
  } state;
} Entry;

typedef struct
{
  char *dir;           /* ROOT/lib/modules/VERSION */
  char *dep_file;      /* its modules.dep */
  GHashTable *entries; /* path -> Entry */
  GHashTable *names;   /* module's name -> Entry, not owned */
  GPtrArray *modules;  /* of NvModule */
} Collector;

static void
module_free (gpointer data)
{
  NvModule *module = data;

  g_free (module->name);
  g_clear_pointer (&module->content, g_bytes_unref);
  g_free (module);
}

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_free (entry->path);
  g_strfreev (entry->needed);
  g_free (entry);
}

static void
collector_clear (Collector *collector)
{
  g_free (collector->dir);
  g_free (collector->dep_file);
  g_hash_table_unref (collector->names);
  g_hash_table_unref (collector->entries);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Collector, collector_clear)

/* Returns: (transfer full): kernel/drivers/acpi/button.ko.xz -> button; virtio-pci -> virtio_pci. */
static char *
name_of (const char *path)
{
  char *name = g_path_get_basename (path);
  char *extension = strstr (name, ".ko");

  if (extension)
    *extension = '\0';
  return g_strdelimit (name, "-", '_');
}

/* Returns: (transfer full): the file as it is loaded. */
static char *
file_name_of (const char *path)
{
  char *name = g_path_get_basename (path);
  char *extension = strstr (name, ".ko");

  if (extension)
    extension[strlen (".ko")] = '\0';
  return name;
}

/* --- modules.dep, modules.builtin --- */

static gboolean
take_line (Collector *collector, guint number, char *line, GError **error)
{
  char *colon = strchr (line, ':');
  Entry *entry;

  if (!colon || colon == line || !strstr (line, ".ko") || !g_utf8_validate (line, -1, NULL))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_PARSE,
                   "%s:%u: `MODULE.ko: MODULE.ko...` is expected; `depmod` writes it anew",
                   collector->dep_file, number);
      return FALSE;
    }
  *colon = '\0';
  entry = g_new0 (Entry, 1);
  entry->line = number;
  entry->path = g_strdup (line);
  entry->needed = g_strsplit (g_strstrip (colon + 1), " ", -1);
  g_hash_table_replace (collector->entries, entry->path, entry);
  g_hash_table_replace (collector->names, name_of (line), entry);
  return TRUE;
}

/* A kernel without modules has no such file. */
static gboolean
read_dependencies (Collector *collector, GError **error)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (collector->dep_file, &text, NULL, NULL))
    return TRUE;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i]; i++)
    if (*lines[i] && !take_line (collector, i + 1, lines[i], error))
      return FALSE;
  return TRUE;
}

/* Returns: (transfer full): the names of modules that are part of the kernel. */
static GHashTable *
read_builtin (const Collector *collector)
{
  GHashTable *builtin = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *path = g_build_filename (collector->dir, "modules.builtin", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return builtin;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i]; i++)
    g_hash_table_add (builtin, name_of (lines[i]));
  return builtin;
}

/* --- the files --- */

/* Returns: (transfer full): what a module's file holds, whatever it is compressed with. */
static GBytes *
read_module (const char *path, GError **error)
{
  g_autoptr (Archive) archive = archive_read_new ();
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  struct archive_entry *entry;
  guint8 part[65536];
  la_ssize_t n = -1;

  archive_read_support_format_raw (archive);
  archive_read_support_filter_all (archive);
  if (archive_read_open_filename (archive, path, sizeof part) == ARCHIVE_OK
      && archive_read_next_header (archive, &entry) == ARCHIVE_OK)
    while ((n = archive_read_data (archive, part, sizeof part)) > 0)
      g_byte_array_append (bytes, part, (guint)n);
  if (n == 0 && bytes->len > 0)
    return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
  g_set_error (error, NV_ERROR, NV_ERROR_NOT_FOUND, "cannot read module '%s': %s", path,
               n == 0 ? "it is empty" : archive_error_string (archive));
  return NULL;
}

static gboolean
add_module (Collector *collector, const Entry *entry, GError **error)
{
  g_autofree char *path = g_build_filename (collector->dir, entry->path, NULL);
  GBytes *content = read_module (path, error);
  NvModule *module;

  if (!content)
    return FALSE;
  module = g_new0 (NvModule, 1);
  module->name = file_name_of (entry->path);
  module->content = content;
  g_ptr_array_add (collector->modules, module);
  return TRUE;
}

static gboolean add_with_needed (Collector *collector, Entry *entry, GError **error);

static gboolean
add_needed (Collector *collector, const Entry *entry, const char *path, GError **error)
{
  Entry *needed = g_hash_table_lookup (collector->entries, path);

  if (needed && needed->state != IN_PROGRESS)
    return add_with_needed (collector, needed, error);
  g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "%s:%u: '%s' needs '%s', which %s; `depmod` writes it anew",
               collector->dep_file, entry->line, entry->path, path,
               needed ? "needs it in turn" : "has no line of its own");
  return FALSE;
}

static gboolean
add_with_needed (Collector *collector, Entry *entry, GError **error)
{
  if (entry->state == ADDED)
    return TRUE;
  entry->state = IN_PROGRESS;
  for (guint i = 0; entry->needed[i]; i++)
    if (*entry->needed[i] && !add_needed (collector, entry, entry->needed[i], error))
      return FALSE;
  entry->state = ADDED;
  return add_module (collector, entry, error);
}

GPtrArray *
nv_modules_collect (const char *root, const char *kernel, const char *const *names, GPtrArray *missing,
                    GError **error)
{
  g_auto (Collector) collector = {
    .dir = g_build_filename (root, "lib/modules", kernel, NULL),
    .entries = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, entry_free),
    .names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
  };
  g_autoptr (GPtrArray) modules = g_ptr_array_new_with_free_func (module_free);
  g_autoptr (GHashTable) builtin = read_builtin (&collector);

  collector.dep_file = g_build_filename (collector.dir, "modules.dep", NULL);
  collector.modules = modules;
  if (!read_dependencies (&collector, error))
    return NULL;
  for (guint i = 0; names[i]; i++)
    {
      g_autofree char *name = name_of (names[i]);
      Entry *entry = g_hash_table_lookup (collector.names, name);

      if (entry && !add_with_needed (&collector, entry, error))
        return NULL;
      if (!entry && missing && !g_hash_table_contains (builtin, name))
        g_ptr_array_add (missing, (gpointer)names[i]);
    }
  return g_steal_pointer (&modules);
}
