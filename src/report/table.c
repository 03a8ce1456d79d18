#include "report/table.h"
#include "base/text.h"

#include <string.h>

#define GAP 2 /* blanks between columns */

struct NvTable
{
  guint n_columns;
  gboolean *right; /* [n_columns] */
  GPtrArray *rows; /* of char *[n_columns], the headings first */
};

static void
row_free (gpointer data)
{
  g_strfreev (data);
}

/* In cells of a terminal. */
static gsize
width_of (const char *text)
{
  gsize width = 0;

  for (; *text; text = g_utf8_next_char (text))
    {
      gunichar c = g_utf8_get_char (text);

      width += g_unichar_iszerowidth (c) ? 0 : g_unichar_iswide (c) ? 2 : 1;
    }
  return width;
}

NvTable *
nv_table_new (const char *const *headings)
{
  NvTable *table = g_new0 (NvTable, 1);
  g_autofree const char **names = NULL;

  table->n_columns = g_strv_length ((char **)headings);
  table->right = g_new0 (gboolean, table->n_columns);
  table->rows = g_ptr_array_new_with_free_func (row_free);
  names = g_new (const char *, table->n_columns);
  for (guint i = 0; i < table->n_columns; i++)
    {
      table->right[i] = headings[i][0] == '>';
      names[i] = headings[i] + (table->right[i] ? 1 : 0);
    }
  nv_table_add_row (table, names);
  return table;
}

void
nv_table_free (NvTable *table)
{
  if (!table)
    return;
  g_free (table->right);
  g_ptr_array_unref (table->rows);
  g_free (table);
}

void
nv_table_add_row (NvTable *table, const char *const *cells)
{
  char **row = g_new0 (char *, table->n_columns + 1);

  for (guint i = 0; i < table->n_columns; i++)
    row[i] = nv_text_clean (cells[i]);
  g_ptr_array_add (table->rows, row);
}

static void
append_blanks (GString *text, gsize count)
{
  while (count-- > 0)
    g_string_append_c (text, ' ');
}

static void
append_row (const NvTable *table, GString *text, char *const *row, const gsize *widths)
{
  for (guint i = 0; i < table->n_columns; i++)
    {
      gsize padding = widths[i] - width_of (row[i]);

      append_blanks (text, table->right[i] ? padding : 0);
      g_string_append (text, row[i]);
      append_blanks (text, (table->right[i] ? 0 : padding) + GAP);
    }
  while (text->len > 0 && text->str[text->len - 1] == ' ')
    g_string_truncate (text, text->len - 1);
  g_string_append_c (text, '\n');
}

char *
nv_table_format (const NvTable *table)
{
  g_autofree gsize *widths = g_new0 (gsize, table->n_columns);
  GString *text = g_string_new (NULL);

  for (guint r = 0; r < table->rows->len; r++)
    for (guint i = 0; i < table->n_columns; i++)
      {
        char *const *row = g_ptr_array_index (table->rows, r);

        widths[i] = MAX (widths[i], width_of (row[i]));
      }
  for (guint r = 0; r < table->rows->len; r++)
    append_row (table, text, g_ptr_array_index (table->rows, r), widths);
  return g_string_free (text, FALSE);
}
