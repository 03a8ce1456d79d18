#pragma once

#include "bench/kernels/kernel.h"

/* What the arrays hold, and whether a pass did what it says. Compiled once, not for each instruction set. */

/* The values of b and c at an index of the whole array: whole numbers from 1 to 1024, scattered so that no
 * mistake in the order can hide. Their sums are exact in whatever order, up to 2^43 elements. */
static inline double
nv_value_b (uint64_t index)
{
  return (double)(1 + ((uint32_t)index * UINT32_C (0x9E3779B1) >> 22));
}

static inline double
nv_value_c (uint64_t index)
{
  return (double)(1 + ((uint32_t)index * UINT32_C (0x85EBCA77) >> 22));
}

/* Fills those of the part's arrays that there are: b and c with their values, a with 0. */
int nv_values_prepare (struct nv_part *part, struct nv_message *message);

/* b * value of b + c * value of c + constant */
struct nv_linear
{
  double b, c, constant;
};

/* Looks at what the last pass left; overwrites all of a with what no kernel writes, makes a pass, and looks
 * at every element: -EBADMSG with a message if one is not what the formula gives. */
int nv_values_verify_linear (struct nv_part *part, nv_pass_fn pass, struct nv_linear formula,
                             const char *kernel, struct nv_message *message);

/* The last pass' sum and that of one more must be that of the part's b. */
int
nv_values_verify_sum (struct nv_part *part, nv_pass_fn pass, const char *kernel, struct nv_message *message);

/* What no kernel writes: all bits of a set, a NaN. */
void nv_values_spoil (struct nv_part *part);

/* One element of a or, if it is wrong by more than @error, -EBADMSG. */
int nv_values_check (const struct nv_part *part, size_t element, double expected, double error,
                     const char *kernel, struct nv_message *message);
