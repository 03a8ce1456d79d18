/* Of any maps and numa_maps the readers find ranges and give sums, or refuse them, and a refusal sets
 * nothing. A line that begins with START-END is one of both. */

#include "fuzz.h"
#include "root.h"

#include "bench/proc.h"

#include <errno.h>

static gboolean
is_expected (int result)
{
  return result == 0 || result == -EBADMSG || result == -ENXIO || result == -ENOTUNIQ || result == -ESRCH;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *root = fuzz_root_get ();
  static const uint64_t sizes[] = { 0x1000, 0x3000, 0x1000, 0 };
  struct nv_proc_range ranges[G_N_ELEMENTS (sizes)] = { 0 };
  const struct nv_proc_range all = { 0, UINT64_MAX };
  struct nv_proc_residents residents = { NULL, 42 };
  uint64_t bad_size = 0;
  int result;

  fuzz_root_write ("proc/1/numa_maps", data, size);
  fuzz_root_write ("proc/1/maps", data, size);
  for (guint n = 0; n <= G_N_ELEMENTS (sizes); n++)
    {
      result = nv_proc_find_ranges (root, 1, sizes, n, ranges, &bad_size);
      g_assert_true (is_expected (result));
      for (guint i = 0; i < n && result == 0; i++)
        g_assert_cmpuint (ranges[i].end - ranges[i].start, ==, sizes[i]);
    }
  result = nv_proc_residents_read (root, 1, &all, 1, &residents);
  g_assert_true (result == 0 || result == -EBADMSG);
  for (gsize i = 0; i < residents.length && result == 0; i++)
    {
      g_assert_cmpuint (residents.items[i].bytes % 1024, ==, 0);
      g_assert_cmpuint (residents.items[i].node, <, NV_PROC_MAX_NODES);
    }
  g_assert_true (result == 0 || residents.length == 42);
  if (result == 0)
    nv_proc_residents_clear (&residents);
  return 0;
}
