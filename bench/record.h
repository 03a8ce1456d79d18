#pragma once

#include "bench/bench.h"

#include <stdio.h>

/* The records of a measurement: one JSON object a line, versioned. What numavm-bench --json prints and what a
 * guest sends are the same. All raw: bytes, ns, bytes/s, operations/s. What was not measured is absent, or
 * null within a list. */

enum
{
  NV_RECORD_VERSION = 1,
};

/* {"record": "setup", "version": 1, "program": "numavm-bench 0.1.0", "time": ISO 8601 in UTC, "monotonic_ns":
 * of the same moment, "setup": {"mode", "kernels": [...], "access", "size_bytes", "iterations", "pages",
 * "page_kind", "page_bytes", "touch", "isa", "store", "prefetch", "chases", "locality_bytes", "stride_bytes",
 * "reads", "writes", "seed"}, "pinned", "threads": [{"cpu", "node"}], "timer_tick_ns", "facts": {...}}.
 * What is chosen by trying is "auto"; size_bytes and locality_bytes are absent where they were not asked.
 * Returns: a new reference. */
json_t *nv_record_setup (const struct nv_setup *setup, const struct nv_team *team, const json_t *facts,
                         double timer_tick_ns);

/* {"record": "iteration", "version": 1, "kernel", "iteration": from 0, "start_ns", "time_ns", "bytes",
 * "operations", "value", "unit", "group" (absent where it changed), "changed"} and, where they apply,
 * "handover_before_ns": [...], "handover_after_ns": [...] (a value a pair of threads, null: unknown),
 * "load_bytes_per_s", "delay_ns" (null: no load), "cpu_node", "memory_node". */
json_t *nv_record_iteration (const struct nv_setup *setup, const struct nv_result *result, size_t iteration);

/* {"record": "summary", "version": 1, "kernel", "unit": "bytes/s", "ns" or "operations/s", "threads", "path":
 * {"isa", "store", "prefetch", "chosen"}, "size_bytes", "cache_resident_possible", "warm_ups", "stable",
 * "iterations", "changed", "group", "groups", "n", "minimum", "p5", "median", "p95", "maximum", "mean",
 * "interval": [low, high], "time_s": {the same of the times}, "handover_ns": [low, high], "residence":
 * [{"array", "resident_bytes", "huge_bytes", "nodes": {"0": share}, "wanted": {"0": share}, "mismatch",
 * "kind_mismatch", "holds"}]};
 * where they apply "load_bytes_per_s": {...}, "load", "delay_ns", "cpu_node", "memory_node".
 * @group: n_groups and more gives one without statistics, n 0: every iteration was left out. */
json_t *nv_record_summary (const struct nv_setup *setup, const struct nv_result *result, size_t group);

/* One line, compact, ended by a newline. Frees nothing. 0 or -errno. */
int nv_record_write (const json_t *record, FILE *file);

/* All records of one result: its iterations, then its summaries, that of the largest group last, so that
 * `tail -1` is it. */
int nv_record_write_result (const struct nv_setup *setup, const struct nv_result *result, FILE *file);

/* "bytes/s", "ns", "operations/s". */
const char *nv_record_unit (enum nv_unit unit);

/* "seq"...; "base", "thp", "hugetlb". */
const char *nv_access_name (enum nv_access access);
const char *nv_page_kind_name (enum nv_page_kind kind);
