#pragma once

#include <glib.h>
#include <jansson.h>

/* Packages that were downloaded, kept for the next image: as root in /var/cache/numavm, else in
 * $XDG_CACHE_HOME/numavm; NUMAVM_STATE_DIR replaces both. Who reads a package from there holds it to the
 * checksum in the distribution's index, as apt does. */

/* Returns: (transfer full): the directory, which exists; %NULL with NV_ERROR_FAILED. */
char *nv_package_cache_open (GError **error);

/* Returns: (transfer full) (element-type utf8): a set: the names of the packages' files in it. */
GHashTable *nv_package_cache_list (const char *dir);

/**
 * nv_package_cache_finish:
 * @before: nv_package_cache_list() of before
 * @packages: of image.json
 *
 * Removes what no image has needed for 60 days.
 *
 * Returns: how many of @packages were there before.
 */
guint nv_package_cache_finish (const char *dir, GHashTable *before, const json_t *packages);
