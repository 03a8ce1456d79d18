#include "base/duration.h"
#include "base/error.h"
#include "base/name.h"
#include "base/problems.h"
#include "base/set.h"
#include "base/size.h"
#include "base/text.h"

#include <string.h>

static void
assert_size (const char *text, guint64 expected)
{
  g_autoptr (GError) error = NULL;
  guint64 bytes = 0;

  g_assert_true (nv_size_parse (text, &bytes, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (bytes, ==, expected);
}

static void
sizes_follow_iec (void)
{
  assert_size ("0", 0);
  assert_size ("512", 512);
  assert_size ("512B", 512);
  assert_size ("2K", 2048);
  assert_size ("2G", 2 * NV_GIB);
  assert_size ("2g", 2 * NV_GIB);
  assert_size ("2GiB", 2 * NV_GIB);
  assert_size ("3T", 3 * 1024 * NV_GIB);
  assert_size ("15E", G_GUINT64_CONSTANT (15) << 60);
}

static void
sizes_that_could_be_misread_are_refused (void)
{
  static const char *const bad[] = { "",    "G",  "-1",  "+1",  "1.5G", "2GB", "2 G",
                                     "2Gi", "2X", "16E", "0x1", "1GG",  "١",   "18446744073709551616",
                                     " 1",  "1 " };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      guint64 bytes = 77;

      g_assert_false (nv_size_parse (bad[i], &bytes, &error));
      g_assert_error (error, NV_ERROR, NV_ERROR_USAGE);
      g_assert_nonnull (strstr (error->message, bad[i]));
      g_assert_cmpuint (bytes, ==, 77);
    }
}

static void
sizes_are_shown_in_iec (void)
{
  static const struct
  {
    guint64 bytes;
    const char *text;
  } cases[] = {
    { 0, "0 B" },
    { 1023, "1023 B" },
    { 4096, "4 KiB" },
    { 256 * NV_MIB, "256 MiB" },
    { NV_GIB, "1.0 GiB" },
    { NV_GIB + NV_GIB / 2, "1.5 GiB" },
    { G_MAXUINT64, "16.0 EiB" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = nv_size_format (cases[i].bytes);

      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

static void
durations_have_a_unit (void)
{
  static const struct
  {
    const char *text;
    guint64 ns;
  } cases[] = {
    { "7ns", 7 },
    { "20us", 20000 },
    { "100ms", 100 * NV_MS_IN_NS },
    { "3s", 3000 * NV_MS_IN_NS },
    { "2m", 120000 * NV_MS_IN_NS },
    { "1h", 3600000 * NV_MS_IN_NS },
    { "0s", 0 },
    { "9223372036854775807ns", G_MAXINT64 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      guint64 ns = 77;

      g_assert_true (nv_duration_parse (cases[i].text, &ns, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (ns, ==, cases[i].ns);
    }
}

static void
durations_that_could_be_misread_are_refused (void)
{
  static const char *const bad[] = { "",     "s",        "100",
                                     "-1s",  "+1s",      "1.5s",
                                     "1 s",  " 1s",      "1s ",
                                     "1S",   "1min",     "1mss",
                                     "0x1s", "2562048h", "9223372036854775808ns",
                                     "1d",   "١s",       "18446744073709551617s" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      guint64 ns = 77;

      g_assert_false (nv_duration_parse (bad[i], &ns, &error));
      g_assert_error (error, NV_ERROR, NV_ERROR_USAGE);
      g_assert_nonnull (strstr (error->message, bad[i]));
      g_assert_cmpuint (ns, ==, 77);
    }
}

static void
counts_keep_their_range (void)
{
  g_autoptr (GError) error = NULL;
  guint64 value = 0;

  g_assert_true (nv_count_parse ("7", 1, 7, &value, &error));
  g_assert_cmpuint (value, ==, 7);
  g_assert_false (nv_count_parse ("-5", 1, 2147483647, &value, &error));
  g_assert_cmpstr (error->message, ==, "'-5': a whole number from 1 to 2147483647 is allowed");
  g_assert_false (nv_count_parse ("8", 1, 7, &value, NULL));
  g_assert_false (nv_count_parse ("", 0, 7, &value, NULL));
  g_assert_false (nv_count_parse ("99999999999999999999", 0, G_MAXUINT64, &value, NULL));
}

static void
assert_set (const char *text, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvSet) set = nv_set_parse (text, &error);
  g_autofree char *shown = NULL;

  g_assert_no_error (error);
  shown = nv_set_format (set);
  g_assert_cmpstr (shown, ==, expected);
}

static void
sets_are_written_the_shortest_way (void)
{
  assert_set ("0", "0");
  assert_set ("0,1,2,3", "0-3");
  assert_set ("8,0-3", "0-3,8");
  assert_set ("63-64", "63-64");
  assert_set ("1,1,0-1", "0-1");
  assert_set ("16383", "16383");
}

static void
bad_sets_are_refused (void)
{
  static const char *const bad[] = {
    "", ",", "1,", ",1", "3-1", "1-", "-1", "a", "1 2", "16384", "0-99999999999999999999"
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (nv_set_parse (bad[i], &error));
      g_assert_error (error, NV_ERROR, NV_ERROR_USAGE);
    }
}

static void
sets_of_different_length_compare_and_combine (void)
{
  g_autoptr (NvSet) small = nv_set_parse ("1", NULL);
  g_autoptr (NvSet) large = nv_set_parse ("1,200", NULL);
  g_autoptr (NvSet) copy = nv_set_copy (large);

  g_assert_true (nv_set_contains_all (large, small));
  g_assert_false (nv_set_contains_all (small, large));
  g_assert_false (nv_set_equal (small, large));
  nv_set_remove (copy, 200);
  nv_set_remove (copy, 5000);
  g_assert_true (nv_set_equal (copy, small));
  nv_set_add_all (copy, large);
  g_assert_true (nv_set_equal (copy, large));
  nv_set_keep (copy, small);
  g_assert_cmpuint (nv_set_count (copy), ==, 1);
  g_assert_cmpint (nv_set_next (large, 1), ==, 200);
  g_assert_cmpint (nv_set_next (large, 200), ==, -1);
  nv_set_remove (copy, 1);
  g_assert_true (nv_set_is_empty (copy));
}

static void
names_may_hold_anything_but_control_characters_and_slashes (void)
{
  static const char *const good[] = { "vm0", "a b", "\"'<&,>", "größe", "-x", "...", "%NAME%" };
  static const char *const bad[] = { "", ".", "..", "a/b", "a\nb", "\177", "\xff", "\xc2\x85" };
  g_autofree char *longest = g_strnfill (64, 'x');
  g_autofree char *longer = g_strnfill (65, 'x');

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (nv_name_check (good[i], NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (nv_name_check (bad[i], &error));
      g_assert_error (error, NV_ERROR, NV_ERROR_USAGE);
      g_assert_null (strpbrk (error->message, "\n\177\xff"));
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
  g_assert_true (nv_name_check (longest, NULL));
  g_assert_false (nv_name_check (longer, NULL));
}

static void
what_cannot_be_shown_is_replaced (void)
{
  g_autofree char *clean = nv_text_clean ("a\nb\tc\x01\x1b[2J\xc2\x9b\xe2\x80\xae\xef\xbf\xbf\xff");

  g_assert_cmpstr (clean, ==, "a?b?c??[2J???\xef\xbf\xbd");
}

static void
problems_come_in_order_of_lines (void)
{
  g_autoptr (NvProblems) problems = nv_problems_new ("f");
  g_autofree char *first = NULL, *second = NULL, *third = NULL;

  nv_problems_add (problems, 7, "late");
  nv_problems_add (problems, 2, "early %d", 1);
  nv_problems_add (problems, 2, "early %d", 2);
  g_assert_cmpuint (nv_problems_count (problems), ==, 3);
  g_assert_cmpuint (nv_problems_count_lines (problems), ==, 2);
  g_assert_true (nv_problems_line_is_bad (problems, 7));
  g_assert_false (nv_problems_line_is_bad (problems, 3));
  first = nv_problems_format (problems, 0);
  second = nv_problems_format (problems, 1);
  third = nv_problems_format (problems, 2);
  g_assert_cmpstr (first, ==, "f:2: early 1");
  g_assert_cmpstr (second, ==, "f:2: early 2");
  g_assert_cmpstr (third, ==, "f:7: late");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/size/sizes_follow_iec", sizes_follow_iec);
  g_test_add_func ("/size/sizes_that_could_be_misread_are_refused", sizes_that_could_be_misread_are_refused);
  g_test_add_func ("/size/sizes_are_shown_in_iec", sizes_are_shown_in_iec);
  g_test_add_func ("/duration/durations_have_a_unit", durations_have_a_unit);
  g_test_add_func ("/duration/durations_that_could_be_misread_are_refused",
                   durations_that_could_be_misread_are_refused);
  g_test_add_func ("/size/counts_keep_their_range", counts_keep_their_range);
  g_test_add_func ("/set/sets_are_written_the_shortest_way", sets_are_written_the_shortest_way);
  g_test_add_func ("/set/bad_sets_are_refused", bad_sets_are_refused);
  g_test_add_func ("/set/sets_of_different_length_compare_and_combine",
                   sets_of_different_length_compare_and_combine);
  g_test_add_func ("/name/names_may_hold_anything_but_control_characters_and_slashes",
                   names_may_hold_anything_but_control_characters_and_slashes);
  g_test_add_func ("/text/what_cannot_be_shown_is_replaced", what_cannot_be_shown_is_replaced);
  g_test_add_func ("/problems/problems_come_in_order_of_lines", problems_come_in_order_of_lines);
  return g_test_run ();
}
