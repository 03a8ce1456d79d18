#include "vm/template.h"
#include "base/error.h"
#include "base/xml.h"

#include <gio/gio.h>
#include <string.h>

#define BUILT_IN "/numavm/domain.xml"

struct NvTemplate
{
  xmlDoc *document;
  char *machine;
  char *domain_type;
  char *emulator;
  GPtrArray *networks;
};

static gboolean
check_document (xmlDoc *document, GError **error)
{
  xmlNode *root = xmlDocGetRootElement (document);

  /* Entities would be filled in by libvirt, after all that is checked here. */
  if (xmlGetIntSubset (document))
    g_set_error (error, NV_ERROR, NV_ERROR_PARSE,
                 "a document type declaration: remove it, libvirt needs none");
  else if (!root || root->ns || strcmp ((const char *)root->name, "domain") != 0)
    g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "the first element is '%s': libvirt's 'domain' is needed",
                 root ? (const char *)root->name : "");
  else
    return TRUE;
  return FALSE;
}

static GPtrArray *
read_networks (xmlNode *devices)
{
  GPtrArray *networks = g_ptr_array_new_with_free_func (g_free);

  for (xmlNode *child = devices ? devices->children : NULL; child; child = child->next)
    {
      char *network;

      if (!nv_xml_is_element (child, "interface"))
        continue;
      network = nv_xml_get_attribute (nv_xml_find_child (child, "source"), "network");
      if (network)
        g_ptr_array_add (networks, network);
    }
  return networks;
}

NvTemplate *
nv_template_parse (const char *xml, GError **error)
{
  g_autoptr (GBytes) built_in = NULL;
  NvTemplate *self;
  xmlDoc *document;
  xmlNode *root, *devices;

  if (!xml)
    {
      built_in = g_resources_lookup_data (BUILT_IN, G_RESOURCE_LOOKUP_FLAGS_NONE, error);
      if (!built_in)
        return NULL;
      xml = g_bytes_get_data (built_in, NULL); /* a resource ends with a NUL that its size leaves out */
    }
  document = nv_xml_parse (xml, error);
  if (!document)
    return NULL;
  if (!check_document (document, error))
    {
      xmlFreeDoc (document);
      return NULL;
    }
  root = xmlDocGetRootElement (document);
  devices = nv_xml_find_child (root, "devices");
  self = g_new0 (NvTemplate, 1);
  self->document = document;
  self->machine =
      nv_xml_get_attribute (nv_xml_find_child (nv_xml_find_child (root, "os"), "type"), "machine");
  self->domain_type = nv_xml_get_attribute (root, "type");
  self->emulator = nv_xml_get_text (nv_xml_find_child (devices, "emulator"));
  self->networks = read_networks (devices);
  return self;
}

void
nv_template_free (NvTemplate *self)
{
  if (!self)
    return;
  xmlFreeDoc (self->document);
  g_free (self->machine);
  g_free (self->domain_type);
  g_free (self->emulator);
  g_ptr_array_unref (self->networks);
  g_free (self);
}

const char *
nv_template_machine (const NvTemplate *self)
{
  return self->machine;
}

const char *
nv_template_domain_type (const NvTemplate *self)
{
  return self->domain_type;
}

const char *
nv_template_emulator (const NvTemplate *self)
{
  return self->emulator;
}

GPtrArray *
nv_template_networks (const NvTemplate *self)
{
  return self->networks;
}

xmlDoc *
nv_template_copy_document (const NvTemplate *self)
{
  return xmlCopyDoc (self->document, 1);
}
