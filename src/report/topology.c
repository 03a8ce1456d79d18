#include "report/topology.h"
#include "base/size.h"
#include "report/table.h"

#include <string.h>

/* More nodes than this, or a matrix wider than the text may be, are shown by distance. */
#define MATRIX_MAX_NODES 16

static const NvNode *
node_at (const NvHost *host, guint position)
{
  return g_ptr_array_index (host->nodes, position);
}

/* What is not known. */
static const char *
dash (const NvTopologyStyle *style)
{
  return style->utf8 ? "–" : "-";
}

/* As page sizes are called: 2M, 1G, 64K. */
static char *
format_page_size (guint64 bytes)
{
  static const char units[] = "KMGT";
  int power = -1;

  while (power + 1 < (int)sizeof units - 1 && bytes >= 1024 && bytes % 1024 == 0)
    {
      bytes /= 1024;
      power++;
    }
  return g_strdup_printf ("%" G_GUINT64_FORMAT "%.*s", bytes, power < 0 ? 0 : 1, units + MAX (power, 0));
}

char *
nv_topology_format_pools (const NvNode *node)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < node->page_pools->len; i++)
    {
      const NvPagePool *pool = &g_array_index (node->page_pools, NvPagePool, i);
      g_autofree char *size = format_page_size (pool->page_size_bytes);

      if (pool->total_pages > 0)
        g_string_append_printf (text, "%s%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT " of %s",
                                text->len > 0 ? ", " : "", pool->free_pages, pool->total_pages, size);
    }
  return g_string_free (text, FALSE);
}

static char *
format_heading (const NvHost *host)
{
  g_autoptr (NvSet) cpus = nv_set_new ();
  g_autofree char *total = nv_size_format (host->memory_total_bytes);
  g_autofree char *available = nv_size_format (host->memory_available_bytes);
  guint n_nodes = host->nodes->len, n_cpus;

  for (guint i = 0; i < n_nodes; i++)
    {
      g_autoptr (NvSet) more = nv_node_cpus (node_at (host, i));

      nv_set_add_all (cpus, more);
    }
  n_cpus = nv_set_count (cpus);
  return g_strdup_printf ("%s: %u node%s, %u CPU%s, %s of memory, %s available", host->description, n_nodes,
                          n_nodes == 1 ? "" : "s", n_cpus, n_cpus == 1 ? "" : "s", total, available);
}

static const char *
explain_available (NvAvailableSource source)
{
  static const char *const texts[] = {
    [NV_AVAILABLE_FROM_KERNEL] =
        "available: from this kernel: free, or reclaimable page cache and slab, less the low watermark",
    [NV_AVAILABLE_FROM_LIBVIRT] = "available: what libvirt reports as free",
    [NV_AVAILABLE_FROM_DESCRIPTION] = "available: all of it: this machine is only described",
  };

  return texts[source];
}

static void
add_node_row (NvTable *table, const NvNode *node, const NvTopologyStyle *style)
{
  g_autofree char *index = g_strdup_printf ("%u", node->os_index);
  g_autofree char *cores = g_strdup_printf ("%u", node->cores->len);
  g_autoptr (NvSet) set = nv_node_cpus (node);
  g_autofree char *cpus = nv_set_format (set);
  g_autofree char *total = nv_size_format (node->memory_total_bytes);
  g_autofree char *available = nv_size_format (node->memory_available_bytes);
  g_autofree char *pools = nv_topology_format_pools (node);
  g_autofree char *use = node->use == NV_NODE_USABLE
                             ? g_strdup ("yes")
                             : g_strdup_printf ("no: %s", nv_node_use_reason (node->use));
  gboolean kind_known = node->kind != NV_MEMORY_KIND_UNKNOWN;
  const char *cells[] = {
    index, cores, cpus, total, available, pools, kind_known ? nv_memory_kind_name (node->kind) : dash (style),
    use
  };

  nv_table_add_row (table, cells);
}

char *
nv_topology_format_nodes (const NvHost *host, const NvTopologyStyle *style)
{
  static const char *const headings[] = { ">NODE",           ">CORES", "CPUS",       ">MEMORY", ">AVAILABLE",
                                          "HUGE PAGES FREE", "KIND",   "VM MAY USE", NULL };
  g_autoptr (NvTable) table = nv_table_new (headings);
  g_autofree char *heading = format_heading (host), *rows = NULL;

  for (guint i = 0; i < host->nodes->len; i++)
    add_node_row (table, node_at (host, i), style);
  rows = nv_table_format (table);
  return g_strdup_printf ("%s\n%s\n\n%s", heading, explain_available (host->available_source), rows);
}

static char *
format_distance (guint distance, const NvTopologyStyle *style)
{
  return distance == NV_DISTANCE_UNKNOWN ? g_strdup (dash (style)) : g_strdup_printf ("%u", distance);
}

/* Headings and cells are made alike: a first column of names, then one a node. */
static char *
format_matrix (const NvHost *host, const NvTopologyStyle *style)
{
  guint n_nodes = host->nodes->len;
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (NvTable) table = NULL;

  g_ptr_array_add (names, g_strdup (">DISTANCE"));
  for (guint i = 0; i < n_nodes; i++)
    g_ptr_array_add (names, g_strdup_printf (">to %u", node_at (host, i)->os_index));
  g_ptr_array_add (names, NULL);
  table = nv_table_new ((const char *const *)names->pdata);
  for (guint from = 0; from < n_nodes; from++)
    {
      g_autoptr (GPtrArray) cells = g_ptr_array_new_with_free_func (g_free);

      g_ptr_array_add (cells, g_strdup_printf ("from %u", node_at (host, from)->os_index));
      for (guint to = 0; to < n_nodes; to++)
        g_ptr_array_add (cells, format_distance (nv_host_distance (host, from, to), style));
      nv_table_add_row (table, (const char *const *)cells->pdata);
    }
  return nv_table_format (table);
}

/* The smallest distance above @previous from @from to another node; 0: none. */
static guint
next_distance (const NvHost *host, guint from, guint previous)
{
  guint smallest = 0;

  for (guint to = 0; to < host->nodes->len; to++)
    {
      guint distance = nv_host_distance (host, from, to);

      if (to != from && distance > previous && (smallest == 0 || distance < smallest))
        smallest = distance;
    }
  return smallest;
}

char *
nv_topology_format_by_distance (const NvHost *host, guint from)
{
  GString *text = g_string_new (NULL);

  for (guint distance = 0; (distance = next_distance (host, from, distance)) != 0;)
    {
      g_autoptr (NvSet) nodes = nv_set_new ();
      g_autofree char *list = NULL;

      for (guint to = 0; to < host->nodes->len; to++)
        if (to != from && nv_host_distance (host, from, to) == distance)
          nv_set_add (nodes, node_at (host, to)->os_index);
      list = nv_set_format (nodes);
      g_string_append_printf (text, "%s%u: %s", text->len > 0 ? "  " : "", distance, list);
    }
  return g_string_free (text, FALSE);
}

static char *
format_groups (const NvHost *host, const NvTopologyStyle *style)
{
  static const char *const headings[] = { ">FROM", "DISTANCE: TO", NULL };
  g_autoptr (NvTable) table = nv_table_new (headings);

  for (guint from = 0; from < host->nodes->len; from++)
    {
      g_autofree char *name = g_strdup_printf ("%u", node_at (host, from)->os_index);
      g_autofree char *groups = nv_topology_format_by_distance (host, from);
      const char *cells[] = { name, *groups ? groups : dash (style) };

      nv_table_add_row (table, cells);
    }
  return nv_table_format (table);
}

static gboolean
knows_a_distance (const NvHost *host)
{
  for (guint from = 0; from < host->nodes->len; from++)
    if (next_distance (host, from, 0) != 0)
      return TRUE;
  return FALSE;
}

char *
nv_topology_format_distances (const NvHost *host, const NvTopologyStyle *style)
{
  g_autofree char *matrix = NULL;

  if (host->nodes->len < 2)
    return g_strdup ("");
  if (!knows_a_distance (host))
    return g_strdup ("distances: not stated\n");
  if (host->nodes->len > MATRIX_MAX_NODES)
    return format_groups (host, style);
  matrix = format_matrix (host, style);
  return strcspn (matrix, "\n") <= style->columns ? g_steal_pointer (&matrix) : format_groups (host, style);
}

/* jansson's integers are signed; no real machine comes near. */
static json_t *
json_size (guint64 bytes)
{
  return json_integer ((json_int_t)MIN (bytes, (guint64)G_MAXINT64));
}

static json_t *
json_of_node (const NvNode *node)
{
  json_t *cores = json_array (), *pools = json_array ();

  for (guint i = 0; i < node->cores->len; i++)
    {
      g_autofree char *threads = nv_set_format (g_ptr_array_index (node->cores, i));

      json_array_append_new (cores, json_string (threads));
    }
  for (guint i = 0; i < node->page_pools->len; i++)
    {
      const NvPagePool *pool = &g_array_index (node->page_pools, NvPagePool, i);

      json_array_append_new (pools, json_pack ("{s:o, s:o, s:o}", "page_size_bytes",
                                               json_size (pool->page_size_bytes), "total_pages",
                                               json_size (pool->total_pages), "free_pages",
                                               json_size (pool->free_pages)));
    }
  return json_pack ("{s:i, s:o, s:o, s:o, s:o, s:s, s:b, s:s}", "node", (int)node->os_index, "cores", cores,
                    "memory_total_bytes", json_size (node->memory_total_bytes), "memory_available_bytes",
                    json_size (node->memory_available_bytes), "huge_pages", pools, "kind",
                    nv_memory_kind_name (node->kind), "usable", node->use == NV_NODE_USABLE, "reason",
                    nv_node_use_reason (node->use));
}

static json_t *
json_of_distances (const NvHost *host)
{
  json_t *rows = json_array ();

  for (guint from = 0; from < host->nodes->len; from++)
    {
      json_t *row = json_array ();

      for (guint to = 0; to < host->nodes->len; to++)
        {
          guint distance = nv_host_distance (host, from, to);

          json_array_append_new (row,
                                 distance == NV_DISTANCE_UNKNOWN ? json_null () : json_integer (distance));
        }
      json_array_append_new (rows, row);
    }
  return rows;
}

json_t *
nv_topology_to_json (const NvHost *host)
{
  static const char *const sources[] = {
    [NV_AVAILABLE_FROM_KERNEL] = "kernel",
    [NV_AVAILABLE_FROM_LIBVIRT] = "libvirt",
    [NV_AVAILABLE_FROM_DESCRIPTION] = "description",
  };
  g_autofree char *description = g_utf8_make_valid (host->description, -1);
  json_t *nodes = json_array ();

  for (guint i = 0; i < host->nodes->len; i++)
    json_array_append_new (nodes, json_of_node (node_at (host, i)));
  return json_pack ("{s:s, s:o, s:o, s:s, s:o, s:o}", "host", description, "memory_total_bytes",
                    json_size (host->memory_total_bytes), "memory_available_bytes",
                    json_size (host->memory_available_bytes), "available_source",
                    sources[host->available_source], "nodes", nodes, "distances", json_of_distances (host));
}
