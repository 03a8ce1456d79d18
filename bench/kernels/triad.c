/* triad: a = b + q * c */

#include "bench/kernels/stream.h"

static NV_INLINE nv_vector
triad_formula (nv_vector b, nv_vector c, double q)
{
  return b + q * c;
}

NV_STREAM (triad, triad_formula, NV_ARRAY_A | NV_ARRAY_B | NV_ARRAY_C)

static int
triad_verify (struct nv_part *part, nv_pass_fn pass, struct nv_message *message)
{
  return nv_values_verify_linear (part, pass, (struct nv_linear){ .b = 1, .c = part->scalar }, "triad",
                                  message);
}

const struct nv_kernel NV_KERNEL (triad) = {
  .name = "triad",
  .label = "Triad",
  .summary = "a = b + q * c",
  .arrays = NV_ARRAY_A | NV_ARRAY_B | NV_ARRAY_C,
  NV_STREAM_FIELDS (triad),
};
