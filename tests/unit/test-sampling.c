/* Samples on a schedule. Of what a busy machine misses no test knows, but every tick is accounted for. */

#include "bench/samplers/engine.h"
#include "tree.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* What a run gave. */
typedef struct
{
  guint samples;
  uint64_t missed;
  uint64_t last_ns;
  gulong nap_us; /* what each sample's work takes */
  int answer;
} Received;

static int
receive (void *data, const struct nv_sample *sample)
{
  Received *received = data;

  g_assert_cmpuint (sample->monotonic_ns, >, received->last_ns);
  g_assert_cmpuint (sample->n_values, >, 0);
  received->last_ns = sample->monotonic_ns;
  received->missed += sample->missed;
  received->samples++;
  g_usleep (received->nap_us);
  return received->answer;
}

static void
complain (void *data, const char *text)
{
  g_test_message ("%s", text);
}

/* On the counters of a recorded machine; a start of 0 is now. */
static int
run (struct nv_schedule schedule, Received *received, struct nv_engine_result *result,
     struct nv_message *message)
{
  char *root = tree_unpack ("sparse-nodes");
  struct nv_engine *engine;
  int status;

  g_assert_cmpint (
      nv_engine_open (root, nv_samplers, &(struct nv_engine_complaints){ complain }, &engine, message), ==,
      0);
  if (schedule.start_ns == 0)
    schedule.start_ns = nv_clock_ns (CLOCK_MONOTONIC);
  status = nv_engine_run (engine, &schedule, receive, received, result, message);
  nv_engine_close (engine);
  tree_remove (root);
  return status;
}

static void
both_ends_of_the_duration_are_ticks (void)
{
  const struct nv_schedule schedule = {
    .interval_ns = 5000000, .duration_ns = 52000000, .stop_fd = -1, .output_fd = -1
  };
  Received received = { 0 };
  struct nv_engine_result result;
  struct nv_message message;

  /* On a busy machine some are missed, but none is lost. */
  g_assert_cmpint (run (schedule, &received, &result, &message), ==, 0);
  g_assert_cmpint (result.end, ==, NV_ENGINE_DONE);
  g_assert_cmpuint (result.samples, ==, received.samples);
  g_assert_cmpuint (result.missed, ==, received.missed);
  g_assert_cmpuint (result.samples + result.missed, ==, 11);
}

static void
ticks_without_time_are_missed_and_not_caught_up (void)
{
  const struct nv_schedule schedule = {
    .interval_ns = 2000000, .duration_ns = 40000000, .stop_fd = -1, .output_fd = -1
  };
  Received received = { .nap_us = 9000 };
  struct nv_engine_result result;
  struct nv_message message;

  /* 9 ms of work: at most every fifth tick is left, and the last one. */
  g_assert_cmpint (run (schedule, &received, &result, &message), ==, 0);
  g_assert_cmpuint (result.samples + result.missed, ==, 21);
  g_assert_cmpuint (result.samples, <=, 6);
  g_assert_cmpuint (result.samples, >=, 1);
  g_assert_cmpuint (result.missed, ==, received.missed);
}

static void
a_stop_or_a_reader_that_is_gone_need_no_tick (void)
{
  struct nv_schedule schedule = { .interval_ns = 3600 * UINT64_C (1000000000),
                                  .stop_fd = eventfd (1, 0),
                                  .output_fd = -1 };
  Received received = { 0 };
  struct nv_engine_result result;
  struct nv_message message;
  int ends[2];

  schedule.start_ns = nv_clock_ns (CLOCK_MONOTONIC) + schedule.interval_ns;
  g_assert_cmpint (run (schedule, &received, &result, &message), ==, 0);
  g_assert_cmpint (result.end, ==, NV_ENGINE_STOPPED);
  close (schedule.stop_fd);
  schedule.stop_fd = -1;
  g_assert_cmpint (pipe (ends), ==, 0);
  schedule.output_fd = ends[1];
  close (ends[0]);
  g_assert_cmpint (run (schedule, &received, &result, &message), ==, 0);
  g_assert_cmpint (result.end, ==, NV_ENGINE_READER_GONE);
  g_assert_cmpuint (received.samples, ==, 0);
  close (ends[1]);
}

static void
a_receiver_that_fails_ends_it (void)
{
  const struct nv_schedule schedule = { .interval_ns = 1000000, .stop_fd = -1, .output_fd = -1 };
  Received received = { .answer = -EPIPE };
  struct nv_engine_result result;
  struct nv_message message;

  g_assert_cmpint (run (schedule, &received, &result, &message), ==, -EPIPE);
  g_assert_cmpuint (received.samples, ==, 1);
}

static void
an_interval_too_short_is_refused (void)
{
  const struct nv_schedule schedule = { .interval_ns = NV_MIN_INTERVAL_NS - 1,
                                        .stop_fd = -1,
                                        .output_fd = -1 };
  Received received = { 0 };
  struct nv_engine_result result;
  struct nv_message message = { "" };

  g_assert_cmpint (run (schedule, &received, &result, &message), ==, -EINVAL);
  g_assert_nonnull (strstr (message.text, "at least 1 ms"));
}

#define ADD(name) g_test_add_func ("/sampling/" #name, name)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD (both_ends_of_the_duration_are_ticks);
  ADD (ticks_without_time_are_missed_and_not_caught_up);
  ADD (a_stop_or_a_reader_that_is_gone_need_no_tick);
  ADD (a_receiver_that_fails_ends_it);
  ADD (an_interval_too_short_is_refused);
  return g_test_run ();
}
