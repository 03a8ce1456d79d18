#pragma once

#include <stdint.h>

/* The one generator of the whole project: counter-based, so that a draw is a pure function of what it is
 * for, and no draw depends on how many were made before it.
 *
 * Philox4x32-10: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3", SC'11, section 3.3 and the constants of table 2. */

/* Ten rounds of Philox on the 128-bit @counter under the 64-bit @key; the result replaces the counter. */
void nv_rng_philox4x32 (uint32_t counter[4], const uint32_t key[2]);

/**
 * nv_rng_draw64:
 * @seed: of the whole plan
 * @stream: what the draw is for, such as the index of a VM
 * @index: which draw of that stream
 *
 * Returns: 64 uniform bits, the same for the same three numbers on every machine.
 */
uint64_t nv_rng_draw64 (uint64_t seed, uint64_t stream, uint64_t index);
