#include "hosts.h"

#include "base/error.h"
#include "policy/plan.h"
#include "policy/policy.h"
#include "policy/request.h"

#include <string.h>

static NvRequest *
test_defaults (void)
{
  NvRequest *defaults = g_new0 (NvRequest, 1);

  defaults->vcpus = 1;
  defaults->memory_bytes = 2048 * NV_MIB;
  defaults->policy = nv_policy_find ("none");
  defaults->has_disk = TRUE;
  return defaults;
}

/* Parses @text and compares all problems, as `LINE: message` lines, with @expected. */
static GPtrArray *
parse_bytes (const char *text, gsize length, const char *columns, const char *prefix, const char *expected)
{
  g_autoptr (NvRequest) defaults = test_defaults ();
  g_autoptr (NvProblems) problems = nv_problems_new ("-");
  g_autoptr (GString) found = g_string_new (NULL);
  GPtrArray *requests = nv_requests_parse (text, length, columns, prefix, defaults, problems);

  for (guint i = 0; i < nv_problems_count (problems); i++)
    {
      const NvProblem *problem = nv_problems_get (problems, i);

      g_string_append_printf (found, "%u: %s\n", problem->line, problem->message);
    }
  g_assert_cmpstr (found->str, ==, expected);
  return requests;
}

static GPtrArray *
parse (const char *text)
{
  return parse_bytes (text, strlen (text), NULL, NULL, "");
}

static void
assert_problems (const char *text, const char *expected)
{
  g_autoptr (GPtrArray) requests = parse_bytes (text, strlen (text), NULL, NULL, expected);

  g_assert_cmpuint (requests->len, ==, 0);
}

static const NvRequest *
request_at (GPtrArray *requests, guint i)
{
  g_assert_cmpuint (i, <, requests->len);
  return g_ptr_array_index (requests, i);
}

static void
a_line_is_vcpus_then_memory (void)
{
  g_autoptr (GPtrArray) requests = parse ("1 1024\n2 2048");

  g_assert_cmpuint (requests->len, ==, 2);
  g_assert_cmpuint (request_at (requests, 0)->vcpus, ==, 1);
  g_assert_cmpuint (request_at (requests, 0)->memory_bytes, ==, NV_GIB);
  g_assert_cmpuint (request_at (requests, 1)->vcpus, ==, 2);
  g_assert_cmpuint (request_at (requests, 1)->memory_bytes, ==, 2 * NV_GIB);
  g_assert_cmpuint (request_at (requests, 1)->line, ==, 2);
  g_assert_cmpuint (request_at (requests, 1)->index, ==, 1);
  g_assert_cmpstr (request_at (requests, 1)->policy->name, ==, "none");
  g_assert_true (request_at (requests, 1)->has_disk);
}

static void
every_key_is_read (void)
{
  g_autoptr (GPtrArray) requests = parse ("2 64 name=db nodes=2 policy=interleave cpus=0-1,4 pages=2M "
                                          "prealloc=yes disk=8G base=/b.img template=t.xml\n");
  const NvRequest *request = request_at (requests, 0);
  g_autofree char *cpus = nv_set_format (request->cpu_nodes);

  g_assert_cmpstr (request->name, ==, "db");
  g_assert_cmpuint (request->n_nodes, ==, 2);
  g_assert_cmpstr (request->policy->name, ==, "interleave");
  g_assert_cmpint (request->cpu_choice, ==, NV_CPUS_NODES);
  g_assert_cmpstr (cpus, ==, "0-1,4");
  g_assert_cmpuint (request->page_size_bytes, ==, 2 * NV_MIB);
  g_assert_true (request->preallocate);
  g_assert_cmpuint (request->disk_bytes, ==, 8 * NV_GIB);
  g_assert_cmpstr (request->base, ==, "/b.img");
  g_assert_cmpstr (request->template_file, ==, "t.xml");
}

static void
comments_blank_lines_and_other_line_ends_are_skipped (void)
{
  g_autoptr (GPtrArray) requests =
      parse ("\xEF\xBB\xBF# a list\r\n\r\n \t\r\n1 64 # the first\r\n\t2\t64\tname=a#b\n#3 64");

  g_assert_cmpuint (requests->len, ==, 2);
  g_assert_cmpuint (request_at (requests, 0)->line, ==, 4);
  g_assert_cmpstr (request_at (requests, 1)->name, ==, "a#b");
}

static void
columns_can_be_any_keys_in_any_order (void)
{
  const char *text = "3 512\n";
  g_autoptr (GPtrArray) requests = parse_bytes (text, strlen (text), "nodes,memory", NULL, "");

  g_assert_cmpuint (request_at (requests, 0)->n_nodes, ==, 3);
  g_assert_cmpuint (request_at (requests, 0)->memory_bytes, ==, 512 * NV_MIB);
  g_assert_cmpuint (request_at (requests, 0)->vcpus, ==, 1);
}

static void
what_no_column_says_comes_from_the_defaults (void)
{
  const char *text = "a\n";
  g_autoptr (GPtrArray) requests = parse_bytes (text, strlen (text), "name", NULL, "");

  g_assert_cmpuint (request_at (requests, 0)->memory_bytes, ==, 2048 * NV_MIB);
}

static void
bad_columns_are_one_problem_of_the_whole_text (void)
{
#define ALL_KEYS "name, vcpus, memory, nodes, policy, cpus, pages, prealloc, disk, base, template"
  static const char *const cases[][2] = {
    { "vcpus,size", "0: column 'size': one of " ALL_KEYS " is allowed\n" },
    { "vcpus,", "0: column '': one of " ALL_KEYS " is allowed\n" },
    { "", "0: column '': one of " ALL_KEYS " is allowed\n" },
    { "memory,memory", "0: columns 'memory,memory': 'memory' is named twice\n" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GPtrArray) requests = parse_bytes ("x\n", 2, cases[i][0], NULL, cases[i][1]);

      g_assert_cmpuint (requests->len, ==, 0);
    }
}

static void
each_bad_value_gets_one_message (void)
{
  assert_problems ("x y\n1 -5\n", "1: vcpus 'x': a whole number from 1 to 65535 is allowed\n"
                                  "1: memory 'y': a size in MiB from 1 to 2147483647 is allowed\n"
                                  "2: memory '-5': a size in MiB from 1 to 2147483647 is allowed\n");
}

static void
too_few_and_too_many_values_are_named (void)
{
  assert_problems ("2\n1 2 3\nname=b\n",
                   "1: the line begins with 1 value: 2 are expected, <vcpus> <memory>, then key=value\n"
                   "2: the line begins with 3 values: 2 are expected, <vcpus> <memory>, then key=value\n"
                   "3: the line begins with 0 values: 2 are expected, <vcpus> <memory>, then key=value\n");
}

static void
a_value_behind_a_key_is_a_problem (void)
{
  assert_problems ("1 64 name=a 7\n", "1: '7': values without a key come first in a line\n");
}

static void
a_key_given_twice_is_a_problem (void)
{
  assert_problems ("1 64 memory=128\n1 64 disk=1G disk=1G\n",
                   "1: key 'memory': given twice\n2: key 'disk': given twice\n");
}

static void
an_unknown_key_names_the_known_ones (void)
{
  assert_problems ("1 64 size=3\n", "1: key 'size': one of " ALL_KEYS " is allowed\n");
}

static void
quotes_work_as_in_a_shell (void)
{
  g_autoptr (GPtrArray) requests =
      parse ("1 64 name=\"a b \\\" \\\\ \\x\"\n1 64 name='c \"=# d'\n1 64 name=e' 'f\n'1' \"64\" base=a=b\n"
             "1 64 base='a\\'\n");

  g_assert_cmpstr (request_at (requests, 0)->name, ==, "a b \" \\ \\x");
  g_assert_cmpstr (request_at (requests, 1)->name, ==, "c \"=# d");
  g_assert_cmpstr (request_at (requests, 2)->name, ==, "e f");
  g_assert_cmpstr (request_at (requests, 3)->base, ==, "a=b");
  g_assert_cmpstr (request_at (requests, 4)->base, ==, "a\\");
  assert_problems ("1 64 name=\"a\n1 64 name=a'\n", "1: quote \" is not closed\n2: quote ' is not closed\n");
}

static void
bytes_that_are_no_text_are_refused_with_their_line (void)
{
  static const char text[] = "1 64\n1 \0 64\n1 64 name=\xff\n1 64 name=\x1b[2J\n";
  g_autoptr (GPtrArray) requests =
      parse_bytes (text, sizeof text - 1, NULL, NULL,
                   "2: byte 3 is 0x00: UTF-8 without control characters is allowed\n"
                   "3: byte 11 is 0xff: UTF-8 without control characters is allowed\n"
                   "4: byte 11 is 0x1b: UTF-8 without control characters is allowed\n");

  g_assert_cmpuint (requests->len, ==, 1);
}

static void
names_default_to_the_index_behind_the_prefix (void)
{
  const char *text = "1 64\n# none\n1 64 name=db\n1 64\n";
  g_autoptr (GPtrArray) requests = parse_bytes (text, strlen (text), NULL, "t-", "");

  g_assert_cmpstr (request_at (requests, 0)->name, ==, "t-vm0");
  g_assert_cmpstr (request_at (requests, 1)->name, ==, "t-db");
  g_assert_cmpstr (request_at (requests, 2)->name, ==, "t-vm2");
}

static void
the_whole_name_is_checked (void)
{
  const char *text = "1 64 name=b/c\n1 64\n";
  g_autoptr (GPtrArray) requests = parse_bytes (
      text, strlen (text), NULL, "a/",
      "1: name 'b/c' contains '/': 1 to 64 bytes of UTF-8 without control characters or '/' are allowed\n"
      "2: name 'a/vm1' contains '/': 1 to 64 bytes of UTF-8 without control characters or '/' are allowed\n");

  g_assert_cmpuint (requests->len, ==, 0);
}

static void
a_name_that_is_taken_names_the_line_that_has_it (void)
{
  const char *text = "1 64 name=b\n1 64 name=b\n1 64 name=vm3\n1 64\n";
  g_autoptr (GPtrArray) requests =
      parse_bytes (text, strlen (text), NULL, NULL,
                   "2: name 'b': line 1 has it already\n4: name 'vm3': line 3 has it already\n");

  g_assert_cmpuint (requests->len, ==, 2);
}

static void
every_bad_value_says_what_is_allowed (void)
{
  static const char *const cases[][3] = {
    { "vcpus", "0", "vcpus '0': a whole number from 1 to 65535 is allowed" },
    { "memory", "2147483648", "memory '2147483648': a size in MiB from 1 to 2147483647 is allowed" },
    { "memory", "2G", "memory '2G': a size in MiB from 1 to 2147483647 is allowed" },
    { "memory", "", "memory '': a size in MiB from 1 to 2147483647 is allowed" },
    { "nodes", "0", "nodes '0': a whole number from 1 to 16384 is allowed" },
    { "cpus", "all", "cpus 'all': free, same or a nodeset such as 0-3,8 is allowed" },
    { "pages", "3M", "pages '3M': normal or a power of two such as 2M or 1G is allowed" },
    { "pages", "0", "pages '0': normal or a power of two such as 2M or 1G is allowed" },
    { "prealloc", "maybe", "prealloc 'maybe': yes or no is allowed" },
    { "disk", "0", "disk '0': none or a size such as 2G is allowed" },
    { "disk", "8E", "disk '8E': none or a size such as 2G is allowed" },
    { "base", "", "base '': a file's path is allowed" },
    { "template", "", "template '': a file's path is allowed" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (NvRequest) request = test_defaults ();
      g_autoptr (GError) error = NULL;

      g_assert_false (nv_request_set (request, cases[i][0], cases[i][1], &error));
      g_assert_error (error, NV_ERROR, NV_ERROR_USAGE);
      g_assert_cmpstr (error->message, ==, cases[i][2]);
    }
}

static void
an_unknown_policy_names_all_policies (void)
{
  g_autoptr (NvRequest) request = test_defaults ();
  g_autoptr (GError) error = NULL;

  g_assert_false (nv_request_set (request, "policy", "best", &error));
  for (guint i = 0; nv_policies[i]; i++)
    g_assert_nonnull (strstr (error->message, nv_policies[i]->name));
}

static void
a_key_set_again_replaces_what_was_there (void)
{
  g_autoptr (NvRequest) request = test_defaults ();
  static const char *const settings[][2] = {
    { "cpus", "0-1" },  { "cpus", "same" },     { "pages", "1G" },   { "pages", "normal" }, { "disk", "1G" },
    { "disk", "none" }, { "prealloc", "true" }, { "prealloc", "0" }, { "base", "a" },       { "base", "b" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    g_assert_true (nv_request_set (request, settings[i][0], settings[i][1], NULL));
  g_assert_cmpint (request->cpu_choice, ==, NV_CPUS_SAME);
  g_assert_null (request->cpu_nodes);
  g_assert_cmpuint (request->page_size_bytes, ==, 0);
  g_assert_false (request->has_disk);
  g_assert_cmpuint (request->disk_bytes, ==, 0);
  g_assert_false (request->preallocate);
  g_assert_cmpstr (request->base, ==, "b");
}

/* Node 0 has CPUs and memory, 1 no memory, 2 no CPUs, 8 both; 2 MiB pages on node 0 only, none of 1 GiB. */
static NvHost *
mixed_host (void)
{
  static const TestNode nodes[] = { { 0, 2, 1024 }, { 1, 2, 0 }, { 2, 0, 1024 }, { 8, 2, 1024 } };
  NvHost *host = test_host (nodes, G_N_ELEMENTS (nodes));

  nv_node_add_page_pool (g_ptr_array_index (host->nodes, 0), 2 * NV_MIB, 8, 8);
  nv_node_add_page_pool (g_ptr_array_index (host->nodes, 0), NV_GIB, 0, 0);
  return host;
}

/* Checks a request of the keys in @settings, `key=value` divided by blanks. */
static void
assert_check (const NvHost *host, const char *settings, const char *expected)
{
  g_autoptr (NvRequest) request = test_defaults ();
  g_autoptr (NvProblems) problems = nv_problems_new ("-");
  g_autoptr (GString) found = g_string_new (NULL);
  g_auto (GStrv) words = g_strsplit (settings, " ", -1);

  for (guint i = 0; words[i]; i++)
    {
      g_auto (GStrv) pair = g_strsplit (words[i], "=", 2);

      g_assert_true (nv_request_set (request, pair[0], pair[1], NULL));
    }
  nv_request_check (request, host, 255, "pc", problems);
  for (guint i = 0; i < nv_problems_count (problems); i++)
    g_string_append_printf (found, "%s\n", nv_problems_get (problems, i)->message);
  g_assert_cmpstr (found->str, ==, expected);
}

static void
what_the_host_has_passes_the_check (void)
{
  g_autoptr (NvHost) host = mixed_host ();

  assert_check (host, "vcpus=255 nodes=3 cpus=0-1,8 pages=2M memory=8", "");
  assert_check (host, "policy=interleave cpus=same", "");
  assert_check (host, "policy=local cpus=0-1", "");
}

static void
what_the_host_has_not_is_named_with_what_it_has (void)
{
  g_autoptr (NvHost) host = mixed_host ();
  g_autoptr (NvHost) small = test_host_even (1, 1, 64);

  assert_check (host, "vcpus=900", "vcpus '900': machine type 'pc' allows at most 255\n");
  assert_check (host, "nodes=9", "nodes '9': this host has 3 nodes that a VM may use (0,2,8)\n");
  assert_check (small, "nodes=2", "nodes '2': this host has 1 node that a VM may use (0)\n");
  assert_check (host, "cpus=0,3", "cpus '0,3': this host has no node 3, it has 0-2,8\n");
  assert_check (host, "cpus=2", "cpus '2': node 2 has no CPUs\n");
  assert_check (host, "pages=1G", "pages '1.0 GiB': this host has pages of 2 MiB\n");
  assert_check (small, "pages=2M",
                "pages '2 MiB': this host has no huge pages reserved: `numavm doctor` tells how\n");
  assert_check (host, "pages=2M memory=7", "memory '7': a whole number of pages of 2 MiB is allowed\n");
}

static void
cpus_and_memory_cannot_both_follow_each_other (void)
{
  g_autoptr (NvHost) host = mixed_host ();

  assert_check (host, "policy=local cpus=same",
                "cpus 'same': policy 'local' puts memory where the CPUs are, not CPUs where the memory is: "
                "use free or nodes\n");
  assert_check (host, "policy=none cpus=same",
                "cpus 'same': policy 'none' names no nodes for the memory: use free or nodes\n");
}

static void
a_home_must_be_among_the_nodes_to_choose_from (void)
{
  g_autoptr (NvHost) host = mixed_host ();

  assert_check (host, "policy=local cpus=8 nodes=2",
                "cpus '8': policy 'local' puts memory there, but may choose among nodes 0,2 only\n");
  assert_check (host, "policy=local cpus=1",
                "cpus '1': policy 'local' puts memory there, but may choose among nodes 0,2,8 only\n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(test) g_test_add_func ("/request/" #test, test)
  ADD (a_line_is_vcpus_then_memory);
  ADD (every_key_is_read);
  ADD (comments_blank_lines_and_other_line_ends_are_skipped);
  ADD (columns_can_be_any_keys_in_any_order);
  ADD (what_no_column_says_comes_from_the_defaults);
  ADD (bad_columns_are_one_problem_of_the_whole_text);
  ADD (each_bad_value_gets_one_message);
  ADD (too_few_and_too_many_values_are_named);
  ADD (a_value_behind_a_key_is_a_problem);
  ADD (a_key_given_twice_is_a_problem);
  ADD (an_unknown_key_names_the_known_ones);
  ADD (quotes_work_as_in_a_shell);
  ADD (bytes_that_are_no_text_are_refused_with_their_line);
  ADD (names_default_to_the_index_behind_the_prefix);
  ADD (the_whole_name_is_checked);
  ADD (a_name_that_is_taken_names_the_line_that_has_it);
  ADD (every_bad_value_says_what_is_allowed);
  ADD (an_unknown_policy_names_all_policies);
  ADD (a_key_set_again_replaces_what_was_there);
  ADD (what_the_host_has_passes_the_check);
  ADD (what_the_host_has_not_is_named_with_what_it_has);
  ADD (cpus_and_memory_cannot_both_follow_each_other);
  ADD (a_home_must_be_among_the_nodes_to_choose_from);
#undef ADD
  return g_test_run ();
}
