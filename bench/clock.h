#pragma once

#include <stdint.h>
#include <time.h>

/* @clock: CLOCK_MONOTONIC, CLOCK_REALTIME... Returns: ns since its epoch. */
static inline uint64_t
nv_clock_ns (clockid_t clock)
{
  struct timespec time;

  clock_gettime (clock, &time);
  return (uint64_t)time.tv_sec * UINT64_C (1000000000) + (uint64_t)time.tv_nsec;
}

/* On CLOCK_MONOTONIC; signed, for differences. */
static inline int64_t
nv_now_ns (void)
{
  return (int64_t)nv_clock_ns (CLOCK_MONOTONIC);
}
