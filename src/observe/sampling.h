#pragma once

#include <glib.h>
#include <jansson.h>

/* The host's counters over time, while something else goes on: a thread of its own runs the engine of
 * bench/samplers. */
typedef struct NvSampling NvSampling;

/* One record: the sample-header first, then samples (bench/samplers/format.h). Called in the default main
 * context. Borrowed. */
typedef void (*NvSamplingRecord) (json_t *record, gpointer data);

/**
 * nv_sampling_start:
 * @interval_ns: at least NV_MIN_INTERVAL_NS
 *
 * All samplers that this kernel has. Returns: (transfer full): NULL with NV_ERROR_UNAVAILABLE (nothing to
 * sample here) or NV_ERROR_FAILED.
 */
NvSampling *nv_sampling_start (guint64 interval_ns, NvSamplingRecord record, gpointer data, GError **error);

/* What could not be read or understood, and that nodes came or went: sentences for people, one a call.
 * Returns: (transfer full) (nullable): NULL: nothing is left to be said. */
char *nv_sampling_take_complaint (NvSampling *sampling);

/* Ends it and hands over what is left; no call comes after this. Returns: how many samples there were. */
guint64 nv_sampling_stop (NvSampling *sampling);
