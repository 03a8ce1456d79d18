#pragma once

#include "store/store.h"

#include <gio/gio.h>
#include <stdio.h>

/* The report: one HTML page that needs nothing else. It is the page of report-ui/ with this data within, as
 * JSON in which `<` is written \u003c. Everything from guests, files and templates is data there, never
 * markup.
 *
 *     version        1
 *     title, generated ("2026-11-24T19:00:00Z"), program ("numavm 0.1.0"), source (the store's file)
 *     emulated       true, false or null (not known): of any of the runs
 *     command        that repeats the report
 *     runs[]         id, uuid, started, finished, status, message, program, command, driver, uri, accel,
 * emulated, seed (text), plan (object), host (object) boots[]        id, run, block, position, policy, seed,
 * status, message, spread_ns, counters (object) vms[]          id, boot, run, name, policy, vcpus,
 * memory_bytes, status, message, guest (object: its hello), declared (object: its placement) kernels[] name,
 * unit ("bytes/s", "ns", "operations/s"), better ("higher", "lower") table[]        kernel, policy, vm (name;
 * null: all VMs together), boots, n, mean, deviation, low, high, minimum, p5, median, p95, maximum; in the
 * kernel's unit, null: not known. Over all values that are not `changed` values         columns of equal
 * length: kernel (index), vm (id; 0: the host), policy (index into policies), boot (id), iteration, t_s
 * (since the run's start, host's clock; null: not known), value, time_s, changed (0, 1). What has only
 * STREAM's text: value is the best rate, time_s the average time policies[]     names values_note    null, or
 * how they were thinned: "20,000 of 10,000,000 values: of each kernel, policy and VM ..." residence[]    vm
 * (id), phase ("before", "after"), node, declared_bytes (null: nothing is declared), measured_bytes, holds
 * ("yes", "no", "nothing declared") timelines[]    who, vm (id; 0: the host), run, boot, page_bytes, t_s[],
 * counters[]: sampler, name, node, zone, order (null: does not apply), kind ("count": a level, "rate": per s,
 * "share"), low[], high[] (null: not shown) timelines_note null, or how they were thinned phases[] boot,
 * policy, kernel, start_s, end_s verdict        null: a later version's place
 */

typedef struct
{
  NvStore *store;
  gint64 run; /* 0: all */
  const char *source;
  const char *command;
  gsize max_values;    /* of values; 0: 20,000 */
  guint max_stretches; /* of each timeline; 0: 400 */
} NvPageRequest;

/* Returns: (transfer full): the data above; NULL with @error. */
json_t *nv_page_data (const NvPageRequest *request, GError **error);

/* Writes the page. @data: of nv_page_data(). Returns: FALSE with NV_ERROR_FAILED. */
gboolean nv_page_write (const json_t *data, FILE *file, GError **error);
