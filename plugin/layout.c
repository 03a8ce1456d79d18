#include "plugin/layout.h"

#include <string.h>

#define GIB (G_GUINT64_CONSTANT (1) << 30)

/* So many addresses must speak for a reading. Firmware, whose addresses mean something else, has some
   thousand lines; a kernel that sets up its list of pages uses more than that of every 100 MiB. */
#define ENOUGH_VOTES 16384

static void
add_range (NvDelayMap *map, guint64 start, guint64 size, unsigned node)
{
  if (size > 0)
    map->ranges[map->n_ranges++] = (NvDelayRange){ start, start + size, (int)node };
}

static guint64
count_below_hole (guint64 total_bytes)
{
  guint64 most = 7 * GIB / 2;

  if (total_bytes >= most)
    most = 3 * GIB;
  return MIN (total_bytes, most);
}

void
nv_delay_map_physical (const guint64 *memory_bytes, unsigned n_nodes, NvDelayMap *map)
{
  guint64 total = 0, start = 0, below;

  for (unsigned node = 0; node < n_nodes; node++)
    total += memory_bytes[node];
  below = count_below_hole (total);
  map->n_ranges = 0;
  for (unsigned node = 0; node < n_nodes; node++)
    {
      guint64 low = start < below ? MIN (memory_bytes[node], below - start) : 0;

      add_range (map, start, low, node);
      add_range (map, 4 * GIB + start + low - below, memory_bytes[node] - low, node);
      start += memory_bytes[node];
    }
}

void
nv_delay_map_blocks (const guint64 *memory_bytes, unsigned n_nodes, NvDelayMap *map)
{
  guint64 start = 0;

  map->n_ranges = 0;
  for (unsigned node = 0; node < n_nodes; node++)
    {
      add_range (map, 2 * start, memory_bytes[node], node);
      start += memory_bytes[node];
    }
}

int
nv_delay_map_find (const NvDelayMap *map, guint64 address)
{
  for (unsigned i = 0; i < map->n_ranges; i++)
    if (address >= map->ranges[i].start && address < map->ranges[i].end)
      return map->ranges[i].node;
  return NV_DELAY_NO_NODE;
}

void
nv_delay_layout_init (NvDelayLayout *layout, const guint64 *memory_bytes, unsigned n_nodes)
{
  memset (layout, 0, sizeof *layout);
  nv_delay_map_physical (memory_bytes, n_nodes, &layout->maps[NV_DELAY_PHYSICAL]);
  nv_delay_map_blocks (memory_bytes, n_nodes, &layout->maps[NV_DELAY_BLOCKS]);
  layout->reading = -1;
}

static void
vote (NvDelayLayout *layout, NvDelayReading reading)
{
  unsigned votes = __atomic_load_n (&layout->votes[reading], __ATOMIC_RELAXED) + 1;

  __atomic_store_n (&layout->votes[reading], votes, __ATOMIC_RELAXED);
  if (votes >= ENOUGH_VOTES)
    __atomic_store_n (&layout->reading, (int)reading, __ATOMIC_RELAXED);
}

int
nv_delay_layout_find (NvDelayLayout *layout, guint64 address)
{
  int reading = __atomic_load_n (&layout->reading, __ATOMIC_RELAXED);
  int physical, blocks;

  if (reading >= 0)
    return nv_delay_map_find (&layout->maps[reading], address);
  physical = nv_delay_map_find (&layout->maps[NV_DELAY_PHYSICAL], address);
  blocks = nv_delay_map_find (&layout->maps[NV_DELAY_BLOCKS], address);
  if (physical != NV_DELAY_NO_NODE && blocks == NV_DELAY_NO_NODE)
    vote (layout, NV_DELAY_PHYSICAL);
  else if (physical == NV_DELAY_NO_NODE && blocks != NV_DELAY_NO_NODE)
    vote (layout, NV_DELAY_BLOCKS);
  return physical == blocks ? physical : NV_DELAY_NO_NODE;
}
