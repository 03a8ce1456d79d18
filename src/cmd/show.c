#include "cmd/show.h"

#include "base/size.h"
#include "cmd/command.h"
#include "vm/placement-json.h"

NvTable *
nv_vm_table_new (gboolean with_state)
{
  static const char *const plain[] = {
    "VM", ">VCPUS", ">MEMORY", "POLICY", "CPUS", "MEMORY ON", "DISK", NULL
  };
  static const char *const stated[] = { "VM",   "STATE",     ">VCPUS", ">MEMORY", "POLICY",
                                        "CPUS", "MEMORY ON", "DISK",   NULL };

  return nv_table_new (with_state ? stated : plain);
}

static char *
format_disk (const NvDisk *disk)
{
  g_autofree char *name = NULL, *size = NULL;

  if (!disk)
    return g_strdup ("");
  name = g_path_get_basename (disk->path);
  size = nv_size_format (disk->size_bytes);
  return g_strdup_printf ("%s  %s", name, size);
}

void
nv_vm_table_add (NvTable *table, const NvVm *vm, const char *state)
{
  g_autofree char *vcpus = g_strdup_printf ("%u", vm->vcpus);
  g_autofree char *memory = nv_size_format (vm->memory_bytes);
  g_autofree char *cpus = nv_placement_format_cpus (vm->placement);
  g_autofree char *memory_on = nv_placement_format_memory (vm->placement);
  g_autofree char *disk = format_disk (vm->disk);
  const char *cells[] = { vm->name, state, vcpus, memory, vm->placement->policy, cpus, memory_on, disk };

  if (!state)
    {
      cells[1] = vm->name;
      nv_table_add_row (table, cells + 1);
    }
  else
    nv_table_add_row (table, cells);
}

static json_t *
disk_to_json (const NvDisk *disk)
{
  if (!disk)
    return json_null ();
  return json_pack ("{s:o, s:s, s:o, s:o}", "path", nv_json_path (disk->path), "format",
                    nv_disk_format_name (disk->format), "size_bytes",
                    json_integer ((json_int_t)disk->size_bytes), "base", nv_json_path (disk->base));
}

json_t *
nv_vm_to_json (const NvVm *vm, const char *state, int pid)
{
  json_t *json =
      json_pack ("{s:s, s:s, s:i, s:o, s:s, s:I, s:i, s:o, s:o, s:o}", "name", vm->name, "uuid", vm->uuid,
                 "vcpus", (int)vm->vcpus, "memory_bytes", json_integer ((json_int_t)vm->memory_bytes),
                 "accel", nv_accel_name (vm->accel), "seed", (json_int_t)vm->seed, "index", (int)vm->index,
                 "disk", disk_to_json (vm->disk), "console_log", nv_json_path (vm->console_log), "placement",
                 nv_placement_to_json (vm->placement));

  if (state)
    json_object_set_new (json, "state", json_string (state));
  if (pid > 0)
    json_object_set_new (json, "pid", json_integer (pid));
  return json;
}
