#include "bench/message.h"

#include <stdarg.h>
#include <stdio.h>

int
nv_fail (struct nv_message *message, int error, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  vsnprintf (message->text, sizeof message->text, format, arguments);
  va_end (arguments);
  return -error;
}
