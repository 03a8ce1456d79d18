#pragma once

#include <glib.h>

/* Media that PCs boot from: ISO 9660 with a boot record by "El Torito" (Bootable CD-ROM Format Specification,
 * Phoenix and IBM, 1995). */

#define NV_ISO_SECTOR_BYTES 2048

/**
 * nv_iso_find_catalog:
 * @descriptors: sectors 16 and 17
 * @ret_sector: (out): where the boot catalog is; untouched on failure
 *
 * Returns: (nullable): why a PC cannot boot from it, to be put behind its name.
 */
const char *nv_iso_find_catalog (const guint8 descriptors[2 * NV_ISO_SECTOR_BYTES], guint32 *ret_sector);

/**
 * nv_iso_check_catalog:
 *
 * What SeaBIOS asks of it. Returns: (nullable): why a PC's BIOS cannot boot from it.
 */
const char *nv_iso_check_catalog (const guint8 catalog[NV_ISO_SECTOR_BYTES]);

/* Can a VM boot from the ISO at @path? Returns: FALSE with NV_ERROR_USAGE, which says why not. */
gboolean nv_iso_check (const char *path, GError **error);
