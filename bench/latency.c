/* Latency under load, and from each node to each. */

#include "bench/measure.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum
{
  SLICE_BYTES = 16384,  /* that a loading thread moves of each array between two pauses */
  N_LOADS = 128 * 1024, /* of the chase in an iteration: 20 ms and more */
  LEAD_NS = 1000000,    /* how long the load runs before the chase begins */
  NO_LOAD = -1,
};

/* Pauses of the loading threads, in half decades: a slice takes some microseconds, so that the longest ones
 * leave many threads with little load, too. */
static const int64_t delays_ns[] = {
  NO_LOAD, 1000000, 320000, 100000, 32000, 10000, 3200, 1000, 320, 100, 0
};

/* Thread 0 chases in an array of its own, the others load. */
struct loaded
{
  struct nv_bench *bench;
  struct nv_arrays *arrays; /* of those that load */
  struct nv_arrays *own;    /* of the chase */
  struct nv_candidate chase, load;
  int64_t delay_ns;
  atomic_uint n_loading; /* threads that have moved something */
  atomic_bool over;
  uint64_t bytes; /* moved while the chase ran */
};

static void
pause_ns (int64_t ns)
{
  for (int64_t end = nv_now_ns () + ns; ns > 0 && nv_now_ns () < end;)
    ;
}

static void
load_slice (struct loaded *loaded, struct nv_worker *worker)
{
  size_t n = SLICE_BYTES / worker->part.unit_bytes;
  struct nv_part slice;

  n = n < worker->part.n_units ? n : worker->part.n_units;
  if (worker->at + n > worker->part.n_units)
    worker->at = 0;
  slice = nv_part_stretch (&worker->part, worker->at, n);
  worker->part.checksum = loaded->load.pass (&slice);
  atomic_store_explicit (&worker->loaded_bytes, worker->loaded_bytes + loaded->load.kernel->bytes (&slice),
                         memory_order_relaxed);
  worker->at += n;
}

static void
load_memory (struct loaded *loaded, struct nv_worker *worker)
{
  load_slice (loaded, worker);
  atomic_fetch_add (&loaded->n_loading, 1);
  while (!atomic_load_explicit (&loaded->over, memory_order_relaxed))
    {
      pause_ns (loaded->delay_ns);
      load_slice (loaded, worker);
    }
}

static uint64_t
loaded_bytes (const struct loaded *loaded)
{
  uint64_t sum = 0;

  for (unsigned i = 1; i < loaded->arrays->team->n_threads; i++)
    sum += atomic_load_explicit (&loaded->arrays->workers[i].loaded_bytes, memory_order_relaxed);
  return sum;
}

static void
run_chase (struct loaded *loaded)
{
  unsigned n_loading = loaded->delay_ns == NO_LOAD ? 0 : loaded->arrays->team->n_threads - 1;
  struct nv_worker *worker = &loaded->own->workers[0];
  uint64_t before;

  while (atomic_load_explicit (&loaded->n_loading, memory_order_relaxed) < n_loading)
    ;
  pause_ns (LEAD_NS);
  before = loaded_bytes (loaded);
  worker->start_ns = nv_now_ns ();
  worker->part.checksum = loaded->chase.pass (&worker->part);
  worker->end_ns = nv_now_ns ();
  loaded->bytes = loaded_bytes (loaded) - before;
  atomic_store (&loaded->over, true);
}

static int
run_thread (unsigned thread, void *data, struct nv_message *message)
{
  struct loaded *loaded = data;
  struct nv_worker *worker = &loaded->arrays->workers[thread];

  atomic_store_explicit (&worker->loaded_bytes, 0, memory_order_relaxed);
  nv_team_barrier ();
  if (thread == 0)
    run_chase (loaded);
  else if (loaded->delay_ns != NO_LOAD)
    load_memory (loaded, worker);
  return 0;
}

static int
iterate (void *data, struct nv_iteration *ret_iteration)
{
  struct loaded *loaded = data;
  struct nv_iteration iteration = { 0 };
  int result;

  atomic_store (&loaded->n_loading, 0);
  atomic_store (&loaded->over, false);
  result = nv_team_run (loaded->arrays->team, run_thread, loaded, loaded->bench->message);
  if (result < 0)
    return result;
  iteration.time_ns = nv_arrays_time_ns (loaded->own, &iteration.start_ns);
  iteration.operations = loaded->chase.kernel->operations (&loaded->own->workers[0].part);
  iteration.value = (double)iteration.time_ns / (double)iteration.operations;
  iteration.bytes = loaded->bytes;
  iteration.load_bytes_per_s = (double)loaded->bytes * 1e9 / (double)iteration.time_ns;
  *ret_iteration = iteration;
  return nv_bench_check_time (loaded->bench, loaded->chase.kernel, loaded->own->size_bytes,
                              iteration.time_ns);
}

/* What loads did so in pieces: the whole is verified. */
static int
verify (struct loaded *loaded)
{
  struct nv_iteration iteration;
  struct nv_message *message = loaded->bench->message;
  int error = nv_arrays_verify (loaded->own, &loaded->chase, message);

  if (error == 0)
    error = nv_arrays_pass (loaded->arrays, &loaded->load, &iteration, message);
  return error < 0 ? error : nv_arrays_verify (loaded->arrays, &loaded->load, message);
}

/* One length of pauses. */
static enum nv_status
measure_step (struct loaded *loaded, int64_t delay_ns)
{
  struct nv_bench *bench = loaded->bench;
  const struct nv_team *team = loaded->arrays->team;
  const char *name = loaded->load.kernel->name;
  struct nv_result result = {
    .kernel = loaded->chase.kernel,
    .load = loaded->load.kernel,
    .path = loaded->load.path,
    .path_chosen = loaded->load.chosen,
    .delay_ns = delay_ns,
    .cpu_node = -1,
    .memory_node = -1,
  };
  struct nv_series series;
  int error = nv_series_make (&series, bench->setup->iterations, team->n_threads, bench->message);
  enum nv_status status;

  loaded->delay_ns = delay_ns;
  if (error == 0)
    error = nv_bench_warm_up (bench, name, iterate, loaded, &result);
  if (error == 0)
    error = nv_series_run (bench, &series, team, name, iterate, loaded);
  if (error == 0 && series.n > 0)
    error = verify (loaded);
  status = nv_bench_status (bench, error);
  if (status == NV_STATUS_DONE && series.n > 0)
    status =
        nv_bench_report (bench, loaded->arrays, loaded->load.kernel->arrays, loaded->own, &series, &result);
  nv_series_clear (&series);
  return status;
}

/* All lengths of pauses, with one kernel as the load. */
static enum nv_status
measure_load (struct nv_bench *bench, struct nv_arrays *arrays, struct nv_arrays *own, const char *name)
{
  struct loaded loaded = { .bench = bench, .arrays = arrays, .own = own };
  enum nv_status status;
  int error;

  nv_arrays_watch (arrays, bench->reporter);
  nv_arrays_watch (own, bench->reporter);
  error = nv_paths_find (own, "chase", &loaded.chase, bench->message);
  if (error == 0)
    error = nv_paths_find (arrays, name, &loaded.load, bench->message);
  status = nv_bench_status (bench, error);
  for (size_t i = 0;
       i < sizeof delays_ns / sizeof *delays_ns && status == NV_STATUS_DONE && !bench->interrupted; i++)
    status = measure_step (&loaded, delays_ns[i]);
  return status;
}

enum nv_status
nv_bench_loaded_latency (struct nv_bench *bench)
{
  const struct nv_setup *setup = bench->setup;
  struct nv_setup chase = *setup;
  struct nv_team one = bench->team;
  struct nv_arrays arrays, own = { 0 };
  int error = nv_arrays_make (setup, &bench->pages, &bench->team, bench->size_bytes, &arrays, bench->message);
  enum nv_status status = nv_bench_status (bench, error);

  if (status != NV_STATUS_DONE)
    return status;
  one.n_threads = 1;
  chase.access = NV_ACCESS_SEQ;
  chase.kernel_options.loads = N_LOADS;
  error = nv_arrays_make (&chase, &bench->pages, &one, bench->size_bytes, &own, bench->message);
  status = nv_bench_status (bench, error);
  for (size_t i = 0; i < setup->n_kernels && status == NV_STATUS_DONE && !bench->interrupted; i++)
    status = measure_load (bench, &arrays, &own, setup->kernels[i]);
  nv_arrays_clear (&arrays);
  if (own.team)
    nv_arrays_clear (&own);
  return status;
}

/* --- from each node to each --- */

/* Those threads of the run's team whose CPU is on @node, as a team that borrows nothing. */
static int
make_team_of_node (const struct nv_team *all, unsigned node, struct nv_team *ret_team,
                   struct nv_message *message)
{
  struct nv_team team = { .pinned = true };

  team.cpus = calloc (all->n_threads, sizeof *team.cpus);
  team.nodes = calloc (all->n_threads, sizeof *team.nodes);
  if (!team.cpus || !team.nodes)
    {
      nv_team_clear (&team);
      return nv_fail (message, ENOMEM, "cannot make a team for node %u: out of memory", node);
    }
  for (unsigned i = 0; i < all->n_threads; i++)
    if (all->nodes[i] == node)
      {
        team.cpus[team.n_threads] = all->cpus[i];
        team.nodes[team.n_threads++] = node;
      }
  *ret_team = team;
  return 0;
}

/* @code: nothing in the first cell; then what was chosen there, so that one path makes all of the matrix. */
static enum nv_status
measure_on (struct nv_bench *bench, const struct nv_team *team, const struct nv_pages *pages,
            const char *kernel, struct nv_candidate *code)
{
  struct nv_arrays arrays;
  uint64_t size_bytes;
  enum nv_status status;
  int error = nv_bench_size (bench, pages, team, NV_ARRAY_B, &size_bytes, bench->message);

  if (error == 0)
    error = nv_arrays_make (bench->setup, pages, team, size_bytes, &arrays, bench->message);
  if (error < 0)
    return nv_bench_status (bench, error);
  status = nv_bench_kernel (bench, &arrays, kernel, code, (int)team->nodes[0], (int)pages->nodes[0].node);
  nv_arrays_clear (&arrays);
  return status;
}

/* From the CPUs of one node to the memory of each: bandwidth of all of them, latency of one. */
static enum nv_status
measure_row (struct nv_bench *bench, const struct nv_team *team, const struct nv_pages *targets,
             struct nv_candidate *read, struct nv_candidate *chase)
{
  struct nv_team one = *team;
  struct nv_pages pages = bench->pages;
  enum nv_status status = NV_STATUS_DONE;

  one.n_threads = 1;
  pages.policy = NV_PAGES_BIND;
  pages.n_nodes = 1;
  for (size_t i = 0; i < targets->n_nodes && status == NV_STATUS_DONE && !bench->interrupted; i++)
    {
      pages.nodes[0] = targets->nodes[i];
      status = measure_on (bench, team, &pages, "read", read);
      if (status == NV_STATUS_DONE && !bench->interrupted)
        status = measure_on (bench, &one, &pages, "chase", chase);
    }
  return status;
}

enum nv_status
nv_bench_matrix (struct nv_bench *bench)
{
  struct nv_pages targets = { .policy = NV_PAGES_INTERLEAVE }; /* no nodes: all with memory */
  struct nv_candidate read = { 0 }, chase = { 0 };
  enum nv_status status = nv_bench_status (bench, nv_pages_resolve (&targets, bench->message));

  for (unsigned node = 0; node < NV_MAX_NODES && status == NV_STATUS_DONE && !bench->interrupted; node++)
    {
      struct nv_team team;

      status = nv_bench_status (bench, make_team_of_node (&bench->team, node, &team, bench->message));
      if (status != NV_STATUS_DONE)
        break;
      if (team.n_threads > 0)
        status = measure_row (bench, &team, &targets, &read, &chase);
      nv_team_clear (&team);
    }
  return status;
}
