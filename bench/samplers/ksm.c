/* ksm: what kernel samepage merging has merged (Documentation/admin-guide/mm/ksm.rst). */

#include "bench/samplers/sampler.h"

#include <errno.h>
#include <string.h>

static int
parse_number (char *text, const char *name, struct nv_sample_values *values)
{
  struct nv_sample_value value = { .name = name, .node = -1, .order = -1 };

  text[strcspn (text, "\n")] = '\0';
  if (!nv_sample_count (text, &value.count) || value.count > INT64_MAX)
    return -EBADMSG;
  return nv_sample_add (values, &value);
}

/* A file is one number, which its name alone says what it is. */
#define FILES                                                                                                \
  FILE_OF (run)                                                                                              \
  FILE_OF (pages_shared)                                                                                     \
  FILE_OF (pages_sharing)                                                                                    \
  FILE_OF (pages_unshared)                                                                                   \
  FILE_OF (pages_volatile)                                                                                   \
  FILE_OF (pages_scanned)                                                                                    \
  FILE_OF (ksm_zero_pages)                                                                                   \
  FILE_OF (full_scans)                                                                                       \
  FILE_OF (stable_node_chains)                                                                               \
  FILE_OF (stable_node_dups)

#define FILE_OF(name)                                                                                        \
  static int parse_##name (char *text, int node, struct nv_sample_values *values)                            \
  {                                                                                                          \
    return parse_number (text, #name, values);                                                               \
  }
FILES
#undef FILE_OF

#define FILE_OF(name) { "sys/kernel/mm/ksm/" #name, parse_##name },
const struct nv_sampler nv_sampler_ksm = {
  .name = "ksm",
  .summary = "pages that kernel samepage merging shares between VMs",
  .needs = "CONFIG_KSM and /sys",
  .files = { FILES },
};
