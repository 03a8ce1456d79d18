#pragma once

#include <glib.h>

/* Where numavm keeps files: one state directory (as root /var/lib/numavm, readable by QEMU's user; else
 * $XDG_DATA_HOME/numavm) and one for sockets and locks (as root /run/numavm; else $XDG_RUNTIME_DIR/numavm).
 * NUMAVM_STATE_DIR replaces both, for tests. Files and sockets are named by UUID, disks by the VM's name. */

/* Returns: (transfer full): where the directory @name ("disks", "consoles", ...) is or would be. */
char *nv_state_path (const char *name);

/* Each returns (transfer full) an absolute path; the directory exists, or NULL with NV_ERROR_FAILED. */
char *nv_state_disks_dir (GError **error);     /* default place of disks */
char *nv_state_consoles_dir (GError **error);  /* UUID.log: what guests printed */
char *nv_state_guest_dir (GError **error);     /* the default guest's kernel and initramfs */
char *nv_state_qemu_dir (GError **error);      /* NAME.xml: the VMs of the QEMU driver */
char *nv_state_transfers_dir (GError **error); /* what guests send by scp, while they do */
char *nv_state_runtime_dir (GError **error);   /* sockets, locks */

/**
 * nv_state_socket_path:
 *
 * Returns: (transfer full): RUNTIME/UUID.KIND; NV_ERROR_UNAVAILABLE if it would be longer than a UNIX
 * socket's address allows (107 bytes).
 */
char *nv_state_socket_path (const char *uuid, const char *kind, GError **error);
