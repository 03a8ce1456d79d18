/* Of any vmstat, numastat or meminfo the samplers give counters or refuse them, and what they give is JSON.
 */

#include "fuzz.h"
#include "samplers.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  fuzz_sampler ("vmstat", 0, data, size);
  fuzz_sampler ("numa", 0, data, size);
  fuzz_sampler ("numa", 1, data, size);
  return 0;
}
