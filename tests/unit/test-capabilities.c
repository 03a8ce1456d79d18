#include "host/capabilities.h"
#include "base/error.h"
#include "base/size.h"

#include <string.h>

static char *
read_text (const char *name)
{
  g_autofree char *path =
      g_strdup_printf ("%s/tests/machines/capabilities/%s.xml", g_getenv ("NV_SOURCE_DIR"), name);
  g_autoptr (GError) error = NULL;
  char *text;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

static NvCapabilities *
recorded (const char *name)
{
  g_autofree char *text = read_text (name);
  g_autoptr (GError) error = NULL;
  NvCapabilities *capabilities = nv_capabilities_parse (text, &error);

  g_assert_no_error (error);
  return capabilities;
}

static void
a_virtual_machine_with_one_node_is_read (void)
{
  g_autoptr (NvCapabilities) capabilities = recorded ("here");
  g_autoptr (NvHost) host = nv_capabilities_host (capabilities, "there");
  const NvNode *node = nv_host_node (host, 0);

  g_assert_cmpstr (host->description, ==, "there");
  g_assert_cmpuint (host->nodes->len, ==, 1);
  g_assert_cmpuint (node->memory_total_bytes, ==, 9791264 * NV_KIB);
  g_assert_cmpuint (node->memory_available_bytes, ==, 0);
  g_assert_cmpuint (node->cores->len, ==, 2);
  g_assert_cmpuint (nv_host_distance (host, 0, 0), ==, 10);
  g_assert_cmpint (host->available_source, ==, NV_AVAILABLE_FROM_LIBVIRT);
  g_assert_cmpstr (nv_capabilities_arch (capabilities), ==, "x86_64");
  g_assert_cmpstr (nv_capabilities_emulator (capabilities), ==, "/usr/bin/qemu-system-x86_64");
}

static void
cells_are_ordered_by_id_with_cores_and_pools (void)
{
  g_autoptr (NvCapabilities) capabilities = recorded ("four-nodes");
  g_autoptr (NvHost) host = nv_capabilities_host (capabilities, "");
  g_autoptr (NvSet) usable = nv_host_usable_nodes (host);
  g_autofree char *nodes = nv_set_format (usable), *core = NULL;
  const NvNode *node = nv_host_node (host, 0);

  g_assert_cmpuint (host->nodes->len, ==, 4);
  g_assert_cmpstr (nodes, ==, "0,2,8");       /* 33 has CPUs and no memory */
  g_assert_cmpuint (node->cores->len, ==, 2); /* CPU 6 is offline */
  core = nv_set_format (g_ptr_array_index (node->cores, 0));
  g_assert_cmpstr (core, ==, "0,4");
  g_assert_cmpuint (nv_host_node (host, 2)->cores->len, ==, 0);
  g_assert_cmpuint (node->page_pools->len, ==, 2); /* without the normal pages */
  g_assert_cmpuint (nv_node_total_bytes (node, 2 * NV_MIB), ==, NV_GIB);
  g_assert_cmpuint (nv_node_total_bytes (node, NV_GIB), ==, 2 * NV_GIB);
}

static void
distances_are_by_id_asymmetric_or_unknown (void)
{
  g_autoptr (NvCapabilities) capabilities = recorded ("four-nodes");
  g_autoptr (NvHost) host = nv_capabilities_host (capabilities, "");
  guint zero = (guint)nv_host_position (host, 0), two = (guint)nv_host_position (host, 2);
  guint eight = (guint)nv_host_position (host, 8), last = (guint)nv_host_position (host, 33);

  g_assert_cmpuint (nv_host_distance (host, zero, eight), ==, 50);
  g_assert_cmpuint (nv_host_distance (host, eight, zero), ==, 40);
  g_assert_cmpuint (nv_host_distance (host, eight, two), ==, 32);
  g_assert_cmpuint (nv_host_distance (host, two, eight), ==, NV_DISTANCE_UNKNOWN);
  g_assert_cmpuint (nv_host_distance (host, last, zero), ==, NV_DISTANCE_UNKNOWN);
}

static void
the_guest_is_hvm_of_the_hosts_own_arch (void)
{
  g_autoptr (NvCapabilities) capabilities = recorded ("four-nodes");

  g_assert_cmpstr (nv_capabilities_emulator (capabilities), ==, "/usr/bin/qemu-system-x86_64");
  g_assert_true (nv_capabilities_offer (capabilities, "kvm"));
  g_assert_true (nv_capabilities_offer (capabilities, "qemu"));
  g_assert_false (nv_capabilities_offer (capabilities, "xen"));
  g_assert_cmpuint (nv_capabilities_max_vcpus (capabilities, "pc"), ==, 255);
  g_assert_cmpuint (nv_capabilities_max_vcpus (capabilities, "q35"), ==, 4096);
  g_assert_cmpuint (nv_capabilities_max_vcpus (capabilities, "none"), ==, 0);
  g_assert_cmpuint (nv_capabilities_max_vcpus (capabilities, "virt"), ==, 0);
}

static void
a_cpu_feature_is_listed_or_in_the_expanded_cpu (void)
{
  g_autoptr (NvCapabilities) four = recorded ("four-nodes"), here = recorded ("here");
  const char *expanded =
      "<cpu><feature policy='require' name='svm'/><feature policy='disable' name='vmx'/></cpu>";

  g_assert_true (nv_capabilities_cpu_has (four, NULL, "vmx"));
  g_assert_false (nv_capabilities_cpu_has (here, NULL, "svm"));
  g_assert_true (nv_capabilities_cpu_has (here, expanded, "svm"));
  g_assert_false (nv_capabilities_cpu_has (here, expanded, "vmx"));
  g_assert_false (nv_capabilities_cpu_has (here, "no xml", "svm"));
}

static void
memory_of_gpus_on_power9_is_for_no_vm (void)
{
  g_autoptr (NvCapabilities) capabilities = recorded ("power9");
  g_autoptr (NvHost) host = nv_capabilities_host (capabilities, "");

  g_assert_cmpint (nv_host_node (host, 0)->use, ==, NV_NODE_USABLE);
  g_assert_cmpint (nv_host_node (host, 252)->use, ==, NV_NODE_OF_DEVICE);
  g_assert_cmpuint (nv_host_node (host, 0)->page_pools->len, ==, 0); /* 64 KiB is normal there */
}

static void
a_host_without_cells_or_guests_has_nothing (void)
{
  g_autoptr (NvCapabilities) capabilities = nv_capabilities_parse ("<capabilities/>", NULL);
  g_autoptr (NvHost) host = NULL;

  g_assert_nonnull (capabilities);
  host = nv_capabilities_host (capabilities, "");
  g_assert_cmpuint (host->nodes->len, ==, 0);
  g_assert_cmpstr (nv_capabilities_arch (capabilities), ==, "");
  g_assert_null (nv_capabilities_emulator (capabilities));
  g_assert_false (nv_capabilities_offer (capabilities, "kvm"));
}

static void
what_cannot_be_read_is_refused_with_the_value (void)
{
  static const struct
  {
    const char *cell;
    const char *message;
  } cases[] = {
    { "<cell/>", "id ''" },
    { "<cell id='-1'/>", "id '-1'" },
    { "<cell id='99999'/>", "id '99999'" },
    { "<cell id='1'/><cell id='1'/>", "two cells are 1" },
    { "<cell id='1'><memory unit='KiB'>many</memory></cell>", "'manyKiB'" },
    { "<cell id='1'><memory unit='parsec'>1</memory></cell>", "'1parsec'" },
    { "<cell id='1'><pages size='4'/></cell>", "a cell's pages ''" },
    { "<cell id='1'><pages size='99999999999999999999'>1</pages></cell>", "size" },
    { "<cell id='1'><cpus><cpu id='16384' siblings='0'/></cpus></cell>", "id '16384'" },
    { "<cell id='1'><distances><sibling id='1' value='x'/></distances></cell>", "value 'x'" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strdup_printf (
          "<capabilities><host><topology><cells>%s</cells></topology></host></capabilities>", cases[i].cell);
      g_autoptr (GError) error = NULL;

      g_assert_null (nv_capabilities_parse (text, &error));
      g_assert_error (error, NV_ERROR, NV_ERROR_PARSE);
      g_assert_nonnull (strstr (error->message, cases[i].message));
    }
}

static void
hostile_texts_are_refused (void)
{
  static const char *const texts[] = {
    "",
    "nothing",
    "<domain/>",
    "<capabilities><host></capabilities>",
    "<!DOCTYPE c [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>]>"
    "<capabilities><host><topology><cells><cell id='&b;'/></cells></topology></host></capabilities>",
    "<!DOCTYPE c [<!ENTITY f SYSTEM 'file:///proc/self/status'>]>"
    "<capabilities><host><topology><cells><cell id='0'><memory unit='KiB'>&f;</memory></cell></cells></topology>"
    "</host></capabilities>",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (nv_capabilities_parse (texts[i], &error));
      g_assert_error (error, NV_ERROR, NV_ERROR_PARSE);
    }
}

static void
a_text_cut_off_anywhere_is_refused (void)
{
  g_autofree char *text = g_strchomp (read_text ("four-nodes"));

  for (gsize length = strlen (text); length-- > 0;)
    {
      text[length] = '\0';
      g_assert_null (nv_capabilities_parse (text, NULL));
    }
}

#define ADD(name) g_test_add_func ("/capabilities/" #name, name)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD (a_virtual_machine_with_one_node_is_read);
  ADD (cells_are_ordered_by_id_with_cores_and_pools);
  ADD (distances_are_by_id_asymmetric_or_unknown);
  ADD (the_guest_is_hvm_of_the_hosts_own_arch);
  ADD (a_cpu_feature_is_listed_or_in_the_expanded_cpu);
  ADD (memory_of_gpus_on_power9_is_for_no_vm);
  ADD (a_host_without_cells_or_guests_has_nothing);
  ADD (what_cannot_be_read_is_refused_with_the_value);
  ADD (hostile_texts_are_refused);
  ADD (a_text_cut_off_anywhere_is_refused);
  return g_test_run ();
}
