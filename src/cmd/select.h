#pragma once

#include "cmd/command.h"
#include "vm/fleet.h"

/**
 * nv_select_vms:
 * @all: all of numavm's VMs on the connection
 * @prefix: (nullable): those whose names begin with it
 * @ret_others: (out) (optional): all the other VMs of numavm on the connection
 *
 * The VMs that the arguments name, or @all or @prefix choose; of numavm's only.
 *
 * Returns: (transfer full) (element-type NvVmInfo): NULL with NV_ERROR_USAGE (nothing chosen) or
 * NV_ERROR_NOT_FOUND, which says whether such a VM exists but is not numavm's.
 */
GPtrArray *nv_select_vms (const NvCommandContext *context, gboolean all, const char *prefix,
                          GPtrArray **ret_others, GError **error);

/* Returns: (transfer none) (nullable): the VM of @infos whose disk, or its base, is at @path. */
const NvVm *nv_find_disk_user (GPtrArray *infos, const char *path);

/* NvFleetProgress for commands: @data is the NvCommandContext. */
void nv_show_fleet_progress (NvStage stage, guint done, guint total, gpointer data);
