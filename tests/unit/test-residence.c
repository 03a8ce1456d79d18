/* Where guest RAM is: of recorded QEMUs, of hand-made ones with many nodes, and what of a placement holds. */

#include "base/error.h"
#include "base/size.h"
#include "observe/residence.h"
#include "tree.h"

#include <string.h>

/* Arguments stand one a line. */
static void
write_command_line (const char *root, int pid, const char *lines)
{
  g_autofree char *path = g_strdup_printf ("%s/proc/%d/cmdline", root, pid);
  g_autofree char *text = g_strdup (lines);
  gsize length = strlen (text);
  g_autoptr (GError) error = NULL;

  g_strdelimit (text, "\n", '\0');
  g_file_set_contents (path, text, (gssize)length, &error);
  g_assert_no_error (error);
}

/* Returns: (transfer full): for tree_remove(). */
static char *
unpack_qemus (void)
{
  char *root = tree_unpack ("qemus");

  for (int pid = 101; pid <= 104; pid++)
    {
      g_autofree char *path = g_strdup_printf ("%s/proc/%d/cmdline", root, pid);
      g_autofree char *lines = NULL;

      g_assert_true (g_file_get_contents (path, &lines, NULL, NULL));
      write_command_line (root, pid, lines);
    }
  return root;
}

static void
assert_measured (const char *root, int pid, guint64 ram_bytes, guint64 resident_bytes)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) sizes = nv_residence_ram_sizes (root, pid, &error);
  g_autoptr (NvResidence) residence = NULL;

  g_assert_no_error (error);
  residence = nv_residence_read (root, pid, (const guint64 *)(void *)sizes->data, sizes->len, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (residence->ram_bytes, ==, ram_bytes);
  g_assert_cmpuint (residence->resident_bytes, ==, resident_bytes);
  g_assert_cmpuint (nv_residence_on_node (residence, 0), ==, resident_bytes);
  g_assert_cmpuint (nv_residence_on_node (residence, 1), ==, 0);
  g_assert_cmpuint (residence->largest_page_bytes, ==, 2 * NV_MIB); /* THP is on */
}

static void
guest_ram_of_recorded_qemus_is_found (void)
{
  char *root = unpack_qemus ();

  assert_measured (root, 101, 512 * NV_MIB, 512 * NV_MIB);
  assert_measured (root, 102, 1024 * NV_MIB, 0);
  assert_measured (root, 103, 256 * NV_MIB, 256 * NV_MIB);
  assert_measured (root, 104, 64 * NV_MIB, 64 * NV_MIB);
  tree_remove (root);
}

/* Sizes as the command line says them; a last 0 ends them. No sizes: it is refused with @code. */
static void
assert_sizes (const char *lines, const guint64 *expected, int code)
{
  char *root = tree_unpack ("one-node");
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) sizes = NULL;

  write_command_line (root, 4711, lines);
  sizes = nv_residence_ram_sizes (root, 4711, &error);
  if (expected)
    {
      guint n = 0;

      g_assert_no_error (error);
      for (; expected[n] > 0; n++)
        g_assert_cmpuint (n < sizes->len ? g_array_index (sizes, guint64, n) : 0, ==, expected[n]);
      g_assert_cmpuint (sizes->len, ==, n);
    }
  else
    g_assert_error (error, NV_ERROR, code);
  tree_remove (root);
}

#define SIZES(...) ((const guint64[]){ __VA_ARGS__, 0 })

static void
sizes_of_ram_are_read_as_qemu_reads_them (void)
{
  assert_sizes ("qemu\n-m\n512\n", SIZES (512 * NV_MIB), 0);
  assert_sizes ("qemu\n--m\nsize=524288k,slots=4,maxmem=8G\n", SIZES (512 * NV_MIB), 0);
  assert_sizes ("qemu\n-m\n1.5G\n", SIZES (1536 * NV_MIB), 0);
  assert_sizes ("qemu\n-m\n134217729B\n", SIZES (128 * NV_MIB + 8192), 0);
  assert_sizes ("qemu\n-S\n", SIZES (128 * NV_MIB), 0); /* QEMU's own default */
  assert_sizes ("qemu\n-m\n1G\n-machine\npc,memory-backend=a,,b\n-object\n"
                "memory-backend-file,size=1G,mem-path=/x,id=a,,b\n",
                SIZES (NV_GIB), 0);
  assert_sizes ("qemu\n-m\n3G\n-object\n{\"qom-type\":\"memory-backend-memfd\",\"id\":\"r0\",\"size\":"
                "1073741824}\n-numa\nnode,memdev=r0\n-object\nqom-type=memory-backend-ram,id=r1,size=2G\n"
                "-numa\nnode,nodeid=1,memdev=r1\n-numa\ndist,src=0,dst=1,val=20\n",
                SIZES (NV_GIB, 2 * NV_GIB), 0);
}

static void
memory_of_devices_counts_only_if_it_is_ram (void)
{
  assert_sizes ("qemu\n-m\n1G,slots=2,maxmem=4G\n-object\nmemory-backend-ram,id=d,size=2G\n-device\n"
                "pc-dimm,id=dimm0,memdev=d\n-object\nmemory-backend-file,id=s,size=3G,mem-path=/x\n-device\n"
                "ivshmem-plain,memdev=s\n",
                SIZES (NV_GIB, 2 * NV_GIB), 0);
}

static void
a_command_line_without_sense_is_refused (void)
{
  assert_sizes ("qemu\n-m\nmuch\n", NULL, NV_ERROR_PARSE);
  assert_sizes ("qemu\n-m\n-1\n", NULL, NV_ERROR_PARSE);
  assert_sizes ("qemu\n-m\n1GB\n", NULL, NV_ERROR_PARSE);
  assert_sizes ("qemu\n-m\n1e300\n", NULL, NV_ERROR_PARSE);
  assert_sizes ("qemu\n-object\nmemory-backend-ram,id=x\n", NULL, NV_ERROR_PARSE);
  assert_sizes ("qemu\n-machine\npc,memory-backend=gone\n", NULL, NV_ERROR_UNAVAILABLE);
  assert_sizes ("", NULL, NV_ERROR_NOT_FOUND);
}

static void
a_process_that_is_gone_has_no_memory (void)
{
  const guint64 size = NV_GIB;
  char *root = unpack_qemus ();
  g_autoptr (GError) sizes_error = NULL, error = NULL;

  g_assert_null (nv_residence_ram_sizes (root, 105, &sizes_error));
  g_assert_error (sizes_error, NV_ERROR, NV_ERROR_NOT_FOUND);
  g_assert_null (nv_residence_read (root, 105, &size, 1, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_NOT_FOUND);
  tree_remove (root);
}

/* A process on four nodes with these maps. */
static NvResidence *
read_made (const char *maps, const char *numa_maps, const guint64 *sizes, gsize n_sizes, GError **error)
{
  char *root = tree_unpack ("four-nodes");
  NvResidence *residence;

  tree_write (root, "proc/4711/maps", maps);
  tree_write (root, "proc/4711/numa_maps", numa_maps);
  residence = nv_residence_read (root, 4711, sizes, n_sizes, error);
  tree_remove (root);
  return residence;
}

static void
adjacent_mappings_and_huge_pages_are_summed_by_node (void)
{
  static const char maps[] = "7f0000000000-7f0008000000 rw-p 00000000 00:00 0\n"
                             "7f0008000000-7f0010000000 rw-p 00000000 00:00 0\n"
                             "7f0010000000-7f0010001000 ---p 00000000 00:00 0\n"
                             "7f0020000000-7f0040000000 rw-s 00000000 00:0f 5678    /memfd:ram (deleted)\n"
                             "7f0040000000-7f0040001000 ---p 00000000 00:00 0\n"
                             "7f0050000000-7f0051000000 rw-p 00000000 00:00 0\n";
  static const char numa_maps[] =
      "7f0000000000 bind:1 anon=32768 dirty=32768 N1=30000 N3=2768 kernelpagesize_kB=4\n"
      "7f0008000000 bind:3 anon=32768 dirty=32768 N3=32768 kernelpagesize_kB=4\n"
      "7f0020000000 interleave:1,3 file=/memfd:ram\\040(deleted) huge dirty=200 N1=120 N3=80 "
      "kernelpagesize_kB=2048\n"
      "7f0050000000 default anon=9 N0=9 kernelpagesize_kB=4\n";
  static const guint64 sizes[] = { 512 * NV_MIB, 256 * NV_MIB };
  g_autoptr (GError) error = NULL;
  g_autoptr (NvResidence) residence = read_made (maps, numa_maps, sizes, 2, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (residence->ram_bytes, ==, 768 * NV_MIB);
  g_assert_cmpuint (residence->nodes->len, ==, 4);
  g_assert_cmpuint (g_array_index (residence->nodes, NvResident, 1).page_bytes, ==, 2 * NV_MIB);
  g_assert_cmpuint (nv_residence_on_node (residence, 0), ==, 0);
  g_assert_cmpuint (nv_residence_on_node (residence, 1), ==, 30000 * 4 * NV_KIB + 240 * NV_MIB);
  g_assert_cmpuint (nv_residence_on_node (residence, 3), ==, 35536 * 4 * NV_KIB + 160 * NV_MIB);
  g_assert_cmpuint (residence->resident_bytes, ==, 65536 * 4 * NV_KIB + 400 * NV_MIB);
}

static void
two_candidates_are_an_error_and_not_a_guess (void)
{
  static const char maps[] = "7f0000000000-7f0008000000 rw-p 00000000 00:00 0\n"
                             "7f0010000000-7f0018000000 rw-p 00000000 00:00 0\n";
  static const guint64 size = 128 * NV_MIB, other = 64 * NV_MIB;
  g_autoptr (GError) ambiguous = NULL, none = NULL;

  g_assert_null (read_made (maps, "", &size, 1, &ambiguous));
  g_assert_error (ambiguous, NV_ERROR, NV_ERROR_UNAVAILABLE);
  g_assert_nonnull (strstr (ambiguous->message, "more memory of 128 MiB"));
  g_assert_null (read_made (maps, "", &other, 1, &none));
  g_assert_error (none, NV_ERROR, NV_ERROR_NOT_FOUND);
}

/* Resident bytes on nodes 0, 1, ... */
static NvResidence *
make_residence (guint64 page_bytes, const guint64 *bytes, guint n_nodes)
{
  NvResidence *residence = g_new0 (NvResidence, 1);

  residence->nodes = g_array_new (FALSE, FALSE, sizeof (NvResident));
  residence->largest_page_bytes = page_bytes;
  for (guint i = 0; i < n_nodes; i++)
    {
      NvResident resident = { i, page_bytes, bytes[i] };

      residence->resident_bytes += bytes[i];
      if (bytes[i] > 0)
        g_array_append_val (residence->nodes, resident);
    }
  return residence;
}

/* A region on these nodes, with equal shares. */
static void
add_region (NvPlacement *placement, const char *nodeset, NvExpectation expectation)
{
  g_autoptr (NvSet) nodes = nv_set_parse (nodeset, NULL);
  NvRegion *region = nv_placement_add_region (placement, NV_GIB, NV_MEMORY_STRICT, nodes);

  region->expectation = expectation;
  NV_SET_FOREACH (node, nodes)
  nv_region_add_share (region, (guint)node, NV_GIB / nv_set_count (nodes));
}

/* @reason: NULL: none. Takes @placement. */
static void
assert_check (NvPlacement *placement, guint64 page_bytes, const guint64 *bytes, guint n_nodes, NvHolds holds,
              const char *reason)
{
  g_autoptr (NvResidence) residence = make_residence (page_bytes, bytes, n_nodes);
  g_autofree char *said = NULL;

  g_assert_cmpstr (nv_holds_name (nv_residence_check (residence, placement, &said)), ==,
                   nv_holds_name (holds));
  g_assert_cmpstr (said, ==, reason);
  nv_placement_free (placement);
}

#define BYTES(...) ((const guint64[]){ __VA_ARGS__ }), G_N_ELEMENTS (((const guint64[]){ __VA_ARGS__ }))

static NvPlacement *
place (const char *nodeset, NvExpectation expectation)
{
  NvPlacement *placement = nv_placement_new ("test");

  add_region (placement, nodeset, expectation);
  return placement;
}

static void
exact_shares_hold_within_one_point (void)
{
  const guint64 page = 4096, percent = 1000 * page;

  assert_check (place ("0-1", NV_EXPECT_EXACT), page, BYTES (50 * percent, 50 * percent), NV_HOLDS, NULL);
  assert_check (place ("0-1", NV_EXPECT_EXACT), page, BYTES (49 * percent, 51 * percent), NV_HOLDS, NULL);
  assert_check (place ("0-1", NV_EXPECT_EXACT), page, BYTES (49 * percent - page, 51 * percent + page),
                NV_HOLDS_NOT, "51.0% are on node 1, not 50.0%");
  assert_check (place ("1", NV_EXPECT_EXACT), page, BYTES (100 * percent), NV_HOLDS_NOT,
                "391 MiB are on node 0");
  assert_check (place ("1", NV_EXPECT_EXACT), page, BYTES (percent, 99 * percent), NV_HOLDS, NULL);
}

static void
few_large_pages_are_allowed_two_of_them (void)
{
  const guint64 page = 2 * NV_MIB;

  assert_check (place ("0-1", NV_EXPECT_EXACT), page, BYTES (12 * page, 8 * page), NV_HOLDS, NULL);
  assert_check (place ("0-1", NV_EXPECT_EXACT), page, BYTES (13 * page, 7 * page), NV_HOLDS_NOT,
                "65.0% are on node 0, not 50.0%");
}

static void
within_allows_no_page_elsewhere (void)
{
  assert_check (place ("0-1", NV_EXPECT_WITHIN), 4096, BYTES (NV_GIB, 4096), NV_HOLDS, NULL);
  assert_check (place ("0-1", NV_EXPECT_WITHIN), 4096, BYTES (NV_GIB, 0, 4096), NV_HOLDS_NOT,
                "4 KiB are on node 2");
  assert_check (place ("0", NV_EXPECT_WITHIN), 4096, BYTES (0, NV_MIB, 0, NV_MIB), NV_HOLDS_NOT,
                "2 MiB are on nodes 1,3");
}

static void
regions_are_summed (void)
{
  NvPlacement *split = place ("0", NV_EXPECT_EXACT), *vague = place ("0", NV_EXPECT_EXACT);
  NvPlacement *mixed = place ("0", NV_EXPECT_EXACT);

  add_region (split, "1", NV_EXPECT_EXACT);
  assert_check (split, 4096, BYTES (NV_GIB, NV_GIB), NV_HOLDS, NULL);
  add_region (mixed, "1-2", NV_EXPECT_WITHIN);
  assert_check (mixed, 4096, BYTES (NV_MIB, 0, NV_GIB), NV_HOLDS, NULL);
  add_region (vague, "1", NV_EXPECT_ANY);
  assert_check (vague, 4096, BYTES (0, 0, NV_GIB), NV_HOLDS_NOTHING, NULL);
}

static void
nothing_declared_or_resident_is_nothing_to_hold (void)
{
  assert_check (place ("0", NV_EXPECT_LEARNED), 4096, BYTES (0, NV_GIB), NV_HOLDS_NOTHING, NULL);
  assert_check (place ("0", NV_EXPECT_EXACT), 4096, BYTES (0, 0), NV_HOLDS_NOTHING, NULL);
  assert_check (nv_placement_new ("test"), 4096, BYTES (NV_GIB), NV_HOLDS_NOTHING, NULL);
}

#define ADD(name) g_test_add_func ("/residence/" #name, name)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD (guest_ram_of_recorded_qemus_is_found);
  ADD (sizes_of_ram_are_read_as_qemu_reads_them);
  ADD (memory_of_devices_counts_only_if_it_is_ram);
  ADD (a_command_line_without_sense_is_refused);
  ADD (a_process_that_is_gone_has_no_memory);
  ADD (adjacent_mappings_and_huge_pages_are_summed_by_node);
  ADD (two_candidates_are_an_error_and_not_a_guess);
  ADD (exact_shares_hold_within_one_point);
  ADD (few_large_pages_are_allowed_two_of_them);
  ADD (within_allows_no_page_elsewhere);
  ADD (regions_are_summed);
  ADD (nothing_declared_or_resident_is_nothing_to_hold);
  return g_test_run ();
}
