#include "report/table.h"

static void
assert_table (const char *const *headings, const char *const *cells, guint n_rows, const char *expected)
{
  g_autoptr (NvTable) table = nv_table_new (headings);
  guint n_columns = g_strv_length ((char **)headings);
  g_autofree char *text = NULL;

  for (guint i = 0; i < n_rows; i++)
    nv_table_add_row (table, cells + i * n_columns);
  text = nv_table_format (table);
  g_assert_cmpstr (text, ==, expected);
}

static void
columns_are_as_wide_as_their_widest_cell (void)
{
  assert_table ((const char *[]){ "VM", "POLICY", NULL }, (const char *[]){ "a", "none", "database", "x" }, 2,
                "VM        POLICY\n"
                "a         none\n"
                "database  x\n");
}

static void
numbers_stand_at_the_right (void)
{
  assert_table ((const char *[]){ ">CPUS", "VM", ">MEMORY", NULL },
                (const char *[]){ "1", "a", "512 MiB", "128", "b", "1.0 GiB" }, 2,
                "CPUS  VM   MEMORY\n"
                "   1  a   512 MiB\n"
                " 128  b   1.0 GiB\n");
}

static void
no_line_ends_in_blanks (void)
{
  assert_table ((const char *[]){ "A", ">B", "C", NULL }, (const char *[]){ "x", "", "", "", "", "" }, 2,
                "A  B  C\n"
                "x\n"
                "\n");
}

static void
a_table_without_rows_is_its_headings (void)
{
  assert_table ((const char *[]){ "A", "B", NULL }, NULL, 0, "A  B\n");
}

static void
wide_and_combining_characters_count_as_a_terminal_shows_them (void)
{
  assert_table ((const char *[]){ "NAME", "X", NULL },
                (const char *[]){ "\xc3\xa4\xc3\xb6", "1", "\xe6\xbc\xa2\xe5\xad\x97\xe5\xad\x97", "2",
                                  "e\xcc\x81", "3" },
                3,
                "NAME    X\n"
                "\xc3\xa4\xc3\xb6      1\n"
                "\xe6\xbc\xa2\xe5\xad\x97\xe5\xad\x97  2\n"
                "e\xcc\x81       3\n");
}

static void
what_a_terminal_would_obey_is_not_passed_on (void)
{
  assert_table ((const char *[]){ "A", NULL },
                (const char *[]){ "\x1b[31mred\n", "a\tb\x7f", "\xc2\x9bm", "x\xe2\x80\xaey" }, 4,
                "A\n"
                "?[31mred?\n"
                "a?b?\n"
                "?m\n"
                "x?y\n");
}

static void
bytes_that_are_no_utf8_are_replaced (void)
{
  assert_table ((const char *[]){ "A", "B", NULL }, (const char *[]){ "a\xff", "1" }, 1,
                "A   B\n"
                "a\xef\xbf\xbd  1\n");
}

#define ADD(name) g_test_add_func ("/table/" #name, name)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD (columns_are_as_wide_as_their_widest_cell);
  ADD (numbers_stand_at_the_right);
  ADD (no_line_ends_in_blanks);
  ADD (a_table_without_rows_is_its_headings);
  ADD (wide_and_combining_characters_count_as_a_terminal_shows_them);
  ADD (what_a_terminal_would_obey_is_not_passed_on);
  ADD (bytes_that_are_no_utf8_are_replaced);
  return g_test_run ();
}
