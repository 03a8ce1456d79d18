/* What /proc/PID says of a process's memory. */

#include "bench/proc.h"

#include "bench/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KIB 1024u

/* The range that a line of maps or smaps begins with, `START-END ` in hexadecimal. */
static bool
parse_range (const char *line, uint64_t *ret_start, uint64_t *ret_end)
{
  char *end;

  *ret_start = strtoull (line, &end, 16);
  if (end == line || *end != '-')
    return false;
  *ret_end = strtoull (end + 1, &end, 16);
  return *end == ' ' && *ret_end > *ret_start;
}

int
nv_proc_huge_bytes (const char *root, int pid, uint64_t start, uint64_t end, uint64_t *ret_bytes)
{
  static const char *const names[] = { "AnonHugePages", "Shared_Hugetlb", "Private_Hugetlb" };
  uint64_t from, to, kib, sum = 0;
  bool inside = false;
  struct nv_reader reader;
  int result = nv_reader_open (&reader, root, "proc/%d/smaps", pid);

  while (result == 0 && (result = nv_reader_next (&reader)) == 1)
    {
      result = 0;
      if (parse_range (reader.line, &from, &to))
        inside = start <= from && to <= end;
      for (size_t i = 0; inside && result == 0 && i < sizeof names / sizeof *names; i++)
        {
          const char *value = nv_value_of (reader.line, names[i]), *unit;

          if (value
              && (!nv_parse_count (value, &unit, &kib) || strcmp (unit, " kB") != 0
                  || !nv_add_product (&sum, kib, KIB)))
            result = -EBADMSG;
        }
    }
  nv_reader_close (&reader);
  if (result == 0)
    *ret_bytes = sum;
  return result;
}

/* Adds what one line of numa_maps says. The page size stands behind the counts, so they are looked for twice.
 * A file's name holds no blank here: the kernel writes it as \040. */
static int
add_mapping (const char *line, size_t nodes, uint64_t *bytes)
{
  const char *size = strstr (line, " kernelpagesize_kB="), *end;
  uint64_t kib = 0, node, pages;

  if (size && !nv_parse_count (size + strlen (" kernelpagesize_kB="), &end, &kib))
    return -EBADMSG;
  for (const char *at = line; (at = strstr (at, " N")); at++)
    {
      if (!nv_parse_count (at + 2, &end, &node) || *end != '=')
        continue;
      if (kib == 0 || kib > UINT64_MAX / KIB || !nv_parse_count (end + 1, &end, &pages))
        return -EBADMSG;
      if (node < nodes && !nv_add_product (&bytes[node], pages, kib * KIB))
        return -EBADMSG;
    }
  return 0;
}

/* Mappings are told by where they begin: within one of these ranges. */
struct range
{
  uint64_t start, end;
};

struct ranges
{
  struct range *values;
  size_t length;
};

static int
add_range (struct ranges *ranges, uint64_t start, uint64_t end)
{
  struct range *values = realloc (ranges->values, (ranges->length + 1) * sizeof *values);

  if (!values)
    return -ENOMEM;
  values[ranges->length++] = (struct range){ start, end };
  ranges->values = values;
  return 0;
}

static bool
has_address (const struct ranges *ranges, uint64_t address)
{
  for (size_t i = 0; i < ranges->length; i++)
    if (ranges->values[i].start <= address && address < ranges->values[i].end)
      return true;
  return false;
}

static int
read_numa_maps (const char *root, int pid, const struct ranges *ranges, size_t nodes, uint64_t *ret_bytes)
{
  struct nv_reader reader;
  uint64_t *bytes = calloc (nodes ? nodes : 1, sizeof *bytes);
  int result = bytes ? nv_reader_open (&reader, root, "proc/%d/numa_maps", pid) : -ENOMEM;

  if (!bytes)
    return result;
  while (result == 0 && (result = nv_reader_next (&reader)) == 1)
    result =
        has_address (ranges, strtoull (reader.line, NULL, 16)) ? add_mapping (reader.line, nodes, bytes) : 0;
  if (result == 0)
    memcpy (ret_bytes, bytes, nodes * sizeof *bytes);
  free (bytes);
  nv_reader_close (&reader);
  return result;
}

int
nv_proc_numa_bytes (const char *root, int pid, uint64_t start, uint64_t end, size_t nodes,
                    uint64_t *ret_bytes)
{
  struct range range = { start, end };
  const struct ranges ranges = { &range, 1 };

  return read_numa_maps (root, pid, &ranges, nodes, ret_bytes);
}

/* Those of the wanted sizes. */
static int
find_ranges (const char *root, int pid, const uint64_t *sizes, size_t n_sizes, struct ranges *ranges)
{
  struct nv_reader reader;
  int result = nv_reader_open (&reader, root, "proc/%d/maps", pid);

  while (result == 0 && (result = nv_reader_next (&reader)) == 1)
    {
      uint64_t start, end;

      result = parse_range (reader.line, &start, &end) ? 0 : -EBADMSG;
      for (size_t i = 0; result == 0 && i < n_sizes; i++)
        if (sizes[i] == end - start)
          {
            result = add_range (ranges, start, end);
            break;
          }
    }
  nv_reader_close (&reader);
  return result;
}

int
nv_proc_numa_pages (const char *root, int pid, const uint64_t *sizes, size_t n_sizes, size_t nodes,
                    uint64_t *ret_bytes)
{
  struct ranges ranges = { 0 };
  int result = find_ranges (root, pid, sizes, n_sizes, &ranges);

  if (result == -ENOENT)
    result = -ESRCH;
  if (result == 0)
    result = read_numa_maps (root, pid, &ranges, nodes, ret_bytes);
  free (ranges.values);
  return result;
}
