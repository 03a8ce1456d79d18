#pragma once

#include "vm/vm.h"

/**
 * NvTemplate: a domain XML with placeholders, from which a VM's own is made.
 *
 * %NAME% %UUID% %MEMORY% (MiB) %CPU% %IMAGE_PATH% are filled in wherever they stand, in text and attributes.
 * The template is edited as a tree: nothing can be injected by what is filled in, and all that numavm does
 * not own is kept, comments too. Immutable, so threads may share it.
 */
typedef struct NvTemplate NvTemplate;

/**
 * nv_template_parse:
 * @xml: (nullable): NULL: the built-in template
 *
 * Returns: (transfer full): NULL with NV_ERROR_PARSE and the line.
 */
NvTemplate *nv_template_parse (const char *xml, GError **error);
void nv_template_free (NvTemplate *self);

/* Each (nullable): what the template says of that. */
const char *nv_template_machine (const NvTemplate *self);
const char *nv_template_domain_type (const NvTemplate *self); /* "kvm", "qemu" */
const char *nv_template_emulator (const NvTemplate *self);    /* path */

/* Returns: (transfer none) (element-type utf8): names of the libvirt networks that its interfaces use. */
GPtrArray *nv_template_networks (const NvTemplate *self);

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
char *nv_domain_xml_render (const NvTemplate *self, const NvVm *vm, const NvDomainOptions *options);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvTemplate, nv_template_free)
