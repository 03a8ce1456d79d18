#include "vm/placement-json.h"

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

json_t *
nv_placement_to_json (const NvPlacement *placement)
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
