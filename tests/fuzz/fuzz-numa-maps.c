/* Of any maps and numa_maps the reader gives sums or refuses them, and a refusal sets nothing. A line that
 * begins with START-END is one of both. */

#include "fuzz.h"
#include "root.h"

#include "bench/proc.h"

#include <errno.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *root = fuzz_root_get ();
  uint64_t bytes[4] = { 42, 42, 42, 42 };
  uint64_t mapping_bytes = 0x1000;
  int result;

  fuzz_root_write ("proc/1/numa_maps", data, size);
  fuzz_root_write ("proc/1/maps", data, size);
  result = nv_proc_numa_pages (root, 1, &mapping_bytes, 1, G_N_ELEMENTS (bytes), bytes);
  g_assert_true (result == 0 || result == -EBADMSG);
  for (guint i = 0; i < G_N_ELEMENTS (bytes); i++)
    g_assert_true (result == 0 ? bytes[i] % 1024 == 0 : bytes[i] == 42);
  return 0;
}
