/* What a VM's metadata says is read or refused; a VM that is read, written and read again is the same. */

#include "fuzz.h"

#include "base/error.h"
#include "vm/metadata.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_autofree char *written = NULL, *written_again = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (NvVm) vm = nv_metadata_parse (text, &error);
  g_autoptr (NvVm) again = NULL;

  if (!vm)
    {
      g_assert_error (error, NV_ERROR, NV_ERROR_PARSE);
      return 0;
    }
  g_assert_true (g_uuid_string_is_valid (vm->uuid));
  g_assert_nonnull (vm->placement);
  written = nv_metadata_format (vm);
  again = nv_metadata_parse (written, &error);
  g_assert_no_error (error);
  written_again = nv_metadata_format (again);
  g_assert_cmpstr (written_again, ==, written);
  return 0;
}
