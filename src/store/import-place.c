/* Which run, boot and VM a file's rows are of. */

#include "store/import-place.h"

#include <string.h>

typedef struct
{
  gint64 id;
  guint n; /* boots of a run, VMs of a boot */
} Place;

struct NvImportPlaces
{
  GHashTable *of_level[NV_IMPORT_N_LEVELS]; /* path -> Place */
};

NvImportPlaces *
nv_import_places_new (void)
{
  NvImportPlaces *places = g_new (NvImportPlaces, 1);

  for (guint i = 0; i < NV_IMPORT_N_LEVELS; i++)
    places->of_level[i] = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return places;
}

void
nv_import_places_free (NvImportPlaces *places)
{
  for (guint i = 0; i < NV_IMPORT_N_LEVELS; i++)
    g_hash_table_unref (places->of_level[i]);
  g_free (places);
}

/* --- paths --- */

/* As the file is called, or, in a tree where its folder has but one name, as the folder. */
static char *
name_vm (const NvImport *import)
{
  g_autofree char *folder = g_path_get_dirname (import->file);
  char *name = g_path_get_basename (import->tree && import->is_alone ? folder : import->file);
  char *dot = strrchr (name, '.');

  if (!(import->tree && import->is_alone) && dot && dot != name)
    *dot = '\0';
  return name;
}

/* What all files share that are of the same run, boot or VM. Returns: (transfer full). */
static char *
find_path (const NvImport *import, NvImportLevel level)
{
  g_autofree char *folder = g_path_get_dirname (import->file);
  g_autofree char *name = name_vm (import);

  switch (level)
    {
    case NV_IMPORT_RUN:
      return g_strdup (import->tree ? import->tree : folder);
    case NV_IMPORT_BOOT:
      return import->tree ? g_path_get_dirname (folder) : g_strdup (folder);
    default:
      return g_build_filename (folder, name, NULL);
    }
}

static Place *
find_place (const NvImport *import, NvImportLevel level)
{
  g_autofree char *path = find_path (import, level);

  return g_hash_table_lookup (import->places->of_level[level], path);
}

static Place *
add_place (NvImport *import, NvImportLevel level, gint64 id)
{
  Place *place = g_new0 (Place, 1);

  place->id = id;
  g_hash_table_insert (import->places->of_level[level], find_path (import, level), place);
  import->has_made[level] = TRUE;
  return place;
}

void
nv_import_forget_places (NvImport *import)
{
  for (guint level = 0; level < NV_IMPORT_N_LEVELS; level++)
    if (import->has_made[level])
      {
        g_autofree char *path = find_path (import, level);

        g_hash_table_remove (import->places->of_level[level], path);
      }
}

/* --- rows --- */

static gint64
add_run (NvImport *import, const json_t *plan, GError **error)
{
  g_autofree char *uuid = g_uuid_string_random ();
  const NvStoreRun row = {
    .uuid = uuid,
    .program = "numavm " NV_VERSION " import",
    .command = import->request->command,
    .emulated = -1,
    .plan = plan,
  };
  gint64 run = nv_store_add_run (import->request->store, &row, error);

  if (run && !nv_store_finish_run (import->request->store, run, 0, "done", NULL, error))
    return 0;
  return run;
}

gint64
nv_import_get_run (NvImport *import, const json_t *plan, GError **error)
{
  if (!import->run)
    import->run = add_run (import, plan, error);
  return import->run;
}

/* The run of all files of a folder, or of a tree. */
static Place *
get_shared_run (NvImport *import, const json_t *plan, GError **error)
{
  Place *place = find_place (import, NV_IMPORT_RUN);
  gint64 run;

  if (place)
    return place;
  run = add_run (import, plan, error);
  return run ? add_place (import, NV_IMPORT_RUN, run) : NULL;
}

static Place *
get_boot (NvImport *import, Place *run, GError **error)
{
  Place *place = find_place (import, NV_IMPORT_BOOT);
  const NvStoreBoot boot = { .run = run->id, .position = run->n, .arm = import->policy };
  gint64 id;

  if (place)
    return place;
  id = nv_store_add_boot (import->request->store, &boot, error);
  run->n += id != 0;
  return id ? add_place (import, NV_IMPORT_BOOT, id) : NULL;
}

gint64
nv_import_add_vm (NvImport *import, const json_t *plan, GError **error)
{
  Place *run = get_shared_run (import, plan, error);
  Place *boot = run ? get_boot (import, run, error) : NULL;
  Place *place = import->tree ? find_place (import, NV_IMPORT_VM) : NULL;
  g_autofree char *name = name_vm (import);
  NvStoreVm vm = { .name = name };
  gint64 id;

  if (!boot)
    return 0;
  import->run = run->id;
  if (place)
    return place->id;
  vm.boot = boot->id;
  vm.index = boot->n;
  id = nv_store_add_vm (import->request->store, &vm, error);
  boot->n += id != 0;
  if (id)
    add_place (import, NV_IMPORT_VM, id);
  return id;
}

gboolean
nv_import_get_measurer (NvImport *import, gint64 *ret_vm, GError **error)
{
  *ret_vm = import->tree ? nv_import_add_vm (import, NULL, error) : 0;
  return import->tree ? *ret_vm != 0 : nv_import_get_run (import, NULL, error) != 0;
}
