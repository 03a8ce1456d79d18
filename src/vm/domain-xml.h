#pragma once

#include "vm/template.h"
#include "vm/vm.h"

/* What is not the template's and not the VM's. */
typedef struct
{
  const char *emulator; /* (nullable): put in the place of the template's, if it names one */
  const char *network;  /* (nullable): as the template has it; "none", "user" or a libvirt network's name */
} NvDomainOptions;

/**
 * nv_domain_xml_render:
 *
 * Owned, and set from @vm: name, uuid, memory, vcpu, the pins in cputune, numatune, cpu/numa, huge pages and
 * allocation in memoryBacking, the domain's type, the disk at %IMAGE_PATH% (added if no disk names it), the
 * log of the first serial port, numavm's own metadata; kernel, initrd and command line with the default
 * guest. Pure.
 *
 * Returns: (transfer full): the domain XML.
 */
char *nv_domain_xml_render (const NvTemplate *template, const NvVm *vm, const NvDomainOptions *options);
