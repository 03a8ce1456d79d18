/* Any text is a template or is refused; of any template a domain is made that says of the VM what numavm
 * owns, whatever the template said of it. */

#include "fuzz.h"

#include "base/error.h"
#include "base/size.h"
#include "base/xml.h"
#include "vm/domain-xml.h"

#define NAME "a \"b\" <c> & 'd', %UUID%"

static NvVm *
make_vm (void)
{
  g_autoptr (NvSet) nodes = nv_set_parse ("0-1", NULL);
  NvVm *vm = nv_vm_new ();

  vm->name = g_strdup (NAME);
  vm->uuid = g_strdup ("2f1c9e55-4f0e-4a6a-9d0c-0c8f5f1d2a10");
  vm->vcpus = 2;
  vm->memory_bytes = 512 * NV_MIB;
  vm->disk = nv_disk_new ("/images/" NAME ".qcow2", NV_DISK_QCOW2, NV_GIB, NULL);
  vm->console_log = g_strdup ("/logs/vm0.log");
  vm->placement = nv_placement_new ("test");
  vm->placement->vcpu_cpus = nv_set_parse ("6-7", NULL);
  nv_placement_add_region (vm->placement, vm->memory_bytes, NV_MEMORY_INTERLEAVE, nodes);
  return vm;
}

static void
assert_element (xmlNode *domain, const char *name, const char *expected)
{
  g_autofree char *text = nv_xml_get_text (nv_xml_find_child (domain, name));

  g_assert_cmpstr (text, ==, expected);
}

/* @network: (nullable): see NvDomainOptions */
static void
assert_rendered (const NvTemplate *template, const char *network)
{
  const NvDomainOptions options = { "/usr/bin/qemu-system-x86_64", network };
  g_autoptr (NvVm) vm = make_vm ();
  g_autofree char *xml = nv_domain_xml_render (template, vm, &options);
  g_autoptr (NvTemplate) again = nv_template_parse (xml, NULL);
  xmlDoc *document;

  g_assert_nonnull (again);
  document = nv_template_copy_document (again);
  assert_element (xmlDocGetRootElement (document), "name", NAME);
  assert_element (xmlDocGetRootElement (document), "uuid", vm->uuid);
  assert_element (xmlDocGetRootElement (document), "vcpu", "2");
  g_assert_cmpstr (nv_template_domain_type (again), ==, "qemu");
  xmlFreeDoc (document);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (NvTemplate) template = nv_template_parse (text, &error);

  if (!template)
    {
      g_assert_error (error, NV_ERROR, NV_ERROR_PARSE);
      return 0;
    }
  assert_rendered (template, NULL);
  assert_rendered (template, "none");
  assert_rendered (template, "lab & <net>");
  return 0;
}
