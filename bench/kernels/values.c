#include "bench/kernels/values.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static size_t
n_elements (const struct nv_part *part)
{
  return part->bytes / sizeof (double);
}

int
nv_values_prepare (struct nv_part *part, struct nv_message *message)
{
  size_t n = n_elements (part);

  if (part->b)
    for (size_t i = 0; i < n; i++)
      part->b[i] = nv_value_b (part->first + i);
  if (part->c)
    for (size_t i = 0; i < n; i++)
      part->c[i] = nv_value_c (part->first + i);
  if (part->a)
    memset (part->a, 0, part->bytes);
  return 0;
}

void
nv_values_spoil (struct nv_part *part)
{
  memset (part->a, 0xff, part->bytes);
}

int
nv_values_check (const struct nv_part *part, size_t element, double expected, double error,
                 const char *kernel, struct nv_message *message)
{
  double found = part->a[element];

  if (fabs (found - expected) <= error)
    return 0;
  return nv_fail (message, EBADMSG, "wrong result of '%s': element %llu of a is %.17g, it should be %.17g",
                  kernel, (unsigned long long)(part->first + element), found, expected);
}

static int
check_linear (const struct nv_part *part, struct nv_linear formula, const char *kernel,
              struct nv_message *message)
{
  /* Products and sum are each rounded once, by up to half of epsilon = 2^-52, here and in the kernel, there
   * with or without a fused multiply-add: together by less than 2 epsilon of the terms' magnitudes. */
  const double epsilon = 0x1p-52;
  size_t n = n_elements (part);

  for (size_t i = 0; i < n; i++)
    {
      double b = formula.b * nv_value_b (part->first + i), c = formula.c * nv_value_c (part->first + i);
      double expected = b + c + formula.constant;
      double error = 2 * epsilon * (fabs (b) + fabs (c));

      /* not <=, so that a NaN is caught, too */
      if (!(fabs (part->a[i] - expected) <= error))
        return nv_values_check (part, i, expected, error, kernel, message);
    }
  return 0;
}

int
nv_values_verify_linear (struct nv_part *part, nv_pass_fn pass, struct nv_linear formula, const char *kernel,
                         struct nv_message *message)
{
  int error = check_linear (part, formula, kernel, message);

  if (error)
    return error;
  nv_values_spoil (part);
  pass (part);
  return check_linear (part, formula, kernel, message);
}

int
nv_values_verify_sum (struct nv_part *part, nv_pass_fn pass, const char *kernel, struct nv_message *message)
{
  double expected = 0, found = part->checksum;
  size_t n = n_elements (part);

  for (size_t i = 0; i < n; i++)
    expected += nv_value_b (part->first + i);
  if (found == expected)
    found = pass (part);
  if (found == expected)
    return 0;
  return nv_fail (message, EBADMSG, "wrong result of '%s': the sum is %.17g, it should be %.17g", kernel,
                  found, expected);
}
