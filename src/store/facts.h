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
} NvFacts;

/* @run: 0: all. Returns: (transfer full): an array; NULL with @error. */
json_t *nv_facts_read (NvStore *store, NvFacts facts, gint64 run, GError **error);
