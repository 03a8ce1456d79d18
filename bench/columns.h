#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Aligned columns of text. */

enum
{
  NV_COLUMNS_MAX = 16,
  NV_COLUMNS_MAX_CELL = 256,
};

struct nv_columns
{
  const char *const *headings; /* ended by NULL; `>` before one: to the right */
  size_t n_columns, n_rows;
  char **cells; /* n_rows times n_columns; owned; NULL: an empty one */
  bool failed;  /* no memory: something is missing */
};

/* Zeroed memory with headings is a table without rows. */
void nv_columns_init (struct nv_columns *table, const char *const *headings);
void nv_columns_clear (struct nv_columns *table);

/* A row of empty cells, of which nv_columns_set() then fills the last one's. */
void nv_columns_add_row (struct nv_columns *table);
void nv_columns_set (struct nv_columns *table, size_t column, const char *format, ...)
    __attribute__ ((format (printf, 3, 4)));

/* Takes the last row into an earlier one that differs from it in @column alone, where the cell becomes a list
 * of both. */
void nv_columns_merge_last (struct nv_columns *table, size_t column);

/* Leaves out columns that are empty in all rows; prints nothing where there are no rows. */
void nv_columns_print (const struct nv_columns *table, FILE *file);
