#include "base/error.h"
#include "base/size.h"
#include "vm/domain-xml.h"
#include "vm/metadata.h"

#include "golden.h"

#include <libxml/parser.h>
#include <string.h>

#define UUID "2f1c9e55-4f0e-4a6a-9d0c-0c8f5f1d2a10"

static NvVm *
make_vm (const char *name, NvMemoryMode mode, const char *nodes)
{
  g_autoptr (NvSet) set = nodes ? nv_set_parse (nodes, NULL) : NULL;
  NvVm *vm = nv_vm_new ();
  NvRegion *region;

  vm->name = g_strdup (name);
  vm->uuid = g_strdup (UUID);
  vm->vcpus = 2;
  vm->memory_bytes = 512 * NV_MIB;
  vm->seed = 7;
  vm->disk = nv_disk_new ("/images/vm0.qcow2", NV_DISK_QCOW2, 2 * NV_GIB, NULL);
  vm->disk->created = TRUE;
  vm->console_log = g_strdup ("/logs/vm0.log");
  vm->placement = nv_placement_new ("test");
  region = nv_placement_add_region (vm->placement, vm->memory_bytes, mode, set);
  if (set)
    {
      region->expectation = NV_EXPECT_EXACT;
      NV_SET_FOREACH (node, set)
      nv_region_add_share (region, (guint)node, vm->memory_bytes / nv_set_count (set));
    }
  return vm;
}

static char *
read_template (const char *name)
{
  g_autofree char *path =
      g_build_filename (g_getenv ("NV_SOURCE_DIR"), "tests", "golden", "domain", name, NULL);
  g_autoptr (GError) error = NULL;
  char *text = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

/* @template_xml: (nullable) */
static char *
render (const NvVm *vm, const char *template_xml, const char *emulator, const char *network)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvTemplate) template = nv_template_parse (template_xml, &error);
  NvDomainOptions options = { emulator, network };

  g_assert_no_error (error);
  return nv_domain_xml_render (template, vm, &options);
}

static void
assert_rendered (const char *golden, const NvVm *vm, const char *template_name, const char *emulator,
                 const char *network)
{
  g_autofree char *template_xml = template_name ? read_template (template_name) : NULL;
  g_autofree char *xml = render (vm, template_xml, emulator, network);
  g_autofree char *name = g_strconcat ("domain/", golden, NULL);

  assert_golden (name, xml);
}

static void
each_mode_becomes_numatune (void)
{
  static const NvMemoryMode modes[] = { NV_MEMORY_STRICT, NV_MEMORY_PREFERRED, NV_MEMORY_INTERLEAVE,
                                        NV_MEMORY_RESTRICTIVE };

  for (guint i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      g_autoptr (NvVm) vm = make_vm ("vm0", modes[i], "0-1,8");
      g_autofree char *xml = render (vm, NULL, NULL, NULL);
      g_autofree char *expected =
          g_strdup_printf ("<memory mode=\"%s\" nodeset=\"0-1,8\"/>", nv_memory_mode_name (modes[i]));

      g_assert_nonnull (strstr (xml, expected));
    }
}

static void
the_default_mode_has_no_numatune (void)
{
  g_autoptr (NvVm) vm = make_vm ("vm0", NV_MEMORY_DEFAULT, NULL);

  assert_rendered ("default.xml", vm, NULL, NULL, NULL);
}

static void
pins_huge_pages_and_the_default_guest_are_set (void)
{
  g_autoptr (NvVm) vm = make_vm ("vm0", NV_MEMORY_STRICT, "3");
  NvRegion *region = g_ptr_array_index (vm->placement->regions, 0);

  vm->accel = NV_ACCEL_KVM;
  vm->placement->cpu_nodes = nv_set_parse ("3", NULL);
  vm->placement->vcpu_cpus = nv_set_parse ("6-7", NULL);
  vm->placement->emulator_cpus = nv_set_parse ("6", NULL);
  region->page_size_bytes = 2 * NV_MIB;
  region->preallocate = TRUE;
  vm->kernel = g_strdup ("/guest/vmlinuz");
  vm->initrd = g_strdup ("/guest/initrd");
  vm->command_line = g_strdup ("console=ttyS0 quiet");
  assert_rendered ("pinned.xml", vm, NULL, NULL, NULL);
}

static void
a_templates_own_channel_stays_as_it_is (void)
{
  g_autoptr (NvVm) vm = make_vm ("vm0", NV_MEMORY_DEFAULT, NULL);
  g_autofree char *xml =
      render (vm,
              "<domain><name>x</name><devices><channel type='unix'><source mode='bind' path='/own'/>"
              "<target type='virtio' name='org.numavm.0'/></channel></devices></domain>",
              NULL, NULL);

  g_assert_nonnull (strstr (xml, "path=\"/own\""));
  g_assert_null (strstr (strstr (xml, "<channel") + 1, "<channel"));
}

static void
the_originals_template_works_without_kvm (void)
{
  g_autoptr (NvVm) vm = make_vm ("vm0", NV_MEMORY_INTERLEAVE, "0-3");

  assert_rendered ("original.xml", vm, "original-template.xml", "/usr/bin/qemu-system-x86_64", NULL);
}

static void
what_numavm_owns_is_replaced_and_the_rest_is_kept (void)
{
  g_autoptr (NvVm) vm = make_vm ("vm0", NV_MEMORY_STRICT, "1");

  vm->accel = NV_ACCEL_KVM;
  assert_rendered ("busy.xml", vm, "busy-template.xml", NULL, NULL);
}

static void
an_installers_medium_boots_first_and_a_reboot_is_its_end (void)
{
  g_autoptr (NvVm) vm = make_vm ("vm0", NV_MEMORY_DEFAULT, NULL);

  vm->cdrom = g_strdup ("/isos/a & <b>.iso");
  assert_rendered ("cdrom.xml", vm, NULL, NULL, "user");
}

static void
a_templates_disks_and_boot_order_stay_behind_an_installers_medium (void)
{
  g_autoptr (NvVm) vm = make_vm ("vm0", NV_MEMORY_DEFAULT, NULL);
  g_autofree char *xml = NULL;

  vm->cdrom = g_strdup ("/isos/a.iso");
  xml = render (vm,
                "<domain><os><type machine='pc-q35-7.2'>hvm</type><boot dev='hd'/></os><devices>"
                "<disk device='cdrom'><target dev='sda' bus='sata'/></disk><panic model='pvpanic'/>"
                "</devices></domain>",
                NULL, NULL);
  g_assert_nonnull (strstr (strstr (xml, "<boot dev=\"cdrom\"/>"), "<boot dev=\"hd\"/>"));
  g_assert_nonnull (strstr (xml, "<target dev=\"sdb\" bus=\"sata\"/>"));
  g_assert_nonnull (strstr (xml, "<panic model=\"pvpanic\"/>"));
  g_assert_null (strstr (xml, "<panic model=\"isa\"/>"));
}

static void
the_first_interface_keeps_its_address_on_another_network (void)
{
  g_autoptr (NvVm) vm = make_vm ("vm0", NV_MEMORY_STRICT, "1");

  assert_rendered ("network-user.xml", vm, "busy-template.xml", NULL, "user");
  assert_rendered ("network-name.xml", vm, "busy-template.xml", NULL, "lab & <net>");
  assert_rendered ("network-none.xml", vm, "busy-template.xml", NULL, "none");
}

static void
no_disk_leaves_no_disk (void)
{
  g_autoptr (NvVm) vm = make_vm ("vm0", NV_MEMORY_DEFAULT, NULL);
  g_autofree char *xml = NULL;

  g_clear_pointer (&vm->disk, nv_disk_free);
  xml = render (vm, NULL, NULL, NULL);
  g_assert_null (strstr (xml, "<disk"));
}

static char *
content_of (const char *xml, const char *element)
{
  xmlDoc *document = xmlReadMemory (xml, (int)strlen (xml), NULL, NULL, XML_PARSE_NONET);
  char *text = NULL;

  g_assert_nonnull (document);
  for (xmlNode *child = xmlDocGetRootElement (document)->children; child; child = child->next)
    if (strcmp ((const char *)child->name, element) == 0)
      {
        xmlChar *content = xmlNodeGetContent (child);

        text = g_strdup ((const char *)content);
        xmlFree (content);
      }
  xmlFreeDoc (document);
  return text;
}

static void
names_are_escaped_and_never_filled_in_twice (void)
{
  static const char *const names[] = {
    "a<b>&\"'c", "&lt;", "%UUID%", "größe 1, zwei", "]]>", "<!-- -->", "%"
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (NvVm) vm = make_vm (names[i], NV_MEMORY_DEFAULT, NULL);
      g_autofree char *template_xml = read_template ("busy-template.xml");
      g_autofree char *path = g_strdup_printf ("/images/%s.qcow2", names[i]);
      g_autofree char *xml = NULL, *name = NULL, *title = NULL, *expected = NULL;

      g_free (vm->disk->path);
      vm->disk->path = g_strdup (path);
      xml = render (vm, template_xml, NULL, NULL);
      name = content_of (xml, "name");
      title = content_of (xml, "title");
      expected =
          g_strdup_printf ("runs %s on 2 CPUs with 512 MiB from %s (" UUID "), 100%% of it", names[i], path);
      g_assert_cmpstr (name, ==, names[i]);
      g_assert_cmpstr (title, ==, expected);
    }
}

static void
a_disk_without_a_place_gets_the_next_free_target (void)
{
  g_autoptr (NvVm) vm = make_vm ("vm0", NV_MEMORY_DEFAULT, NULL);
  g_autofree char *xml = NULL;

  vm->disk->format = NV_DISK_RAW;
  xml = render (
      vm,
      "<domain><devices><disk><target dev='vda'/></disk><disk><target dev='vdb'/></disk></devices></domain>",
      NULL, NULL);
  g_assert_nonnull (strstr (xml, "<driver name=\"qemu\" type=\"raw\"/>"));
  g_assert_nonnull (strstr (xml, "<target dev=\"vdc\" bus=\"virtio\"/>"));
}

static void
what_is_no_template_is_refused (void)
{
  static const struct
  {
    const char *xml;
    const char *message;
  } cases[] = {
    { "", "line 1" },
    { "<domain>\n<name></domain>", "line 2" },
    { "<network/>", "'network'" },
    { "<domain xmlns='urn:x'/>", "'domain'" },
    { "<!DOCTYPE domain [<!ENTITY a 'b'>]><domain>&a;</domain>", "document type" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (nv_template_parse (cases[i].xml, &error));
      g_assert_error (error, NV_ERROR, NV_ERROR_PARSE);
      if (!strstr (error->message, cases[i].message))
        g_error ("'%s' does not say %s", error->message, cases[i].message);
    }
}

static void
a_template_says_what_it_needs (void)
{
  g_autofree char *xml = read_template ("busy-template.xml");
  g_autoptr (NvTemplate) template = nv_template_parse (xml, NULL);

  g_assert_cmpstr (nv_template_machine (template), ==, "q35");
  g_assert_cmpstr (nv_template_domain_type (template), ==, "kvm");
  g_assert_cmpstr (nv_template_emulator (template), ==, "/usr/bin/qemu-system-x86_64");
  g_assert_cmpuint (nv_template_networks (template)->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (nv_template_networks (template), 0), ==, "second");
}

static void
a_vm_is_read_back_from_its_metadata (void)
{
  g_autoptr (NvVm) vm = make_vm ("a<b>&\"'c", NV_MEMORY_INTERLEAVE, "0-1");
  g_autoptr (NvVm) read = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL, *again = NULL;

  vm->placement->candidates = nv_set_parse ("0-3", NULL);
  vm->placement->skipped = nv_set_parse ("2", NULL);
  vm->placement->cpu_nodes = nv_set_parse ("1", NULL);
  vm->placement->vcpu_cpus = nv_set_parse ("4-7", NULL);
  vm->placement->emulator_cpus = nv_set_parse ("4", NULL);
  vm->placement->note = g_strdup ("home: node 1");
  vm->disk->base = g_strdup ("/images/base, one.qcow2");
  vm->kernel = g_strdup ("/guest/vmlinuz");
  vm->initrd = g_strdup ("/guest/initrd");
  vm->command_line = g_strdup ("quiet");
  vm->cdrom = g_strdup ("/isos/a & \"b\".iso");
  text = nv_metadata_format (vm);
  read = nv_metadata_parse (text, &error);
  g_assert_no_error (error);
  again = nv_metadata_format (read);
  g_assert_cmpstr (again, ==, text);
  g_assert_cmpstr (read->name, ==, vm->name);
  g_assert_cmpstr (read->cdrom, ==, vm->cdrom);
  g_assert_true (read->disk->created);
  g_assert_cmpuint (((const NvRegion *)g_ptr_array_index (read->placement->regions, 0))->shares->len, ==, 2);
}

static void
damaged_metadata_is_refused (void)
{
  g_autoptr (NvVm) vm = make_vm ("vm0", NV_MEMORY_INTERLEAVE, "0-1");
  g_autofree char *text = nv_metadata_format (vm);
  static const char *const damages[][2] = {
    { UUID, "not-a-uuid" },
    { "vcpus=\"2\"", "vcpus=\"-2\"" },
    { "mode=\"interleave\"", "mode=\"magic\"" },
    { "\"0-1\"", "\"1-0\"" },
    { "size=\"536870912\"", "size=\"half\"" },
    { "expectation=\"exact\"", "" },
    { "urn:numavm:vm:1", "urn:x" },
    { "policy=\"test\"", "" },
    { "path=", "path2=" },
    { "format=\"qcow2\"", "" },
    { "node=\"1\"", "node=\"99999999999\"" },
    { "name=\"vm0\"", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (damages); i++)
    {
      g_autoptr (GError) error = NULL;
      g_auto (GStrv) parts = g_strsplit (text, damages[i][0], 2);
      g_autofree char *damaged = NULL;

      g_assert_nonnull (parts[1]);
      damaged = g_strjoinv (damages[i][1], parts);
      g_assert_null (nv_metadata_parse (damaged, &error));
      g_assert_error (error, NV_ERROR, NV_ERROR_PARSE);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(test) g_test_add_func ("/domain-xml/" #test, test)
  ADD (each_mode_becomes_numatune);
  ADD (the_default_mode_has_no_numatune);
  ADD (pins_huge_pages_and_the_default_guest_are_set);
  ADD (the_originals_template_works_without_kvm);
  ADD (what_numavm_owns_is_replaced_and_the_rest_is_kept);
  ADD (an_installers_medium_boots_first_and_a_reboot_is_its_end);
  ADD (a_templates_disks_and_boot_order_stay_behind_an_installers_medium);
  ADD (the_first_interface_keeps_its_address_on_another_network);
  ADD (no_disk_leaves_no_disk);
  ADD (a_templates_own_channel_stays_as_it_is);
  ADD (names_are_escaped_and_never_filled_in_twice);
  ADD (a_disk_without_a_place_gets_the_next_free_target);
  ADD (what_is_no_template_is_refused);
  ADD (a_template_says_what_it_needs);
  ADD (a_vm_is_read_back_from_its_metadata);
  ADD (damaged_metadata_is_refused);
  return g_test_run ();
}
