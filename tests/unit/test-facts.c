#include "bench/facts.h"
#include "bench/cpu.h"
#include "tree.h"

#define KIB 1024
#define MIB (1024 * KIB)

static json_t *
read_recorded (const char *name)
{
  char *root = tree_unpack (name);
  json_t *facts = nv_facts_read (root);

  tree_remove (root);
  return facts;
}

/* Holds one member, dumped compactly, against @expected; NULL: it is absent. */
static void
assert_member (const json_t *facts, const char *key, const char *expected)
{
  json_t *member = json_object_get (facts, key);
  char *text = member ? json_dumps (member, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

  g_assert_cmpstr (text, ==, expected);
  free (text);
}

static void
a_recorded_machine_is_described (void)
{
  json_t *facts = read_recorded ("two-sockets");

  assert_member (facts, "kernel", "\"6.1.0-56-amd64\"");
  assert_member (
      facts, "cpu",
      "{\"model\":\"Intel(R) Xeon(R) Gold 6330 CPU @ 2.00GHz\",\"vendor\":\"GenuineIntel\","
      "\"microcode\":\"0xd0003a5\",\"flags\":[\"sse2\",\"avx\",\"avx2\",\"fma\",\"avx512f\",\"avx512vl\",\"erms\"]}");
  assert_member (facts, "cpus_online", "\"0-6\"");
  assert_member (facts, "distances", "[[10,21,17],[21,10,28],[17,28,10]]");
  assert_member (facts, "thp", "{\"enabled\":\"madvise\",\"defrag\":\"madvise\",\"page_bytes\":2097152}");
  assert_member (facts, "numa_balancing", "1");
  assert_member (facts, "ksm", "2");
  assert_member (facts, "hypervisor", "{\"name\":\"Xen\",\"emulated\":false}");
  assert_member (facts, "frequency_governor", "\"schedutil\"");
  json_decref (facts);
}

static void
caches_of_one_kind_are_listed_with_the_cpus_that_share_each (void)
{
  json_t *facts = read_recorded ("two-sockets");
  json_t *caches = json_object_get (facts, "caches");

  g_assert_cmpuint (json_array_size (caches), ==, 4);
  json_object_set (facts, "first", json_array_get (caches, 0));
  json_object_set (facts, "last", json_array_get (caches, 3));
  assert_member (facts, "first",
                 "{\"level\":1,\"type\":\"data\",\"size_bytes\":49152,\"source\":\"sysfs\","
                 "\"shared_cpus\":[\"0,4\",\"1,5\",\"2,6\",\"3\"]}");
  assert_member (facts, "last",
                 "{\"level\":3,\"type\":\"unified\",\"size_bytes\":44040192,\"source\":\"sysfs\","
                 "\"shared_cpus\":[\"0-1,4-5\",\"2-3,6\"]}");
  json_decref (facts);
}

static void
nodes_have_their_free_pages_by_size (void)
{
  json_t *facts = read_recorded ("two-sockets");
  json_t *nodes = json_object_get (facts, "nodes");

  g_assert_cmpuint (json_array_size (nodes), ==, 3);
  json_object_set (facts, "first", json_array_get (nodes, 0));
  assert_member (facts, "first",
                 "{\"node\":0,\"cpus\":\"0-1,4-5\",\"memory_bytes\":12884901888,\"free_bytes\":4294967296,"
                 "\"available_bytes\":5364613120,\"pages\":[{\"page_bytes\":4096,\"free\":1048576},"
                 "{\"page_bytes\":2097152,\"total\":512,\"free\":500},"
                 "{\"page_bytes\":1073741824,\"total\":2,\"free\":1}]}");
  assert_member (json_array_get (nodes, 2), "cpus", "\"\""); /* memory alone */
  json_decref (facts);
}

static void
what_cannot_be_found_out_is_absent (void)
{
  json_t *facts = read_recorded ("four-nodes"), *none = nv_facts_read ("/nonexistent");

  assert_member (facts, "kernel", NULL);
  assert_member (facts, "caches", NULL);
  assert_member (facts, "thp", NULL);
  assert_member (facts, "ksm", NULL);
  assert_member (facts, "frequency_governor", NULL);
  assert_member (facts, "distances", "[[10,16,32,40],[16,10,32,50],[32,32,10,40],[40,40,40,10]]");
  g_assert_cmpuint (json_object_size (none), ==, 0);
  json_decref (facts);
  json_decref (none);
}

static void
distances_with_a_hole_are_absent (void)
{
  char *root = tree_unpack ("two-sockets");
  json_t *facts;

  tree_write (root, "sys/devices/system/node/node1/distance", "21 10\n");
  facts = nv_facts_read (root);
  assert_member (facts, "distances", NULL);
  g_assert_cmpuint (json_array_size (json_object_get (facts, "nodes")), ==, 3);
  json_decref (facts);
  tree_remove (root);
}

static void
last_level_cache_is_that_of_the_cpus_in_use (void)
{
  static const struct
  {
    int cpus[3];
    size_t n_cpus;
    uint64_t bytes;
  } cases[] = {
    { { 0 }, 1, 43008 * KIB },
    { { 0, 1, 5 }, 3, 43008 * KIB },
    { { 0, 6 }, 2, UINT64_C (2) * 43008 * KIB },
    { { 2, 3 }, 2, 43008 * KIB },
    { { -1 }, 1, UINT64_C (2) * 43008 * KIB },
    { { 99 }, 1, 0 },
    { { 0 }, 0, 0 },
  };
  json_t *facts = read_recorded ("two-sockets"), *none = json_object ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpuint (nv_facts_last_level_cache_bytes (facts, cases[i].cpus, cases[i].n_cpus), ==,
                      cases[i].bytes);
  g_assert_cmpuint (nv_facts_last_level_cache_bytes (none, cases[0].cpus, 1), ==, 0);
  json_decref (facts);
  json_decref (none);
}

static void
a_machine_without_an_l3_has_its_l2_as_the_last_level (void)
{
  json_t *facts =
      json_loads ("{\"caches\": [{\"level\": 2, \"size_bytes\": 1024, \"shared_cpus\": [\"0\", \"1\"]},"
                  " {\"level\": 1, \"size_bytes\": 64, \"shared_cpus\": [\"0\", \"1\"]}]}",
                  0, NULL);
  int cpus[] = { 0, 1 };

  g_assert_cmpuint (nv_facts_last_level_cache_bytes (facts, cpus, 2), ==, 2048);
  json_decref (facts);
}

static void
this_machine_is_described (void)
{
  json_t *facts = nv_facts_read ("/");
  size_t i, n_nodes = 0;
  json_t *node;

  g_assert_nonnull (json_object_get (facts, "kernel"));
  g_assert_nonnull (json_object_get (facts, "cpu"));
  json_array_foreach (json_object_get (facts, "nodes"), i, node)
  {
    g_assert_nonnull (json_object_get (node, "cpus"));
    n_nodes++;
  }
  g_assert_cmpuint (json_array_size (json_object_get (facts, "distances")), ==, n_nodes);
  json_decref (facts);
}

/* What CPUID says is held against no other source here; that it makes sense is all that can be asked. */
static void
caches_that_the_cpu_names_are_plausible (void)
{
  struct nv_cpuid_cache caches[16];
  size_t n = nv_cpuid_caches (caches, G_N_ELEMENTS (caches));

  for (size_t i = 0; i < n; i++)
    {
      g_assert_cmpuint (caches[i].level, >=, 1);
      g_assert_cmpuint (caches[i].level, <=, 4);
      g_assert_nonnull (caches[i].type);
      g_assert_cmpuint (caches[i].size_bytes, >=, 1 * KIB);
      g_assert_cmpuint (caches[i].size_bytes % KIB, ==, 0);
      if (caches[i].level == 1)
        g_assert_cmpuint (caches[i].size_bytes, <=, 1 * MIB);
    }
  g_assert_cmpuint (nv_cpuid_caches (caches, 1), ==, MIN (n, 1));
}

#define ADD(name) g_test_add_func ("/facts/" #name, name)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD (a_recorded_machine_is_described);
  ADD (caches_of_one_kind_are_listed_with_the_cpus_that_share_each);
  ADD (nodes_have_their_free_pages_by_size);
  ADD (what_cannot_be_found_out_is_absent);
  ADD (distances_with_a_hole_are_absent);
  ADD (last_level_cache_is_that_of_the_cpus_in_use);
  ADD (a_machine_without_an_l3_has_its_l2_as_the_last_level);
  ADD (this_machine_is_described);
  ADD (caches_that_the_cpu_names_are_plausible);
  return g_test_run ();
}
