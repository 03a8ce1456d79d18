/* read: the sum of b */

#include "bench/kernels/stream.h"

static NV_INLINE void
read_unit (const struct nv_part *part, size_t offset, size_t bytes, void *state)
{
  nv_vector *sums = state;
  const size_t n = bytes / NV_VECTOR_BYTES, step = n < NV_STEP_VECTORS ? n : NV_STEP_VECTORS;
  const double *b = part->b + offset / sizeof (double);

  for (size_t i = 0; i < n; i += step)
    for (size_t k = 0; k < step; k++)
      sums[k] += nv_load (b + (i + k) * NV_LANES);
}

static NV_INLINE double
read_pass (const struct nv_part *part, unsigned prefetch)
{
  nv_vector sums[NV_STEP_VECTORS] = { { 0 } }, sum = { 0 };

  nv_walk (part, prefetch, read_unit, sums);
  for (size_t k = 0; k < NV_STEP_VECTORS; k++)
    sum += sums[k];
  return nv_vector_sum (sum);
}

static double
read_plain (struct nv_part *part)
{
  return read_pass (part, 0);
}

static double
read_prefetch (struct nv_part *part)
{
  return read_pass (part, NV_ARRAY_B);
}

static uint64_t
read_bytes (const struct nv_part *part)
{
  return (uint64_t)part->n_units * part->unit_bytes;
}

static int
read_verify (struct nv_part *part, nv_pass_fn pass, struct nv_message *message)
{
  return nv_values_verify_sum (part, pass, "read", message);
}

const struct nv_kernel NV_KERNEL (read) = {
  .name = "read",
  .label = "Read",
  .summary = "the sum of b",
  .unit = NV_UNIT_BYTES_PER_S,
  .arrays = NV_ARRAY_B,
  .bytes = read_bytes,
  .operations = nv_no_operations,
  .prepare = nv_values_prepare,
  .verify = read_verify,
  .passes[NV_STORE_TEMPORAL] = { read_plain, read_prefetch },
};
