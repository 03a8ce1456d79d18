#include "bench/kernels/random.h"

void
nv_permutation_init (struct nv_permutation *permutation, uint64_t key, uint64_t n)
{
  unsigned bits = n > 1 ? 64 - (unsigned)__builtin_clzll (n - 1) : 0;

  permutation->n = n;
  permutation->shift = bits / 2;
  permutation->right = ((n - 1) >> permutation->shift) + 1;
  for (unsigned i = 0; i < sizeof permutation->keys / sizeof permutation->keys[0]; i++)
    permutation->keys[i] = nv_random64 (key, i);
}

/* J. Black, P. Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002: a generalized Feistel network
 * (section 5) over the smallest grid of 2^shift columns that holds n, then cycle walking (section 4) for the
 * few numbers beyond n, fewer than one row. */
uint64_t
nv_permutation_at (const struct nv_permutation *permutation, uint64_t position)
{
  uint64_t mask = (UINT64_C (1) << permutation->shift) - 1;
  const uint64_t *keys = permutation->keys;

  do
    {
      uint64_t left = position & mask, right = position >> permutation->shift;

      for (unsigned i = 0; i < sizeof permutation->keys / sizeof permutation->keys[0]; i += 2)
        {
          left = (left + nv_mix64 (right + keys[i])) & mask;
          right += nv_random_below (nv_mix64 (left + keys[i + 1]), permutation->right);
          if (right >= permutation->right)
            right -= permutation->right;
        }
      position = right << permutation->shift | left;
    }
  while (position >= permutation->n);
  return position;
}
