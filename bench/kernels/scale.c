/* scale: a = q * b */

#include "bench/kernels/stream.h"

static NV_INLINE nv_vector
scale_formula (nv_vector b, nv_vector c, double q)
{
  return q * b;
}

NV_STREAM (scale, scale_formula, NV_ARRAY_A | NV_ARRAY_B)

static int
scale_verify (struct nv_part *part, nv_pass_fn pass, struct nv_message *message)
{
  return nv_values_verify_linear (part, pass, (struct nv_linear){ .b = part->scalar }, "scale", message);
}

const struct nv_kernel NV_KERNEL (scale) = {
  .name = "scale",
  .label = "Scale",
  .summary = "a = q * b",
  .arrays = NV_ARRAY_A | NV_ARRAY_B,
  NV_STREAM_FIELDS (scale),
};
