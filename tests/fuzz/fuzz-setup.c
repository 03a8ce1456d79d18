/* A job of lines NAME=VALUE: what is refused changes nothing and says why; what is taken is in its limits,
 * and can be taken again. */

#include "fuzz.h"

#include "bench/bench.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

static void
assert_in_limits (const struct nv_setup *setup)
{
  g_assert_true (setup->n_kernels <= NV_MAX_KERNELS);
  for (size_t i = 0; i < setup->n_kernels; i++)
    g_assert_nonnull (nv_kernel_find (NV_ISA_PORTABLE, setup->kernels[i]));
  g_assert_true (setup->size_bytes == 0 || setup->size_bytes >= NV_BASE_PAGE_BYTES);
  g_assert_cmpuint (setup->iterations, >=, 1);
  g_assert_cmpint (setup->isa, <, NV_N_ISAS);
  g_assert_cmpint (setup->store, <, NV_N_STORES);
  g_assert_cmpuint (setup->kernel_options.chases - 1, <, NV_MAX_CHASES);
  g_assert_cmpuint (setup->kernel_options.stride_bytes % 8, ==, 0);
  g_assert_cmpuint (setup->kernel_options.reads + setup->kernel_options.writes, >, 0);
  g_assert_cmpuint (setup->pages.n_nodes, <=, NV_MAX_NODES);
  g_assert_cmpuint (setup->seed, <=, INT64_MAX);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static struct nv_setup setup, before;
  g_autofree char *text = g_strndup ((const char *)data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  nv_setup_init (&setup);
  for (guint i = 0; lines[i]; i++)
    {
      char *value = strchr (lines[i], '=');
      struct nv_message message = { "" };
      int status;

      if (value)
        *value++ = '\0';
      memcpy (&before, &setup, sizeof setup);
      status = nv_setup_set (&setup, lines[i], value, &message);
      assert_in_limits (&setup);
      if (status == 0)
        {
          g_assert_cmpstr (message.text, ==, "");
          g_assert_cmpint (nv_setup_set (&setup, lines[i], value, &message), ==, 0);
          continue;
        }
      g_assert_true (status == -EINVAL || status == -ENOENT);
      g_assert_cmpstr (message.text, !=, "");
      g_assert_cmpmem (&setup, sizeof setup, &before, sizeof before);
    }
  return 0;
}
