#include "cmd/show.h"

#include "base/size.h"
#include "cmd/command.h"

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
set_to_json (const NvSet *set)
{
  g_autofree char *text = set ? nv_set_format (set) : NULL;

  return text ? json_string (text) : json_null ();
}

static json_t *
text_to_json (const char *text)
{
  return text ? json_string (text) : json_null ();
}

static json_t *
size_to_json (guint64 bytes)
{
  return json_integer ((json_int_t)bytes);
}

static json_t *
region_to_json (const NvRegion *region)
{
  json_t *shares = json_array ();

  for (guint i = 0; i < region->shares->len; i++)
    {
      const NvShare *share = &g_array_index (region->shares, NvShare, i);

      json_array_append_new (
          shares, json_pack ("{s:i, s:o}", "node", (int)share->node, "bytes", size_to_json (share->bytes)));
    }
  return json_pack ("{s:o, s:s, s:o, s:o, s:b, s:s, s:o}", "size_bytes", size_to_json (region->size_bytes),
                    "mode", nv_memory_mode_name (region->mode), "nodes", set_to_json (region->nodes),
                    "page_size_bytes", size_to_json (region->page_size_bytes), "preallocate",
                    region->preallocate, "expectation", nv_expectation_name (region->expectation), "shares",
                    shares);
}

static json_t *
placement_to_json (const NvPlacement *placement)
{
  json_t *regions = json_array ();

  for (guint i = 0; i < placement->regions->len; i++)
    json_array_append_new (regions, region_to_json (g_ptr_array_index (placement->regions, i)));
  return json_pack (
      "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "policy", placement->policy, "candidates",
      set_to_json (placement->candidates), "skipped", set_to_json (placement->skipped), "cpu_nodes",
      set_to_json (placement->cpu_nodes), "vcpu_cpus", set_to_json (placement->vcpu_cpus), "emulator_cpus",
      set_to_json (placement->emulator_cpus), "note", text_to_json (placement->note), "regions", regions);
}

static json_t *
disk_to_json (const NvDisk *disk)
{
  if (!disk)
    return json_null ();
  return json_pack ("{s:o, s:s, s:o, s:o}", "path", nv_json_path (disk->path), "format",
                    nv_disk_format_name (disk->format), "size_bytes", size_to_json (disk->size_bytes), "base",
                    nv_json_path (disk->base));
}

json_t *
nv_vm_to_json (const NvVm *vm, const char *state, int pid)
{
  json_t *json = json_pack (
      "{s:s, s:s, s:i, s:o, s:s, s:I, s:i, s:o, s:o, s:o}", "name", vm->name, "uuid", vm->uuid, "vcpus",
      (int)vm->vcpus, "memory_bytes", size_to_json (vm->memory_bytes), "accel", nv_accel_name (vm->accel),
      "seed", (json_int_t)vm->seed, "index", (int)vm->index, "disk", disk_to_json (vm->disk), "console_log",
      nv_json_path (vm->console_log), "placement", placement_to_json (vm->placement));

  if (state)
    json_object_set_new (json, "state", json_string (state));
  if (pid > 0)
    json_object_set_new (json, "pid", json_integer (pid));
  return json;
}
