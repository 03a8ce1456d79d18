#include "bench/reader.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

int
nv_reader_open (struct nv_reader *reader, const char *root, const char *format, ...)
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
  if (!reader->file)
    return -errno;
  setvbuf (reader->file, reader->buffer, _IOFBF, sizeof reader->buffer);
  return 0;
}

void
nv_reader_close (struct nv_reader *reader)
{
  if (reader->file)
    fclose (reader->file);
  free (reader->line);
}

int
nv_reader_next (struct nv_reader *reader)
{
  errno = 0;
  if (getline (&reader->line, &reader->capacity, reader->file) < 0)
    return errno ? -errno : 0;
  reader->line[strcspn (reader->line, "\n")] = '\0';
  return 1;
}

bool
nv_parse_count (const char *text, const char **ret_end, uint64_t *ret_value)
{
  char *end;

  if (*text < '0' || *text > '9')
    return false;
  errno = 0;
  *ret_value = strtoull (text, &end, 10);
  *ret_end = end;
  return errno == 0;
}

bool
nv_add_product (uint64_t *sum, uint64_t count, uint64_t size)
{
  uint64_t product;

  return !__builtin_mul_overflow (count, size, &product) && !__builtin_add_overflow (*sum, product, sum);
}

const char *
nv_value_of (const char *line, const char *name)
{
  size_t length = strlen (name);

  if (strncmp (line, name, length) != 0)
    return NULL;
  line += length + strspn (line + length, " \t");
  return *line == ':' ? line + 1 + strspn (line + 1, " ") : NULL;
}
