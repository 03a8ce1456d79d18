#pragma once

#include "store/store.h"

#include <gio/gio.h>

/* Counters of one machine over time, thinned while they are read: a million samples become some thousand
 * stretches of equally many, of which each keeps what was lowest and highest, so that no peak is lost. */

typedef struct
{
  float low, high; /* NAN: not shown in this stretch */
  double last;     /* exact; for rates of counters that only grow */
} NvStretch;

typedef struct
{
  char *sampler;        /* "buddyinfo" */
  char *name;           /* "free"; "compact_stall" */
  int node;             /* OS index; -1: the machine's */
  char *zone;           /* NULL: none */
  int order;            /* of blocks of 2^order pages; -1: none */
  gboolean is_real;     /* a share or index, no count */
  NvStretch *stretches; /* NvTimeline.n of them */
} NvTimelineCounter;

/* When something was measured. */
typedef struct
{
  double start_s, end_s; /* of the timeline's clock */
  char *policy;          /* NULL: not known */
  char *kernel;
} NvPhase;

typedef struct
{
  char *who;        /* "host", or the VM's name */
  char *policy;     /* of the VM's boot; NULL: the host's, or not known */
  gint64 run, boot; /* of a store; 0: none */
  guint64 page_bytes;
  gboolean is_page_assumed; /* nothing says it (a log never does): 4096 */
  guint64 n_samples;        /* that were read */
  gsize n;                  /* stretches */
  double *times_s; /* end of each, since the run's start (of a log: its first sample), on the host's clock */
  GPtrArray *counters; /* NvTimelineCounter: by sampler, name, node, zone (as the kernel lists them), order */
  GArray *phases;      /* NvPhase, by time; of a log: none */
} NvTimeline;

/* What is not wanted is not read. */
typedef struct
{
  const char *sampler;     /* NULL: all */
  int order;               /* -1: all; counters that have none are not concerned, nor by zone and node */
  const char *zone;        /* NULL: all */
  int node;                /* -1: all */
  guint n_stretches;       /* at most so many, from 2 on; 0: one for each sample */
  const char *who;         /* "host", or a VM's name; NULL: all */
  gboolean without_phases; /* which takes a look at all iterations */
} NvTimelineFilter;

/**
 * nv_timeline_read_log:
 * @path: /proc/buddyinfo, appended again and again, whatever zones, nodes and orders it has
 * @interval_ns: between its samples
 *
 * Beside the kernel's numbers of free blocks ("free"), computes for each zone and order the unusable free
 * space index
 * ("unusable_index") as bench/samplers has it. Lines that cannot be read are named through @say and left out.
 * Many counters get fewer stretches than asked for: what is kept has a limit.
 *
 * Returns: (transfer full): NULL with NV_ERROR_NOT_FOUND, NV_ERROR_PARSE (no line of it is one)...
 */
NvTimeline *
nv_timeline_read_log (const char *path, guint64 interval_ns, const NvTimelineFilter *filter,
                      void (*say) (const char *text, gpointer data), gpointer data, GError **error);

/* Of the host and of each VM of each boot. @run: 0: all. Returns: (transfer full): of NvTimeline, may be
 * empty; NULL with
 * @error. */
GPtrArray *
nv_timelines_read_store (NvStore *store, gint64 run, const NvTimelineFilter *filter, GError **error);

/* How much a counter that only grows grew per s, from the end of the stretch before to the end of stretch @i;
 * NAN: not known, or it began anew. */
double nv_timeline_rate (const NvTimeline *timeline, const NvTimelineCounter *counter, gsize i);

void nv_timeline_free (NvTimeline *timeline);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvTimeline, nv_timeline_free)
