/* Numbers in what a program printed, and that as a text that may be shown. */

#include "guest/clean.h"
#include "guest/metrics.h"

#include <glib.h>
#include <errno.h>
#include <string.h>

/* One metric, m. Returns: as nv_metrics_read() and nv_metrics_match(); @ret_values: "1 2.5", for g_free(). */
static int
match (const char *format, const char *pattern, const char *output, gssize length, char **ret_values,
       struct nv_message *message)
{
  json_t *workload = json_pack ("{s:s, s:[{s:s, s:s, s:s, s:s}]}", "format", format, "metrics", "name", "m",
                                "pattern", pattern, "unit", "u", "better", "higher");
  g_autoptr (GString) values = g_string_new (NULL);
  struct nv_metrics metrics;
  int status = nv_metrics_read (&metrics, workload, message);

  if (status == 0)
    status = nv_metrics_match (&metrics, output, length < 0 ? strlen (output) : (gsize)length, message);
  for (gsize i = 0; i < metrics.items[0].n; i++)
    g_string_append_printf (values, "%s%g", i > 0 ? " " : "", metrics.items[0].values[i]);
  nv_metrics_clear (&metrics);
  json_decref (workload);
  *ret_values = g_string_free (g_steal_pointer (&values), FALSE);
  return status;
}

static void
assert_values (const char *format, const char *pattern, const char *output, const char *expected)
{
  struct nv_message message = { "" };
  g_autofree char *values = NULL;
  int status = match (format, pattern, output, -1, &values, &message);

  if (status != 0)
    g_test_message ("'%s': %s", output, message.text);
  g_assert_cmpint (status, ==, 0);
  g_assert_cmpstr (values, ==, expected);
}

static void
assert_no_values (const char *format, const char *pattern, const char *output, const char *reason)
{
  struct nv_message message = { "" };
  g_autofree char *values = NULL;

  g_assert_cmpint (match (format, pattern, output, -1, &values, &message), ==, -EINVAL);
  g_test_message ("%s", message.text);
  g_assert_nonnull (strstr (message.text, reason));
  g_assert_cmpstr (values, ==, "");
}

static void
each_line_that_matches_has_a_value (void)
{
  assert_values ("text", "score: *([0-9.]+)", "score: 1\nother 9\nscore:2.5 score: 7\n", "1 2.5");
  assert_values ("text", "^([0-9.e+-]+) op/s$", "12e3 op/s\n13 op/s", "12000 13");
  assert_values ("text", "[0-9]+", "a 17 b 18\r\n19 of\rlast 20\n\n", "17 19 20");
}

static void
group_that_took_no_part_is_no_match (void)
{
  assert_values ("text", "x|y=([0-9]+)", "x\ny=4\n", "4");
  assert_no_values ("text", "x|y=([0-9]+)", "x\n", "printed nothing that metric 'm' matches");
}

static void
blanks_around_a_number_are_passed_over (void)
{
  assert_values ("text", "rate([^/]*)/s", "rate \t 40.5 /s", "40.5");
}

static void
what_is_no_number_is_shown (void)
{
  assert_no_values ("text", "x=(.*)", "x=1,234\n", "printed '1,234' where metric 'm'");
  assert_no_values ("text", "x=(.*)", "x=-1\n", "printed '-1'");
  assert_no_values ("text", "x=(.*)", "x=0x10\n", "printed '0x10'");
  assert_no_values ("text", "x=(.*)", "x=nan\n", "printed 'nan'");
  assert_no_values ("text", "x=(.*)", "x=1e999\n", "printed '1e999'");
  assert_no_values ("text", "x=(.*)", "x=1 2\n", "printed '1 2'");
  assert_no_values ("text", "x=(.*)", "x=\n", "printed ''");
  assert_no_values ("text", "x=(.*)", "x=\033[1m\n", "printed '?[1m'");
}

static void
metric_that_matches_nothing_is_named (void)
{
  assert_no_values ("text", "score", "", "printed nothing that metric 'm' matches");
  assert_no_values ("text", "score", "a\nb", "printed nothing that metric 'm' matches");
}

static void
bytes_of_any_kind_may_be_printed (void)
{
  static const char output[] = "\xff\xfe x\n\0\0n=3\0\nn=4\xff\n";
  struct nv_message message = { "" };
  g_autofree char *values = NULL;

  g_assert_cmpint (match ("text", "n=([0-9]+)", output, sizeof output - 1, &values, &message), ==, 0);
  g_assert_cmpstr (values, ==, "3 4");
}

static void
flood_of_matches_is_refused (void)
{
  g_autoptr (GString) output = g_string_new (NULL);

  for (guint i = 0; i <= NV_METRIC_VALUES_MAX; i++)
    g_string_append (output, "1\n");
  assert_no_values ("text", "1", output->str, "printed more than 65536 lines");
}

static void
pointer_finds_a_number (void)
{
  const char *json = "{\"a\": [{\"b/c\": 1.5}, {\"~\": 2}], \"\": 3, \"01\": 4, \"s\": \"5\", \"n\": -1}";

  assert_values ("json", "/a/0/b~1c", json, "1.5");
  assert_values ("json", "/a/1/~0", json, "2");
  assert_values ("json", "/", json, "3");
  assert_values ("json", "/01", json, "4");
  assert_values ("json", "", " 12.5\n", "12.5");
  assert_values ("json", "/1", "[1, 2]", "2");
  assert_no_values ("json", "/a/01/~0", json, "printed nothing that metric 'm' matches");
  assert_no_values ("json", "/a/-", json, "printed nothing that metric 'm' matches");
  assert_no_values ("json", "/a/5", json, "printed nothing that metric 'm' matches");
  assert_no_values ("json", "/s", json, "no number from 0 on where metric 'm' points ('/s')");
  assert_no_values ("json", "/n", json, "no number from 0 on");
  assert_no_values ("json", "/a", "a 1\n", "printed no JSON object");
}

static void
last_object_counts (void)
{
  assert_values ("json", "/x", "{\"x\": 1}\nwarning: {bad}\n{\n  \"x\": 2\n}\ndone {\n", "2");
  assert_values ("json", "/x", "[{\"x\": 1}\n{\"x\": {\"x\": 3}, \"x\": 4}", "4");
}

/* Neither one before it nor one in it is taken for it. */
static void
last_object_that_cannot_be_read_is_no_other (void)
{
  const char *reason = "printed a last JSON object that cannot be read: ";

  assert_no_values ("json", "/x", "{\"x\": 12.5, \"y\": NaN, \"a\": {\"x\": 3}}\n", reason);
  assert_no_values ("json", "/x", "result: {\"s\": \"}\\\"}\", \"y\": NaN, \"a\": {\"x\": 3}}\n", reason);
  assert_no_values ("json", "/x", "{\"x\": 1}\n{\"x\": 5,}\n", reason);
  assert_no_values ("json", "/x", "{\"x\": 1}\n{\"a\": {\"x\": 5}, ", reason);
  assert_no_values ("json", "/x", "[{\"x\": 1}, {\"x\": 1e999}]", reason);
  assert_values ("json", "/x", "{\"x\": 1, \"y\": NaN}\n{\"x\": 5}\n", "5");
}

static void
number_may_be_larger_than_an_integer (void)
{
  assert_values ("json", "/x", "{\"x\": 1}\n{\"x\": 5, \"y\": 18446744073709551615}", "5");
  assert_values ("json", "/x", "{\"x\": 18446744073709551616}", "1.84467e+19");
}

/* Each brace could begin an object that has all the rest. */
static void
what_only_looks_like_json_is_given_up (void)
{
  g_autoptr (GString) output = g_string_new (NULL);

  for (guint i = 0; i < 200000; i++)
    g_string_append (output, "{\"a\": [1, ");
  assert_no_values ("json", "/x", output->str, "printed a last JSON object that cannot be read: ");
  g_string_truncate (output, 0);
  for (guint i = 0; i < 200000; i++)
    g_string_append (output, "{ {a\n");
  assert_no_values ("json", "/x", output->str, "printed no JSON object");
}

static void
patterns_that_are_none_are_refused (void)
{
  assert_no_values ("text", "(", "", "'(' is no extended regular expression: unmatched (");
  assert_no_values ("text", "a{9999999}", "", "is no extended regular expression");
  assert_no_values ("text", "", "1\n", "metric 'm': it has no pattern");
  assert_no_values ("json", "a/b", "", "'a/b' is no JSON pointer");
  assert_no_values ("json", "/a~2", "", "is no JSON pointer");
  assert_no_values ("json", "/a~", "", "is no JSON pointer");
}

static void
assert_clean (const char *bytes, gsize length, gsize max, const char *expected)
{
  g_autofree char *text = nv_clean (bytes, length, max);

  g_assert_cmpstr (text, ==, expected);
  g_assert_true (g_utf8_validate (text, -1, NULL));
}

static void
what_is_no_text_becomes_question_marks (void)
{
  static const char bytes[] =
      "größe\t1\r\n2\r3\0\x1b[2J\xff\xc2\x85\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80 \xe2\x82";

  assert_clean (bytes, sizeof bytes - 1, 1000, "größe\t1\n2\n3??[2J??????????? ??");
}

static void
end_is_cut_between_characters (void)
{
  assert_clean ("größe", strlen ("größe"), 5, "öße");
  assert_clean ("größe", strlen ("größe"), 4, "ße");
  assert_clean ("abc", 3, 0, "");
}

static void
last_lines_become_one (void)
{
  char text[12];

  nv_clean_tail ("one\ntwo\r\n\n", 10, text, sizeof text);
  g_assert_cmpstr (text, ==, "one / two");
  nv_clean_tail ("one\ntwo\nthree\n", 14, text, sizeof text);
  g_assert_cmpstr (text, ==, "two / three");
  nv_clean_tail ("\n", 1, text, sizeof text);
  g_assert_cmpstr (text, ==, "");
  nv_clean_tail ("ßßßßßßßß", strlen ("ßßßßßßßß"), text, sizeof text);
  g_assert_cmpstr (text, ==, "ßßßßß");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(test) g_test_add_func ("/metrics/" #test, test)
  ADD (each_line_that_matches_has_a_value);
  ADD (group_that_took_no_part_is_no_match);
  ADD (blanks_around_a_number_are_passed_over);
  ADD (what_is_no_number_is_shown);
  ADD (metric_that_matches_nothing_is_named);
  ADD (bytes_of_any_kind_may_be_printed);
  ADD (flood_of_matches_is_refused);
  ADD (pointer_finds_a_number);
  ADD (last_object_counts);
  ADD (last_object_that_cannot_be_read_is_no_other);
  ADD (number_may_be_larger_than_an_integer);
  ADD (what_only_looks_like_json_is_given_up);
  ADD (patterns_that_are_none_are_refused);
  ADD (what_is_no_text_becomes_question_marks);
  ADD (end_is_cut_between_characters);
  ADD (last_lines_become_one);
#undef ADD
  return g_test_run ();
}
