/* buddyinfo: the free blocks of each node and zone, and how much of the free memory is of no use to a request
 * of each order. */

#include "bench/samplers/sampler.h"

#include <errno.h>
#include <string.h>

enum
{
  /* Kernels have 11 orders, 14 at most; no block of 2^64 pages can be counted. */
  MAX_ORDERS = 64,
};

struct zone
{
  int node;
  const char *name;
  int n_orders;
  uint64_t free_blocks[MAX_ORDERS];
  uint64_t free_pages;
};

/* Constants, since who reads the values compares pointers. */
static const char free_name[] = "free";
static const char unusable_name[] = "unusable_index";

/* The next word behind any number of blanks; NULL: there is none. */
static char *
next_word (char **line)
{
  char *word;

  do
    word = strsep (line, " ");
  while (word && *word == '\0');
  return word;
}

/* `Node 0, zone   Normal   1784    527 ...`, one number an order. */
static bool
parse_zone (char *line, struct zone *zone)
{
  char *word = next_word (&line), *node = next_word (&line), *comma = node ? strchr (node, ',') : NULL;
  uint64_t number, pages;

  if (!comma || comma[1] != '\0' || strcmp (word, "Node") != 0)
    return false;
  *comma = '\0';
  if (!nv_sample_count (node, &number) || number > INT16_MAX)
    return false;
  word = next_word (&line);
  zone->node = (int)number;
  zone->name = next_word (&line);
  zone->n_orders = 0;
  zone->free_pages = 0;
  if (!zone->name || strcmp (word, "zone") != 0)
    return false;
  while ((word = next_word (&line)))
    {
      if (zone->n_orders == MAX_ORDERS || !nv_sample_count (word, &number)
          || __builtin_mul_overflow (number, UINT64_C (1) << zone->n_orders, &pages)
          || __builtin_add_overflow (zone->free_pages, pages, &zone->free_pages)
          || zone->free_pages > INT64_MAX)
        return false;
      zone->free_blocks[zone->n_orders++] = number;
    }
  return zone->n_orders > 0;
}

/* The unusable free space index of each order j: (TotalFree - sum over i >= j of 2^i k_i) / TotalFree, where
 * k_i are the free blocks of order i: M. Gorman, A. Whitcroft, "The what, the why and the where to of
 * anti-fragmentation", Ottawa Linux Symposium 2006. 0: all of it can be used, 1: none. As in the kernel's own
 * (unusable_free_index() of mm/vmstat.c, in debugfs extfrag/unusable_index), where nothing is free nothing
 * can be used. */
static int
add_unusable (const struct zone *zone, struct nv_sample_value *value, struct nv_sample_values *values)
{
  uint64_t too_small_pages = 0;
  int result = 0;

  value->name = unusable_name;
  value->is_ratio = true;
  /* MAX_ORDERS: gcc warns without it, where UBSan is in. */
  for (int order = 0; result == 0 && order < zone->n_orders && order < MAX_ORDERS; order++)
    {
      value->order = order;
      if (order > 0)
        too_small_pages += zone->free_blocks[order - 1] << (order - 1);
      value->ratio = zone->free_pages ? (double)too_small_pages / (double)zone->free_pages : 1.0;
      result = nv_sample_add (values, value);
    }
  return result;
}

static int
add_zone (const struct zone *zone, struct nv_sample_values *values)
{
  struct nv_sample_value value = { .name = free_name, .node = zone->node, .zone = zone->name };
  int result = 0;

  for (int order = 0; result == 0 && order < zone->n_orders; order++)
    {
      value.order = order;
      value.count = zone->free_blocks[order];
      result = nv_sample_add (values, &value);
    }
  return result < 0 ? result : add_unusable (zone, &value, values);
}

static int
parse_buddyinfo (char *text, int node, struct nv_sample_values *values)
{
  struct zone zone;
  char *line;
  int result = 0;

  while (result == 0 && (line = strsep (&text, "\n")))
    if (*line != '\0')
      result = parse_zone (line, &zone) ? add_zone (&zone, values) : -EBADMSG;
  return result;
}

const struct nv_sampler nv_sampler_buddyinfo = {
  .name = "buddyinfo",
  .summary = "free blocks and the unusable free space index, by node, zone and order",
  .needs = "a whole /proc (not one mounted with subset=pid)",
  .files = { { "proc/buddyinfo", parse_buddyinfo } },
};
