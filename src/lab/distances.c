#include "lab/machine.h"

#include "base/error.h"
#include "base/size.h"

#include <string.h>

/* 255 stands for no way at all, and the kernel then takes all distances for wrong. */
#define LOCAL_DISTANCE 10
#define MAX_DISTANCE   254

/* Returns: %FALSE with an error that quotes @whole. */
static gboolean
parse_entry (const char *text, gboolean own, const char *whole, guint *ret_distance, GError **error)
{
  guint64 value;

  if (!nv_count_parse (text, LOCAL_DISTANCE, MAX_DISTANCE, &value, NULL))
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "distances '%s': '%s': a number from %d to %d is allowed",
                 whole, text, LOCAL_DISTANCE, MAX_DISTANCE);
  else if (own != (value == LOCAL_DISTANCE))
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                 "distances '%s': '%s': a node's distance to itself is %d, to others it is more", whole, text,
                 LOCAL_DISTANCE);
  else
    {
      *ret_distance = (guint)value;
      return TRUE;
    }
  return FALSE;
}

static gboolean
parse_by_difference (char **entries, const char *text, NvLabMachine *machine, GError **error)
{
  guint n = machine->n_nodes, by_difference[NV_LAB_MAX_NODES];

  if (g_strv_length (entries) != n)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                   "distances '%s': %u entries; %u nodes need %u, from 10 for a node itself to that of the "
                   "first and the last one, or %u rows, divided by `;`",
                   text, g_strv_length (entries), n, n, n);
      return FALSE;
    }
  for (guint i = 0; i < n; i++)
    if (!parse_entry (entries[i], i == 0, text, by_difference + i, error))
      return FALSE;
  for (guint from = 0; from < n; from++)
    for (guint to = 0; to < n; to++)
      machine->distances[from][to] = by_difference[from > to ? from - to : to - from];
  return TRUE;
}

static gboolean
parse_row (const char *row, guint from, const char *text, NvLabMachine *machine, GError **error)
{
  g_auto (GStrv) entries = g_strsplit (row, ",", -1);

  if (g_strv_length (entries) != machine->n_nodes)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "distances '%s': row %u has %u entries, %u nodes need %u",
                   text, from, g_strv_length (entries), machine->n_nodes, machine->n_nodes);
      return FALSE;
    }
  for (guint to = 0; to < machine->n_nodes; to++)
    if (!parse_entry (entries[to], from == to, text, &machine->distances[from][to], error))
      return FALSE;
  return TRUE;
}

gboolean
nv_lab_distances_parse (const char *text, NvLabMachine *machine, GError **error)
{
  g_auto (GStrv) rows = g_strsplit (text, ";", -1);

  if (g_strv_length (rows) <= 1)
    {
      g_auto (GStrv) entries = g_strsplit (text, ",", -1);

      return parse_by_difference (entries, text, machine, error);
    }
  if (g_strv_length (rows) != machine->n_nodes)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "distances '%s': %u rows; %u nodes need %u", text,
                   g_strv_length (rows), machine->n_nodes, machine->n_nodes);
      return FALSE;
    }
  for (guint from = 0; rows[from]; from++)
    if (!parse_row (rows[from], from, text, machine, error))
      return FALSE;
  return TRUE;
}

void
nv_lab_distances_set_default (NvLabMachine *machine)
{
  for (guint from = 0; from < machine->n_nodes; from++)
    for (guint to = 0; to < machine->n_nodes; to++)
      machine->distances[from][to] = LOCAL_DISTANCE + 10 * (from > to ? from - to : to - from);
}
