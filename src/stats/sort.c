#include "stats/sort.h"

#include <stdlib.h>
#include <string.h>

enum
{
  FEW = 512, /* from here on digits are faster than comparing; of 10 million values six times */
  DIGIT_BITS = 11,
  N_DIGITS = 6, /* of 64 bits */
  BASE = 1 << DIGIT_BITS,
};

static int
compare (const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;

  return (x > y) - (x < y);
}

/* A double's bits in such a form that they, read as an unsigned number, are in the order of the values. */
static guint64
to_key (guint64 bits)
{
  return bits ^ (bits >> 63 ? G_MAXUINT64 : G_GUINT64_CONSTANT (1) << 63);
}

static guint64
from_key (guint64 key)
{
  return key ^ (key >> 63 ? G_GUINT64_CONSTANT (1) << 63 : G_MAXUINT64);
}

static guint
digit_of (guint64 key, guint digit)
{
  return (guint)(key >> (digit * DIGIT_BITS)) & (BASE - 1);
}

/* By one digit, stable. @counts: how many keys have each value of it; is changed. */
static void
distribute (const guint64 *from, guint64 *to, gsize n, guint digit, gsize *counts)
{
  gsize at = 0;

  for (guint i = 0; i < BASE; i++)
    {
      gsize count = counts[i];

      counts[i] = at;
      at += count;
    }
  for (gsize i = 0; i < n; i++)
    to[counts[digit_of (from[i], digit)]++] = from[i];
}

static void
sort_by_digits (guint64 *keys, gsize n)
{
  g_autofree guint64 *other = g_new (guint64, n);
  g_autofree gsize *counts = g_new0 (gsize, N_DIGITS * BASE);
  guint64 *from = keys, *to = other;

  for (gsize i = 0; i < n; i++)
    {
      keys[i] = to_key (keys[i]);
      for (guint digit = 0; digit < N_DIGITS; digit++)
        counts[digit * BASE + digit_of (keys[i], digit)]++;
    }
  for (guint digit = 0; digit < N_DIGITS; digit++)
    {
      gsize *own = counts + digit * BASE;
      guint64 *swap = from;

      if (own[digit_of (from[0], digit)] == n)
        continue; /* all have the same */
      distribute (from, to, n, digit, own);
      from = to;
      to = swap;
    }
  for (gsize i = 0; i < n; i++)
    keys[i] = from_key (from[i]);
}

void
nv_sort (double *values, gsize n)
{
  if (n < FEW)
    qsort (values, n, sizeof *values, compare);
  else
    sort_by_digits ((guint64 *)(void *)values, n);
}
