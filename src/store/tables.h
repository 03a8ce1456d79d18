#pragma once

#include <glib.h>

/* The tables, each behind those that it refers to. */
typedef struct
{
  const char *name;
  const char *of_run; /* SQL's condition for rows of run ?1 */
} NvTable;

enum
{
  NV_N_TABLES = 16,
};

extern const NvTable nv_tables[NV_N_TABLES];
