/* What a guest says of a workload, and what it sends as a file: the test is the guest. */

#include "channel-guest.h"

#define WORKLOAD                                                                                             \
  "\"command\":[\"x\"],\"runs\":1,\"timeout_ns\":5,\"format\":\"text\",\"metrics\":"                         \
  "[{\"name\":\"m\",\"pattern\":\"p\",\"unit\":\"op/s\",\"better\":\"higher\"}]"
#define WORKLOAD_START  "\"program\":\"p\",\"time\":\"t\",\"monotonic_ns\":1,\"facts\":{},"
#define WORKLOAD_RECORD WORKLOAD_START WORKLOAD
#define MEASURED(metric, unit)                                                                               \
  "\"kernel\":\"" metric "\",\"iteration\":0,\"start_ns\":1,\"time_ns\":1,\"value\":1,\"unit\":\"" unit      \
  "\",\"changed\":false"
#define OUTPUT                                                                                               \
  "\"run\":0,\"start_ns\":1,\"time_ns\":2,\"timed_out\":false,\"exit_status\":0,\"output_bytes\":3,"         \
  "\"text\":\"a\\nb\""
#define SETUP                                                                                                \
  "\"program\":\"p\",\"time\":\"t\",\"monotonic_ns\":1,\"pinned\":false,\"threads\":[],"                     \
  "\"timer_tick_ns\":1,\"facts\":{},\"setup\":{\"mode\":\"kernels\",\"kernels\":[\"m\"],"                    \
  "\"access\":\"seq\",\"iterations\":1,\"pages\":\"p\",\"page_kind\":\"4K\",\"page_bytes\":4096,"            \
  "\"touch\":\"owner\",\"isa\":\"auto\",\"store\":\"auto\",\"prefetch\":\"auto\",\"chases\":1,"              \
  "\"stride_bytes\":64,\"reads\":1,\"writes\":1,\"seed\":1}"

/* @transport: with a comma in front, or "" */
static json_t *
make_workload_job (const char *transport)
{
  g_autofree char *text = g_strdup_printf ("{\"workload\":{%s}%s}", WORKLOAD, transport);
  json_t *job = json_loads (text, 0, NULL);

  g_assert_nonnull (job);
  return job;
}

static void
a_workload_says_itself_its_output_and_its_metrics (void)
{
  Fixture fixture;

  be_welcome (&fixture);
  run_job (&fixture, make_workload_job (""));
  say (&fixture, "started", "\"monotonic_ns\":1");
  say (&fixture, "workload", WORKLOAD_RECORD);
  say (&fixture, "output", OUTPUT);
  say (&fixture, "iteration", MEASURED ("m", "op/s"));
  say (&fixture, "done", "\"status\":0");
  wait_for_state (&fixture, NV_GUEST_IDLE);
  g_assert_cmpstr (fixture.records->str, ==, "workload output iteration");
  close_fixture (&fixture);
}

static void
what_no_workload_was_asked_for_ends_the_conversation (void)
{
  static const char *const wrong[][3] = {
    { "setup", SETUP, "sent 'setup' when it was not its turn" },
    { "output", OUTPUT, "sent 'output' when it was not its turn" },
    { "iteration", MEASURED ("m", "op/s"), "sent 'iteration' when it was not its turn" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      Fixture fixture;

      be_welcome (&fixture);
      run_job (&fixture, make_workload_job (""));
      say (&fixture, "started", "\"monotonic_ns\":1");
      say (&fixture, wrong[i][0], wrong[i][1]);
      assert_lost (&fixture, wrong[i][2]);
      close_fixture (&fixture);
    }
}

static void
metrics_that_the_workload_does_not_name_end_the_conversation (void)
{
  Fixture fixture;

  be_welcome (&fixture);
  run_job (&fixture, make_workload_job (""));
  say (&fixture, "started", "\"monotonic_ns\":1");
  say (&fixture, "workload", WORKLOAD_RECORD);
  say (&fixture, "iteration", MEASURED ("other", "op/s"));
  assert_lost (&fixture, "of metric 'other'");
  close_fixture (&fixture);
}

static void
a_metric_in_another_unit_ends_the_conversation (void)
{
  Fixture fixture;

  be_welcome (&fixture);
  run_job (&fixture, make_workload_job (""));
  say (&fixture, "started", "\"monotonic_ns\":1");
  say (&fixture, "workload", WORKLOAD_RECORD);
  say (&fixture, "iteration", MEASURED ("m", "ns"));
  assert_lost (&fixture, "of metric 'm' in 'ns', which it was not asked");
  close_fixture (&fixture);
}

/* Each member in its turn is another than in WORKLOAD. */
static void
another_workload_than_was_asked_ends_the_conversation (void)
{
  static const char *const changes[][2] = {
    { "[\"x\"]", "[\"y\"]" },
    { "\"runs\":1", "\"runs\":2" },
    { "_ns\":5", "_ns\":6" },
    { "\"text\"", "\"json\"" },
    { "\"higher\"", "\"lower\"" },
    { "\"unit\":\"op/s\"", "\"unit\":\"s\"" },
    { "\"pattern\":\"p\"", "\"pattern\":\"q\"" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_auto (GStrv) parts = g_strsplit (WORKLOAD, changes[i][0], -1);
      g_autofree char *workload = g_strjoinv (changes[i][1], parts);
      g_autofree char *record = g_strconcat (WORKLOAD_START, workload, NULL);
      Fixture fixture;

      g_assert_cmpuint (g_strv_length (parts), ==, 2);
      be_welcome (&fixture);
      run_job (&fixture, make_workload_job (""));
      say (&fixture, "started", "\"monotonic_ns\":1");
      say (&fixture, "workload", record);
      assert_lost (&fixture, "says another workload than it was asked");
      close_fixture (&fixture);
    }
}

static void
a_workload_is_none_of_a_job_of_kernels (void)
{
  Fixture fixture;

  be_running (&fixture);
  say (&fixture, "started", "\"monotonic_ns\":1");
  say (&fixture, "workload", WORKLOAD_RECORD);
  assert_lost (&fixture, "sent 'workload' when it was not its turn");
  close_fixture (&fixture);
}

static void
with_a_transport_nothing_measured_comes_over_the_channel (void)
{
  Fixture fixture;

  be_welcome (&fixture);
  run_job (&fixture, make_workload_job (",\"transport\":{}"));
  say (&fixture, "started", "\"monotonic_ns\":1");
  say (&fixture, "workload", WORKLOAD_RECORD);
  assert_lost (&fixture, "sent 'workload' when it was not its turn");
  close_fixture (&fixture);
}

static gboolean
hear_sent (const Fixture *fixture, const char *name, const char *members, const char *fault)
{
  g_autofree char *line = g_strdup_printf ("{\"record\":\"%s\",\"version\":1,%s}", name, members);
  g_autoptr (GError) error = NULL;
  gboolean heard = nv_channel_hear_sent (fixture->channel, line, strlen (line), &error);

  if (fault && (heard || !strstr (error->message, fault)))
    g_error ("%s: %s", line, error ? error->message : "no fault");
  if (!fault)
    g_assert_no_error (error);
  return heard;
}

static void
records_of_a_file_have_their_turns_too (void)
{
  Fixture fixture;

  be_welcome (&fixture);
  run_job (&fixture, make_workload_job (",\"transport\":{}"));
  say (&fixture, "started", "\"monotonic_ns\":1");
  say (&fixture, "done", "\"status\":0");
  wait_for_state (&fixture, NV_GUEST_IDLE);
  hear_sent (&fixture, "output", OUTPUT, "'output' when it was not its turn");
  hear_sent (&fixture, "done", "\"status\":0", "'done' when it was not its turn");
  hear_sent (&fixture, "job", WORKLOAD, "job");
  hear_sent (&fixture, "setup", SETUP, "'setup' when it was not its turn");
  hear_sent (&fixture, "workload", WORKLOAD_RECORD, NULL);
  hear_sent (&fixture, "output", OUTPUT, NULL);
  hear_sent (&fixture, "iteration", MEASURED ("other", "op/s"), "of metric 'other'");
  hear_sent (&fixture, "iteration", MEASURED ("m", "op/s"), NULL);
  hear_sent (&fixture, "iteration", "\"kernel\":1", "iteration");
  hear_sent (&fixture, "sample", "\"monotonic_ns\":1", "sample");
  g_assert_cmpint (nv_channel_state (fixture.channel), ==, NV_GUEST_IDLE);
  g_assert_cmpstr (fixture.records->str, ==, "workload output iteration");
  close_fixture (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(test) g_test_add_func ("/channel-workload/" #test, test)
  ADD (a_workload_says_itself_its_output_and_its_metrics);
  ADD (what_no_workload_was_asked_for_ends_the_conversation);
  ADD (metrics_that_the_workload_does_not_name_end_the_conversation);
  ADD (a_metric_in_another_unit_ends_the_conversation);
  ADD (another_workload_than_was_asked_ends_the_conversation);
  ADD (a_workload_is_none_of_a_job_of_kernels);
  ADD (with_a_transport_nothing_measured_comes_over_the_channel);
  ADD (records_of_a_file_have_their_turns_too);
#undef ADD
  return g_test_run ();
}
