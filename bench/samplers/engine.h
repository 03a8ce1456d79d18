#pragma once

#include "bench/clock.h"
#include "bench/message.h"
#include "bench/samplers/sampler.h"

/* Reads samplers, once or on a schedule. Files stay open, and buffers are kept from one tick to the next.
 * Runs in the host program and inside a guest. */

struct nv_engine;

/* A file as it was read. */
struct nv_sample_text
{
  const struct nv_sampler *sampler;
  int node; /* -1: the machine's */
  const char *text;
  size_t length; /* 0: it could not be read */
};

/* All that one tick gave; valid until the next. What could not be read or understood is not there. */
struct nv_sample
{
  uint64_t monotonic_ns;                /* CLOCK_MONOTONIC, just before the files were read */
  uint64_t wall_ns;                     /* CLOCK_REALTIME at the same time, since 1970 */
  uint64_t missed;                      /* ticks since the sample before */
  const struct nv_sample_value *values; /* sampler by sampler, each node by node */
  size_t n_values;
  const struct nv_sample_text *texts;
  size_t n_texts;
};

/* Gets a sentence for people about a file that cannot be read or understood: once a file, the sampling goes
 * on. And when nodes came or went: those that are there are sampled. */
struct nv_engine_complaints
{
  void (*complain) (void *data, const char *text);
  void *data;
};

/**
 * nv_engine_open:
 * @root: directory that holds proc/ and sys/
 * @samplers: ended by NULL; borrowed until the engine is closed
 * @ret_engine: (out): for nv_engine_close()
 *
 * Returns: 0; -ENOENT: nothing of what they read is there (each was complained about); -ENOMEM...
 */
int nv_engine_open (const char *root, const struct nv_sampler *const *samplers,
                    const struct nv_engine_complaints *complaints, struct nv_engine **ret_engine,
                    struct nv_message *message);

void nv_engine_close (struct nv_engine *engine);

/* Has it a file of that sampler's? */
bool nv_engine_has (const struct nv_engine *engine, const struct nv_sampler *sampler);

/* One sample, now. 0 or -ENOMEM. */
int nv_engine_read (struct nv_engine *engine, struct nv_sample *ret_sample);

#define NV_MIN_INTERVAL_NS UINT64_C (1000000)

/* Tick n is at start + n * interval, however long the samples take. One for which the last sample's work left
 * no time is missed and counted, and not caught up. */
struct nv_schedule
{
  uint64_t start_ns;    /* CLOCK_MONOTONIC */
  uint64_t interval_ns; /* at least NV_MIN_INTERVAL_NS */
  uint64_t duration_ns; /* the last tick is not later than this behind the start; 0: until it is stopped */
  int stop_fd;          /* readable: stop; -1: none */
  int output_fd;        /* a pipe or socket that nobody reads any more ends it; -1: none */
};

enum nv_engine_end
{
  NV_ENGINE_DONE,        /* the duration is over */
  NV_ENGINE_STOPPED,     /* by stop_fd */
  NV_ENGINE_READER_GONE, /* from output_fd */
};

struct nv_engine_result
{
  enum nv_engine_end end;
  uint64_t samples;
  uint64_t missed;
};

/**
 * nv_engine_run:
 * @on_sample: returns 0, or a negative errno that ends it
 * @result: (inout): counted while it runs, so that it is true after a failure, too
 *
 * Returns: 0, what @on_sample returned, or a negative errno with a message.
 */
int nv_engine_run (struct nv_engine *engine, const struct nv_schedule *schedule,
                   int (*on_sample) (void *data, const struct nv_sample *sample), void *data,
                   struct nv_engine_result *result, struct nv_message *message);
