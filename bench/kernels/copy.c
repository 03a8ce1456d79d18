/* copy: a = b */

#include "bench/kernels/stream.h"

static NV_INLINE nv_vector
copy_formula (nv_vector b, nv_vector c, double q)
{
  return b;
}

NV_STREAM (copy, copy_formula, NV_ARRAY_A | NV_ARRAY_B)

#ifdef __x86_64__
static NV_INLINE void
copy_rep_unit (const struct nv_part *part, size_t offset, size_t bytes, void *state)
{
  char *to = (char *)part->a + offset;
  const char *from = (const char *)part->b + offset;

  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
}

static double
copy_rep (struct nv_part *part)
{
  return nv_rep_pass (part, copy_rep_unit);
}
#endif

static int
copy_verify (struct nv_part *part, nv_pass_fn pass, struct nv_message *message)
{
  return nv_values_verify_linear (part, pass, (struct nv_linear){ .b = 1 }, "copy", message);
}

const struct nv_kernel NV_KERNEL (copy) = {
  .name = "copy",
  .label = "Copy",
  .summary = "a = b",
  .arrays = NV_ARRAY_A | NV_ARRAY_B,
  NV_STREAM_FIELDS (copy),
  .passes[NV_STORE_REP] = { NV_X86 (copy_rep) },
};
