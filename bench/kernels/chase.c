/* chase: loads of which each needs the one before; the slots of b in one random cycle
 *
 * The cycle is a function of the seed (struct cycle), so it is known where each cursor has to be after so
 * many loads. It goes over all of the part, whatever the part's order is. */

#include "bench/kernels/random.h"
#include "bench/kernels/stream.h"

#include "bench/rng.h"

#include <errno.h>
#include <string.h>

enum
{
  N_LOADS =
      1024 * 1024, /* of one pass, of all cursors: some 0.2 s for one, too long for the timer to matter */
};

/* Blocks in a random order, and in each its slots in a random order; a last block that is shorter comes last.
 * With one block the order is that of the slots alone. */
struct cycle
{
  char *base;
  size_t stride_bytes;
  uint64_t n_slots;
  uint64_t block_slots;
  uint64_t slots_key;
  struct nv_permutation blocks; /* the full ones */
};

static uint64_t
cycle_key (const struct nv_part *part, uint64_t index)
{
  return nv_rng_draw64 (part->seed, 0x6368617365 /* "chase" */, index);
}

static struct cycle
cycle_of (const struct nv_part *part)
{
  const struct nv_kernel_options *options = part->options;
  struct cycle cycle = {
    .base = (char *)part->b,
    .stride_bytes = options->stride_bytes,
    .n_slots = part->bytes / options->stride_bytes,
    .block_slots = options->locality_bytes / options->stride_bytes,
    .slots_key = cycle_key (part, 0),
  };

  if (cycle.block_slots == 0 || cycle.block_slots > cycle.n_slots)
    cycle.block_slots = cycle.n_slots;
  if (cycle.n_slots > 0)
    nv_permutation_init (&cycle.blocks, cycle_key (part, 1), cycle.n_slots / cycle.block_slots);
  return cycle;
}

/* The order of the slots of the block that comes so many blocks along the cycle. Returns: its first slot. */
static char *
cycle_block (const struct cycle *cycle, uint64_t block, struct nv_permutation *ret_slots)
{
  bool full = block < cycle->blocks.n;
  uint64_t place = full ? nv_permutation_at (&cycle->blocks, block) : block;

  nv_permutation_init (ret_slots, nv_random64 (cycle->slots_key, place),
                       full ? cycle->block_slots : cycle->n_slots % cycle->block_slots);
  return cycle->base + place * cycle->block_slots * cycle->stride_bytes;
}

static void *
cycle_slot (const struct cycle *cycle, uint64_t position)
{
  struct nv_permutation slots;
  char *first = cycle_block (cycle, position / cycle->block_slots, &slots);

  return first + nv_permutation_at (&slots, position % cycle->block_slots) * cycle->stride_bytes;
}

/* Position of cursor @k of @n at equal distances. */
static uint64_t
cycle_start (const struct cycle *cycle, unsigned k, unsigned n)
{
  return cycle->n_slots / n * k + cycle->n_slots % n * k / n;
}

/* Each slot gets the address of the next one. False: cancelled. */
static bool
cycle_link (const struct cycle *cycle, const struct nv_part *part)
{
  uint64_t n_linked = 0;
  void **last = cycle_slot (cycle, cycle->n_slots - 1);

  for (uint64_t block = 0; block * cycle->block_slots < cycle->n_slots; block++)
    {
      struct nv_permutation slots;
      char *first = cycle_block (cycle, block, &slots);

      for (uint64_t i = 0; i < slots.n; i++)
        {
          if (nv_part_cancelled (part, n_linked++))
            return false;
          *last = first + nv_permutation_at (&slots, i) * cycle->stride_bytes;
          last = *last;
        }
    }
  return true;
}

/* Is what stands in memory one cycle over all slots? Walked in stretches at the same time, of which each has
 * to end where the next one begins: so they make up one walk of n_slots loads from the first slot back to it.
 * If it is not met before, all slots met are different, and there are no more. */
static int
cycle_prove (const struct cycle *cycle, const struct nv_part *part, struct nv_message *message)
{
  unsigned n = cycle->n_slots < NV_MAX_CHASES ? (unsigned)cycle->n_slots : NV_MAX_CHASES;
  void *at[NV_MAX_CHASES], *first = cycle_slot (cycle, 0);
  uint64_t left[NV_MAX_CHASES], longest = cycle->n_slots / n + 1;

  for (unsigned k = 0; k < n; k++)
    {
      at[k] = cycle_slot (cycle, cycle_start (cycle, k, n));
      left[k] = cycle_start (cycle, k + 1, n) - cycle_start (cycle, k, n);
    }
  for (uint64_t i = 0; i < longest; i++)
    for (unsigned k = 0; k < n; k++)
      {
        uint64_t offset = (uint64_t)((char *)at[k] - cycle->base);

        if (k == 0 && nv_part_cancelled (part, i))
          return nv_fail (message, EINTR, "interrupted");
        if (i >= left[k])
          continue;
        if (offset >= cycle->n_slots * cycle->stride_bytes || offset % cycle->stride_bytes != 0)
          return nv_fail (message, EBADMSG, "wrong cycle of 'chase': offset %llu is no slot",
                          (unsigned long long)offset);
        if (at[k] == first && (k > 0 || i > 0))
          return nv_fail (message, EBADMSG,
                          "wrong cycle of 'chase': it is closed before all %llu slots were visited",
                          (unsigned long long)cycle->n_slots);
        at[k] = *(void **)at[k];
      }
  for (unsigned k = 0; k < n; k++)
    if (at[k] != cycle_slot (cycle, cycle_start (cycle, (k + 1) % n, n)))
      return nv_fail (message, EBADMSG,
                      "wrong cycle of 'chase': stretch %u of %u does not end where the next begins", k + 1,
                      n);
  return 0;
}

/* @n: a constant, so that the cursors are in registers as far as there are so many. */
static NV_INLINE void
chase_steps (void **cursors, unsigned n, uint64_t n_steps)
{
  void *at[NV_MAX_CHASES];

#pragma GCC unroll 32
  for (unsigned k = 0; k < n; k++)
    at[k] = cursors[k];
  for (uint64_t i = 0; i < n_steps; i++)
#pragma GCC unroll 32
    for (unsigned k = 0; k < n; k++)
      at[k] = *(void **)at[k];
#pragma GCC unroll 32
  for (unsigned k = 0; k < n; k++)
    cursors[k] = at[k];
}

static uint64_t
chase_n_steps (const struct nv_part *part)
{
  uint64_t loads = part->options->loads ? part->options->loads : N_LOADS;

  return loads / part->options->chases;
}

static double
chase_pass (struct nv_part *part)
{
  uint64_t n_steps = chase_n_steps (part), offsets = 0;

  switch (part->options->chases)
    {
#define CASE(n)                                                                                              \
  case n:                                                                                                    \
    chase_steps (part->cursors, n, n_steps);                                                                 \
    break;
#define CASES(n) CASE (n) CASE (n + 1) CASE (n + 2) CASE (n + 3)
      CASES (1)
      CASES (5)
      CASES (9)
      CASES (13)
      CASES (17)
      CASES (21)
      CASES (25)
      CASES (29)
    }
  part->steps += n_steps;
  for (unsigned k = 0; k < part->options->chases; k++)
    offsets += (uint64_t)((char *)part->cursors[k] - (char *)part->b);
  return (double)offsets;
}

static uint64_t
chase_operations (const struct nv_part *part)
{
  return chase_n_steps (part) * part->options->chases;
}

static uint64_t
chase_bytes (const struct nv_part *part)
{
  return chase_operations (part) * sizeof (void *);
}

static int
chase_check (const struct nv_kernel_options *options, uint64_t part_bytes, struct nv_message *message)
{
  uint64_t n_slots = part_bytes / options->stride_bytes;

  if (n_slots >= options->chases)
    return 0;
  return nv_fail (
      message, EINVAL,
      "kernel 'chase': %u chases need %u slots in each thread's part, which has %llu of %u bytes: "
      "ask for a larger --size, a smaller --stride or fewer --chases",
      options->chases, options->chases, (unsigned long long)n_slots, options->stride_bytes);
}

static unsigned
chase_sparsity (const struct nv_kernel_options *options)
{
  return (options->stride_bytes + NV_LINE_BYTES - 1) / NV_LINE_BYTES;
}

static int
chase_prepare (struct nv_part *part, struct nv_message *message)
{
  unsigned chases = part->options->chases;
  int error = chase_check (part->options, part->bytes, message);
  struct cycle cycle;

  if (error)
    return error;
  cycle = cycle_of (part);
  memset (part->b, 0, part->bytes); /* touches the pages in their order */
  if (!cycle_link (&cycle, part))
    return nv_fail (message, EINTR, "interrupted");
  for (unsigned k = 0; k < chases; k++)
    part->cursors[k] = cycle_slot (&cycle, cycle_start (&cycle, k, chases));
  part->steps = 0;
  return cycle_prove (&cycle, part, message);
}

/* Has each cursor made as many loads since prepare() as the passes say? */
static int
check_cursors (const struct nv_part *part, struct nv_message *message)
{
  struct cycle cycle = cycle_of (part);
  unsigned chases = part->options->chases;

  for (unsigned k = 0; k < chases; k++)
    {
      uint64_t position = (cycle_start (&cycle, k, chases) + part->steps) % cycle.n_slots;

      if (part->cursors[k] != cycle_slot (&cycle, position))
        return nv_fail (message, EBADMSG,
                        "wrong result of 'chase': cursor %u is not where %llu loads lead it", k,
                        (unsigned long long)part->steps);
    }
  return 0;
}

static int
chase_verify (struct nv_part *part, nv_pass_fn pass, struct nv_message *message)
{
  uint64_t steps = part->steps + chase_n_steps (part);
  int error = check_cursors (part, message);

  if (error)
    return error;
  pass (part);
  part->steps = steps; /* whatever the pass says */
  return check_cursors (part, message);
}

const struct nv_kernel NV_KERNEL (chase) = {
  .name = "chase",
  .label = "Chase",
  .summary = "loads of which each needs the one before",
  .unit = NV_UNIT_NS_PER_LOAD,
  .arrays = NV_ARRAY_B,
  .own_order = true,
  .alone = true,
  .check = chase_check,
  .sparsity = chase_sparsity,
  .bytes = chase_bytes,
  .operations = chase_operations,
  .prepare = chase_prepare,
  .verify = chase_verify,
  .passes[NV_STORE_TEMPORAL] = { chase_pass },
};
