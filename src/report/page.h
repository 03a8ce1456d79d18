#pragma once

#include "store/store.h"

#include <gio/gio.h>
#include <stdio.h>

/* The report: one HTML page that needs nothing else. It is the page of report-ui/ with this data within, as
 * JSON in which `<` is written \u003c. Everything from guests, files and templates is data there, never
 * markup.
 *
 * version: 1
 * title, generated ("2026-11-24T19:00:00Z"), program ("numavm 0.1.0"), source (the store's file)
 * command: that repeats the report; export: that gives all values; null: not from a store
 * emulated: true, false or null (not known): all runs alike
 * runs[], boots[], vms[]: see store/facts.h; of what is JSON there only what the page shows
 * kernels[]: name (of a metric with its command, where others are called the same), unit ("bytes/s", "ns",
 * "operations/s", or a workload's own), better ("higher", "lower")
 * policies[]: names; null: not known
 * table[]: kernel, policy (indexes), vm (name; null: all VMs together, the first row of each kernel
 *   and policy), boots (that have values; on bare metal: runs), n, mean, deviation, minimum, p5, q1, median,
 *   q3, p95, maximum: in the kernel's unit, of all values that are not `changed`; low, high: 95 % interval of
 *   the boots' means; null: not known
 * values: columns of equal length: kernel, policy (indexes), run (id), vm (id; 0: the host), boot (id; 0:
 *   none), iteration, t_s (since the run's start, host's clock; null: not known), value, time_s, changed
 *   (0, 1); of what has only STREAM's text value is the best rate, time_s the average time
 * values_note: null, or how they were thinned and what was left out
 * residence[]: vm (id), phase ("declared", "before", "after"), node, bytes; with what was measured, holds
 *   ("yes", "no", "nothing declared"); what could be anywhere has nothing declared; of a very large fleet
 *   not all VMs, and those whose memory is not where it was declared to be before others
 * residence_counts: VMs: vms (all), measured, held, wrong; shown (in residence[])
 * timelines[]: who, vm (id; 0: the host), run, boot, page_bytes, samples, t_s[] (ends of stretches),
 *   counters[]: sampler, name, node, zone, order (null: does not apply), kind ("count": a level, "rate":
 *   a s, "share"), low[], high[] (null: not shown; one number: it never changed; no high: as low)
 * timelines_note: null, or how they were thinned
 * phases[]: run, boot, kernel, policy (indexes), start_s, end_s
 * workloads[]: run, vms (how many), command[] (words), runs, timeout_ns, format, metrics[]: name, pattern,
 * unit, better; ends[]: exit_status, signal, timed_out, n; n_outputs (all); outputs[]: vm (id; null: the
 * host), run_index, time_ns, exit_status, signal, timed_out, bytes (all), text (the end) workloads_note:
 * null, or what was left out verdict: null: a later version's place
 */

typedef struct
{
  NvStore *store;
  const char
      *path;  /* (nullable): of the store: then two threads read it, each with a connection of its own */
  gint64 run; /* 0: all */
  const char *source;
  const char *command;
  const char *export_command; /* (nullable) */
  gsize max_values;           /* of values; 0: 10,000 */
  guint max_stretches;        /* of each timeline; 0: 400 */
} NvPageRequest;

/* Returns: (transfer full): the data above; NULL with @error. */
json_t *nv_page_data (const NvPageRequest *request, GError **error);

/* Writes the page. @data: of nv_page_data(). Returns: FALSE with NV_ERROR_FAILED. */
gboolean nv_page_write (const json_t *data, FILE *file, GError **error);
