#pragma once

#include "bench/bench.h"
#include "guest/transfer.h"
#include "guest/workload.h"
#include "guest/writer.h"

#include <stdatomic.h>

/* What the host asked to measure: a thread measures, another one reads the samplers meanwhile, and what they
 * find goes to the host between kernels, or runs of a workload. */

struct nv_job
{
  struct nv_workload workload; /* its command NULL: kernels are measured, as setup has them */
  struct nv_setup setup;
  json_t *options; /* owned; the setup refers to its texts */
  struct nv_transfer transfer;
  uint64_t sample_interval_ns; /* 0: no samples */
  uint64_t size_bytes;         /* of each array, as asked or chosen; of a workload 0 */

  /* While it runs. */
  struct nv_writer *writer; /* borrowed */
  uint64_t start_ns;
  int over_fd; /* readable: it is over */
  pthread_t thread;
  atomic_bool cancelled;
  atomic_int write_error; /* -errno: something that was measured could not be sent or written */
  pthread_mutex_t mutex;  /* of the three below */
  const char *kernel;     /* that is measured, or the workload's program; NULL: none yet */
  unsigned iteration, n_iterations;

  /* After it has run. */
  enum nv_status status;
  struct nv_message message;
};

/**
 * nv_job_read:
 * @record: a job of the host's
 *
 * Can it be measured here? The job is a new one; nv_job_clear() in both cases.
 *
 * Returns: 0, or -EINVAL with what measuring it would say.
 */
int nv_job_read (struct nv_job *job, const json_t *record, struct nv_message *message);
void nv_job_clear (struct nv_job *job);

/**
 * nv_job_start:
 * @start_ns: CLOCK_MONOTONIC
 *
 * Measures in a thread of its own. When over_fd is readable, nv_job_join() makes status and message true.
 * Returns: 0 or -errno: nothing was started; status and message say so.
 */
int nv_job_start (struct nv_job *job, struct nv_writer *writer, uint64_t start_ns);
void nv_job_join (struct nv_job *job);

/* Ends it, within one pass over its arrays; a program is killed. Waits for that; nothing is sent any more. */
void nv_job_cancel (struct nv_job *job);

/* Adds phase, iteration and iterations to a heartbeat. */
void nv_job_say_progress (struct nv_job *job, json_t *alive);
