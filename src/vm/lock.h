#pragma once

#include <glib.h>

/* The lock of the reservation ledger: one holder a URI, from planning to start, so that two numavm that
 * plan at once cannot promise the same memory twice. It goes with the process, however that ends.
 *
 * Of a system daemon (.../system), which all users of this machine share, it is a file in /run/lock, whatever
 * NUMAVM_STATE_DIR says; where users may make none there and there is none yet, and for all other URIs, it is
 * in the runtime directory (state.h). */
typedef struct NvLock NvLock;

/**
 * nv_lock_take:
 * @uri: a connection's
 * @waiting: (nullable): called once if another process holds the lock, before waiting for it
 *
 * Returns: (transfer full): NULL with NV_ERROR_FAILED, or NV_ERROR_CANCELLED if a signal came while waiting.
 */
NvLock *nv_lock_take (const char *uri, void (*waiting) (gpointer data), gpointer data, GError **error);
void nv_lock_free (NvLock *lock);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvLock, nv_lock_free)
