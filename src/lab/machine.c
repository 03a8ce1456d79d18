#include "lab/machine.h"

#include "base/error.h"
#include "base/size.h"

#include <string.h>

#define DEFAULT_NODES  "4"
#define DEFAULT_MEMORY "1G"

#define MIN_NODE_BYTES (64 * NV_MIB)
#define MIN_BYTES      (256 * NV_MIB) /* the kernel and a few programs */

guint64
nv_lab_machine_memory_bytes (const NvLabMachine *machine)
{
  guint64 bytes = 0;

  for (guint i = 0; i < machine->n_nodes; i++)
    bytes += machine->nodes[i].memory_bytes;
  return bytes;
}

guint
nv_lab_machine_cpus (const NvLabMachine *machine)
{
  guint n = 0;

  for (guint i = 0; i < machine->n_nodes; i++)
    n += machine->nodes[i].n_cpus;
  return n;
}

static gboolean
find_preset (const char *name, const NvLabPreset **ret_preset, GError **error)
{
  g_autofree char *names = NULL;

  *ret_preset = NULL;
  if (!name)
    return TRUE;
  for (const NvLabPreset *preset = nv_lab_presets; preset->name; preset++)
    if (strcmp (preset->name, name) == 0)
      {
        *ret_preset = preset;
        return TRUE;
      }
  names = nv_lab_preset_names ();
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "preset '%s': %s is allowed", name, names);
  return FALSE;
}

static NvLabRequest
combine (const NvLabRequest *request, const NvLabPreset *preset)
{
  static const NvLabRequest nothing;
  const NvLabRequest *other = preset ? &preset->request : &nothing;

  return (NvLabRequest){
    .nodes = request->nodes ?: other->nodes ?: DEFAULT_NODES,
    .memory = request->memory ?: other->memory ?: DEFAULT_MEMORY,
    .cpus = request->cpus ?: other->cpus,
    .distances = request->distances ?: other->distances,
    .huge_pages = request->huge_pages ?: other->huge_pages,
  };
}

static gboolean
parse_nodes (const char *text, NvLabMachine *machine, GError **error)
{
  guint64 n;

  if (!nv_count_parse (text, 1, NV_LAB_MAX_NODES, &n, NULL))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "nodes '%s': a number from 1 to %d is allowed", text,
                   NV_LAB_MAX_NODES);
      return FALSE;
    }
  machine->n_nodes = (guint)n;
  return TRUE;
}

/* Entries of a list, as many as there are nodes. */
static gboolean
check_length (const char *what, const char *text, char **entries, const NvLabMachine *machine, GError **error)
{
  guint n = g_strv_length (entries);

  if (n == machine->n_nodes)
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "%s '%s': %u entries; %u nodes need %u", what, text, n,
               machine->n_nodes, machine->n_nodes);
  return FALSE;
}

static gboolean
parse_node_memory (const char *text, gboolean may_be_none, guint64 *ret_bytes, GError **error)
{
  if (may_be_none && strcmp (text, "0") == 0)
    {
      *ret_bytes = 0;
      return TRUE;
    }
  if (!nv_size_parse (text, ret_bytes, error))
    {
      g_prefix_error (error, "memory: ");
      return FALSE;
    }
  if (*ret_bytes >= MIN_NODE_BYTES && *ret_bytes % NV_MIB == 0 && *ret_bytes <= G_MAXINT64 / NV_LAB_MAX_NODES)
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
               "memory '%s': whole MiB from 64M are allowed, and in a list 0 for a node of CPUs only", text);
  return FALSE;
}

static gboolean
parse_memory (const char *text, NvLabMachine *machine, GError **error)
{
  g_auto (GStrv) entries = g_strsplit (text, ",", -1);
  gboolean list = strchr (text, ',') != NULL;

  if (list && !check_length ("memory", text, entries, machine, error))
    return FALSE;
  for (guint i = 0; i < machine->n_nodes; i++)
    if (!parse_node_memory (list ? entries[i] : text, list, &machine->nodes[i].memory_bytes, error))
      return FALSE;
  if (nv_lab_machine_memory_bytes (machine) >= MIN_BYTES)
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "memory '%s': all nodes together need at least 256M", text);
  return FALSE;
}

static gboolean
parse_cpus_entry (const char *text, guint64 minimum, const char *whole, guint64 *ret_n, GError **error)
{
  if (nv_count_parse (text, minimum, NV_LAB_MAX_CPUS, ret_n, NULL))
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
               "cpus '%s': '%s': a number from 1 to %d is allowed, and in a list 0 for a node of memory only",
               whole, text, NV_LAB_MAX_CPUS);
  return FALSE;
}

static gboolean
deal_out_cpus (const char *text, NvLabMachine *machine, GError **error)
{
  guint64 n;

  if (!parse_cpus_entry (text, 1, text, &n, error))
    return FALSE;
  for (guint i = 0; i < machine->n_nodes; i++)
    machine->nodes[i].n_cpus = (guint)n * (i + 1) / machine->n_nodes - (guint)n * i / machine->n_nodes;
  return TRUE;
}

static gboolean
parse_cpus (const char *text, NvLabMachine *machine, GError **error)
{
  g_auto (GStrv) entries = g_strsplit (text, ",", -1);

  if (!strchr (text, ','))
    return deal_out_cpus (text, machine, error);
  if (!check_length ("cpus", text, entries, machine, error))
    return FALSE;
  for (guint i = 0; i < machine->n_nodes; i++)
    {
      guint64 n;

      if (!parse_cpus_entry (entries[i], 0, text, &n, error))
        return FALSE;
      machine->nodes[i].n_cpus = (guint)n;
    }
  if (nv_lab_machine_cpus (machine) >= 1 && nv_lab_machine_cpus (machine) <= NV_LAB_MAX_CPUS)
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "cpus '%s': a machine has 1 to %d", text, NV_LAB_MAX_CPUS);
  return FALSE;
}

/* One `NODE:COUNT`. */
static gboolean
parse_huge_pages_entry (const char *entry, const char *whole, NvLabMachine *machine, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (entry, ":", -1);
  guint64 node, count, most;

  if (g_strv_length (parts) != 2 || !nv_count_parse (parts[0], 0, machine->n_nodes - 1, &node, NULL)
      || !nv_count_parse (parts[1], 1, G_MAXUINT, &count, NULL))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                   "hugepages '%s': '%s': NODE:COUNT is allowed, of nodes 0 to %u", whole, entry,
                   machine->n_nodes - 1);
      return FALSE;
    }
  most = machine->nodes[node].memory_bytes / NV_LAB_HUGE_PAGE_BYTES / 4 * 3;
  if (count > most)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                   "hugepages '%s': node %" G_GUINT64_FORMAT " can have %" G_GUINT64_FORMAT
                   " of 2 MiB, three quarters of its memory",
                   whole, node, most);
      return FALSE;
    }
  machine->nodes[node].n_huge_pages = (guint)count;
  return TRUE;
}

static gboolean
parse_huge_pages (const char *text, NvLabMachine *machine, GError **error)
{
  g_auto (GStrv) entries = g_strsplit (text, ",", -1);

  for (guint i = 0; entries[i]; i++)
    if (!parse_huge_pages_entry (entries[i], text, machine, error))
      return FALSE;
  return TRUE;
}

static gboolean
check_nodes (const NvLabMachine *machine, GError **error)
{
  for (guint i = 0; i < machine->n_nodes; i++)
    if (machine->nodes[i].memory_bytes == 0 && machine->nodes[i].n_cpus == 0)
      {
        g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                     "node %u has neither memory nor CPUs: the kernel would leave it out", i);
        return FALSE;
      }
  return TRUE;
}

gboolean
nv_lab_machine_parse (const NvLabRequest *request, const char *preset_name, NvLabMachine *ret_machine,
                      GError **error)
{
  const NvLabPreset *preset;
  NvLabMachine machine = { 0 };
  NvLabRequest whole;

  if (!find_preset (preset_name, &preset, error))
    return FALSE;
  whole = combine (request, preset);
  if (!parse_nodes (whole.nodes, &machine, error) || !parse_memory (whole.memory, &machine, error))
    return FALSE;
  for (guint i = 0; i < machine.n_nodes; i++)
    machine.nodes[i].n_cpus = 1;
  nv_lab_distances_set_default (&machine);
  if ((whole.cpus && !parse_cpus (whole.cpus, &machine, error))
      || (whole.distances && !nv_lab_distances_parse (whole.distances, &machine, error))
      || (whole.huge_pages && !parse_huge_pages (whole.huge_pages, &machine, error))
      || !check_nodes (&machine, error))
    return FALSE;
  *ret_machine = machine;
  return TRUE;
}

gboolean
nv_lab_machine_check_fit (const NvLabMachine *machine, guint64 available_bytes, GError **error)
{
  guint64 bytes = nv_lab_machine_memory_bytes (machine);
  g_autofree char *needed = nv_size_format (bytes);
  g_autofree char *available = nv_size_format (available_bytes);

  if (bytes <= available_bytes)
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_NO_FIT,
               "the lab's nodes have %s together, this machine has %s available: choose less by --memory",
               needed, available);
  return FALSE;
}
