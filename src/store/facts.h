#pragma once

#include "store/store.h"

/* What a store knows of its runs beside the values: rows as objects, in the order in which they came. */

typedef enum
{
  /* id, uuid, started, finished ("2026-11-24T19:00:00Z"), status, message, program, command, driver, uri,
   * accel, emulated (null: not known), seed (text), plan, host, sampled (the header of the host's samples),
   * measured (the first setup), sources (how many files were imported) */
  NV_FACTS_RUNS,
  NV_FACTS_BOOTS,     /* id, run, block, position, policy, seed, status, message, spread_ns, counters */
  NV_FACTS_VMS,       /* id, boot, run, name, policy, vcpus, memory_bytes, status, message, guest, declared */
  NV_FACTS_RESIDENCE, /* vm, phase, node, bytes (of all page sizes), holds */
  /* Those of a run that are alike are one: id, run, vms (how many), command, runs, timeout_ns, format,
   * metrics: as their records have it; outputs (how many there are) */
  NV_FACTS_WORKLOADS,
  NV_FACTS_ENDS, /* of their programs: workload (id), exit_status, signal, timed_out, n (how many) */
  /* The last NV_FACTS_TEXT characters of some NV_FACTS_OUTPUTS_MAX: of those that failed, and each VM's first
   * and last: workload (id), vm, run_index, time_ns, exit_status, signal, timed_out, bytes, text */
  NV_FACTS_OUTPUTS,
} NvFacts;

enum
{
  NV_FACTS_TEXT = 4000,
  NV_FACTS_OUTPUTS_MAX = 40,
};

/* @run: 0: all. Returns: (transfer full): an array; NULL with @error. */
json_t *nv_facts_read (NvStore *store, NvFacts facts, gint64 run, GError **error);
