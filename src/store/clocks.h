#pragma once

#include "store/store-private.h"
#include "store/values.h"

/* What a store says about whose clock is how far from whose: it puts what guests measured on the host's. */

typedef struct
{
  NvValueSource source;
  gboolean is_adrift;  /* a guest's clock that nobody compared with the host's */
  double offset_ns;    /* it less the host's CLOCK_MONOTONIC: the mean of before and after; of the host 0 */
  double run_start_ns; /* of its run, on the host's clock; NAN: nothing says it */
  double go_ns;        /* of its boot, on the host's clock; NAN: not known */
  double length_s;     /* from its run's start until it had measured; NAN: not known */
} NvClock;

typedef struct
{
  GHashTable *vms;   /* id -> NvClock */
  GHashTable *hosts; /* run's id -> NvClock */
} NvClocks;

/* Of all runs and VMs. Returns: FALSE with @error. */
gboolean nv_clocks_read (NvClocks *clocks, NvStore *store, GError **error);

/* @vm: 0: the run's host. NULL: there is none, as in a damaged store. */
const NvClock *nv_clocks_find (const NvClocks *clocks, gint64 run, gint64 vm);

void nv_clocks_clear (NvClocks *clocks);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (NvClocks, nv_clocks_clear)
