/* Of any buddyinfo the sampler gives free blocks and indices from 0 to 1, or refuses it. */

#include "fuzz.h"
#include "samplers.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  fuzz_sampler ("buddyinfo", 0, data, size);
  return 0;
}
