#pragma once

#include "placement/placement.h"

#include <jansson.h>

/* What was declared of a VM, for programs and the store: policy, candidates, CPUs, and each region with its
 * shares in bytes; sets as libvirt writes them. Returns: (transfer full). */
json_t *nv_placement_to_json (const NvPlacement *placement);
