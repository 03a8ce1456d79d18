/* Which code a kernel runs: what was asked for, or what proves to be the fastest here. */

#include "bench/measure.h"
#include "bench/rng.h"
#include "bench/summary.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what there is --- */

/* A path that differs from another in nothing that matters: a chase waits for memory, not for instructions,
 * and rep is the microcode's. It is tried once, with the instruction set that comes first. */
static bool
is_repeated (const struct nv_kernel *kernel, enum nv_store store, const struct nv_candidate *candidates,
             int n)
{
  if (kernel->unit != NV_UNIT_NS_PER_LOAD && store != NV_STORE_REP)
    return false;
  for (int i = 0; i < n; i++)
    if (candidates[i].path.store == store && candidates[i].path.isa != candidates[n].path.isa)
      return true;
  return false;
}

/* Where nothing is stored or nothing prefetched, what is asked of it holds. */
static bool
stores (const struct nv_kernel *kernel)
{
  return kernel->arrays & NV_ARRAY_A;
}

static bool
prefetches (const struct nv_kernel *kernel)
{
  for (int store = 0; store < NV_N_STORES; store++)
    if (kernel->passes[store][1])
      return true;
  return false;
}

static int
list_isa (const struct nv_setup *setup, const struct nv_kernel *kernel, enum nv_isa isa, int n,
          struct nv_candidate *candidates)
{
  for (int store = 0; store < NV_N_STORES; store++)
    for (int prefetch = 0; prefetch < 2; prefetch++)
      {
        if (!kernel->passes[store][prefetch]
            || (stores (kernel) && setup->store != NV_AUTO && setup->store != store)
            || (prefetches (kernel) && setup->prefetch != NV_AUTO && setup->prefetch != prefetch))
          continue;
        candidates[n] = (struct nv_candidate){
          .kernel = kernel,
          .pass = kernel->passes[store][prefetch],
          .path = { .isa = isa, .store = (enum nv_store)store, .prefetch = prefetch },
        };
        n += !is_repeated (kernel, (enum nv_store)store, candidates, n);
      }
  return n;
}

/* There is none: says what there is. */
static int
fail_path (const struct nv_setup *setup, const char *name, struct nv_message *message)
{
  bool has_isa = false, has[NV_N_STORES][2] = { { false } };
  char isas[64] = "", paths[256] = "", text[64];

  for (int isa = 0; isa < NV_N_ISAS; isa++)
    {
      const struct nv_kernel *kernel = nv_kernel_find ((enum nv_isa)isa, name);

      if (!kernel || !nv_isa_available ((enum nv_isa)isa))
        continue;
      nv_append (isas, sizeof isas, ", ", nv_isa_name ((enum nv_isa)isa));
      has_isa |= setup->isa == NV_AUTO || setup->isa == isa;
      for (int i = 0; i < NV_N_STORES * 2; i++)
        has[i / 2][i % 2] |= kernel->passes[i / 2][i % 2] != NULL;
    }
  if (!has_isa)
    return nv_fail (message, EINVAL, "isa '%s': this CPU or this build does not have it; it has %s",
                    nv_isa_name ((enum nv_isa)setup->isa), isas);
  for (int i = 0; i < NV_N_STORES * 2; i++)
    if (has[i / 2][i % 2])
      {
        snprintf (text, sizeof text, "%s %s prefetch", nv_store_name ((enum nv_store) (i / 2)),
                  i % 2 ? "with" : "without");
        nv_append (paths, sizeof paths, ", ", text);
      }
  return nv_fail (message, EINVAL, "kernel '%s': it has no path with store '%s' and prefetch '%s'; it has %s",
                  name, setup->store == NV_AUTO ? "auto" : nv_store_name ((enum nv_store)setup->store),
                  setup->prefetch == NV_AUTO ? "auto"
                  : setup->prefetch          ? "on"
                                             : "off",
                  paths);
}

int
nv_paths_list (const struct nv_setup *setup, const char *name, struct nv_candidate *ret_candidates,
               struct nv_message *message)
{
  bool known = false;
  int n = 0;

  for (int isa = 0; isa < NV_N_ISAS; isa++)
    {
      const struct nv_kernel *kernel = nv_kernel_find ((enum nv_isa)isa, name);

      known |= kernel != NULL;
      if (kernel && nv_isa_available ((enum nv_isa)isa) && (setup->isa == NV_AUTO || setup->isa == isa))
        n = list_isa (setup, kernel, (enum nv_isa)isa, n, ret_candidates);
    }
  if (!known)
    return nv_fail (message, EINVAL, "kernel '%.100s': there is no such kernel", name);
  return n > 0 ? n : fail_path (setup, name, message);
}

/* --- which is the fastest --- */

enum
{
  SLICE_BYTES =
      4194304, /* of each array in each pass: about a millisecond, and more than a core's own caches */
  MAX_ROUNDS = 64,
  MAX_FINALISTS = 4,
};

/* One stage: its field runs in turn, round after round, each on the stretch behind the last one's, so that
 * nobody finds in a cache what another left there, and what disturbs meets all alike. What a path leaves
 * behind, such as lines that are still to be written back, its next stretch has to bear: so each runs twice,
 * and the second time counts. */
struct stage
{
  struct nv_arrays *arrays;
  const struct nv_candidate *candidates;
  const unsigned *field; /* indices of candidates */
  unsigned n_field, n_rounds_minimum;
  int64_t budget_ns;
  size_t slice, n_slices; /* in units; whole slices in the smallest part */

  int64_t deadline_ns;
  bool over; /* set by thread 0 between barriers */
  unsigned n_rounds;
  double ns[NV_MAX_PATHS][MAX_ROUNDS]; /* by place in the field */
};

static void
run_turn (struct stage *stage, struct nv_worker *worker, nv_pass_fn pass, size_t slice)
{
  struct nv_part part = nv_part_stretch (&worker->part, slice * stage->slice, stage->slice);

  nv_team_barrier ();
  worker->start_ns = nv_now_ns ();
  worker->part.checksum = pass (&part);
  worker->end_ns = nv_now_ns ();
  nv_team_barrier ();
}

/* A random order of the field, the same in each thread. */
static void
shuffle (const struct stage *stage, unsigned round, unsigned *ret_places)
{
  for (unsigned i = 0; i < stage->n_field; i++)
    {
      uint64_t draw = nv_rng_draw64 (stage->arrays->setup->seed, NV_DRAW_TURN + round, i);
      unsigned other = (unsigned)(draw % (i + 1));

      ret_places[i] = ret_places[other];
      ret_places[other] = i;
    }
}

static int
run_stage (unsigned thread, void *data, struct nv_message *message)
{
  struct stage *stage = data;
  struct nv_worker *worker = &stage->arrays->workers[thread];
  uint64_t start_ns;
  size_t turn = 0;

  if (thread == 0)
    stage->deadline_ns = nv_now_ns () + stage->budget_ns;
  for (unsigned round = 0; round < MAX_ROUNDS && !stage->over; round++)
    {
      unsigned places[NV_MAX_PATHS] = { 0 };

      shuffle (stage, round, places);
      for (unsigned i = 0; i < stage->n_field; i++)
        {
          nv_pass_fn pass = stage->candidates[stage->field[places[i]]].pass;

          for (unsigned k = 0; k < 2; k++)
            run_turn (stage, worker, pass, turn++ % stage->n_slices);
          if (thread == 0)
            stage->ns[places[i]][round] = (double)nv_arrays_time_ns (stage->arrays, &start_ns);
        }
      if (thread == 0)
        {
          stage->n_rounds = round + 1;
          stage->over = stage->n_rounds >= stage->n_rounds_minimum && nv_now_ns () > stage->deadline_ns;
        }
      nv_team_barrier ();
    }
  return 0;
}

static int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;

  return (x > y) - (x < y);
}

static void
set_slices (struct stage *stage)
{
  const struct nv_part *smallest = &stage->arrays->workers[stage->arrays->team->n_threads - 1].part;

  /* What counts operations and not bytes is not to be cut. */
  stage->slice = smallest->n_units;
  if (stage->candidates[0].kernel->unit == NV_UNIT_BYTES_PER_S && smallest->bytes > SLICE_BYTES)
    stage->slice = SLICE_BYTES / smallest->unit_bytes;
  stage->n_slices = stage->slice ? smallest->n_units / stage->slice : 1;
}

/* Runs a stage and sorts its field: the fastest first, and the earlier candidate of two that are equal. The
 * lower quartile of a candidate's times says how fast it is: half of them may be disturbed. @ret_ns: of each
 * place in the sorted field. */
static int
hold_stage (struct stage *stage, unsigned *field, double *ret_ns, struct nv_message *message)
{
  int result;

  stage->field = field;
  stage->over = false;
  result = nv_team_run (stage->arrays->team, run_stage, stage, message);
  if (result < 0)
    return result;
  for (unsigned i = 0; i < stage->n_field; i++)
    {
      unsigned candidate = field[i], at = i;

      qsort (stage->ns[i], stage->n_rounds, sizeof **stage->ns, compare_doubles);
      double ns = nv_quantile (stage->ns[i], stage->n_rounds, 0.25);
      for (; at > 0 && (ret_ns[at - 1] > ns || (ret_ns[at - 1] == ns && field[at - 1] > candidate)); at--)
        {
          ret_ns[at] = ret_ns[at - 1];
          field[at] = field[at - 1];
        }
      ret_ns[at] = ns;
      field[at] = candidate;
    }
  return 0;
}

int
nv_paths_choose (struct nv_arrays *arrays, const struct nv_candidate *candidates, size_t n,
                 struct nv_message *message)
{
  unsigned field[NV_MAX_PATHS];
  double ns[NV_MAX_PATHS];
  struct stage *stage;
  int result = 0;

  if (n == 1)
    return 0;
  stage = calloc (1, sizeof *stage);
  if (!stage)
    return nv_fail (message, ENOMEM, "cannot try paths: out of memory");
  for (unsigned i = 0; i < n; i++)
    field[i] = i;
  *stage = (struct stage){ .arrays = arrays,
                           .candidates = candidates,
                           .n_field = (unsigned)n,
                           .n_rounds_minimum = 3,
                           .budget_ns = 60000000 };
  set_slices (stage);
  result = hold_stage (stage, field, ns, message);
  if (result == 0)
    {
      stage->n_field = 1;
      while (stage->n_field < n && stage->n_field < MAX_FINALISTS && ns[stage->n_field] < 1.1 * ns[0])
        stage->n_field++;
      stage->n_rounds_minimum = 9;
      stage->budget_ns = 80000000;
      if (stage->n_field > 1)
        result = hold_stage (stage, field, ns, message);
    }
  free (stage);
  return result < 0 ? result : (int)field[0];
}

int
nv_paths_find (struct nv_arrays *arrays, const char *kernel, struct nv_candidate *code,
               struct nv_message *message)
{
  struct nv_candidate candidates[NV_MAX_PATHS] = { *code };
  int n = code->kernel ? 1 : nv_paths_list (arrays->setup, kernel, candidates, message), result;

  if (n < 0)
    return n;
  result = nv_arrays_need (arrays, candidates[0].kernel->arrays, message);
  if (result == 0)
    result = nv_arrays_prepare (arrays, candidates[0].kernel, message);
  if (result == 0)
    result = nv_paths_choose (arrays, candidates, (size_t)n, message);
  if (result < 0)
    return result;
  *code = candidates[result];
  code->chosen |= n > 1;
  return 0;
}
