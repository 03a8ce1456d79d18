#pragma once

#include <glib.h>
#include <jansson.h>

/**
 * NvStore: every raw value of all runs, in one SQLite file. sqlite3.h is included in this room alone.
 *
 * A run has boots (a fleet that was started once: the replicate), a boot has VMs, a VM has setups with
 * iterations, and samples. Times are ns; start_ns and monotonic_ns are the clock of who measured, the VM's
 * clock_* columns lead to the host's. Schema: schema.sql, built in. Not thread-safe: one thread a store.
 */
typedef struct NvStore NvStore;

typedef enum
{
  NV_STORE_CREATE, /* made if it is not there */
  NV_STORE_MODIFY, /* must be there */
  NV_STORE_READ,
} NvStoreMode;

/**
 * nv_store_open:
 * @path: ":memory:": gone when it is closed
 *
 * Brings an older schema up to date; with READ it only looks so. Who may write is alone with that until the
 * store is closed; any number may read. Returns: (transfer full): NULL with NV_ERROR_NOT_FOUND,
 * NV_ERROR_PARSE (no store of numavm's, damaged, or of a newer numavm) or NV_ERROR_FAILED (locked by another,
 * no permission).
 */
NvStore *nv_store_open (const char *path, NvStoreMode mode, GError **error);
void nv_store_close (NvStore *store); /* what was not committed is not kept */

/* What is added is kept from here on, whole, also after a crash. Commits that follow each other are cheap. */
gboolean nv_store_commit (NvStore *store, GError **error);

/* Each adds a row and gives its id from 1 on, or 0 with @error. Strings and JSON are copied; NULL is NULL. */

typedef struct
{
  const char *uuid;
  gint64 started_wall_ns; /* CLOCK_REALTIME; 0: unknown */
  gint64 started_ns;      /* CLOCK_MONOTONIC of the host; 0: unknown */
  const char *program;    /* "numavm 0.1.0" */
  const char *command;    /* to repeat it */
  const char *driver;     /* "libvirt"; NULL: no VMs */
  const char *uri;
  const char *accel;   /* "tcg": emulated CPUs; "kvm"; NULL: bare metal */
  gboolean emulated;   /* CPUs or NUMA host are: never to be mixed with what is not; -1: unknown */
  const guint64 *seed; /* NULL: nothing was drawn */
  const json_t *plan;  /* what was asked, as read */
  const json_t *host;  /* nodes, distances, versions, settings */
} NvStoreRun;

gint64 nv_store_add_run (NvStore *store, const NvStoreRun *run, GError **error);

/* @status: "done", "failed", "interrupted". */
gboolean nv_store_finish_run (NvStore *store, gint64 run, gint64 finished_wall_ns, const char *status,
                              const char *message, GError **error);

typedef struct
{
  gint64 run;
  guint block, position; /* from 0 */
  const char *arm;       /* what distinguishes it: the policy's name */
  const guint64 *seed;   /* derived from (run's seed, block, arm); NULL: nothing was drawn */
  gint64 started_ns;     /* host's clock: start of the first VM */
} NvStoreBoot;

gint64 nv_store_add_boot (NvStore *store, const NvStoreBoot *boot, GError **error);

/* When all were ready, when the go was for, and the largest difference of the VMs' starts; 0: it did not come
 * to that. */
gboolean nv_store_finish_boot (NvStore *store, gint64 boot, gint64 ready_ns, gint64 go_ns, gint64 spread_ns,
                               gint64 finished_ns, const char *status, const char *message, GError **error);

/* @difference: of the host's counters over the measurement, see observe/counters.h. */
gboolean nv_store_set_boot_counters (NvStore *store, gint64 boot, const json_t *difference, GError **error);

typedef struct
{
  gint64 boot;
  const char *name;
  const char *uuid;
  guint index;
  guint vcpus;
  guint64 memory_bytes;
  const json_t *placement; /* declared: policy, CPUs, regions with their shares */
} NvStoreVm;

gint64 nv_store_add_vm (NvStore *store, const NvStoreVm *vm, GError **error);

/* @phase: "before" or "after" the measurement. guest = host + offset. */
gboolean nv_store_add_clock (NvStore *store, gint64 vm, const char *phase, gint64 host_ns, gint64 offset_ns,
                             gint64 error_ns, GError **error);

gboolean nv_store_set_vm_hello (NvStore *store, gint64 vm, const json_t *hello, GError **error);

/* @started_ns: its measurement, on the host's clock; 0: it did not come to that. */
gboolean nv_store_finish_vm (NvStore *store, gint64 vm, gint64 started_ns, const char *status,
                             const char *message, GError **error);

/* One node and page size of a VM's guest RAM as measured; @holds: "yes", "no" or "nothing declared". */
gboolean
nv_store_add_residence (NvStore *store, gint64 vm, const char *phase, gint64 host_ns, guint node,
                        guint64 page_bytes, guint64 resident_bytes, const char *holds, GError **error);

/**
 * nv_store_add_record:
 * @run: always
 * @vm: 0: the host's, or bare metal's
 * @record: checked by nv_record_check(): setup or workload, iteration, output, summary, sample-header or
 * sample
 *
 * Iterations and outputs belong to the last setup or workload of (run, vm). Fast: a prepared statement, no
 * commit. NV_ERROR_PARSE: a row cannot be, as a metric that is better higher in one and lower in another
 * workload of a run.
 */
gboolean nv_store_add_record (NvStore *store, gint64 run, gint64 vm, const json_t *record, GError **error);

/* One line of a benchmark that only gives a summary (STREAM's text): rates in bytes/s, times in s. */
typedef struct
{
  gint64 run;
  gint64 vm;
  guint sequence; /* which run of the benchmark in its file, from 0 */
  const char *kernel;
  double best_rate_bytes_per_s;
  double average_s, minimum_s, maximum_s;
  guint64 array_bytes; /* of each array; 0: unknown */
  guint threads;       /* 0: unknown */
} NvStoreStream;

gboolean nv_store_add_stream (NvStore *store, const NvStoreStream *stream, GError **error);

/**
 * nv_store_add_source:
 * @run: that its rows are of; 0: of several
 * @sha256: of the file's bytes
 *
 * A file that was imported. Returns: its id; 0 without @error if one with these bytes was imported before.
 */
gint64 nv_store_add_source (NvStore *store, gint64 run, const char *name, const char *format,
                            const char *sha256, GError **error);

/* Is it there? 1, 0, or -1 with @error. */
int nv_store_has_source (NvStore *store, const char *sha256, GError **error);
int nv_store_has_run (NvStore *store, const char *uuid, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvStore, nv_store_close)
