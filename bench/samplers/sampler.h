#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A sampler reads one source of the kernel's at an interval (engine.h); one const record in a file of its own
 * and one word in this folder's meson.build. What a kernel lacks is not among the values; it is never 0
 * instead. */

/* Names and zones are valid as long as the text that they were read from, or for ever. */
struct nv_sample_value
{
  const struct nv_sampler *sampler;
  const char *name; /* of the counter */
  int node;         /* OS index; -1: of the machine */
  const char *zone; /* NULL: of no zone */
  int order;        /* of blocks of 2^order pages; -1: of none */
  bool is_ratio;
  uint64_t count; /* if it is no ratio; at most INT64_MAX, as readers of JSON and databases have it */
  double ratio;   /* 0 to 1 */
};

struct nv_sample_values
{
  struct nv_sample_value *items;
  size_t length;
  size_t capacity;
};

struct nv_sampler_file
{
  const char *path; /* below the root; a `*` in it is the number of a node, and there is one file for each */

  /**
   * parse:
   * @text: the whole file; its words are ended in place, and the values point into it
   * @node: whose file it is; -1: the machine's
   *
   * Adds what the kernel says now. The values of one node and zone follow each other and share the pointer
   * to the zone; so do those of one name with its orders, from 0 on without gaps.
   *
   * Returns: 0, -EBADMSG or -ENOMEM; then some values may have been added.
   */
  int (*parse) (char *text, int node, struct nv_sample_values *values);
};

struct nv_sampler
{
  const char *name;
  const char *summary;
  const char *needs; /* of the kernel, for a person whose kernel does not show it */
  struct nv_sampler_file
      files[12]; /* ended by one without a path; kernels that have the first may lack others */
};

extern const struct nv_sampler *const nv_samplers[];

/* NULL: there is none of that name. */
const struct nv_sampler *nv_sampler_find (const char *name);

/* Adds a copy of @value. 0 or -ENOMEM. */
int nv_sample_add (struct nv_sample_values *values, const struct nv_sample_value *value);

void nv_sample_values_clear (struct nv_sample_values *values);

/* A word that is a whole number without a sign, and fits. */
bool nv_sample_count (const char *word, uint64_t *ret_count);

/**
 * nv_sample_counters:
 * @wanted: (nullable): is a line wanted that begins so? all are
 *
 * Adds lines of the form `NAME COUNT`, as in vmstat and numastat. A count beyond INT64_MAX is one that went
 * below zero, and left out. Returns: 0, -EBADMSG or -ENOMEM.
 */
int
nv_sample_counters (char *text, int node, bool (*wanted) (const char *line), struct nv_sample_values *values);
