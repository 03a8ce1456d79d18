#include "vm/metadata.h"
#include "base/error.h"
#include "base/size.h"
#include "base/xml.h"

#include <string.h>

/* Of one element: text of an attribute, or a number. Writers never fail; readers collect the first error. */

static void
set_text (xmlNode *node, const char *name, const char *value)
{
  if (value)
    xmlNewProp (node, (const xmlChar *)name, (const xmlChar *)value);
}

static void
set_number (xmlNode *node, const char *name, guint64 value)
{
  char text[24];

  g_snprintf (text, sizeof text, "%" G_GUINT64_FORMAT, value);
  set_text (node, name, text);
}

static void
set_set (xmlNode *node, const char *name, const NvSet *set)
{
  g_autofree char *text = set ? nv_set_format (set) : NULL;

  set_text (node, name, text);
}

static xmlNode *
add_child (xmlNode *parent, const char *name)
{
  return xmlNewChild (parent, parent->ns, (const xmlChar *)name, NULL);
}

static void
add_region (xmlNode *parent, const NvRegion *region)
{
  xmlNode *node = add_child (parent, "region");

  set_number (node, "size", region->size_bytes);
  set_text (node, "mode", nv_memory_mode_name (region->mode));
  set_set (node, "nodes", region->nodes);
  set_number (node, "pagesize", region->page_size_bytes);
  set_text (node, "preallocate", region->preallocate ? "yes" : "no");
  set_text (node, "expectation", nv_expectation_name (region->expectation));
  for (guint i = 0; i < region->shares->len; i++)
    {
      const NvShare *share = &g_array_index (region->shares, NvShare, i);
      xmlNode *child = add_child (node, "share");

      set_number (child, "node", share->node);
      set_number (child, "bytes", share->bytes);
    }
}

static void
add_placement (xmlNode *parent, const NvPlacement *placement)
{
  xmlNode *node = add_child (parent, "placement");

  set_text (node, "policy", placement->policy);
  set_set (node, "candidates", placement->candidates);
  set_set (node, "skipped", placement->skipped);
  set_set (node, "cpunodes", placement->cpu_nodes);
  set_set (node, "vcpus", placement->vcpu_cpus);
  set_set (node, "emulator", placement->emulator_cpus);
  set_text (node, "note", placement->note);
  for (guint i = 0; i < placement->regions->len; i++)
    add_region (node, g_ptr_array_index (placement->regions, i));
}

static void
add_disk (xmlNode *parent, const NvDisk *disk)
{
  xmlNode *node = add_child (parent, "disk");

  set_text (node, "path", disk->path);
  set_text (node, "format", nv_disk_format_name (disk->format));
  set_number (node, "size", disk->size_bytes);
  set_text (node, "base", disk->base);
  set_text (node, "created", disk->created ? "yes" : "no");
}

xmlNode *
nv_metadata_node (xmlDoc *document, const NvVm *vm)
{
  xmlNode *node = xmlNewDocNode (document, NULL, (const xmlChar *)"vm", NULL);

  xmlSetNs (node,
            xmlNewNs (node, (const xmlChar *)NV_METADATA_NAMESPACE, (const xmlChar *)NV_METADATA_PREFIX));
  set_text (node, "name", vm->name);
  set_text (node, "uuid", vm->uuid);
  set_number (node, "vcpus", vm->vcpus);
  set_number (node, "memory", vm->memory_bytes);
  set_text (node, "accel", nv_accel_name (vm->accel));
  set_number (node, "seed", vm->seed);
  set_number (node, "index", vm->index);
  set_text (node, "kernel", vm->kernel);
  set_text (node, "initrd", vm->initrd);
  set_text (node, "cmdline", vm->command_line);
  set_text (node, "cdrom", vm->cdrom);
  set_text (node, "consolelog", vm->console_log);
  add_placement (node, vm->placement);
  if (vm->disk)
    add_disk (node, vm->disk);
  return node;
}

char *
nv_metadata_format (const NvVm *vm)
{
  xmlDoc *document = xmlNewDoc ((const xmlChar *)"1.0");
  xmlBuffer *buffer = xmlBufferCreate ();
  char *text;

  xmlDocSetRootElement (document, nv_metadata_node (document, vm));
  xmlNodeDump (buffer, document, xmlDocGetRootElement (document), 0, 1);
  text = g_strdup ((const char *)xmlBufferContent (buffer));
  xmlBufferFree (buffer);
  xmlFreeDoc (document);
  return text;
}

static gboolean
refuse (xmlNode *node, const char *name, GError **error)
{
  g_set_error (error, NV_ERROR, NV_ERROR_PARSE,
               "numavm's metadata: attribute '%s' of '%s' is missing or wrong", name,
               (const char *)node->name);
  return FALSE;
}

static gboolean
get_number (xmlNode *node, const char *name, guint64 *ret_value, GError **error)
{
  g_autofree char *text = nv_xml_get_attribute (node, name);

  /* Not g_ascii_string_to_unsigned(): when threads make their first conversions at once, one that waits for
   * GLib to set up its C locale takes the errno of the waiting for a wrong number. */
  if (text && nv_count_parse (text, 0, G_MAXUINT64, ret_value, NULL))
    return TRUE;
  return refuse (node, name, error);
}

static gboolean
get_count (xmlNode *node, const char *name, guint *ret_value, GError **error)
{
  guint64 value;

  if (!get_number (node, name, &value, error))
    return FALSE;
  if (value > G_MAXUINT)
    return refuse (node, name, error);
  *ret_value = (guint)value;
  return TRUE;
}

static gboolean
get_set (xmlNode *node, const char *name, NvSet **ret_set, GError **error)
{
  g_autofree char *text = nv_xml_get_attribute (node, name);

  if (!text)
    return TRUE;
  *ret_set = *text ? nv_set_parse (text, NULL) : nv_set_new ();
  return *ret_set ? TRUE : refuse (node, name, error);
}

static gboolean
get_flag (xmlNode *node, const char *name)
{
  g_autofree char *text = nv_xml_get_attribute (node, name);

  return g_strcmp0 (text, "yes") == 0;
}

static gboolean
read_shares (xmlNode *node, NvRegion *region, GError **error)
{
  for (xmlNode *child = node->children; child; child = child->next)
    {
      guint share_node;
      guint64 bytes;

      if (!nv_xml_is_element (child, "share"))
        continue;
      if (!get_count (child, "node", &share_node, error) || !get_number (child, "bytes", &bytes, error))
        return FALSE;
      nv_region_add_share (region, share_node, bytes);
    }
  return TRUE;
}

static gboolean
read_region (xmlNode *node, NvPlacement *placement, GError **error)
{
  g_autofree char *mode = nv_xml_get_attribute (node, "mode");
  g_autofree char *expectation = nv_xml_get_attribute (node, "expectation");
  NvRegion *region = nv_placement_add_region (placement, 0, NV_MEMORY_DEFAULT, NULL);

  if (!mode || !nv_memory_mode_parse (mode, &region->mode))
    return refuse (node, "mode", error);
  if (!expectation || !nv_expectation_parse (expectation, &region->expectation))
    return refuse (node, "expectation", error);
  region->preallocate = get_flag (node, "preallocate");
  return get_number (node, "size", &region->size_bytes, error)
         && get_number (node, "pagesize", &region->page_size_bytes, error)
         && get_set (node, "nodes", &region->nodes, error) && read_shares (node, region, error);
}

static NvPlacement *
read_placement (xmlNode *node, GError **error)
{
  g_autofree char *policy = nv_xml_get_attribute (node, "policy");
  g_autoptr (NvPlacement) placement = nv_placement_new (policy);

  placement->note = nv_xml_get_attribute (node, "note");
  if (!policy)
    {
      refuse (node, "policy", error);
      return NULL;
    }
  if (!get_set (node, "candidates", &placement->candidates, error)
      || !get_set (node, "skipped", &placement->skipped, error)
      || !get_set (node, "cpunodes", &placement->cpu_nodes, error)
      || !get_set (node, "vcpus", &placement->vcpu_cpus, error)
      || !get_set (node, "emulator", &placement->emulator_cpus, error))
    return NULL;
  for (xmlNode *child = node->children; child; child = child->next)
    if (nv_xml_is_element (child, "region") && !read_region (child, placement, error))
      return NULL;
  return g_steal_pointer (&placement);
}

static NvDisk *
read_disk (xmlNode *node, GError **error)
{
  g_autofree char *path = nv_xml_get_attribute (node, "path");
  g_autofree char *format = nv_xml_get_attribute (node, "format");
  g_autofree char *base = nv_xml_get_attribute (node, "base");
  g_autoptr (NvDisk) disk = nv_disk_new (path, NV_DISK_QCOW2, 0, base);

  if (!path || !format || !nv_disk_format_parse (format, &disk->format))
    {
      refuse (node, path ? "format" : "path", error);
      return NULL;
    }
  if (!get_number (node, "size", &disk->size_bytes, error))
    return NULL;
  disk->created = get_flag (node, "created");
  return g_steal_pointer (&disk);
}

static gboolean
read_attributes (xmlNode *node, NvVm *vm, GError **error)
{
  g_autofree char *accel = nv_xml_get_attribute (node, "accel");

  vm->name = nv_xml_get_attribute (node, "name");
  vm->uuid = nv_xml_get_attribute (node, "uuid");
  vm->kernel = nv_xml_get_attribute (node, "kernel");
  vm->initrd = nv_xml_get_attribute (node, "initrd");
  vm->command_line = nv_xml_get_attribute (node, "cmdline");
  vm->cdrom = nv_xml_get_attribute (node, "cdrom");
  vm->console_log = nv_xml_get_attribute (node, "consolelog");
  if (!vm->name)
    return refuse (node, "name", error);
  if (!vm->uuid || !g_uuid_string_is_valid (vm->uuid))
    return refuse (node, "uuid", error);
  if (!accel || !nv_accel_parse (accel, &vm->accel))
    return refuse (node, "accel", error);
  return get_count (node, "vcpus", &vm->vcpus, error) && get_number (node, "memory", &vm->memory_bytes, error)
         && get_number (node, "seed", &vm->seed, error) && get_count (node, "index", &vm->index, error);
}

static gboolean
read_vm (xmlNode *node, NvVm *vm, GError **error)
{
  if (!read_attributes (node, vm, error))
    return FALSE;
  for (xmlNode *child = node->children; child; child = child->next)
    {
      if (nv_xml_is_element (child, "placement") && !vm->placement
          && !(vm->placement = read_placement (child, error)))
        return FALSE;
      if (nv_xml_is_element (child, "disk") && !vm->disk && !(vm->disk = read_disk (child, error)))
        return FALSE;
    }
  if (vm->placement)
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "numavm's metadata: no placement in it");
  return FALSE;
}

NvVm *
nv_metadata_parse (const char *text, GError **error)
{
  g_autoptr (NvVm) vm = nv_vm_new ();
  xmlDoc *document = nv_xml_parse (text, error);
  xmlNode *root;
  gboolean ok = FALSE;

  if (!document)
    {
      g_prefix_error (error, "numavm's metadata: ");
      return NULL;
    }
  root = xmlDocGetRootElement (document);
  /* libvirt hands the element out without its namespace, by which it found it. */
  if (!nv_xml_is_element (root, "vm")
      || (root->ns && strcmp ((const char *)root->ns->href, NV_METADATA_NAMESPACE) != 0))
    g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "numavm's metadata: no element 'vm' of '%s'",
                 NV_METADATA_NAMESPACE);
  else
    ok = read_vm (root, vm, error);
  xmlFreeDoc (document);
  return ok ? g_steal_pointer (&vm) : NULL;
}
