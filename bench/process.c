/* What /proc/PID says of a process's memory. */

#include "bench/proc.h"

#include "bench/reader.h"

#include <errno.h>
#include <inttypes.h>
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

/* Adds pages of a node to its entry; few kinds of pages are on few nodes, so that looking through all will
 * do. */
static int
add_pages (struct nv_proc_residents *residents, uint64_t node, uint64_t page_bytes, uint64_t pages)
{
  struct nv_proc_resident *items = residents->items;
  size_t i = 0;

  if (node >= NV_PROC_MAX_NODES || page_bytes == 0)
    return -EBADMSG;
  while (i < residents->length && (items[i].node != node || items[i].page_bytes != page_bytes))
    i++;
  if (i == residents->length)
    {
      items = reallocarray (items, i + 1, sizeof *items);
      if (!items)
        return -ENOMEM;
      residents->items = items;
      items[residents->length++] =
          (struct nv_proc_resident){ .node = (unsigned)node, .page_bytes = page_bytes };
    }
  return nv_add_product (&items[i].bytes, pages, page_bytes) ? 0 : -EBADMSG;
}

/* Adds what one line of numa_maps says. The page size stands behind the counts, so it is looked for first.
 * A file's name holds no blank here: the kernel writes it as \040. */
static int
add_mapping (const char *line, struct nv_proc_residents *residents)
{
  const char *size = strstr (line, " kernelpagesize_kB="), *end;
  uint64_t kib = 0, node, pages;
  int result = 0;

  if (size && (!nv_parse_count (size + strlen (" kernelpagesize_kB="), &end, &kib) || kib > UINT64_MAX / KIB))
    return -EBADMSG;
  for (const char *at = line; result == 0 && (at = strstr (at, " N")); at++)
    {
      if (!nv_parse_count (at + 2, &end, &node) || *end != '=')
        continue;
      result =
          nv_parse_count (end + 1, &end, &pages) ? add_pages (residents, node, kib * KIB, pages) : -EBADMSG;
    }
  return result;
}

static int
compare_residents (const void *a, const void *b)
{
  const struct nv_proc_resident *left = a, *right = b;

  if (left->node != right->node)
    return left->node < right->node ? -1 : 1;
  return left->page_bytes < right->page_bytes ? -1 : left->page_bytes > right->page_bytes;
}

/* Is it within one of them, and @ret_is_last: is none behind it? */
static bool
find_address (const struct nv_proc_range *ranges, size_t n_ranges, uint64_t address, bool *ret_is_last)
{
  bool found = false;

  *ret_is_last = true;
  for (size_t i = 0; i < n_ranges; i++)
    {
      found |= ranges[i].start <= address && address < ranges[i].end;
      *ret_is_last &= ranges[i].end <= address;
    }
  return found;
}

int
nv_proc_residents_read (const char *root, int pid, const struct nv_proc_range *ranges, size_t n_ranges,
                        struct nv_proc_residents *ret_residents)
{
  struct nv_proc_residents residents = { 0 };
  struct nv_reader reader;
  bool is_last = false;
  int result = nv_reader_open (&reader, root, "proc/%d/numa_maps", pid);

  /* The kernel counts a mapping's pages when its line is read: what lies behind the ranges is not read. */
  while (result == 0 && !is_last && (result = nv_reader_next (&reader)) == 1)
    result = find_address (ranges, n_ranges, strtoull (reader.line, NULL, 16), &is_last)
                 ? add_mapping (reader.line, &residents)
                 : 0;
  nv_reader_close (&reader);
  if (result < 0)
    {
      nv_proc_residents_clear (&residents);
      return result;
    }
  if (residents.length > 0)
    qsort (residents.items, residents.length, sizeof *residents.items, compare_residents);
  *ret_residents = residents;
  return 0;
}

void
nv_proc_residents_clear (struct nv_proc_residents *residents)
{
  free (residents->items);
  memset (residents, 0, sizeof *residents);
}

int
nv_proc_numa_bytes (const char *root, int pid, uint64_t start, uint64_t end, size_t nodes,
                    uint64_t *ret_bytes)
{
  const struct nv_proc_range range = { start, end };
  struct nv_proc_residents residents;
  int result = nv_proc_residents_read (root, pid, &range, 1, &residents);

  if (result < 0)
    return result;
  memset (ret_bytes, 0, nodes * sizeof *ret_bytes);
  for (size_t i = 0; i < residents.length; i++)
    if (residents.items[i].node < nodes)
      ret_bytes[residents.items[i].node] += residents.items[i].bytes;
  nv_proc_residents_clear (&residents);
  return 0;
}

/* A line of maps: `START-END rw-p OFFSET DEVICE INODE NAME`. */
struct mapping
{
  uint64_t start, end, offset, inode;
  char access[5], device[12];
};

static bool
parse_mapping (const char *line, struct mapping *mapping)
{
  return parse_range (line, &mapping->start, &mapping->end)
         && sscanf (line, "%*s %4s %" SCNx64 " %11s %" SCNu64, mapping->access, &mapping->offset,
                    mapping->device, &mapping->inode)
                == 4;
}

/* Does @next go on where @mapping ends, in the same memory? */
static bool
continues (const struct mapping *mapping, const struct mapping *next)
{
  return mapping->end == next->start && strcmp (mapping->access, next->access) == 0
         && mapping->inode == next->inode && strcmp (mapping->device, next->device) == 0
         && (mapping->inode == 0 || mapping->offset + (mapping->end - mapping->start) == next->offset);
}

/* Adjacent mappings of the same memory: where each begins, in ascending order. */
struct run
{
  uint64_t *starts;
  size_t length, capacity;
};

static int
extend_run (struct run *run, uint64_t start)
{
  if (run->length == run->capacity)
    {
      size_t capacity = run->capacity ? 2 * run->capacity : 16;
      uint64_t *starts = reallocarray (run->starts, capacity, sizeof *starts);

      if (!starts)
        return -ENOMEM;
      run->starts = starts;
      run->capacity = capacity;
    }
  run->starts[run->length++] = start;
  return 0;
}

static int
compare_starts (const void *a, const void *b)
{
  const uint64_t *left = a, *right = b;

  return *left < *right ? -1 : *left > *right;
}

/* What is looked for, and what was found. */
struct search
{
  const uint64_t *sizes;
  size_t n;
  struct nv_proc_range *ranges; /* of each size; start and end are 0: none yet */
  int result;
  uint64_t size; /* that @result is about */
};

/* Of sizes that are alike, as many ranges are right as there are sizes. */
static void
note_range (struct search *search, uint64_t size, uint64_t end)
{
  for (size_t i = 0; i < search->n; i++)
    if (search->sizes[i] == size && search->ranges[i].end == 0)
      {
        search->ranges[i] = (struct nv_proc_range){ end - size, end };
        return;
      }
  search->result = -ENOTUNIQ;
  search->size = size;
}

/* Each part of the run that ends where it ends, and is of a size that is looked for. */
static void
search_run (struct search *search, const struct run *run, uint64_t end)
{
  for (size_t i = 0; i < search->n; i++)
    {
      uint64_t start = end - search->sizes[i];
      bool seen = search->sizes[i] == 0 || search->sizes[i] > end;

      for (size_t j = 0; j < i && !seen; j++)
        seen = search->sizes[j] == search->sizes[i];
      if (!seen && bsearch (&start, run->starts, run->length, sizeof start, compare_starts))
        note_range (search, search->sizes[i], end);
    }
}

/* Guest RAM can be read and written, and not executed: so what a QEMU without KVM translates is told from it.
 */
static int
search_maps (const char *root, int pid, struct search *search)
{
  struct nv_reader reader;
  struct mapping last = { 0 }, mapping;
  struct run run = { 0 };
  bool is_empty = true;
  int result = nv_reader_open (&reader, root, "proc/%d/maps", pid);

  if (result == -ENOENT)
    result = -ESRCH;
  while (result == 0 && (result = nv_reader_next (&reader)) == 1)
    {
      is_empty = false;
      result = 0;
      if (!strstr (reader.line, " rw-"))
        continue; /* most of a QEMU is libraries */
      result = parse_mapping (reader.line, &mapping) ? 0 : -EBADMSG;
      if (result < 0 || strncmp (mapping.access, "rw-", 3) != 0)
        continue;
      if (!continues (&last, &mapping))
        run.length = 0;
      result = extend_run (&run, mapping.start);
      search_run (search, &run, mapping.end);
      last = mapping;
    }
  free (run.starts);
  nv_reader_close (&reader);
  return result == 0 && is_empty ? -ESRCH : result;
}

int
nv_proc_find_ranges (const char *root, int pid, const uint64_t *sizes, size_t n_sizes,
                     struct nv_proc_range *ret_ranges, uint64_t *ret_size)
{
  struct nv_proc_range *ranges = calloc (n_sizes + 1, sizeof *ranges);
  struct search search = { .sizes = sizes, .n = n_sizes, .ranges = ranges };
  int result = ranges ? search_maps (root, pid, &search) : -ENOMEM;

  if (result == 0)
    result = search.result;
  for (size_t i = 0; result == 0 && i < n_sizes; i++)
    if (ranges[i].end == 0)
      {
        result = -ENXIO;
        search.size = sizes[i];
      }
  if (result == 0)
    memcpy (ret_ranges, ranges, n_sizes * sizeof *ranges);
  *ret_size = search.size;
  free (ranges);
  return result;
}
