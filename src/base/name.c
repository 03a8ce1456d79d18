#include "base/name.h"
#include "base/error.h"

#include <string.h>

static const char *
what_is_wrong (const char *name)
{
  gsize length = strlen (name);

  if (length == 0)
    return "is empty";
  if (length > NV_NAME_MAX_BYTES)
    return "is longer than 64 bytes";
  if (!g_utf8_validate (name, -1, NULL))
    return "is not UTF-8";
  if (strcmp (name, ".") == 0 || strcmp (name, "..") == 0)
    return "names a directory";
  for (const char *at = name; *at; at = g_utf8_next_char (at))
    if (*at == '/')
      return "contains '/'";
    else if (g_unichar_iscntrl (g_utf8_get_char (at)))
      return "contains a control character";
  return NULL;
}

/* A bad name may hold bytes that would spoil the terminal that shows the error, or be very long. */
static char *
printable_start (const char *name)
{
  g_autofree char *valid = g_utf8_make_valid (name, -1);
  GString *shown = g_string_new (NULL);

  for (const char *at = valid; *at && shown->len < NV_NAME_MAX_BYTES; at = g_utf8_next_char (at))
    if (g_unichar_iscntrl (g_utf8_get_char (at)))
      g_string_append_printf (shown, "\\x%02x", g_utf8_get_char (at));
    else
      g_string_append_unichar (shown, g_utf8_get_char (at));
  return g_string_free (shown, FALSE);
}

gboolean
nv_name_check (const char *name, GError **error)
{
  const char *wrong = what_is_wrong (name);
  g_autofree char *shown = NULL;

  if (!wrong)
    return TRUE;
  shown = printable_start (name);
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
               "name '%s' %s: 1 to 64 bytes of UTF-8 without control characters or '/' are allowed", shown,
               wrong);
  return FALSE;
}
