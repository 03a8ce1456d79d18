/* copy: a[i] = b[i] */
#include "bench/kernels/kernel.h"

#define NV_NAME2(name, isa) nv_kernel_##name##_##isa
#define NV_NAME(name, isa)  NV_NAME2 (name, isa)
const struct nv_kernel NV_NAME (copy, NV_ISA) = { .name = "copy" };
