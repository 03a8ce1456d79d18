#include "bench/kernels/kernel.h"
#include "bench/kernels/random.h"

#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

enum
{
  N_PAGES = 48,
  PART_BYTES = N_PAGES * NV_BASE_PAGE_BYTES,
};

typedef enum
{
  IN_ORDER,
  PAGES_SHUFFLED,
  LINES_SHUFFLED,
  N_ORDERS,
} Order;

/* A part of its own memory, each array to the byte, so that a sanitizer sees what is beyond. */
typedef struct
{
  struct nv_kernel_options options;
  struct nv_part part;
  uint32_t *order;
} Fixture;

static void
shuffle (uint32_t *order, uint32_t n)
{
  struct nv_permutation permutation;

  nv_permutation_init (&permutation, 1, n);
  for (uint32_t i = 0; i < n; i++)
    order[i] = (uint32_t)nv_permutation_at (&permutation, i);
}

static Fixture *
fixture_new (unsigned arrays, Order order)
{
  Fixture *f = g_new0 (Fixture, 1);
  struct nv_part *part = &f->part;

  f->options = (struct nv_kernel_options){ .chases = 1, .stride_bytes = 64, .reads = 2, .writes = 1 };
  *part = (struct nv_part){
    .a = arrays & NV_ARRAY_A ? aligned_alloc (NV_BASE_PAGE_BYTES, PART_BYTES) : NULL,
    .b = arrays & NV_ARRAY_B ? aligned_alloc (NV_BASE_PAGE_BYTES, PART_BYTES) : NULL,
    .c = arrays & NV_ARRAY_C ? aligned_alloc (NV_BASE_PAGE_BYTES, PART_BYTES) : NULL,
    .bytes = PART_BYTES,
    .unit_bytes = order == LINES_SHUFFLED ? NV_LINE_BYTES : NV_BASE_PAGE_BYTES,
    .first = 1000 * 512,
    .seed = 7,
    .scalar = 3,
    .options = &f->options,
  };
  part->n_units = part->bytes / part->unit_bytes;
  if (order != IN_ORDER)
    {
      f->order = g_new (uint32_t, part->n_units);
      shuffle (f->order, (uint32_t)part->n_units);
      part->order = f->order;
    }
  return f;
}

static void
fixture_free (Fixture *f)
{
  free (f->part.a);
  free (f->part.b);
  free (f->part.c);
  g_free (f->order);
  g_free (f);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Fixture, fixture_free)

static void
prepare (const struct nv_kernel *kernel, Fixture *f)
{
  struct nv_message message = { "" };

  if (kernel->prepare (&f->part, &message) != 0)
    g_error ("%s: %s", kernel->name, message.text);
}

static void
assert_verifies (const struct nv_kernel *kernel, Fixture *f, nv_pass_fn pass)
{
  struct nv_message message = { "" };

  f->part.checksum = pass (&f->part);
  if (kernel->verify (&f->part, pass, &message) != 0)
    g_error ("%s: %s", kernel->name, message.text);
}

static void
assert_noticed (const struct nv_kernel *kernel, Fixture *f, nv_pass_fn pass, const char *why)
{
  struct nv_message message = { "" };

  if (kernel->unit != NV_UNIT_NS_PER_LOAD) /* whose cursors remember all passes */
    f->part.checksum = kernel->passes[NV_STORE_TEMPORAL][0](&f->part);
  g_assert_cmpint (kernel->verify (&f->part, pass, &message), ==, -EBADMSG);
  if (!strstr (message.text, why) || !strstr (message.text, kernel->name))
    g_error ("'%s' lacks '%s' or '%s'", message.text, why, kernel->name);
}

/* Every pass of the kernel with this fixture. */
static unsigned
passes_verify (const struct nv_kernel *kernel, Fixture *f)
{
  unsigned n = 0;

  for (int store = 0; store < NV_N_STORES; store++)
    for (int prefetch = 0; prefetch < 2; prefetch++)
      {
        nv_pass_fn pass = kernel->passes[store][prefetch];

        if (!pass)
          continue;
        f->part.checksum = pass (&f->part);
        assert_verifies (kernel, f, pass);
        n++;
      }
  return n;
}

static bool
is_last_question (void *data)
{
  unsigned *left = data;

  return --*left == 0;
}

static void
a_chase_asks_while_it_links_and_proves_whether_to_end (void)
{
  const struct nv_kernel *chase = nv_kernel_find (NV_ISA_PORTABLE, "chase");

  for (unsigned questions = 1; questions <= 3; questions++)
    {
      g_autoptr (Fixture) f = fixture_new (chase->arrays, IN_ORDER);
      struct nv_message message = { "" };
      unsigned left = questions;

      f->part.cancelled = is_last_question;
      f->part.cancelled_data = &left;
      g_assert_cmpint (chase->prepare (&f->part, &message), ==, questions < 3 ? -EINTR : 0);
      g_assert_cmpstr (message.text, ==, questions < 3 ? "interrupted" : "");
    }
}

static void
every_path_of_every_kernel_verifies_in_every_order (void)
{
  for (enum nv_isa isa = 0; isa < NV_N_ISAS; isa++)
    {
      const struct nv_kernel *const *kernels = nv_kernels (isa);

      if (!nv_isa_available (isa))
        continue;
      for (size_t i = 0; kernels[i]; i++)
        for (Order order = 0; order < N_ORDERS; order++)
          {
            g_autoptr (Fixture) f = fixture_new (kernels[i]->arrays, order);

            prepare (kernels[i], f);
            g_assert_cmpuint (passes_verify (kernels[i], f), >, 0);
          }
    }
}

/* Sums that a double rounds, and a scalar of which some products are not exact. */
static void
a_scalar_that_is_no_whole_number_verifies (void)
{
  for (enum nv_isa isa = 0; isa < NV_N_ISAS; isa++)
    for (size_t i = 0; nv_isa_available (isa) && nv_kernels (isa)[i]; i++)
      {
        const struct nv_kernel *kernel = nv_kernels (isa)[i];
        g_autoptr (Fixture) f = fixture_new (kernel->arrays, IN_ORDER);

        if (!(kernel->arrays & NV_ARRAY_A))
          continue;
        f->part.scalar = -0.1;
        prepare (kernel, f);
        passes_verify (kernel, f);
      }
}

static void
all_instruction_sets_have_the_same_kernels_in_the_same_order (void)
{
  static const char *const names[] = { "copy",  "scale", "add",    "triad", "read",
                                       "write", "mix",   "gather", "chase", "spin" };

  for (enum nv_isa isa = 0; isa < NV_N_ISAS; isa++)
    {
      const struct nv_kernel *const *kernels = nv_kernels (isa);

      if (isa != NV_ISA_PORTABLE && !kernels[0])
        continue; /* of another architecture */
      for (size_t i = 0; i < G_N_ELEMENTS (names); i++)
        {
          g_assert_nonnull (kernels[i]);
          g_assert_cmpstr (kernels[i]->name, ==, names[i]);
          g_assert_true (nv_kernel_find (isa, names[i]) == kernels[i]);
        }
      g_assert_null (kernels[G_N_ELEMENTS (names)]);
      g_assert_null (nv_kernel_find (isa, "cop"));
    }
}

static uint64_t
bytes_of (const char *name, Order order, unsigned reads, unsigned writes)
{
  const struct nv_kernel *kernel = nv_kernel_find (NV_ISA_PORTABLE, name);
  g_autoptr (Fixture) f = fixture_new (kernel->arrays, order);

  f->options.reads = reads;
  f->options.writes = writes;
  return kernel->bytes (&f->part);
}

static void
bytes_are_those_that_are_loaded_and_stored (void)
{
  const uint64_t bytes = PART_BYTES;

  for (Order order = 0; order < N_ORDERS; order++)
    {
      g_assert_cmpuint (bytes_of ("copy", order, 0, 0), ==, 2 * bytes);
      g_assert_cmpuint (bytes_of ("scale", order, 0, 0), ==, 2 * bytes);
      g_assert_cmpuint (bytes_of ("add", order, 0, 0), ==, 3 * bytes);
      g_assert_cmpuint (bytes_of ("triad", order, 0, 0), ==, 3 * bytes);
      g_assert_cmpuint (bytes_of ("read", order, 0, 0), ==, bytes);
      g_assert_cmpuint (bytes_of ("write", order, 0, 0), ==, bytes);
      g_assert_cmpuint (bytes_of ("gather", order, 0, 0), ==, 2 * bytes + bytes / 2);
      g_assert_cmpuint (bytes_of ("mix", order, 1, 1), ==, 2 * bytes);
      g_assert_cmpuint (bytes_of ("mix", order, 2, 1), ==, bytes + bytes / 2);
      g_assert_cmpuint (bytes_of ("mix", order, 1, 3), ==, bytes + bytes / 3);
      g_assert_cmpuint (bytes_of ("mix", order, 16, 0), ==, bytes);
      /* 3072 lines, of which 5 / 16 are 960. */
      g_assert_cmpuint (bytes_of ("mix", order, 5, 16), ==, bytes + 960 * NV_LINE_BYTES);
    }
  g_assert_cmpuint (bytes_of ("spin", IN_ORDER, 0, 0), ==, 0);
}

static void
operations_are_counted_only_where_they_are_the_unit (void)
{
  for (size_t i = 0; nv_kernels (NV_ISA_PORTABLE)[i]; i++)
    {
      const struct nv_kernel *kernel = nv_kernels (NV_ISA_PORTABLE)[i];
      g_autoptr (Fixture) f = fixture_new (kernel->arrays, IN_ORDER);

      if (kernel->unit == NV_UNIT_BYTES_PER_S)
        g_assert_cmpuint (kernel->operations (&f->part), ==, 0);
      else
        g_assert_cmpuint (kernel->operations (&f->part), >, 0);
    }
}

static void
every_mix_verifies (void)
{
  static const unsigned mixes[][2] = { { 1, 0 }, { 0, 1 }, { 1, 1 }, { 2, 1 },   { 1, 2 },
                                       { 3, 1 }, { 7, 3 }, { 3, 7 }, { 16, 15 }, { 15, 16 } };

  for (enum nv_isa isa = 0; isa < NV_N_ISAS; isa++)
    for (size_t i = 0; nv_isa_available (isa) && i < G_N_ELEMENTS (mixes); i++)
      for (Order order = 0; order < N_ORDERS; order++)
        {
          const struct nv_kernel *kernel = nv_kernel_find (isa, "mix");
          g_autoptr (Fixture) f = fixture_new (kernel->arrays, order);

          f->options.reads = mixes[i][0];
          f->options.writes = mixes[i][1];
          prepare (kernel, f);
          passes_verify (kernel, f);
        }
}

/* What tries paths, or streams at a stated rate, passes over stretches of a part. */
static void
a_stretch_of_a_part_is_what_a_pass_touches (void)
{
  static const char *const kernels[] = { "copy", "scale", "add", "triad", "write", "gather" };
  const size_t offset = 40 * NV_BASE_PAGE_BYTES, bytes = 3 * NV_BASE_PAGE_BYTES;

  for (size_t i = 0; i < G_N_ELEMENTS (kernels); i++)
    {
      const struct nv_kernel *kernel = nv_kernel_find (NV_ISA_PORTABLE, kernels[i]);
      g_autoptr (Fixture) f = fixture_new (kernel->arrays, IN_ORDER);
      g_autofree double *whole = NULL;
      struct nv_part stretch;

      prepare (kernel, f);
      kernel->passes[NV_STORE_TEMPORAL][0](&f->part);
      whole = g_memdup2 (f->part.a, PART_BYTES);
      memset (f->part.a, 0, PART_BYTES);
      stretch = f->part;
      stretch.a += offset / sizeof (double);
      if (stretch.b)
        stretch.b += offset / sizeof (double);
      if (stretch.c)
        stretch.c += offset / sizeof (double);
      stretch.n_units = bytes / NV_BASE_PAGE_BYTES;
      kernel->passes[NV_STORE_TEMPORAL][1](&stretch);
      for (size_t k = 0; k < PART_BYTES / sizeof (double); k++)
        {
          bool within = k >= offset / sizeof (double) && k < (offset + bytes) / sizeof (double);

          g_assert_cmpfloat (f->part.a[k], ==, within ? whole[k] : 0);
        }
    }
}

/* Passes that do not do what they should. What they wrap is set by the test. */
static const struct nv_kernel *broken_kernel;

static double
good_pass (struct nv_part *part)
{
  return broken_kernel->passes[NV_STORE_TEMPORAL][0](part);
}

static double
pass_that_does_nothing (struct nv_part *part)
{
  return 0;
}

static double
pass_that_skips_the_last_unit (struct nv_part *part)
{
  struct nv_part most = *part;

  most.n_units--;
  return good_pass (&most);
}

static double
pass_that_does_one_unit_twice (struct nv_part *part)
{
  struct nv_part other = *part;
  uint32_t *order = g_new (uint32_t, part->n_units);
  double sum;

  for (size_t i = 0; i < part->n_units; i++)
    order[i] = i == 3 ? 4 : (uint32_t)i;
  other.order = order;
  sum = good_pass (&other);
  g_free (order);
  return sum;
}

static double
pass_that_shifts_the_source (struct nv_part *part)
{
  struct nv_part other = *part;
  double sum;

  other.n_units--;
  other.b += NV_BASE_PAGE_BYTES / sizeof (double);
  sum = good_pass (&other);
  other.n_units = 1;
  other.a += part->bytes / sizeof (double) - NV_BASE_PAGE_BYTES / sizeof (double);
  other.b = part->b;
  if (other.c)
    other.c += part->bytes / sizeof (double) - NV_BASE_PAGE_BYTES / sizeof (double);
  return sum + good_pass (&other);
}

static double
pass_that_is_wrong_by_one_bit (struct nv_part *part)
{
  double sum = good_pass (part);
  uint64_t bits;

  memcpy (&bits, part->a + 777, sizeof bits);
  bits ^= 1 << 4;
  memcpy (part->a + 777, &bits, sizeof bits);
  return sum;
}

static double
pass_that_ends_too_early (struct nv_part *part)
{
  double sum = good_pass (part);

  memset (part->a + 4096, 0xff, sizeof (double));
  return sum;
}

static double
pass_with_a_wrong_sum (struct nv_part *part)
{
  return good_pass (part) + 1;
}

static void
broken_passes_are_noticed (void)
{
  static const char *const writers[] = { "copy", "scale", "add", "triad", "write", "gather", "mix" };

  for (size_t i = 0; i < G_N_ELEMENTS (writers); i++)
    {
      const struct nv_kernel *kernel = nv_kernel_find (NV_ISA_PORTABLE, writers[i]);
      g_autoptr (Fixture) f = fixture_new (kernel->arrays, IN_ORDER);

      broken_kernel = kernel;
      f->options.reads = 1;
      prepare (kernel, f);
      /* No timed pass did anything. */
      g_assert_cmpint (kernel->verify (&f->part, good_pass, &(struct nv_message){ "" }), ==, -EBADMSG);
      assert_verifies (kernel, f, good_pass);
      assert_noticed (kernel, f, pass_that_does_nothing, "should be");
      assert_noticed (kernel, f, pass_that_skips_the_last_unit, "should be");
      assert_noticed (kernel, f, pass_that_is_wrong_by_one_bit, "element 512777 of a");
      assert_noticed (kernel, f, pass_that_ends_too_early, "element 516096 of a");
      if (strcmp (kernel->name, "gather") != 0) /* has an order of its own */
        assert_noticed (kernel, f, pass_that_does_one_unit_twice, "should be");
      if (kernel->arrays & NV_ARRAY_B && strcmp (kernel->name, "gather") != 0
          && strcmp (kernel->name, "mix") != 0)
        assert_noticed (kernel, f, pass_that_shifts_the_source, "element 512000 of a");
      assert_verifies (kernel, f, good_pass);
    }
}

static void
wrong_sums_are_noticed (void)
{
  static const char *const readers[] = { "read", "mix", "spin" };

  for (size_t i = 0; i < G_N_ELEMENTS (readers); i++)
    {
      const struct nv_kernel *kernel = nv_kernel_find (NV_ISA_PORTABLE, readers[i]);
      g_autoptr (Fixture) f = fixture_new (kernel->arrays, IN_ORDER);

      broken_kernel = kernel;
      prepare (kernel, f);
      /* No timed pass did anything. */
      g_assert_cmpint (kernel->verify (&f->part, good_pass, &(struct nv_message){ "" }), ==, -EBADMSG);
      assert_verifies (kernel, f, good_pass);
      assert_noticed (kernel, f, pass_with_a_wrong_sum, "should be");
      assert_noticed (kernel, f, pass_that_does_nothing, "should be");
      if (kernel->unit == NV_UNIT_BYTES_PER_S)
        assert_noticed (kernel, f, pass_that_does_one_unit_twice, "should be");
    }
}

static void
mix_must_not_write_more_than_its_share (void)
{
  const struct nv_kernel *kernel = nv_kernel_find (NV_ISA_PORTABLE, "mix");
  g_autoptr (Fixture) f = fixture_new (kernel->arrays, IN_ORDER);

  broken_kernel = nv_kernel_find (NV_ISA_PORTABLE, "write");
  prepare (kernel, f);
  assert_noticed (kernel, f, good_pass, "should not be");
}

static void
gather_refuses_what_32_bits_cannot_index (void)
{
  const struct nv_kernel *kernel = nv_kernel_find (NV_ISA_PORTABLE, "gather");
  g_autoptr (Fixture) f = fixture_new (0, IN_ORDER);
  struct nv_message message;

  f->part.bytes = (UINT64_C (32) << 30) + NV_BASE_PAGE_BYTES;
  g_assert_cmpint (kernel->prepare (&f->part, &message), ==, -EINVAL);
  g_assert_nonnull (strstr (message.text, "32 GiB"));
}

/* The chase's cycle */

static Fixture *
chase_new (unsigned chases, unsigned stride_bytes, uint64_t locality_bytes)
{
  Fixture *f = fixture_new (NV_ARRAY_B, IN_ORDER);

  f->options.chases = chases;
  f->options.stride_bytes = stride_bytes;
  f->options.locality_bytes = locality_bytes;
  return f;
}

static void
every_chase_is_one_cycle_over_all_slots (void)
{
  static const unsigned strides[] = { 8, 24, 64, 256, 4096 };
  static const uint64_t localities[] = { 0, 4096, 3 * 4096, 10000, 1 << 20 };

  for (size_t i = 0; i < G_N_ELEMENTS (strides); i++)
    for (size_t k = 0; k < G_N_ELEMENTS (localities); k++)
      {
        const struct nv_kernel *kernel = nv_kernel_find (NV_ISA_PORTABLE, "chase");
        g_autoptr (Fixture) f = chase_new (1, strides[i], localities[k]);
        size_t n = PART_BYTES / strides[i];
        g_autofree bool *seen = g_new0 (bool, n);
        char *at;

        prepare (kernel, f);
        at = f->part.cursors[0];
        for (size_t step = 0; step < n; step++)
          {
            size_t slot = (size_t)(at - (char *)f->part.b) / strides[i];

            g_assert_cmpuint (slot, <, n);
            g_assert_false (seen[slot]);
            seen[slot] = true;
            at = *(char **)at;
          }
        g_assert_true (at == f->part.cursors[0]);
      }
}

static void
chase_with_locality_sees_all_of_a_block_before_the_next (void)
{
  const struct nv_kernel *kernel = nv_kernel_find (NV_ISA_PORTABLE, "chase");
  const uint64_t locality = 2 * NV_BASE_PAGE_BYTES, n = PART_BYTES / 64;
  g_autoptr (Fixture) f = chase_new (1, 64, locality);
  unsigned changes = 0, steps_forward = 0;
  char *at;

  prepare (kernel, f);
  at = f->part.cursors[0];
  for (uint64_t step = 0; step < n; step++)
    {
      char *next = *(char **)at;
      int64_t from = (at - (char *)f->part.b) / (int64_t)locality;
      int64_t to = (next - (char *)f->part.b) / (int64_t)locality;

      changes += from != to;
      steps_forward += to == from + 1;
      at = next;
    }
  g_assert_cmpuint (changes, ==, PART_BYTES / locality);
  g_assert_cmpuint (steps_forward, <, changes / 2); /* the blocks are in a random order */
}

static void
chases_begin_at_equal_distances_and_verify (void)
{
  for (unsigned chases = 1; chases <= NV_MAX_CHASES; chases++)
    {
      const struct nv_kernel *kernel = nv_kernel_find (NV_ISA_PORTABLE, "chase");
      g_autoptr (Fixture) f = chase_new (chases, 64, 0);
      uint64_t n = PART_BYTES / 64;
      char *at;

      prepare (kernel, f);
      at = f->part.cursors[0];
      for (unsigned k = 0; k < chases; k++)
        {
          g_assert_true (at == f->part.cursors[k]);
          for (uint64_t i = n * k / chases; i < n * (k + 1) / chases; i++)
            at = *(char **)at;
        }
      g_assert_true (at == f->part.cursors[0]);
      g_assert_cmpuint (kernel->operations (&f->part), <=, 1 << 20);
      g_assert_cmpuint (kernel->operations (&f->part), >, (1 << 20) - chases);
      kernel->passes[NV_STORE_TEMPORAL][0](&f->part);
      assert_verifies (kernel, f, kernel->passes[NV_STORE_TEMPORAL][0]);
    }
}

static double
chase_with_a_lazy_cursor (struct nv_part *part)
{
  void *lazy = part->cursors[1];
  double sum = good_pass (part);

  part->cursors[1] = lazy;
  return sum;
}

static double
chase_that_makes_one_load_more (struct nv_part *part)
{
  double sum = good_pass (part);

  part->cursors[2] = *(void **)part->cursors[2];
  return sum;
}

static void
broken_chases_are_noticed (void)
{
  static const nv_pass_fn passes[] = { chase_with_a_lazy_cursor, chase_that_makes_one_load_more,
                                       pass_that_does_nothing };

  broken_kernel = nv_kernel_find (NV_ISA_PORTABLE, "chase");
  for (size_t i = 0; i < G_N_ELEMENTS (passes); i++)
    {
      g_autoptr (Fixture) f = chase_new (3, 64, 0);

      prepare (broken_kernel, f);
      assert_verifies (broken_kernel, f, good_pass);
      assert_noticed (broken_kernel, f, passes[i], "cursor");

      /* A timed pass that was wrong is noticed by a good one after it. */
      prepare (broken_kernel, f);
      passes[i](&f->part);
      f->part.steps += passes[i] == pass_that_does_nothing; /* it would have to say that it did something */
      assert_noticed (broken_kernel, f, good_pass, "cursor");
    }
}

static void
a_part_with_fewer_slots_than_chases_is_refused (void)
{
  const struct nv_kernel *kernel = nv_kernel_find (NV_ISA_PORTABLE, "chase");
  g_autoptr (Fixture) f = chase_new (32, PART_BYTES / 31, 0);
  struct nv_message message;

  f->options.stride_bytes &= ~7U;
  g_assert_cmpint (kernel->prepare (&f->part, &message), ==, -EINVAL);
  g_assert_nonnull (strstr (message.text, "32 chases"));
}

static void
a_permutation_has_every_number_once (void)
{
  for (uint64_t n = 1; n < 300; n++)
    {
      g_autofree bool *seen = g_new0 (bool, n);
      struct nv_permutation permutation;

      nv_permutation_init (&permutation, 5 * n, n);
      for (uint64_t i = 0; i < n; i++)
        {
          uint64_t number = nv_permutation_at (&permutation, i);

          g_assert_cmpuint (number, <, n);
          g_assert_false (seen[number]);
          seen[number] = true;
        }
    }
}

/* Over many keys each number stands at each place equally often: chi-squared with 63 degrees of freedom is
 * above 126 with a probability of about 4e-6; the keys are the same in each run. */
static void
a_permutation_favours_no_place (void)
{
  enum
  {
    N = 64,
    KEYS = 64000,
  };

  for (uint64_t place = 0; place < N; place += 21)
    {
      unsigned counts[N] = { 0 };
      double chi_squared = 0;

      for (uint64_t key = 0; key < KEYS; key++)
        {
          struct nv_permutation permutation;

          nv_permutation_init (&permutation, key, N);
          counts[nv_permutation_at (&permutation, place)]++;
        }
      for (unsigned i = 0; i < N; i++)
        chi_squared += (counts[i] - (double)KEYS / N) * (counts[i] - (double)KEYS / N) / ((double)KEYS / N);
      g_assert_cmpfloat (chi_squared, <, 126);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(test) g_test_add_func ("/kernels/" #test, test)
  ADD (a_chase_asks_while_it_links_and_proves_whether_to_end);
  ADD (every_path_of_every_kernel_verifies_in_every_order);
  ADD (a_scalar_that_is_no_whole_number_verifies);
  ADD (all_instruction_sets_have_the_same_kernels_in_the_same_order);
  ADD (bytes_are_those_that_are_loaded_and_stored);
  ADD (operations_are_counted_only_where_they_are_the_unit);
  ADD (every_mix_verifies);
  ADD (a_stretch_of_a_part_is_what_a_pass_touches);
  ADD (broken_passes_are_noticed);
  ADD (wrong_sums_are_noticed);
  ADD (mix_must_not_write_more_than_its_share);
  ADD (gather_refuses_what_32_bits_cannot_index);
  ADD (every_chase_is_one_cycle_over_all_slots);
  ADD (chase_with_locality_sees_all_of_a_block_before_the_next);
  ADD (chases_begin_at_equal_distances_and_verify);
  ADD (broken_chases_are_noticed);
  ADD (a_part_with_fewer_slots_than_chases_is_refused);
  ADD (a_permutation_has_every_number_once);
  ADD (a_permutation_favours_no_place);
  return g_test_run ();
}
