#include "bench/rng.h"

#include <glib.h>
#include <string.h>

typedef struct
{
  uint32_t counter[4];
  uint32_t key[2];
  uint32_t expected[4];
} Vector;

/* The known answers that the authors publish with Random123 (kat_vectors, philox4x32 with 10 rounds). */
static const Vector vectors[] = {
  { { 0, 0, 0, 0 }, { 0, 0 }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
  { { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff },
    { 0xffffffff, 0xffffffff },
    { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
  { { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 },
    { 0xa4093822, 0x299f31d0 },
    { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
};

static void
philox_gives_the_published_answers (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      uint32_t counter[4];

      memcpy (counter, vectors[i].counter, sizeof counter);
      nv_rng_philox4x32 (counter, vectors[i].key);
      g_assert_cmpmem (counter, sizeof counter, vectors[i].expected, sizeof counter);
    }
}

static void
a_draw_depends_on_seed_stream_and_index (void)
{
  uint64_t draw = nv_rng_draw64 (1, 2, 3);

  g_assert_cmpuint (nv_rng_draw64 (1, 2, 3), ==, draw);
  g_assert_cmpuint (nv_rng_draw64 (2, 2, 3), !=, draw);
  g_assert_cmpuint (nv_rng_draw64 (1, 3, 3), !=, draw);
  g_assert_cmpuint (nv_rng_draw64 (1, 2, 4), !=, draw);
  g_assert_cmpuint (nv_rng_draw64 (UINT64_C (1) << 32 | 1, 2, 3), !=, draw);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rng/philox_gives_the_published_answers", philox_gives_the_published_answers);
  g_test_add_func ("/rng/a_draw_depends_on_seed_stream_and_index", a_draw_depends_on_seed_stream_and_index);
  return g_test_run ();
}
