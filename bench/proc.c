#include "bench/proc.h"

#include "bench/list.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KIB 1024u

/* A file read line by line; @line is the kernel's line without its newline, of any length. */
struct reader
{
  FILE *file;
  char *line;
  size_t capacity;
};

static int reader_open (struct reader *reader, const char *root, const char *format, ...)
    __attribute__ ((format (printf, 3, 4)));

static int
reader_open (struct reader *reader, const char *root, const char *format, ...)
{
  char path[PATH_MAX];
  va_list arguments;
  int length = snprintf (path, sizeof path, "%s/", root);

  memset (reader, 0, sizeof *reader);
  if (length < 0 || (size_t)length >= sizeof path)
    return -ENAMETOOLONG;
  va_start (arguments, format);
  int more = vsnprintf (path + length, sizeof path - (size_t)length, format, arguments);
  va_end (arguments);
  if (more < 0 || (size_t)more >= sizeof path - (size_t)length)
    return -ENAMETOOLONG;
  reader->file = fopen (path, "re");
  return reader->file ? 0 : -errno;
}

static void
reader_close (struct reader *reader)
{
  if (reader->file)
    fclose (reader->file);
  free (reader->line);
}

/* 1: a line; 0: the end; or -errno. A line with a zero byte in it ends there. */
static int
reader_next (struct reader *reader)
{
  errno = 0;
  if (getline (&reader->line, &reader->capacity, reader->file) < 0)
    return errno ? -errno : 0;
  reader->line[strcspn (reader->line, "\n")] = '\0';
  return 1;
}

/* Digits only: strtoull() would also take a sign. */
static bool
parse_count (const char *text, const char **ret_end, uint64_t *ret_value)
{
  char *end;

  if (*text < '0' || *text > '9')
    return false;
  errno = 0;
  *ret_value = strtoull (text, &end, 10);
  *ret_end = end;
  return errno == 0;
}

static bool
add_product (uint64_t *sum, uint64_t count, uint64_t size)
{
  uint64_t product;

  return !__builtin_mul_overflow (count, size, &product) && !__builtin_add_overflow (*sum, product, sum);
}

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
      if (!parse_count (line, &end, &kib) || strcmp (end, " kB") != 0 || !add_product (&bytes, kib, KIB))
        return -EBADMSG;
      fields[i].bytes = bytes;
      fields[i].found = true;
      return 0;
    }
  return 0;
}

/* All @fields must be there. @prefix: what every line begins with. Closes @reader. */
static int
read_fields (struct reader *reader, const char *prefix, struct field *fields, size_t n_fields)
{
  int result;

  while ((result = reader_next (reader)) == 1)
    if (strncmp (reader->line, prefix, strlen (prefix)) == 0
        && (result = read_field (reader->line + strlen (prefix), fields, n_fields)) < 0)
      break;
  for (size_t i = 0; result == 0 && i < n_fields; i++)
    if (!fields[i].found)
      result = -EBADMSG;
  reader_close (reader);
  return result;
}

int
nv_proc_machine_memory (const char *root, struct nv_proc_memory *ret_memory)
{
  struct field fields[] = { { "MemTotal" }, { "MemFree" }, { "MemAvailable" } };
  struct reader reader;
  int result = reader_open (&reader, root, "proc/meminfo");

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
  struct reader reader;
  int result = reader_open (&reader, root, "proc/zoneinfo");

  while (result == 0 && (result = reader_next (&reader)) == 1)
    {
      const char *word = reader.line + strspn (reader.line, " "), *end;

      result = 0;
      if (sscanf (reader.line, "Node %u, zone", &zone_node) == 1)
        inside = zone_node == node;
      if (!inside || strncmp (word, "low ", 4) != 0)
        continue;
      if (!parse_count (word + 4 + strspn (word + 4, " "), &end, &pages) || *end != '\0'
          || !add_product (&sum, pages, page_bytes))
        result = -EBADMSG;
    }
  reader_close (&reader);
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
  uint64_t low_bytes, available = 0;
  char prefix[32];
  struct reader reader;
  int result = reader_open (&reader, root, "sys/devices/system/node/node%u/meminfo", node);

  snprintf (prefix, sizeof prefix, "Node %u ", node);
  if (result == 0)
    result = read_fields (&reader, prefix, fields, N_FIELDS);
  if (result == 0)
    result = read_low_watermarks (root, node, &low_bytes);
  for (int i = FREE; result == 0 && i < N_FIELDS; i++)
    if (!add_product (&available, fields[i].bytes, 1))
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
  struct reader reader;
  int result = reader_open (&reader, root, "%s", path);

  if (result == 0)
    result = reader_next (&reader);
  if (result >= 0)
    result = result == 1 && parse_count (reader.line, &end, &number) && *end == '\0' ? 0 : -EBADMSG;
  if (result == 0)
    *ret_number = number;
  reader_close (&reader);
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
          && parse_count (entry->d_name + sizeof prefix - 1, &end, &kib) && strcmp (end, "kB") == 0
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
  struct reader reader;
  int result = reader_open (&reader, root, "proc/meminfo");

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
  struct reader reader;
  int result = reader_open (&reader, root, "sys/devices/system/node/node%u/distance", node);
  size_t n = 0;

  if (result == 0)
    result = reader_next (&reader);
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
  reader_close (&reader);
  if (result == 0)
    *ret_n_distances = n;
  return result;
}

/* What stands behind the colon of a line `NAME<blanks>: VALUE`; NULL: another line. */
static const char *
value_of (const char *line, const char *name)
{
  size_t length = strlen (name);

  if (strncmp (line, name, length) != 0)
    return NULL;
  line += length + strspn (line + length, " \t");
  return *line == ':' ? line + 1 + strspn (line + 1, " ") : NULL;
}

int
nv_proc_cpu_value (const char *root, const char *name, char *ret_value, size_t size)
{
  struct reader reader;
  const char *value = NULL;
  int result = reader_open (&reader, root, "proc/cpuinfo");

  /* Processors are parted by empty lines. */
  while (result == 0 && !value && (result = reader_next (&reader)) == 1 && reader.line[0] != '\0')
    {
      value = value_of (reader.line, name);
      result = 0;
    }
  if (result >= 0)
    result = !value ? -ENOENT : strlen (value) < size ? 0 : -EBADMSG;
  if (result == 0)
    strcpy (ret_value, value);
  reader_close (&reader);
  return result;
}

int
nv_proc_apic_ids (const char *root, int *ret_ids, size_t n)
{
  struct reader reader;
  uint64_t cpu = UINT64_MAX, id;
  size_t n_found = 0;
  const char *value, *end;
  int result = reader_open (&reader, root, "proc/cpuinfo");

  for (size_t i = 0; result == 0 && i < n; i++)
    ret_ids[i] = -1;
  while (result == 0 && (result = reader_next (&reader)) == 1)
    {
      if ((value = value_of (reader.line, "processor")) && !parse_count (value, &end, &cpu))
        cpu = UINT64_MAX;
      if ((value = value_of (reader.line, "apicid")) && cpu < n && parse_count (value, &end, &id)
          && id <= INT_MAX)
        {
          ret_ids[cpu] = (int)id;
          n_found++;
        }
      result = 0;
    }
  reader_close (&reader);
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
  struct reader reader;
  int result = reader_open (&reader, root, "proc/cpuinfo");

  while (result == 0 && (result = reader_next (&reader)) == 1)
    {
      const char *colon = strchr (reader.line, ':');

      if (colon && (strncmp (reader.line, "flags", 5) == 0 || strncmp (reader.line, "Features", 8) == 0))
        {
          result = has_word (colon + 1, flag);
          break;
        }
      result = 0;
    }
  reader_close (&reader);
  return result;
}

int
nv_proc_setting (const char *root, const char *path, char *ret_value, size_t size)
{
  struct reader reader;
  int result = reader_open (&reader, root, "%s", path);

  if (result == 0)
    result = reader_next (&reader);
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
  reader_close (&reader);
  return result;
}

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
  struct reader reader;
  int result = reader_open (&reader, root, "proc/%d/smaps", pid);

  while (result == 0 && (result = reader_next (&reader)) == 1)
    {
      result = 0;
      if (parse_range (reader.line, &from, &to))
        inside = start <= from && to <= end;
      for (size_t i = 0; inside && result == 0 && i < sizeof names / sizeof *names; i++)
        {
          const char *value = value_of (reader.line, names[i]), *unit;

          if (value
              && (!parse_count (value, &unit, &kib) || strcmp (unit, " kB") != 0
                  || !add_product (&sum, kib, KIB)))
            result = -EBADMSG;
        }
    }
  reader_close (&reader);
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

  if (size && !parse_count (size + strlen (" kernelpagesize_kB="), &end, &kib))
    return -EBADMSG;
  for (const char *at = line; (at = strstr (at, " N")); at++)
    {
      if (!parse_count (at + 2, &end, &node) || *end != '=')
        continue;
      if (kib == 0 || kib > UINT64_MAX / KIB || !parse_count (end + 1, &end, &pages))
        return -EBADMSG;
      if (node < nodes && !add_product (&bytes[node], pages, kib * KIB))
        return -EBADMSG;
    }
  return 0;
}

/* Addresses at which mappings of the wanted sizes begin. */
struct starts
{
  uint64_t *values;
  size_t length;
};

static int
add_start (struct starts *starts, uint64_t value)
{
  uint64_t *values = realloc (starts->values, (starts->length + 1) * sizeof *values);

  if (!values)
    return -ENOMEM;
  values[starts->length++] = value;
  starts->values = values;
  return 0;
}

static bool
has_start (const struct starts *starts, uint64_t value)
{
  for (size_t i = 0; i < starts->length; i++)
    if (starts->values[i] == value)
      return true;
  return false;
}

static int
read_starts (const char *root, int pid, const uint64_t *sizes, size_t n_sizes, struct starts *starts)
{
  struct reader reader;
  int result = reader_open (&reader, root, "proc/%d/maps", pid);

  while (result == 0 && (result = reader_next (&reader)) == 1)
    {
      uint64_t start, end;

      result = parse_range (reader.line, &start, &end) ? 0 : -EBADMSG;
      for (size_t i = 0; result == 0 && i < n_sizes; i++)
        if (sizes[i] == end - start)
          {
            result = add_start (starts, start);
            break;
          }
    }
  reader_close (&reader);
  return result;
}

static int
read_numa_maps (const char *root, int pid, const struct starts *starts, size_t nodes, uint64_t *ret_bytes)
{
  struct reader reader;
  uint64_t *bytes = calloc (nodes ? nodes : 1, sizeof *bytes);
  int result = bytes ? reader_open (&reader, root, "proc/%d/numa_maps", pid) : -ENOMEM;

  if (!bytes)
    return result;
  while (result == 0 && (result = reader_next (&reader)) == 1)
    result =
        has_start (starts, strtoull (reader.line, NULL, 16)) ? add_mapping (reader.line, nodes, bytes) : 0;
  if (result == 0)
    memcpy (ret_bytes, bytes, nodes * sizeof *bytes);
  free (bytes);
  reader_close (&reader);
  return result;
}

int
nv_proc_numa_pages (const char *root, int pid, const uint64_t *sizes, size_t n_sizes, size_t nodes,
                    uint64_t *ret_bytes)
{
  struct starts starts = { 0 };
  int result = read_starts (root, pid, sizes, n_sizes, &starts);

  if (result == -ENOENT)
    result = -ESRCH;
  if (result == 0)
    result = read_numa_maps (root, pid, &starts, nodes, ret_bytes);
  free (starts.values);
  return result;
}
