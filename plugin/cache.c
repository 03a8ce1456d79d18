#include "plugin/cache.h"

void
nv_delay_cache_init (NvDelayCache *cache, gsize bytes, unsigned n_ways)
{
  *cache = (NvDelayCache){
    .lines = g_new0 (guint64, bytes / NV_DELAY_LINE_BYTES),
    .n_sets = bytes / NV_DELAY_LINE_BYTES / n_ways,
    .n_ways = n_ways,
  };
}

void
nv_delay_cache_clear (NvDelayCache *cache)
{
  g_clear_pointer (&cache->lines, g_free);
}

gboolean
nv_delay_cache_use (NvDelayCache *cache, guint64 address)
{
  guint64 line = address / NV_DELAY_LINE_BYTES + 1;
  guint64 *set = cache->lines + (line & (cache->n_sets - 1)) * cache->n_ways;
  guint64 carried = __atomic_load_n (&set[0], __ATOMIC_RELAXED);

  if (carried == line)
    return TRUE;
  __atomic_store_n (&set[0], line, __ATOMIC_RELAXED);
  for (unsigned way = 1; way < cache->n_ways; way++)
    {
      guint64 next = __atomic_load_n (&set[way], __ATOMIC_RELAXED);

      __atomic_store_n (&set[way], carried, __ATOMIC_RELAXED);
      if (next == line)
        return TRUE;
      carried = next;
    }
  return FALSE;
}
