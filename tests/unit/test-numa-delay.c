#include "plugin/cache.h"
#include "plugin/layout.h"
#include "plugin/settings.h"

#include <string.h>

#define GIB (G_GUINT64_CONSTANT (1) << 30)
#define MIB (G_GUINT64_CONSTANT (1) << 20)

/* --- arguments --- */

static void
assert_refused (const char *arguments, const char *part)
{
  g_auto (GStrv) split = g_strsplit (arguments, " ", -1);
  g_autoptr (GError) error = NULL;
  NvDelaySettings settings;

  nv_delay_settings_init (&settings);
  g_assert_false (nv_delay_settings_parse (split, (int)g_strv_length (split), &settings, &error));
  g_assert_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE);
  if (!strstr (error->message, part))
    g_error ("'%s' does not say '%s'", error->message, part);
  nv_delay_settings_clear (&settings);
}

static void
settings_are_one_option_of_qemu (void)
{
  NvDelaySettings settings;
  g_autofree char *text = NULL;

  nv_delay_settings_init (&settings);
  settings.rate_ns = 400;
  settings.n_nodes = 3;
  for (int cpu = 0; cpu < 6; cpu++)
    settings.cpu_nodes[cpu] = (signed char)(cpu % 4 == 3);
  settings.memory_bytes[1] = GIB;
  settings.memory_bytes[2] = 512 * MIB;
  for (unsigned i = 0; i < 3; i++)
    for (unsigned j = 0; j < 3; j++)
      settings.distances[i][j] = (unsigned char)(10 + 10 * i + j);
  settings.report = g_strdup ("/tmp/a,b");
  text = nv_delay_settings_format (&settings, "/lib/x,y.so");
  g_assert_cmpstr (text, ==,
                   "file=/lib/x,,y.so,rate=400,private=32768,shared=262144,node=0-2+4-5/0/10:11:12,"
                   "node=3/1073741824/20:21:22,node=/536870912/30:31:32,report=/tmp/a,,b");
  nv_delay_settings_clear (&settings);
}

static void
arguments_are_read (void)
{
  char *arguments[] = { "rate=250", "node=0-1+4/1073741824/10:21", "private=8192", "node=/0/20:10",
                        "report=r=1" };
  g_autoptr (GError) error = NULL;
  NvDelaySettings settings;

  nv_delay_settings_init (&settings);
  g_assert_true (nv_delay_settings_parse (arguments, G_N_ELEMENTS (arguments), &settings, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (settings.rate_ns, ==, 250);
  g_assert_cmpuint (settings.private_bytes, ==, 8192);
  g_assert_cmpuint (settings.shared_bytes, ==, 262144);
  g_assert_cmpuint (settings.n_nodes, ==, 2);
  g_assert_cmpuint (settings.memory_bytes[0], ==, GIB);
  g_assert_cmpuint (settings.memory_bytes[1], ==, 0);
  g_assert_cmpuint (settings.distances[0][1], ==, 21);
  g_assert_cmpuint (settings.distances[1][0], ==, 20);
  g_assert_cmpint (settings.cpu_nodes[1], ==, 0);
  g_assert_cmpint (settings.cpu_nodes[2], ==, NV_DELAY_NO_NODE);
  g_assert_cmpint (settings.cpu_nodes[4], ==, 0);
  g_assert_cmpstr (settings.report, ==, "r=1");
  nv_delay_settings_clear (&settings);
}

static void
wrong_arguments_are_quoted (void)
{
  assert_refused ("rate=-1 node=0/1/10", "'rate=-1'");
  assert_refused ("rate=1000001 node=0/1/10", "'rate=1000001'");
  assert_refused ("rate node=0/1/10", "'rate'");
  assert_refused ("speed=1 node=0/1/10", "'speed=1'");
  assert_refused ("private=5000 node=0/1/10", "'private=5000'");
  assert_refused ("shared=2048 node=0/1/10", "'shared=2048'");
  assert_refused ("report= node=0/1/10", "'report='");
  assert_refused ("node=0/1", "'node=0/1'");
  assert_refused ("node=0-/1/10", "'node=0-/1/10'");
  assert_refused ("node=1-0/1/10", "'node=1-0/1/10'");
  assert_refused ("node=1024/1/10", "'node=1024/1/10'");
  assert_refused ("node=0/x/10", "'node=0/x/10'");
  assert_refused ("node=0/1/0", "'node=0/1/0'");
  assert_refused ("node=0/1/256", "'node=0/1/256'");
}

static void
vcpu_is_on_one_node (void)
{
  assert_refused ("node=0-3/1/10:20 node=3/1/20:10", "'node=3/1/20:10'");
}

static void
each_node_has_a_distance_to_each (void)
{
  assert_refused ("rate=1", "there are 0");
  assert_refused ("node=0/1/10 node=1/1/20:10", "there are 2");
  assert_refused ("node=0/1/10:20:30 node=1/1/20:10:20", "there are 2");
}

/* --- addresses --- */

static int
find_physical (const guint64 *memory_bytes, unsigned n_nodes, guint64 address)
{
  NvDelayMap map;

  nv_delay_map_physical (memory_bytes, n_nodes, &map);
  return nv_delay_map_find (&map, address);
}

static void
small_machine_has_no_hole (void)
{
  const guint64 memory[] = { GIB, 512 * MIB, GIB };

  g_assert_cmpint (find_physical (memory, 3, 0), ==, 0);
  g_assert_cmpint (find_physical (memory, 3, GIB - 1), ==, 0);
  g_assert_cmpint (find_physical (memory, 3, GIB), ==, 1);
  g_assert_cmpint (find_physical (memory, 3, GIB + 512 * MIB), ==, 2);
  g_assert_cmpint (find_physical (memory, 3, 2 * GIB + 512 * MIB), ==, NV_DELAY_NO_NODE);
  g_assert_cmpint (find_physical (memory, 3, 4 * GIB), ==, NV_DELAY_NO_NODE);
}

/* QEMU: below 3.5 GiB all of it is below the hole. */
static void
just_under_3_5_gib_has_no_hole (void)
{
  const guint64 memory[] = { 3 * GIB, 512 * MIB - 1 };

  g_assert_cmpint (find_physical (memory, 2, 7 * GIB / 2 - 2), ==, 1);
  g_assert_cmpint (find_physical (memory, 2, 4 * GIB), ==, NV_DELAY_NO_NODE);
}

static void
four_gib_goes_on_behind_the_hole (void)
{
  const guint64 memory[] = { GIB, GIB, GIB, GIB };

  g_assert_cmpint (find_physical (memory, 4, 3 * GIB - 1), ==, 2);
  g_assert_cmpint (find_physical (memory, 4, 3 * GIB), ==, NV_DELAY_NO_NODE);
  g_assert_cmpint (find_physical (memory, 4, 4 * GIB - 1), ==, NV_DELAY_NO_NODE);
  g_assert_cmpint (find_physical (memory, 4, 4 * GIB), ==, 3);
  g_assert_cmpint (find_physical (memory, 4, 5 * GIB - 1), ==, 3);
  g_assert_cmpint (find_physical (memory, 4, 5 * GIB), ==, NV_DELAY_NO_NODE);
}

static void
node_may_lie_on_both_sides_of_the_hole (void)
{
  const guint64 memory[] = { 2 * GIB, 2 * GIB, 0, 2 * GIB };

  g_assert_cmpint (find_physical (memory, 4, 3 * GIB - 1), ==, 1);
  g_assert_cmpint (find_physical (memory, 4, 3 * GIB), ==, NV_DELAY_NO_NODE);
  g_assert_cmpint (find_physical (memory, 4, 4 * GIB), ==, 1);
  g_assert_cmpint (find_physical (memory, 4, 5 * GIB), ==, 3);
}

/* Seen with QEMU 7.2: the start of a node's memory counts twice. */
static void
blocks_are_at_twice_their_start (void)
{
  const guint64 memory[] = { GIB, 0, GIB, 512 * MIB };
  NvDelayMap map;

  nv_delay_map_blocks (memory, 4, &map);
  g_assert_cmpint (nv_delay_map_find (&map, GIB - 1), ==, 0);
  g_assert_cmpint (nv_delay_map_find (&map, GIB), ==, NV_DELAY_NO_NODE);
  g_assert_cmpint (nv_delay_map_find (&map, 2 * GIB), ==, 2);
  g_assert_cmpint (nv_delay_map_find (&map, 4 * GIB), ==, 3);
  g_assert_cmpint (nv_delay_map_find (&map, 4 * GIB + 512 * MIB), ==, NV_DELAY_NO_NODE);
}

/* As a kernel that starts uses both ends of the nodes' memory; each place as @reading tells it. */
static void
start_kernel (NvDelayLayout *layout, NvDelayReading reading)
{
  const NvDelayMap *map = &layout->maps[reading];

  for (unsigned i = 0; i < map->n_ranges; i++)
    for (guint64 offset = NV_DELAY_LINE_BYTES; offset <= 4 * MIB; offset += NV_DELAY_LINE_BYTES)
      {
        nv_delay_layout_find (layout, map->ranges[i].start + offset);
        nv_delay_layout_find (layout, map->ranges[i].end - offset);
      }
}

static void
what_addresses_mean_is_found_out (void)
{
  static const guint64 memories[][4] = { { GIB, GIB, GIB, GIB },
                                         { 256 * MIB, 256 * MIB, 256 * MIB, 256 * MIB },
                                         { 2 * GIB, 2 * GIB, 0, 0 },
                                         { 6 * GIB, 0, GIB, 3 * GIB } };

  for (unsigned i = 0; i < G_N_ELEMENTS (memories); i++)
    for (int reading = 0; reading < NV_DELAY_N_READINGS; reading++)
      {
        NvDelayLayout layout;

        nv_delay_layout_init (&layout, memories[i], 4);
        g_assert_cmpint (layout.reading, ==, -1);
        start_kernel (&layout, (NvDelayReading)reading);
        g_assert_cmpint (layout.reading, ==, reading);
        for (unsigned range = 0; range < layout.maps[reading].n_ranges; range++)
          g_assert_cmpint (nv_delay_layout_find (&layout, layout.maps[reading].ranges[range].start), ==,
                           layout.maps[reading].ranges[range].node);
      }
}

/* Firmware's own memory has addresses that mean nothing: some thousand of them must not decide. */
static void
firmware_does_not_decide (void)
{
  const guint64 memory[] = { GIB, GIB, GIB, GIB };
  NvDelayLayout layout;

  nv_delay_layout_init (&layout, memory, 4);
  for (guint64 line = 0; line < 8192; line++)
    nv_delay_layout_find (&layout, 6 * GIB + line * NV_DELAY_LINE_BYTES);
  g_assert_cmpint (layout.reading, ==, -1);
  g_assert_cmpint (nv_delay_layout_find (&layout, 6 * GIB), ==, NV_DELAY_NO_NODE);
  start_kernel (&layout, NV_DELAY_PHYSICAL);
  g_assert_cmpint (layout.reading, ==, NV_DELAY_PHYSICAL);
}

static void
one_node_needs_no_decision (void)
{
  const guint64 memory[] = { GIB };
  NvDelayLayout layout;

  nv_delay_layout_init (&layout, memory, 1);
  g_assert_cmpint (nv_delay_layout_find (&layout, 5 * MIB), ==, 0);
}

/* --- the cache --- */

static guint
count_misses (NvDelayCache *cache, guint64 start, guint n_lines)
{
  guint n_misses = 0;

  for (guint i = 0; i < n_lines; i++)
    n_misses += !nv_delay_cache_use (cache, start + i * (guint64)NV_DELAY_LINE_BYTES);
  return n_misses;
}

static void
what_fits_is_missed_once (void)
{
  NvDelayCache cache;

  nv_delay_cache_init (&cache, 32 << 10, 4);
  g_assert_cmpuint (count_misses (&cache, 4096, 512), ==, 512);
  g_assert_cmpuint (count_misses (&cache, 4096, 512), ==, 0);
  nv_delay_cache_clear (&cache);
}

static void
rest_of_a_line_is_no_miss (void)
{
  NvDelayCache cache;

  nv_delay_cache_init (&cache, 32 << 10, 4);
  g_assert_false (nv_delay_cache_use (&cache, 0));
  g_assert_true (nv_delay_cache_use (&cache, 63));
  g_assert_false (nv_delay_cache_use (&cache, 64));
  nv_delay_cache_clear (&cache);
}

/* In order and over and over, as a kernel walks over its array: the line needed next is always the one just
 * forgotten. */
static void
what_is_larger_is_missed_each_time (void)
{
  NvDelayCache cache;

  nv_delay_cache_init (&cache, 32 << 10, 4);
  count_misses (&cache, 0, 1024);
  g_assert_cmpuint (count_misses (&cache, 0, 1024), ==, 1024);
  nv_delay_cache_clear (&cache);
}

static void
line_used_longest_ago_is_forgotten (void)
{
  NvDelayCache cache;
  const guint64 apart = 8192; /* of one set */

  nv_delay_cache_init (&cache, 32 << 10, 4);
  for (guint i = 0; i < 4; i++)
    g_assert_false (nv_delay_cache_use (&cache, i * apart));
  g_assert_true (nv_delay_cache_use (&cache, 0));
  g_assert_false (nv_delay_cache_use (&cache, 4 * apart));
  g_assert_true (nv_delay_cache_use (&cache, 0));
  g_assert_false (nv_delay_cache_use (&cache, apart));
  nv_delay_cache_clear (&cache);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name) g_test_add_func ("/numa-delay/" #name, name)
  ADD (settings_are_one_option_of_qemu);
  ADD (arguments_are_read);
  ADD (wrong_arguments_are_quoted);
  ADD (vcpu_is_on_one_node);
  ADD (each_node_has_a_distance_to_each);
  ADD (small_machine_has_no_hole);
  ADD (just_under_3_5_gib_has_no_hole);
  ADD (four_gib_goes_on_behind_the_hole);
  ADD (node_may_lie_on_both_sides_of_the_hole);
  ADD (blocks_are_at_twice_their_start);
  ADD (what_addresses_mean_is_found_out);
  ADD (firmware_does_not_decide);
  ADD (one_node_needs_no_decision);
  ADD (what_fits_is_missed_once);
  ADD (rest_of_a_line_is_no_miss);
  ADD (what_is_larger_is_missed_each_time);
  ADD (line_used_longest_ago_is_forgotten);
#undef ADD
  return g_test_run ();
}
