/* add: a = b + c */

#include "bench/kernels/stream.h"

static NV_INLINE nv_vector
add_formula (nv_vector b, nv_vector c, double q)
{
  return b + c;
}

NV_STREAM (add, add_formula, NV_ARRAY_A | NV_ARRAY_B | NV_ARRAY_C)

static int
add_verify (struct nv_part *part, nv_pass_fn pass, struct nv_message *message)
{
  return nv_values_verify_linear (part, pass, (struct nv_linear){ .b = 1, .c = 1 }, "add", message);
}

const struct nv_kernel NV_KERNEL (add) = {
  .name = "add",
  .label = "Add",
  .summary = "a = b + c",
  .arrays = NV_ARRAY_A | NV_ARRAY_B | NV_ARRAY_C,
  NV_STREAM_FIELDS (add),
};
