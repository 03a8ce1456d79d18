#include "bench/rng.h"

static void
philox_round (uint32_t c[4], uint32_t key0, uint32_t key1)
{
  uint64_t product0 = (uint64_t)UINT32_C (0xD2511F53) * c[0];
  uint64_t product1 = (uint64_t)UINT32_C (0xCD9E8D57) * c[2];
  uint32_t c1 = c[1], c3 = c[3];

  c[0] = (uint32_t)(product1 >> 32) ^ c1 ^ key0;
  c[1] = (uint32_t)product1;
  c[2] = (uint32_t)(product0 >> 32) ^ c3 ^ key1;
  c[3] = (uint32_t)product0;
}

void
nv_rng_philox4x32 (uint32_t counter[4], const uint32_t key[2])
{
  uint32_t key0 = key[0], key1 = key[1];

  for (int round = 0; round < 10; round++)
    {
      philox_round (counter, key0, key1);
      /* The Weyl sequence of the key: the golden ratio and sqrt(3) - 1, times 2^32. */
      key0 += UINT32_C (0x9E3779B9);
      key1 += UINT32_C (0xBB67AE85);
    }
}

uint64_t
nv_rng_draw64 (uint64_t seed, uint64_t stream, uint64_t index)
{
  uint32_t key[2] = { (uint32_t)seed, (uint32_t)(seed >> 32) };
  uint32_t c[4] = { (uint32_t)index, (uint32_t)(index >> 32), (uint32_t)stream, (uint32_t)(stream >> 32) };

  nv_rng_philox4x32 (c, key);
  return (uint64_t)c[1] << 32 | c[0];
}
