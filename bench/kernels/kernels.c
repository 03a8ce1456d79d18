/* The tables of kernels, and what this CPU can run of them. */

#include "bench/kernels/kernel.h"

#include <string.h>

extern const struct nv_kernel *const nv_kernels_portable[];
#ifdef __x86_64__
extern const struct nv_kernel *const nv_kernels_avx2[];
extern const struct nv_kernel *const nv_kernels_avx512[];
#endif

const struct nv_kernel *const *
nv_kernels (enum nv_isa isa)
{
  static const struct nv_kernel *const none[] = { NULL };

  switch (isa)
    {
    case NV_ISA_PORTABLE:
      return nv_kernels_portable;
#ifdef __x86_64__
    case NV_ISA_AVX2:
      return nv_kernels_avx2;
    case NV_ISA_AVX512:
      return nv_kernels_avx512;
#endif
    default:
      return none;
    }
}

const struct nv_kernel *
nv_kernel_find (enum nv_isa isa, const char *name)
{
  const struct nv_kernel *const *kernels = nv_kernels (isa);

  for (size_t i = 0; kernels[i]; i++)
    if (strcmp (kernels[i]->name, name) == 0)
      return kernels[i];
  return NULL;
}

bool
nv_isa_available (enum nv_isa isa)
{
#ifdef __x86_64__
  __builtin_cpu_init ();
  if (isa == NV_ISA_AVX2)
    return __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma");
  if (isa == NV_ISA_AVX512)
    return nv_isa_available (NV_ISA_AVX2) && __builtin_cpu_supports ("avx512f");
#endif
  return isa == NV_ISA_PORTABLE;
}

const char *
nv_isa_name (enum nv_isa isa)
{
  static const char *const names[NV_N_ISAS] = { "portable", "avx2", "avx512" };

  return names[isa];
}

const char *
nv_store_name (enum nv_store store)
{
  static const char *const names[NV_N_STORES] = { "temporal", "nontemporal", "rep" };

  return names[store];
}
