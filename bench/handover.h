#pragma once

#include "bench/team.h"

#include <stdint.h>

/* How near the CPUs of a team are to each other, as the hardware shows it: a cache line passed to and fro
 * between each pair. In a VM the host can move the CPUs between one moment and the next, and bandwidth with
 * them. */

/* n * (n - 1) / 2 */
size_t nv_handover_n_pairs (unsigned n_threads);

/* Index of the pair of threads @i < @j. */
size_t nv_handover_pair (unsigned n_threads, unsigned i, unsigned j);

enum
{
  NV_HANDOVER_MAX_ROUNDS = 16, /* of a probe */
};

/* A tournament in which each meets each: with whom @thread is paired in @round, of n - 1 rounds, or n where n
 * is odd: then n_threads is the empty seat, and who is paired with it rests. */
unsigned nv_handover_partner (unsigned n_threads, unsigned round, unsigned thread);

/* How many of these rounds a probe plays: all, unless there are more than NV_HANDOVER_MAX_ROUNDS. The time of
 * a probe stays bounded then, and each thread's partners are spread evenly over the others. */
unsigned nv_handover_n_rounds (unsigned n_threads);

/* Which round of the tournament is the @nth that is played. */
unsigned nv_handover_round (unsigned n_threads, unsigned nth);

/* The lines that are passed. The first probe decides on which node they are, that of the team's first thread;
 * there they stay. NULL: no memory. The caller frees with nv_courts_free(). */
struct nv_courts *nv_courts_make (unsigned n_threads);
void nv_courts_free (struct nv_courts *courts);

/**
 * nv_handover_probe:
 * @courts: of nv_courts_make() for as many threads
 * @ret_ns: (out): for each pair the time of one hand-over in ns, the fastest of several blocks; 0: unknown
 * (the two did not meet, share a CPU, or one did not run in time)
 *
 * Takes about 0.3 ms a round of pairs that have no thread in common, at most NV_HANDOVER_MAX_ROUNDS rounds.
 */
void nv_handover_probe (const struct nv_team *team, struct nv_courts *courts, float *ret_ns);

/* Did a thread's CPU move between two probes: an eighth of its known pairs or more changed by more than a
 * factor of 1.5? Up to eight that is any pair. One disturbed value of many is no move; but where a node is
 * divided into many groups of cores, a CPU that moves keeps its distance to most others, so that to ask for
 * more than half would be to miss it. */
bool nv_handover_changed (const float *before_ns, const float *after_ns, unsigned n_threads);

/**
 * nv_handover_groups:
 * @probes: @n_probes times nv_handover_n_pairs() values
 * @ret_groups: (out): n_probes: index of the group that each belongs to, 0 for that of the first probe
 *
 * Divides each pair's values where sorted neighbours differ by more than a factor of 1.5; two probes are of
 * one group if no thread's CPU moved, as above, where pairs of different classes are those that changed.
 *
 * Returns: the number of groups.
 */
unsigned nv_handover_groups (const float *probes, size_t n_probes, unsigned n_threads, unsigned *ret_groups);
