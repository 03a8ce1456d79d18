/* spin: multiply-adds in registers, no memory: what no placement may change */

#include "bench/kernels/random.h"
#include "bench/kernels/stream.h"

#include <errno.h>

enum
{
  N_CHAINS = 8,              /* enough for one multiplication a cycle, at a latency of 3 to 5 */
  N_STEPS = 4 * 1024 * 1024, /* about 10 ms; integers, so that an emulated CPU gets there, too */
};

/* D. E. Knuth, "The art of computer programming", volume 2, section 3.3.4, table 1, line 26 (MMIX). */
static const uint64_t multiplier = UINT64_C (6364136223846793005), increment = UINT64_C (1442695040888963407);

static double
spin_pass (struct nv_part *part)
{
  uint64_t chains[N_CHAINS], all = 0;

  for (unsigned k = 0; k < N_CHAINS; k++)
    chains[k] = part->seed + k;
  for (unsigned i = 0; i < N_STEPS; i++)
    for (unsigned k = 0; k < N_CHAINS; k++)
      chains[k] = chains[k] * multiplier + increment;
  for (unsigned k = 0; k < N_CHAINS; k++)
    all ^= nv_mix64 (chains[k]);
  return (double)(all >> 11); /* as many bits as a double holds */
}

/* The same by squaring the step, log2 (N_STEPS) times. */
static double
spin_expected (uint64_t seed)
{
  uint64_t m = multiplier, c = increment, all = 0;

  for (unsigned n = N_STEPS; n > 1; n /= 2)
    {
      c = m * c + c;
      m = m * m;
    }
  for (unsigned k = 0; k < N_CHAINS; k++)
    all ^= nv_mix64 ((seed + k) * m + c);
  return (double)(all >> 11);
}

static uint64_t
spin_operations (const struct nv_part *part)
{
  return (uint64_t)N_CHAINS * N_STEPS;
}

static uint64_t
spin_bytes (const struct nv_part *part)
{
  return 0;
}

static int
spin_prepare (struct nv_part *part, struct nv_message *message)
{
  return 0;
}

static int
spin_verify (struct nv_part *part, nv_pass_fn pass, struct nv_message *message)
{
  double found = part->checksum, expected = spin_expected (part->seed);

  if (found == expected)
    found = pass (part);
  if (found == expected)
    return 0;
  return nv_fail (message, EBADMSG, "wrong result of 'spin': %.17g, it should be %.17g", found, expected);
}

const struct nv_kernel NV_KERNEL (spin) = {
  .name = "spin",
  .label = "Spin",
  .summary = "multiply-adds in registers, no memory: what no placement may change",
  .unit = NV_UNIT_OPERATIONS_PER_S,
  .own_order = true,
  .bytes = spin_bytes,
  .operations = spin_operations,
  .prepare = spin_prepare,
  .verify = spin_verify,
  .passes[NV_STORE_TEMPORAL] = { spin_pass },
};
