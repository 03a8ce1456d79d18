#include "bench/list.h"

#include <stdio.h>

bool
nv_list_number (const char **text, unsigned limit, unsigned *ret_number)
{
  const char *at = *text;
  unsigned long number = 0;

  if (*at < '0' || *at > '9')
    return false;
  for (; *at >= '0' && *at <= '9'; at++)
    if ((number = number * 10 + (unsigned long)(*at - '0')) >= limit)
      return false;
  *ret_number = (unsigned)number;
  *text = at;
  return true;
}

bool
nv_list_range (const char **text, unsigned limit, unsigned *ret_first, unsigned *ret_last)
{
  const char *at = *text;
  unsigned first, last;

  if (!nv_list_number (&at, limit, &first))
    return false;
  last = first;
  if (*at == '-')
    {
      at++;
      if (!nv_list_number (&at, limit, &last) || last < first)
        return false;
    }
  *ret_first = first;
  *ret_last = last;
  *text = at;
  return true;
}

bool
nv_list_contains (const char *list, unsigned number)
{
  unsigned first, last;

  while (nv_list_range (&list, ~0u, &first, &last))
    {
      if (first <= number && number <= last)
        return true;
      if (*list++ != ',')
        return false;
    }
  return false;
}

void
nv_list_format (const unsigned *numbers, size_t n_numbers, char *text, size_t size)
{
  const char *separator = "";
  size_t length = 0;

  if (size > 0)
    text[0] = '\0';
  for (size_t i = 0, end; i < n_numbers && length < size; i = end)
    {
      for (end = i + 1; end < n_numbers && numbers[end] == numbers[end - 1] + 1; end++)
        ;
      length +=
          (size_t)(end - i > 1 ? snprintf (text + length, size - length, "%s%u-%u", separator, numbers[i],
                                           numbers[end - 1])
                               : snprintf (text + length, size - length, "%s%u", separator, numbers[i]));
      separator = ",";
    }
}
