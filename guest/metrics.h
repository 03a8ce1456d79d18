#pragma once

#include "bench/message.h"

#include <jansson.h>
#include <regex.h>
#include <stdbool.h>

/* Numbers in what a program printed.
 *
 * Of text: a POSIX extended regular expression, held against each line, which a newline or a carriage return
 * ends. Each line that it matches has one value: the first group, or the whole match where the expression has
 * no group. It is a decimal number; thousands commas make it none.
 *
 * Of JSON: a pointer (RFC 6901) into the whole output, or the last object in it that is in no other. Where
 * that one cannot be read, there is no value, whatever is before it or in it.
 *
 * All are finite and not negative. */

enum
{
  NV_METRIC_VALUES_MAX = 1 << 16, /* of one run: what prints more is no measurement */
};

struct nv_metric
{
  const char *name, *pattern, *unit; /* borrowed */
  regex_t expression;                /* of text */
  bool is_compiled;
  double *values; /* of all runs */
  size_t n, capacity;
  size_t first; /* of the last run; n where it gave none */
};

struct nv_metrics
{
  bool is_json;
  struct nv_metric *items;
  size_t n;
};

/* @workload: of a job, which nv_record_check() has found right; borrowed. 0, or -EINVAL with a message; to be
 * cleared in both cases. */
int nv_metrics_read (struct nv_metrics *metrics, const json_t *workload, struct nv_message *message);
void nv_metrics_clear (struct nv_metrics *metrics);

/**
 * nv_metrics_match:
 * @output: what one run printed, any bytes
 *
 * Adds to the values of each metric those of this run, at least one.
 *
 * Returns: 0; -EINVAL with a message (`printed nothing that metric 'x' matches`), -ENOMEM: none got any.
 */
int
nv_metrics_match (struct nv_metrics *metrics, const char *output, size_t length, struct nv_message *message);
