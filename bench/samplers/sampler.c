#include "bench/samplers/sampler.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct nv_sampler *
nv_sampler_find (const char *name)
{
  for (size_t i = 0; nv_samplers[i]; i++)
    if (strcmp (nv_samplers[i]->name, name) == 0)
      return nv_samplers[i];
  return NULL;
}

int
nv_sample_add (struct nv_sample_values *values, const struct nv_sample_value *value)
{
  if (values->length == values->capacity)
    {
      size_t capacity = values->capacity ? 2 * values->capacity : 128;
      struct nv_sample_value *items = reallocarray (values->items, capacity, sizeof *items);

      if (!items)
        return -ENOMEM;
      values->items = items;
      values->capacity = capacity;
    }
  values->items[values->length++] = *value;
  return 0;
}

void
nv_sample_values_clear (struct nv_sample_values *values)
{
  free (values->items);
  memset (values, 0, sizeof *values);
}

/* By hand: strtoull() would take a sign and blanks, too, and this is most of a sample's work. */
bool
nv_sample_count (const char *word, uint64_t *ret_count)
{
  uint64_t count = 0;

  if (*word == '\0')
    return false;
  for (; *word != '\0'; word++)
    if (*word < '0' || *word > '9' || __builtin_mul_overflow (count, 10, &count)
        || __builtin_add_overflow (count, (uint64_t)(*word - '0'), &count))
      return false;
  *ret_count = count;
  return true;
}

int
nv_sample_counters (char *text, int node, bool (*wanted) (const char *line), struct nv_sample_values *values)
{
  for (char *line = text, *next; *line != '\0'; line = next)
    {
      struct nv_sample_value value = { .name = line, .node = node, .order = -1 };
      char *end = strchrnul (line, '\n'), *blank;
      int result;

      next = *end == '\0' ? end : end + 1;
      if (end == line || (wanted && !wanted (line)))
        continue;
      *end = '\0';
      blank = strchr (line, ' ');
      if (!blank || blank == line || !nv_sample_count (blank + 1, &value.count))
        return -EBADMSG;
      *blank = '\0';
      if (value.count > INT64_MAX)
        continue;
      result = nv_sample_add (values, &value);
      if (result < 0)
        return result;
    }
  return 0;
}
