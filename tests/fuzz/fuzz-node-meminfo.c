/* Of any meminfo of a node, and of any zoneinfo, the readers give figures or refuse them, and a refusal sets
 * nothing. The input is both files, divided by a line `--`. */

#include "fuzz.h"
#include "root.h"

#include "bench/proc.h"

#include <errno.h>
#include <string.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *root = fuzz_root_get ();
  const char *text = (const char *)data, *divider = g_strstr_len (text, (gssize)size, "\n--\n");
  size_t meminfo_size = divider ? (size_t)(divider + 1 - text) : size;
  size_t skipped = divider ? meminfo_size + strlen ("--\n") : size;
  struct nv_proc_memory memory = { 42, 42, 42 };
  int result;

  fuzz_root_write (FUZZ_NODE "/meminfo", data, meminfo_size);
  fuzz_root_write ("proc/zoneinfo", text + skipped, size - skipped);
  result = nv_proc_node_memory (root, 0, &memory);
  g_assert_true (result == 0 || result == -EBADMSG);
  if (result < 0)
    g_assert_true (memory.total == 42 && memory.free == 42 && memory.available == 42);
  else
    g_assert_true (memory.total % 1024 == 0 && memory.free % 1024 == 0);
  return 0;
}
