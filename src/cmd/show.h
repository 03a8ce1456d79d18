#pragma once

#include "report/table.h"
#include "vm/driver.h"

#include <jansson.h>

/* How VMs are shown, by every command that shows some. */

/* VM VCPUS MEMORY POLICY CPUS MEMORY-ON DISK */
NvTable *nv_vm_table_new (gboolean with_state);
void nv_vm_table_add (NvTable *table, const NvVm *vm, const char *state);

/**
 * nv_vm_to_json:
 * @state: (nullable)
 * @pid: of its QEMU; 0: left out
 *
 * All facts, raw: sizes in bytes, sets as libvirt writes them. Returns: (transfer full).
 */
json_t *nv_vm_to_json (const NvVm *vm, const char *state, int pid);
