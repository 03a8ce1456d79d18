#pragma once

#include "policy/policy.h"

/**
 * nv_plan:
 * @ledger: (inout): what is left; gets each new placement's reservation
 * @requests: (element-type NvRequest): the VMs, in order
 * @seed: every random draw is a function of it and the VM's index
 * @problems: (inout): gets, by the request's line, every VM that cannot be placed
 *
 * Places each VM: its CPUs first, then its memory by its policy, then (cpus=same) the CPUs again. A VM that
 * cannot be placed reserves nothing, and planning goes on, so that all problems are found at once. Linear in
 * the number of VMs.
 *
 * Returns: (transfer full) (element-type NvPlacement): by index in @requests; NULL where there was a problem.
 */
GPtrArray *
nv_plan (const NvHost *host, NvLedger *ledger, GPtrArray *requests, guint64 seed, NvProblems *problems);

/**
 * nv_request_check:
 * @max_vcpus: what the machine type allows; 0: unknown
 * @machine: (nullable): its name, for the message; NULL: the default one
 *
 * What can be said of one request against the host before planning: vCPUs, the number of nodes, nodes that
 * do not exist or that no VM may use, page sizes that the host does not have.
 */
void nv_request_check (const NvRequest *request, const NvHost *host, guint max_vcpus, const char *machine,
                       NvProblems *problems);
