/* Iterations of one thing, a hand-over probe between each two, and their summaries. */

#include "bench/handover.h"
#include "bench/measure.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Iterations times pairs: 128 MiB, and twice as much to summarize them. */
static const size_t max_values = (size_t)1 << 25;

int
nv_series_make (struct nv_series *series, size_t n_maximum, unsigned n_threads, struct nv_message *message)
{
  size_t n_pairs = nv_handover_n_pairs (n_threads), limit = max_values / (n_pairs ? n_pairs : 1);

  *series = (struct nv_series){ .n_maximum = n_maximum, .n_threads = n_threads, .n_pairs = n_pairs };
  if (n_maximum > limit)
    return nv_fail (message, EINVAL,
                    "iterations %zu: of %u threads at most %zu can be kept; lower --iterations or --threads",
                    n_maximum, n_threads, limit);
  series->iterations = calloc (n_maximum, sizeof *series->iterations);
  series->groups = calloc (n_maximum, sizeof *series->groups);
  series->handovers = calloc ((n_maximum + 1) * n_pairs + 1, sizeof *series->handovers);
  if (series->iterations && series->groups && series->handovers)
    return 0;
  nv_series_clear (series);
  return nv_fail (message, ENOMEM, "cannot keep %zu iterations: out of memory", n_maximum);
}

void
nv_series_clear (struct nv_series *series)
{
  free (series->iterations);
  free (series->groups);
  free (series->handovers);
  *series = (struct nv_series){ 0 };
}

/* The one of two probes' values that was disturbed less; 0 if both are unknown. */
static float
smaller_known (float a, float b)
{
  if (a > 0 && b > 0)
    return a < b ? a : b;
  return a > 0 ? a : b;
}

struct prober
{
  const struct nv_team *team;
  struct nv_courts *courts;
  float *again; /* n_pairs */
  size_t n_pairs;
};

/* What disturbs a hand-over makes it slower than the CPUs' distance, never faster. */
static void
probe_again (const struct prober *prober, float *ns)
{
  nv_handover_probe (prober->team, prober->courts, prober->again);
  for (size_t i = 0; i < prober->n_pairs; i++)
    ns[i] = smaller_known (ns[i], prober->again[i]);
}

static bool
lost_a_pair (const float *before, const float *after, size_t n_pairs)
{
  for (size_t i = 0; i < n_pairs; i++)
    if (before[i] > 0 && !(after[i] > 0))
      return true;
  return false;
}

/* The probe after one iteration is the one before the next: nothing is between them. The very first is made
 * twice, and each later one again if it does not agree with the one before it: so that none that was
 * disturbed for a moment is what another is held against. */
static int
run (struct nv_bench *bench, struct nv_series *series, const struct prober *prober, const char *name,
     int (*once) (void *data, struct nv_iteration *iteration), void *data)
{
  size_t n_pairs = series->n_pairs;
  float *before = series->handovers;

  probe_again (prober, before);
  probe_again (prober, before);
  for (; series->n < series->n_maximum && !nv_bench_cancelled (bench, name, (unsigned)series->n + 1);
       before += n_pairs)
    {
      struct nv_iteration *iteration = &series->iterations[series->n];
      float *after = before + n_pairs;
      int result = once (data, iteration);

      if (result < 0)
        return result;
      probe_again (prober, after);
      if (nv_handover_changed (before, after, series->n_threads) || lost_a_pair (before, after, n_pairs))
        probe_again (prober, after);
      iteration->handover_before_ns = before;
      iteration->handover_after_ns = after;
      series->n++;
    }
  return 0;
}

int
nv_series_run (struct nv_bench *bench, struct nv_series *series, const struct nv_team *team, const char *name,
               int (*once) (void *data, struct nv_iteration *iteration), void *data)
{
  struct prober prober = { .team = team, .n_pairs = series->n_pairs };
  int result;

  prober.courts = nv_courts_make (team->n_threads);
  prober.again = calloc (series->n_pairs + 1, sizeof *prober.again);
  result = prober.courts && prober.again ? run (bench, series, &prober, name, once, data)
                                         : nv_fail (bench->message, ENOMEM, "cannot probe: out of memory");
  nv_courts_free (prober.courts);
  free (prober.again);
  return result;
}

/* Gives each unchanged iteration the number of its group, in the order in which the groups appear. */
static int
number_groups (struct nv_series *series)
{
  size_t n_pairs = series->n_pairs, n = 0;
  float *probes = calloc (series->n * n_pairs + 1, sizeof *probes);
  unsigned *numbers = calloc (series->n + 1, sizeof *numbers);
  int result = probes && numbers ? 0 : -ENOMEM;

  series->n_changed = 0;
  for (size_t i = 0; result == 0 && i < series->n; i++)
    {
      struct nv_iteration *iteration = &series->iterations[i];

      iteration->changed = nv_handover_changed (iteration->handover_before_ns, iteration->handover_after_ns,
                                                series->n_threads);
      series->n_changed += iteration->changed;
      for (size_t k = 0; k < n_pairs && !iteration->changed; k++)
        probes[n * n_pairs + k] =
            smaller_known (iteration->handover_before_ns[k], iteration->handover_after_ns[k]);
      n += !iteration->changed;
    }
  if (result == 0)
    series->n_groups = nv_handover_groups (probes, n, series->n_threads, numbers);
  n = 0;
  for (size_t i = 0; result == 0 && i < series->n; i++)
    series->iterations[i].group = series->iterations[i].changed ? 0 : numbers[n++];
  free (probes);
  free (numbers);
  return result;
}

struct size
{
  unsigned group;
  size_t n;
};

static int
larger_first (const void *a, const void *b)
{
  const struct size *x = a, *y = b;

  if (x->n != y->n)
    return x->n > y->n ? -1 : 1;
  return (x->group > y->group) - (x->group < y->group);
}

/* Renumbers the groups: the largest first, the earlier one of two that are equally large. */
static int
sort_groups (struct nv_series *series)
{
  struct size *sizes = calloc (series->n_groups + 1, sizeof *sizes);
  unsigned *renumbered = calloc (series->n_groups + 1, sizeof *renumbered);
  int result = sizes && renumbered ? 0 : -ENOMEM;

  for (unsigned i = 0; result == 0 && i < series->n_groups; i++)
    sizes[i].group = i;
  for (size_t i = 0; result == 0 && i < series->n; i++)
    if (!series->iterations[i].changed)
      sizes[series->iterations[i].group].n++;
  if (result == 0)
    {
      qsort (sizes, series->n_groups, sizeof *sizes, larger_first);
      for (unsigned i = 0; i < series->n_groups; i++)
        renumbered[sizes[i].group] = i;
      for (size_t i = 0; i < series->n; i++)
        if (!series->iterations[i].changed)
          series->iterations[i].group = renumbered[series->iterations[i].group];
    }
  free (sizes);
  free (renumbered);
  return result;
}

static void
widen (struct nv_group *group, const float *ns, size_t n_pairs)
{
  for (size_t i = 0; i < n_pairs; i++)
    if (ns[i] > 0)
      {
        if (group->handover_low_ns == 0 || ns[i] < group->handover_low_ns)
          group->handover_low_ns = ns[i];
        if (ns[i] > group->handover_high_ns)
          group->handover_high_ns = ns[i];
      }
}

/* @values: room for 3 * n */
static void
summarize_group (struct nv_series *series, unsigned index, uint64_t seed, double *values)
{
  struct nv_group *group = &series->groups[index];
  double *times = values + series->n, *loads = times + series->n;
  bool loaded = false;
  size_t n = 0;

  *group = (struct nv_group){ 0 };
  for (size_t i = 0; i < series->n; i++)
    {
      const struct nv_iteration *iteration = &series->iterations[i];

      if (iteration->changed || iteration->group != index)
        continue;
      values[n] = iteration->value;
      times[n] = (double)iteration->time_ns / 1e9;
      loads[n++] = iteration->load_bytes_per_s;
      loaded |= iteration->load_bytes_per_s > 0;
      widen (group, iteration->handover_before_ns, series->n_pairs);
      widen (group, iteration->handover_after_ns, series->n_pairs);
    }
  nv_summarize (values, n, seed, &group->value);
  nv_summarize (times, n, seed, &group->time_s);
  if (loaded)
    nv_summarize (loads, n, seed, &group->load_bytes_per_s);
}

int
nv_series_summarize (struct nv_series *series, uint64_t seed, struct nv_message *message)
{
  double *values = calloc (3 * series->n + 1, sizeof *values);
  int result = values ? number_groups (series) : -ENOMEM;

  if (result == 0)
    result = sort_groups (series);
  for (unsigned i = 0; result == 0 && i < series->n_groups; i++)
    summarize_group (series, i, seed, values);
  free (values);
  return result < 0 ? nv_fail (message, -result, "cannot summarize: out of memory") : 0;
}
