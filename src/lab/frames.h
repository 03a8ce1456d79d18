#pragma once

#include "guest/lab/protocol.h"

#include <glib.h>

/* Frames of what comes from a lab, in whatever pieces it comes. */
typedef struct NvLabFrames NvLabFrames;

NvLabFrames *nv_lab_frames_new (void);
void nv_lab_frames_free (NvLabFrames *frames);

/* Returns: go on? */
typedef gboolean (*NvLabFrameFunction) (enum nv_lab_frame_type type, const void *bytes, gsize length,
                                        gpointer data);

/**
 * nv_lab_frames_feed:
 * @function: gets each whole frame
 *
 * Returns: %FALSE if @function did, or with NV_ERROR_PARSE: that is no frame of a lab.
 */
gboolean nv_lab_frames_feed (NvLabFrames *frames, const void *bytes, gsize length,
                             NvLabFrameFunction function, gpointer data, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvLabFrames, nv_lab_frames_free)
