#pragma once

#include <glib.h>

/**
 * nv_qemu_process_find:
 * @uuid: of the VM
 * @ret_pid: (out): of the QEMU on this machine that runs it
 * @ret_threads: (out) (optional) (element-type int): the thread of each vCPU, by vCPU
 *
 * QEMU is found by `-uuid UUID` in its command line, whoever started it, and its vCPU threads by their
 * names (`CPU 0/KVM`, `CPU 0/TCG`), which libvirt turns on.
 *
 * Returns: %FALSE with NV_ERROR_UNAVAILABLE.
 */
gboolean nv_qemu_process_find (const char *uuid, int *ret_pid, GArray **ret_threads, GError **error);

/* Does process @pid of this machine run the VM of @uuid? */
gboolean nv_qemu_process_is (int pid, const char *uuid);
