#include "bench/samplers/format.h"
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#define ANY_ORDER (-1)

static void
collect (void *data, const char *text)
{
  g_ptr_array_add (data, g_strdup (text));
}

/* What is sampled below a root, and what was complained about. */
typedef struct
{
  char *root;
  GPtrArray *complaints;
  struct nv_engine *engine;
  struct nv_sample sample;
} Fixture;

/* @root: taken. */
static void
open_root (Fixture *fixture, char *root)
{
  struct nv_message message = { "" };

  fixture->root = root;
  fixture->complaints = g_ptr_array_new_with_free_func (g_free);
  g_assert_cmpint (nv_engine_open (root, nv_samplers,
                                   &(struct nv_engine_complaints){ collect, fixture->complaints },
                                   &fixture->engine, &message),
                   ==, 0);
  g_assert_cmpint (nv_engine_read (fixture->engine, &fixture->sample), ==, 0);
}

static void
open_machine (Fixture *fixture, const char *name)
{
  open_root (fixture, tree_unpack (name));
}

static void
close_machine (Fixture *fixture)
{
  nv_engine_close (fixture->engine);
  g_ptr_array_unref (fixture->complaints);
  tree_remove (fixture->root);
}

static const struct nv_sample_value *
find (const struct nv_sample *sample, const char *sampler, const char *name, int node, const char *zone,
      int order)
{
  const struct nv_sample_value *found = NULL;

  for (size_t i = 0; i < sample->n_values; i++)
    {
      const struct nv_sample_value *value = &sample->values[i];

      if (strcmp (value->sampler->name, sampler) != 0 || strcmp (value->name, name) != 0
          || value->node != node || g_strcmp0 (value->zone, zone) != 0 || value->order != order)
        continue;
      g_assert_null (found); /* each once */
      found = value;
    }
  return found;
}

static void
assert_count (const struct nv_sample *sample, const char *sampler, const char *name, int node, uint64_t count)
{
  const struct nv_sample_value *value = find (sample, sampler, name, node, NULL, ANY_ORDER);

  g_assert_nonnull (value);
  g_assert_false (value->is_ratio);
  g_assert_cmpuint (value->count, ==, count);
}

static void
assert_index (const struct nv_sample *sample, int node, const char *zone, int order, double expected)
{
  const struct nv_sample_value *value = find (sample, "buddyinfo", "unusable_index", node, zone, order);

  g_assert_nonnull (value);
  g_assert_true (value->is_ratio);
  g_assert_cmpfloat_with_epsilon (value->ratio, expected, 1e-12);
}

static void
counters_are_read_and_absent_ones_are_absent (void)
{
  Fixture fixture;
  const struct nv_sample *sample = &fixture.sample;

  open_machine (&fixture, "sparse-nodes");
  assert_count (sample, "vmstat", "compact_stall", -1, 89);
  assert_count (sample, "vmstat", "compact_daemon_wake", -1, 10);
  assert_count (sample, "vmstat", "thp_fault_alloc", -1, INT64_MAX);
  assert_count (sample, "vmstat", "numa_miss", -1, 34);
  assert_count (sample, "vmstat", "pgmigrate_fail", -1, 7);
  assert_count (sample, "vmstat", "cow_ksm", -1, 3);
  g_assert_null (find (sample, "vmstat", "compact_success", -1, NULL, ANY_ORDER));
  g_assert_null (find (sample, "vmstat", "numa_hint_faults", -1, NULL, ANY_ORDER));
  g_assert_null (find (sample, "vmstat", "pgfault", -1, NULL, ANY_ORDER));       /* not asked for */
  g_assert_null (find (sample, "vmstat", "thp_split_pmd", -1, NULL, ANY_ORDER)); /* went below zero */
  g_assert_cmpuint (fixture.complaints->len, ==, 0);
  close_machine (&fixture);
}

static void
nodes_need_not_be_numbered_in_sequence (void)
{
  static const int nodes[] = { 0, 2, 8, 9 };
  Fixture fixture;
  const struct nv_sample *sample = &fixture.sample;
  guint n_seen = 0;

  open_machine (&fixture, "sparse-nodes");
  assert_count (sample, "numa", "numa_hit", 8, 100);
  assert_count (sample, "numa", "other_node", 0, 130);
  assert_count (sample, "numa", "numa_foreign", 2, 30);
  assert_count (sample, "numa", "free_bytes", 8, UINT64_C (7340032) * 1024);
  assert_count (sample, "numa", "free_bytes", 9, 0);
  for (size_t i = 0; i < sample->n_values; i++)
    if (strcmp (sample->values[i].name, "numa_hit") == 0 && sample->values[i].node >= 0)
      g_assert_cmpint (sample->values[i].node, ==, nodes[n_seen++]);
  g_assert_cmpuint (n_seen, ==, G_N_ELEMENTS (nodes));
  close_machine (&fixture);
}

static void
nodes_come_by_number (void)
{
  char *root = g_dir_make_tmp ("numavm-tree-XXXXXX", NULL);
  Fixture fixture;

  for (int i = 0; i < 12; i++)
    {
      g_autofree char *numastat = g_strdup_printf ("sys/devices/system/node/node%d/numastat", i);
      g_autofree char *meminfo = g_strdup_printf ("sys/devices/system/node/node%d/meminfo", i);
      g_autofree char *free_memory = g_strdup_printf ("Node %d MemFree:   %d kB\n", i, i);

      tree_write (root, numastat, "numa_hit 5\n");
      tree_write (root, meminfo, free_memory);
    }
  tree_write (root, "sys/devices/system/node/nodes", "this is none");
  open_root (&fixture, root);
  g_assert_cmpuint (fixture.sample.n_values, ==, 24);
  for (int i = 0; i < 24; i++)
    g_assert_cmpint (fixture.sample.values[i].node, ==, i / 2);
  close_machine (&fixture);
}

static void
unusable_is_what_is_in_smaller_blocks (void)
{
  Fixture fixture;
  const struct nv_sample *sample = &fixture.sample;

  /* 2 blocks of 1 page, and one of 2, 4 and 8 pages each: 16 pages. */
  open_machine (&fixture, "sparse-nodes");
  g_assert_cmpuint (find (sample, "buddyinfo", "free", 0, "DMA32", 0)->count, ==, 2);
  g_assert_cmpuint (find (sample, "buddyinfo", "free", 0, "DMA32", 3)->count, ==, 1);
  assert_index (sample, 0, "DMA32", 0, 0.0);
  assert_index (sample, 0, "DMA32", 1, 2.0 / 16);
  assert_index (sample, 0, "DMA32", 2, 4.0 / 16);
  assert_index (sample, 0, "DMA32", 3, 8.0 / 16);
  assert_index (sample, 0, "DMA32", 4, 1.0);
  assert_index (sample, 0, "DMA32", 10, 1.0);
  assert_index (sample, 0, "Normal", 10, 0.0);
  assert_index (sample, 8, "Normal", 10, 1.0 / (1 + 1024.0 * 1792));
  close_machine (&fixture);
}

static void
nothing_is_usable_where_nothing_is_free (void)
{
  Fixture fixture;

  open_machine (&fixture, "sparse-nodes");
  assert_index (&fixture.sample, 8, "Movable", 0, 1.0);
  assert_index (&fixture.sample, 8, "Movable", 10, 1.0);
  close_machine (&fixture);
}

/* What @sampler's file @file makes of @text. */
static int
parse (const char *sampler, guint file, const char *text, struct nv_sample_values *values, char **ret_words)
{
  *ret_words = g_strdup (text);
  memset (values, 0, sizeof *values);
  return nv_sampler_find (sampler)->files[file].parse (*ret_words, 0, values);
}

static void
zones_may_have_any_name_and_number_of_orders (void)
{
  struct nv_sample_values values;
  g_autofree char *words = NULL;

  /* 20 orders, a name longer than the column, no newline at the end. */
  g_assert_cmpint (parse ("buddyinfo", 0,
                          "Node 1023, zone DeviceOfSomeKind 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 123456789\n"
                          "Node    7, zone        X      3",
                          &values, &words),
                   ==, 0);
  g_assert_cmpuint (values.length, ==, 2 * 20 + 2 * 1);
  g_assert_cmpstr (values.items[0].zone, ==, "DeviceOfSomeKind");
  g_assert_cmpint (values.items[19].node, ==, 1023);
  g_assert_cmpint (values.items[19].order, ==, 19);
  g_assert_cmpuint (values.items[19].count, ==, 123456789);
  g_assert_cmpfloat_with_epsilon (values.items[39].ratio, 1.0 / (1.0 + 123456789.0 * 524288), 1e-18);
  g_assert_cmpint (values.items[40].node, ==, 7);
  g_assert_cmpuint (values.items[40].count, ==, 3);
  nv_sample_values_clear (&values);
}

static void
an_empty_file_has_no_values (void)
{
  struct nv_sample_values values;

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *words = NULL;

      g_assert_cmpint (parse (i == 0 ? "buddyinfo" : "vmstat", 0, "", &values, &words), ==, 0);
      g_assert_cmpuint (values.length, ==, 0);
      nv_sample_values_clear (&values);
    }
}

static void
damaged_texts_are_refused (void)
{
  static const struct
  {
    const char *sampler;
    guint file;
    const char *text;
  } cases[] = {
    { "vmstat", 0, "compact_stall" },
    { "vmstat", 0, "compact_stall \n" },
    { "vmstat", 0, "compact_stall -1\n" },
    { "vmstat", 0, "compact_stall 1 2\n" },
    { "vmstat", 0, "compact_stall 18446744073709551616\n" },
    { "numa", 0, "numa_hit x\n" },
    { "numa", 0, " 7\n" },
    { "numa", 1, "" },
    { "numa", 1, "Node 0 MemFree:\n" },
    { "numa", 1, "Node 0 MemFree:   12\n" },
    { "numa", 1, "Node 0 MemFree:   12 MB\n" },
    { "numa", 1, "Node 0 MemFree:   12 kB or so\n" },
    { "numa", 1, "Node 0 MemFree:   18446744073709551615 kB\n" },
    { "numa", 1, "Node 0 MemFree:   9007199254740992 kB\n" },
    { "buddyinfo", 0, "Node" },
    { "buddyinfo", 0, "Node 0, zone" },
    { "buddyinfo", 0, "Node 0, zone DMA" },
    { "buddyinfo", 0, "Node 0 zone DMA 1\n" },
    { "buddyinfo", 0, "Node -1, zone DMA 1\n" },
    { "buddyinfo", 0, "Node 40000, zone DMA 1\n" },
    { "buddyinfo", 0, "Zone 0, zone DMA 1\n" },
    { "buddyinfo", 0, "Node 0, area DMA 1\n" },
    { "buddyinfo", 0, "Node 0, zone DMA 1 two\n" },
    { "buddyinfo", 0, "Node 0, zone DMA 0 9223372036854775808\n" },
    { "buddyinfo", 0, "Node 0, zone DMA 18446744073709551615 1\n" },
    { "buddyinfo", 0, "Node 0, zone DMA 9223372036854775807 1\n" },
    { "buddyinfo", 0,
      "Node 0, zone DMA 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 "
      "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      struct nv_sample_values values;
      g_autofree char *words = NULL;

      g_test_message ("%s: %s", cases[i].sampler, cases[i].text);
      g_assert_cmpint (parse (cases[i].sampler, cases[i].file, cases[i].text, &values, &words), ==, -EBADMSG);
      nv_sample_values_clear (&values);
    }
}

/* In place: what is open stays open. */
static void
overwrite (const char *root, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (root, name, NULL);
  int fd = open (path, O_WRONLY | O_TRUNC);

  g_assert_cmpint (write (fd, text, strlen (text)), ==, (gssize)strlen (text));
  close (fd);
}

static void
a_damaged_file_is_left_out_and_complained_about_once (void)
{
  Fixture fixture;
  struct nv_sample *sample = &fixture.sample;

  open_machine (&fixture, "sparse-nodes");
  overwrite (fixture.root, "proc/buddyinfo", "Node 0, zone DMA 1\nNode 0, zone Normal one\n");
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpint (nv_engine_read (fixture.engine, sample), ==, 0);
      g_assert_null (find (sample, "buddyinfo", "free", 0, "DMA", 0));
      assert_count (sample, "vmstat", "compact_stall", -1, 89);
      assert_count (sample, "numa", "numa_hit", 8, 100);
      g_assert_cmpuint (fixture.complaints->len, ==, 1);
    }
  g_assert_nonnull (
      strstr (g_ptr_array_index (fixture.complaints, 0), "/proc/buddyinfo' does not look as it should"));
  overwrite (fixture.root, "proc/buddyinfo", "Node 0, zone DMA 1\n");
  g_assert_cmpint (nv_engine_read (fixture.engine, sample), ==, 0);
  g_assert_cmpuint (find (sample, "buddyinfo", "free", 0, "DMA", 0)->count, ==, 1);
  close_machine (&fixture);
}

static void
every_read_is_of_what_the_file_says_now (void)
{
  Fixture fixture;
  g_autoptr (GString) text = g_string_new (NULL);

  open_machine (&fixture, "sparse-nodes");
  for (guint i = 0; i < 20000; i++) /* far beyond a buffer's first size */
    g_string_append_printf (text, "other_%u %u\n", i, i);
  g_string_append (text, "compact_stall 90\n");
  overwrite (fixture.root, "proc/vmstat", text->str);
  g_assert_cmpint (nv_engine_read (fixture.engine, &fixture.sample), ==, 0);
  assert_count (&fixture.sample, "vmstat", "compact_stall", -1, 90);
  overwrite (fixture.root, "proc/vmstat", "compact_stall 91\n");
  g_assert_cmpint (nv_engine_read (fixture.engine, &fixture.sample), ==, 0);
  assert_count (&fixture.sample, "vmstat", "compact_stall", -1, 91);
  close_machine (&fixture);
}

static void
nodes_that_come_and_go_are_followed (void)
{
  Fixture fixture;
  g_autofree char *gone = NULL;

  open_machine (&fixture, "sparse-nodes");
  assert_count (&fixture.sample, "numa", "numa_hit", 8, 100);
  gone = g_build_filename (fixture.root, "sys/devices/system/node/node8", NULL);
  tree_remove_below (gone);
  tree_write (fixture.root, "sys/devices/system/node/node11/numastat", "numa_hit 7\n");
  tree_write (fixture.root, "sys/devices/system/node/node11/meminfo", "Node 11 MemFree:   12 kB\n");
  overwrite (fixture.root, "sys/devices/system/node/online", "0,2,9,11\n");
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpint (nv_engine_read (fixture.engine, &fixture.sample), ==, 0);
      g_assert_null (find (&fixture.sample, "numa", "numa_hit", 8, NULL, ANY_ORDER));
      assert_count (&fixture.sample, "numa", "numa_hit", 11, 7);
      assert_count (&fixture.sample, "vmstat", "compact_stall", -1, 89);
      g_assert_cmpuint (fixture.complaints->len, ==, 1);
    }
  g_assert_cmpstr (g_ptr_array_index (fixture.complaints, 0), ==,
                   "nodes '0,2,9,11' are online now, '0,2,8,9' were: those are sampled from here on");
  close_machine (&fixture);
}

static void
what_is_not_there_is_named_with_its_remedy_and_the_rest_goes_on (void)
{
  Fixture fixture;
  char *root = tree_unpack ("sparse-nodes");
  g_autofree char *buddyinfo = g_build_filename (root, "proc/buddyinfo", NULL);

  g_unlink (buddyinfo);
  open_root (&fixture, root);
  g_assert_cmpuint (fixture.complaints->len, ==, 1);
  g_assert_nonnull (strstr (g_ptr_array_index (fixture.complaints, 0), buddyinfo));
  g_assert_nonnull (strstr (g_ptr_array_index (fixture.complaints, 0), "it needs a whole /proc"));
  assert_count (&fixture.sample, "vmstat", "compact_stall", -1, 89);
  g_assert_true (nv_engine_has (fixture.engine, nv_sampler_find ("numa")));
  g_assert_false (nv_engine_has (fixture.engine, nv_sampler_find ("buddyinfo")));
  close_machine (&fixture);
}

static void
a_machine_that_shows_nothing_cannot_be_sampled (void)
{
  g_autoptr (GPtrArray) complaints = g_ptr_array_new_with_free_func (g_free);
  char *root = g_dir_make_tmp ("numavm-tree-XXXXXX", NULL);
  struct nv_engine *engine = NULL;
  struct nv_message message = { "" };

  g_assert_cmpint (nv_engine_open (root, nv_samplers, &(struct nv_engine_complaints){ collect, complaints },
                                   &engine, &message),
                   ==, -ENOENT);
  g_assert_null (engine);
  g_assert_nonnull (strstr (message.text, root));
  g_assert_cmpuint (complaints->len, ==, 4);
  tree_remove (root);
}

static json_t *
parse_line (const struct nv_sample_buffer *buffer)
{
  json_t *json = json_loadb (buffer->bytes, buffer->length, JSON_REJECT_DUPLICATES, NULL);

  g_assert_false (buffer->failed);
  g_assert_nonnull (json);
  g_assert_nonnull (memchr (buffer->bytes, '\n', buffer->length));
  g_assert_true ((char *)memchr (buffer->bytes, '\n', buffer->length) == buffer->bytes + buffer->length - 1);
  return json;
}

static void
a_sample_is_one_line_of_json (void)
{
  Fixture fixture;
  struct nv_sample_buffer buffer = { 0 };
  const char *zone;
  int version, node, stall, hit;
  json_t *json, *free_blocks, *index, *wrong = NULL;

  open_machine (&fixture, "sparse-nodes");
  nv_sample_format_json (&buffer, &fixture.sample);
  json = parse_line (&buffer);
  g_assert_cmpint (json_unpack (json, "{s:i, s:{s:i}, s:[{}, {}, {s:i, s:i}, {}!], s:[{s:i, s:s, s:o, s:o}]}",
                                "version", &version, "vmstat", "compact_stall", &stall, "numa", "node", &node,
                                "numa_hit", &hit, "buddyinfo", "node", &version, "zone", &zone, "free",
                                &free_blocks, "unusable_index", &index),
                   ==, 0);
  g_assert_cmpint (stall, ==, 89);
  g_assert_cmpint (node, ==, 8);
  g_assert_cmpint (hit, ==, 100);
  g_assert_cmpstr (zone, ==, "DMA32");
  g_assert_cmpuint (json_array_size (free_blocks), ==, 11);
  g_assert_cmpint (json_integer_value (json_array_get (free_blocks, 0)), ==, 2);
  g_assert_cmpuint (json_array_size (index), ==, 11);
  g_assert_cmpfloat (json_real_value (json_array_get (index, 1)), ==, 0.125);
  g_assert_cmpuint (json_array_size (json_object_get (json, "buddyinfo")), ==, 4);
  wrong = json_object_get (json_object_get (json, "vmstat"), "compact_success");
  g_assert_null (wrong);
  json_decref (json);
  nv_sample_buffer_clear (&buffer);
  close_machine (&fixture);
}

static void
a_sample_without_values_is_one_line_of_json_too (void)
{
  const struct nv_sample sample = { .missed = 3 };
  struct nv_sample_buffer buffer = { 0 };
  json_t *json;

  nv_sample_format_json (&buffer, &sample);
  json = parse_line (&buffer);
  g_assert_cmpint (json_integer_value (json_object_get (json, "missed")), ==, 3);
  g_assert_cmpuint (json_object_size (json), ==, 5);
  json_decref (json);
  nv_sample_buffer_clear (&buffer);
}

static void
names_cannot_break_the_formats (void)
{
  static const struct nv_sampler sampler = { .name = "s" };
  const struct nv_sample_value value = {
    .sampler = &sampler, .name = "a\"b,\\\x01\xff", .node = 0, .zone = "z\n", .order = -1, .count = 1
  };
  const struct nv_sample sample = { .values = &value, .n_values = 1 };
  struct nv_sample_buffer buffer = { 0 };
  json_t *json, *group;

  nv_sample_format_json (&buffer, &sample);
  json = parse_line (&buffer);
  group = json_array_get (json_object_get (json, "s"), 0);
  g_assert_cmpint (json_integer_value (json_object_get (group, "a\"b,\\\x01\xc3\xbf")), ==, 1);
  g_assert_cmpstr (json_string_value (json_object_get (group, "zone")), ==, "z\n");
  json_decref (json);
  buffer.length = 0;
  nv_sample_format_csv (&buffer, &sample);
  g_assert_cmpmem (buffer.bytes, buffer.length, "0,0,s,0,\"z\n\",,\"a\"\"b,\\\x01\xff\",1\n",
                   strlen ("0,0,s,0,\"z\n\",,\"a\"\"b,\\\x01\xff\",1\n"));
  nv_sample_buffer_clear (&buffer);
}

static void
csv_has_a_line_for_each_value (void)
{
  Fixture fixture;
  struct nv_sample_buffer buffer = { 0 };
  g_auto (GStrv) lines = NULL;
  g_autofree char *text = NULL;

  open_machine (&fixture, "sparse-nodes");
  fixture.sample.monotonic_ns = 12;
  fixture.sample.wall_ns = 3400000000000000000;
  nv_sample_format_csv_header (&buffer);
  nv_sample_format_csv (&buffer, &fixture.sample);
  text = g_strndup (buffer.bytes, buffer.length);
  lines = g_strsplit (text, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, fixture.sample.n_values + 2);
  g_assert_cmpstr (lines[0], ==, "monotonic_ns,wall_ns,sampler,node,zone,order,name,value");
  g_assert_true (g_strv_contains ((const char *const *)lines,
                                  "12,3400000000000000000,vmstat,,,,thp_fault_alloc,9223372036854775807"));
  g_assert_true (g_strv_contains ((const char *const *)lines,
                                  "12,3400000000000000000,buddyinfo,0,DMA32,2,unusable_index,0.250000"));
  g_assert_true (g_strv_contains ((const char *const *)lines, "12,3400000000000000000,numa,8,,,numa_miss,4"));
  nv_sample_buffer_clear (&buffer);
  close_machine (&fixture);
}

static void
texts_are_as_they_were_read (void)
{
  const struct nv_sampler *const samplers[] = { nv_sampler_find ("buddyinfo"), NULL };
  char *root = tree_unpack ("sparse-nodes");
  g_autofree char *path = g_build_filename (root, "proc/buddyinfo", NULL);
  g_autofree char *text = NULL, *twice = NULL;
  g_autoptr (GPtrArray) complaints = g_ptr_array_new ();
  struct nv_sample_buffer buffer = { 0 };
  struct nv_engine *engine;
  struct nv_message message;
  struct nv_sample sample;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  twice = g_strconcat (text, text, NULL);
  g_assert_cmpint (nv_engine_open (root, samplers, &(struct nv_engine_complaints){ collect, complaints },
                                   &engine, &message),
                   ==, 0);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpint (nv_engine_read (engine, &sample), ==, 0);
      nv_sample_format_texts (&buffer, &sample);
    }
  g_assert_cmpmem (buffer.bytes, buffer.length, twice, strlen (twice));
  nv_sample_buffer_clear (&buffer);
  nv_engine_close (engine);
  tree_remove (root);
}

static void
the_header_names_the_samplers_that_work_and_the_settings_that_exist (void)
{
  const struct nv_schedule schedule = { .interval_ns = 7000000 };
  struct nv_sample_buffer buffer = { 0 };
  char *root = tree_unpack ("four-nodes"); /* its tree has no vmstat, no buddyinfo and no numastat */
  Fixture fixture;
  json_t *json;

  open_root (&fixture, root);
  nv_sample_format_header (&buffer, fixture.root, fixture.engine, &schedule);
  json = parse_line (&buffer);
  g_assert_cmpstr (json_string_value (json_object_get (json, "record")), ==, "sample-header");
  g_assert_cmpint (json_integer_value (json_object_get (json, "interval_ns")), ==, 7000000);
  g_assert_null (json_object_get (json, "duration_ns"));
  g_assert_cmpuint (json_array_size (json_object_get (json, "samplers")), ==, 1);
  g_assert_cmpstr (json_string_value (json_object_get (json_object_get (json, "settings"), "numa_balancing")),
                   ==, "1");
  g_assert_null (json_object_get (json_object_get (json, "settings"), "extfrag_threshold"));
  json_decref (json);
  nv_sample_buffer_clear (&buffer);
  close_machine (&fixture);
}

static void
this_machine_can_be_sampled (void)
{
  struct nv_sample_buffer buffer = { 0 };
  g_autoptr (GPtrArray) complaints = g_ptr_array_new_with_free_func (g_free);
  struct nv_engine *engine;
  struct nv_message message;
  struct nv_sample sample;

  if (nv_engine_open ("/", nv_samplers, &(struct nv_engine_complaints){ collect, complaints }, &engine,
                      &message)
      < 0)
    {
      g_test_skip ("this machine shows no counters");
      return;
    }
  g_assert_cmpint (nv_engine_read (engine, &sample), ==, 0);
  g_assert_cmpuint (sample.n_values, >, 0);
  nv_sample_format_json (&buffer, &sample);
  json_decref (parse_line (&buffer));
  nv_sample_buffer_clear (&buffer);
  nv_engine_close (engine);
}

#define ADD(name) g_test_add_func ("/samplers/" #name, name)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD (counters_are_read_and_absent_ones_are_absent);
  ADD (nodes_need_not_be_numbered_in_sequence);
  ADD (nodes_come_by_number);
  ADD (unusable_is_what_is_in_smaller_blocks);
  ADD (nothing_is_usable_where_nothing_is_free);
  ADD (zones_may_have_any_name_and_number_of_orders);
  ADD (an_empty_file_has_no_values);
  ADD (damaged_texts_are_refused);
  ADD (a_damaged_file_is_left_out_and_complained_about_once);
  ADD (every_read_is_of_what_the_file_says_now);
  ADD (nodes_that_come_and_go_are_followed);
  ADD (what_is_not_there_is_named_with_its_remedy_and_the_rest_goes_on);
  ADD (a_machine_that_shows_nothing_cannot_be_sampled);
  ADD (a_sample_is_one_line_of_json);
  ADD (a_sample_without_values_is_one_line_of_json_too);
  ADD (names_cannot_break_the_formats);
  ADD (csv_has_a_line_for_each_value);
  ADD (texts_are_as_they_were_read);
  ADD (the_header_names_the_samplers_that_work_and_the_settings_that_exist);
  ADD (this_machine_can_be_sampled);
  return g_test_run ();
}
