/* Of any QEMU's command line sizes are found that can be, or an error with a message. */

#include "fuzz.h"
#include "root.h"

#include "observe/residence.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *root = fuzz_root_get ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) sizes = NULL;

  fuzz_root_write ("proc/1/cmdline", data, size);
  sizes = nv_residence_ram_sizes (root, 1, &error);
  g_assert_true ((sizes == NULL) == (error != NULL));
  for (guint i = 0; sizes && i < sizes->len; i++)
    g_assert_cmpuint (g_array_index (sizes, guint64, i), >, 0);
  return 0;
}
