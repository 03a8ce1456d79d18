/* gather: a[i] = b[index[i]], with the index in c; in order of i, whatever the part's order is */

#include "bench/kernels/random.h"
#include "bench/kernels/stream.h"

#include "bench/rng.h"

#include <errno.h>

enum
{
  AHEAD = 64, /* elements; the index goes on for so many */
  STEP = 8,   /* elements: a line of a */
};

static NV_INLINE nv_vector
gather_vector (const double *b, const uint32_t *index)
{
#ifdef __AVX512F__
  return _mm512_i64gather_pd (_mm512_cvtepu32_epi64 (_mm256_loadu_si256 ((const void *)index)), b, 8);
#else
  nv_vector value;

  for (unsigned i = 0; i < NV_LANES; i++)
    value[i] = b[index[i]];
  return value;
#endif
}

/* Where the prepared part begins: what is passed over may be a stretch of it, but the index counts from
 * there. */
enum cursor
{
  CURSOR_A,
  CURSOR_B,
  CURSOR_INDEX,
};

static NV_INLINE double
gather_pass (const struct nv_part *part, enum nv_store store, bool prefetch)
{
  double *a = part->a;
  const double *b = part->cursors[CURSOR_B];
  const uint32_t *index =
      (const uint32_t *)part->cursors[CURSOR_INDEX] + (a - (double *)part->cursors[CURSOR_A]);
  size_t n = part->n_units * part->unit_bytes / sizeof (double);

  for (size_t i = 0; i < n; i += STEP)
    {
      if (prefetch)
        for (size_t k = 0; k < STEP; k++)
          __builtin_prefetch (b + index[i + k + AHEAD]);
      for (size_t k = 0; k < STEP; k += NV_LANES)
        nv_store (a + i + k, gather_vector (b, index + i + k), store);
    }
  nv_store_fence (store);
  return 0;
}

NV_PASSES (gather)

static uint64_t
gather_bytes (const struct nv_part *part)
{
  uint64_t n = part->n_units * part->unit_bytes / sizeof (double);

  return n * (2 * sizeof (double) + sizeof (uint32_t));
}

static uint64_t
gather_key (const struct nv_part *part)
{
  return nv_rng_draw64 (part->seed, 0x676174686572 /* "gather" */, 0);
}

static int
gather_check (const struct nv_kernel_options *options, uint64_t part_bytes, struct nv_message *message)
{
  uint64_t n = part_bytes / sizeof (double);

  if (n < AHEAD)
    return nv_fail (
        message, EINVAL,
        "kernel 'gather': each thread's part has %llu bytes, and 512 are needed: ask for a larger "
        "--size or fewer --threads",
        (unsigned long long)part_bytes);
  if (n > UINT64_C (1) << 32)
    return nv_fail (
        message, EINVAL,
        "kernel 'gather': its index reaches over 32 GiB, and each thread's part has %llu: ask for a "
        "smaller --size or more --threads",
        (unsigned long long)(part_bytes >> 30));
  return 0;
}

static int
gather_prepare (struct nv_part *part, struct nv_message *message)
{
  uint64_t n = part->bytes / sizeof (double), key = gather_key (part);
  uint32_t *index = (uint32_t *)part->c;
  int error = gather_check (part->options, part->bytes, message);

  if (error)
    return error;
  nv_values_prepare (part, message);
  for (uint64_t i = 0; i < n + AHEAD; i++)
    index[i] = (uint32_t)nv_random_below (nv_random64 (key, i), n);
  part->cursors[CURSOR_A] = part->a;
  part->cursors[CURSOR_B] = part->b;
  part->cursors[CURSOR_INDEX] = index;
  return 0;
}

static int
check_gathered (const struct nv_part *part, struct nv_message *message)
{
  uint64_t n = part->bytes / sizeof (double), key = gather_key (part);
  int error = 0;

  for (uint64_t i = 0; i < n && !error; i++)
    {
      uint64_t from = nv_random_below (nv_random64 (key, i), n);

      error = nv_values_check (part, i, nv_value_b (part->first + from), 0, "gather", message);
    }
  return error;
}

static int
gather_verify (struct nv_part *part, nv_pass_fn pass, struct nv_message *message)
{
  int error = check_gathered (part, message);

  if (error)
    return error;
  nv_values_spoil (part);
  pass (part);
  return check_gathered (part, message);
}

const struct nv_kernel NV_KERNEL (gather) = {
  .name = "gather",
  .label = "Gather",
  .summary = "a[i] = b[index[i]], a random index of 32 bits",
  .unit = NV_UNIT_BYTES_PER_S,
  .arrays = NV_ARRAY_A | NV_ARRAY_B | NV_ARRAY_C,
  .own_order = true,
  .check = gather_check,
  .bytes = gather_bytes,
  .operations = nv_no_operations,
  .prepare = gather_prepare,
  .verify = gather_verify,
  NV_PASSES_FIELDS (gather),
};
