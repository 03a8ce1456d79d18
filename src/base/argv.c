#include "base/argv.h"

#include <stdarg.h>

void
nv_argv_add (GPtrArray *argv, const char *option, const char *value)
{
  g_ptr_array_add (argv, g_strdup (option));
  if (value)
    g_ptr_array_add (argv, g_strdup (value));
}

void
nv_argv_add_format (GPtrArray *argv, const char *option, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (argv, g_strdup (option));
  g_ptr_array_add (argv, g_strdup_vprintf (format, args));
  va_end (args);
}
