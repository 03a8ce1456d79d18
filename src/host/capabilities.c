#include "host/capabilities.h"
#include "base/error.h"
#include "base/size.h"
#include "base/xml.h"

#include <string.h>

struct NvCapabilities
{
  xmlDoc *document;
  const xmlNode *host;
  const xmlNode *guest; /* the <arch> of hvm guests of the host's own arch; NULL: none */
  char *arch;
  char *emulator;
};

/* The first element called @name from @node on, among its siblings; NULL: none. */
static const xmlNode *
find_from (const xmlNode *node, const char *name)
{
  while (node && !nv_xml_is_element (node, name))
    node = node->next;
  return node;
}

#define FOREACH_CHILD(child, parent, name)                                                                   \
  for (const xmlNode *child = find_from ((parent) ? (parent)->children : NULL, name); child;                 \
       child = find_from (child->next, name))

/* Returns: (transfer full): never NULL. */
static char *
text_of (const xmlNode *node)
{
  char *text = nv_xml_get_text (node);

  return text ? text : g_strdup ("");
}

static gboolean
attribute_is (const xmlNode *node, const char *name, const char *value)
{
  g_autofree char *text = nv_xml_get_attribute (node, name);

  return g_strcmp0 (text, value) == 0;
}

static gboolean
refuse (GError **error, const char *subject, const char *value)
{
  g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "libvirt's capabilities: %s '%s' cannot be read", subject,
               value);
  return FALSE;
}

static gboolean
read_number (const xmlNode *node, const char *name, guint64 maximum, guint64 *ret_value, GError **error)
{
  g_autofree char *text = nv_xml_get_attribute (node, name);

  if (text && nv_count_parse (text, 0, maximum, ret_value, NULL))
    return TRUE;
  return refuse (error, name, text ? text : "");
}

static gboolean
read_memory (const xmlNode *cell, guint64 *ret_bytes, GError **error)
{
  const xmlNode *memory = nv_xml_find_child (cell, "memory");
  g_autofree char *amount = text_of (memory), *unit = nv_xml_get_attribute (memory, "unit");
  g_autofree char *size = g_strconcat (amount, unit ? unit : "KiB", NULL);

  *ret_bytes = 0;
  return !memory || nv_size_parse (size, ret_bytes, NULL) || refuse (error, "a cell's memory", size);
}

/* The smallest page size is the normal one. */
static gboolean
read_page_pools (NvNode *node, const xmlNode *cell, GError **error)
{
  FOREACH_CHILD (pages, cell, "pages")
  {
    g_autofree char *text = text_of (pages);
    guint64 size_kib, count;

    if (!read_number (pages, "size", G_MAXUINT64 / NV_KIB, &size_kib, error))
      return FALSE;
    if (!nv_count_parse (text, 0, G_MAXUINT64, &count, NULL))
      return refuse (error, "a cell's pages", text);
    nv_node_add_page_pool (node, size_kib * NV_KIB, count, 0);
  }
  if (node->page_pools->len > 0)
    g_array_remove_index (node->page_pools, 0);
  return TRUE;
}

/* A CPU that is offline is listed without its siblings. */
static gboolean
read_cores (NvNode *node, const xmlNode *cell, GError **error)
{
  g_autoptr (GHashTable) cores = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  FOREACH_CHILD (cpu, nv_xml_find_child (cell, "cpus"), "cpu")
  {
    g_autofree char *siblings = nv_xml_get_attribute (cpu, "siblings");
    NvSet *core;
    guint64 id;

    if (!read_number (cpu, "id", NV_SET_LIMIT - 1, &id, error))
      return FALSE;
    if (!siblings)
      continue;
    core = g_hash_table_lookup (cores, siblings);
    if (!core)
      {
        core = nv_set_new ();
        nv_node_take_core (node, core);
        g_hash_table_insert (cores, g_steal_pointer (&siblings), core);
      }
    nv_set_add (core, (guint)id);
  }
  return TRUE;
}

/* On POWER9 the firmware numbers the memory of GPUs on NVLink from 255 downwards (skiboot, hw/npu2.c), and
 * libvirt lists it like any other. */
static gboolean
is_gpu_memory (const NvCapabilities *capabilities, const NvNode *node)
{
  return g_str_has_prefix (capabilities->arch, "ppc64") && node->os_index >= 250 && node->os_index <= 255
         && node->cores->len == 0;
}

static gboolean
add_cell (NvHost *host, const NvCapabilities *capabilities, const xmlNode *cell, guint id, GError **error)
{
  NvNode *node = nv_host_add_node (host, id);

  if (!read_memory (cell, &node->memory_total_bytes, error) || !read_page_pools (node, cell, error)
      || !read_cores (node, cell, error))
    return FALSE;
  if (is_gpu_memory (capabilities, node))
    {
      node->kind = NV_MEMORY_KIND_GPU;
      node->use = NV_NODE_OF_DEVICE;
    }
  return TRUE;
}

static gboolean
read_distances (NvHost *host, const xmlNode *cell, guint id, GError **error)
{
  FOREACH_CHILD (sibling, nv_xml_find_child (cell, "distances"), "sibling")
  {
    guint64 other, value;
    int column;

    if (!read_number (sibling, "id", NV_SET_LIMIT - 1, &other, error)
        || !read_number (sibling, "value", G_MAXUINT, &value, error))
      return FALSE;
    column = nv_host_position (host, (guint)other);
    if (column >= 0)
      nv_host_set_distance (host, (guint)nv_host_position (host, id), (guint)column, (guint)value);
  }
  return TRUE;
}

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  guint left = GPOINTER_TO_UINT (a), right = GPOINTER_TO_UINT (b);

  return left < right ? -1 : left > right;
}

/* Cells by id, in whatever order the text has them. Returns: (transfer full): NULL if two have the same. */
static GTree *
cells_by_id (const NvCapabilities *capabilities, GError **error)
{
  g_autoptr (GTree) cells = g_tree_new (compare_ids);

  FOREACH_CHILD (cell, nv_xml_find_child (nv_xml_find_child (capabilities->host, "topology"), "cells"),
                 "cell")
  {
    guint64 id;

    if (!read_number (cell, "id", NV_SET_LIMIT - 1, &id, error))
      return NULL;
    if (g_tree_lookup (cells, GUINT_TO_POINTER (id)))
      {
        g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "libvirt's capabilities: two cells are %u", (guint)id);
        return NULL;
      }
    g_tree_insert (cells, GUINT_TO_POINTER (id), (gpointer)cell);
  }
  return g_steal_pointer (&cells);
}

static NvHost *
read_cells (const NvCapabilities *capabilities, const char *description, GError **error)
{
  g_autoptr (NvHost) host = nv_host_new (description);
  g_autoptr (GTree) cells = cells_by_id (capabilities, error);

  if (!cells)
    return NULL;
  for (GTreeNode *at = g_tree_node_first (cells); at; at = g_tree_node_next (at))
    if (!add_cell (host, capabilities, g_tree_node_value (at), GPOINTER_TO_UINT (g_tree_node_key (at)),
                   error))
      return NULL;
  for (GTreeNode *at = g_tree_node_first (cells); at; at = g_tree_node_next (at))
    if (!read_distances (host, g_tree_node_value (at), GPOINTER_TO_UINT (g_tree_node_key (at)), error))
      return NULL;
  host->available_source = NV_AVAILABLE_FROM_LIBVIRT;
  nv_host_finish (host);
  return g_steal_pointer (&host);
}

static const xmlNode *
find_guest (const xmlNode *root, const char *arch)
{
  FOREACH_CHILD (guest, root, "guest")
  {
    g_autofree char *os_type = text_of (nv_xml_find_child (guest, "os_type"));
    const xmlNode *guest_arch = nv_xml_find_child (guest, "arch");

    if (strcmp (os_type, "hvm") == 0 && attribute_is (guest_arch, "name", arch))
      return guest_arch;
  }
  return NULL;
}

NvCapabilities *
nv_capabilities_parse (const char *xml, GError **error)
{
  g_autoptr (NvCapabilities) capabilities = g_new0 (NvCapabilities, 1);
  g_autoptr (NvHost) host = NULL;
  const xmlNode *root;

  capabilities->document = nv_xml_parse (xml, error);
  if (!capabilities->document)
    {
      g_prefix_error (error, "libvirt's capabilities: ");
      return NULL;
    }
  root = xmlDocGetRootElement (capabilities->document);
  if (!nv_xml_is_element (root, "capabilities"))
    {
      refuse (error, "element", (const char *)root->name);
      return NULL;
    }
  capabilities->host = nv_xml_find_child (root, "host");
  capabilities->arch = text_of (nv_xml_find_child (nv_xml_find_child (capabilities->host, "cpu"), "arch"));
  capabilities->guest = find_guest (root, capabilities->arch);
  capabilities->emulator = text_of (nv_xml_find_child (capabilities->guest, "emulator"));

  /* Read once here, so that nv_capabilities_host() cannot fail. */
  host = read_cells (capabilities, "", error);
  return host ? g_steal_pointer (&capabilities) : NULL;
}

void
nv_capabilities_free (NvCapabilities *capabilities)
{
  if (!capabilities)
    return;
  xmlFreeDoc (capabilities->document);
  g_free (capabilities->arch);
  g_free (capabilities->emulator);
  g_free (capabilities);
}

NvHost *
nv_capabilities_host (const NvCapabilities *capabilities, const char *description)
{
  return read_cells (capabilities, description, NULL);
}

const char *
nv_capabilities_arch (const NvCapabilities *capabilities)
{
  return capabilities->arch;
}

static gboolean
has_feature (const xmlNode *cpu, const char *name)
{
  FOREACH_CHILD (feature, cpu, "feature")
  if (attribute_is (feature, "name", name) && !attribute_is (feature, "policy", "disable"))
    return TRUE;
  return FALSE;
}

gboolean
nv_capabilities_cpu_has (const NvCapabilities *capabilities, const char *expanded_cpu, const char *feature)
{
  gboolean has = has_feature (nv_xml_find_child (capabilities->host, "cpu"), feature);
  xmlDoc *document;

  if (has || !expanded_cpu)
    return has;
  document = nv_xml_parse (expanded_cpu, NULL);
  has = document && has_feature (xmlDocGetRootElement (document), feature);
  xmlFreeDoc (document);
  return has;
}

gboolean
nv_capabilities_offer (const NvCapabilities *capabilities, const char *domain_type)
{
  FOREACH_CHILD (domain, capabilities->guest, "domain")
  if (attribute_is (domain, "type", domain_type))
    return TRUE;
  return FALSE;
}

const char *
nv_capabilities_emulator (const NvCapabilities *capabilities)
{
  return *capabilities->emulator ? capabilities->emulator : NULL;
}

guint
nv_capabilities_max_vcpus (const NvCapabilities *capabilities, const char *machine)
{
  FOREACH_CHILD (element, capabilities->guest, "machine")
  {
    g_autofree char *name = text_of (element);
    guint64 limit;

    if (strcmp (name, machine) == 0)
      return read_number (element, "maxCpus", G_MAXUINT, &limit, NULL) ? (guint)limit : 0;
  }
  return 0;
}
