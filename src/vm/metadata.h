#pragma once

#include "vm/vm.h"

#include <libxml/tree.h>

/* The element that marks a VM as numavm's: the whole NvVm, in the domain's <metadata> under libvirt, in a
 * file of its own under the QEMU driver. */
#define NV_METADATA_NAMESPACE "urn:numavm:vm:1"
#define NV_METADATA_PREFIX    "numavm"

/* Returns: (transfer full): a node of @document, not yet linked into it. */
xmlNode *nv_metadata_node (xmlDoc *document, const NvVm *vm);

/* Returns: (transfer full): the element as a text. */
char *nv_metadata_format (const NvVm *vm);

/* @text: the element as a text. Returns: (transfer full): NULL with NV_ERROR_PARSE. */
NvVm *nv_metadata_parse (const char *text, GError **error);
