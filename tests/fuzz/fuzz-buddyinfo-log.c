/* Import of a log of buddyinfo: what is readable comes in, the rest is left out. */

#include "fuzz.h"
#include "formats.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  fuzz_format ("buddyinfo", data, size);
  return 0;
}
