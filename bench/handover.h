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

/* A tournament in which each meets each: with whom @thread is paired in @round, of n - 1 rounds, or n where n
 * is odd: then n_threads is the empty seat, and who is paired with it rests. */
unsigned nv_handover_partner (unsigned n_threads, unsigned round, unsigned thread);

/**
 * nv_handover_probe:
 * @ret_ns: (out): for each pair the time of one hand-over in ns, the fastest of several rounds; 0: unknown
 * (the two share a CPU, or one did not run in time)
 *
 * Takes about 0.3 ms a round of pairs that have no thread in common, n - 1 rounds.
 */
void nv_handover_probe (const struct nv_team *team, float *ret_ns);

/* Did it change between two probes: any pair by more than a factor of 1.5? Unknown pairs do not count. */
bool nv_handover_changed (const float *before_ns, const float *after_ns, size_t n_pairs);

/**
 * nv_handover_groups:
 * @probes: @n_probes times @n_pairs values
 * @ret_groups: (out): n_probes: index of the group that each belongs to, 0 for that of the first probe
 *
 * Divides each pair's values where sorted neighbours differ by more than a factor of 1.5; two probes are of
 * one group if all their pairs are in the same classes.
 *
 * Returns: the number of groups.
 */
unsigned nv_handover_groups (const float *probes, size_t n_probes, size_t n_pairs, unsigned *ret_groups);
