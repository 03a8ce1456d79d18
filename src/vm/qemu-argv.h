#pragma once

#include "vm/vm.h"

/* What the QEMU driver adds to a VM: its files and sockets. */
typedef struct
{
  const char *emulator;
  const char *qmp_socket;
  const char *console_socket;
  const char *channel_socket;
  const char *pid_file;
} NvQemuPaths;

/**
 * nv_qemu_argv_render:
 * @network: (nullable): "none" (the default) or "user"
 *
 * A QEMU that goes into the background, its CPUs stopped, and answers on @paths->qmp_socket. JSON where QEMU
 * takes JSON (-object, -device, -blockdev, -netdev); commas are doubled elsewhere. The guest sees the machine
 * that templates/domain.xml describes. CPU sets are not in it: the driver pins threads. Pure.
 *
 * Returns: (transfer full): argv, NULL-terminated; NULL with NV_ERROR_UNAVAILABLE if QEMU cannot express
 * the placement.
 */
char **nv_qemu_argv_render (const NvVm *vm, const NvQemuPaths *paths, const char *network, GError **error);
