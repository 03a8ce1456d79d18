/* The plugin's arguments, one a line: either one is wrong, and it is said why, or they are within their
 * limits and the same after they were written and read again. */

#include "fuzz.h"

#include "plugin/layout.h"

#include <string.h>

/* As QEMU does: a comma divides, two are one. */
static char **
split (const char *option)
{
  GPtrArray *arguments = g_ptr_array_new ();
  GString *argument = g_string_new (NULL);

  for (; *option; option++)
    if (option[0] != ',' || option[1] == ',')
      {
        g_string_append_c (argument, *option);
        option += *option == ',';
      }
    else
      {
        g_ptr_array_add (arguments, g_strdup (argument->str));
        g_string_truncate (argument, 0);
      }
  g_ptr_array_add (arguments, g_string_free (argument, FALSE));
  g_ptr_array_add (arguments, NULL);
  return (char **)g_ptr_array_free (arguments, FALSE);
}

static void
check_settings (const NvDelaySettings *settings)
{
  g_autofree char *option = nv_delay_settings_format (settings, "plugin.so");
  g_auto (GStrv) arguments = split (option);
  g_autoptr (GError) error = NULL;
  NvDelaySettings again;
  NvDelayLayout layout;

  g_assert_cmpuint (settings->n_nodes, >=, 1);
  g_assert_cmpuint (settings->n_nodes, <=, NV_DELAY_MAX_NODES);
  nv_delay_layout_init (&layout, settings->memory_bytes, settings->n_nodes);
  for (unsigned i = 0; i < NV_DELAY_N_READINGS; i++)
    g_assert_cmpuint (layout.maps[i].n_ranges, <=, NV_DELAY_MAX_RANGES);
  nv_delay_settings_init (&again);
  g_assert_true (nv_delay_settings_parse (arguments + 1, (int)g_strv_length (arguments) - 1, &again, &error));
  g_assert_cmpstr (again.report, ==, settings->report);
  nv_delay_settings_clear (&again);
  again.report = settings->report;
  g_assert_cmpmem (&again, sizeof again, settings, sizeof *settings);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", 100);
  g_autoptr (GError) error = NULL;
  NvDelaySettings settings;

  nv_delay_settings_init (&settings);
  if (nv_delay_settings_parse (lines, (int)g_strv_length (lines), &settings, &error))
    check_settings (&settings);
  else
    g_assert_nonnull (error);
  nv_delay_settings_clear (&settings);
  return 0;
}
