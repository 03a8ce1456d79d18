#include "vm/domain-placement.h"
#include "base/error.h"
#include "base/size.h"
#include "base/xml.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (xmlDoc, xmlFreeDoc)

static gboolean
add_region (NvPlacement *placement, guint64 bytes, const xmlNode *policy, GError **error)
{
  g_autofree char *mode_name = nv_xml_get_attribute (policy, "mode");
  g_autofree char *nodeset = nv_xml_get_attribute (policy, "nodeset");
  g_autoptr (NvSet) nodes = nodeset ? nv_set_parse (nodeset, error) : NULL;
  NvMemoryMode mode = nodes ? NV_MEMORY_STRICT : NV_MEMORY_DEFAULT;
  NvRegion *region;

  if (nodeset && !nodes)
    return FALSE;
  if (nodes && mode_name && !nv_memory_mode_parse (mode_name, &mode))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "memory mode '%s' is not known", mode_name);
      return FALSE;
    }
  region = nv_placement_add_region (placement, bytes, mode, nodes);
  if (mode == NV_MEMORY_STRICT)
    region->expectation = NV_EXPECT_WITHIN;
  if (mode != NV_MEMORY_INTERLEAVE)
    return TRUE;
  region->expectation = NV_EXPECT_EXACT;
  NV_SET_FOREACH (node, nodes)
  nv_region_add_share (region, (guint)node, bytes / nv_set_count (nodes));
  return TRUE;
}

/* @number: (nullable). Without a unit it is KiB. */
static gboolean
parse_memory (const xmlNode *element, const char *number, guint64 *ret_bytes, GError **error)
{
  g_autofree char *unit = nv_xml_get_attribute (element, "unit");
  g_autofree char *size = g_strconcat (number ? number : "", unit ? unit : "KiB", NULL);

  return nv_size_parse (size, ret_bytes, error);
}

/* The numatune of one cell; NULL: that of all. */
static const xmlNode *
find_memnode (const xmlNode *numatune, const char *cell)
{
  for (const xmlNode *node = numatune ? numatune->children : NULL; node; node = node->next)
    {
      g_autofree char *id = NULL;

      if (!nv_xml_is_element (node, "memnode"))
        continue;
      id = nv_xml_get_attribute (node, "cellid");
      if (g_strcmp0 (id, cell) == 0)
        return node;
    }
  return NULL;
}

static gboolean
add_cells (NvPlacement *placement, const xmlNode *cells, const xmlNode *numatune, GError **error)
{
  for (const xmlNode *cell = cells ? cells->children : NULL; cell; cell = cell->next)
    {
      g_autofree char *id = NULL, *memory = NULL;
      const xmlNode *policy;
      guint64 bytes;

      if (!nv_xml_is_element (cell, "cell"))
        continue;
      id = nv_xml_get_attribute (cell, "id");
      memory = nv_xml_get_attribute (cell, "memory");
      policy = find_memnode (numatune, id);
      if (!parse_memory (cell, memory, &bytes, error)
          || !add_region (placement, bytes, policy ? policy : nv_xml_find_child (numatune, "memory"), error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
read_domain (NvPlacement *placement, const xmlNode *domain, GError **error)
{
  const xmlNode *numatune = nv_xml_find_child (domain, "numatune");
  const xmlNode *cells = nv_xml_find_child (nv_xml_find_child (domain, "cpu"), "numa");
  const xmlNode *memory = nv_xml_find_child (domain, "memory");
  g_autofree char *number = memory ? nv_xml_get_text (memory) : NULL;
  guint64 bytes;

  if (!add_cells (placement, cells, numatune, error))
    return FALSE;
  if (placement->regions->len > 0)
    return TRUE;
  return parse_memory (memory, number, &bytes, error)
         && add_region (placement, bytes, nv_xml_find_child (numatune, "memory"), error);
}

NvPlacement *
nv_domain_placement_parse (const char *xml, GError **error)
{
  g_autoptr (xmlDoc) document = nv_xml_parse (xml, error);
  g_autoptr (NvPlacement) placement = nv_placement_new ("libvirt's numatune");
  g_autoptr (GError) problem = NULL;

  if (!document)
    return NULL;
  if (read_domain (placement, xmlDocGetRootElement (document), &problem))
    return g_steal_pointer (&placement);
  g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "the domain's XML: %s", problem->message);
  return NULL;
}
