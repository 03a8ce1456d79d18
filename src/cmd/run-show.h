#pragma once

#include "cmd/command.h"
#include "experiment/run.h"

/* How a run is shown: while it goes on, and what came out. */

void nv_run_show_progress (const NvCommandContext *context, const NvRunProgress *progress);

/* The table of all VMs and kernels, or JSON. @prefix: of the VMs' names, left out in the table. */
void nv_run_show_result (const NvCommandContext *context, const NvRunResult *result, const char *prefix,
                         gboolean emulated, const char *db);
