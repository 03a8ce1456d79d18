#pragma once

#include "placement/host.h"

/* What libvirt's capabilities text (virConnectGetCapabilities()) says. */
typedef struct NvCapabilities NvCapabilities;

/* Returns: (transfer full): NULL with NV_ERROR_PARSE. */
NvCapabilities *nv_capabilities_parse (const char *xml, GError **error);
void nv_capabilities_free (NvCapabilities *capabilities);

/* Returns: (transfer full): its cells as a host. The text does not say what is free: available memory and
 * free huge pages are 0 until the caller sets them; call nv_host_finish() then. */
NvHost *nv_capabilities_host (const NvCapabilities *capabilities, const char *description);

const char *nv_capabilities_arch (const NvCapabilities *capabilities); /* of the host, such as "x86_64" */

/* Does the host's CPU, as listed or in @expanded_cpu (nullable: the text of
 * virConnectBaselineCPU() with its features expanded), have @feature? */
gboolean
nv_capabilities_cpu_has (const NvCapabilities *capabilities, const char *expanded_cpu, const char *feature);

/* For hvm guests of the host's own arch. @domain_type: "kvm" or "qemu". */
gboolean nv_capabilities_offer (const NvCapabilities *capabilities, const char *domain_type);
const char *nv_capabilities_emulator (const NvCapabilities *capabilities); /* path; NULL if none */

/* @machine: such as "pc". Returns: 0 if the machine type is unknown or has no limit stated. */
guint nv_capabilities_max_vcpus (const NvCapabilities *capabilities, const char *machine);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvCapabilities, nv_capabilities_free)
