#include "host/facts.h"
#include "host/topology.h"
#include "base/error.h"
#include "base/size.h"
#include "tree.h"

#include <string.h>

static char *
path_of (const char *name)
{
  return g_build_filename (g_getenv ("NV_SOURCE_DIR"), "tests", "machines", name, NULL);
}

static NvHost *
recorded (const char *name)
{
  g_autofree char *path = path_of (name);
  g_autoptr (GError) error = NULL;
  NvHost *host = nv_host_describe (path, &error);

  g_assert_no_error (error);
  return host;
}

static NvHost *
unpacked (const char *name)
{
  char *root = tree_unpack (name);
  g_autoptr (GError) error = NULL;
  NvHost *host = nv_host_read (root, &error);

  g_assert_no_error (error);
  tree_remove (root);
  return host;
}

/* Each core's threads, cores divided by blanks. */
static void
assert_cores (const NvHost *host, guint os_index, const char *expected)
{
  const NvNode *node = nv_host_node (host, os_index);
  g_autoptr (GString) shown = g_string_new (NULL);

  for (guint i = 0; i < node->cores->len; i++)
    {
      g_autofree char *core = nv_set_format (g_ptr_array_index (node->cores, i));

      g_string_append_printf (shown, "%s%s", i > 0 ? " " : "", core);
    }
  g_assert_cmpstr (shown->str, ==, expected);
}

static void
assert_usable (const NvHost *host, const char *expected)
{
  g_autoptr (NvSet) nodes = nv_host_usable_nodes (host);
  g_autofree char *shown = nv_set_format (nodes);

  g_assert_cmpstr (shown, ==, expected);
}

static void
assert_refused (const char *text, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (nv_host_describe (text, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, message));
}

static void
a_machine_is_read_with_cores_distances_and_huge_pages (void)
{
  g_autoptr (NvHost) host = unpacked ("four-nodes");

  g_assert_cmpuint (host->nodes->len, ==, 4);
  g_assert_cmpint (host->available_source, ==, NV_AVAILABLE_FROM_KERNEL);
  assert_usable (host, "0-3");
  assert_cores (host, 0, "0-1 2-3");
  assert_cores (host, 2, "8-9");
  assert_cores (host, 3, "");
  g_assert_cmpuint (nv_host_distance (host, 1, 3), ==, 50);
  g_assert_cmpuint (nv_host_distance (host, 3, 1), ==, 40);
  g_assert_cmpuint (nv_node_available_bytes (nv_host_node (host, 0), 2 * NV_MIB), ==, 2000 * NV_MIB);
  g_assert_cmpuint (nv_node_total_bytes (nv_host_node (host, 0), NV_GIB), ==, NV_GIB);
  g_assert_cmpuint (nv_node_total_bytes (nv_host_node (host, 3), 2 * NV_MIB), ==, 0);
  g_assert_cmpuint (nv_host_node (host, 3)->memory_total_bytes, ==, 2 * NV_GIB);
}

static void
cpus_and_nodes_outside_the_cpuset_are_not_for_vms (void)
{
  g_autoptr (NvHost) host = unpacked ("sparse-nodes");

  assert_usable (host, "0");
  assert_cores (host, 0, "0"); /* 1 is not allowed */
  assert_cores (host, 8, "4 5");
  g_assert_cmpint (nv_host_node (host, 8)->use, ==, NV_NODE_NOT_ALLOWED);
  g_assert_cmpuint (nv_host_node (host, 8)->memory_total_bytes, ==, 8 * NV_GIB);
}

static void
nodes_without_memory_are_listed_and_not_usable (void)
{
  g_autoptr (NvHost) host = unpacked ("sparse-nodes");

  g_assert_cmpuint (host->nodes->len, ==, 4);
  g_assert_cmpint (nv_host_node (host, 2)->use, ==, NV_NODE_WITHOUT_MEMORY);
  g_assert_cmpint (nv_host_node (host, 9)->use, ==, NV_NODE_WITHOUT_MEMORY);
  g_assert_cmpuint (host->memory_total_bytes, ==, 24 * NV_GIB);
}

static void
the_only_node_with_memory_has_all_of_the_machines (void)
{
  g_autoptr (NvHost) host = unpacked ("one-node");
  const NvNode *node = nv_host_node (host, 0);

  g_assert_cmpuint (node->memory_total_bytes, ==, 23 * NV_GIB);
  g_assert_cmpuint (node->memory_available_bytes, ==, 8 * NV_GIB + NV_GIB / 2);
}

static void
this_host_can_be_read (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvHost) host = nv_host_read ("/", &error);
  guint64 sum = 0;

  g_assert_no_error (error);
  for (guint i = 0; i < host->nodes->len; i++)
    sum += ((const NvNode *)g_ptr_array_index (host->nodes, i))->memory_available_bytes;
  g_assert_cmpuint (sum, >, 0);
}

static void
another_machine_in_hwlocs_environment_is_not_taken_for_this_host (void)
{
  g_autoptr (GError) error = NULL;

  g_setenv ("HWLOC_SYNTHETIC", "node:8 pu:1", TRUE);
  g_assert_null (nv_host_read ("/", &error));
  g_unsetenv ("HWLOC_SYNTHETIC");
  g_assert_error (error, NV_ERROR, NV_ERROR_FAILED);
}

static void
a_damaged_machine_is_refused_with_the_node (void)
{
  char *root = tree_unpack ("four-nodes");
  g_autoptr (GError) error = NULL;

  tree_write (root, "sys/devices/system/node/node2/meminfo", "Node 2 MemTotal: lots\n");
  g_assert_null (nv_host_read (root, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "memory of node 2"));
  tree_remove (root);
}

static void
a_synthetic_description_has_unknown_distances_and_all_memory_available (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvHost) host = nv_host_describe ("node:4 core:2 pu:2", &error);

  g_assert_no_error (error);
  assert_usable (host, "0-3");
  assert_cores (host, 1, "4-5 6-7");
  g_assert_cmpuint (nv_host_distance (host, 0, 1), ==, NV_DISTANCE_UNKNOWN);
  g_assert_cmpuint (nv_host_node (host, 3)->memory_available_bytes, ==, NV_GIB);
  g_assert_cmpint (host->available_source, ==, NV_AVAILABLE_FROM_DESCRIPTION);
}

static void
distances_belong_to_nodes_not_to_positions (void)
{
  g_autoptr (NvHost) host = recorded ("hwloc/256ppc-8n8s4t.xml");
  guint from = (guint)nv_host_position (host, 4);

  assert_usable (host, "0-1,4-5,8-9,12-13");
  g_assert_cmpuint (nv_host_distance (host, from, (guint)nv_host_position (host, 5)), ==, 20);
  g_assert_cmpuint (nv_host_distance (host, from, (guint)nv_host_position (host, 13)), ==, 40);
}

static void
cpus_belong_to_the_most_ordinary_memory_beside_them (void)
{
  g_autoptr (NvHost) host = recorded ("hwloc/fakeheteromemtiers.xml");

  assert_cores (host, 1, "2 3");
  assert_cores (host, 4, "");    /* HBM beside node 1 */
  assert_cores (host, 6, "");    /* non-volatile memory beside node 1 */
  assert_cores (host, 2, "4 5"); /* HBM without ordinary memory beside it */
  assert_cores (host, 9, "");
  g_assert_cmpint (nv_host_node (host, 1)->kind, ==, NV_MEMORY_KIND_DRAM);
  g_assert_cmpint (nv_host_node (host, 4)->kind, ==, NV_MEMORY_KIND_HBM);
  g_assert_cmpint (nv_host_node (host, 6)->kind, ==, NV_MEMORY_KIND_NONVOLATILE);
}

static void
a_recorded_cpuset_is_honoured (void)
{
  g_autoptr (NvHost) host = recorded ("hwloc/16amd64-8n2c-cpusets.xml");

  g_assert_cmpuint (host->nodes->len, ==, 8);
  assert_usable (host, "1-4");
  assert_cores (host, 2, "5"); /* 4 is offline */
  assert_cores (host, 4, "");  /* memory here, CPUs elsewhere */
  g_assert_cmpint (nv_host_node (host, 0)->use, ==, NV_NODE_NOT_ALLOWED);
}

static void
nodes_that_an_xml_leaves_out_have_no_memory (void)
{
  g_autoptr (NvHost) host = recorded ("hwloc/fakememinitiators-1np2c+1npp+gi.xml");

  g_assert_cmpuint (host->nodes->len, ==, 11);
  assert_usable (host, "5-10");
  g_assert_cmpint (nv_host_node (host, 4)->use, ==, NV_NODE_WITHOUT_MEMORY);
}

/* A machine of one core and two nodes beside it, of 1 GiB each; node 1 is of @subtype and has @pages huge
 * pages of 2 MiB. */
static NvHost *
two_nodes_at_one_core (const char *subtype, guint64 pages)
{
  g_autofree char *template_path = path_of ("hwloc/two-nodes-one-core.xml.in"), *template_text = NULL;
  g_autofree char *path = NULL, *count = g_strdup_printf ("%" G_GUINT64_FORMAT, pages);
  g_autoptr (GString) xml = NULL;
  g_autoptr (GError) error = NULL;
  NvHost *host;

  g_file_get_contents (template_path, &template_text, NULL, &error);
  g_assert_no_error (error);
  xml = g_string_new (template_text);
  g_string_replace (xml, "@SUBTYPE@", subtype, 0);
  g_string_replace (xml, "@PAGES@", count, 0);
  g_close (g_file_open_tmp ("numavm-XXXXXX.xml", &path, &error), NULL);
  g_assert_no_error (error);
  g_file_set_contents (path, xml->str, -1, &error);
  g_assert_no_error (error);
  host = nv_host_describe (path, &error);
  g_assert_no_error (error);
  g_unlink (path);
  return host;
}

static void
memory_of_a_gpu_is_for_no_vm (void)
{
  g_autoptr (NvHost) host = two_nodes_at_one_core ("GPUMemory", 0);

  assert_usable (host, "0");
  g_assert_cmpint (nv_host_node (host, 1)->use, ==, NV_NODE_OF_DEVICE);
  g_assert_cmpint (nv_host_node (host, 1)->kind, ==, NV_MEMORY_KIND_GPU);
  assert_cores (host, 1, "");
}

static void
nodes_of_one_kind_may_claim_the_same_cpus (void)
{
  g_autoptr (NvHost) host = two_nodes_at_one_core ("DRAM", 0);

  assert_usable (host, "0-1");
  assert_cores (host, 0, "0");
  assert_cores (host, 1, "0");
}

static void
described_huge_pages_are_not_available_as_normal_ones (void)
{
  g_autoptr (NvHost) host = two_nodes_at_one_core ("DRAM", 100);
  g_autoptr (NvHost) absurd = two_nodes_at_one_core ("DRAM", G_MAXUINT64);

  g_assert_cmpuint (nv_node_available_bytes (nv_host_node (host, 1), 0), ==, NV_GIB - 200 * NV_MIB);
  g_assert_cmpuint (nv_node_available_bytes (nv_host_node (host, 1), 2 * NV_MIB), ==, 200 * NV_MIB);
  g_assert_cmpuint (nv_node_available_bytes (nv_host_node (absurd, 1), 0), ==, 0);
}

static void
an_xml_too_new_is_refused_with_both_versions (void)
{
  g_autofree char *path = path_of ("hwloc/too-new.xml");

  assert_refused (path, "XML of version 3.0");
  assert_refused (path, "reads up to version 2");
}

static void
what_describes_no_machine_is_refused_with_what_is_allowed (void)
{
  g_autofree char *not_hwloc = path_of ("capabilities/here.xml");

  assert_refused ("nonexistent.xml", "neither a file nor");
  assert_refused ("node:x", "`node:4 core:2 pu:2`");
  assert_refused ("", "neither a file nor");
  assert_refused (not_hwloc, "is not hwloc's XML");
  assert_refused (g_getenv ("NV_SOURCE_DIR"), "directory");
}

static const NvFact *
find_fact (const GPtrArray *facts, const char *subject)
{
  for (guint i = 0; i < facts->len; i++)
    if (strcmp (((const NvFact *)g_ptr_array_index (facts, i))->subject, subject) == 0)
      return g_ptr_array_index (facts, i);
  return NULL;
}

static void
assert_fact (const GPtrArray *facts, const char *subject, NvFactState state, const char *text)
{
  const NvFact *fact = find_fact (facts, subject);

  g_assert_nonnull (fact);
  g_assert_cmpint (fact->state, ==, state);
  g_assert_cmpstr (fact->text, ==, text);
}

static void
facts_of_a_machine_that_lacks_things_say_what_to_do (void)
{
  char *root = tree_unpack ("one-node");
  g_autoptr (GPtrArray) facts = nv_facts_of_host (root);

  assert_fact (facts, "NUMA", NV_FACT_YES, "1 node: a policy has nothing to choose");
  assert_fact (
      facts, "huge pages", NV_FACT_NO,
      "none reserved: echo 512 > /sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages");
  assert_fact (facts, "nodes' memory", NV_FACT_NOTE, "the nodes report 9.0 GiB of the machine's 23.0 GiB");
  g_assert_null (find_fact (facts, "NUMA balancing"));
  tree_remove (root);
}

static void
facts_of_a_machine_that_has_things_say_how_much (void)
{
  char *root = tree_unpack ("four-nodes");
  g_autoptr (GPtrArray) facts = nv_facts_of_host (root);

  assert_fact (facts, "NUMA", NV_FACT_YES, "4 nodes (0-3)");
  assert_fact (
      facts, "huge pages", NV_FACT_YES,
      "node 0: 1000 of 1024 free of 2 MiB, node 0: 0 of 1 free of 1.0 GiB, node 2: 512 of 512 free of 2 MiB");
  assert_fact (facts, "nodes' memory", NV_FACT_YES, "the nodes report all of the machine's 22.0 GiB");
  assert_fact (
      facts, "NUMA balancing", NV_FACT_NOTE,
      "set to '1': the kernel moves pages that no policy binds; off: echo 0 > /proc/sys/kernel/numa_balancing");
  tree_remove (root);
}

static void
facts_name_the_nodes_that_a_vm_may_use (void)
{
  char *root = tree_unpack ("sparse-nodes");
  g_autoptr (GPtrArray) facts = nv_facts_of_host (root);

  assert_fact (facts, "NUMA", NV_FACT_YES,
               "4 nodes, of which a VM may use 1 (0); `numavm topology` says why");
  tree_remove (root);
}

static void
kvm_needs_the_device_and_on_x86_a_cpu_that_offers_it (void)
{
  char *with = tree_unpack ("four-nodes"), *without = tree_unpack ("one-node");
  g_autofree char *reason = NULL;

  g_assert_false (nv_kvm_usable (with, &reason));
  g_assert_nonnull (strstr (reason, "/dev/kvm cannot be opened: No such file"));
  tree_write (with, "dev/kvm", "");
  tree_write (without, "dev/kvm", "");
  g_clear_pointer (&reason, g_free);
  g_assert_true (nv_kvm_usable (with, &reason));
  g_assert_null (reason);
#if defined(__x86_64__) || defined(__i386__)
  g_assert_false (nv_kvm_usable (without, &reason));
  g_assert_cmpstr (reason, ==, "this CPU offers no vmx or svm");
#endif
  tree_remove (with);
  tree_remove (without);
}

#define ADD(name) g_test_add_func ("/host/" #name, name)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD (a_machine_is_read_with_cores_distances_and_huge_pages);
  ADD (cpus_and_nodes_outside_the_cpuset_are_not_for_vms);
  ADD (nodes_without_memory_are_listed_and_not_usable);
  ADD (the_only_node_with_memory_has_all_of_the_machines);
  ADD (this_host_can_be_read);
  ADD (another_machine_in_hwlocs_environment_is_not_taken_for_this_host);
  ADD (a_damaged_machine_is_refused_with_the_node);
  ADD (a_synthetic_description_has_unknown_distances_and_all_memory_available);
  ADD (distances_belong_to_nodes_not_to_positions);
  ADD (cpus_belong_to_the_most_ordinary_memory_beside_them);
  ADD (a_recorded_cpuset_is_honoured);
  ADD (nodes_that_an_xml_leaves_out_have_no_memory);
  ADD (memory_of_a_gpu_is_for_no_vm);
  ADD (nodes_of_one_kind_may_claim_the_same_cpus);
  ADD (described_huge_pages_are_not_available_as_normal_ones);
  ADD (an_xml_too_new_is_refused_with_both_versions);
  ADD (what_describes_no_machine_is_refused_with_what_is_allowed);
  ADD (facts_of_a_machine_that_lacks_things_say_what_to_do);
  ADD (facts_of_a_machine_that_has_things_say_how_much);
  ADD (facts_name_the_nodes_that_a_vm_may_use);
  ADD (kvm_needs_the_device_and_on_x86_a_cpu_that_offers_it);
  return g_test_run ();
}
