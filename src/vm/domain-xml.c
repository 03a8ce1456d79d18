#include "vm/domain-xml.h"
#include "base/size.h"
#include "base/xml.h"
#include "bench/protocol.h"
#include "vm/metadata.h"

#include <string.h>

/* Small writers over libxml2's tree. Content is always set as text, never as markup. */

static xmlNode *
add_child (xmlNode *parent, const char *name)
{
  return xmlNewChild (parent, NULL, (const xmlChar *)name, NULL);
}

static xmlNode *
ensure_child (xmlNode *parent, const char *name)
{
  xmlNode *child = nv_xml_find_child (parent, name);

  return child ? child : add_child (parent, name);
}

/* The order in which libvirt itself writes those children of <domain> that may be added here. Any order means
 * the same to libvirt, but libxml2's check against libvirt's schema does not take every one. */
static const char *const domain_order[] = {
  "name",          "uuid", "genid", "title",       "description", "metadata", "memory",   "currentMemory",
  "memoryBacking", "vcpu", "vcpus", "iothreads",   "cputune",     "numatune", "resource", "os",
  "features",      "cpu",  "clock", "on_poweroff", "on_reboot",   "on_crash", "pm",       "devices",
};

static guint
domain_rank (const char *name)
{
  guint rank = 0;

  while (rank < G_N_ELEMENTS (domain_order) && strcmp (domain_order[rank], name) != 0)
    rank++;
  return rank;
}

/* As ensure_child() of <domain>; a new one stands where libvirt would write it. */
static xmlNode *
ensure_part (xmlNode *root, const char *name)
{
  xmlNode *child = nv_xml_find_child (root, name);
  xmlNode *before = NULL;

  if (child)
    return child;
  for (xmlNode *other = root->children; other && !before; other = other->next)
    if (other->type == XML_ELEMENT_NODE && !other->ns
        && domain_rank ((const char *)other->name) > domain_rank (name))
      before = other;
  child = xmlNewDocNode (root->doc, NULL, (const xmlChar *)name, NULL);
  return before ? xmlAddPrevSibling (before, child) : xmlAddChild (root, child);
}

static void
remove_node (xmlNode *node)
{
  xmlUnlinkNode (node);
  xmlFreeNode (node);
}

static void
remove_children (xmlNode *parent, const char *name)
{
  xmlNode *child;

  while ((child = nv_xml_find_child (parent, name)))
    remove_node (child);
}

static void
remove_if_empty (xmlNode *node)
{
  if (node && !node->children && !node->properties)
    remove_node (node);
}

static void
set_text (xmlNode *node, const char *text)
{
  /* xmlNodeSetContent() reads `&` and `<` as markup; a text node of its own does not. */
  xmlNodeSetContent (node, NULL);
  xmlAddChild (node, xmlNewText ((const xmlChar *)text));
}

static void
set_attribute (xmlNode *node, const char *name, const char *value)
{
  xmlSetProp (node, (const xmlChar *)name, (const xmlChar *)value);
}

static void
remove_attribute (xmlNode *node, const char *name)
{
  xmlUnsetProp (node, (const xmlChar *)name);
}

static void
set_number_text (xmlNode *node, guint64 value)
{
  g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT, value);

  set_text (node, text);
}

static void
set_attribute_set (xmlNode *node, const char *name, const NvSet *set)
{
  g_autofree char *text = nv_set_format (set);

  set_attribute (node, name, text);
}

/* Placeholders. */

typedef struct
{
  const char *placeholder;
  const char *value;
} Filling;

enum
{
  N_FILLINGS = 5
};

/* One pass, so that a name that looks like a placeholder stays a name. NULL: nothing to fill in. */
static char *
fill (const char *text, const Filling fillings[N_FILLINGS])
{
  GString *filled;

  if (!strchr (text, '%'))
    return NULL;
  filled = g_string_new (NULL);
  while (*text)
    {
      guint i = 0;

      while (i < N_FILLINGS && !g_str_has_prefix (text, fillings[i].placeholder))
        i++;
      if (i < N_FILLINGS)
        {
          g_string_append (filled, fillings[i].value);
          text += strlen (fillings[i].placeholder);
        }
      else
        g_string_append_c (filled, *text++);
    }
  return g_string_free (filled, FALSE);
}

static void
fill_attributes (xmlNode *node, const Filling *fillings)
{
  for (xmlAttr *attribute = node->properties; attribute; attribute = attribute->next)
    {
      xmlChar *value = xmlNodeGetContent ((xmlNode *)attribute);
      g_autofree char *filled = fill ((const char *)value, fillings);

      if (filled)
        xmlSetNsProp (node, attribute->ns, attribute->name, (const xmlChar *)filled);
      xmlFree (value);
    }
}

static void
fill_tree (xmlNode *node, const Filling *fillings)
{
  for (; node; node = node->next)
    {
      if (node->type == XML_ELEMENT_NODE)
        {
          fill_attributes (node, fillings);
          fill_tree (node->children, fillings);
        }
      else if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE)
        {
          g_autofree char *filled = fill ((const char *)node->content, fillings);

          if (filled)
            xmlNodeSetContent (node, (const xmlChar *)filled); /* of a text node: taken as it is */
        }
    }
}

/* What numavm owns. */

static void
render_identity (xmlNode *root, const NvVm *vm)
{
  xmlNode *memory = ensure_part (root, "memory");
  xmlNode *vcpu = ensure_part (root, "vcpu");

  set_attribute (root, "type", vm->accel == NV_ACCEL_KVM ? "kvm" : "qemu");
  set_text (ensure_part (root, "name"), vm->name);
  set_text (ensure_part (root, "uuid"), vm->uuid);
  set_attribute (memory, "unit", "KiB");
  set_number_text (memory, vm->memory_bytes / NV_KIB);
  remove_children (root, "currentMemory");
  /* Automatic placement would overrule numatune. */
  set_attribute (vcpu, "placement", "static");
  remove_attribute (vcpu, "cpuset");
  remove_attribute (vcpu, "current");
  remove_children (root, "vcpus");
  set_number_text (vcpu, vm->vcpus);
}

static void
render_pins (xmlNode *root, const NvVm *vm)
{
  const NvPlacement *placement = vm->placement;
  xmlNode *cputune = ensure_part (root, "cputune");

  remove_children (cputune, "vcpupin");
  remove_children (cputune, "emulatorpin");
  for (guint i = 0; placement->vcpu_cpus && i < vm->vcpus; i++)
    {
      g_autofree char *index = g_strdup_printf ("%u", i);
      xmlNode *pin = add_child (cputune, "vcpupin");

      set_attribute (pin, "vcpu", index);
      set_attribute_set (pin, "cpuset", placement->vcpu_cpus);
    }
  if (placement->emulator_cpus)
    set_attribute_set (add_child (cputune, "emulatorpin"), "cpuset", placement->emulator_cpus);
  remove_if_empty (cputune);
}

static void
render_memory_placement (xmlNode *root, const NvRegion *region)
{
  xmlNode *cpu = nv_xml_find_child (root, "cpu");
  xmlNode *memory;

  remove_children (root, "numatune");
  if (cpu)
    remove_children (cpu, "numa");
  if (region->mode == NV_MEMORY_DEFAULT)
    return;
  memory = add_child (ensure_part (root, "numatune"), "memory");
  set_attribute (memory, "mode", nv_memory_mode_name (region->mode));
  set_attribute_set (memory, "nodeset", region->nodes);
}

static void
render_memory_backing (xmlNode *root, const NvRegion *region)
{
  xmlNode *backing = ensure_part (root, "memoryBacking");

  remove_children (backing, "hugepages");
  remove_children (backing, "allocation");
  if (region->page_size_bytes > 0)
    {
      g_autofree char *size = g_strdup_printf ("%" G_GUINT64_FORMAT, region->page_size_bytes / NV_KIB);
      xmlNode *page = add_child (add_child (backing, "hugepages"), "page");

      set_attribute (page, "size", size);
      set_attribute (page, "unit", "KiB");
    }
  if (region->preallocate)
    set_attribute (add_child (backing, "allocation"), "mode", "immediate");
  remove_if_empty (backing);
}

static xmlNode *
find_disk (xmlNode *devices, const char *path)
{
  for (xmlNode *child = devices->children; child; child = child->next)
    {
      g_autofree char *file = NULL;

      if (!nv_xml_is_element (child, "disk"))
        continue;
      file = nv_xml_get_attribute (nv_xml_find_child (child, "source"), "file");
      if (g_strcmp0 (file, path) == 0)
        return child;
    }
  return NULL;
}

static gboolean
target_is_taken (xmlNode *devices, const char *target)
{
  for (xmlNode *child = devices->children; child; child = child->next)
    {
      g_autofree char *taken = nv_xml_get_attribute (nv_xml_find_child (child, "target"), "dev");

      if (g_strcmp0 (taken, target) == 0)
        return TRUE;
    }
  return FALSE;
}

/* @first: the target's name if none is taken, such as "vda" */
static xmlNode *
add_disk (xmlNode *devices, const char *device, const char *path, const char *first, const char *bus)
{
  g_autofree char *name = g_strdup (first);
  xmlNode *node = add_child (devices, "disk");
  xmlNode *target;

  while (name[2] < 'z' && target_is_taken (devices, name))
    name[2]++;
  set_attribute (node, "type", "file");
  set_attribute (node, "device", device);
  set_attribute (add_child (node, "driver"), "name", "qemu");
  set_attribute (add_child (node, "source"), "file", path);
  target = add_child (node, "target");
  set_attribute (target, "dev", name);
  set_attribute (target, "bus", bus);
  return node;
}

static void
render_disk (xmlNode *devices, const NvDisk *disk)
{
  xmlNode *node = find_disk (devices, disk ? disk->path : "");

  if (!disk)
    {
      /* disk=none: %IMAGE_PATH% was filled in with nothing. */
      if (node)
        remove_node (node);
      return;
    }
  if (!node)
    node = add_disk (devices, "disk", disk->path, "vda", "virtio");
  set_attribute (ensure_child (node, "driver"), "type", nv_disk_format_name (disk->format));
}

/* Before what else the template boots from. */
static void
boot_cdrom_first (xmlNode *os)
{
  xmlNode *first = nv_xml_find_child (os, "boot");
  xmlNode *boot =
      first ? xmlNewDocNode (os->doc, NULL, (const xmlChar *)"boot", NULL) : add_child (os, "boot");

  if (first)
    xmlAddPrevSibling (first, boot);
  set_attribute (boot, "dev", "cdrom");
}

/* An installer's medium, and what ends the VM. */
static void
render_cdrom (xmlNode *root, xmlNode *devices, const char *path)
{
  xmlNode *os = ensure_part (root, "os");
  g_autofree char *machine = nv_xml_get_attribute (nv_xml_find_child (os, "type"), "machine");
  gboolean has_sata = machine && strstr (machine, "q35");
  xmlNode *node = add_disk (devices, "cdrom", path, has_sata ? "sda" : "hda", has_sata ? "sata" : "ide");

  set_attribute (nv_xml_find_child (node, "driver"), "type", "raw");
  add_child (node, "readonly");
  boot_cdrom_first (os);
  /* An installer's boot menu is seen there. */
  set_attribute (ensure_child (os, "bios"), "useserial", "yes");
  set_text (ensure_part (root, "on_reboot"), "destroy");
  if (!nv_xml_find_child (devices, "panic"))
    set_attribute (add_child (devices, "panic"), "model", "isa");
}

static void
render_network (xmlNode *devices, const char *network)
{
  xmlNode *interface = nv_xml_find_child (devices, "interface");
  xmlNode *model;

  if (!network)
    return;
  if (strcmp (network, "none") == 0)
    {
      remove_children (devices, "interface");
      return;
    }
  if (!interface)
    {
      interface = add_child (devices, "interface");
      model = add_child (interface, "model");
      set_attribute (model, "type", "virtio");
    }
  /* The first keeps its address and model; only what it is connected to changes. */
  remove_children (interface, "source");
  if (strcmp (network, "user") == 0)
    set_attribute (interface, "type", "user");
  else
    {
      set_attribute (interface, "type", "network");
      set_attribute (add_child (interface, "source"), "network", network);
    }
  for (xmlNode *next = interface->next, *after; next; next = after)
    {
      after = next->next;
      if (nv_xml_is_element (next, "interface"))
        remove_node (next);
    }
}

static void
render_console_log (xmlNode *devices, const char *path)
{
  xmlNode *serial = nv_xml_find_child (devices, "serial");
  xmlNode *log;

  if (!serial || !path)
    return;
  log = ensure_child (serial, "log");
  set_attribute (log, "file", path);
  set_attribute (log, "append", "off");
}

/* Where guest and host talk (bench/protocol.h). A template may have it, as it likes. */
static void
render_channel (xmlNode *devices)
{
  xmlNode *channel, *target;

  for (xmlNode *child = devices->children; child; child = child->next)
    {
      g_autofree char *name = NULL;

      if (!nv_xml_is_element (child, "channel"))
        continue;
      name = nv_xml_get_attribute (nv_xml_find_child (child, "target"), "name");
      if (g_strcmp0 (name, NV_CHANNEL_NAME) == 0)
        return;
    }
  channel = add_child (devices, "channel");
  set_attribute (channel, "type", "unix");
  target = add_child (channel, "target");
  set_attribute (target, "type", "virtio");
  set_attribute (target, "name", NV_CHANNEL_NAME);
}

static void
render_devices (xmlNode *root, const NvVm *vm, const NvDomainOptions *options)
{
  xmlNode *devices = ensure_part (root, "devices");
  xmlNode *emulator = nv_xml_find_child (devices, "emulator");

  if (emulator && options->emulator)
    set_text (emulator, options->emulator);
  render_disk (devices, vm->disk);
  if (vm->cdrom)
    render_cdrom (root, devices, vm->cdrom);
  render_network (devices, options->network);
  render_console_log (devices, vm->console_log);
  render_channel (devices);
}

static void
render_guest (xmlNode *root, const NvVm *vm)
{
  xmlNode *os = ensure_part (root, "os");

  if (!vm->kernel)
    return;
  set_text (ensure_child (os, "kernel"), vm->kernel);
  set_text (ensure_child (os, "initrd"), vm->initrd);
  set_text (ensure_child (os, "cmdline"), vm->command_line);
}

static void
render_metadata (xmlNode *root, const NvVm *vm)
{
  xmlNode *metadata = ensure_part (root, "metadata");

  for (xmlNode *child = metadata->children, *next; child; child = next)
    {
      next = child->next;
      if (child->ns && strcmp ((const char *)child->ns->href, NV_METADATA_NAMESPACE) == 0)
        remove_node (child);
    }
  xmlAddChild (metadata, nv_metadata_node (root->doc, vm));
}

static char *
format_document (xmlDoc *document)
{
  xmlChar *text = NULL;
  char *copy;

  xmlDocDumpFormatMemoryEnc (document, &text, NULL, "UTF-8", 1);
  copy = g_strdup ((const char *)text);
  xmlFree (text);
  return copy;
}

char *
nv_domain_xml_render (const NvTemplate *template, const NvVm *vm, const NvDomainOptions *options)
{
  g_autofree char *memory = g_strdup_printf ("%" G_GUINT64_FORMAT, vm->memory_bytes / NV_MIB);
  g_autofree char *vcpus = g_strdup_printf ("%u", vm->vcpus);
  const Filling fillings[N_FILLINGS] = {
    { "%NAME%", vm->name },
    { "%UUID%", vm->uuid },
    { "%MEMORY%", memory },
    { "%CPU%", vcpus },
    { "%IMAGE_PATH%", vm->disk ? vm->disk->path : "" },
  };
  const NvRegion *region = g_ptr_array_index (vm->placement->regions, 0);
  xmlDoc *document = nv_template_copy_document (template);
  xmlNode *root = xmlDocGetRootElement (document);
  char *text;

  fill_tree (root, fillings);
  render_identity (root, vm);
  render_pins (root, vm);
  render_memory_placement (root, region);
  render_memory_backing (root, region);
  render_guest (root, vm);
  render_devices (root, vm, options);
  render_metadata (root, vm);
  text = format_document (document);
  xmlFreeDoc (document);
  return text;
}
