#include "bench/proc.h"

#include "bench/list.h"
#include "bench/reader.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KIB 1024u

/* One `Name: 123 kB` of a meminfo. */
struct field
{
  const char *name;
  uint64_t bytes;
  bool found;
};

/* -EBADMSG if @line has one of the fields, and it is no size. */
static int
read_field (const char *line, struct field *fields, size_t n_fields)
{
  const char *colon = strchr (line, ':');
  uint64_t kib, bytes = 0;
  const char *end;

  for (size_t i = 0; colon && i < n_fields; i++)
    {
      if (strlen (fields[i].name) != (size_t)(colon - line)
          || strncmp (line, fields[i].name, (size_t)(colon - line)) != 0)
        continue;
      line = colon + 1 + strspn (colon + 1, " \t");
      if (!nv_parse_count (line, &end, &kib) || strcmp (end, " kB") != 0
          || !nv_add_product (&bytes, kib, KIB))
        return -EBADMSG;
      fields[i].bytes = bytes;
      fields[i].found = true;
      return 0;
    }
  return 0;
}

/* All @fields must be there. @prefix: what every line begins with. Closes @reader. */
static int
read_fields (struct nv_reader *reader, const char *prefix, struct field *fields, size_t n_fields)
{
  int result;

  while ((result = nv_reader_next (reader)) == 1)
    if (strncmp (reader->line, prefix, strlen (prefix)) == 0
        && (result = read_field (reader->line + strlen (prefix), fields, n_fields)) < 0)
      break;
  for (size_t i = 0; result == 0 && i < n_fields; i++)
    if (!fields[i].found)
      result = -EBADMSG;
  nv_reader_close (reader);
  return result;
}

int
nv_proc_machine_memory (const char *root, struct nv_proc_memory *ret_memory)
{
  struct field fields[] = { { "MemTotal" }, { "MemFree" }, { "MemAvailable" } };
  struct nv_reader reader;
  int result = nv_reader_open (&reader, root, "proc/meminfo");

  if (result == 0)
    result = read_fields (&reader, "", fields, sizeof fields / sizeof *fields);
  if (result == 0)
    *ret_memory = (struct nv_proc_memory){ fields[0].bytes, fields[1].bytes, fields[2].bytes };
  return result;
}

/* The sum of the low watermarks of @node's zones, in bytes; 0 where the kernel shows no zones. */
static int
read_low_watermarks (const char *root, unsigned node, uint64_t *ret_bytes)
{
  uint64_t page_bytes = (uint64_t)sysconf (_SC_PAGESIZE), pages, sum = 0;
  unsigned zone_node;
  bool inside = false;
  struct nv_reader reader;
  int result = nv_reader_open (&reader, root, "proc/zoneinfo");

  while (result == 0 && (result = nv_reader_next (&reader)) == 1)
    {
      const char *word = reader.line + strspn (reader.line, " "), *end;

      result = 0;
      if (sscanf (reader.line, "Node %u, zone", &zone_node) == 1)
        inside = zone_node == node;
      if (!inside || strncmp (word, "low ", 4) != 0)
        continue;
      if (!nv_parse_count (word + 4 + strspn (word + 4, " "), &end, &pages) || *end != '\0'
          || !nv_add_product (&sum, pages, page_bytes))
        result = -EBADMSG;
    }
  nv_reader_close (&reader);
  if (result == 0 || result == -ENOENT)
    *ret_bytes = sum;
  return result == -ENOENT ? 0 : result;
}

int
nv_proc_node_memory (const char *root, unsigned node, struct nv_proc_memory *ret_memory)
{
  enum
  {
    TOTAL,
    FREE,
    ACTIVE_FILE,
    INACTIVE_FILE,
    RECLAIMABLE_SLAB,
    N_FIELDS
  };
  struct field fields[N_FIELDS] = {
    { "MemTotal" }, { "MemFree" }, { "Active(file)" }, { "Inactive(file)" }, { "SReclaimable" }
  };
  uint64_t low_bytes = 0, available = 0;
  char prefix[32];
  struct nv_reader reader;
  int result = nv_reader_open (&reader, root, "sys/devices/system/node/node%u/meminfo", node);

  snprintf (prefix, sizeof prefix, "Node %u ", node);
  if (result == 0)
    result = read_fields (&reader, prefix, fields, N_FIELDS);
  if (result == 0)
    result = read_low_watermarks (root, node, &low_bytes);
  for (int i = FREE; result == 0 && i < N_FIELDS; i++)
    if (!nv_add_product (&available, fields[i].bytes, 1))
      result = -EBADMSG;
  if (result < 0)
    return result;
  ret_memory->total = fields[TOTAL].bytes;
  ret_memory->free = fields[FREE].bytes;
  ret_memory->available = available > low_bytes ? available - low_bytes : 0;
  return 0;
}

int
nv_proc_number (const char *root, const char *path, uint64_t *ret_number)
{
  uint64_t number;
  const char *end;
  struct nv_reader reader;
  int result = nv_reader_open (&reader, root, "%s", path);

  if (result == 0)
    result = nv_reader_next (&reader);
  if (result >= 0)
    result = result == 1 && nv_parse_count (reader.line, &end, &number) && *end == '\0' ? 0 : -EBADMSG;
  if (result == 0)
    *ret_number = number;
  nv_reader_close (&reader);
  return result;
}

static int
read_count (const char *root, unsigned node, uint64_t page_size_bytes, const char *name, uint64_t *ret_count)
{
  char path[128];

  snprintf (path, sizeof path, "sys/devices/system/node/node%u/hugepages/hugepages-%llukB/%s", node,
            (unsigned long long)(page_size_bytes / KIB), name);
  return nv_proc_number (root, path, ret_count);
}

int
nv_proc_huge_pages (const char *root, unsigned node, uint64_t page_size_bytes, uint64_t *ret_total_pages,
                    uint64_t *ret_free_pages)
{
  uint64_t total, free_pages;
  int result = read_count (root, node, page_size_bytes, "nr_hugepages", &total);

  if (result == 0)
    result = read_count (root, node, page_size_bytes, "free_hugepages", &free_pages);
  if (result < 0)
    return result;
  *ret_total_pages = total;
  *ret_free_pages = free_pages;
  return 0;
}

int
nv_proc_promised_huge_pages (const char *root, uint64_t page_size_bytes, uint64_t *ret_pages)
{
  char path[128];

  snprintf (path, sizeof path, "sys/kernel/mm/hugepages/hugepages-%llukB/resv_hugepages",
            (unsigned long long)(page_size_bytes / KIB));
  return nv_proc_number (root, path, ret_pages);
}

static int
compare_sizes (const void *a, const void *b)
{
  uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;

  return (first > second) - (first < second);
}

int
nv_proc_huge_page_sizes (const char *root, uint64_t *ret_sizes, size_t max, size_t *ret_n_sizes)
{
  char path[PATH_MAX];
  int length = snprintf (path, sizeof path, "%s/sys/kernel/mm/hugepages", root);
  DIR *folder = length > 0 && (size_t)length < sizeof path ? opendir (path) : NULL;
  struct dirent *entry;
  size_t n = 0;

  if (!folder)
    return -ENOENT;
  while (n < max && (entry = readdir (folder)))
    {
      static const char prefix[] = "hugepages-";
      uint64_t kib;
      const char *end;

      if (strncmp (entry->d_name, prefix, sizeof prefix - 1) == 0
          && nv_parse_count (entry->d_name + sizeof prefix - 1, &end, &kib) && strcmp (end, "kB") == 0
          && kib <= UINT64_MAX / KIB)
        ret_sizes[n++] = kib * KIB;
    }
  closedir (folder);
  qsort (ret_sizes, n, sizeof *ret_sizes, compare_sizes);
  *ret_n_sizes = n;
  return 0;
}

int
nv_proc_default_huge_page_bytes (const char *root, uint64_t *ret_bytes)
{
  struct field field = { "Hugepagesize" };
  struct nv_reader reader;
  int result = nv_reader_open (&reader, root, "proc/meminfo");

  if (result == 0)
    result = read_fields (&reader, "", &field, 1);
  if (result == 0)
    *ret_bytes = field.bytes;
  return result;
}

int
nv_proc_distances (const char *root, unsigned node, unsigned *ret_distances, size_t max,
                   size_t *ret_n_distances)
{
  struct nv_reader reader;
  int result = nv_reader_open (&reader, root, "sys/devices/system/node/node%u/distance", node);
  size_t n = 0;

  if (result == 0)
    result = nv_reader_next (&reader);
  if (result >= 0)
    {
      const char *at = result == 1 ? reader.line + strspn (reader.line, " ") : "-";

      while (n < max && nv_list_number (&at, 65536, &ret_distances[n]))
        {
          n++;
          at += strspn (at, " ");
        }
      result = n > 0 && (n == max || *at == '\0') ? 0 : -EBADMSG;
    }
  nv_reader_close (&reader);
  if (result == 0)
    *ret_n_distances = n;
  return result;
}

int
nv_proc_cpu_value (const char *root, const char *name, char *ret_value, size_t size)
{
  struct nv_reader reader;
  const char *value = NULL;
  int result = nv_reader_open (&reader, root, "proc/cpuinfo");

  /* Processors are parted by empty lines. */
  while (result == 0 && !value && (result = nv_reader_next (&reader)) == 1 && reader.line[0] != '\0')
    {
      value = nv_value_of (reader.line, name);
      result = 0;
    }
  if (result >= 0)
    result = !value ? -ENOENT : strlen (value) < size ? 0 : -EBADMSG;
  if (result == 0)
    strcpy (ret_value, value);
  nv_reader_close (&reader);
  return result;
}

int
nv_proc_apic_ids (const char *root, int *ret_ids, size_t n)
{
  struct nv_reader reader;
  uint64_t cpu = UINT64_MAX, id;
  size_t n_found = 0;
  const char *value, *end;
  int result = nv_reader_open (&reader, root, "proc/cpuinfo");

  for (size_t i = 0; result == 0 && i < n; i++)
    ret_ids[i] = -1;
  while (result == 0 && (result = nv_reader_next (&reader)) == 1)
    {
      if ((value = nv_value_of (reader.line, "processor")) && !nv_parse_count (value, &end, &cpu))
        cpu = UINT64_MAX;
      if ((value = nv_value_of (reader.line, "apicid")) && cpu < n && nv_parse_count (value, &end, &id)
          && id <= INT_MAX)
        {
          ret_ids[cpu] = (int)id;
          n_found++;
        }
      result = 0;
    }
  nv_reader_close (&reader);
  return result < 0 ? result : n_found > 0 ? 0 : -ENOENT;
}

static bool
has_word (const char *text, const char *word)
{
  size_t length = strlen (word);

  for (const char *at = text; (at = strstr (at, word)); at += length)
    if ((at == text || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
      return true;
  return false;
}

int
nv_proc_cpu_has_flag (const char *root, const char *flag)
{
  struct nv_reader reader;
  int result = nv_reader_open (&reader, root, "proc/cpuinfo");

  while (result == 0 && (result = nv_reader_next (&reader)) == 1)
    {
      const char *colon = strchr (reader.line, ':');

      if (colon && (strncmp (reader.line, "flags", 5) == 0 || strncmp (reader.line, "Features", 8) == 0))
        {
          result = has_word (colon + 1, flag);
          break;
        }
      result = 0;
    }
  nv_reader_close (&reader);
  return result;
}

int
nv_proc_setting (const char *root, const char *path, char *ret_value, size_t size)
{
  struct nv_reader reader;
  int result = nv_reader_open (&reader, root, "%s", path);

  if (result == 0)
    result = nv_reader_next (&reader);
  if (result == 1)
    {
      const char *value = strchr (reader.line, '[');
      size_t length;

      value = value ? value + 1 : reader.line;
      length = strcspn (value, "] ");
      result = 0;
      if (length == 0 || length >= size)
        result = -EBADMSG;
      else
        {
          memcpy (ret_value, value, length);
          ret_value[length] = '\0';
        }
    }
  else if (result == 0)
    result = -EBADMSG;
  nv_reader_close (&reader);
  return result;
}
