/* What libvirt says of a host may come from another machine. A text that is read gives a host whose nodes
 * ascend, and whose usable nodes have memory; all else is refused as a parse error. */

#include "fuzz.h"

#include "base/error.h"
#include "host/capabilities.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (NvCapabilities) capabilities = nv_capabilities_parse (text, &error);
  g_autoptr (NvHost) host = NULL;

  if (!capabilities)
    {
      g_assert_error (error, NV_ERROR, NV_ERROR_PARSE);
      return 0;
    }
  host = nv_capabilities_host (capabilities, "fuzz");
  g_assert_nonnull (host);
  for (guint i = 0; i < host->nodes->len; i++)
    {
      const NvNode *node = g_ptr_array_index (host->nodes, i);

      g_assert_cmpint (nv_host_position (host, node->os_index), ==, (int)i);
      g_assert_true (node->use != NV_NODE_USABLE || node->memory_total_bytes > 0);
    }
  nv_capabilities_cpu_has (capabilities, text, "vmx");
  nv_capabilities_max_vcpus (capabilities, "pc");
  nv_capabilities_offer (capabilities, "kvm");
  return 0;
}
