#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Aligned columns of text. */

enum
{
  NV_TABLE_MAX_COLUMNS = 16,
  NV_TABLE_MAX_CELL = 256,
};

struct nv_table
{
  const char *const *headings; /* ended by NULL; `>` before one: to the right */
  size_t n_columns, n_rows;
  char **cells; /* n_rows times n_columns; owned; NULL: an empty one */
  bool failed;  /* no memory: something is missing */
};

/* Zeroed memory with headings is a table without rows. */
void nv_table_init (struct nv_table *table, const char *const *headings);
void nv_table_clear (struct nv_table *table);

/* A row of empty cells, of which nv_table_set() then fills the last one's. */
void nv_table_add_row (struct nv_table *table);
void nv_table_set (struct nv_table *table, size_t column, const char *format, ...)
    __attribute__ ((format (printf, 3, 4)));

/* Takes the last row into an earlier one that differs from it in @column alone, where the cell becomes a list
 * of both. */
void nv_table_merge_last (struct nv_table *table, size_t column);

/* Leaves out columns that are empty in all rows; prints nothing where there are no rows. */
void nv_table_print (const struct nv_table *table, FILE *file);
