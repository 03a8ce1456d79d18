/* What a lab sends: no frame is longer than it may be, however it is cut. The first byte says into what
 * pieces. */

#include "fuzz.h"

#include "lab/frames.h"

static gboolean
check_frame (enum nv_lab_frame_type type, const void *bytes, gsize length, gpointer data)
{
  g_assert_cmpuint (length, <=, NV_LAB_FRAME_MAX);
  g_assert_cmpint (type, >=, NV_LAB_STARTED);
  g_assert_cmpint (type, <=, NV_LAB_STATUS);
  return type != NV_LAB_STATUS;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (NvLabFrames) frames = nv_lab_frames_new ();
  g_autoptr (GError) error = NULL;
  size_t piece = size > 0 ? data[0] + 1U : 1;
  gboolean goes_on = TRUE;

  for (size_t at = 1; goes_on && at < size; at += piece)
    goes_on = nv_lab_frames_feed (frames, data + at, MIN (piece, size - at), check_frame, NULL, &error);
  return 0;
}
