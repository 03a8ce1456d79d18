#include "bench/protocol.h"
#include "bench/record-read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum
{
  READ_BYTES = 1 << 16,
  MAX_DEPTH = 16,
};

void
nv_lines_clear (struct nv_lines *lines)
{
  free (lines->bytes);
  *lines = (struct nv_lines){ 0 };
}

/* Room for @more bytes behind those that are there. */
static int
make_room (struct nv_lines *lines, size_t more)
{
  size_t needed = lines->length + more;
  size_t capacity = lines->capacity ? lines->capacity : READ_BYTES;
  char *bytes;

  if (lines->start > 0)
    memmove (lines->bytes, lines->bytes + lines->start, lines->length);
  lines->start = 0;
  while (capacity < needed)
    capacity *= 2;
  if (capacity == lines->capacity)
    return 0;
  bytes = realloc (lines->bytes, capacity);
  if (!bytes)
    return -ENOMEM;
  lines->bytes = bytes;
  lines->capacity = capacity;
  return 0;
}

/* What is not yet taken must not grow beyond one line: a sender that never ends its line is noticed while it
 * sends, not when memory is gone. */
static int
check_length (const struct nv_lines *lines)
{
  const char *first = lines->bytes + lines->start;

  if (lines->length < NV_LINE_MAX || memchr (first, '\n', NV_LINE_MAX))
    return 0;
  return -EMSGSIZE;
}

int
nv_lines_read (struct nv_lines *lines, int fd)
{
  ssize_t n;
  int result = make_room (lines, READ_BYTES);

  if (result != 0)
    return result;
  do
    n = read (fd, lines->bytes + lines->length, READ_BYTES);
  while (n < 0 && errno == EINTR);
  if (n <= 0)
    return n == 0 ? 0 : -errno;
  lines->length += (size_t)n;
  result = check_length (lines);
  return result == 0 ? 1 : result;
}

int
nv_lines_add (struct nv_lines *lines, const char *bytes, size_t length)
{
  int result = make_room (lines, length);

  if (result != 0)
    return result;
  memcpy (lines->bytes + lines->length, bytes, length);
  lines->length += length;
  return check_length (lines);
}

char *
nv_lines_next (struct nv_lines *lines, size_t *ret_length)
{
  char *line = lines->bytes + lines->start;
  char *newline = NULL;

  if (lines->length > lines->searched)
    newline = memchr (line + lines->searched, '\n', lines->length - lines->searched);
  if (!newline)
    {
      lines->searched = lines->length;
      return NULL;
    }
  *newline = '\0';
  *ret_length = (size_t)(newline - line);
  lines->start += *ret_length + 1;
  lines->length -= *ret_length + 1;
  lines->searched = 0;
  return line;
}

/* jansson takes up to 2048 levels, and whoever walks over them needs a stack. */
static bool
is_too_deep (const char *line, size_t length)
{
  size_t depth = 0;
  bool in_string = false;

  for (size_t i = 0; i < length; i++)
    {
      if (in_string && line[i] == '\\')
        i++;
      else if (line[i] == '"')
        in_string = !in_string;
      else if (!in_string && (line[i] == '{' || line[i] == '['))
        {
          if (++depth > MAX_DEPTH)
            return true;
        }
      else if (!in_string && (line[i] == '}' || line[i] == ']') && depth > 0)
        depth--;
    }
  return false;
}

json_t *
nv_record_parse (const char *line, size_t length, struct nv_message *message)
{
  json_t *record = nv_record_read_plain (line, length, MAX_DEPTH);
  json_error_t problem;
  json_t *version;

  if (!record && is_too_deep (line, length))
    {
      nv_fail (message, EBADMSG, "a record is nested more than %d deep", MAX_DEPTH);
      return NULL;
    }
  if (!record)
    record = json_loadb (line, length, JSON_REJECT_DUPLICATES, &problem);
  if (!record)
    {
      nv_fail (message, EBADMSG, "no record: %s at byte %d", problem.text, problem.position);
      return NULL;
    }
  version = json_object_get (record, "version");
  if (!json_is_object (record) || !json_is_string (json_object_get (record, "record")))
    nv_fail (message, EBADMSG, "no record: an object with a \"record\" is expected");
  else if (!json_is_integer (version) || json_integer_value (version) < 1)
    nv_fail (message, EBADMSG, "record '%.40s' without a version", nv_record_name (record));
  else if (json_integer_value (version) > NV_PROTOCOL_VERSION)
    nv_fail (message, EBADMSG, "record '%.40s' of version %" JSON_INTEGER_FORMAT ": this program knows %d",
             nv_record_name (record), json_integer_value (version), NV_PROTOCOL_VERSION);
  else
    return record;
  json_decref (record);
  return NULL;
}

const char *
nv_record_name (const json_t *record)
{
  return json_string_value (json_object_get (record, "record"));
}
