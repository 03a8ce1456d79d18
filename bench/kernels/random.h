#pragma once

#include <stdint.h>

/* Random numbers for as many elements as an array has, where Philox would take longer than the memory does.
 * As with bench/rng.h, whose draws are the keys, a draw is a pure function of its place. */

/* SplitMix64's output function (G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number
 * generators", OOPSLA 2014, figure 18). */
static inline uint64_t
nv_mix64 (uint64_t value)
{
  value = (value ^ value >> 30) * UINT64_C (0xBF58476D1CE4E5B9);
  value = (value ^ value >> 27) * UINT64_C (0x94D049BB133111EB);
  return value ^ value >> 31;
}

/* Draw @index of SplitMix64 under @key. */
static inline uint64_t
nv_random64 (uint64_t key, uint64_t index)
{
  return nv_mix64 (key + (index + 1) * UINT64_C (0x9E3779B97F4A7C15));
}

/* 64 random bits to 0 .. @n - 1; a number's share is wrong by at most @n / 2^64. */
static inline uint64_t
nv_random_below (uint64_t bits, uint64_t n)
{
  return (uint64_t)((unsigned __int128)bits * n >> 64);
}

/* A random order of 0 .. n - 1 that takes no memory: the place of each is a function of the key. */
struct nv_permutation
{
  uint64_t n;
  unsigned shift; /* a number is right * 2^shift + left */
  uint64_t right; /* number of right halves */
  uint64_t keys[6];
};

/* @n: at least 1. @key: random bits. */
void nv_permutation_init (struct nv_permutation *permutation, uint64_t key, uint64_t n);

/* What stands at @position, both 0 .. n - 1. */
uint64_t nv_permutation_at (const struct nv_permutation *permutation, uint64_t position);
