#include "base/size.h"
#include "base/error.h"

#include <string.h>

static const char units[] = "KMGTPE";

/* Digits only: g_ascii_string_to_unsigned() would take the whole string, and a size has a unit behind. */
static gboolean
read_digits (const char *text, const char **ret_end, guint64 *ret_value)
{
  guint64 value = 0;
  const char *at = text;

  for (; g_ascii_isdigit (*at); at++)
    if (!g_uint64_checked_mul (&value, value, 10)
        || !g_uint64_checked_add (&value, value, (guint64)(*at - '0')))
      return FALSE;
  *ret_end = at;
  *ret_value = value;
  return at != text;
}

/* The power of 1024 of a unit's name, or -1. */
static int
unit_power (const char *unit)
{
  const char *found;

  if (*unit == '\0' || g_ascii_strcasecmp (unit, "B") == 0)
    return 0;
  found = strchr (units, g_ascii_toupper (*unit));
  if (!found)
    return -1;
  if (unit[1] != '\0' && g_ascii_strcasecmp (unit + 1, "iB") != 0)
    return -1;
  return (int)(found - units) + 1;
}

gboolean
nv_size_parse (const char *text, guint64 *ret_bytes, GError **error)
{
  const char *unit;
  guint64 value;
  int power;

  if (!read_digits (text, &unit, &value) || (power = unit_power (unit)) < 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                   "size '%s': a whole number with K, M, G or T behind it is allowed, such as 2G", text);
      return FALSE;
    }
  for (int i = 0; i < power; i++)
    if (!g_uint64_checked_mul (&value, value, 1024))
      {
        g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "size '%s': more than 64 bits can count", text);
        return FALSE;
      }
  *ret_bytes = value;
  return TRUE;
}

char *
nv_size_format (guint64 bytes)
{
  int power = 0;
  double value = (double)bytes;

  while (value >= 1024.0 && power < (int)strlen (units))
    {
      value /= 1024.0;
      power++;
    }
  if (power == 0)
    return g_strdup_printf ("%" G_GUINT64_FORMAT " B", bytes);
  if (power >= 3)
    return g_strdup_printf ("%.1f %ciB", value, units[power - 1]);
  return g_strdup_printf ("%.0f %ciB", value, units[power - 1]);
}

gboolean
nv_count_parse (const char *text, guint64 minimum, guint64 maximum, guint64 *ret_value, GError **error)
{
  const char *end;
  guint64 value;

  if (!read_digits (text, &end, &value) || *end != '\0' || value < minimum || value > maximum)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                   "'%s': a whole number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT " is allowed",
                   text, minimum, maximum);
      return FALSE;
    }
  *ret_value = value;
  return TRUE;
}
