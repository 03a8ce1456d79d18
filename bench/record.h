#pragma once

#include "bench/bench.h"

#include <stdio.h>

/* The records of a measurement: one JSON object a line, versioned. What numavm-bench --json prints and what a
 * guest sends are the same. All raw: bytes, ns, bytes/s, operations/s. What does not apply or was not
 * measured is absent, or null within a list. */

enum
{
  NV_RECORD_VERSION = 1,
  NV_INTERVAL_MINIMUM = 6,  /* values: of fewer, not even all of them span the median with 95 % */
  NV_QUANTILE_MINIMUM = 20, /* values: of fewer, the P5 and P95 tell little more than the extremes */
};

/* {"record": "setup", "version": 1, "program": "numavm-bench 0.1.0", "time": ISO 8601 in UTC, "monotonic_ns":
 * of the same moment, "setup": {"mode", "kernels": [...], "access", "size_bytes", "iterations", "pages",
 * "page_kind", "page_bytes", "touch", "isa", "store", "prefetch", "chases", "locality_bytes", "stride_bytes",
 * "reads", "writes", "seed"}, "pinned", "threads": [{"cpu", "node"}], "timer_tick_ns", "facts": {...}}.
 * What is chosen by trying is "auto", else prefetch is "on" or "off"; size_bytes and locality_bytes are
 * absent where they were not asked. Returns: a new reference. */
json_t *nv_record_setup (const struct nv_setup *setup, const struct nv_team *team, const json_t *facts,
                         double timer_tick_ns);

/* {"record": "iteration", "version": 1, "kernel", "iteration": from 0, "start_ns", "time_ns", "bytes",
 * "operations", "value", "unit", "group" (absent where it changed), "changed"} and, where they apply,
 * "handover_before_ns": [...], "handover_after_ns": [...] (a value a pair of threads, null: unknown); loaded
 * latency: "load", "delay_ns" (absent: no load), "load_bytes_per_s"; matrix: "cpu_node", "memory_node",
 * "pages".
 */
json_t *nv_record_iteration (const struct nv_setup *setup, const struct nv_result *result, size_t iteration);

/* {"record": "summary", "version": 1, "kernel", "unit": "bytes/s", "ns" or "operations/s", "threads", "path":
 * {"isa", "store" (of kernels that store), "prefetch" ("on" or "off", of kernels that have both), "chosen":
 * by trying}, "size_bytes", "cache_resident_possible", "warm_ups", "stable", "iterations", "n_changed",
 * "n_unknown" (iterations with a hand-over that is unknown before or after them), "interrupted": are
 * iterations missing? "groups", "group", "n", "minimum", "p5", "median", "p95", "maximum", "mean",
 * "interval_95": [low, high] of the median, from 6 values on, "time_s": {the same of the times},
 * "handover_ns": [low, high], "residence":
 * [{"array": "a" to "d", "resident_bytes", "huge_bytes", "nodes": {"0": share}, "wanted": {"0": share},
 * absent where any node or any of several will do, "mismatch": the share that is elsewhere, "kind_mismatch":
 * the share that is not of the kind asked for, "holds"}]}; loaded latency: "load_path" in place of "path",
 * "load", "delay_ns", "load_bytes_per_s": {as "time_s"}; matrix: "cpu_node", "memory_node", "pages".
 * @group: n_groups and more gives one without statistics, n 0: every iteration was left out. */
json_t *nv_record_summary (const struct nv_setup *setup, const struct nv_result *result, size_t group);

/* What any record begins with: its name and version. Returns: a new reference. */
json_t *nv_record_start (const char *name);

/* "time" and "monotonic_ns": now. */
void nv_record_set_time (json_t *record);

/* "minimum" to "interval_95". */
void nv_record_set_statistics (json_t *object, const struct nv_summary *summary);

/* One line, compact, ended by a newline. Frees nothing. 0 or -errno. */
int nv_record_write (const json_t *record, FILE *file);

/* All records of one result: its iterations, then its summaries, that of the largest group last, so that
 * `tail -1` is it. */
int nv_record_write_result (const struct nv_setup *setup, const struct nv_result *result, FILE *file);

/* "bytes/s", "ns", "operations/s". */
const char *nv_record_unit (enum nv_unit unit);

/* "seq"...; as the option has it: "4K", "thp", "hugetlb". */
const char *nv_access_name (enum nv_access access);
const char *nv_page_kind_name (enum nv_page_kind kind);

/* What of a path means anything for a kernel. */
bool nv_path_has_store (const struct nv_kernel *kernel);
bool nv_path_has_prefetch (const struct nv_kernel *kernel);

/* Did the run end before all iterations of the result were made? */
bool nv_result_interrupted (const struct nv_setup *setup, const struct nv_result *result);

/* The iterations before or after which a hand-over is unknown; 0 where none was probed. */
size_t nv_result_count_unknown (const struct nv_result *result);
