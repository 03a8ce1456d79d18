/* A set-associative cache of 64-byte lines that forgets the line of a set that was used longest ago. It has
   no data, only the answer whether a line would be in it. */
#pragma once

#include <glib.h>

#define NV_DELAY_LINE_BYTES 64

typedef struct
{
  guint64 *lines; /* set after set, the line used last first; one more than the line's number, 0: none */
  gsize n_sets;
  unsigned n_ways;
} NvDelayCache;

/** nv_delay_cache_init: @bytes: a power of two, as is @n_ways, and not less than that many lines. */
void nv_delay_cache_init (NvDelayCache *cache, gsize bytes, unsigned n_ways);
void nv_delay_cache_clear (NvDelayCache *cache);

/**
 * nv_delay_cache_use:
 *
 * Several threads may use one cache without a lock: what they lose of each other is a hit or a miss now and
 * then.
 *
 * Returns: was the line of @address there? From now on it is.
 */
gboolean nv_delay_cache_use (NvDelayCache *cache, guint64 address);
