#include "base/duration.h"
#include "base/error.h"

#include <string.h>

static const struct
{
  const char *name;
  guint64 ns;
} units[] = {
  { "ns", 1 },
  { "us", 1000 },
  { "ms", NV_MS_IN_NS },
  { "s", 1000 * NV_MS_IN_NS },
  { "m", 60 * 1000 * NV_MS_IN_NS },
  { "h", 3600 * 1000 * NV_MS_IN_NS },
};

gboolean
nv_duration_parse (const char *text, guint64 *ret_ns, GError **error)
{
  gsize n_digits = strspn (text, "0123456789");
  g_autofree char *digits = g_strndup (text, n_digits);
  guint64 value = 0, ns = 0;
  gboolean fits = n_digits == 0 || g_ascii_string_to_unsigned (digits, 10, 0, G_MAXINT64, &value, NULL);

  for (guint i = 0; n_digits > 0 && i < G_N_ELEMENTS (units); i++)
    {
      if (strcmp (text + n_digits, units[i].name) != 0)
        continue;
      fits = fits && g_uint64_checked_mul (&ns, value, units[i].ns) && ns <= G_MAXINT64;
      if (!fits)
        {
          g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "duration '%s': at most 2562047h are allowed", text);
          return FALSE;
        }
      *ret_ns = ns;
      return TRUE;
    }
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
               "duration '%s': a whole number with ms, s, m or h behind it is allowed, such as 100ms", text);
  return FALSE;
}
