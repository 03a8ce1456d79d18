#include "bench/team.h"
#include "bench/list.h"
#include "bench/proc.h"

#include <errno.h>
#include <numa.h>
#include <omp.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum
{
  MAX_THREADS = 65535, /* as --threads has it */
};

/* The kernel refuses to tell into a set that is smaller than its own. */
struct cpu_mask
{
  cpu_set_t sets[NV_MAX_CPUS / CPU_SETSIZE];
};

static bool
mask_has (const struct cpu_mask *mask, int cpu)
{
  return CPU_ISSET_S ((size_t)cpu, sizeof *mask, mask->sets);
}

/* How many CPUs of the core of @cpu, all allowed, come before it. */
static unsigned
sibling_index (const struct cpu_mask *allowed, int cpu)
{
  char path[96], text[256];
  const char *at = text;
  unsigned first, last, index = 0;

  snprintf (path, sizeof path, "sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
  if (nv_proc_setting ("/", path, text, sizeof text) < 0)
    return 0;
  while (nv_list_range (&at, NV_MAX_CPUS, &first, &last))
    {
      for (; first <= last; first++)
        index += first < (unsigned)cpu && mask_has (allowed, (int)first);
      if (*at++ != ',')
        break;
    }
  return index;
}

/* Not asked of numa_available(): that needs a system call that containers forbid, this does not. */
static unsigned
node_of_cpu (int cpu)
{
  int node = numa_node_of_cpu (cpu);

  return node < 0 ? 0 : (unsigned)node;
}

static int
compare_cpus (const void *a, const void *b)
{
  const struct nv_team_cpu *x = a, *y = b;

  if (x->sibling != y->sibling)
    return x->sibling < y->sibling ? -1 : 1;
  if (x->node != y->node)
    return x->node < y->node ? -1 : 1;
  return (x->cpu > y->cpu) - (x->cpu < y->cpu);
}

static int
compare_numbers (const void *a, const void *b)
{
  unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

  return (x > y) - (x < y);
}

/* "0-3,8" */
static void
format_cpus (const struct nv_team_cpu *cpus, size_t n_cpus, char *text, size_t size)
{
  unsigned numbers[NV_MAX_CPUS];

  for (size_t i = 0; i < n_cpus; i++)
    numbers[i] = (unsigned)cpus[i].cpu;
  qsort (numbers, n_cpus, sizeof *numbers, compare_numbers);
  nv_list_format (numbers, n_cpus, text, size);
}

/* Moves those that @list names to the front of @cpus, in its order. Returns: how many, or an error. */
static int
pick_listed (const char *list, struct nv_team_cpu *cpus, size_t n_cpus, struct nv_message *message)
{
  const char *at = list;
  unsigned first, last;
  size_t n_picked = 0, i;
  char allowed[128];

  do
    {
      if (!nv_list_range (&at, NV_MAX_CPUS, &first, &last) || (*at != ',' && *at != '\0'))
        return nv_fail (message, EINVAL, "cpus '%s': a list such as 0-3,8 is allowed", list);
      for (; first <= last; first++)
        {
          struct nv_team_cpu picked;

          for (i = 0; i < n_cpus && cpus[i].cpu != (int)first;)
            i++;
          if (i < n_picked)
            return nv_fail (message, EINVAL, "cpus '%s': CPU %u is named twice", list, first);
          if (i == n_cpus)
            {
              format_cpus (cpus, n_cpus, allowed, sizeof allowed);
              return nv_fail (message, ENODEV,
                              "cpus '%s': CPU %u is offline, or this process may not use it; it may use %s",
                              list, first, allowed);
            }
          picked = cpus[i];
          memmove (&cpus[n_picked + 1], &cpus[n_picked], (i - n_picked) * sizeof *cpus);
          cpus[n_picked++] = picked;
        }
    }
  while (*at++ != '\0');
  return (int)n_picked;
}

/* Moves the first @per_node of each node to the front. Returns: how many, or an error. */
static int
pick_per_node (unsigned per_node, struct nv_team_cpu *cpus, size_t n_cpus, struct nv_message *message)
{
  struct nv_team_cpu *rest = malloc (n_cpus * sizeof *rest);
  size_t n_picked = 0, n_rest = n_cpus;

  if (!rest)
    return nv_fail (message, ENOMEM, "cannot choose CPUs: out of memory");
  memcpy (rest, cpus, n_cpus * sizeof *rest);
  while (n_rest > 0)
    {
      unsigned node = rest[0].node, n_of_node = 0;
      size_t kept = 0;

      for (size_t i = 1; i < n_rest; i++)
        node = rest[i].node < node ? rest[i].node : node;
      for (size_t i = 0; i < n_rest; i++)
        if (rest[i].node != node)
          rest[kept++] = rest[i];
        else if (n_of_node < per_node)
          {
            cpus[n_picked++] = rest[i];
            n_of_node++;
          }
      n_rest = kept;
      if (n_of_node < per_node)
        {
          free (rest);
          return nv_fail (message, EINVAL, "threads-per-node '%u': node %u has %u CPUs that may be used",
                          per_node, node, n_of_node);
        }
    }
  free (rest);
  return (int)n_picked;
}

/* The first number of OMP_NUM_THREADS, whose list is for nested regions; 0: it says nothing. */
static int
threads_of_environment (struct nv_message *message)
{
  const char *text = getenv ("OMP_NUM_THREADS");
  char *end;
  long number;

  if (!text || *text == '\0')
    return 0;
  number = strtol (text, &end, 10);
  end += strspn (end, " \t");
  if (end == text || (*end != ',' && *end != '\0') || number < 1 || number > MAX_THREADS)
    return nv_fail (message, EINVAL, "OMP_NUM_THREADS '%.100s': a whole number from 1 to %d is allowed", text,
                    MAX_THREADS);
  return (int)number;
}

/* Of the first @n_threads of @cpus. */
static int
fill_team (const struct nv_team_cpu *cpus, unsigned n_threads, bool pinned, struct nv_team *ret_team,
           struct nv_message *message)
{
  struct nv_team team = { .n_threads = n_threads, .pinned = pinned };

  team.cpus = calloc (n_threads, sizeof *team.cpus);
  team.nodes = calloc (n_threads, sizeof *team.nodes);
  if (!team.cpus || !team.nodes)
    {
      nv_team_clear (&team);
      return nv_fail (message, ENOMEM, "cannot make a team of %u threads: out of memory", n_threads);
    }
  for (unsigned i = 0; i < n_threads; i++)
    {
      team.cpus[i] = pinned ? cpus[i].cpu : -1;
      team.nodes[i] = pinned ? cpus[i].node : 0;
    }
  *ret_team = team;
  return 0;
}

int
nv_team_choose (const struct nv_team_request *request, struct nv_team_cpu *cpus, size_t n_cpus,
                struct nv_team *ret_team, struct nv_message *message)
{
  int n_usable = (int)n_cpus, n_threads = (int)request->n_threads;

  if (request->unpinned && request->cpus)
    return nv_fail (message, EINVAL, "cpus '%.100s': threads that are not pinned have no CPUs to choose",
                    request->cpus);
  if (request->unpinned && request->per_node)
    return nv_fail (message, EINVAL, "threads-per-node '%u': threads that are not pinned are on no node",
                    request->per_node);
  if (request->per_node && request->n_threads)
    return nv_fail (message, EINVAL,
                    "threads '%u': the number follows from --threads-per-node %u; name one of the two",
                    request->n_threads, request->per_node);
  qsort (cpus, n_cpus, sizeof *cpus, compare_cpus);
  if (request->cpus)
    n_usable = pick_listed (request->cpus, cpus, n_cpus, message);
  if (n_usable > 0 && request->per_node)
    n_usable = pick_per_node (request->per_node, cpus, (size_t)n_usable, message);
  if (n_usable < 0)
    return n_usable;

  if (n_threads == 0 && !request->cpus && !request->per_node)
    n_threads = threads_of_environment (message);
  if (n_threads < 0)
    return n_threads;
  if (n_threads > n_usable && !request->unpinned)
    return nv_fail (message, EINVAL,
                    "%s '%d': there are %d CPUs for them, and each pinned thread has one of its own; "
                    "--no-pin allows more",
                    request->n_threads ? "threads" : "OMP_NUM_THREADS", n_threads, n_usable);
  return fill_team (cpus, (unsigned)(n_threads ? n_threads : n_usable), !request->unpinned, ret_team,
                    message);
}

/* OpenMP itself binds threads then, the caller's before main(): which CPUs may be used cannot be told. */
static int
refuse_binding (struct nv_message *message)
{
  static const char *const variables[] = { "OMP_PROC_BIND", "GOMP_CPU_AFFINITY", "KMP_AFFINITY",
                                           "OMP_PLACES" };
  size_t i = 0;

  if (omp_get_proc_bind () == omp_proc_bind_false)
    return 0;
  while (i < sizeof variables / sizeof *variables - 1 && !getenv (variables[i]))
    i++;
  return nv_fail (message, EINVAL,
                  "%s is set: OpenMP must not bind threads that are pinned here; unset it and name CPUs "
                  "with --cpus",
                  variables[i]);
}

int
nv_team_make (const struct nv_team_request *request, struct nv_team *ret_team, struct nv_message *message)
{
  struct cpu_mask allowed;
  struct nv_team_cpu *cpus;
  size_t n_cpus = 0;
  int result = refuse_binding (message);

  if (result < 0)
    return result;
  cpus = calloc (NV_MAX_CPUS, sizeof *cpus);
  if (!cpus)
    return nv_fail (message, ENOMEM, "cannot choose CPUs: out of memory");
  if (sched_getaffinity (0, sizeof allowed, allowed.sets) < 0)
    {
      result = nv_fail (message, errno, "cannot tell which CPUs may be used: %m");
      free (cpus);
      return result;
    }
  for (int cpu = 0; cpu < NV_MAX_CPUS; cpu++)
    if (mask_has (&allowed, cpu))
      cpus[n_cpus++] = (struct nv_team_cpu){ cpu, node_of_cpu (cpu), sibling_index (&allowed, cpu) };
  result = nv_team_choose (request, cpus, n_cpus, ret_team, message);
  free (cpus);
  return result;
}

void
nv_team_clear (struct nv_team *team)
{
  free (team->cpus);
  free (team->nodes);
  *team = (struct nv_team){ 0 };
}

/* What the threads of one region share. */
struct region
{
  const struct nv_team *team;
  const struct cpu_mask *before; /* the caller's CPUs */
  int (*work) (unsigned thread, void *data, struct nv_message *message);
  void *data;
  int pin_error, work_error; /* of the lowest thread that has one */
  unsigned pin_thread, work_thread;
  struct nv_message *message;
};

static void
note_error (struct region *region, int *error, unsigned *of, unsigned thread, int result,
            const struct nv_message *message)
{
#pragma omp critical(nv_team)
  if (*error == 0 || thread < *of)
    {
      *error = result;
      *of = thread;
      *region->message = *message;
    }
}

/* OpenMP keeps its threads from region to region: one that was pinned for another team may have to be let go.
 */
static int
pin (const struct region *region, unsigned thread, struct nv_message *message)
{
  const struct nv_team *team = region->team;
  struct cpu_mask mask = *region->before;

  if ((unsigned)omp_get_num_threads () != team->n_threads)
    return nv_fail (message, EAGAIN, "cannot run %u threads: OpenMP gives %d (see OMP_THREAD_LIMIT)",
                    team->n_threads, omp_get_num_threads ());
  if (team->pinned)
    {
      memset (&mask, 0, sizeof mask);
      CPU_SET_S ((size_t)team->cpus[thread], sizeof mask, mask.sets);
    }
  /* Whoever may not set it may run unpinned. */
  if (sched_setaffinity (0, sizeof mask, mask.sets) == 0 || !team->pinned)
    return 0;
  if (errno == EINVAL)
    return nv_fail (message, ENODEV, "CPU %d went offline or was taken away: name others with --cpus",
                    team->cpus[thread]);
  return nv_fail (message, errno, "cannot pin thread %u to CPU %d: %m; --no-pin does without", thread,
                  team->cpus[thread]);
}

static void
run_thread (struct region *region)
{
  unsigned thread = (unsigned)omp_get_thread_num ();
  struct nv_message message = { "" };
  int result = pin (region, thread, &message);

  if (result < 0)
    note_error (region, &region->pin_error, &region->pin_thread, thread, result, &message);
#pragma omp barrier
  if (region->pin_error < 0)
    return;
  result = region->work (thread, region->data, &message);
  if (result < 0)
    note_error (region, &region->work_error, &region->work_thread, thread, result, &message);
}

int
nv_team_run (const struct nv_team *team,
             int (*work) (unsigned thread, void *data, struct nv_message *message), void *data,
             struct nv_message *message)
{
  struct cpu_mask before;
  struct region region = { .team = team, .before = &before, .work = work, .data = data, .message = message };

  if (sched_getaffinity (0, sizeof before, before.sets) < 0)
    return nv_fail (message, errno, "cannot tell which CPUs may be used: %m");
  omp_set_dynamic (0);
#pragma omp parallel num_threads(team->n_threads)
  run_thread (&region);

  sched_setaffinity (0, sizeof before, before.sets);
  return region.pin_error < 0 ? region.pin_error : region.work_error;
}

void
nv_team_barrier (void)
{
#pragma omp barrier
}
