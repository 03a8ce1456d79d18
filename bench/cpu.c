#include "bench/cpu.h"

#include <string.h>

#if defined __x86_64__ || defined __i386__

#include <cpuid.h>

enum
{
  LEAF_CACHES = 4,                   /* Intel's "deterministic cache parameters" */
  LEAF_AMD_CACHES = (int)0x8000001d, /* AMD's, of the same shape; where TOPOEXT says that it is there */
  LEAF_AMD_L1 = (int)0x80000005,
  LEAF_AMD_L2_L3 = (int)0x80000006,
  LEAF_AMD_FEATURES = (int)0x80000001,
  BIT_AMD_TOPOEXT = 1 << 22, /* of ECX */
  LEAF_HYPERVISOR = 0x40000000,
  BIT_HYPERVISOR = (int)(1u << 31), /* of leaf 1's ECX */
};

/* Intel SDM volume 2A, CPUID, leaf 04H; AMD APM volume 3, appendix E.4.15. */
static size_t
read_described_caches (struct nv_cpuid_cache *ret_caches, size_t max)
{
  static const char *const types[] = { NULL, "data", "instruction", "unified" };
  unsigned a, b, c, d, leaf = LEAF_CACHES;
  size_t n = 0;

  if (__get_cpuid ((unsigned)LEAF_AMD_FEATURES, &a, &b, &c, &d) && (c & BIT_AMD_TOPOEXT))
    leaf = (unsigned)LEAF_AMD_CACHES;
  while (n < max && __get_cpuid_count (leaf, (unsigned)n, &a, &b, &c, &d))
    {
      unsigned type = a & 31;

      if (type == 0 || type > 3)
        break;
      ret_caches[n++] = (struct nv_cpuid_cache){
        .level = a >> 5 & 7,
        .type = types[type],
        .size_bytes =
            (uint64_t)((b >> 22) + 1) * ((b >> 12 & 1023) + 1) * ((b & 4095) + 1) * ((uint64_t)c + 1),
        .sharing = (a >> 14 & 4095) + 1,
      };
    }
  return n;
}

/* The sizes alone, AMD APM volume 3, appendix E.4.4 and E.4.5: some hypervisors show nothing else. */
static size_t
read_plain_caches (struct nv_cpuid_cache *ret_caches, size_t max)
{
  unsigned a, b, l1_data, l1_code, l2, l3;
  size_t n = 0;

  if (!__get_cpuid ((unsigned)LEAF_AMD_L1, &a, &b, &l1_data, &l1_code)
      || !__get_cpuid ((unsigned)LEAF_AMD_L2_L3, &a, &b, &l2, &l3))
    return 0;
  const struct nv_cpuid_cache caches[] = {
    { 1, "data", (uint64_t)(l1_data >> 24) << 10, 1 },
    { 1, "instruction", (uint64_t)(l1_code >> 24) << 10, 1 },
    { 2, "unified", (uint64_t)(l2 >> 16) << 10, 1 },
    { 3, "unified", (uint64_t)(l3 >> 18) << 19, 0 },
  };
  for (size_t i = 0; i < sizeof caches / sizeof *caches && n < max; i++)
    if (caches[i].size_bytes > 0)
      ret_caches[n++] = caches[i];
  return n;
}

size_t
nv_cpuid_caches (struct nv_cpuid_cache *ret_caches, size_t max)
{
  size_t n = read_described_caches (ret_caches, max);

  return n > 0 ? n : read_plain_caches (ret_caches, max);
}

bool
nv_cpuid_hypervisor (char ret_vendor[13])
{
  unsigned a, b, c, d;

  if (!__get_cpuid (1, &a, &b, &c, &d) || !(c & (unsigned)BIT_HYPERVISOR))
    return false;
  __cpuid (LEAF_HYPERVISOR, a, b, c, d);
  memcpy (ret_vendor, &b, 4);
  memcpy (ret_vendor + 4, &c, 4);
  memcpy (ret_vendor + 8, &d, 4);
  ret_vendor[12] = '\0';
  return true;
}

#else

size_t
nv_cpuid_caches (struct nv_cpuid_cache *ret_caches, size_t max)
{
  return 0;
}

bool
nv_cpuid_hypervisor (char ret_vendor[13])
{
  return false;
}

#endif
