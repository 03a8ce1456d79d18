#pragma once

#include "bench/bench.h"

#include <stdio.h>

/* The records of a measurement: one JSON object a line, versioned. What numavm-bench --json prints and what a
 * guest sends are the same. All raw: bytes, ns, bytes/s. */

enum
{
  NV_RECORD_VERSION = 1,
};

/* {"record": "setup", "version": 1, "program": "numavm-bench 0.1.0", "setup": {...}, "threads": [{"cpu",
 * "node"}], "timer_tick_ns", "facts": {...}, "time": ISO 8601}. Returns: a new reference. */
json_t *nv_record_setup (const struct nv_setup *setup, const struct nv_team *team, const json_t *facts,
                         double timer_tick_ns);

/* {"record": "iteration", "version": 1, "kernel", "iteration", "start_ns", "time_ns", "bytes", "operations",
 * "group", "changed", "handover_before_ns": [...], "handover_after_ns": [...]}; iteration: from 0. */
json_t *nv_record_iteration (const struct nv_result *result, size_t iteration);

/* {"record": "summary", "version": 1, "kernel", "unit", "threads", "path": {"isa", "store", "prefetch",
 * "chosen"}, "size_bytes", "cache_resident_possible", "warm_ups", "stable", "group", "n", "changed",
 * "minimum", "p5", "median", "p95", "maximum", "mean", "interval": [low, high], "handover_ns": [low, high],
 * "residence": [{"array", "resident_bytes", "huge_bytes", "nodes": {"0": share}, "wanted": {...},
 * "mismatch"}], ...}. */
json_t *nv_record_summary (const struct nv_result *result, size_t group);

/* One line, compact, ended by a newline. Frees nothing. 0 or -errno. */
int nv_record_write (const json_t *record, FILE *file);
