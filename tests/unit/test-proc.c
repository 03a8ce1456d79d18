#include "bench/proc.h"
#include "tree.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define KIB UINT64_C (1024)
#define GIB (1024 * 1024 * KIB)

static void
machine_memory_is_in_bytes (void)
{
  char *root = tree_unpack ("one-node");
  struct nv_proc_memory memory;

  g_assert_cmpint (nv_proc_machine_memory (root, &memory), ==, 0);
  g_assert_cmpuint (memory.total, ==, 23 * GIB);
  g_assert_cmpuint (memory.free, ==, 8 * GIB);
  g_assert_cmpuint (memory.available, ==, 8 * GIB + GIB / 2);
  tree_remove (root);
}

static void
available_on_a_node_is_free_and_cache_less_the_low_watermarks_of_its_zones (void)
{
  char *root = tree_unpack ("four-nodes");
  uint64_t page_bytes = (uint64_t)sysconf (_SC_PAGESIZE);
  struct nv_proc_memory memory;

  /* Node 0 has two zones, with 1000 and 9000 pages. */
  g_assert_cmpint (nv_proc_node_memory (root, 0, &memory), ==, 0);
  g_assert_cmpuint (memory.total, ==, 8 * GIB);
  g_assert_cmpuint (memory.free, ==, 2 * GIB);
  g_assert_cmpuint (memory.available, ==, 3 * GIB + 100000 * KIB - 10000 * page_bytes);
  g_assert_cmpint (nv_proc_node_memory (root, 2, &memory), ==, 0);
  g_assert_cmpuint (memory.available, ==, GIB + GIB / 2 - 1000 * page_bytes);
  tree_remove (root);
}

static void
available_is_0_below_the_low_watermark (void)
{
  char *root = tree_unpack ("four-nodes");
  struct nv_proc_memory memory;

  g_assert_cmpint (nv_proc_node_memory (root, 3, &memory), ==, 0);
  g_assert_cmpuint (memory.free, ==, 2000 * KIB);
  g_assert_cmpuint (memory.available, ==, 0);
  tree_remove (root);
}

static void
huge_pages_are_counted_for_each_node_and_size (void)
{
  char *root = tree_unpack ("four-nodes");
  uint64_t total = 77, free_pages = 77;

  g_assert_cmpint (nv_proc_huge_pages (root, 0, 2048 * KIB, &total, &free_pages), ==, 0);
  g_assert_cmpuint (total, ==, 1024);
  g_assert_cmpuint (free_pages, ==, 1000);
  g_assert_cmpint (nv_proc_huge_pages (root, 0, GIB, &total, &free_pages), ==, 0);
  g_assert_cmpuint (total, ==, 1);
  g_assert_cmpuint (free_pages, ==, 0);
  g_assert_cmpint (nv_proc_huge_pages (root, 3, 2048 * KIB, &total, &free_pages), ==, -ENOENT);
  g_assert_cmpuint (total, ==, 1);
  tree_remove (root);
}

static void
a_cpu_flag_is_a_whole_word (void)
{
  char *with = tree_unpack ("four-nodes"), *without = tree_unpack ("one-node");

  g_assert_cmpint (nv_proc_cpu_has_flag (with, "svm"), ==, 1);
  g_assert_cmpint (nv_proc_cpu_has_flag (with, "fpu"), ==, 1);
  g_assert_cmpint (nv_proc_cpu_has_flag (with, "svm_lock"), ==, 1);
  g_assert_cmpint (nv_proc_cpu_has_flag (without, "svm"), ==, 0); /* has svm_lock */
  g_assert_cmpint (nv_proc_cpu_has_flag ("/nonexistent", "svm"), ==, -ENOENT);
  tree_remove (with);
  tree_remove (without);
}

/* Of all memory that the process has. */
static int
read_residents (const char *root, struct nv_proc_residents *residents)
{
  const struct nv_proc_range all = { 0, UINT64_MAX };

  return nv_proc_residents_read (root, 4711, &all, 1, residents);
}

static void
assert_resident (const struct nv_proc_resident *resident, unsigned node, uint64_t page_bytes, uint64_t bytes)
{
  g_assert_cmpuint (resident->node, ==, node);
  g_assert_cmpuint (resident->page_bytes, ==, page_bytes);
  g_assert_cmpuint (resident->bytes, ==, bytes);
}

static void
resident_pages_are_counted_by_each_mappings_own_page_size (void)
{
  char *root = tree_unpack ("four-nodes");
  const struct nv_proc_range ranges[] = { { 0x7f0080000000, 0x7f00c0000000 },
                                          { 0x7f0000000000, 0x7f0040000000 } };
  struct nv_proc_residents residents;

  g_assert_cmpint (nv_proc_residents_read (root, 4711, ranges, 2, &residents), ==, 0);
  g_assert_cmpuint (residents.length, ==, 4);
  assert_resident (&residents.items[0], 0, 4 * KIB, 100 * 4 * KIB); /* not the program's 300 pages */
  assert_resident (&residents.items[1], 0, 2048 * KIB, 256 * 2048 * KIB);
  assert_resident (&residents.items[2], 1, 4 * KIB, 262044 * 4 * KIB);
  assert_resident (&residents.items[3], 2, 2048 * KIB, 256 * 2048 * KIB);
  nv_proc_residents_clear (&residents);
  tree_remove (root);
}

/* In a process with these maps. Returns: as nv_proc_find_ranges() does. */
static int
find (const char *maps, const uint64_t *sizes, size_t n_sizes, struct nv_proc_range *ranges, uint64_t *size)
{
  char *root = tree_unpack ("one-node");
  int result;

  tree_write (root, "proc/4711/maps", maps);
  result = nv_proc_find_ranges (root, 4711, sizes, n_sizes, ranges, size);
  tree_remove (root);
  return result;
}

static void
ranges_are_found_by_their_sizes (void)
{
  /* A program, what a QEMU translates, two of guest RAM that are alike, with their guards, and a split one.
   */
  static const char maps[] = "1000-2000 r-xp 00000000 fe:00 1234   /usr/bin/qemu-system-x86_64\n"
                             "10000-20000 rwxp 00000000 00:00 0\n"
                             "30000-40000 rw-p 00000000 00:00 0\n"
                             "40000-41000 ---p 00000000 00:00 0\n"
                             "41000-51000 rw-p 00000000 00:00 0\n"
                             "51000-52000 ---p 00000000 00:00 0\n"
                             "52000-53000 rw-s 00000000 00:01 77    /memfd:x (deleted)\n"
                             "53000-56000 rw-s 00001000 00:01 77    /memfd:x (deleted)\n";
  static const uint64_t sizes[] = { 0x10000, 0x4000, 0x10000 };
  struct nv_proc_range ranges[3];
  uint64_t size = 0;

  g_assert_cmpint (find (maps, sizes, 3, ranges, &size), ==, 0);
  g_assert_cmphex (ranges[0].start, ==, 0x30000);
  g_assert_cmphex (ranges[2].start, ==, 0x41000);
  g_assert_cmphex (ranges[2].end, ==, 0x51000);
  g_assert_cmphex (ranges[1].start, ==, 0x52000);
  g_assert_cmphex (ranges[1].end, ==, 0x56000);
  g_assert_cmpint (find (maps, sizes, 2, ranges, &size), ==, -ENOTUNIQ);
  g_assert_cmphex (size, ==, 0x10000);
}

static void
only_adjacent_mappings_of_the_same_memory_are_a_run (void)
{
  static const char *const apart[] = {
    "1000-2000 rw-p 00000000 00:00 0\n3000-4000 rw-p 00000000 00:00 0\n",
    "1000-2000 rw-p 00000000 00:00 0\n2000-3000 rw-s 00000000 00:00 0\n",
    "1000-2000 rw-p 00000000 00:00 0\n2000-3000 rw-p 00000000 00:01 7 /x\n",
    "1000-2000 rw-p 00000000 00:01 7 /x\n2000-3000 rw-p 00002000 00:01 7 /x\n",
    "1000-2000 rw-p 00000000 00:01 7 /x\n2000-3000 rw-p 00001000 00:02 7 /x\n",
    "1000-2000 r--p 00000000 00:00 0\n2000-3000 r--p 00000000 00:00 0\n",
  };
  static const uint64_t sizes[] = { 0x2000 };
  struct nv_proc_range range;
  uint64_t size = 0;

  for (guint i = 0; i < G_N_ELEMENTS (apart); i++)
    {
      g_assert_cmpint (find (apart[i], sizes, 1, &range, &size), ==, -ENXIO);
      g_assert_cmphex (size, ==, 0x2000);
    }
  g_assert_cmpint (find ("1000-2000 rw-p 00000000 00:00 0\n2000-3000 rw-p 00000000 00:00 0\n"
                         "3000-4000 rw-p 00000000 00:00 0\n",
                         sizes, 1, &range, &size),
                   ==, -ENOTUNIQ); /* the first two or the last two */
  g_assert_cmpint (find ("1000-2000 rw-p 00000000\n", sizes, 1, &range, &size), ==, -EBADMSG);
  g_assert_cmpint (find ("", sizes, 1, &range, &size), ==, -ESRCH); /* a zombie */
}

static void
resident_pages_are_counted_between_two_addresses (void)
{
  char *root = tree_unpack ("four-nodes");
  uint64_t bytes[3] = { 7, 7, 7 };

  g_assert_cmpint (nv_proc_numa_bytes (root, 4711, 0x7f0080000000, 0x7f00c0000001, 3, bytes), ==, 0);
  g_assert_cmpuint (bytes[0], ==, 256 * 2048 * KIB);
  g_assert_cmpuint (bytes[1], ==, 0);
  g_assert_cmpuint (bytes[2], ==, 256 * 2048 * KIB);
  g_assert_cmpint (nv_proc_numa_bytes (root, 4712, 0, UINT64_MAX, 3, bytes), ==, -ENOENT);
  g_assert_cmpuint (bytes[2], ==, 256 * 2048 * KIB);
  tree_remove (root);
}

static void
a_process_that_is_gone_is_told_from_a_kernel_without_numa (void)
{
  char *four = tree_unpack ("four-nodes"), *one = tree_unpack ("one-node");
  const uint64_t sizes[] = { GIB };
  struct nv_proc_residents residents = { NULL, 77 };
  struct nv_proc_range range;
  uint64_t size;

  g_assert_cmpint (nv_proc_find_ranges (four, 4712, sizes, 1, &range, &size), ==, -ESRCH);
  g_assert_cmpint (read_residents (one, &residents), ==, -ENOENT);
  g_assert_cmpuint (residents.length, ==, 77);
  tree_remove (four);
  tree_remove (one);
}

static void
this_process_has_resident_pages (void)
{
  /* Between two pages that nobody may touch, so that the kernel joins it with no other mapping. */
  size_t page = (size_t)sysconf (_SC_PAGESIZE), size = 1234 * page;
  char *map = mmap (NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  uint64_t sizes[] = { size }, sum = 0;
  struct nv_proc_residents residents = { 0 };
  struct nv_proc_range range;
  int result;

  g_assert_true (map != MAP_FAILED);
  g_assert_cmpint (mprotect (map + page, size, PROT_READ | PROT_WRITE), ==, 0);
  map[page] = 1;
  g_assert_cmpint (nv_proc_find_ranges ("/", getpid (), sizes, 1, &range, &sum), ==, 0);
  g_assert_cmphex (range.start, ==, (uintptr_t)(map + page));
  result = nv_proc_residents_read ("/", getpid (), &range, 1, &residents);
  munmap (map, size + 2 * page);
  if (result == -ENOENT)
    {
      g_test_skip ("this kernel has no numa_maps");
      return;
    }
  g_assert_cmpint (result, ==, 0);
  for (gsize i = 0; i < residents.length; i++)
    sum += residents.items[i].bytes;
  nv_proc_residents_clear (&residents);
  g_assert_cmpuint (sum, >, 0);
  g_assert_cmpuint (sum, <=, size);
}

static void
a_setting_is_its_first_word_or_the_bracketed_one (void)
{
  char *root = tree_unpack ("one-node");
  char value[16] = "untouched", small[4] = "abc";

  tree_write (root, "proc/plain", "1\n");
  tree_write (root, "proc/choice", "always [madvise] never\n");
  tree_write (root, "proc/empty", "");
  g_assert_cmpint (nv_proc_setting (root, "proc/plain", value, sizeof value), ==, 0);
  g_assert_cmpstr (value, ==, "1");
  g_assert_cmpint (nv_proc_setting (root, "proc/choice", value, sizeof value), ==, 0);
  g_assert_cmpstr (value, ==, "madvise");
  g_assert_cmpint (nv_proc_setting (root, "proc/empty", value, sizeof value), ==, -EBADMSG);
  g_assert_cmpint (nv_proc_setting (root, "proc/choice", small, sizeof small), ==, -EBADMSG);
  g_assert_cmpint (nv_proc_setting (root, "proc/none", value, sizeof value), ==, -ENOENT);
  g_assert_cmpstr (value, ==, "madvise");
  g_assert_cmpstr (small, ==, "abc");
  tree_remove (root);
}

static void
a_number_is_a_whole_file (void)
{
  char *root = tree_unpack ("one-node");
  uint64_t number = 77;

  tree_write (root, "proc/number", "12\n");
  tree_write (root, "proc/word", "12 or more\n");
  tree_write (root, "proc/empty", "");
  g_assert_cmpint (nv_proc_number (root, "proc/word", &number), ==, -EBADMSG);
  g_assert_cmpint (nv_proc_number (root, "proc/empty", &number), ==, -EBADMSG);
  g_assert_cmpint (nv_proc_number (root, "proc/none", &number), ==, -ENOENT);
  g_assert_cmpuint (number, ==, 77);
  g_assert_cmpint (nv_proc_number (root, "proc/number", &number), ==, 0);
  g_assert_cmpuint (number, ==, 12);
  tree_remove (root);
}

static void
sizes_of_huge_pages_are_ascending (void)
{
  char *root = tree_unpack ("two-sockets"), *without = tree_unpack ("one-node");
  uint64_t sizes[4] = { 0 }, bytes = 77;
  size_t n_sizes = 77;

  tree_write (root, "sys/kernel/mm/hugepages/hugepages-64kB/nr_hugepages", "0\n");
  tree_write (root, "sys/kernel/mm/hugepages/hugepages-xkB/nr_hugepages", "0\n");
  g_assert_cmpint (nv_proc_huge_page_sizes (root, sizes, 4, &n_sizes), ==, 0);
  g_assert_cmpuint (n_sizes, ==, 3);
  g_assert_cmpuint (sizes[0], ==, 64 * KIB);
  g_assert_cmpuint (sizes[1], ==, 2048 * KIB);
  g_assert_cmpuint (sizes[2], ==, GIB);
  g_assert_cmpint (nv_proc_huge_page_sizes (without, sizes, 4, &n_sizes), ==, -ENOENT);
  g_assert_cmpuint (n_sizes, ==, 3);
  g_assert_cmpint (nv_proc_default_huge_page_bytes (without, &bytes), ==, -EBADMSG);
  g_assert_cmpuint (bytes, ==, 77);
  g_assert_cmpint (nv_proc_default_huge_page_bytes (root, &bytes), ==, 0);
  g_assert_cmpuint (bytes, ==, 2048 * KIB);
  g_assert_cmpint (nv_proc_promised_huge_pages (root, 2048 * KIB, &bytes), ==, 0);
  g_assert_cmpuint (bytes, ==, 100);
  tree_remove (root);
  tree_remove (without);
}

static void
distances_are_those_of_one_node (void)
{
  char *root = tree_unpack ("two-sockets");
  unsigned distances[3] = { 0 };
  size_t n = 77;

  g_assert_cmpint (nv_proc_distances (root, 2, distances, 3, &n), ==, 0);
  g_assert_cmpuint (n, ==, 3);
  g_assert_cmpuint (distances[0], ==, 17);
  g_assert_cmpuint (distances[1], ==, 28);
  g_assert_cmpuint (distances[2], ==, 10);
  g_assert_cmpint (nv_proc_distances (root, 2, distances, 2, &n), ==, 0);
  g_assert_cmpuint (n, ==, 2);
  tree_write (root, "sys/devices/system/node/node2/distance", "17 far\n");
  g_assert_cmpint (nv_proc_distances (root, 2, distances, 3, &n), ==, -EBADMSG);
  tree_write (root, "sys/devices/system/node/node2/distance", "");
  g_assert_cmpint (nv_proc_distances (root, 2, distances, 3, &n), ==, -EBADMSG);
  g_assert_cmpint (nv_proc_distances (root, 9, distances, 3, &n), ==, -ENOENT);
  g_assert_cmpuint (n, ==, 2);
  tree_remove (root);
}

static void
a_cpus_value_is_the_first_processors (void)
{
  char *root = tree_unpack ("two-sockets");
  char value[64] = "untouched", small[4] = "abc";
  int ids[9];

  g_assert_cmpint (nv_proc_cpu_value (root, "model", value, sizeof value), ==, 0);
  g_assert_cmpstr (value, ==, "106");
  g_assert_cmpint (nv_proc_cpu_value (root, "model name", value, sizeof value), ==, 0);
  g_assert_cmpstr (value, ==, "Intel(R) Xeon(R) Gold 6330 CPU @ 2.00GHz");
  g_assert_cmpint (nv_proc_cpu_value (root, "model name", small, sizeof small), ==, -EBADMSG);
  g_assert_cmpstr (small, ==, "abc");
  g_assert_cmpint (nv_proc_cpu_value (root, "name", value, sizeof value), ==, -ENOENT);
  g_assert_cmpint (nv_proc_apic_ids (root, ids, 9), ==, 0);
  g_assert_cmpint (ids[0], ==, 0);
  g_assert_cmpint (ids[3], ==, 10);
  g_assert_cmpint (ids[6], ==, 9);
  g_assert_cmpint (ids[7], ==, -1);
  g_assert_cmpint (nv_proc_apic_ids (root, ids, 2), ==, 0); /* no more than there is room for */
  tree_write (root, "proc/cpuinfo", "processor\t: 0\n\nprocessor\t: 1\nmodel name\t: second\n");
  g_assert_cmpint (nv_proc_cpu_value (root, "model name", value, sizeof value), ==, -ENOENT);
  g_assert_cmpint (nv_proc_apic_ids (root, ids, 9), ==, -ENOENT);
  tree_remove (root);
}

static void
huge_pages_between_two_addresses_are_those_of_whole_mappings (void)
{
  char *root = tree_unpack ("two-sockets");
  const uint64_t program = 0x555500000000, ram = 0x7f0000000000;
  uint64_t bytes = 77;

  g_assert_cmpint (nv_proc_huge_bytes (root, 4711, ram, ram + GIB, &bytes), ==, 0);
  g_assert_cmpuint (bytes, ==, 512 * 1024 * KIB);
  g_assert_cmpint (nv_proc_huge_bytes (root, 4711, ram, ram + 3 * GIB, &bytes), ==, 0);
  g_assert_cmpuint (bytes, ==, (512 + 4 + 2) * 1024 * KIB);
  g_assert_cmpint (nv_proc_huge_bytes (root, 4711, ram + 4096, ram + GIB, &bytes), ==, 0);
  g_assert_cmpuint (bytes, ==, 0);
  g_assert_cmpint (nv_proc_huge_bytes (root, 4711, program, program + 2048 * KIB, &bytes), ==, 0);
  g_assert_cmpuint (bytes, ==, 2048 * KIB);
  tree_write (root, "proc/4711/smaps", "1000-2000 rw-p 00000000 00:00 0\nAnonHugePages: many kB\n");
  g_assert_cmpint (nv_proc_huge_bytes (root, 4711, 0x1000, 0x2000, &bytes), ==, -EBADMSG);
  g_assert_cmpint (nv_proc_huge_bytes (root, 4712, 0x1000, 0x2000, &bytes), ==, -ENOENT);
  g_assert_cmpuint (bytes, ==, 2048 * KIB);
  tree_remove (root);
}

static void
a_damaged_meminfo_is_refused_and_leaves_the_result_untouched (void)
{
  static const char *const damaged[] = {
    "",
    "MemTotal: 1 kB\nMemFree: 1 kB\n",
    "MemTotal: 1 kB\nMemFree: -1 kB\nMemAvailable: 1 kB\n",
    "MemTotal: 1 kB\nMemFree: 1 MB\nMemAvailable: 1 kB\n",
    "MemTotal: 99999999999999999999 kB\nMemFree: 1 kB\nMemAvailable: 1 kB\n",
    "MemTotal: 18446744073709551615 kB\nMemFree: 1 kB\nMemAvailable: 1 kB\n",
    "MemTotal 1 kB\nMemFree: 1 kB\nMemAvailable: 1 kB\n",
  };
  char *root = tree_unpack ("one-node");
  struct nv_proc_memory memory = { 7, 7, 7 };

  for (guint i = 0; i < G_N_ELEMENTS (damaged); i++)
    {
      tree_write (root, "proc/meminfo", damaged[i]);
      g_assert_cmpint (nv_proc_machine_memory (root, &memory), ==, -EBADMSG);
    }
  g_assert_cmpuint (memory.total, ==, 7);
  tree_remove (root);
}

static void
a_nodes_memory_needs_its_own_lines_and_whole_watermarks (void)
{
  char *root = tree_unpack ("one-node");
  struct nv_proc_memory memory = { 7, 7, 7 };

  tree_write (root, "proc/zoneinfo", "Node 0, zone Normal\n  low twelve\n");
  g_assert_cmpint (nv_proc_node_memory (root, 0, &memory), ==, -EBADMSG);
  tree_write (root, "proc/zoneinfo", "");
  tree_write (root, "sys/devices/system/node/node0/meminfo", "Node 1 MemTotal: 1 kB\n");
  g_assert_cmpint (nv_proc_node_memory (root, 0, &memory), ==, -EBADMSG);
  g_assert_cmpint (nv_proc_node_memory (root, 1, &memory), ==, -ENOENT);
  g_assert_cmpuint (memory.total, ==, 7);
  tree_remove (root);
}

static void
damaged_numa_maps_are_refused_and_leave_the_result_untouched (void)
{
  static const char *const damaged[] = {
    "7f00 default anon=1 N0=1\n",
    "7f00 default anon=1 N0=1 kernelpagesize_kB=0\n",
    "7f00 default anon=1 N0= kernelpagesize_kB=4\n",
    "7f00 default anon=1 N0=-1 kernelpagesize_kB=4\n",
    "7f00 default anon=1 N0=1 kernelpagesize_kB=x\n",
    "7f00 default anon=1 N0=18446744073709551615 kernelpagesize_kB=4\n",
    "7f00 default anon=1 N0=1 kernelpagesize_kB=18446744073709551615\n",
    "7f00 default anon=1 N1024=1 kernelpagesize_kB=4\n",
  };
  char *root = tree_unpack ("four-nodes");
  struct nv_proc_residents residents = { NULL, 7 };

  for (guint i = 0; i < G_N_ELEMENTS (damaged); i++)
    {
      tree_write (root, "proc/4711/numa_maps", damaged[i]);
      g_assert_cmpint (read_residents (root, &residents), ==, -EBADMSG);
    }
  g_assert_cmpuint (residents.length, ==, 7);
  tree_remove (root);
}

static void
a_root_too_long_for_a_path_is_refused (void)
{
  g_autofree char *root = g_strnfill (5000, 'x');
  struct nv_proc_memory memory;

  g_assert_cmpint (nv_proc_machine_memory (root, &memory), ==, -ENAMETOOLONG);
}

static void
the_least_that_any_cgroup_above_leaves_is_what_there_is (void)
{
  g_autofree char *root = g_dir_make_tmp ("numavm-tree-XXXXXX", NULL);

  g_assert_cmpuint (nv_proc_cgroup_left_bytes (root), ==, UINT64_MAX);
  tree_write (root, "proc/self/cgroup", "0::/a/b\n");
  g_assert_cmpuint (nv_proc_cgroup_left_bytes (root), ==, UINT64_MAX);
  tree_write (root, "sys/fs/cgroup/a/b/memory.max", "max\n");
  tree_write (root, "sys/fs/cgroup/a/b/memory.current", "500\n");
  g_assert_cmpuint (nv_proc_cgroup_left_bytes (root), ==, UINT64_MAX);
  tree_write (root, "sys/fs/cgroup/a/memory.max", "5000\n");
  tree_write (root, "sys/fs/cgroup/a/memory.current", "4000\n");
  g_assert_cmpuint (nv_proc_cgroup_left_bytes (root), ==, 1000);
  tree_write (root, "sys/fs/cgroup/a/memory.stat",
              "anon 9\ninactive_file 200\nactive_file 30\nslab_reclaimable 4\n");
  g_assert_cmpuint (nv_proc_cgroup_left_bytes (root), ==, 1234);
  tree_write (root, "sys/fs/cgroup/a/b/memory.max", "600\n");
  g_assert_cmpuint (nv_proc_cgroup_left_bytes (root), ==, 100);
  tree_write (root, "sys/fs/cgroup/a/b/memory.current", "700\n");
  g_assert_cmpuint (nv_proc_cgroup_left_bytes (root), ==, 0);

  /* In a container the topmost is its own. */
  tree_write (root, "proc/self/cgroup", "0::/\n");
  tree_write (root, "sys/fs/cgroup/memory.max", "77\n");
  tree_write (root, "sys/fs/cgroup/memory.current", "7\n");
  g_assert_cmpuint (nv_proc_cgroup_left_bytes (root), ==, 70);
  tree_remove (g_steal_pointer (&root));
}

static void
cgroups_of_version_1_leave_what_their_memory_controller_says (void)
{
  g_autofree char *root = g_dir_make_tmp ("numavm-tree-XXXXXX", NULL);

  tree_write (root, "proc/self/cgroup", "9:name=memory2:/x\n5:cpu,memory:/a\n3:pids:/\n0::/\n");
  tree_write (root, "sys/fs/cgroup/memory/a/memory.limit_in_bytes", "900\n");
  tree_write (root, "sys/fs/cgroup/memory/a/memory.usage_in_bytes", "500\n");
  tree_write (root, "sys/fs/cgroup/memory/a/memory.stat", "inactive_file 1\ntotal_inactive_file 20\n");
  tree_write (root, "sys/fs/cgroup/memory/x/memory.limit_in_bytes", "1\n");
  tree_write (root, "sys/fs/cgroup/memory/x/memory.usage_in_bytes", "1\n");
  g_assert_cmpuint (nv_proc_cgroup_left_bytes (root), ==, 420);
  tree_remove (g_steal_pointer (&root));
}

#define ADD(name) g_test_add_func ("/proc/" #name, name)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD (machine_memory_is_in_bytes);
  ADD (available_on_a_node_is_free_and_cache_less_the_low_watermarks_of_its_zones);
  ADD (available_is_0_below_the_low_watermark);
  ADD (huge_pages_are_counted_for_each_node_and_size);
  ADD (a_cpu_flag_is_a_whole_word);
  ADD (resident_pages_are_counted_by_each_mappings_own_page_size);
  ADD (resident_pages_are_counted_between_two_addresses);
  ADD (a_process_that_is_gone_is_told_from_a_kernel_without_numa);
  ADD (ranges_are_found_by_their_sizes);
  ADD (only_adjacent_mappings_of_the_same_memory_are_a_run);
  ADD (this_process_has_resident_pages);
  ADD (a_setting_is_its_first_word_or_the_bracketed_one);
  ADD (a_number_is_a_whole_file);
  ADD (sizes_of_huge_pages_are_ascending);
  ADD (distances_are_those_of_one_node);
  ADD (a_cpus_value_is_the_first_processors);
  ADD (huge_pages_between_two_addresses_are_those_of_whole_mappings);
  ADD (a_damaged_meminfo_is_refused_and_leaves_the_result_untouched);
  ADD (a_nodes_memory_needs_its_own_lines_and_whole_watermarks);
  ADD (damaged_numa_maps_are_refused_and_leave_the_result_untouched);
  ADD (a_root_too_long_for_a_path_is_refused);
  ADD (the_least_that_any_cgroup_above_leaves_is_what_there_is);
  ADD (cgroups_of_version_1_leave_what_their_memory_controller_says);
  return g_test_run ();
}
