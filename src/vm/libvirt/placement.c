#include "vm/libvirt/libvirt-connection.h"

#include "vm/domain-placement.h"

NvPlacement *
libvirt_placement_of (NvConnection *connection, const char *name, GError **error)
{
  g_autoptr (virDomain) domain = libvirt_lookup ((LibvirtConnection *)connection, name, error);
  char *xml = domain ? virDomainGetXMLDesc (domain, 0) : NULL;
  NvPlacement *placement;

  if (!domain)
    return NULL;
  if (!xml)
    {
      libvirt_fail (error, "cannot read the XML of '%s'", name);
      return NULL;
    }
  placement = nv_domain_placement_parse (xml, error);
  free (xml);
  return placement;
}
