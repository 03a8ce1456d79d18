#include "bench/handover.h"

#include "bench/clock.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

enum
{
  LINE_BYTES = 128, /* two lines: the prefetcher of neighbours must not carry a second pair's line */
  N_BLOCKS = 9,     /* timed; a preemption spoils one or two of them, not the fastest */
  BLOCK_ROUND_TRIPS =
      50, /* two hand-overs each: a block takes 5 us between near CPUs, 40 us between far ones */
  SPINS_PER_LOOK = 1024, /* at the clock */
  MEETING_NS = 5000000,  /* how long one waits for the other to come at all */
  REPLY_NS = 2000000,    /* and then for each reply; a CPU that is taken away for longer is not known */
  SHARE = 8,             /* one known pair in so many that changed shows that a CPU moved */
};

/* No ball: one of the two gave up. */
#define GIVEN_UP UINT32_MAX

static const double factor = 1.5;

/* One pair's line. The ball counts up: odd numbers are the first thread's hand-overs, even ones replies. */
struct nv_court
{
  _Alignas(LINE_BYTES) _Atomic uint32_t ball;
};

/* Pages of their own: what malloc() gives may be on any node already. */
struct nv_courts
{
  struct nv_court *all; /* for each round, one for each thread, of which the lower of a pair's is used */
  size_t size_bytes;
};

struct nv_probe
{
  const struct nv_team *team;
  struct nv_courts *courts;
  float *ns;
};

size_t
nv_handover_n_pairs (unsigned n_threads)
{
  return n_threads ? (size_t)n_threads * (n_threads - 1) / 2 : 0;
}

size_t
nv_handover_pair (unsigned n_threads, unsigned i, unsigned j)
{
  return (size_t)i * n_threads - (size_t)i * (i + 1) / 2 + (j - i - 1);
}

/* Returns: whether the ball came. Whoever gives up says so; should the other's hand-over overwrite that, it
 * waits for its own time. */
static bool
await (struct nv_court *court, uint32_t wanted, int64_t patience_ns)
{
  int64_t deadline = 0;

  for (;;)
    {
      for (unsigned i = 0; i < SPINS_PER_LOOK; i++)
        {
          uint32_t ball = atomic_load_explicit (&court->ball, memory_order_acquire);

          if (ball == wanted)
            return true;
          if (ball == GIVEN_UP)
            return false;
        }
      if (deadline == 0)
        deadline = nv_now_ns () + patience_ns;
      else if (nv_now_ns () > deadline)
        {
          atomic_store_explicit (&court->ball, GIVEN_UP, memory_order_release);
          return false;
        }
    }
}

static bool
round_trips (struct nv_court *court, uint32_t *ball, unsigned n, int64_t patience_ns)
{
  for (; n > 0; n--)
    {
      atomic_store_explicit (&court->ball, ++*ball, memory_order_release);
      if (!await (court, ++*ball, patience_ns))
        return false;
    }
  return true;
}

/* Returns: ns a hand-over; 0: unknown. */
static float
lead (struct nv_court *court)
{
  int64_t fastest = INT64_MAX;
  uint32_t ball = 0;

  if (!round_trips (court, &ball, 1, MEETING_NS))
    return 0;
  for (unsigned i = 0; i < N_BLOCKS; i++)
    {
      int64_t start = nv_now_ns (), time;

      if (!round_trips (court, &ball, BLOCK_ROUND_TRIPS, REPLY_NS))
        return 0;
      time = nv_now_ns () - start;
      fastest = time < fastest ? time : fastest;
    }
  return (float)fastest / (2 * BLOCK_ROUND_TRIPS);
}

static void
follow (struct nv_court *court)
{
  for (uint32_t ball = 1; ball <= 2 * (1 + N_BLOCKS * BLOCK_ROUND_TRIPS); ball += 2)
    {
      if (!await (court, ball, ball == 1 ? MEETING_NS : REPLY_NS))
        return;
      atomic_store_explicit (&court->ball, ball + 1, memory_order_release);
    }
}

unsigned
nv_handover_partner (unsigned n_threads, unsigned round, unsigned thread)
{
  unsigned last = n_threads + n_threads % 2 - 1;

  if (thread == last)
    return round * ((last + 1) / 2) % last;
  if (2 * thread % last == round)
    return last;
  return (round + last - thread) % last;
}

/* Of the whole tournament. */
static unsigned
n_rounds_of_all (unsigned n_threads)
{
  return n_threads ? n_threads - 1 + n_threads % 2 : 0;
}

unsigned
nv_handover_n_rounds (unsigned n_threads)
{
  unsigned all = n_rounds_of_all (n_threads);

  return all < NV_HANDOVER_MAX_ROUNDS ? all : NV_HANDOVER_MAX_ROUNDS;
}

unsigned
nv_handover_round (unsigned n_threads, unsigned nth)
{
  return nth * n_rounds_of_all (n_threads) / nv_handover_n_rounds (n_threads);
}

struct nv_courts *
nv_courts_make (unsigned n_threads)
{
  struct nv_courts *courts = malloc (sizeof *courts);
  void *all;

  if (!courts)
    return NULL;
  courts->size_bytes = (size_t)n_threads * nv_handover_n_rounds (n_threads) * sizeof *courts->all;
  all = mmap (NULL, courts->size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED)
    {
      free (courts);
      return NULL;
    }
  courts->all = all;
  return courts;
}

void
nv_courts_free (struct nv_courts *courts)
{
  if (!courts)
    return;
  munmap (courts->all, courts->size_bytes);
  free (courts);
}

/* All begin a round together: a pair that is late costs this round, not those of all whom it meets later. */
static int
probe_thread (unsigned thread, void *data, struct nv_message *message)
{
  struct nv_probe *probe = data;
  const struct nv_team *team = probe->team;
  unsigned n = team->n_threads, n_rounds = nv_handover_n_rounds (n);

  for (size_t i = 0; thread == 0 && i < (size_t)n * n_rounds; i++)
    atomic_store_explicit (&probe->courts->all[i].ball, 0, memory_order_relaxed);
  for (unsigned nth = 0; nth < n_rounds; nth++)
    {
      unsigned partner = nv_handover_partner (n, nv_handover_round (n, nth), thread);
      struct nv_court *courts = &probe->courts->all[(size_t)nth * n];

      nv_team_barrier ();
      if (partner >= n || (team->pinned && team->cpus[thread] == team->cpus[partner]))
        continue;
      if (thread < partner)
        probe->ns[nv_handover_pair (n, thread, partner)] = lead (&courts[thread]);
      else
        follow (&courts[partner]);
    }
  return 0;
}

void
nv_handover_probe (const struct nv_team *team, struct nv_courts *courts, float *ret_ns)
{
  size_t n_pairs = nv_handover_n_pairs (team->n_threads);
  struct nv_probe probe = { .team = team, .courts = courts, .ns = ret_ns };
  struct nv_message message;

  for (size_t i = 0; i < n_pairs; i++)
    ret_ns[i] = 0;
  if (n_pairs > 0)
    nv_team_run (team, probe_thread, &probe, &message);
}

/* How a pair is in two probes. */
enum verdict
{
  UNKNOWN,
  LIKE,
  UNLIKE,
};

static bool
has_moved (unsigned n_threads, const void *a, const void *b,
           enum verdict (*compare) (const void *a, const void *b, size_t pair))
{
  for (unsigned i = 0; i < n_threads; i++)
    {
      unsigned n[] = { [UNKNOWN] = 0, [LIKE] = 0, [UNLIKE] = 0 };

      for (unsigned j = 0; j < n_threads; j++)
        if (j != i)
          n[compare (a, b,
                     i < j ? nv_handover_pair (n_threads, i, j) : nv_handover_pair (n_threads, j, i))]++;
      if (n[UNLIKE] > 0 && SHARE * n[UNLIKE] >= n[LIKE] + n[UNLIKE])
        return true;
    }
  return false;
}

static enum verdict
compare_times (const void *a, const void *b, size_t pair)
{
  float x = ((const float *)a)[pair], y = ((const float *)b)[pair];

  if (!(x > 0 && y > 0))
    return UNKNOWN;
  return x > factor * y || y > factor * x ? UNLIKE : LIKE;
}

static enum verdict
compare_classes (const void *a, const void *b, size_t pair)
{
  unsigned x = ((const unsigned *)a)[pair], y = ((const unsigned *)b)[pair];

  if (x == 0 || y == 0)
    return UNKNOWN;
  return x == y ? LIKE : UNLIKE;
}

bool
nv_handover_changed (const float *before_ns, const float *after_ns, unsigned n_threads)
{
  return has_moved (n_threads, before_ns, after_ns, compare_times);
}

struct value
{
  float ns;
  size_t probe;
};

static int
compare_values (const void *a, const void *b)
{
  float x = ((const struct value *)a)->ns, y = ((const struct value *)b)->ns;

  return (x > y) - (x < y);
}

/* Each known value's class: 1 + the number of gaps below it. @classes: zeros, which those of unknown values
 * stay. @sorted: room for n_probes. */
static void
classify_pair (const float *probes, size_t n_probes, size_t n_pairs, size_t pair, struct value *sorted,
               unsigned *classes)
{
  unsigned class = 1;
  size_t n_known = 0;

  for (size_t i = 0; i < n_probes; i++)
    if (probes[i * n_pairs + pair] > 0)
      sorted[n_known++] = (struct value){ probes[i * n_pairs + pair], i };
  qsort (sorted, n_known, sizeof *sorted, compare_values);
  for (size_t k = 0; k < n_known; k++)
    {
      class += k > 0 && sorted[k].ns > factor * sorted[k - 1].ns;
      classes[sorted[k].probe * n_pairs + pair] = class;
    }
}

/* Does a probe fit to a group, whose unknown classes it then tells? */
static bool
join (unsigned *group, const unsigned *probe, unsigned n_threads)
{
  if (has_moved (n_threads, group, probe, compare_classes))
    return false;
  for (size_t i = 0; i < nv_handover_n_pairs (n_threads); i++)
    if (group[i] == 0)
      group[i] = probe[i];
  return true;
}

unsigned
nv_handover_groups (const float *probes, size_t n_probes, unsigned n_threads, unsigned *ret_groups)
{
  size_t n_pairs = nv_handover_n_pairs (n_threads);
  unsigned *classes = calloc (n_probes * n_pairs + 1, sizeof *classes);
  struct value *sorted = calloc (n_probes + 1, sizeof *sorted);
  size_t *founders = calloc (n_probes + 1, sizeof *founders);
  unsigned n_groups = 0;

  /* Without memory all are one group, as where nothing was probed. */
  for (size_t i = 0; i < n_probes; i++)
    ret_groups[i] = 0;
  if (classes && sorted && founders)
    {
      for (size_t pair = 0; pair < n_pairs; pair++)
        classify_pair (probes, n_probes, n_pairs, pair, sorted, classes);
      for (size_t i = 0; i < n_probes; i++)
        {
          unsigned group = 0;

          while (group < n_groups
                 && !join (&classes[founders[group] * n_pairs], &classes[i * n_pairs], n_threads))
            group++;
          if (group == n_groups)
            founders[n_groups++] = i;
          ret_groups[i] = group;
        }
    }
  free (classes);
  free (sorted);
  free (founders);
  return n_groups ? n_groups : n_probes > 0;
}
