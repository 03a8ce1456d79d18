#include "plugin/settings.h"

#include <string.h>

#define MIN_CACHE_BYTES 4096
#define MAX_CACHE_BYTES (G_GUINT64_CONSTANT (1) << 30)

void
nv_delay_settings_init (NvDelaySettings *settings)
{
  memset (settings, 0, sizeof *settings);
  settings->private_bytes = 32 << 10;
  settings->shared_bytes = 256 << 10;
  memset (settings->cpu_nodes, NV_DELAY_NO_NODE, sizeof settings->cpu_nodes);
}

void
nv_delay_settings_clear (NvDelaySettings *settings)
{
  g_clear_pointer (&settings->report, g_free);
}

/* The node's vCPUs as ranges, with a + between them: a comma would end QEMU's argument. */
static void
append_cpus (GString *text, const NvDelaySettings *settings, unsigned node)
{
  const char *separator = "";

  for (int first = 0, last; first < NV_DELAY_MAX_CPUS; first = last + 1)
    {
      last = first;
      if (settings->cpu_nodes[first] != (int)node)
        continue;
      while (last + 1 < NV_DELAY_MAX_CPUS && settings->cpu_nodes[last + 1] == (int)node)
        last++;
      g_string_append_printf (text, "%s%d", separator, first);
      if (last > first)
        g_string_append_printf (text, "-%d", last);
      separator = "+";
    }
}

static void
append_file (GString *text, const char *name, const char *file)
{
  g_autoptr (GString) doubled = g_string_new (file);

  g_string_replace (doubled, ",", ",,", 0);
  g_string_append_printf (text, "%s=%s", name, doubled->str);
}

char *
nv_delay_settings_format (const NvDelaySettings *settings, const char *plugin)
{
  GString *text = g_string_new (NULL);

  append_file (text, "file", plugin);
  g_string_append_printf (text, ",rate=%u,private=%" G_GSIZE_FORMAT ",shared=%" G_GSIZE_FORMAT,
                          settings->rate_ns, settings->private_bytes, settings->shared_bytes);
  for (unsigned node = 0; node < settings->n_nodes; node++)
    {
      g_string_append (text, ",node=");
      append_cpus (text, settings, node);
      g_string_append_printf (text, "/%" G_GUINT64_FORMAT "/", settings->memory_bytes[node]);
      for (unsigned other = 0; other < settings->n_nodes; other++)
        g_string_append_printf (text, "%s%u", other > 0 ? ":" : "", settings->distances[node][other]);
    }
  if (settings->report)
    {
      g_string_append_c (text, ',');
      append_file (text, "report", settings->report);
    }
  return g_string_free (text, FALSE);
}

static gboolean
parse_number (const char *text, guint64 min, guint64 max, guint64 *ret_number)
{
  return g_ascii_string_to_unsigned (text, 10, min, max, ret_number, NULL);
}

static gboolean
parse_cache (const char *text, gsize *ret_bytes)
{
  guint64 bytes;

  if (!parse_number (text, MIN_CACHE_BYTES, MAX_CACHE_BYTES, &bytes) || (bytes & (bytes - 1)) != 0)
    return FALSE;
  *ret_bytes = bytes;
  return TRUE;
}

static gboolean
parse_cpus (const char *text, NvDelaySettings *settings)
{
  g_auto (GStrv) ranges = g_strsplit (text, "+", -1);

  for (char **range = ranges; *range; range++)
    {
      g_auto (GStrv) ends = g_strsplit (*range, "-", 2);
      guint64 first, last;

      if (!ends[0] || !parse_number (ends[0], 0, NV_DELAY_MAX_CPUS - 1, &first))
        return FALSE;
      if (!parse_number (ends[1] ? ends[1] : ends[0], first, NV_DELAY_MAX_CPUS - 1, &last))
        return FALSE;
      for (guint64 cpu = first; cpu <= last; cpu++)
        {
          if (settings->cpu_nodes[cpu] != NV_DELAY_NO_NODE)
            return FALSE;
          settings->cpu_nodes[cpu] = (signed char)settings->n_nodes;
        }
    }
  return TRUE;
}

static gboolean
parse_distances (const char *text, NvDelaySettings *settings)
{
  g_auto (GStrv) values = g_strsplit (text, ":", NV_DELAY_MAX_NODES + 1);
  guint64 distance;

  if (g_strv_length (values) > NV_DELAY_MAX_NODES)
    return FALSE;
  for (unsigned other = 0; values[other]; other++)
    {
      if (!parse_number (values[other], 1, 255, &distance))
        return FALSE;
      settings->distances[settings->n_nodes][other] = (unsigned char)distance;
    }
  return TRUE;
}

static gboolean
parse_node (const char *text, NvDelaySettings *settings)
{
  g_auto (GStrv) parts = g_strsplit (text, "/", 3);

  if (settings->n_nodes == NV_DELAY_MAX_NODES || g_strv_length (parts) != 3)
    return FALSE;
  if (!parse_cpus (parts[0], settings) || !parse_distances (parts[2], settings))
    return FALSE;
  if (!parse_number (parts[1], 0, G_GUINT64_CONSTANT (1) << 46, &settings->memory_bytes[settings->n_nodes]))
    return FALSE;
  settings->n_nodes++;
  return TRUE;
}

static gboolean
parse_argument (const char *name, const char *value, NvDelaySettings *settings)
{
  guint64 number;

  if (g_str_equal (name, "node"))
    return parse_node (value, settings);
  if (g_str_equal (name, "private"))
    return parse_cache (value, &settings->private_bytes);
  if (g_str_equal (name, "shared"))
    return parse_cache (value, &settings->shared_bytes);
  if (g_str_equal (name, "report") && *value)
    {
      g_free (settings->report);
      settings->report = g_strdup (value);
      return TRUE;
    }
  if (!g_str_equal (name, "rate") || !parse_number (value, 0, NV_DELAY_MAX_RATE_NS, &number))
    return FALSE;
  settings->rate_ns = (unsigned)number;
  return TRUE;
}

/* Each node has a distance to each, and no more: those beyond were never set. */
static gboolean
has_all_distances (const NvDelaySettings *settings)
{
  for (unsigned node = 0; node < settings->n_nodes; node++)
    for (unsigned other = 0; other < NV_DELAY_MAX_NODES; other++)
      if ((settings->distances[node][other] > 0) != (other < settings->n_nodes))
        return FALSE;
  return TRUE;
}

gboolean
nv_delay_settings_parse (char **arguments, int n_arguments, NvDelaySettings *settings, GError **error)
{
  for (int i = 0; i < n_arguments; i++)
    {
      g_auto (GStrv) halves = g_strsplit (arguments[i], "=", 2);

      if (g_strv_length (halves) != 2 || !parse_argument (halves[0], halves[1], settings))
        {
          g_set_error (
              error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
              "argument '%s': rate=NS, private=BYTES, shared=BYTES, report=FILE and "
              "node=CPUS/BYTES/DISTANCES are allowed, sizes of caches a power of two, each vCPU once",
              arguments[i]);
          return FALSE;
        }
    }
  if (settings->n_nodes > 0 && has_all_distances (settings))
    return TRUE;
  g_set_error (
      error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "node=CPUS/BYTES/DISTANCES: one for each node is needed, in each a distance to each; there are %u",
      settings->n_nodes);
  return FALSE;
}
