/* A measurement: holds what is asked against what can be, measures kernel by kernel, and reports. */

#include "bench/measure.h"
#include "bench/facts.h"
#include "bench/rng.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum
{
  SHORTEST_TICKS = 1000, /* so that the timer's step is 0.1 % of an iteration at most */
  MIN_STEPS = 8,         /* of a clock that is coarse */
  N_ALIKE = 3,           /* warm-ups in a row that must agree */
  MAX_WARM_UPS = 10,
};

static const double alike = 1.05, MIB = 1048576;
static const int64_t warm_up_ns = 2000000000;

double
nv_tick_ns (int64_t (*now_ns) (void))
{
  int64_t tick = INT64_MAX, before = now_ns ();

  for (unsigned i = 0, n_steps = 0; i < 10000 || n_steps < MIN_STEPS; i++)
    {
      int64_t now = now_ns ();

      if (now > before)
        {
          tick = now - before < tick ? now - before : tick;
          n_steps++;
        }
      before = now;
    }
  return (double)tick;
}

void
nv_bench_start (struct nv_bench *bench)
{
  const struct nv_reporter *reporter = bench->reporter;

  if (!bench->started)
    reporter->start (reporter->data, bench->setup, &bench->team, bench->facts, bench->tick_ns);
  bench->started = true;
}

bool
nv_bench_cancelled (struct nv_bench *bench, const char *kernel, unsigned iteration)
{
  const struct nv_reporter *reporter = bench->reporter;

  if (!bench->interrupted && reporter->cancelled && reporter->cancelled (reporter->data))
    bench->interrupted = true;
  if (!bench->interrupted && reporter->progress)
    reporter->progress (reporter->data, kernel, iteration, bench->setup->iterations);
  return bench->interrupted;
}

enum nv_status
nv_bench_status (const struct nv_bench *bench, int error)
{
  if (error >= 0)
    return NV_STATUS_DONE;
  if (error == -EINVAL || error == -ENODEV || (error == -ENOMEM && bench->pages.kind == NV_PAGE_HUGETLB))
    return NV_STATUS_USAGE;
  return NV_STATUS_FAILED;
}

/* --- how large --- */

uint64_t
nv_default_size_bytes (const json_t *facts, const struct nv_team *team, double n_arrays, unsigned sparsity,
                       uint64_t available_bytes)
{
  uint64_t step = (uint64_t)team->n_threads * NV_BASE_PAGE_BYTES;
  uint64_t cache = nv_facts_last_level_cache_bytes (facts, team->cpus, team->n_threads);
  uint64_t wanted = 4 * sparsity * (cache ? cache : UINT64_C (64) << 20);
  uint64_t possible = (uint64_t)((double)(available_bytes / 5 * 3) / (n_arrays > 0 ? n_arrays : 1));
  uint64_t bytes = (wanted < possible ? wanted : possible) / step * step;

  return bytes ? bytes : step;
}

/* Does the policy name the nodes that pages go to? */
static bool
has_nodes (const struct nv_pages *pages)
{
  return pages->policy != NV_PAGES_FIRST_TOUCH && pages->policy != NV_PAGES_LOCAL
         && pages->policy != NV_PAGES_MIXED;
}

/* An order's share of an array: a number for each unit. */
static double
order_share (enum nv_access access)
{
  static const unsigned unit_bytes[] = {
    [NV_ACCESS_PAGE] = NV_BASE_PAGE_BYTES, [NV_ACCESS_LINE] = NV_LINE_BYTES
  };

  return access == NV_ACCESS_SEQ ? 0 : (double)sizeof (uint32_t) / unit_bytes[access];
}

/* What the arrays take, each in whole pages. The chase's d is a b. */
static uint64_t
needed_bytes (const struct nv_pages *pages, unsigned arrays, uint64_t bytes)
{
  uint64_t sum = 0;

  for (unsigned i = 0; i < NV_MAX_RESIDENCES; i++)
    if (arrays & 1u << i)
      sum += nv_buffer_mapping_bytes (pages, i < NV_N_ARRAYS ? i : 1, bytes);
  return sum;
}

/* Where none of it fits, the message is of the whole default. Orders are not where reserved pages are. */
static int
size_in_reserved (const struct nv_bench *bench, const struct nv_pages *pages, const struct nv_team *team,
                  unsigned arrays, uint64_t *ret_bytes, struct nv_message *message)
{
  uint64_t asked = bench->setup->size_bytes, bytes = asked, available = nv_pages_available_bytes (pages);
  uint64_t step = (uint64_t)team->n_threads * NV_BASE_PAGE_BYTES;

  if (asked == 0)
    {
      asked = nv_default_size_bytes (bench->facts, team, 1, bench->sparsity, UINT64_MAX);
      for (bytes = asked; needed_bytes (pages, arrays, bytes) > available && bytes > pages->page_bytes;)
        bytes = bytes / 2 / step * step;
    }
  *ret_bytes = bytes;
  if (bytes > 0 && needed_bytes (pages, arrays, bytes) <= available)
    return 0;
  return nv_buffer_check_reserved (pages, (unsigned)__builtin_popcount (arrays), asked,
                                   needed_bytes (pages, arrays, asked), message);
}

int
nv_bench_size (const struct nv_bench *bench, const struct nv_pages *pages, const struct nv_team *team,
               unsigned arrays, uint64_t *ret_bytes, struct nv_message *message)
{
  const struct nv_setup *setup = bench->setup;
  unsigned n_arrays = (unsigned)__builtin_popcount (arrays);
  uint64_t available = nv_pages_available_bytes (pages), room = nv_room_bytes (available);
  double share = order_share (setup->access), n = n_arrays + share;
  char size[24];

  if (pages->kind == NV_PAGE_HUGETLB)
    return size_in_reserved (bench, pages, team, arrays, ret_bytes, message);
  *ret_bytes = setup->size_bytes;
  if (setup->size_bytes == 0)
    *ret_bytes = nv_default_size_bytes (bench->facts, team, n, bench->sparsity, available);
  if (setup->size_bytes == 0 || (double)setup->size_bytes * n <= (double)room)
    return 0;
  nv_format_size (setup->size_bytes, size, sizeof size);
  return nv_fail (
      message, EINVAL,
      "size '%s': %u arrays of that%s do not fit into the %.0f MiB that are available%s, of which "
      "%.0f MiB are kept free; size %.0fM would",
      size, n_arrays, share > 0 ? " and their order" : "", (double)available / MIB,
      has_nodes (pages) ? " on the nodes asked for" : "", (double)(available - room) / MIB,
      floor ((double)room / n / MIB));
}

/* --- one kernel --- */

/* One that is being measured. */
struct subject
{
  struct nv_bench *bench;
  struct nv_arrays *arrays;
  const struct nv_candidate *code;
};

int
nv_bench_check_time (const struct nv_bench *bench, const struct nv_kernel *kernel, uint64_t size_bytes,
                     uint64_t time_ns)
{
  double limit_ns = SHORTEST_TICKS * bench->tick_ns;
  uint64_t kib = 4;
  char size[24];

  if ((double)time_ns >= limit_ns)
    return 0;
  if (kernel->unit != NV_UNIT_BYTES_PER_S)
    return nv_fail (bench->message, EINVAL,
                    "kernel '%s': an iteration takes %llu ns, less than %d ticks of the timer (%.0f ns each)",
                    kernel->name, (unsigned long long)time_ns, SHORTEST_TICKS, bench->tick_ns);
  /* Twice what is needed, as it may run faster then. */
  while ((double)kib * 1024 * (double)time_ns < 2 * limit_ns * (double)size_bytes)
    kib *= 2;
  nv_format_size (size_bytes, size, sizeof size);
  return nv_fail (
      bench->message, EINVAL,
      "size '%s': an iteration of '%s' takes %llu ns, less than %d ticks of the timer (%.0f ns each); size "
      "%lluK would do",
      size, kernel->name, (unsigned long long)time_ns, SHORTEST_TICKS, bench->tick_ns,
      (unsigned long long)kib);
}

static int
iterate (void *data, struct nv_iteration *iteration)
{
  const struct subject *subject = data;
  struct nv_bench *bench = subject->bench;
  int result = nv_arrays_pass (subject->arrays, subject->code, iteration, bench->message);

  if (result == 0)
    result =
        nv_bench_check_time (bench, subject->code->kernel, subject->arrays->size_bytes, iteration->time_ns);
  return result;
}

static bool
are_alike (const uint64_t *times)
{
  uint64_t low = times[0], high = times[0];

  for (unsigned i = 1; i < N_ALIKE; i++)
    {
      low = times[i] < low ? times[i] : low;
      high = times[i] > high ? times[i] : high;
    }
  return (double)high <= alike * (double)low;
}

int
nv_bench_warm_up (struct nv_bench *bench, const char *name,
                  int (*once) (void *data, struct nv_iteration *iteration), void *data,
                  struct nv_result *result)
{
  int64_t deadline_ns = nv_now_ns () + warm_up_ns;
  uint64_t times[N_ALIKE];

  while (!result->stable && result->warm_ups < MAX_WARM_UPS
         && (result->warm_ups == 0 || nv_now_ns () < deadline_ns) && !nv_bench_cancelled (bench, name, 0))
    {
      struct nv_iteration iteration;
      int error = once (data, &iteration);

      if (error < 0)
        return error;
      nv_bench_start (bench);
      times[result->warm_ups++ % N_ALIKE] = iteration.time_ns;
      result->stable = result->warm_ups >= N_ALIKE && are_alike (times);
    }
  return 0;
}

enum nv_status
nv_bench_kernel (struct nv_bench *bench, struct nv_arrays *arrays, const char *name,
                 struct nv_candidate *code, int cpu_node, int memory_node)
{
  struct nv_result result = { .cpu_node = cpu_node, .memory_node = memory_node };
  struct subject subject = { .bench = bench, .arrays = arrays, .code = code };
  struct nv_series series = { 0 };
  enum nv_status status;
  int error;

  nv_arrays_watch (arrays, bench->reporter);
  error = nv_paths_find (arrays, name, code, bench->message);
  if (error == 0)
    error = nv_bench_warm_up (bench, name, iterate, &subject, &result);
  if (error == 0)
    error = nv_series_make (&series, bench->setup->iterations, arrays->team->n_threads, bench->message);
  if (error == 0)
    error = nv_series_run (bench, &series, arrays->team, name, iterate, &subject);
  if (error == 0 && series.n > 0)
    error = nv_arrays_verify (arrays, code, bench->message);
  status = nv_bench_status (bench, error);
  if (status == NV_STATUS_DONE && series.n > 0)
    {
      result.kernel = code->kernel;
      result.path = code->path;
      result.path_chosen = code->chosen;
      status = nv_bench_report (bench, arrays, code->kernel->arrays, NULL, &series, &result);
    }
  nv_series_clear (&series);
  return status;
}

/* --- the report --- */

/* The first mismatch is told: the others are in the results. */
static void
note_mismatch (struct nv_bench *bench, const struct nv_result *result)
{
  size_t n = 0;

  for (unsigned i = 0; i < NV_MAX_RESIDENCES; i++)
    if (result->arrays & 1u << i)
      {
        const struct nv_residence *residence = &result->residence[n++];
        char asked[96], found[256];

        if (bench->mismatch || residence->holds)
          continue;
        nv_pages_format (result->pages, asked, sizeof asked);
        nv_residence_explain (result->pages, residence, found, sizeof found);
        bench->mismatch = true;
        nv_fail (&bench->mismatch_message, 0, "pages '%s': array %c of '%s': %s", asked, (char)('a' + i),
                 result->kernel->name, found);
      }
}

static int
find_residences (const struct nv_arrays *arrays, unsigned which, const struct nv_arrays *own,
                 struct nv_residence **ret_residences, struct nv_message *message)
{
  struct nv_residence *residences, *last;
  int n = nv_arrays_residence (arrays, which, &residences, message), error;

  if (n < 0)
    return n;
  if (own)
    {
      error = nv_arrays_residence (own, NV_ARRAY_B, &last, message);
      if (error < 0)
        {
          nv_arrays_free_residences (residences, (size_t)n);
          return error;
        }
      residences[n++] = *last;
      free (last);
    }
  *ret_residences = residences;
  return n;
}

enum nv_status
nv_bench_report (struct nv_bench *bench, const struct nv_arrays *arrays, unsigned which,
                 const struct nv_arrays *own, struct nv_series *series, struct nv_result *result)
{
  const struct nv_team *team = arrays->team;
  struct nv_residence *residences;
  uint64_t cache = nv_facts_last_level_cache_bytes (bench->facts, team->cpus, team->n_threads);
  int n_arrays, error;

  error =
      nv_series_summarize (series, nv_rng_draw64 (bench->setup->seed, NV_DRAW_SUMMARY, 0), bench->message);
  if (error < 0)
    return nv_bench_status (bench, error);
  n_arrays = find_residences (arrays, which, own, &residences, bench->message);
  if (n_arrays < 0)
    return nv_bench_status (bench, n_arrays);
  result->team = team;
  result->size_bytes = which ? arrays->size_bytes : 0;
  result->cache_resident_possible = which && (cache == 0 || arrays->size_bytes / bench->sparsity < 4 * cache);
  result->n_pairs = series->n_pairs;
  result->iterations = series->iterations;
  result->n_iterations = series->n;
  result->n_changed = series->n_changed;
  result->groups = series->groups;
  result->n_groups = series->n_groups;
  result->arrays = which | (own ? NV_ARRAY_D : 0);
  result->residence = residences;
  result->pages = arrays->pages;
  result->n_arrays = (size_t)n_arrays;
  note_mismatch (bench, result);
  bench->reporter->result (bench->reporter->data, bench->setup, result);
  nv_arrays_free_residences (residences, (size_t)n_arrays);
  return NV_STATUS_DONE;
}

/* --- the whole run --- */

static bool
runs_alone (const struct nv_setup *setup, const struct nv_kernel *kernel)
{
  const struct nv_team_request *team = &setup->team;

  return setup->mode == NV_MODE_KERNELS && kernel->alone && team->n_threads == 0 && team->per_node == 0
         && !team->cpus;
}

static void
note_sparsity (struct nv_bench *bench, const struct nv_kernel *kernel)
{
  unsigned sparsity = kernel->sparsity ? kernel->sparsity (&bench->setup->kernel_options) : 1;

  bench->sparsity = sparsity > bench->sparsity ? sparsity : bench->sparsity;
}

/* Holds the kernels against what there is and what is asked. @ret_all_alone: none needs more than one
 * thread. */
static int
check_kernels (struct nv_bench *bench, bool *ret_all_alone)
{
  const struct nv_setup *setup = bench->setup;
  struct nv_message *message = bench->message;
  struct nv_candidate candidates[NV_MAX_PATHS];

  *ret_all_alone = true;
  for (size_t i = 0; i < setup->n_kernels; i++)
    {
      int n = nv_paths_list (setup, setup->kernels[i], candidates, message);
      const struct nv_kernel *kernel = candidates[0].kernel;

      if (n < 0)
        return n;
      if (setup->mode == NV_MODE_LOADED_LATENCY && kernel->unit != NV_UNIT_BYTES_PER_S)
        return nv_fail (message, EINVAL, "kernel '%s': it moves no bytes that could load the memory",
                        kernel->name);
      *ret_all_alone &= runs_alone (setup, kernel);
      note_sparsity (bench, kernel);
    }
  if (setup->mode == NV_MODE_LOADED_LATENCY)
    note_sparsity (bench, nv_kernel_find (NV_ISA_PORTABLE, "chase"));
  return 0;
}

/* Which arrays are there at a time. */
static unsigned
arrays_of (const struct nv_setup *setup)
{
  unsigned arrays = 0;

  if (setup->mode == NV_MODE_MATRIX)
    return NV_ARRAY_B;
  for (size_t i = 0; i < setup->n_kernels; i++)
    arrays |= nv_kernel_find (NV_ISA_PORTABLE, setup->kernels[i])->arrays;
  return arrays | (setup->mode == NV_MODE_LOADED_LATENCY ? NV_ARRAY_D : 0);
}

/* Can the kernels work on their parts? The matrix' parts are known in its cells. */
static int
check_parts (const struct nv_bench *bench, struct nv_message *message)
{
  const struct nv_setup *setup = bench->setup;
  uint64_t n_pages = (bench->size_bytes + NV_BASE_PAGE_BYTES - 1) / NV_BASE_PAGE_BYTES;
  int error = 0;

  for (size_t i = 0; i < setup->n_kernels && error == 0 && setup->mode != NV_MODE_MATRIX; i++)
    {
      const struct nv_kernel *kernel = nv_kernel_find (NV_ISA_PORTABLE, setup->kernels[i]);
      unsigned n_threads = runs_alone (setup, kernel) ? 1 : bench->team.n_threads;

      error = nv_part_check (bench->size_bytes, n_threads, message);
      /* The smallest part and the largest one. */
      for (unsigned thread = n_threads; kernel->check && error == 0 && thread > 0;
           thread = thread > 1 ? 1 : 0)
        error = kernel->check (&setup->kernel_options,
                               nv_part_pages (n_pages, n_threads, thread - 1) * NV_BASE_PAGE_BYTES, message);
    }
  return error;
}

static int
check_team (const struct nv_setup *setup, const struct nv_team *team, struct nv_message *message)
{
  char policy[128];

  if (setup->mode == NV_MODE_LOADED_LATENCY && team->n_threads < 2)
    return nv_fail (
        message, EINVAL,
        "threads '1': loaded latency needs two at least, one that waits for memory and one that loads it");
  if (team->pinned)
    return 0;
  if (setup->mode == NV_MODE_MATRIX)
    return nv_fail (message, EINVAL, "matrix: threads that are not pinned are on no node");
  if (setup->pages.policy != NV_PAGES_LOCAL && setup->pages.policy != NV_PAGES_MIXED)
    return 0;
  nv_pages_format (&setup->pages, policy, sizeof policy);
  return nv_fail (message, EINVAL,
                  "pages '%s': it follows the node of the thread that uses a page, and threads that are not "
                  "pinned are on no node; do without --no-pin",
                  policy);
}

/* Everything that can be wrong with the setup is found here, before anything is measured. */
static int
begin (struct nv_bench *bench)
{
  const struct nv_setup *setup = bench->setup;
  struct nv_team_request request = setup->team;
  bool all_alone = false;
  int error =
      setup->iterations ? 0 : nv_fail (bench->message, EINVAL, "iterations '0': one at least is needed");

  if (error == 0)
    error = check_kernels (bench, &all_alone);
  if (error == 0)
    error = nv_pages_resolve (&bench->pages, bench->message);
  if (error < 0)
    return error;
  if (all_alone)
    request.n_threads = 1;
  error = nv_team_make (&request, &bench->team, bench->message);
  if (error == 0)
    error = check_team (setup, &bench->team, bench->message);
  if (error < 0)
    return error;
  bench->facts = nv_facts_read ("/");
  bench->tick_ns = nv_tick_ns (nv_now_ns);
  error = nv_bench_size (bench, &bench->pages, &bench->team, arrays_of (setup), &bench->size_bytes,
                         bench->message);
  return error < 0 ? error : check_parts (bench, bench->message);
}

static enum nv_status
measure_kernels (struct nv_bench *bench)
{
  const struct nv_setup *setup = bench->setup;
  /* Those that run alone do so where nothing else of the team is asked for. */
  struct nv_team_request alone = { .n_threads = 1, .unpinned = setup->team.unpinned };
  struct nv_team one = { 0 };
  struct nv_arrays arrays = { 0 };
  int error = nv_team_make (&alone, &one, bench->message);
  enum nv_status status = nv_bench_status (bench, error);

  for (size_t i = 0; i < setup->n_kernels && status == NV_STATUS_DONE && !bench->interrupted; i++)
    {
      const struct nv_kernel *kernel = nv_kernel_find (NV_ISA_PORTABLE, setup->kernels[i]);
      const struct nv_team *team = runs_alone (setup, kernel) ? &one : &bench->team;

      if (arrays.team != team)
        {
          if (arrays.team)
            nv_arrays_clear (&arrays);
          error = nv_arrays_make (setup, &bench->pages, team, bench->size_bytes, &arrays, bench->message);
          status = nv_bench_status (bench, error);
        }
      if (status == NV_STATUS_DONE)
        status = nv_bench_kernel (bench, &arrays, setup->kernels[i], &(struct nv_candidate){ 0 }, -1, -1);
    }
  if (arrays.team)
    nv_arrays_clear (&arrays);
  nv_team_clear (&one);
  return status;
}

/* The setup with the kernels that are measured. */
static struct nv_setup
with_kernels (const struct nv_setup *setup)
{
  static const char *const defaults[][4] = {
    [NV_MODE_KERNELS] = { "copy", "scale", "add", "triad" },
    [NV_MODE_MATRIX] = { "read", "chase" },
    [NV_MODE_LOADED_LATENCY] = { "read" },
  };
  struct nv_setup complete = *setup;

  if (setup->n_kernels > 0 && setup->mode != NV_MODE_MATRIX)
    return complete;
  for (complete.n_kernels = 0; complete.n_kernels < 4 && defaults[setup->mode][complete.n_kernels];)
    {
      complete.kernels[complete.n_kernels] = defaults[setup->mode][complete.n_kernels];
      complete.n_kernels++;
    }
  return complete;
}

/* Everything before the first array is mapped. */
static enum nv_status
open_bench (struct nv_bench *bench, const struct nv_setup *asked)
{
  int error = nv_setup_check (asked, bench->message);

  return nv_bench_status (bench, error < 0 ? error : begin (bench));
}

static void
close_bench (struct nv_bench *bench)
{
  json_decref (bench->facts);
  nv_team_clear (&bench->team);
}

enum nv_status
nv_bench_plan (const struct nv_setup *asked, uint64_t *ret_size_bytes, struct nv_message *message)
{
  struct nv_setup setup = with_kernels (asked);
  struct nv_bench bench = { .setup = &setup, .message = message, .pages = setup.pages };
  enum nv_status status = open_bench (&bench, asked);

  if (status == NV_STATUS_DONE)
    *ret_size_bytes = bench.size_bytes;
  close_bench (&bench);
  return status;
}

enum nv_status
nv_bench_run (const struct nv_setup *asked, const struct nv_reporter *reporter, struct nv_message *message)
{
  struct nv_setup complete = with_kernels (asked);
  const struct nv_setup *setup = &complete;
  struct nv_bench bench = { .setup = setup, .reporter = reporter, .message = message, .pages = setup->pages };
  enum nv_status status = open_bench (&bench, asked);

  /* Blocks that are larger than the array are one, and recorded so. */
  if (complete.kernel_options.locality_bytes >= bench.size_bytes)
    complete.kernel_options.locality_bytes = 0;
  if (status == NV_STATUS_DONE)
    {
      if (setup->mode == NV_MODE_MATRIX)
        status = nv_bench_matrix (&bench);
      else if (setup->mode == NV_MODE_LOADED_LATENCY)
        status = nv_bench_loaded_latency (&bench);
      else
        status = measure_kernels (&bench);
    }
  if (status == NV_STATUS_DONE && bench.interrupted)
    {
      nv_fail (message, EINTR, "interrupted");
      status = NV_STATUS_FAILED;
    }
  if (status == NV_STATUS_DONE && bench.mismatch)
    {
      *message = bench.mismatch_message;
      status = NV_STATUS_DOES_NOT_HOLD;
    }
  close_bench (&bench);
  return status;
}
