#include "bench/columns.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void
nv_columns_init (struct nv_columns *table, const char *const *headings)
{
  *table = (struct nv_columns){ .headings = headings };
  while (headings[table->n_columns])
    table->n_columns++;
}

void
nv_columns_clear (struct nv_columns *table)
{
  for (size_t i = 0; i < table->n_rows * table->n_columns; i++)
    free (table->cells[i]);
  free (table->cells);
  table->cells = NULL;
  table->n_rows = 0;
}

static char **
row_of (const struct nv_columns *table, size_t row)
{
  return table->cells + row * table->n_columns;
}

static const char *
text_of (const char *cell)
{
  return cell ? cell : "";
}

void
nv_columns_add_row (struct nv_columns *table)
{
  size_t n = table->n_rows * table->n_columns;
  char **cells = realloc (table->cells, sizeof *cells * (n + table->n_columns));

  if (!cells)
    {
      table->failed = true;
      return;
    }
  table->cells = cells;
  memset (cells + n, 0, sizeof *cells * table->n_columns);
  table->n_rows++;
}

void
nv_columns_set (struct nv_columns *table, size_t column, const char *format, ...)
{
  char text[NV_COLUMNS_MAX_CELL], **cell;
  va_list arguments;

  if (table->failed)
    return;
  va_start (arguments, format);
  vsnprintf (text, sizeof text, format, arguments);
  va_end (arguments);
  cell = row_of (table, table->n_rows - 1) + column;
  free (*cell);
  *cell = strdup (text);
  table->failed = !*cell;
}

static bool
rows_differ_in_one (char *const *a, char *const *b, size_t n_columns, size_t column)
{
  for (size_t i = 0; i < n_columns; i++)
    if (i != column && strcmp (text_of (a[i]), text_of (b[i])) != 0)
      return false;
  return true;
}

/* Is @word one of @list, which is divided by ", "? */
static bool
list_has (const char *list, const char *word)
{
  size_t length = strlen (word);

  for (;;)
    {
      const char *end = strstr (list, ", ");

      if (strncmp (list, word, length) == 0 && (list[length] == '\0' || list + length == end))
        return true;
      if (!end)
        return false;
      list = end + 2;
    }
}

void
nv_columns_merge_last (struct nv_columns *table, size_t column)
{
  char **last;

  if (table->failed)
    return;
  last = row_of (table, table->n_rows - 1);
  for (size_t i = 0; i + 1 < table->n_rows; i++)
    {
      char **cell = row_of (table, i) + column;
      char *list;

      if (!rows_differ_in_one (row_of (table, i), last, table->n_columns, column))
        continue;
      if (!list_has (text_of (*cell), text_of (last[column])))
        {
          if (asprintf (&list, "%s, %s", text_of (*cell), text_of (last[column])) < 0)
            {
              table->failed = true;
              return;
            }
          free (*cell);
          *cell = list;
        }
      for (size_t j = 0; j < table->n_columns; j++)
        free (last[j]);
      table->n_rows--;
      return;
    }
}

/* Of UTF-8 text, all of whose characters are one column wide. */
static int
width_of (const char *text)
{
  int width = 0;

  for (; *text; text++)
    width += ((unsigned char)*text & 0xc0) != 0x80;
  return width;
}

/* 0: all cells are empty. */
static int
column_width (const struct nv_columns *table, size_t column)
{
  int width = 0;

  for (size_t row = 0; row < table->n_rows; row++)
    {
      int cell = width_of (text_of (row_of (table, row)[column]));

      width = cell > width ? cell : width;
    }
  if (width > 0)
    {
      int heading = width_of (table->headings[column] + (table->headings[column][0] == '>'));

      width = heading > width ? heading : width;
    }
  return width;
}

/* Blanks are owed until something follows them, so that no line ends in any. */
static void
print_cell (FILE *file, const char *text, int width, bool right, int *owed)
{
  int blanks = width - width_of (text);

  if (*text)
    {
      fprintf (file, "%*s%s", *owed + (right ? blanks : 0), "", text);
      *owed = right ? 0 : blanks;
    }
  else
    *owed += width;
  *owed += 2;
}

void
nv_columns_print (const struct nv_columns *table, FILE *file)
{
  int widths[NV_COLUMNS_MAX];

  for (size_t i = 0; i < table->n_columns; i++)
    widths[i] = column_width (table, i);
  for (size_t row = 0; row <= table->n_rows && table->n_rows > 0; row++)
    {
      int owed = 0;

      for (size_t i = 0; i < table->n_columns; i++)
        {
          bool right = table->headings[i][0] == '>';

          if (widths[i] > 0)
            print_cell (file, row == 0 ? table->headings[i] + right : text_of (row_of (table, row - 1)[i]),
                        widths[i], right, &owed);
        }
      fputc ('\n', file);
    }
}
