#include "guest/lab/port.h"

#include "guest/lab/fail.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <unistd.h>

enum
{
  LOOK_US = 2000,
  MAX_LOOKS = 10000, /* some 20 s and more */
};

/* Returns: a descriptor; -1 if there is none yet. */
static int
open_port (void)
{
  glob_t paths = { 0 };
  int fd = -1;

  if (glob (NV_LAB_PORT, 0, NULL, &paths) == 0)
    fd = open (paths.gl_pathv[0], O_RDWR | O_CLOEXEC);
  globfree (&paths);
  return fd;
}

int
nv_lab_port_open (void)
{
  int fd = -1;

  for (unsigned i = 0; i < MAX_LOOKS && (fd = open_port ()) < 0; i++)
    usleep (LOOK_US);
  if (fd < 0)
    nv_lab_fail ("no port to the host");
  return fd;
}

void
nv_lab_port_send (int port, enum nv_lab_frame_type type, const void *bytes, size_t length)
{
  char frame[sizeof (struct nv_lab_frame) + NV_LAB_FRAME_MAX];
  const struct nv_lab_frame header = { .type = type, .length = (uint32_t)length };
  size_t total = sizeof header + length;

  memcpy (frame, &header, sizeof header);
  if (length > 0)
    memcpy (frame + sizeof header, bytes, length);
  for (size_t sent = 0; sent < total;)
    {
      ssize_t n = write (port, frame + sent, total - sent);

      if (n < 0 && errno != EINTR)
        nv_lab_fail ("cannot write to the host: %s", strerror (errno));
      sent += n > 0 ? (size_t)n : 0;
    }
}
