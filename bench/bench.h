#pragma once

#include "bench/kernels/kernel.h"
#include "bench/pages.h"
#include "bench/summary.h"
#include "bench/team.h"

#include <jansson.h>

/* A measurement: from what is asked (nv_setup) to results, which a reporter gets one by one. numavm-bench
 * fills the setup from its options, a guest from its job. */

enum nv_mode
{
  NV_MODE_KERNELS,
  NV_MODE_MATRIX, /* bandwidth (read) and latency (chase) from each node with CPUs to each with memory */
  NV_MODE_LOADED_LATENCY, /* thread 0 chases, the others stream at rates from none to all they can */
};

enum nv_access
{
  NV_ACCESS_SEQ,  /* in order */
  NV_ACCESS_PAGE, /* 4 KiB pages in a random order, in order within */
  NV_ACCESS_LINE, /* lines in a random order */
};

enum
{
  NV_AUTO = -1,
  NV_MAX_KERNELS = 16,
};

struct nv_setup
{
  enum nv_mode mode;
  const char *kernels[NV_MAX_KERNELS];
  size_t n_kernels; /* 0: STREAM's four; loaded latency: what loads, read */
  struct nv_kernel_options kernel_options;
  enum nv_access access;
  int isa, store, prefetch; /* enum nv_isa, enum nv_store, 0 or 1; or NV_AUTO */
  uint64_t size_bytes;      /* of each array; 0: nv_default_size_bytes() */
  unsigned iterations;
  struct nv_pages pages;
  struct nv_team_request team;
  bool touched_by_main; /* thread 0 touches all pages first, as programs do that do not know of NUMA */
  uint64_t seed;
};

struct nv_path
{
  enum nv_isa isa;
  enum nv_store store;
  bool prefetch;
};

/* One timed repetition. */
struct nv_iteration
{
  uint64_t start_ns; /* CLOCK_MONOTONIC */
  uint64_t time_ns;  /* from the first thread's start to the last one's end */
  uint64_t bytes;
  uint64_t operations;
  double value;            /* in the kernel's unit */
  double load_bytes_per_s; /* loaded latency: what the other threads moved meanwhile */
  bool changed;            /* the hand-over probe changed during it: not in the summaries */
  unsigned group;          /* index in the result's groups; 0 where it changed, which is of none */
  const float *handover_before_ns, *handover_after_ns; /* n_pairs each */
};

/* The iterations of one group. */
struct nv_group
{
  struct nv_summary value; /* in the kernel's unit */
  struct nv_summary time_s;
  struct nv_summary load_bytes_per_s;      /* loaded latency alone */
  float handover_low_ns, handover_high_ns; /* over its pairs and iterations; 0: not probed */
};

enum
{
  NV_ARRAY_D = 1 << 3, /* loaded latency: what the chase goes over, the other arrays are the load's */
  NV_MAX_RESIDENCES = 4,
};

/* One kernel, measured. */
struct nv_result
{
  const struct nv_kernel *kernel;
  struct nv_path path;
  bool path_chosen; /* by trying */
  const struct nv_team *team;
  size_t size_bytes; /* of each array */
  bool cache_resident_possible;
  unsigned warm_ups;
  bool stable; /* were the last warm-ups within 5 % of each other? */
  size_t n_pairs;
  const struct nv_iteration *iterations;
  size_t n_iterations;
  size_t n_changed;
  const struct nv_group *groups; /* the largest first */
  size_t n_groups;
  unsigned arrays;                      /* whose pages count: of enum nv_array and NV_ARRAY_D */
  const struct nv_residence *residence; /* after measuring, of each of the n_arrays of them */
  size_t n_arrays;
  const struct nv_pages *pages; /* where they were asked to be: the setup's, or the matrix cell's */
  int cpu_node, memory_node;    /* matrix: OS indices; else -1 */
  int64_t delay_ns; /* loaded latency: pause of the loading threads after each 16 KiB of each array; -1: no
                       load; else 0 */
  const struct nv_kernel *load; /* loaded latency: what the other threads run, on @path; else NULL */
};

/* Gets the results; the pointers in them are valid during the call only. */
struct nv_reporter
{
  /* Before the first result, when a first pass has shown that nothing is to be refused. @facts: borrowed. */
  void (*start) (void *data, const struct nv_setup *setup, const struct nv_team *team, const json_t *facts,
                 double timer_tick_ns);
  void (*result) (void *data, const struct nv_setup *setup, const struct nv_result *result);
  /* (nullable) before each warm-up (@iteration 0) and each iteration, from 1 to @total: for a progress line.
   */
  void (*progress) (void *data, const char *kernel, unsigned iteration, unsigned total);
  /* (nullable) asked before each warm-up, iteration and step, and, by any of the threads at once, while
   * arrays are prepared. True ends the run: what was measured of the kernel is verified and reported, if it
   * has an iteration, and the status is NV_STATUS_FAILED, "interrupted". */
  bool (*cancelled) (void *data);
  void *data;
};

enum nv_status
{
  NV_STATUS_DONE = 0,
  NV_STATUS_FAILED = 1,        /* with a message */
  NV_STATUS_USAGE = 2,         /* with a message: what was asked cannot be, and what can */
  NV_STATUS_DOES_NOT_HOLD = 3, /* measured, but pages are not where they were asked to be; with a message */
};

/* All that was asked. */
static inline bool
nv_status_is_measured (enum nv_status status)
{
  return status == NV_STATUS_DONE || status == NV_STATUS_DOES_NOT_HOLD;
}

/* STREAM's four kernels, all CPUs, seq, auto, first-touch, 4K pages, 20 iterations. */
void nv_setup_init (struct nv_setup *setup);

/**
 * nv_default_size_bytes:
 * @n_arrays: that are there at a time; an order of access counts by its share of an array
 * @sparsity: of so many lines only one gets into a cache
 *
 * min(4 * @sparsity * last-level cache of the team's CPUs, 60 % of what is available / @n_arrays), in whole
 * pages for each thread; 64 MiB stand in for an unknown cache.
 */
uint64_t nv_default_size_bytes (const json_t *facts, const struct nv_team *team, double n_arrays,
                                unsigned sparsity, uint64_t available_bytes);

/* Measures. Nothing but the reporter's calls is printed; what was mapped is unmapped. A kernel whose result
 * is wrong ends it with NV_STATUS_FAILED and is not reported. */
enum nv_status
nv_bench_run (const struct nv_setup *setup, const struct nv_reporter *reporter, struct nv_message *message);

/* Would nv_bench_run() measure that here, now? Maps no array. With NV_STATUS_DONE, @ret_size_bytes is what
 * each would have, as asked or chosen; in a matrix, what one over all of its threads would have. */
enum nv_status
nv_bench_plan (const struct nv_setup *setup, uint64_t *ret_size_bytes, struct nv_message *message);

/* Any text that says which kernels, sizes, ... into *setup: the one parser for a command line and a job.
 * @name: of the option, without dashes. 0 or -EINVAL with a message that says what is allowed; -ENOENT: no
 * such option. */
int nv_setup_set (struct nv_setup *setup, const char *name, const char *value, struct nv_message *message);

/* Does what is asked go together? 0 or -EINVAL. nv_bench_run() asks it first. */
int nv_setup_check (const struct nv_setup *setup, struct nv_message *message);

/* The options that are not at their default but change nothing about the kernels of @setup, which names them:
 * `--chases, --mix` into @list. Returns: are there any? */
bool nv_setup_unused (const struct nv_setup *setup, char *list, size_t size);

/* A size as nv_setup_set() takes it: 512M; 5000. Returns: @text. */
const char *nv_format_size (uint64_t bytes, char *text, size_t size);
