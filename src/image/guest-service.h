#pragma once

#include <glib.h>

#define NV_GUEST_SERVICE_PROGRAM "guest"
#define NV_GUEST_SERVICE_UNIT    "numavm-guest.service"

/**
 * nv_guest_service_write:
 * @dir: is made, with the two files; its parent is there
 *
 * The guest's program and systemd's unit for it: what a system that numavm did not make needs to be measured.
 *
 * Returns: %FALSE with NV_ERROR_EXISTS (something is there, and stays) or NV_ERROR_FAILED; nothing is then
 * left.
 */
gboolean nv_guest_service_write (const char *dir, GError **error);
