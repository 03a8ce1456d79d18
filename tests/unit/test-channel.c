/* The host's end of a channel, with guests of the fake driver. */

#include "channel-fixture.h"

#include "base/size.h"
#include "bench/bench.h"
#include "bench/clock.h"

/* A VM of the fake driver. @name: says how its guest behaves. */
static void
open_fake (Fixture *fixture, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvVm) vm = nv_vm_new ();
  const NvDriver *driver = nv_driver_find ("fake");
  int fd;

  *fixture = (Fixture){ .guest = -1, .connection = driver->open ("node:1 core:1 pu:1", NULL) };
  vm->name = g_strdup (name);
  vm->uuid = g_uuid_string_random ();
  vm->vcpus = 1;
  vm->memory_bytes = 64 * NV_MIB;
  vm->placement = nv_placement_new ("test");
  nv_placement_add_region (vm->placement, vm->memory_bytes, NV_MEMORY_DEFAULT, NULL);
  g_assert_true (driver->define (fixture->connection, vm, NULL, NULL, &error));
  g_assert_true (driver->start_paused (fixture->connection, name, &error));
  g_assert_cmpint (driver->open_channel (fixture->connection, name, NULL), ==, -1);
  g_assert_true (driver->resume (fixture->connection, name, &error));
  fd = driver->open_channel (fixture->connection, name, &error);
  g_assert_no_error (error);
  open_fd (fixture, fd);
}

static void
measure_clock (Fixture *fixture, guint rounds)
{
  guint before = fixture->n_states;

  nv_channel_measure_clock (fixture->channel, rounds);
  while (fixture->n_states == before)
    g_main_context_iteration (NULL, TRUE);
}

/* Up to the go, which is at once. */
static void
let_go (Fixture *fixture)
{
  wait_for_state (fixture, NV_GUEST_IDLE);
  measure_clock (fixture, 3);
  send_job (fixture, "copy,chase", 1000000);
  wait_for_state (fixture, NV_GUEST_READY);
  nv_channel_go (fixture->channel, nv_now_ns ());
}

static void
a_guest_measures_and_is_ready_for_more (void)
{
  Fixture fixture;

  open_fake (&fixture, "vm0");
  let_go (&fixture);
  wait_for_state (&fixture, NV_GUEST_IDLE);
  g_assert_cmpstr (json_string_value (json_object_get (nv_channel_hello (fixture.channel), "program")), ==,
                   "fake");
  g_assert_cmpstr (fixture.records->str, ==,
                   "setup sample-header sample iteration iteration iteration summary iteration iteration "
                   "iteration summary");
  g_assert_cmpint (nv_channel_job_status (fixture.channel), ==, NV_STATUS_DONE);
  g_assert_null (nv_channel_job_message (fixture.channel));
  g_assert_cmpuint (nv_channel_size_bytes (fixture.channel), >, 0);
  send_job (&fixture, "read", 0);
  wait_for_state (&fixture, NV_GUEST_READY);
  send_job (&fixture, "write", 0); /* another in its place */
  wait_for_state (&fixture, NV_GUEST_READY);
  nv_channel_say_bye (fixture.channel);
  assert_lost (&fixture, "closed the channel");
  close_fixture (&fixture);
}

/* Both are this machine's. */
static void
the_clocks_offset_is_within_its_error (void)
{
  Fixture fixture;
  const NvClockOffset *clock;
  gint64 before_ns = nv_now_ns ();

  open_fake (&fixture, "vm0");
  wait_for_state (&fixture, NV_GUEST_IDLE);
  g_assert_null (nv_channel_clock (fixture.channel));
  measure_clock (&fixture, 20);
  clock = nv_channel_clock (fixture.channel);
  g_assert_cmpint (ABS (clock->offset_ns), <=, clock->error_ns);
  g_assert_cmpint (clock->host_ns, >, before_ns);
  g_assert_cmpint (clock->host_ns, <=, nv_now_ns ());
  close_fixture (&fixture);
}

static void
a_guest_starts_when_it_is_told_to (void)
{
  Fixture fixture;
  gint64 go_ns;

  open_fake (&fixture, "vm0");
  wait_for_state (&fixture, NV_GUEST_IDLE);
  measure_clock (&fixture, 5);
  send_job (&fixture, "copy", 0);
  wait_for_state (&fixture, NV_GUEST_READY);
  g_assert_cmpint (nv_channel_started_host_ns (fixture.channel), ==, 0);
  go_ns = nv_now_ns () + 100000000;
  nv_channel_go (fixture.channel, go_ns);
  wait_for_state (&fixture, NV_GUEST_IDLE);
  /* usleep() may round to its clock's ticks */
  g_assert_cmpint (nv_channel_started_host_ns (fixture.channel), >=, go_ns - 1000);
  g_assert_cmpint (nv_channel_started_host_ns (fixture.channel), <=,
                   nv_now_ns () + nv_channel_clock (fixture.channel)->error_ns);
  close_fixture (&fixture);
}

static void
a_refusal_has_its_message (void)
{
  Fixture fixture;

  open_fake (&fixture, "vm0-refuses");
  wait_for_state (&fixture, NV_GUEST_IDLE);
  send_job (&fixture, "copy", 0);
  wait_for_state (&fixture, NV_GUEST_IDLE);
  g_assert_cmpstr (nv_channel_refusal (fixture.channel), ==, "it was told to refuse");
  close_fixture (&fixture);
}

static void
a_job_that_fails_has_its_message (void)
{
  Fixture fixture;

  open_fake (&fixture, "vm0-fails");
  let_go (&fixture);
  wait_for_state (&fixture, NV_GUEST_IDLE);
  g_assert_cmpint (nv_channel_job_status (fixture.channel), ==, NV_STATUS_FAILED);
  g_assert_cmpstr (nv_channel_job_message (fixture.channel), ==, "it was told to fail");
  close_fixture (&fixture);
}

/* @silence_ms: 0: the usual */
static void
assert_lost_in_mid_run (const char *name, guint silence_ms, const char *reason)
{
  Fixture fixture;

  open_fake (&fixture, name);
  let_go (&fixture);
  if (silence_ms > 0)
    nv_channel_set_limits (fixture.channel, silence_ms, NV_GUEST_JOB_BYTES);
  assert_lost (&fixture, reason);
  close_fixture (&fixture);
}

static void
a_guest_that_goes_wrong_in_mid_run_is_lost_with_the_reason (void)
{
  assert_lost_in_mid_run ("vm0-silent", 2000, "said nothing for 2 s");
  assert_lost_in_mid_run ("vm0-closes", 0, "closed the channel");
  assert_lost_in_mid_run ("vm0-reboots", 0, "rebooted");
  assert_lost_in_mid_run ("vm0-garbage", 0, "sent what is wrong: no record");
}

static void
a_flood_of_heartbeats_ends_the_conversation (void)
{
  Fixture fixture;

  open_fake (&fixture, "vm0-floods");
  wait_for_state (&fixture, NV_GUEST_IDLE);
  assert_lost (&fixture, "sends heartbeats without a pause");
  close_fixture (&fixture);
}

static void
a_guest_that_is_alive_is_not_lost (void)
{
  Fixture fixture;
  gint64 end_us;

  open_fake (&fixture, "vm0");
  wait_for_state (&fixture, NV_GUEST_IDLE);
  nv_channel_set_limits (fixture.channel, 2500, NV_GUEST_JOB_BYTES);
  end_us = g_get_monotonic_time () + 3 * G_USEC_PER_SEC;
  while (g_get_monotonic_time () < end_us)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (nv_channel_state (fixture.channel), ==, NV_GUEST_IDLE);
  g_assert_cmpstr (nv_channel_phase (fixture.channel, NULL), ==, "idle");
  /* What came while nobody looked is no silence. */
  g_usleep (3 * G_USEC_PER_SEC);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpint (nv_channel_state (fixture.channel), ==, NV_GUEST_IDLE);
  close_fixture (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(test) g_test_add_func ("/channel/" #test, test)
  ADD (a_guest_measures_and_is_ready_for_more);
  ADD (the_clocks_offset_is_within_its_error);
  ADD (a_guest_starts_when_it_is_told_to);
  ADD (a_refusal_has_its_message);
  ADD (a_job_that_fails_has_its_message);
  ADD (a_guest_that_goes_wrong_in_mid_run_is_lost_with_the_reason);
  ADD (a_flood_of_heartbeats_ends_the_conversation);
  ADD (a_guest_that_is_alive_is_not_lost);
#undef ADD
  return g_test_run ();
}
