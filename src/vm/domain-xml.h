#pragma once

#include "vm/vm.h"

/**
 * nv_domain_xml_render:
 * @template_xml: (nullable): a user's own template; NULL: the built-in one
 * @emulator: (nullable): replaces the template's when that is not there: see below
 * @network: (nullable): what the template says; "user", "none" or a network's name
 * @ret_notes: (out) (optional) (element-type utf8): what was adapted and must be said
 *
 * The template is edited as a tree and keeps all that numavm does not own, comments too. Owned are: name,
 * uuid, memory, vcpu, cputune, numatune, cpu/numa, memoryBacking, the domain's type and emulator, the disk
 * that numavm makes, its metadata, its console log; kernel and initrd with the default guest only. %NAME%
 * %UUID% %MEMORY% %CPU% %IMAGE_PATH% are filled in, in text and attributes. Pure.
 *
 * Returns: (transfer full): NULL with NV_ERROR_PARSE or NV_ERROR_USAGE.
 */
char *nv_domain_xml_render (const NvVm *vm, const char *template_xml, const char *emulator,
                            const char *network, GPtrArray **ret_notes, GError **error);

/* Returns: (transfer full) (nullable): the machine type that @template_xml (nullable) asks for. */
char *nv_domain_xml_machine (const char *template_xml);

/* Returns: (transfer full) (element-type utf8): the libvirt networks that @template_xml refers to. */
GPtrArray *nv_domain_xml_networks (const char *template_xml);
