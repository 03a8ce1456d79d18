#pragma once

#include "bench/message.h"

#include <stdbool.h>
#include <stddef.h>

enum
{
  NV_MAX_CPUS = 8192, /* the largest NR_CPUS of a kernel */
};

/* The threads of a measurement: OpenMP's, each pinned to one CPU. */

struct nv_team_request
{
  unsigned n_threads; /* 0: one for each CPU, or as many as OMP_NUM_THREADS says */
  unsigned per_node;  /* so many on each node that has CPUs; 0: not asked */
  const char *cpus;   /* (nullable): a list such as 0-3,8, in this order */
  bool unpinned;      /* the scheduler decides */
};

struct nv_team
{
  unsigned n_threads;
  bool pinned;
  int *cpus;       /* OS index for each thread; -1: unpinned */
  unsigned *nodes; /* OS index of the CPU's node; where unpinned it is unknown, and here 0 */
};

/* A CPU that this process may use. */
struct nv_team_cpu
{
  int cpu;
  unsigned node;
  unsigned sibling; /* 0: the first such thread of its core, 1: the next */
};

/* Chooses the CPUs: those asked for, else allowed ones, one thread a core before SMT siblings, node after
 * node. 0, -EINVAL (list, number of pinned threads above that of CPUs, OpenMP told to bind threads), -ENODEV
 * (a CPU that is offline or not allowed). The caller frees with nv_team_clear(). */
int
nv_team_make (const struct nv_team_request *request, struct nv_team *ret_team, struct nv_message *message);
void nv_team_clear (struct nv_team *team);

/* nv_team_make() among @cpus, which are sorted here; with OMP_NUM_THREADS, but without the machine. */
int nv_team_choose (const struct nv_team_request *request, struct nv_team_cpu *cpus, size_t n_cpus,
                    struct nv_team *ret_team, struct nv_message *message);

/* Runs @work in each thread of the team, pinned, with its index; waits for all. Returns: the first error of
 * the lowest thread (0: none; -ENODEV: its CPU is not there any more); no thread runs @work unless all are
 * there and pinned, so that they may wait for each other with nv_team_barrier(). The caller's own CPUs are as
 * before. */
int nv_team_run (const struct nv_team *team,
                 int (*work) (unsigned thread, void *data, struct nv_message *message), void *data,
                 struct nv_message *message);

/* Waits in each thread of a running team for all others. */
void nv_team_barrier (void);
