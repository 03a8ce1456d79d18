/* Machines as there are, or nearly so; what an option says replaces what is here. */

#include "lab/machine.h"

#include <string.h>

const NvLabPreset nv_lab_presets[] = {
  { .name = "two-socket",
    .summary = "2 nodes, 10 and 21 apart: what most servers are",
    .request = { .nodes = "2", .distances = "10,21" } },
  { .name = "ring",
    .summary = "4 nodes in a ring, 10, 16 and 22 apart by steps around it",
    .request = { .nodes = "4", .distances = "10,16,22,16" } },
  { .name = "cpuless",
    .summary = "2 nodes with CPUs and one of memory only, farther away, as memory on CXL is",
    .request = { .nodes = "3", .cpus = "1,1,0", .distances = "10,20,24;20,10,28;24,28,10" } },
  { .name = "memoryless",
    .summary = "2 nodes with memory, and one of CPUs only",
    .request = { .nodes = "3", .memory = "1G,0,1G", .cpus = "1,1,1", .distances = "10,20,20" } },
  { .name = "uneven",
    .summary = "4 nodes with less and less memory",
    .request = { .nodes = "4", .memory = "2G,1G,512M,256M" } },
  { .name = "hugepages",
    .summary = "4 nodes, huge pages of 2 MiB on two of them only",
    .request = { .nodes = "4", .huge_pages = "0:64,2:64" } },
  { NULL },
};

char *
nv_lab_preset_names (void)
{
  GString *names = g_string_new (nv_lab_presets[0].name);

  for (const NvLabPreset *preset = nv_lab_presets + 1; preset->name; preset++)
    g_string_append_printf (names, "%s%s", preset[1].name ? ", " : " or ", preset->name);
  return g_string_free (names, FALSE);
}
