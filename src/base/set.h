#pragma once

#include <glib.h>

/**
 * NvSet: a set of OS indexes, as a nodeset or a CPU set.
 *
 * Written as libvirt, numactl and the kernel write it: `0-3,8`. Grows as needed up to NV_SET_LIMIT.
 */
typedef struct NvSet NvSet;

/* One more than the largest index: libvirt's own limit for a CPU set. */
#define NV_SET_LIMIT 16384u

NvSet *nv_set_new (void);
NvSet *nv_set_copy (const NvSet *set);
void nv_set_free (NvSet *set);

void nv_set_add (NvSet *set, guint index);
void nv_set_remove (NvSet *set, guint index);
void nv_set_add_all (NvSet *set, const NvSet *other);

/* Keeps in @set what is in @other too. */
void nv_set_keep (NvSet *set, const NvSet *other);

gboolean nv_set_contains (const NvSet *set, guint index);
gboolean nv_set_contains_all (const NvSet *set, const NvSet *other);
gboolean nv_set_equal (const NvSet *a, const NvSet *b);
gboolean nv_set_is_empty (const NvSet *set);
guint nv_set_count (const NvSet *set);

/**
 * nv_set_next:
 * @previous: an index, or -1 to begin
 *
 * Returns: the smallest index in @set above @previous, or -1. Use NV_SET_FOREACH.
 */
int nv_set_next (const NvSet *set, int previous);

#define NV_SET_FOREACH(index, set)                                                                           \
  for (int index = nv_set_next ((set), -1); index >= 0; index = nv_set_next ((set), index))

/**
 * nv_set_parse:
 * @text: comma-separated indexes and ranges, such as `0-3,8`
 *
 * Returns: (transfer full): the set, never empty; %NULL with NV_ERROR_USAGE.
 */
NvSet *nv_set_parse (const char *text, GError **error);

/* Returns: (transfer full): the shortest such text; "" for the empty set. */
char *nv_set_format (const NvSet *set);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvSet, nv_set_free)
