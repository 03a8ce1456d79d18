#pragma once

#include "bench/samplers/format.h"
#include "guest/transfer.h"

#include <pthread.h>

/* Samples that are taken while something is measured, and kept as lines of JSON until somebody takes them. */
struct nv_samples
{
  struct nv_engine *engine;
  struct nv_schedule schedule;
  struct nv_transfer *transfer; /* (nullable) borrowed: also gets what they are made of */
  pthread_t thread;
  pthread_mutex_t mutex; /* of what follows */
  struct nv_sample_buffer lines;
  uint64_t dropped; /* since the last one that was kept */
};

/* Samples in a thread of its own, from now on. 0, or a negative errno with a message: nothing was started. */
int nv_samples_start (struct nv_samples *samples, uint64_t interval_ns, struct nv_transfer *transfer,
                      struct nv_message *message);

/* What there is, moved to @ret_lines, for nv_sample_buffer_clear(). */
void nv_samples_take (struct nv_samples *samples, struct nv_sample_buffer *ret_lines);

/* Ends the thread; lines may still be taken. */
void nv_samples_stop (struct nv_samples *samples);
void nv_samples_clear (struct nv_samples *samples);
