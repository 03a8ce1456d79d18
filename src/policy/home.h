#pragma once

#include "policy/candidates.h"

/**
 * nv_home_find:
 * @ret_note: (out): what was decided, to be said to the user
 *
 * A home for a VM whose memory shall be where its CPUs are, and whose CPUs nobody chose: of the nodes that
 * have as many CPUs as the VM and room for its memory, the one with the most free cores. A VM with more
 * vCPUs than any node has CPUs gets the nearest group of nodes that holds both.
 *
 * Returns: (transfer full): NULL with NV_ERROR_NO_FIT.
 */
NvSet *nv_home_find (NvCandidates *candidates, const NvRequest *request, char **ret_note, GError **error);
