/* What is a record, and what has all that it must have. */

#include "bench/protocol.h"
#include "bench/samplers/format.h"

#include "tree.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

/* Returns: as nv_record_check(), -EINVAL: it is no record at all. */
static int
check_line (const char *line, gsize length, struct nv_message *message)
{
  json_t *record = nv_record_parse (line, length, message);
  int status = record ? nv_record_check (record, message) : -EINVAL;

  json_decref (record);
  return status;
}

static void
assert_right (const char *line)
{
  struct nv_message message = { "" };
  int status = check_line (line, strlen (line), &message);

  if (status != 0)
    g_test_message ("%s", message.text);
  g_assert_cmpint (status, ==, 0);
}

static void
assert_lines_are_right (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (char **line = lines; *line; line++)
    if (**line)
      assert_right (*line);
}

static void
assert_wrong (const char *line, int status, const char *expected)
{
  struct nv_message message = { "" };

  g_assert_cmpint (check_line (line, strlen (line), &message), ==, status);
  if (!strstr (message.text, expected))
    g_test_message ("'%s' is not in: %s", expected, message.text);
  g_assert_nonnull (strstr (message.text, expected));
}

/* In each mode. */
static void
what_numavm_bench_prints_is_right (void)
{
  g_autofree char *path =
      g_build_filename (g_getenv ("NV_SOURCE_DIR"), "tests", "fuzz", "corpus", "records", "modes", NULL);
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  assert_lines_are_right (text);
}

static void
ignore_complaint (void *data, const char *text)
{
}

static void
what_numavm_sample_prints_is_right (void)
{
  const struct nv_schedule schedule = { .interval_ns = 7000000, .duration_ns = 1, .start_ns = 2 };
  const struct nv_engine_complaints complaints = { ignore_complaint, NULL };
  struct nv_sample_buffer buffer = { 0 };
  struct nv_message message;
  struct nv_engine *engine;
  struct nv_sample sample;
  char *root = tree_unpack ("sparse-nodes");
  g_autofree char *text = NULL;

  g_assert_cmpint (nv_engine_open (root, nv_samplers, &complaints, &engine, &message), ==, 0);
  g_assert_cmpint (nv_engine_read (engine, &sample), ==, 0);
  nv_sample_format_header (&buffer, root, engine, &schedule);
  nv_sample_format_json (&buffer, &sample);
  text = g_strndup (buffer.bytes, buffer.length);
  assert_lines_are_right (text);
  nv_sample_buffer_clear (&buffer);
  nv_engine_close (engine);
  tree_remove (root);
}

static void
what_host_and_guest_say_is_right (void)
{
  assert_lines_are_right (
      "{\"record\":\"hello\",\"version\":1,\"program\":\"p\",\"boot_id\":\"b\",\"kernel\":\"6.1\",\"cpus\":1,"
      "\"memory_bytes\":4096,\"monotonic_ns\":0}\n"
      "{\"record\":\"welcome\",\"version\":1,\"boot_id\":\"b\"}\n"
      "{\"record\":\"clock\",\"version\":1,\"id\":1}\n"
      "{\"record\":\"clock\",\"version\":1,\"id\":1,\"received_ns\":5,\"sent_ns\":6}\n"
      "{\"record\":\"job\",\"version\":1,\"options\":{\"kernels\":\"copy\"},\"sample_interval_ns\":1000}\n"
      "{\"record\":\"job\",\"version\":1,\"options\":{}}\n"
      "{\"record\":\"ready\",\"version\":1,\"size_bytes\":0}\n"
      "{\"record\":\"refused\",\"version\":1,\"message\":\"no größe\"}\n"
      "{\"record\":\"go\",\"version\":1,\"start_ns\":5}\n"
      "{\"record\":\"started\",\"version\":1,\"monotonic_ns\":5,\"unknown\":[{}]}\n"
      "{\"record\":\"done\",\"version\":1,\"status\":3,\"message\":\"x\"}\n"
      "{\"record\":\"done\",\"version\":1,\"status\":0}\n"
      "{\"record\":\"alive\",\"version\":1,\"monotonic_ns\":5,\"phase\":\"copy\",\"iteration\":1,"
      "\"iterations\":20}\n"
      "{\"record\":\"alive\",\"version\":1,\"monotonic_ns\":5,\"phase\":\"idle\"}\n"
      "{\"record\":\"bye\",\"version\":1}");
}

static void
what_is_no_record_is_named (void)
{
  assert_wrong ("", -EINVAL, "no record");
  assert_wrong ("[]", -EINVAL, "no record");
  assert_wrong ("{\"record\":7,\"version\":1}", -EINVAL, "no record");
  assert_wrong ("{\"record\":\"bye\"}", -EINVAL, "'bye' without a version");
  assert_wrong ("{\"record\":\"bye\",\"version\":\"1\"}", -EINVAL, "'bye' without a version");
  assert_wrong ("{\"record\":\"bye\",\"version\":0}", -EINVAL, "'bye' without a version");
  assert_wrong ("{\"record\":\"bye\",\"version\":2}", -EINVAL, "'bye' of version 2");
  assert_wrong ("{\"record\":\"bye\",\"version\":1,\"version\":1}", -EINVAL, "duplicate");
  assert_wrong ("{\"record\":\"bye\",\"version\":1} x", -EINVAL, "no record");
  assert_wrong ("{\"record\":\"bye\",\"version\":1,\"x\":\"\xff\"}", -EINVAL, "byte 0xff");
  assert_wrong ("{\"record\":\"bye\",\"version\":1,\"x\":\"\\u0000\"}", -EINVAL, "\\u0000");
  assert_wrong ("{\"record\":\"bye\",\"version\":1,\"x\":1e999}", -EINVAL, "overflow");
  assert_wrong ("{\"record\":\"bye\",\"version\":1,\"x\":[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]}", -EINVAL,
                "nested");
  assert_wrong ("{\"record\":\"party\",\"version\":1}", -ENOENT, "record 'party' is unknown");
}

static void
a_zero_byte_is_no_record (void)
{
  static const char line[] = "{\"record\":\"bye\",\"version\":1}\0";
  struct nv_message message;

  g_assert_cmpint (check_line (line, sizeof line - 1, &message), ==, -EINVAL);
}

#define ITERATION(kernel, time, value, more)                                                                 \
  "{\"record\":\"iteration\",\"version\":1,\"kernel\":" kernel ",\"iteration\":0,\"start_ns\":1,"            \
  "\"time_ns\":" time ",\"value\":" value ",\"unit\":\"ns\",\"changed\":false" more "}"

static void
what_is_wrong_in_a_record_is_named (void)
{
  assert_right (ITERATION ("\"copy\"", "1", "1", ""));
  assert_right (ITERATION ("\"copy\"", "1", "null", ",\"handover_before_ns\":[1.5,null]"));
  assert_wrong (ITERATION ("7", "1", "1", ""), -EBADMSG, "record 'iteration': 'kernel' is no string");
  assert_wrong (ITERATION ("\"\\u001b[2J\"", "1", "1", ""), -EBADMSG, "'kernel' has a control character");
  assert_wrong (ITERATION ("\"\\u009b2J\"", "1", "1", ""), -EBADMSG, "'kernel' has a control character");
  assert_wrong (ITERATION ("\"copy\"", "-1", "1", ""), -EBADMSG, "record 'iteration': 'time_ns' is -1");
  assert_wrong (ITERATION ("\"copy\"", "1.5", "1", ""), -EBADMSG, "'time_ns' is no integer");
  assert_wrong (ITERATION ("\"copy\"", "9223372036854775807", "1", ""), -EBADMSG, "'time_ns' is 92");
  assert_wrong (ITERATION ("\"copy\"", "1", "-0.5", ""), -EBADMSG, "'value' is -0.5");
  assert_wrong (ITERATION ("\"copy\"", "1", "\"1\"", ""), -EBADMSG, "'value' is no number");
  assert_wrong (ITERATION ("\"copy\"", "1", "1", ",\"bytes\":-1"), -EBADMSG, "'bytes' is -1");
  assert_wrong (ITERATION ("\"copy\"", "1", "1", ",\"handover_after_ns\":3"), -EBADMSG, "is no list");
  assert_wrong (ITERATION ("\"copy\"", "1", "1", ",\"handover_after_ns\":[\"\"]"), -EBADMSG,
                "'handover_after_ns' is no number");
  assert_wrong ("{\"record\":\"started\",\"version\":1}", -EBADMSG,
                "record 'started': 'monotonic_ns' is missing");
  assert_wrong ("{\"record\":\"done\",\"version\":1,\"status\":4}", -EBADMSG, "from 0 to 3 is allowed");
  assert_wrong ("{\"record\":\"job\",\"version\":1,\"options\":[]}", -EBADMSG, "'options' is no object");
  assert_wrong ("{\"record\":\"job\",\"version\":1,\"options\":{\"size\":7}}", -EBADMSG,
                "'options' is no string");
}

#define METRIC "{\"name\":\"m\",\"pattern\":\"x=(.*)\",\"unit\":\"op/s\",\"better\":\"higher\"}"
#define WORKLOAD(command, runs, metrics)                                                                     \
  "\"command\":" command ",\"runs\":" runs ",\"timeout_ns\":5,\"format\":\"text\",\"metrics\":[" metrics "]"
#define WORKLOAD_JOB(workload, more) "{\"record\":\"job\",\"version\":1,\"workload\":{" workload "}" more "}"
#define TRANSPORT(port)                                                                                        \
  ",\"transport\":{\"host\":\"10.0.2.2\",\"port\":" port                                                       \
  ",\"user\":\"nobody\",\"folder\":\"incoming\",\"key\":\"-----BEGIN\\nx\\n\",\"host_key\":\"ssh-ed25519 A\"," \
  "\"name\":\"vm0\"}"
#define OUTPUT(more, text)                                                                                   \
  "{\"record\":\"output\",\"version\":1,\"run\":0,\"start_ns\":1,\"time_ns\":2,\"timed_out\":false,"         \
  "\"output_bytes\":3," more "\"text\":\"" text "\"}"

static void
what_belongs_to_a_workload_is_right (void)
{
  assert_right (WORKLOAD_JOB (WORKLOAD ("[\"sh\",\"\"]", "1", METRIC), ""));
  assert_right (WORKLOAD_JOB (WORKLOAD ("[\"sh\"]", "1", METRIC "," METRIC), TRANSPORT ("22")));
  assert_right ("{\"record\":\"job\",\"version\":1,\"options\":{}" TRANSPORT ("65535") "}");
  assert_right ("{\"record\":\"workload\",\"version\":1,\"program\":\"p\",\"time\":\"t\",\"monotonic_ns\":1,"
                "\"facts\":{}," WORKLOAD ("[\"sh\"]", "9", METRIC) "}");
  assert_right (OUTPUT ("\"exit_status\":0,", "two\\nlines\\tof größe"));
  assert_right (OUTPUT ("\"signal\":9,", ""));
  assert_right ("{\"record\":\"summary\",\"version\":1,\"kernel\":\"m\",\"unit\":\"op/s\",\"warm_ups\":0,"
                "\"cache_resident_possible\":false,\"stable\":true,\"iterations\":1,\"n_changed\":0,"
                "\"interrupted\":false,\"groups\":1,\"group\":0,\"n\":1,\"residence\":[]}");
}

static void
what_is_wrong_with_a_workload_is_named (void)
{
  g_autofree char *flood = g_strnfill (NV_OUTPUT_MAX + 1, 'x');
  g_autofree char *flooded = g_strdup_printf (OUTPUT ("\"exit_status\":0,", "%s"), flood);

  assert_wrong ("{\"record\":\"job\",\"version\":1}", -EBADMSG, "one of 'options' and 'workload'");
  assert_wrong (WORKLOAD_JOB (WORKLOAD ("[\"sh\"]", "1", METRIC), ",\"options\":{}"), -EBADMSG, "not both");
  assert_wrong (WORKLOAD_JOB (WORKLOAD ("[]", "1", METRIC), ""), -EBADMSG, "'command' has 0 members");
  assert_wrong (WORKLOAD_JOB (WORKLOAD ("[\"sh\"]", "0", METRIC), ""), -EBADMSG, "'runs' is 0");
  assert_wrong (WORKLOAD_JOB (WORKLOAD ("[\"sh\"]", "1", ""), ""), -EBADMSG, "'metrics' has 0 members");
  assert_wrong (WORKLOAD_JOB (WORKLOAD ("[\"sh\"]", "1", "{\"name\":\"\"}"), ""), -EBADMSG,
                "'name' is empty");
  assert_wrong (
      WORKLOAD_JOB (
          WORKLOAD ("[\"sh\"]", "1", "{\"name\":\"m\",\"pattern\":\"x\",\"unit\":\"\",\"better\":\"\"}"), ""),
      -EBADMSG, "'better' is none of the words");
  assert_wrong (WORKLOAD_JOB (WORKLOAD ("[\"sh\"]", "1",
                                        "{\"name\":\"m\",\"pattern\":\"x\",\"unit\":"
                                        "\"a unit of more than thirty-two bytes\"}"),
                              ""),
                -EBADMSG, "'unit' has 36 bytes: at most 32");
  assert_wrong (WORKLOAD_JOB (WORKLOAD ("[\"sh\"]", "1", METRIC), TRANSPORT ("0")), -EBADMSG, "'port' is 0");
  assert_wrong (OUTPUT ("", ""), -EBADMSG, "one of 'exit_status' and 'signal'");
  assert_wrong (OUTPUT ("\"signal\":9,", "\\u001b[2J"), -EBADMSG, "'text' has a control character");
  assert_wrong (OUTPUT ("\"signal\":9,", "\\r"), -EBADMSG, "'text' has a control character");
  assert_wrong (flooded, -EBADMSG, "'text' has 131073 bytes: at most 131072");
}

static void
what_is_too_long_is_named (void)
{
  g_autofree char *name = g_strnfill (10000, 'k');
  g_autofree char *long_kernel = g_strdup_printf (ITERATION ("\"%s\"", "1", "1", ""), name);
  g_autoptr (GString) pairs = g_string_new ("1");
  g_autofree char *long_list = NULL;

  assert_wrong (long_kernel, -EBADMSG, "'kernel' has 10000 bytes: at most 128");
  for (guint i = 0; i < 1 << 17; i++)
    g_string_append (pairs, ",1");
  long_list = g_strdup_printf (ITERATION ("\"copy\"", "1", "1", ",\"handover_before_ns\":[%s]"), pairs->str);
  assert_wrong (long_list, -EBADMSG, "'handover_before_ns' has 131073 members");
}

#define SAMPLE(more)                                                                                         \
  "{\"record\":\"sample\",\"version\":1,\"monotonic_ns\":1,\"wall_ns\":1,\"missed\":0" more "}"

static void
samplers_of_any_name_are_looked_through (void)
{
  assert_right (SAMPLE (",\"new\":[{\"node\":0,\"zone\":\"Normal\",\"free\":[1,2],\"ratio\":0.5}]"));
  assert_wrong (SAMPLE (",\"new\":{\"free\":-1}"), -EBADMSG, "record 'sample': 'free' is -1");
  assert_wrong (SAMPLE (",\"new\":[{\"zone\":\"\\u001b\"}]"), -EBADMSG, "'zone' has a control character");
  assert_wrong (SAMPLE (",\"new\":{\"\\u0007\":1}"), -EBADMSG, "'new' has a control character");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(test) g_test_add_func ("/record-check/" #test, test)
  ADD (what_numavm_bench_prints_is_right);
  ADD (what_numavm_sample_prints_is_right);
  ADD (what_host_and_guest_say_is_right);
  ADD (what_is_no_record_is_named);
  ADD (a_zero_byte_is_no_record);
  ADD (what_is_wrong_in_a_record_is_named);
  ADD (what_belongs_to_a_workload_is_right);
  ADD (what_is_wrong_with_a_workload_is_named);
  ADD (what_is_too_long_is_named);
  ADD (samplers_of_any_name_are_looked_through);
#undef ADD
  return g_test_run ();
}
