/* numa: on which node pages were asked for and on which they were got, and what is free there. */

#include "bench/samplers/sampler.h"

#include <errno.h>
#include <string.h>

#define KIB 1024u

/* Documentation/admin-guide/numastat.rst; in pages. */
static int
parse_numastat (char *text, int node, struct nv_sample_values *values)
{
  return nv_sample_counters (text, node, NULL, values);
}

/* `Node 0 MemFree:         9126472 kB` of a node's meminfo; its other lines change with it or not at all. */
static int
parse_meminfo (char *text, int node, struct nv_sample_values *values)
{
  static const char key[] = " MemFree:", unit[] = " kB";
  struct nv_sample_value value = { .name = "free_bytes", .node = node, .order = -1 };
  char *word = strstr (text, key), *end;

  if (!word)
    return -EBADMSG;
  word += strlen (key);
  word[strcspn (word, "\n")] = '\0';
  word += strspn (word, " ");
  end = strstr (word, unit);
  if (!end || end[strlen (unit)] != '\0')
    return -EBADMSG;
  *end = '\0';
  if (!nv_sample_count (word, &value.count) || __builtin_mul_overflow (value.count, KIB, &value.count)
      || value.count > INT64_MAX)
    return -EBADMSG;
  return nv_sample_add (values, &value);
}

const struct nv_sampler nv_sampler_numa = {
  .name = "numa",
  .summary = "hits, misses and free memory of each node",
  .needs = "CONFIG_NUMA and /sys",
  .files = { { "sys/devices/system/node/node*/numastat", parse_numastat },
             { "sys/devices/system/node/node*/meminfo", parse_meminfo } },
};
