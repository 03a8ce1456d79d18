/* How machines are shown: golden files under tests/golden/topology. */

#include "host/capabilities.h"
#include "host/topology.h"
#include "report/topology.h"
#include "golden.h"
#include "tree.h"

#include <string.h>

static const NvTopologyStyle wide = { .utf8 = TRUE, .columns = 120 };
static const NvTopologyStyle narrow = { .utf8 = FALSE, .columns = 80 };

static char *
show (const NvHost *host, const NvTopologyStyle *style)
{
  g_autofree char *nodes = nv_topology_format_nodes (host, style);
  g_autofree char *distances = nv_topology_format_distances (host, style);
  g_autofree char *picture = nv_topology_draw (host, style);

  return g_strconcat (nodes, "\n", distances, "\n", picture, NULL);
}

static void
assert_text (const NvHost *host, const char *name)
{
  g_autofree char *wide_text = show (host, &wide), *narrow_text = show (host, &narrow);
  g_autofree char *wide_name = g_strdup_printf ("topology/%s.wide.txt", name);
  g_autofree char *narrow_name = g_strdup_printf ("topology/%s.ascii.txt", name);

  assert_golden (wide_name, wide_text);
  assert_golden (narrow_name, narrow_text);
}

static void
assert_json (const NvHost *host, const char *name)
{
  g_autofree char *json_name = g_strdup_printf ("topology/%s.json", name), *json_text = NULL;
  json_t *json = nv_topology_to_json (host);
  char *dump = json_dumps (json, JSON_INDENT (1));

  json_text = g_strconcat (dump, "\n", NULL);
  assert_golden (json_name, json_text);
  free (dump);
  json_decref (json);
}

static void
assert_shown (const NvHost *host, const char *name)
{
  assert_text (host, name);
  assert_json (host, name);
}

/* A path would differ from machine to machine. */
static void
rename_host (NvHost *host, const char *name)
{
  g_free (host->description);
  host->description = g_strdup (name);
}

static void
an_xml_file_is_shown_as_before (gconstpointer data)
{
  const char *name = data;
  g_autofree char *path =
      g_strdup_printf ("%s/tests/machines/hwloc/%s.xml", g_getenv ("NV_SOURCE_DIR"), name);
  g_autoptr (GError) error = NULL;
  g_autoptr (NvHost) host = nv_host_describe (path, &error);

  g_assert_no_error (error);
  rename_host (host, name);
  assert_shown (host, name);
}

static void
a_tree_is_shown_as_before (gconstpointer data)
{
  const char *name = data;
  char *root = tree_unpack (name);
  g_autoptr (GError) error = NULL;
  g_autoptr (NvHost) host = nv_host_read (root, &error);

  g_assert_no_error (error);
  assert_shown (host, name);
  tree_remove (root);
}

static void
libvirts_view_is_shown_as_before (gconstpointer data)
{
  const char *name = data;
  g_autofree char *path =
      g_strdup_printf ("%s/tests/machines/capabilities/%s.xml", g_getenv ("NV_SOURCE_DIR"), name);
  g_autofree char *text = NULL, *golden = g_strdup_printf ("libvirt-%s", name);
  g_autoptr (NvCapabilities) capabilities = NULL;
  g_autoptr (NvHost) host = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  capabilities = nv_capabilities_parse (text, NULL);
  host = nv_capabilities_host (capabilities, "qemu+ssh://there/system");
  assert_shown (host, golden);
}

/* 8 packages of 8 nodes: 11 to those beside, 20 to all others; every second node's memory is in use. */
static NvHost *
big_host (void)
{
  NvHost *host = nv_host_describe ("pack:8 node:8 core:4 pu:2", NULL);

  rename_host (host, "64 nodes");
  for (guint i = 0; i < 64 * 64; i++)
    nv_host_set_distance (host, i / 64, i % 64, i / 64 == i % 64 ? 10 : i / 512 == i % 64 / 8 ? 11 : 20);
  for (guint i = 0; i < 64; i += 2)
    ((NvNode *)g_ptr_array_index (host->nodes, i))->memory_available_bytes /= 2;
  return host;
}

static void
sixty_four_nodes_are_shown_as_before (void)
{
  g_autoptr (NvHost) host = big_host ();

  assert_text (host, "sixty-four-nodes");
}

/* The longest line, in columns. */
static glong
width_of (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  glong widest = 0;

  for (char **line = lines; *line; line++)
    widest = MAX (widest, g_utf8_strlen (*line, -1));
  return widest;
}

static void
no_picture_is_wider_than_allowed (void)
{
  static const char *const machines[] = { "node:1 core:1 pu:1", "node:2 core:64 pu:2", "node:7 core:3 pu:1",
                                          "node:16 core:2 pu:2", "node:64 core:2 pu:2" };

  for (guint i = 0; i < G_N_ELEMENTS (machines); i++)
    for (guint columns = 60; columns <= 160; columns += 7)
      {
        g_autoptr (NvHost) host = nv_host_describe (machines[i], NULL);
        g_autofree char *picture =
            nv_topology_draw (host, &(NvTopologyStyle){ .utf8 = TRUE, .columns = columns });

        g_assert_cmpint (width_of (picture), <=, columns);
      }
}

static void
distances_too_wide_for_a_matrix_are_listed_by_distance (void)
{
  g_autoptr (NvHost) host = big_host ();
  g_autofree char *text = nv_topology_format_distances (host, &narrow);

  g_assert_nonnull (strstr (text, "   9  11: 8,10-15  20: 0-7,16-63\n"));
}

static void
unstated_distances_are_said_to_be_so (void)
{
  g_autoptr (NvHost) two = nv_host_describe ("node:2 pu:1", NULL),
                     one = nv_host_describe ("node:1 pu:1", NULL);
  g_autofree char *of_two = nv_topology_format_distances (two, &narrow);
  g_autofree char *of_one = nv_topology_format_distances (one, &narrow);

  g_assert_cmpstr (of_two, ==, "distances: not stated\n");
  g_assert_cmpstr (of_one, ==, "");
}

static void
an_unknown_distance_is_null_in_json (void)
{
  g_autoptr (NvHost) host = nv_host_describe ("node:2 pu:1", NULL);
  json_t *json = NULL, *row;

  nv_host_set_distance (host, 0, 1, 42);
  json = nv_topology_to_json (host);
  row = json_array_get (json_object_get (json, "distances"), 0);
  g_assert_true (json_is_null (json_array_get (row, 0)));
  g_assert_cmpint (json_integer_value (json_array_get (row, 1)), ==, 42);
  json_decref (json);
}

static void
a_description_that_is_no_utf8_still_makes_json (void)
{
  g_autoptr (NvHost) host = nv_host_describe ("node:2 pu:1", NULL);
  json_t *json;

  rename_host (host, "m\xff.xml");
  json = nv_topology_to_json (host);
  g_assert_cmpstr (json_string_value (json_object_get (json, "host")), ==, "m\xef\xbf\xbd.xml");
  json_decref (json);
}

static void
add_all (const char *test, const char *const *names, GTestDataFunc function)
{
  for (guint i = 0; names[i]; i++)
    {
      g_autofree char *path = g_strdup_printf ("/topology/%s/%s", test, names[i]);

      g_test_add_data_func (path, names[i], function);
    }
}

#define ADD(name) g_test_add_func ("/topology/" #name, name)

int
main (int argc, char **argv)
{
  static const char *const xml_files[] = { "128arm-2pa2n8cluster4co",
                                           "16amd64-8n2c-cpusets",
                                           "256ppc-8n8s4t",
                                           "fakeheteromemtiers",
                                           "fakememinitiators-1np2c+1npp+gi",
                                           NULL };
  static const char *const trees[] = { "four-nodes", "one-node", "sparse-nodes", NULL };
  static const char *const views[] = { "four-nodes", "here", "power9", NULL };

  g_test_init (&argc, &argv, NULL);
  add_all ("an_xml_file_is_shown_as_before", xml_files, an_xml_file_is_shown_as_before);
  add_all ("a_tree_is_shown_as_before", trees, a_tree_is_shown_as_before);
  add_all ("libvirts_view_is_shown_as_before", views, libvirts_view_is_shown_as_before);
  ADD (sixty_four_nodes_are_shown_as_before);
  ADD (no_picture_is_wider_than_allowed);
  ADD (distances_too_wide_for_a_matrix_are_listed_by_distance);
  ADD (unstated_distances_are_said_to_be_so);
  ADD (an_unknown_distance_is_null_in_json);
  ADD (a_description_that_is_no_utf8_still_makes_json);
  return g_test_run ();
}
