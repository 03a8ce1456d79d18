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

static void
resident_pages_are_counted_by_each_mappings_own_page_size (void)
{
  char *root = tree_unpack ("four-nodes");
  uint64_t sizes[] = { 77 * KIB, GIB };
  uint64_t bytes[3] = { 0 };

  g_assert_cmpint (nv_proc_numa_pages (root, 4711, sizes, 2, 3, bytes), ==, 0);
  g_assert_cmpuint (bytes[0], ==, 100 * 4 * KIB + 256 * 2048 * KIB); /* not the program's 300 pages */
  g_assert_cmpuint (bytes[1], ==, 262044 * 4 * KIB);
  g_assert_cmpuint (bytes[2], ==, 256 * 2048 * KIB);
  tree_remove (root);
}

static void
a_process_that_is_gone_is_told_from_a_kernel_without_numa (void)
{
  char *four = tree_unpack ("four-nodes"), *one = tree_unpack ("one-node");
  uint64_t sizes[] = { GIB };
  uint64_t bytes[1] = { 77 };

  g_assert_cmpint (nv_proc_numa_pages (four, 4712, sizes, 1, 1, bytes), ==, -ESRCH);
  g_assert_cmpint (nv_proc_numa_pages (one, 4711, sizes, 1, 1, bytes), ==, -ENOENT);
  g_assert_cmpuint (bytes[0], ==, 77);
  tree_remove (four);
  tree_remove (one);
}

static void
this_process_has_resident_pages (void)
{
  /* Between two pages that nobody may touch, so that the kernel joins it with no other mapping. */
  size_t page = (size_t)sysconf (_SC_PAGESIZE), size = 1234 * page;
  char *map = mmap (NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  uint64_t sizes[] = { size };
  uint64_t bytes[64] = { 0 }, sum = 0;
  int result;

  g_assert_true (map != MAP_FAILED);
  g_assert_cmpint (mprotect (map + page, size, PROT_READ | PROT_WRITE), ==, 0);
  map[page] = 1;
  result = nv_proc_numa_pages ("/", getpid (), sizes, 1, G_N_ELEMENTS (bytes), bytes);
  munmap (map, size + 2 * page);
  if (result == -ENOENT)
    {
      g_test_skip ("this kernel has no numa_maps");
      return;
    }
  g_assert_cmpint (result, ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (bytes); i++)
    sum += bytes[i];
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
  };
  char *root = tree_unpack ("four-nodes");
  uint64_t sizes[] = { 0x1000 };
  uint64_t bytes[4] = { 7, 7, 7, 7 };

  tree_write (root, "proc/4711/maps", "7f00-8f00 rw-p 00000000 00:00 0\n");
  for (guint i = 0; i < G_N_ELEMENTS (damaged); i++)
    {
      tree_write (root, "proc/4711/numa_maps", damaged[i]);
      g_assert_cmpint (nv_proc_numa_pages (root, 4711, sizes, 1, 4, bytes), ==, -EBADMSG);
    }
  tree_write (root, "proc/4711/maps", "7f00 rw-p\n");
  g_assert_cmpint (nv_proc_numa_pages (root, 4711, sizes, 1, 4, bytes), ==, -EBADMSG);
  g_assert_cmpuint (bytes[0], ==, 7);
  tree_remove (root);
}

static void
a_root_too_long_for_a_path_is_refused (void)
{
  g_autofree char *root = g_strnfill (5000, 'x');
  struct nv_proc_memory memory;

  g_assert_cmpint (nv_proc_machine_memory (root, &memory), ==, -ENAMETOOLONG);
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
  ADD (a_process_that_is_gone_is_told_from_a_kernel_without_numa);
  ADD (this_process_has_resident_pages);
  ADD (a_setting_is_its_first_word_or_the_bracketed_one);
  ADD (a_damaged_meminfo_is_refused_and_leaves_the_result_untouched);
  ADD (a_nodes_memory_needs_its_own_lines_and_whole_watermarks);
  ADD (damaged_numa_maps_are_refused_and_leave_the_result_untouched);
  ADD (a_root_too_long_for_a_path_is_refused);
  return g_test_run ();
}
