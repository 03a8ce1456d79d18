#pragma once

#include <glib.h>

/**
 * NvDoor: the way by which one guest's files come in.
 *
 * numavm itself listens, on the loopback interface, and each connection gets an sshd of its own, which knows
 * one key and one folder. Lives in the default main context; nothing blocks but nv_door_close().
 */
typedef struct NvDoor NvDoor;

/* What a guest may send, since it is hostile: so many files, and altogether as much as so many of the
 * longest.
 */
#define NV_DOOR_MAX_FILES      16
#define NV_DOOR_MAX_FULL_FILES 2

/* Debian's; sshd wants to be executed by its whole path. */
#define NV_DOOR_SSHD "/usr/sbin/sshd"

/**
 * nv_door_open:
 * @config: sshd's configuration
 * @log: what sshd says is appended there
 * @folder: where files come to; too much there closes the door. What is above it is the root folder of who
 * writes them.
 * @max_file_bytes: what is longer is cut off there, and ends its sshd
 *
 * Returns: (transfer full): NULL with NV_ERROR_FAILED.
 */
NvDoor *nv_door_open (const char *config, const char *log, const char *folder, guint64 max_file_bytes,
                      GError **error);

/* Lets nobody in any more, and waits until every sshd and what writes for it is gone: a moment, and a few
 * seconds at most. */
void nv_door_close (NvDoor *door);

void nv_door_free (NvDoor *door);

guint nv_door_port (const NvDoor *door);

/* (nullable): why the door was closed before its time: `sent more than 16 files`. */
const char *nv_door_fault (const NvDoor *door);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvDoor, nv_door_free)
