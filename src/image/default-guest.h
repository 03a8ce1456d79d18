#pragma once

#include <glib.h>

/* The guest that VMs without an image of their own boot: the distribution's kernel and a tiny initramfs; or
 * what is in an image's directory. */
typedef struct
{
  char *kernel;
  char *initrd;
  char *command_line;
  char *disk; /* (nullable): absolute: each VM gets an overlay on it */
} NvGuest;

void nv_guest_free (NvGuest *guest);

/* The line that the guest prints on its console when it is up begins with this. */
#define NV_GUEST_UP "numavm guest: up"

/**
 * nv_guest_default:
 * @kernel: (nullable): the newest distribution kernel that is found
 * @dir: where the guest is kept
 * @make: make it if it is not there yet, whole or not at all; else say only where it would be
 *
 * The kernel is copied, so that libvirt may give the copy to QEMU's user.
 *
 * Returns: (transfer full): NULL with NV_ERROR_NOT_FOUND (no kernel, and what to install) or
 * NV_ERROR_FAILED.
 */
NvGuest *nv_guest_default (const char *kernel, const char *dir, gboolean make, GError **error);

/* The guest that an image boots, from the directory where nv_image_build() or nv_distribution_build() put it.
 * Returns: (transfer full): NULL with NV_ERROR_NOT_FOUND, or NV_ERROR_PARSE: image.json is damaged. */
NvGuest *nv_guest_of_image (const char *dir, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvGuest, nv_guest_free)
