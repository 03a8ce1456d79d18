#pragma once

/* What a vector is in the instruction set that this file is compiled for. GCC's and clang's vector types have
 * the operators of C, also with a double on one side, so a kernel's formula is written as it is. */

#include "bench/kernels/kernel.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#if defined __AVX512F__
#define NV_VECTOR_BYTES 64
#elif defined __AVX2__
#define NV_VECTOR_BYTES 32
#else
#define NV_VECTOR_BYTES 16 /* SSE2, NEON, VSX; elsewhere the compiler takes it apart */
#endif

#define NV_KERNEL_OF(name, isa) nv_kernel_##name##_##isa
#define NV_KERNEL_IN(name, isa) NV_KERNEL_OF (name, isa)
#define NV_KERNEL(name)         NV_KERNEL_IN (name, NV_ISA) /* the record's symbol */

/* Called with constants, such a function is a specialized copy for each path. Not so in sanitized builds,
 * which measure nothing: hundreds of instrumented copies take long to compile. */
#ifdef NV_UNSPECIALIZED
#define NV_INLINE __attribute__ ((noinline, unused))
#else
#define NV_INLINE inline __attribute__ ((always_inline))
#endif

typedef double nv_vector __attribute__ ((vector_size (NV_VECTOR_BYTES)));

enum
{
  NV_LANES = NV_VECTOR_BYTES / sizeof (double),
  NV_LINE_VECTORS = NV_LINE_BYTES / NV_VECTOR_BYTES,
};

static NV_INLINE nv_vector
nv_load (const double *from)
{
  return *(const nv_vector *)from;
}

/* @store: constant; NONTEMPORAL on x86 alone. */
static NV_INLINE void
nv_store (double *to, nv_vector value, enum nv_store store)
{
#ifdef __x86_64__
  if (store == NV_STORE_NONTEMPORAL)
#if defined __AVX512F__
    _mm512_stream_pd (to, value);
#elif defined __AVX2__
    _mm256_stream_pd (to, value);
#else
    _mm_stream_pd (to, value);
#endif
  else
#endif
    *(nv_vector *)to = value;
}

static NV_INLINE double
nv_vector_sum (nv_vector value)
{
  double sum = 0;

  for (unsigned i = 0; i < NV_LANES; i++)
    sum += value[i];
  return sum;
}

/* Non-temporal stores are weakly ordered: they are done when the fence is. */
static NV_INLINE void
nv_store_fence (enum nv_store store)
{
#ifdef __x86_64__
  if (store == NV_STORE_NONTEMPORAL)
    _mm_sfence ();
#endif
}
