#pragma once

#include <glib.h>
#include <libxml/tree.h>

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

/* Returns: (transfer full): the tree, to be edited. */
xmlDoc *nv_template_copy_document (const NvTemplate *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvTemplate, nv_template_free)
