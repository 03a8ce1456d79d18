#pragma once

#include <glib.h>

/* A table of text: aligned by what a terminal shows of UTF-8, two blanks between columns, no rules. */
typedef struct NvTable NvTable;

/* @headings: NULL-terminated. A heading that begins with `>` makes its column right-aligned. */
NvTable *nv_table_new (const char *const *headings);
void nv_table_free (NvTable *table);

/* One cell a column; control characters in a cell are shown as `?`. Copied. */
void nv_table_add_row (NvTable *table, const char *const *cells);

/* Returns: (transfer full): with headings, each line ended by a newline, no trailing blanks. */
char *nv_table_format (const NvTable *table);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvTable, nv_table_free)
