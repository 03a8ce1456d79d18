#pragma once

/* Kernels that go once over their arrays: how a pass walks over a part, and what it does with each unit. A
 * kernel's file has its formula and its record. */

#include "bench/kernels/values.h"
#include "bench/kernels/vec.h"

/* How far ahead software prefetching looks. One line of each page is prefetched, so that the page walk is
 * over and the stream known to the hardware's prefetcher when the loop gets there; prefetching every line is
 * slower. */
enum
{
  NV_AHEAD_BYTES = 4096,
  NV_AHEAD_PAGES = 1,
  NV_AHEAD_LINES = 24,
  NV_STEP_VECTORS = 4, /* loaded, then stored, in one turn of the loop */
};

static inline uint64_t
nv_no_operations (const struct nv_part *part)
{
  return 0;
}

typedef void (*nv_unit_fn) (const struct nv_part *part, size_t offset, size_t bytes, void *state);

/* @arrays: those to prefetch, constant */
static NV_INLINE void
nv_prefetch (const struct nv_part *part, unsigned arrays, size_t offset)
{
  if (arrays & NV_ARRAY_A)
    __builtin_prefetch ((const char *)part->a + offset, 0, 0);
  if (arrays & NV_ARRAY_B)
    __builtin_prefetch ((const char *)part->b + offset, 0, 3);
  if (arrays & NV_ARRAY_C)
    __builtin_prefetch ((const char *)part->c + offset, 0, 3);
}

static NV_INLINE void
nv_walk_order (const struct nv_part *part, size_t unit_bytes, size_t ahead, unsigned prefetch,
               nv_unit_fn unit, void *state)
{
  const uint32_t *order = part->order;
  size_t n = part->n_units;

  for (size_t i = 0; i < n; i++)
    {
      if (prefetch)
        nv_prefetch (part, prefetch, order[i + ahead < n ? i + ahead : i] * unit_bytes);
      unit (part, order[i] * unit_bytes, unit_bytes, state);
    }
}

/**
 * nv_walk:
 * @prefetch: arrays to prefetch; constant, as are @unit and what @state points to
 * @unit: gets each unit's offset in the arrays and its length, a constant
 */
static NV_INLINE void
nv_walk (const struct nv_part *part, unsigned prefetch, nv_unit_fn unit, void *state)
{
  size_t bytes = part->n_units * part->unit_bytes, offset = 0;

  if (part->order && part->unit_bytes == NV_LINE_BYTES)
    nv_walk_order (part, NV_LINE_BYTES, NV_AHEAD_LINES, prefetch, unit, state);
  else if (part->order)
    nv_walk_order (part, NV_BASE_PAGE_BYTES, NV_AHEAD_PAGES, prefetch, unit, state);
  else
    {
      for (; offset + NV_BASE_PAGE_BYTES <= bytes; offset += NV_BASE_PAGE_BYTES)
        {
          if (prefetch)
            nv_prefetch (part, prefetch, offset + NV_AHEAD_BYTES);
          unit (part, offset, NV_BASE_PAGE_BYTES, state);
        }
      for (; offset < bytes; offset += NV_LINE_BYTES)
        unit (part, offset, NV_LINE_BYTES, state);
    }
}

typedef nv_vector (*nv_formula_fn) (nv_vector b, nv_vector c, double q);

struct nv_stream
{
  nv_formula_fn formula;
  unsigned arrays;
  enum nv_store store;
};

static NV_INLINE void
nv_stream_unit (const struct nv_part *part, size_t offset, size_t bytes, void *state)
{
  const struct nv_stream *stream = state;
  const size_t n = bytes / NV_VECTOR_BYTES, step = n < NV_STEP_VECTORS ? n : NV_STEP_VECTORS;
  size_t first = offset / sizeof (double);
  double *a = part->a, *b = part->b, *c = part->c, q = part->scalar;

  for (size_t i = 0; i < n; i += step)
    {
      nv_vector values[NV_STEP_VECTORS], none = { 0 };

      for (size_t k = 0; k < step; k++)
        {
          size_t at = first + (i + k) * NV_LANES;

          values[k] = stream->formula (stream->arrays & NV_ARRAY_B ? nv_load (b + at) : none,
                                       stream->arrays & NV_ARRAY_C ? nv_load (c + at) : none, q);
        }
      for (size_t k = 0; k < step; k++)
        nv_store (a + first + (i + k) * NV_LANES, values[k], stream->store);
    }
}

/* a = formula (b, c, q); all arguments but the part are constants. */
static NV_INLINE double
nv_stream_pass (const struct nv_part *part, nv_formula_fn formula, unsigned arrays, enum nv_store store,
                bool prefetch)
{
  struct nv_stream stream = { formula, arrays, store };

  nv_walk (part, prefetch ? arrays : 0, nv_stream_unit, &stream);
  nv_store_fence (store);
  return 0;
}

/* For units that the microcode moves; in one piece if they are in order. There is no such pass with software
 * prefetch: in pieces of a page it is slower, and it is never the fastest in another order. */
static NV_INLINE double
nv_rep_pass (const struct nv_part *part, nv_unit_fn unit)
{
  if (part->order)
    nv_walk (part, 0, unit, NULL);
  else
    unit (part, 0, part->n_units * part->unit_bytes, NULL);
  return 0;
}

/* What only x86 has, in a kernel's file. */
#ifdef __x86_64__
#define NV_X86(...) __VA_ARGS__
#else
#define NV_X86(...)
#endif

/* The passes of a kernel that stores, each of them NAME_pass (part, store, prefetch) with its constants, and
 * their places in the record. */
#define NV_PASS(name, path, store, prefetch)                                                                 \
  static double name##_##path (struct nv_part *part)                                                         \
  {                                                                                                          \
    return name##_pass (part, store, prefetch);                                                              \
  }
#define NV_PASSES(name)                                                                                      \
  NV_PASS (name, temporal, NV_STORE_TEMPORAL, false)                                                         \
  NV_PASS (name, temporal_prefetch, NV_STORE_TEMPORAL, true)                                                 \
  NV_X86 (NV_PASS (name, nontemporal, NV_STORE_NONTEMPORAL, false))                                          \
  NV_X86 (NV_PASS (name, nontemporal_prefetch, NV_STORE_NONTEMPORAL, true))
#define NV_PASSES_FIELDS(name)                                                                               \
  .passes[NV_STORE_TEMPORAL] = { name##_temporal, name##_temporal_prefetch },                                \
  .passes[NV_STORE_NONTEMPORAL] = { NV_X86 (name##_nontemporal, name##_nontemporal_prefetch) }

/* All that a kernel has which does a = formula (b, c, q), but its NAME_verify. */
#define NV_STREAM(name, formula, arrays)                                                                     \
  static uint64_t name##_bytes (const struct nv_part *part)                                                  \
  {                                                                                                          \
    return (uint64_t)__builtin_popcount (arrays) * part->n_units * part->unit_bytes;                         \
  }                                                                                                          \
                                                                                                             \
  static NV_INLINE double name##_pass (struct nv_part *part, enum nv_store store, bool prefetch)             \
  {                                                                                                          \
    return nv_stream_pass (part, formula, arrays, store, prefetch);                                          \
  }                                                                                                          \
                                                                                                             \
  NV_PASSES (name)
#define NV_STREAM_FIELDS(name)                                                                               \
  .unit = NV_UNIT_BYTES_PER_S, .bytes = name##_bytes, .operations = nv_no_operations,                        \
  .prepare = nv_values_prepare, .verify = name##_verify, NV_PASSES_FIELDS (name)
