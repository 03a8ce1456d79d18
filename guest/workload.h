#pragma once

#include "bench/bench.h"
#include "guest/metrics.h"
#include "guest/program.h"

/* A workload of bench/protocol.h: a program that is run, and what of its output is measured. */

struct nv_workload
{
  json_t *asked; /* owned; the job's object, to whose texts the others refer */
  json_t *facts; /* owned */
  char **command;
  unsigned runs;
  uint64_t timeout_ns;
  struct nv_metrics metrics;
  char phase[64]; /* the program's name, for heartbeats */
};

/**
 * nv_workload_read:
 * @asked: of a job, which nv_record_check() has found right
 *
 * Can it be run here? nv_workload_clear() in both cases.
 *
 * Returns: 0, or -EINVAL with a message.
 */
int nv_workload_read (struct nv_workload *workload, json_t *asked, struct nv_message *message);
void nv_workload_clear (struct nv_workload *workload);

struct nv_workload_reporter
{
  /* Takes the record: a workload, then each run's output and iterations, then the summaries. */
  void (*record) (void *data, json_t *record);
  /* All of it that was kept, before the record of it. */
  void (*printed) (void *data, unsigned run, const struct nv_program_end *end,
                   const struct nv_printed *printed); /* from 0, as in records */
  void (*before_run) (void *data, unsigned run);      /* from 1 */
  void (*after_run) (void *data);                     /* its records are sent: what else is to be? */
  bool (*cancelled) (void *data);                     /* asked before and after each run */
  void *data;
  int cancel_fd; /* readable: end it, also in the middle of a run */
};

/* Each run is one run of the program, in an empty folder of its own. The first that fails, prints nothing
 * that a metric matches or takes too long ends it: the message has the end of what it printed. */
enum nv_status nv_workload_run (struct nv_workload *workload, const struct nv_workload_reporter *reporter,
                                struct nv_message *message);
