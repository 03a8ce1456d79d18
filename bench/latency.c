#include "bench/measure.h"

enum nv_status
nv_bench_loaded_latency (struct nv_bench *bench)
{
  return NV_STATUS_DONE;
}

enum nv_status
nv_bench_matrix (struct nv_bench *bench)
{
  return NV_STATUS_DONE;
}
