/* What the cgroups that this process is in leave it. */

#include "bench/proc.h"
#include "bench/reader.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum
{
  CGROUP_BYTES = 2048, /* of a cgroup's path */
};

/* Of one version: where its files are, and what they are called. */
struct hierarchy
{
  const char *mount;
  const char *limit, *used;
  const char *reclaimable[3]; /* of memory.stat; used counts those, too */
};

static const struct hierarchy versions[] = {
  { "sys/fs/cgroup/memory",
    "memory.limit_in_bytes",
    "memory.usage_in_bytes",
    { "total_active_file ", "total_inactive_file ", "total_slab_reclaimable " } },
  { "sys/fs/cgroup",
    "memory.max",
    "memory.current",
    { "active_file ", "inactive_file ", "slab_reclaimable " } },
};

/* 0 where the kernel does not say. */
static uint64_t
read_reclaimable (const char *root, const struct hierarchy *hierarchy, const char *cgroup)
{
  struct nv_reader reader;
  uint64_t sum = 0, bytes;
  const char *end;

  if (nv_reader_open (&reader, root, "%s%s/memory.stat", hierarchy->mount, cgroup) == 0)
    while (nv_reader_next (&reader) == 1)
      for (size_t i = 0; i < sizeof hierarchy->reclaimable / sizeof *hierarchy->reclaimable; i++)
        {
          size_t length = strlen (hierarchy->reclaimable[i]);

          if (strncmp (reader.line, hierarchy->reclaimable[i], length) == 0
              && nv_parse_count (reader.line + length, &end, &bytes))
            nv_add_product (&sum, bytes, 1);
        }
  nv_reader_close (&reader);
  return sum;
}

/* UINT64_MAX: it has no limit, or it is not there: a container sees its own cgroup as the topmost, whatever
 * path it is told. */
static uint64_t
read_left (const char *root, const struct hierarchy *hierarchy, const char *cgroup)
{
  char path[CGROUP_BYTES + 64];
  uint64_t limit, used, reclaimable;

  snprintf (path, sizeof path, "%s%s/%s", hierarchy->mount, cgroup, hierarchy->limit);
  if (nv_proc_number (root, path, &limit) < 0)
    return UINT64_MAX;
  snprintf (path, sizeof path, "%s%s/%s", hierarchy->mount, cgroup, hierarchy->used);
  if (nv_proc_number (root, path, &used) < 0)
    return UINT64_MAX;
  reclaimable = read_reclaimable (root, hierarchy, cgroup);
  used -= reclaimable < used ? reclaimable : used;
  return limit > used ? limit - used : 0;
}

/* Of the cgroup and those above it, whose limits hold for it as well; the path is spoilt. */
static uint64_t
read_least_left (const char *root, const struct hierarchy *hierarchy, char *cgroup)
{
  uint64_t least = UINT64_MAX;

  for (char *slash = cgroup + strlen (cgroup); slash; slash = strrchr (cgroup, '/'))
    {
      uint64_t left;

      *slash = '\0';
      left = read_left (root, hierarchy, cgroup);
      least = left < least ? left : least;
    }
  return least;
}

/* Is the controller `memory` among those of a line's second field? Version 2's is empty. */
static bool
has_memory (const char *field, size_t length)
{
  static const char name[] = "memory";
  size_t size = sizeof name - 1;

  for (const char *at = field; at + size <= field + length; at++)
    if (strncmp (at, name, size) == 0 && (at == field || at[-1] == ',')
        && (at[size] == ',' || at[size] == ':'))
      return true;
  return false;
}

uint64_t
nv_proc_cgroup_left_bytes (const char *root)
{
  struct nv_reader reader;
  uint64_t least = UINT64_MAX;

  /* `4:memory:/a/b`, or of version 2 `0::/a/b` */
  if (nv_reader_open (&reader, root, "proc/self/cgroup") == 0)
    while (nv_reader_next (&reader) == 1)
      {
        char *field = strchr (reader.line, ':'), *path = field ? strchr (++field, ':') : NULL;
        bool is_v2 = path == field;
        uint64_t left;

        if (!path || strlen (path) > CGROUP_BYTES || path[1] != '/'
            || (!is_v2 && !has_memory (field, (size_t)(path - field))))
          continue;
        path += strcmp (path, ":/") == 0 ? 2 : 1; /* so that the topmost one's is empty */
        left = read_least_left (root, &versions[is_v2], path);
        least = left < least ? left : least;
      }
  nv_reader_close (&reader);
  return least;
}
