/* STREAM's text: what is found in it, whatever else is, and how it is cut into blocks. */

#include "store/stream-text.h"

#include <string.h>

#define HEAD    "STREAM version $Revision: 5.10 $\nArray size = 10000000 (elements), Offset = 0 (elements)\n"
#define THREADS "Number of Threads counted = 2\n"
#define TABLE   "Function    Best Rate MB/s  Avg time     Min time     Max time\n"
#define COPY    "Copy:           17308.3     0.000247     0.000235     0.000271\n"
#define SCALE   "Scale:          16677.0     0.000245     0.000236     0.000268\n"
#define ADD_    "Add:            15301.3     0.000406     0.000390     0.000432\n"
#define TRIAD   "Triad:          14473.8     0.000446     0.000401     0.000539\n"
#define WHOLE   HEAD THREADS TABLE COPY SCALE ADD_ TRIAD

typedef struct
{
  NvStreamText text;
  GString *found;
  guint n_left; /* results until take() has enough */
} Reader;

static gboolean
take (const NvStoreStream *result, gpointer data)
{
  Reader *reader = data;

  g_string_append_printf (reader->found, "%u %s %.1f %.6f %.6f %.6f %" G_GUINT64_FORMAT " %u\n",
                          result->sequence, result->kernel, result->best_rate_bytes_per_s / 1e6,
                          result->average_s, result->minimum_s, result->maximum_s, result->array_bytes,
                          result->threads);
  return --reader->n_left > 0;
}

static void
leave_out (guint64 line, const char *reason, gpointer data)
{
  g_string_append_printf (((Reader *)data)->found, "line %" G_GUINT64_FORMAT ": %s\n", line, reason);
}

static void
reader_init (Reader *reader)
{
  *reader = (Reader){ .found = g_string_new (NULL), .n_left = G_MAXUINT };
  reader->text.take = take;
  reader->text.leave_out = leave_out;
  reader->text.data = reader;
}

/* The last line need not end. */
static char *
read_in_blocks (const char *text, gsize block)
{
  Reader reader;
  g_autoptr (GString) rest = g_string_new (NULL);
  gsize taken;

  reader_init (&reader);
  for (gsize length = strlen (text), at = 0; at < length; at += block)
    {
      g_string_append_len (rest, text + at, (gssize)MIN (block, length - at));
      g_assert_true (nv_stream_text_take_lines (&reader.text, rest->str, rest->len, &taken));
      g_string_erase (rest, 0, (gssize)taken);
    }
  if (rest->len > 0)
    nv_stream_text_take_line (&reader.text, rest->str, rest->len);
  nv_stream_text_finish (&reader.text);
  return g_string_free (reader.found, FALSE);
}

static void
assert_found (const char *text, const char *expected)
{
  g_autofree char *found = read_in_blocks (text, strlen (text));

  g_assert_cmpstr (found, ==, expected);
}

static void
each_run_has_its_results_and_what_its_head_says (void)
{
  assert_found ("some text\n" WHOLE "Solution Validates\n" TABLE COPY SCALE ADD_
                "Triad: 14473,8 0,000446 4e-4 1\r\n",
                "0 copy 17308.3 0.000247 0.000235 0.000271 80000000 2\n"
                "0 scale 16677.0 0.000245 0.000236 0.000268 80000000 2\n"
                "0 add 15301.3 0.000406 0.000390 0.000432 80000000 2\n"
                "0 triad 14473.8 0.000446 0.000401 0.000539 80000000 2\n"
                "1 copy 17308.3 0.000247 0.000235 0.000271 0 0\n"
                "1 scale 16677.0 0.000245 0.000236 0.000268 0 0\n"
                "1 add 15301.3 0.000406 0.000390 0.000432 0 0\n"
                "1 triad 14473.8 0.000446 0.000400 1.000000 0 0\n");
}

static void
what_is_missing_is_named_with_its_line (void)
{
  assert_found (HEAD HEAD TABLE COPY "Scale: 1 2\n" ADD_ "Triad: 1 2 3 4 5\n" HEAD TABLE "Copy: 0 1 1 1\nCo",
                "line 1: run 0 has no results: it was cut off\n"
                "1 copy 17308.3 0.000247 0.000235 0.000271 80000000 0\n"
                "line 7: scale: a rate in MB/s and three times in s are needed behind it\n"
                "1 add 15301.3 0.000406 0.000390 0.000432 80000000 0\n"
                "line 9: triad: a rate in MB/s and three times in s are needed behind it\n"
                "line 3: run 1 has no result of scale\n"
                "line 3: run 1 has no result of triad\n"
                "line 13: copy: 0 MB/s is no rate\n"
                "line 10: run 2 has no results: it was cut off\n");
}

static void
a_kernel_that_comes_again_begins_a_run (void)
{
  assert_found (COPY SCALE ADD_ TRIAD "Copy: 1 2 3 4\n", "0 copy 17308.3 0.000247 0.000235 0.000271 0 0\n"
                                                         "0 scale 16677.0 0.000245 0.000236 0.000268 0 0\n"
                                                         "0 add 15301.3 0.000406 0.000390 0.000432 0 0\n"
                                                         "0 triad 14473.8 0.000446 0.000401 0.000539 0 0\n"
                                                         "1 copy 1.0 2.000000 3.000000 4.000000 0 0\n"
                                                         "line 5: run 1 has no result of scale\n"
                                                         "line 5: run 1 has no result of add\n"
                                                         "line 5: run 1 has no result of triad\n");
}

static void
of_numavms_own_text_no_kernel_is_missed (void)
{
  assert_found ("numavm 1.0 (results as STREAM version 5.10)\nFunction \nGather: 1 2 3 4\nOther text: 1\n",
                "0 gather 1.0 2.000000 3.000000 4.000000 0 0\n");
}

static void
blocks_may_end_anywhere (void)
{
  static const char text[] = WHOLE "x\n" HEAD TABLE COPY "Scale: \n\n" ADD_ "Triad: 1 2 3 4";
  g_autofree char *whole = read_in_blocks (text, sizeof text);

  for (gsize block = 1; block < 80; block++)
    {
      g_autofree char *found = read_in_blocks (text, block);

      g_assert_cmpstr (found, ==, whole);
    }
}

static void
reading_ends_when_enough_is_taken (void)
{
  Reader reader;
  gsize taken;

  reader_init (&reader);
  reader.n_left = 2;
  g_assert_false (nv_stream_text_take_lines (&reader.text, TABLE COPY SCALE ADD_,
                                             strlen (TABLE COPY SCALE ADD_), &taken));
  g_assert_cmpuint (taken, ==, strlen (TABLE COPY SCALE));
  g_assert_cmpuint (reader.text.line, ==, 3);
  g_string_free (reader.found, TRUE);
}

static void
the_modified_streams_rates_are_divided (void)
{
  Reader reader;

  reader_init (&reader);
  reader.text.is_original_mod = TRUE;
  nv_stream_text_take_line (&reader.text, "Copy: 800 1 1 1", 15);
  g_assert_cmpstr (reader.found->str, ==, "0 copy 100.0 1.000000 1.000000 1.000000 0 0\n");
  g_string_free (reader.found, TRUE);
}

static void
numbers_are_those_of_strtod (void)
{
  static const char *const numbers[] = { "0",
                                         "1",
                                         "0.1",
                                         "681308.3",
                                         "0.000247",
                                         "1e3",
                                         "9007199254740993",
                                         "9007199254740992.5",
                                         "123456789012345678",
                                         "1.7976931348623157e308",
                                         "2.2250738585072011e-308",
                                         "0.1234567890123456789",
                                         "1.",
                                         "000.5",
                                         "0x10",
                                         "3.00000000000000000000000000000001" };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      g_autofree char *comma = g_strdelimit (g_strdup (numbers[i]), ".", ',');
      double number;

      g_assert_true (nv_stream_text_parse_number (numbers[i], strlen (numbers[i]), &number));
      g_assert_true (number == g_ascii_strtod (numbers[i], NULL));
      g_assert_true (nv_stream_text_parse_number (comma, strlen (comma), &number));
      g_assert_true (number == g_ascii_strtod (numbers[i], NULL));
    }
}

static void
what_is_no_number_is_none (void)
{
  static const char *const texts[] = { "",      "-1", "+1", ".5",  ",5",  "1.2.3", "1,2,3",
                                       "1,2.3", "1e", "1x", "nan", "inf", "1e999", "12345678901234567890x" };
  double number;

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_assert_false (nv_stream_text_parse_number (texts[i], strlen (texts[i]), &number));
}

static void
a_rate_that_no_core_reaches_is_known (void)
{
  NvStoreStream stream = { .best_rate_bytes_per_s = 300e9, .array_bytes = 80000000, .threads = 2 };

  g_assert_cmpfloat (nv_stream_implausible_rate (&stream), ==, 150e9);
  stream.threads = 3;
  g_assert_cmpfloat (nv_stream_implausible_rate (&stream), ==, 0);
  stream.threads = 0;
  g_assert_cmpfloat (nv_stream_implausible_rate (&stream), ==, 0);
  stream = (NvStoreStream){ .best_rate_bytes_per_s = 300e9, .array_bytes = 1 << 20, .threads = 1 };
  g_assert_cmpfloat (nv_stream_implausible_rate (&stream), ==, 0);
}

#define ADD(name) g_test_add_func ("/stream-text/" #name, name)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD (each_run_has_its_results_and_what_its_head_says);
  ADD (what_is_missing_is_named_with_its_line);
  ADD (a_kernel_that_comes_again_begins_a_run);
  ADD (of_numavms_own_text_no_kernel_is_missed);
  ADD (blocks_may_end_anywhere);
  ADD (reading_ends_when_enough_is_taken);
  ADD (the_modified_streams_rates_are_divided);
  ADD (numbers_are_those_of_strtod);
  ADD (what_is_no_number_is_none);
  ADD (a_rate_that_no_core_reaches_is_known);
  return g_test_run ();
}
