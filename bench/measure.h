#pragma once

#include "bench/bench.h"
#include "bench/clock.h"

#include <stdint.h>

/* What the files of the measurement share: what a team works on (arrays.c), which code it runs (paths.c), and
 * how often (series.c). */

/* What a draw of nv_rng_draw64() is for: its stream, to which an index below 2^32 may be added. */
#define NV_DRAW_PART    (UINT64_C (1) << 32)
#define NV_DRAW_ORDER   (UINT64_C (2) << 32)
#define NV_DRAW_SUMMARY (UINT64_C (3) << 32)
#define NV_DRAW_TURN    (UINT64_C (4) << 32)

/* One run. */
struct nv_bench
{
  const struct nv_setup *setup;
  const struct nv_reporter *reporter;
  struct nv_message *message;
  json_t *facts;
  struct nv_pages pages; /* the setup's, resolved */
  struct nv_team team;   /* for all kernels but those that run in one thread */
  double tick_ns;
  unsigned sparsity;   /* of so many lines of an array, some kernel gets only one into a cache */
  uint64_t size_bytes; /* of each array */
  bool started;        /* the reporter was told */
  bool interrupted;
  bool mismatch; /* a kernel's pages were not where they were asked to be: */
  struct nv_message mismatch_message;
};

/* Tells the reporter, once: only when a first pass has shown that what is asked can be measured. */
void nv_bench_start (struct nv_bench *bench);

/* Asks the reporter, and remembers. @iteration: as the reporter's progress gets it. */
bool nv_bench_cancelled (struct nv_bench *bench, const char *kernel, unsigned iteration);

/* One way to run a kernel. */
struct nv_candidate
{
  const struct nv_kernel *kernel; /* the record of its instruction set */
  nv_pass_fn pass;
  struct nv_path path;
  bool chosen; /* by trying */
};

/* --- arrays.c --- */

enum
{
  NV_N_ARRAYS = 3,
  NV_APART_BYTES =
      128, /* what two threads write is so far apart: two lines, as neighbours are fetched along */
};

/* A thread's own. */
struct nv_worker
{
  _Alignas(NV_APART_BYTES) struct nv_part part;
  uint32_t *order;
  int64_t start_ns, end_ns;      /* of its last pass */
  size_t at;                     /* unit that loading goes on with, and... */
  _Atomic uint64_t loaded_bytes; /* ...what it has moved; others may look */
};

/* A team, and what it works on. */
struct nv_arrays
{
  const struct nv_setup *setup;
  const struct nv_pages *pages;
  const struct nv_team *team;
  uint64_t size_bytes; /* of each array */
  struct nv_owner *owners;
  struct nv_worker *workers;
  struct nv_buffer buffers[NV_N_ARRAYS];
  unsigned mapped; /* of enum nv_array */
};

/**
 * nv_arrays_make:
 * @pages, @team: borrowed
 * @size_bytes: rounded up to whole base pages; at least one for each thread
 *
 * Divides arrays of that size among the team, and draws the order of access; maps none. -EINVAL, -ENOMEM.
 * The caller frees with nv_arrays_clear().
 */
int nv_arrays_make (const struct nv_setup *setup, const struct nv_pages *pages, const struct nv_team *team,
                    uint64_t size_bytes, struct nv_arrays *ret_arrays, struct nv_message *message);

/* Has touching and preparing ask the reporter now and then, which ends them with -EINTR. */
void nv_arrays_watch (struct nv_arrays *arrays, const struct nv_reporter *reporter);

/* Maps those of the arrays that are not yet there, touches and settles them, and lets the parts show those
 * and no others. */
int nv_arrays_need (struct nv_arrays *arrays, unsigned needed, struct nv_message *message);

/* Returns: a new array of as many residences as @which has arrays, in @ret_residences, for
 * nv_arrays_free_residences(); their number, or -errno. */
int nv_arrays_residence (const struct nv_arrays *arrays, unsigned which, struct nv_residence **ret_residences,
                         struct nv_message *message);
void nv_arrays_free_residences (struct nv_residence *residences, size_t n);

void nv_arrays_clear (struct nv_arrays *arrays);

/* @n units of a part from the @first on, to pass over alone. */
struct nv_part nv_part_stretch (const struct nv_part *part, size_t first, size_t n);

/* Each thread's part of each array in base pages: the first get one more where it does not come out even. */
uint64_t nv_part_pages (uint64_t n_pages, unsigned n_threads, unsigned thread);

/* Has each thread a page of an array of that size? */
int nv_part_check (uint64_t size_bytes, unsigned n_threads, struct nv_message *message);

/* Prepares the arrays for a kernel, in the threads that own them. */
int nv_arrays_prepare (struct nv_arrays *arrays, const struct nv_kernel *kernel, struct nv_message *message);

/* Each thread makes one pass over its part, all at once. */
int nv_arrays_pass (struct nv_arrays *arrays, const struct nv_candidate *code,
                    struct nv_iteration *ret_iteration, struct nv_message *message);

/* Each thread holds its part against what it should be. */
int nv_arrays_verify (struct nv_arrays *arrays, const struct nv_candidate *code, struct nv_message *message);

/* From the first thread's start to the last one's end, in their last passes; at least 1. */
uint64_t nv_arrays_time_ns (const struct nv_arrays *arrays, uint64_t *ret_start_ns);

/* --- paths.c --- */

enum
{
  NV_MAX_PATHS = NV_N_ISAS * NV_N_STORES * 2,
};

/* The paths of @kernel that fit to what is asked and that this CPU has, in the order of their names. Returns:
 * how many, or -EINVAL with a message that says what there is. @ret_candidates: of NV_MAX_PATHS. */
int nv_paths_list (const struct nv_setup *setup, const char *kernel, struct nv_candidate *ret_candidates,
                   struct nv_message *message);

/* Which of @n candidates is the fastest on the prepared @arrays; its index, or -errno. Takes about 0.2 s. */
int nv_paths_choose (struct nv_arrays *arrays, const struct nv_candidate *candidates, size_t n,
                     struct nv_message *message);

/* Lists and chooses: the fastest candidate for @kernel, whose arrays are there and prepared on return. @code:
 * (inout): where it has a kernel, that is it. */
int nv_paths_find (struct nv_arrays *arrays, const char *kernel, struct nv_candidate *code,
                   struct nv_message *message);

/* --- series.c --- */

/* Iterations of one thing, and what they amount to. */
struct nv_series
{
  unsigned n_threads;
  size_t n_pairs; /* 0: not probed */
  size_t n, n_maximum, n_changed, n_groups;
  struct nv_iteration *iterations;
  float *handovers; /* before the first and after each, n_pairs at a time */
  struct nv_group *groups;
};

/* For @n_maximum iterations of @n_threads threads. -ENOMEM, -EINVAL (too many). The caller frees with
 * nv_series_clear(). */
int
nv_series_make (struct nv_series *series, size_t n_maximum, unsigned n_threads, struct nv_message *message);
void nv_series_clear (struct nv_series *series);

/**
 * nv_series_run:
 * @name: of the kernel, for progress
 * @once: makes one iteration and fills in its times, bytes, operations and value
 *
 * Until the series is full or the run is interrupted. Returns: 0, or the first error of @once.
 */
int nv_series_run (struct nv_bench *bench, struct nv_series *series, const struct nv_team *team,
                   const char *name, int (*once) (void *data, struct nv_iteration *iteration), void *data);

/* Pure: marks those during which the hand-over changed, divides the others into groups, and summarizes each.
 */
int nv_series_summarize (struct nv_series *series, uint64_t seed, struct nv_message *message);

/* --- measure.c --- */

/**
 * nv_bench_size:
 * @arrays: that are there at a time: of enum nv_array and NV_ARRAY_D
 *
 * How large an array is to be: as asked, if there is room for that where @pages want it; else the default. Of
 * hugetlb, that is halved until it fits into what is reserved.
 */
int nv_bench_size (const struct nv_bench *bench, const struct nv_pages *pages, const struct nv_team *team,
                   unsigned arrays, uint64_t *ret_bytes, struct nv_message *message);

/* Makes iterations until they agree, or take too long; counts them in the result. */
int nv_bench_warm_up (struct nv_bench *bench, const char *name,
                      int (*once) (void *data, struct nv_iteration *iteration), void *data,
                      struct nv_result *result);

/* Measures one kernel, from preparing to reporting. @code: as nv_paths_find() has it. */
enum nv_status nv_bench_kernel (struct nv_bench *bench, struct nv_arrays *arrays, const char *name,
                                struct nv_candidate *code, int cpu_node, int memory_node);

/* Is an iteration long enough for the timer? 0, or -EINVAL with advice. */
int nv_bench_check_time (const struct nv_bench *bench, const struct nv_kernel *kernel, uint64_t size_bytes,
                         uint64_t time_ns);

/* The smallest step that @now_ns was seen to make: the clock's resolution, or what a call costs if that is
 * more. */
double nv_tick_ns (int64_t (*now_ns) (void));

/**
 * nv_bench_report:
 * @which: arrays whose pages count
 * @own: (nullable): the loaded latency's chase's, whose b counts, too
 * @result: what only the caller knows: kernel, path, how it was warmed up, what it belongs to
 *
 * Summarizes the series, looks where the pages are, and reports.
 */
enum nv_status
nv_bench_report (struct nv_bench *bench, const struct nv_arrays *arrays, unsigned which,
                 const struct nv_arrays *own, struct nv_series *series, struct nv_result *result);

/* What an error of the functions above amounts to. */
enum nv_status nv_bench_status (const struct nv_bench *bench, int error);

/* --- latency.c --- */

enum nv_status nv_bench_loaded_latency (struct nv_bench *bench);
enum nv_status nv_bench_matrix (struct nv_bench *bench);
