#pragma once

#include "cmd/command.h"

/* What `numavm plot` takes; each thing that it draws has a file of its own, plot-NAME.c. */
typedef struct
{
  char *db;
  char *run;
  char *output;
  char *data;
  char **vms;

  /* throughput */
  char *stream;
  char *format;
  char **kernels;

  /* compaction */
  char *interval;
  char *order;
  char *index_order;
  char *zone;
  char *node;
  gboolean linear;
  gboolean log;
} NvPlotOptions;

/* Both are run with the arguments behind their name, and options that mean something to them. */
int nv_plot_throughput (NvCommandContext *context, GError **error);
int nv_plot_compaction (NvCommandContext *context, GError **error);

/* Lists the files that were written, on stdout: a path a line, or {"pictures": [...], "data": ...}. @paths:
 * of char *, ended by NULL; @data: (nullable) */
void nv_plot_list (const NvCommandContext *context, char *const *paths, const char *data);
