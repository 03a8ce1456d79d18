#pragma once

#include "bench/samplers/engine.h"

/* Samples as text: JSON lines, CSV, or the kernel's own. Pure, but for the header. */

/* Text that grows; zeroed at first. */
struct nv_sample_buffer
{
  char *bytes; /* not ended by a zero byte */
  size_t length;
  size_t capacity;
  bool failed; /* no memory was left: the text is not whole */
};

void nv_sample_buffer_clear (struct nv_sample_buffer *buffer);

/**
 * nv_sample_format_header:
 *
 * Adds a line of JSON: {"record":"sample-header","version":1,...}: the machine, what decides how its kernel
 * compacts and migrates, the schedule, both clocks now, and the samplers that the engine has.
 */
void nv_sample_format_header (struct nv_sample_buffer *buffer, const char *root,
                              const struct nv_engine *engine, const struct nv_schedule *schedule);

/**
 * nv_sample_format_json:
 *
 * Adds a line: {"record":"sample","version":1,"monotonic_ns":N,"wall_ns":N,"missed":N,...} and a member for
 * each sampler that gave values: an object of the machine's, or a list with an object for each node (and
 * zone); values by order are lists from order 0 on.
 */
void nv_sample_format_json (struct nv_sample_buffer *buffer, const struct nv_sample *sample);

/* The line that comes first in CSV. */
void nv_sample_format_csv_header (struct nv_sample_buffer *buffer);

/* A line a value: what it has no node, zone or order for is empty. */
void nv_sample_format_csv (struct nv_sample_buffer *buffer, const struct nv_sample *sample);

/* The texts as they were read, without time stamps. */
void nv_sample_format_texts (struct nv_sample_buffer *buffer, const struct nv_sample *sample);
