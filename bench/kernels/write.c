/* write: a = q */

#include "bench/kernels/stream.h"

#include <string.h>

static NV_INLINE nv_vector
write_formula (nv_vector b, nv_vector c, double q)
{
  return q + (nv_vector){ 0 };
}

NV_STREAM (write, write_formula, NV_ARRAY_A)

#ifdef __x86_64__
static NV_INLINE void
write_rep_unit (const struct nv_part *part, size_t offset, size_t bytes, void *state)
{
  double *to = part->a + offset / sizeof (double);
  size_t n = bytes / sizeof (double);
  uint64_t bits;

  memcpy (&bits, &part->scalar, sizeof bits);
  __asm__ volatile("rep stosq" : "+D"(to), "+c"(n) : "a"(bits) : "memory");
}

static double
write_rep (struct nv_part *part)
{
  return nv_rep_pass (part, write_rep_unit);
}
#endif

static int
write_verify (struct nv_part *part, nv_pass_fn pass, struct nv_message *message)
{
  return nv_values_verify_linear (part, pass, (struct nv_linear){ .constant = part->scalar }, "write",
                                  message);
}

const struct nv_kernel NV_KERNEL (write) = {
  .name = "write",
  .label = "Write",
  .summary = "a = q",
  .arrays = NV_ARRAY_A,
  NV_STREAM_FIELDS (write),
  .passes[NV_STORE_REP] = { NV_X86 (write_rep) },
};
