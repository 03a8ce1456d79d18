/* The quick way to a record's values: what it takes, what it leaves to jansson, and that both agree. */

#include "bench/record-read.h"

#include <glib.h>
#include <math.h>
#include <string.h>

static json_t *
read_plain (const char *text)
{
  return nv_record_read_plain (text, strlen (text), 4);
}

/* json_equal() compares doubles as numbers; the sign of zero is of no use here. */
static void
assert_agrees (const char *text)
{
  json_t *quick = read_plain (text), *theirs = json_loads (text, JSON_REJECT_DUPLICATES, NULL);

  if (!json_equal (quick, theirs))
    g_test_message ("%s", text);
  g_assert_true (json_equal (quick, theirs));
  json_decref (quick);
  json_decref (theirs);
}

static void
reads_what_our_programs_write (void)
{
  static const char *const texts[] = {
    "{}",
    "{\"a\":\"\",\"b\":\"bytes/s\",\"c\":null,\"d\":true,\"e\":false}",
    "{\"a\":[],\"b\":[[1,2.5],[\"x\"]],\"c\":{\"d\":{}}}",
    "{\"a\":0,\"b\":-1,\"c\":999999999999999999,\"d\":-999999999999999999}",
    "{ \"a\" : [ 1 , 2 ] , \"b\" : 3 } ",
    "{\"a\":[0.1,1e22,1e-22,1.5E+10,-0.0,123456789012345,12345678.9012345,4.9e-7]}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    assert_agrees (texts[i]);
}

/* As bench/record.c writes them: 12 digits. */
static void
doubles_are_right_to_the_last_bit (void)
{
  g_autoptr (GRand) draw = g_rand_new_with_seed (1);

  for (int i = 0; i < 100000; i++)
    {
      double value = g_rand_double_range (draw, 0.1, 1) * pow (10, g_rand_int_range (draw, -9, 13));
      g_autofree char *text = g_strdup_printf ("{\"value\":%.12g,\"handover\":[%.1f]}", value, value);

      assert_agrees (text);
    }
}

static void
leaves_the_rest_to_jansson (void)
{
  static const char *const texts[] = {
    "",
    " ",
    "[1]",
    "1",
    "{",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1",
    "{\"a\":1,}",
    "{\"a\":1}}",
    "{\"a\":1} x",
    "{\"a\":1,\"a\":2}",
    "{\"a\":[1,]}",
    "{\"a\":[1 2]}",
    "{\"a\":\"b}",
    "{\"a\":\"\\n\"}",
    "{\"a\":\"\xc3\xa4\"}",
    "{\"a\":\"\x7f\"}",
    "{\"a\":\"\t\"}",
    "{\"a\":01}",
    "{\"a\":-}",
    "{\"a\":+1}",
    "{\"a\":1.}",
    "{\"a\":.5}",
    "{\"a\":1e}",
    "{\"a\":1e+}",
    "{\"a\":1e1000}",
    "{\"a\":1e23}",
    "{\"a\":1e-23}",
    "{\"a\":1234567890123456.5}",
    "{\"a\":1000000000000000000}",
    "{\"a\":tru}",
    "{\"a\":nul",
    "{\"a\":NaN}",
    "{\"a\":[[[[1]]]]}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_test_message ("%s", texts[i]);
      g_assert_null (read_plain (texts[i]));
    }
}

/* The line's end is its length, not a zero byte. */
static void
a_zero_byte_is_not_the_end (void)
{
  g_assert_null (nv_record_read_plain ("{\"a\":1}\0x", 9, 4));
  g_assert_null (nv_record_read_plain ("{\"a\":1}\0", 8, 4));
  g_assert_null (nv_record_read_plain ("{\"a\":12}", 6, 4));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/record-read/reads-what-our-programs-write", reads_what_our_programs_write);
  g_test_add_func ("/record-read/doubles-are-right-to-the-last-bit", doubles_are_right_to_the_last_bit);
  g_test_add_func ("/record-read/leaves-the-rest-to-jansson", leaves_the_rest_to_jansson);
  g_test_add_func ("/record-read/a-zero-byte-is-not-the-end", a_zero_byte_is_not_the_end);
  return g_test_run ();
}
