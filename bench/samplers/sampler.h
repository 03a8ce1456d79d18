#pragma once

#include "bench/message.h"

#include <stdint.h>

/* A sampler reads one source of the kernel's at an interval; one const record in a file of its own and one
 * word in this folder's meson.build. */

/* Gets the values of one sample, one by one. @name: of the counter; @node, @zone: (-1, NULL: of the machine);
 * @order: (-1: of none). */
struct nv_sample_sink
{
  void (*count) (void *data, const char *name, int node, const char *zone, int order, uint64_t value);
  void (*index) (void *data, const char *name, int node, const char *zone, int order, double value);
  void *data;
};

struct nv_sampler
{
  const char *name;
  const char *summary;
  const char *path; /* of its file below the root */

  /* What the kernel says now, of @text (the whole file). What this kernel lacks is not there; it is never 0
   * instead. 0 or -EBADMSG. */
  int (*parse) (const char *text, const struct nv_sample_sink *sink);
};

extern const struct nv_sampler *const nv_samplers[];
