#pragma once

#include "base/problems.h"

#include <jansson.h>

/* A workload: any program that the guests have, and which numbers in what it prints are the results. */

typedef enum
{
  NV_TRANSPORT_CHANNEL,
  NV_TRANSPORT_SCP,
} NvTransport;

typedef struct
{
  char *name;
  char *pattern; /* of text: POSIX's extended regular expression; of JSON: a pointer (RFC 6901) */
  char *unit;
  gboolean lower_is_better;
} NvMetric;

typedef struct
{
  char **command;     /* words: no shell reads them */
  GPtrArray *metrics; /* (element-type NvMetric) */
  gboolean is_json;   /* what it prints */
  guint64 timeout_ns; /* of each run */
  guint runs;         /* 0: nobody said */
  NvTransport transport;
  gboolean has_transport; /* somebody said */
  char *packages;         /* (nullable): for `numavm image build` */

  /* Of metrics that say nothing themselves. */
  char *unit;
  gboolean lower_is_better;
} NvWorkload;

/* Nothing said yet. */
NvWorkload *nv_workload_new (void);
void nv_workload_free (NvWorkload *workload);

/* Of a run, and a file: workload, metric, format, unit, better, timeout, iterations, transport; of a file
 * alone: packages. */
gboolean nv_workload_is_key (const char *key);

/* May the key be given several times? */
gboolean nv_workload_key_repeats (const char *key);

/**
 * nv_workload_set:
 *
 * unit and better are those of the last metric, and, before the first one, of all that say nothing
 * themselves.
 *
 * Returns: %FALSE with NV_ERROR_USAGE; the message names key, value and what is allowed.
 */
gboolean nv_workload_set (NvWorkload *workload, const char *key, const char *value, GError **error);

/* Is all there, and are all patterns such as the guests take them? */
gboolean nv_workload_check (const NvWorkload *workload, GError **error);

/**
 * nv_workload_parse:
 * @text: lines `KEY=VALUE`; a line that begins with `#` is a comment, blank ones are passed over
 * @problems: (inout): gets every problem
 *
 * A value is all behind the `=`, without blanks around it; quotes are the command's own.
 *
 * Returns: (transfer full): NULL with problems.
 */
NvWorkload *nv_workload_parse (const char *text, gsize length, NvProblems *problems);

/* Returns: (transfer full): NULL with NV_ERROR_USAGE, all problems as FILE:LINE. */
NvWorkload *nv_workload_read (const char *path, GError **error);

/* Returns: (transfer full): as a guest is asked, see bench/protocol.h. */
json_t *nv_workload_to_json (const NvWorkload *workload, guint runs);

gboolean nv_transport_parse (const char *value, NvTransport *ret_transport, GError **error);
const char *nv_transport_name (NvTransport transport);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvWorkload, nv_workload_free)
