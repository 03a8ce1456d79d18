#pragma once

#include "placement/host.h"

/**
 * nv_host_read:
 * @root: "/" for this machine
 *
 * This machine by hwloc, its free memory and huge pages by bench/proc.h. On a machine with one node that
 * has memory, that node's memory is the machine's own figure: some hypervisors bring a guest's memory
 * online as it is touched, and the node then reports less than there is.
 *
 * Returns: (transfer full): NULL with NV_ERROR_FAILED.
 */
NvHost *nv_host_read (const char *root, GError **error);

/**
 * nv_host_describe:
 * @text: a file in hwloc's XML (version 2), or hwloc's synthetic description, such as `node:4 core:2 pu:2`
 *
 * A machine that is only described: all of its memory counts as available.
 *
 * Returns: (transfer full): NULL with NV_ERROR_USAGE; an XML newer than this hwloc is an error that names
 * both versions.
 */
NvHost *nv_host_describe (const char *text, GError **error);
