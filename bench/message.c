#include "bench/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
nv_fail (struct nv_message *message, int error, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  vsnprintf (message->text, sizeof message->text, format, arguments);
  va_end (arguments);
  return -error;
}

void
nv_append (char *list, size_t size, const char *before, const char *text)
{
  size_t used = strlen (list);

  snprintf (list + used, size - used, "%s%s", used > 0 ? before : "", text);
}
