#include "host/topology.h"
#include "base/error.h"
#include "base/xml.h"
#include "bench/proc.h"

#include <errno.h>
#include <hwloc.h>
#include <stdlib.h>
#include <string.h>

typedef struct hwloc_topology *Topology;

static void
topology_free (Topology topology)
{
  hwloc_topology_destroy (topology);
}

G_DEFINE_AUTO_CLEANUP_FREE_FUNC (Topology, topology_free, NULL)

/* Nodes and CPUs that the cpuset excludes are kept, so that they can be shown with the reason. hwloc must not
 * move this thread from CPU to CPU to ask each of them. */
static Topology
topology_new (void)
{
  g_auto (Topology) topology = NULL;

  if (hwloc_topology_init (&topology) < 0)
    g_error ("hwloc: out of memory");
  hwloc_topology_set_flags (topology,
                            HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED | HWLOC_TOPOLOGY_FLAG_DONT_CHANGE_BINDING);
  return g_steal_pointer (&topology);
}

static NvMemoryKind
kind_of (const char *subtype)
{
  static const struct
  {
    const char *subtype;
    NvMemoryKind kind;
  } kinds[] = {
    { "DRAM", NV_MEMORY_KIND_DRAM },       { "CXL-DRAM", NV_MEMORY_KIND_DRAM },
    { "HBM", NV_MEMORY_KIND_HBM },         { "MCDRAM", NV_MEMORY_KIND_HBM },
    { "NVM", NV_MEMORY_KIND_NONVOLATILE }, { "CXL-NVM", NV_MEMORY_KIND_NONVOLATILE },
    { "GPUMemory", NV_MEMORY_KIND_GPU },
  };

  for (guint i = 0; subtype && i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (subtype, kinds[i].subtype) == 0)
      return kinds[i].kind;
  return NV_MEMORY_KIND_UNKNOWN;
}

/* NvMemoryKind counts from the most ordinary kind; one that is not stated is DRAM. */
static NvMemoryKind
rank_of (hwloc_obj_t object)
{
  return MAX (kind_of (object->subtype), NV_MEMORY_KIND_DRAM);
}

/* hwloc says whose neighbour a node is, the kernel which CPUs belong to it. The two differ where HBM,
 * non-volatile or GPU memory lies beside ordinary memory: there, the CPUs belong to the more ordinary node.
 * Nodes of one kind may claim the same CPUs (the kernel's numa=fake makes such).
 *
 * Returns: the allowed CPUs of @object's node; the caller frees. */
static hwloc_bitmap_t
cpus_of (Topology topology, hwloc_obj_t object)
{
  hwloc_bitmap_t cpus = hwloc_bitmap_dup (object->cpuset);

  hwloc_bitmap_and (cpus, cpus, hwloc_topology_get_allowed_cpuset (topology));
  for (hwloc_obj_t other = NULL; (other = hwloc_get_next_obj_by_type (topology, HWLOC_OBJ_NUMANODE, other));)
    if (rank_of (other) < rank_of (object))
      hwloc_bitmap_andnot (cpus, cpus, other->cpuset);
  return cpus;
}

/* Threads come in hwloc's order, so those of one core are neighbours. */
static void
add_cores (Topology topology, NvNode *node, hwloc_const_bitmap_t cpus)
{
  hwloc_obj_t last_core = NULL;

  for (hwloc_obj_t thread = NULL; (thread = hwloc_get_next_obj_by_type (topology, HWLOC_OBJ_PU, thread));)
    {
      hwloc_obj_t core = hwloc_get_ancestor_obj_by_type (topology, HWLOC_OBJ_CORE, thread);

      if (!hwloc_bitmap_isset (cpus, thread->os_index))
        continue;
      if (!core || core != last_core)
        nv_node_take_core (node, nv_set_new ());
      nv_set_add (g_ptr_array_index (node->cores, node->cores->len - 1), thread->os_index);
      last_core = core;
    }
}

/* What is described counts as free; normal pages are what the huge ones leave. */
static void
take_described_memory (NvNode *node, hwloc_obj_t object)
{
  const struct hwloc_numanode_attr_s *memory = &object->attr->numanode;
  guint64 huge_bytes = 0;

  for (guint i = 1; i < memory->page_types_len; i++)
    {
      guint64 size = memory->page_types[i].size, count = memory->page_types[i].count, bytes;

      nv_node_add_page_pool (node, size, count, count);
      if (!g_uint64_checked_mul (&bytes, size, count)
          || !g_uint64_checked_add (&huge_bytes, huge_bytes, bytes))
        huge_bytes = G_MAXUINT64;
    }
  node->memory_total_bytes = memory->local_memory;
  node->memory_available_bytes = memory->local_memory - MIN (huge_bytes, memory->local_memory);
}

/* @object: NULL where hwloc leaves a node out. A kernel without NUMA has no files for its one node; then
 * hwloc's total stands until use_machine_memory(). */
static gboolean
read_memory (NvNode *node, const char *root, hwloc_obj_t object, GError **error)
{
  struct nv_proc_memory memory = { 0 };
  int result = nv_proc_node_memory (root, node->os_index, &memory);

  if (result == -ENOENT)
    memory.total = object ? object->attr->numanode.local_memory : 0;
  else if (result < 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot read the memory of node %u: %s", node->os_index,
                   g_strerror (-result));
      return FALSE;
    }
  node->memory_total_bytes = memory.total;
  node->memory_available_bytes = memory.available;
  for (guint i = 1; object && i < object->attr->numanode.page_types_len; i++)
    {
      guint64 size = object->attr->numanode.page_types[i].size, total, free_pages;

      if (nv_proc_huge_pages (root, node->os_index, size, &total, &free_pages) == 0)
        nv_node_add_page_pool (node, size, total, free_pages);
    }
  return TRUE;
}

/* Nodes that hwloc knows of and leaves out. On this machine: nodes without memory, and the memory of NVIDIA
 * GPUs. In an XML also those that the cpuset of who wrote it excluded; the root cgroup excludes none. */
static NvNodeUse
use_of_left_out_node (Topology topology, const NvNode *node, const char *root)
{
  const char *cgroup = hwloc_obj_get_info_by_name (hwloc_get_root_obj (topology), "LinuxCgroup");

  if (root)
    return node->memory_total_bytes > 0 ? NV_NODE_OF_DEVICE : NV_NODE_WITHOUT_MEMORY;
  return cgroup && strcmp (cgroup, "/") != 0 ? NV_NODE_NOT_ALLOWED : NV_NODE_WITHOUT_MEMORY;
}

static gboolean
add_node (NvHost *host, Topology topology, guint os_index, const char *root, GError **error)
{
  hwloc_obj_t object = hwloc_get_numanode_obj_by_os_index (topology, os_index);
  NvNode *node = nv_host_add_node (host, os_index);
  hwloc_bitmap_t cpus;

  if (root && !read_memory (node, root, object, error))
    return FALSE;
  if (!object)
    {
      node->use = use_of_left_out_node (topology, node, root);
      node->kind = node->use == NV_NODE_OF_DEVICE ? NV_MEMORY_KIND_GPU : NV_MEMORY_KIND_UNKNOWN;
      return TRUE;
    }
  if (!root)
    take_described_memory (node, object);
  node->kind = kind_of (object->subtype);
  if (node->memory_total_bytes == 0)
    node->use = NV_NODE_WITHOUT_MEMORY;
  else if (!hwloc_bitmap_isset (hwloc_topology_get_allowed_nodeset (topology), os_index))
    node->use = NV_NODE_NOT_ALLOWED;
  else if (node->kind == NV_MEMORY_KIND_GPU)
    node->use = NV_NODE_OF_DEVICE;
  cpus = cpus_of (topology, object);
  add_cores (topology, node, cpus);
  hwloc_bitmap_free (cpus);
  return TRUE;
}

/* By object: the order of a matrix's rows is no order of the nodes. */
static void
add_distances (NvHost *host, Topology topology)
{
  struct hwloc_distances_s *matrix;
  guint n_matrices = 1;

  if (hwloc_distances_get_by_name (topology, "NUMALatency", &n_matrices, &matrix, 0) < 0 || n_matrices == 0)
    return;
  for (guint i = 0; i < matrix->nbobjs * matrix->nbobjs; i++)
    {
      hwloc_obj_t from = matrix->objs[i / matrix->nbobjs], to = matrix->objs[i % matrix->nbobjs];
      int row = from->type == HWLOC_OBJ_NUMANODE ? nv_host_position (host, from->os_index) : -1;
      int column = to->type == HWLOC_OBJ_NUMANODE ? nv_host_position (host, to->os_index) : -1;

      if (row >= 0 && column >= 0 && matrix->values[i] <= G_MAXUINT)
        nv_host_set_distance (host, (guint)row, (guint)column, (guint)matrix->values[i]);
    }
  hwloc_distances_release (topology, matrix);
}

static gboolean
check_limit (hwloc_const_bitmap_t set, const char *what, GError **error)
{
  int last = hwloc_bitmap_last (set);

  if (last >= 0 && last < (int)NV_SET_LIMIT)
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "%s must be numbered from 0 to %u", what, NV_SET_LIMIT - 1);
  return FALSE;
}

/* @root: NULL: the topology is only described. */
static gboolean
fill_host (NvHost *host, Topology topology, const char *root, GError **error)
{
  hwloc_const_bitmap_t nodes = hwloc_topology_get_complete_nodeset (topology);
  gboolean done = TRUE;

  if (!check_limit (nodes, "nodes", error)
      || !check_limit (hwloc_topology_get_complete_cpuset (topology), "CPUs", error))
    return FALSE;
  for (int i = hwloc_bitmap_first (nodes); done && i >= 0; i = hwloc_bitmap_next (nodes, i))
    done = add_node (host, topology, (guint)i, root, error);
  if (done)
    add_distances (host, topology);
  return done;
}

/* See nv_host_read() for the machine with one node that has memory. */
static gboolean
use_machine_memory (NvHost *host, const char *root, GError **error)
{
  struct nv_proc_memory memory;
  NvNode *only = NULL;
  guint n_with_memory = 0;
  int result = nv_proc_machine_memory (root, &memory);

  if (result < 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot read the machine's memory: %s",
                   g_strerror (-result));
      return FALSE;
    }
  host->memory_total_bytes = memory.total;
  host->memory_available_bytes = memory.available;
  for (guint i = 0; i < host->nodes->len; i++)
    {
      NvNode *node = g_ptr_array_index (host->nodes, i);

      if (node->memory_total_bytes > 0)
        {
          only = node;
          n_with_memory++;
        }
    }
  if (n_with_memory == 1)
    {
      only->memory_total_bytes = memory.total;
      only->memory_available_bytes = memory.available;
    }
  return TRUE;
}

static gboolean
load_here (Topology topology, GError **error)
{
  if (hwloc_topology_load (topology) < 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "hwloc cannot read this host: %s", g_strerror (errno));
      return FALSE;
    }
  if (hwloc_topology_is_thissystem (topology))
    return TRUE;
  g_set_error_literal (
      error, NV_ERROR, NV_ERROR_FAILED,
      "hwloc's environment names another machine, but this host is needed: unset HWLOC_XMLFILE, HWLOC_SYNTHETIC and HWLOC_FSROOT");
  return FALSE;
}

/* hwloc takes another root from its environment only. */
static gboolean
load_below (Topology topology, const char *root, GError **error)
{
  gboolean loaded;

  g_setenv ("HWLOC_FSROOT", root, TRUE);
  loaded = hwloc_topology_load (topology) == 0;
  g_unsetenv ("HWLOC_FSROOT");
  if (!loaded)
    g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "hwloc cannot read the machine below '%s'", root);
  return loaded;
}

NvHost *
nv_host_read (const char *root, GError **error)
{
  g_auto (Topology) topology = topology_new ();
  g_autoptr (NvHost) host = nv_host_new ("this host");

  if (strcmp (root, "/") == 0 ? !load_here (topology, error) : !load_below (topology, root, error))
    return NULL;
  host->available_source = NV_AVAILABLE_FROM_KERNEL;
  if (!fill_host (host, topology, root, error) || !use_machine_memory (host, root, error))
    return NULL;
  nv_host_finish (host);
  return g_steal_pointer (&host);
}

/* hwloc fails on what it cannot read without a word; the version is what a user can do something about. */
static gboolean
check_xml (const char *file, const char *text, GError **error)
{
  guint hwloc = hwloc_get_api_version ();
  xmlDoc *document = nv_xml_parse (text, NULL);
  const xmlNode *root = document ? xmlDocGetRootElement (document) : NULL;
  g_autofree char *version = nv_xml_get_attribute (root, "version");
  gboolean is_topology = root && nv_xml_is_element (root, "topology");
  gboolean is_readable = !version || strtoul (version, NULL, 10) <= hwloc >> 16;

  xmlFreeDoc (document);
  if (!is_topology)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                 "'%s' is not hwloc's XML, as `lstopo machine.xml` writes it", file);
  else if (!is_readable)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                 "'%s' is hwloc's XML of version %s: this hwloc, API version %u.%u, reads up to version %u",
                 file, version, hwloc >> 16, hwloc >> 8 & 0xff, hwloc >> 16);
  return is_topology && is_readable;
}

static gboolean
set_xml_file (Topology topology, const char *file, GError **error)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) reason = NULL;
  gsize length;

  if (!g_file_get_contents (file, &text, &length, &reason))
    {
      g_set_error_literal (error, NV_ERROR, NV_ERROR_USAGE, reason->message);
      return FALSE;
    }
  if (!check_xml (file, text, error))
    return FALSE;
  if (hwloc_topology_set_xmlbuffer (topology, text, (int)length + 1) == 0
      && hwloc_topology_load (topology) == 0)
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "hwloc cannot read the machine in '%s'", file);
  return FALSE;
}

static gboolean
set_synthetic (Topology topology, const char *text, GError **error)
{
  if (hwloc_topology_set_synthetic (topology, text) == 0 && hwloc_topology_load (topology) == 0)
    return TRUE;
  g_set_error (
      error, NV_ERROR, NV_ERROR_USAGE,
      "'%s' is neither a file nor a description of a machine: a file in hwloc's XML is allowed, or hwloc's words, such as `node:4 core:2 pu:2`",
      text);
  return FALSE;
}

NvHost *
nv_host_describe (const char *text, GError **error)
{
  g_auto (Topology) topology = topology_new ();
  g_autoptr (NvHost) host = nv_host_new (text);

  if (g_file_test (text, G_FILE_TEST_EXISTS) ? !set_xml_file (topology, text, error)
                                             : !set_synthetic (topology, text, error))
    return NULL;
  host->available_source = NV_AVAILABLE_FROM_DESCRIPTION;
  if (!fill_host (host, topology, NULL, error))
    {
      g_prefix_error (error, "'%s': ", text);
      return NULL;
    }
  nv_host_finish (host);
  return g_steal_pointer (&host);
}
