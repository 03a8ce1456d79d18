#pragma once

#include <stdbool.h>

/* The lab's directories. What fails ends the lab: see nv_lab_fail(). */

/**
 * nv_lab_enter_root:
 * @out: (nullable): the host's directory that is to be NV_LAB_OUT_DIRECTORY
 * @ordinary: an ordinary user shares it
 *
 * The host's root directory, read-only, under an overlay in memory, becomes the root directory.
 */
void nv_lab_enter_root (const char *out, bool ordinary);

/* What a service manager would mount and set up, in the new root directory. */
void nv_lab_set_up_system (void);
