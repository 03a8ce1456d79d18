#include "placement/host.h"

#include <string.h>

static void
node_free (gpointer data)
{
  NvNode *node = data;

  g_ptr_array_unref (node->cores);
  g_array_unref (node->page_pools);
  g_free (node);
}

static void
set_free (gpointer data)
{
  nv_set_free (data);
}

NvHost *
nv_host_new (const char *description)
{
  NvHost *host = g_new0 (NvHost, 1);

  host->description = g_strdup (description);
  host->nodes = g_ptr_array_new_with_free_func (node_free);
  return host;
}

void
nv_host_free (NvHost *host)
{
  if (!host)
    return;
  g_free (host->description);
  g_ptr_array_unref (host->nodes);
  g_free (host->distances);
  g_free (host);
}

NvNode *
nv_host_add_node (NvHost *host, guint os_index)
{
  NvNode *node = g_new0 (NvNode, 1);

  node->os_index = os_index;
  node->cores = g_ptr_array_new_with_free_func (set_free);
  node->page_pools = g_array_new (FALSE, FALSE, sizeof (NvPagePool));
  g_ptr_array_add (host->nodes, node);
  g_clear_pointer (&host->distances, g_free);
  return node;
}

void
nv_node_take_core (NvNode *node, NvSet *cpus)
{
  g_ptr_array_add (node->cores, cpus);
}

void
nv_node_add_page_pool (NvNode *node, guint64 page_size_bytes, guint64 total_pages, guint64 free_pages)
{
  NvPagePool pool = { page_size_bytes, total_pages, free_pages };
  guint at = 0;

  while (at < node->page_pools->len
         && g_array_index (node->page_pools, NvPagePool, at).page_size_bytes < page_size_bytes)
    at++;
  g_array_insert_val (node->page_pools, at, pool);
}

void
nv_host_finish (NvHost *host)
{
  guint64 total = 0, available = 0;

  for (guint i = 0; i < host->nodes->len; i++)
    {
      NvNode *node = g_ptr_array_index (host->nodes, i);

      if (node->use == NV_NODE_USABLE && node->memory_total_bytes == 0)
        node->use = NV_NODE_WITHOUT_MEMORY;
      total += node->memory_total_bytes;
      available += node->memory_available_bytes;
    }
  if (host->memory_total_bytes == 0)
    host->memory_total_bytes = total;
  if (host->memory_available_bytes == 0)
    host->memory_available_bytes = available;
}

int
nv_host_position (const NvHost *host, guint os_index)
{
  guint low = 0, high = host->nodes->len;

  while (low < high)
    {
      guint middle = (low + high) / 2;
      const NvNode *node = g_ptr_array_index (host->nodes, middle);

      if (node->os_index == os_index)
        return (int)middle;
      if (node->os_index < os_index)
        low = middle + 1;
      else
        high = middle;
    }
  return -1;
}

const NvNode *
nv_host_node (const NvHost *host, guint os_index)
{
  int position = nv_host_position (host, os_index);

  return position < 0 ? NULL : g_ptr_array_index (host->nodes, position);
}

guint
nv_host_distance (const NvHost *host, guint from, guint to)
{
  return host->distances ? host->distances[from * host->nodes->len + to] : NV_DISTANCE_UNKNOWN;
}

void
nv_host_set_distance (NvHost *host, guint from, guint to, guint distance)
{
  g_return_if_fail (from < host->nodes->len && to < host->nodes->len);

  if (!host->distances)
    host->distances = g_new0 (guint, (gsize)host->nodes->len * host->nodes->len);
  host->distances[from * host->nodes->len + to] = distance;
}

NvSet *
nv_host_usable_nodes (const NvHost *host)
{
  NvSet *nodes = nv_set_new ();

  for (guint i = 0; i < host->nodes->len; i++)
    {
      const NvNode *node = g_ptr_array_index (host->nodes, i);

      if (node->use == NV_NODE_USABLE)
        nv_set_add (nodes, node->os_index);
    }
  return nodes;
}

NvSet *
nv_node_cpus (const NvNode *node)
{
  NvSet *cpus = nv_set_new ();

  for (guint i = 0; i < node->cores->len; i++)
    nv_set_add_all (cpus, g_ptr_array_index (node->cores, i));
  return cpus;
}

static const NvPagePool *
find_pool (const NvNode *node, guint64 page_size_bytes)
{
  for (guint i = 0; i < node->page_pools->len; i++)
    {
      const NvPagePool *pool = &g_array_index (node->page_pools, NvPagePool, i);

      if (pool->page_size_bytes == page_size_bytes)
        return pool;
    }
  return NULL;
}

guint64
nv_node_available_bytes (const NvNode *node, guint64 page_size_bytes)
{
  const NvPagePool *pool;

  if (page_size_bytes == 0)
    return node->memory_available_bytes;
  pool = find_pool (node, page_size_bytes);
  return pool ? pool->free_pages * page_size_bytes : 0;
}

guint64
nv_node_total_bytes (const NvNode *node, guint64 page_size_bytes)
{
  const NvPagePool *pool;

  if (page_size_bytes == 0)
    return node->memory_total_bytes;
  pool = find_pool (node, page_size_bytes);
  return pool ? pool->total_pages * page_size_bytes : 0;
}

const char *
nv_memory_kind_name (NvMemoryKind kind)
{
  static const char *const names[] = {
    [NV_MEMORY_KIND_UNKNOWN] = "unknown", [NV_MEMORY_KIND_DRAM] = "DRAM",
    [NV_MEMORY_KIND_HBM] = "HBM",         [NV_MEMORY_KIND_NONVOLATILE] = "non-volatile",
    [NV_MEMORY_KIND_GPU] = "GPU",
  };

  return names[kind];
}

const char *
nv_node_use_reason (NvNodeUse use)
{
  static const char *const reasons[] = {
    [NV_NODE_USABLE] = "",
    [NV_NODE_WITHOUT_MEMORY] = "no memory",
    [NV_NODE_NOT_ALLOWED] = "excluded by this process's cpuset",
    [NV_NODE_OF_DEVICE] = "memory of a device",
  };

  return reasons[use];
}
