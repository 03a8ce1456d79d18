#pragma once

#include "store/store.h"

/* Results as STREAM sums them up, of a folder of its texts or of a store: for each VM and kernel, one after
 * the other, the best rate and the times of one run of the benchmark. */

typedef struct
{
  double best;                            /* in the kernel's unit */
  double average_s, minimum_s, maximum_s; /* of its iterations */
  guint32 sequence; /* which run of the benchmark it was: in its file, from 0; of a store, which of the VM's
                       boots */
} NvResult;

typedef struct
{
  char *name; /* "triad", or what a workload calls its metric: with its command where others call theirs the
                 same: "score (stress-ng … 2)" */
  char *plain_name; /* without that */
  char *unit;       /* "bytes/s", "ns", "operations/s", or a metric's own */
  char *workload;   /* of a metric: as in store/metrics.h; NULL: not known */
  gboolean lower_is_better;
  gboolean is_metric; /* of a workload: of any unit the best value, and the times are the program's */
} NvResultKernel;

/* All of one VM under one policy. */
typedef struct
{
  char *name;
  char *policy;     /* NULL: not known */
  guint n_runs;     /* of the benchmark, with those that have no result of some kernel */
  GArray **results; /* of NvResult, one array for each kernel of NvResults, by its index */
} NvResultVm;

typedef struct
{
  GPtrArray *kernels; /* NvResultKernel: STREAM's in its order, then others by name */
  GPtrArray *vms;   /* NvResultVm: by policy (as the run had them), then by name, numbers in it as numbers */
  char *source;     /* to name it: the folder, or the store's file */
  char *when;       /* "2026-11-24"; of a store's runs; NULL: not known */
  char *host;       /* name of the machine; NULL: not known */
  int emulated;     /* 1, 0; -1: not known */
  guint64 left_out; /* lines and parts that could not be read; of a store, iterations, which are: */
  guint64 n_moved;  /* the host moved CPUs meanwhile */
  guint64 n_beside; /* they ran beside a load, or from node to node */
  guint64 n_unusable;      /* of too many kernels, or a number is none that can be */
  guint rates_divided_by;  /* those of the original's modified STREAM, which reports too much; 0: none */
  double implausible_rate; /* the highest, in bytes/s of a thread, if no core gets that from memory; else 0 */
} NvResults;

typedef struct
{
  gboolean is_original_mod; /* rates are divided by 8: see store/import.h */
  void (*say) (const char *text,
               gpointer data); /* as in NvImportRequest; of many, called by one thread at a time */
  gpointer data;
} NvResultsRequest;

/**
 * nv_results_read_files:
 * @paths: ended by NULL: files of STREAM's text, or folders, of which the files that end in `.expresult` (or,
 * if there are none, all that are STREAM's text) are read, not those in folders below. A folder that holds
 * nothing but folders is a tree: of VMs, or of policies' folders of VMs, as `numavm run --results` leaves it;
 * there a VM is called as its folder, unless that has several files.
 *
 * Reads in as many threads as there are CPUs. What is cut off, empty, damaged or other text is named through
 * @request, and the rest is used. Two files of one name, without `.expresult`, in different folders are two
 * VMs: FOLDER/NAME.
 *
 * Returns: (transfer full): NULL with NV_ERROR_NOT_FOUND (no result in any of them)
 */
NvResults *nv_results_read_files (const NvResultsRequest *request, char *const *paths, GError **error);

/**
 * nv_results_read_store:
 * @run: 0: all of them; emulated runs and others, and those of different hosts, are never mixed:
 * NV_ERROR_USAGE that names the runs
 *
 * Iterations of measurements, and STREAM's texts that were imported. VMs are known by their policy and name,
 * and each boot is a run. Where there is no policy (bare metal, imported texts), those of each run and of
 * each choice of pages and access are one; if choices differ, they are the policies.
 *
 * Returns: (transfer full): NULL also with NV_ERROR_NOT_FOUND: nothing is there, or all of it is left out
 */
NvResults *nv_results_read_store (NvStore *store, gint64 run, GError **error);

/* Of a store: how many iterations are left out for which reason. Returns: (transfer full). */
char *nv_results_say_left_out (const NvResults *results);

void nv_results_free (NvResults *results);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvResults, nv_results_free)
