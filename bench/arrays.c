/* What a team works on: its parts of the arrays, and the order in which it goes over them. */

#include "bench/measure.h"
#include "bench/rng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum
{
  HUGE_BYTES = 2097152,
};

uint64_t
nv_part_pages (uint64_t n_pages, unsigned n_threads, unsigned thread)
{
  return n_pages / n_threads + (thread < n_pages % n_threads);
}

int
nv_part_check (uint64_t size_bytes, unsigned n_threads, struct nv_message *message)
{
  char size[24], needed[24];

  if (size_bytes > (uint64_t)(n_threads - 1) * NV_BASE_PAGE_BYTES)
    return 0;
  nv_format_size (size_bytes, size, sizeof size);
  nv_format_size ((uint64_t)n_threads * NV_BASE_PAGE_BYTES, needed, sizeof needed);
  return nv_fail (message, EINVAL,
                  "size '%s': too small to be divided among %u threads: %s at least is needed", size,
                  n_threads, needed);
}

struct nv_part
nv_part_stretch (const struct nv_part *part, size_t first, size_t n)
{
  struct nv_part stretch = *part;
  size_t elements = first * part->unit_bytes / sizeof (double);

  stretch.n_units = n;
  stretch.bytes = n * part->unit_bytes;
  if (part->order)
    stretch.order += first;
  else
    {
      stretch.a = part->a ? part->a + elements : NULL;
      stretch.b = part->b ? part->b + elements : NULL;
      stretch.c = part->c ? part->c + elements : NULL;
      stretch.first += elements;
    }
  return stretch;
}

/* A random order (R. Durstenfeld, "Algorithm 235: random permutation", CACM 7 (1964)) in memory of the
 * thread's own, on huge pages if there are, as the page walks of the order are not what is measured. */
static int
draw_order (unsigned thread, void *data, struct nv_message *message)
{
  struct nv_arrays *arrays = data;
  struct nv_worker *worker = &arrays->workers[thread];
  size_t n = worker->part.n_units, bytes = (n * sizeof (uint32_t) + HUGE_BYTES - 1) / HUGE_BYTES * HUGE_BYTES;
  uint32_t *order;

  if (n > UINT32_MAX)
    return nv_fail (
        message, EINVAL,
        "access 'line': a random order has room for 2^32 lines, 256 GiB, in each thread's part: ask for "
        "a smaller --size, more --threads or --access page");
  order = aligned_alloc (HUGE_BYTES, bytes);
  if (!order)
    return nv_fail (message, ENOMEM, "cannot draw an order of %zu units: out of memory", n);
  madvise (order, bytes, MADV_HUGEPAGE);
  for (size_t i = 0; i < n; i++)
    {
      uint64_t draw = nv_rng_draw64 (arrays->setup->seed, NV_DRAW_ORDER + thread, i);
      size_t other = (size_t)((unsigned __int128)draw * (i + 1) >> 64);

      order[i] = order[other];
      order[other] = (uint32_t)i;
    }
  worker->order = order;
  worker->part.order = order;
  return 0;
}

static void
divide (struct nv_arrays *arrays)
{
  const struct nv_setup *setup = arrays->setup;
  unsigned n_threads = arrays->team->n_threads;
  uint64_t first = 0;

  for (unsigned i = 0; i < n_threads; i++)
    {
      size_t bytes =
          nv_part_pages (arrays->size_bytes / NV_BASE_PAGE_BYTES, n_threads, i) * NV_BASE_PAGE_BYTES;
      size_t unit_bytes = setup->access == NV_ACCESS_LINE ? NV_LINE_BYTES : NV_BASE_PAGE_BYTES;

      arrays->owners[i] = (struct nv_owner){ .bytes = bytes, .node = arrays->team->nodes[i] };
      arrays->workers[i].part = (struct nv_part){
        .bytes = bytes,
        .unit_bytes = unit_bytes,
        .n_units = bytes / unit_bytes,
        .first = first / sizeof (double),
        .seed = nv_rng_draw64 (setup->seed, NV_DRAW_PART, i),
        .scalar = 3, /* as STREAM's */
        .options = &setup->kernel_options,
      };
      first += bytes;
    }
}

int
nv_arrays_make (const struct nv_setup *setup, const struct nv_pages *pages, const struct nv_team *team,
                uint64_t size_bytes, struct nv_arrays *ret_arrays, struct nv_message *message)
{
  uint64_t n_pages = size_bytes / NV_BASE_PAGE_BYTES + (size_bytes % NV_BASE_PAGE_BYTES > 0);
  struct nv_arrays arrays = {
    .setup = setup, .pages = pages, .team = team, .size_bytes = n_pages * NV_BASE_PAGE_BYTES
  };
  int result = 0;

  if ((result = nv_part_check (size_bytes, team->n_threads, message)) < 0)
    return result;
  arrays.owners = calloc (team->n_threads, sizeof *arrays.owners);
  arrays.workers = aligned_alloc (NV_APART_BYTES, team->n_threads * sizeof *arrays.workers);
  if (!arrays.owners || !arrays.workers)
    {
      free (arrays.owners);
      free (arrays.workers);
      return nv_fail (message, ENOMEM, "cannot divide the arrays: out of memory");
    }
  memset (arrays.workers, 0, team->n_threads * sizeof *arrays.workers);
  divide (&arrays);
  if (setup->access != NV_ACCESS_SEQ)
    result = nv_team_run (team, draw_order, &arrays, message);
  if (result < 0)
    nv_arrays_clear (&arrays);
  else
    *ret_arrays = arrays;
  return result;
}

void
nv_arrays_clear (struct nv_arrays *arrays)
{
  for (unsigned i = 0; i < NV_N_ARRAYS; i++)
    if (arrays->mapped & 1u << i)
      nv_buffer_unmap (&arrays->buffers[i]);
  for (unsigned i = 0; arrays->workers && i < arrays->team->n_threads; i++)
    free (arrays->workers[i].order);
  free (arrays->owners);
  free (arrays->workers);
  *arrays = (struct nv_arrays){ 0 };
}

void
nv_arrays_watch (struct nv_arrays *arrays, const struct nv_reporter *reporter)
{
  for (unsigned i = 0; i < arrays->team->n_threads; i++)
    {
      arrays->workers[i].part.cancelled = reporter->cancelled;
      arrays->workers[i].part.cancelled_data = reporter->data;
    }
}

/* Of buffer @i; what its thread starts at is behind what the threads before it have. */
static int
touch_part (const struct nv_arrays *arrays, unsigned i, unsigned thread, struct nv_message *message)
{
  const struct nv_part *part = &arrays->workers[thread].part;
  char *address = (char *)arrays->buffers[i].address + part->first * sizeof (double);
  uint64_t n_pages = arrays->owners[thread].bytes / NV_BASE_PAGE_BYTES;

  for (uint64_t page = 0; page < n_pages; page++)
    {
      if (nv_part_cancelled (part, page))
        return nv_fail (message, EINTR, "interrupted");
      *(volatile char *)(address + page * NV_BASE_PAGE_BYTES) = 0;
    }
  return 0;
}

struct touch
{
  const struct nv_arrays *arrays;
  unsigned which;
};

static int
touch_thread (unsigned thread, void *data, struct nv_message *message)
{
  const struct touch *touch = data;
  const struct nv_arrays *arrays = touch->arrays;
  bool for_all = arrays->setup->touched_by_main;
  int result = 0;

  for (unsigned i = 0; i < NV_N_ARRAYS; i++)
    if (touch->which & 1u << i && !for_all && result == 0)
      result = touch_part (arrays, i, thread, message);
    else if (touch->which & 1u << i && thread == 0)
      for (unsigned k = 0; k < arrays->team->n_threads && result == 0; k++)
        result = touch_part (arrays, i, k, message);
  return result;
}

static void
show (struct nv_arrays *arrays, unsigned which)
{
  for (unsigned i = 0; i < arrays->team->n_threads; i++)
    {
      struct nv_part *part = &arrays->workers[i].part;
      double **bases[NV_N_ARRAYS] = { &part->a, &part->b, &part->c };

      for (unsigned k = 0; k < NV_N_ARRAYS; k++)
        *bases[k] = which & 1u << k ? (double *)arrays->buffers[k].address + part->first : NULL;
    }
}

int
nv_arrays_need (struct nv_arrays *arrays, unsigned needed, struct nv_message *message)
{
  struct touch touch = { arrays, needed & ~arrays->mapped };
  unsigned n_owners = arrays->team->n_threads;
  int result = 0;

  for (unsigned i = 0; i < NV_N_ARRAYS && result == 0; i++)
    if (touch.which & 1u << i)
      {
        result = nv_buffer_map (arrays->pages, i, arrays->size_bytes, arrays->owners, n_owners,
                                &arrays->buffers[i], message);
        arrays->mapped |= result == 0 ? 1u << i : 0;
      }
  if (result == 0 && touch.which)
    result = nv_team_run (arrays->team, touch_thread, &touch, message);
  for (unsigned i = 0; i < NV_N_ARRAYS && result == 0; i++)
    if (touch.which & 1u << i)
      result = nv_buffer_settle (arrays->pages, &arrays->buffers[i], arrays->owners, n_owners, message);
  if (result == 0)
    show (arrays, needed);
  return result;
}

int
nv_arrays_residence (const struct nv_arrays *arrays, unsigned which, struct nv_residence **ret_residences,
                     struct nv_message *message)
{
  struct nv_residence *residences = calloc (NV_MAX_RESIDENCES, sizeof *residences);
  int n = 0, result = residences ? 0 : nv_fail (message, ENOMEM, "cannot look at the pages: out of memory");

  for (unsigned i = 0; i < NV_N_ARRAYS && result == 0; i++)
    if (which & 1u << i)
      {
        result = nv_buffer_residence (arrays->pages, &arrays->buffers[i], arrays->owners,
                                      arrays->team->n_threads, &residences[n], message);
        n += result == 0;
      }
  if (result < 0)
    {
      nv_arrays_free_residences (residences, (size_t)n);
      return result;
    }
  *ret_residences = residences;
  return n;
}

void
nv_arrays_free_residences (struct nv_residence *residences, size_t n)
{
  for (size_t i = 0; i < n; i++)
    nv_residence_clear (&residences[i]);
  free (residences);
}

/* --- the threads' turns --- */

struct turn
{
  struct nv_arrays *arrays;
  const struct nv_kernel *kernel;
  nv_pass_fn pass;
};

static int
prepare_thread (unsigned thread, void *data, struct nv_message *message)
{
  const struct turn *turn = data;

  return turn->kernel->prepare (&turn->arrays->workers[thread].part, message);
}

int
nv_arrays_prepare (struct nv_arrays *arrays, const struct nv_kernel *kernel, struct nv_message *message)
{
  return nv_team_run (arrays->team, prepare_thread, &(struct turn){ .arrays = arrays, .kernel = kernel },
                      message);
}

static int
verify_thread (unsigned thread, void *data, struct nv_message *message)
{
  const struct turn *turn = data;

  return turn->kernel->verify (&turn->arrays->workers[thread].part, turn->pass, message);
}

int
nv_arrays_verify (struct nv_arrays *arrays, const struct nv_candidate *code, struct nv_message *message)
{
  struct turn turn = { .arrays = arrays, .kernel = code->kernel, .pass = code->pass };

  return nv_team_run (arrays->team, verify_thread, &turn, message);
}

static int
pass_thread (unsigned thread, void *data, struct nv_message *message)
{
  const struct turn *turn = data;
  struct nv_worker *worker = &turn->arrays->workers[thread];

  nv_team_barrier ();
  worker->start_ns = nv_now_ns ();
  worker->part.checksum = turn->pass (&worker->part);
  worker->end_ns = nv_now_ns ();
  return 0;
}

uint64_t
nv_arrays_time_ns (const struct nv_arrays *arrays, uint64_t *ret_start_ns)
{
  int64_t start = INT64_MAX, end = 0;

  for (unsigned i = 0; i < arrays->team->n_threads; i++)
    {
      const struct nv_worker *worker = &arrays->workers[i];

      start = worker->start_ns < start ? worker->start_ns : start;
      end = worker->end_ns > end ? worker->end_ns : end;
    }
  *ret_start_ns = (uint64_t)start;
  return end > start ? (uint64_t)(end - start) : 1;
}

static double
value_of (const struct nv_iteration *iteration, enum nv_unit unit, unsigned n_threads)
{
  double seconds = (double)iteration->time_ns / 1e9;

  switch (unit)
    {
    case NV_UNIT_NS_PER_LOAD: /* as one thread sees it */
      return (double)iteration->time_ns * n_threads / (double)iteration->operations;
    case NV_UNIT_OPERATIONS_PER_S:
      return (double)iteration->operations / seconds;
    default:
      return (double)iteration->bytes / seconds;
    }
}

int
nv_arrays_pass (struct nv_arrays *arrays, const struct nv_candidate *code, struct nv_iteration *ret_iteration,
                struct nv_message *message)
{
  struct turn turn = { .arrays = arrays, .kernel = code->kernel, .pass = code->pass };
  struct nv_iteration iteration = { 0 };
  int result = nv_team_run (arrays->team, pass_thread, &turn, message);

  if (result < 0)
    return result;
  for (unsigned i = 0; i < arrays->team->n_threads; i++)
    {
      iteration.bytes += code->kernel->bytes (&arrays->workers[i].part);
      iteration.operations += code->kernel->operations (&arrays->workers[i].part);
    }
  iteration.time_ns = nv_arrays_time_ns (arrays, &iteration.start_ns);
  iteration.value = value_of (&iteration, code->kernel->unit, arrays->team->n_threads);
  *ret_iteration = iteration;
  return 0;
}
