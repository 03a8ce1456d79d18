#include "lab/frames.h"

#include "base/error.h"

#include <string.h>

struct NvLabFrames
{
  GByteArray *bytes; /* of a frame that is not whole yet */
};

NvLabFrames *
nv_lab_frames_new (void)
{
  NvLabFrames *frames = g_new0 (NvLabFrames, 1);

  frames->bytes = g_byte_array_new ();
  return frames;
}

void
nv_lab_frames_free (NvLabFrames *frames)
{
  if (!frames)
    return;
  g_byte_array_unref (frames->bytes);
  g_free (frames);
}

static gboolean
check_header (const struct nv_lab_frame *header, GError **error)
{
  gboolean fits;

  switch (header->type)
    {
    case NV_LAB_STARTED:
      fits = header->length == 0;
      break;
    case NV_LAB_OUTPUT:
    case NV_LAB_ERRORS:
      fits = header->length <= NV_LAB_FRAME_MAX;
      break;
    case NV_LAB_STATUS:
      fits = header->length == sizeof (guint32);
      break;
    default:
      fits = FALSE;
    }
  if (!fits)
    g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "the lab sent a frame of type %u with %u bytes",
                 header->type, header->length);
  return fits;
}

gboolean
nv_lab_frames_feed (NvLabFrames *frames, const void *bytes, gsize length, NvLabFrameFunction function,
                    gpointer data, GError **error)
{
  struct nv_lab_frame header;
  gsize at = 0;
  gboolean goes_on = TRUE;

  g_byte_array_append (frames->bytes, bytes, (guint)length);
  while (goes_on && frames->bytes->len - at >= sizeof header)
    {
      memcpy (&header, frames->bytes->data + at, sizeof header);
      if (!check_header (&header, error))
        return FALSE;
      if (frames->bytes->len - at - sizeof header < header.length)
        break;
      goes_on = function (header.type, frames->bytes->data + at + sizeof header, header.length, data);
      at += sizeof header + header.length;
    }
  g_byte_array_remove_range (frames->bytes, 0, (guint)at);
  return goes_on;
}
