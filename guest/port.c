#include "guest/port.h"

#include "bench/proc.h"
#include "bench/protocol.h"

#include <fcntl.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum
{
  FIRST_LOOK_US = 2000,
  LAST_LOOK_US = 1000000, /* a guest whose ports are another's is looked at so often, for ever */
};

/* Of the virtio specification, section 5.3. */
#define VIRTIO_CONSOLE_ID "0x0003"

/* Is it the first word of one of the files that @pattern matches? */
static bool
find_value (const char *pattern, const char *wanted, char *ret_path, size_t size)
{
  glob_t paths = { 0 };
  bool found = false;
  char value[64];

  glob (pattern, 0, NULL, &paths);
  for (size_t i = 0; i < paths.gl_pathc && !found; i++)
    {
      found = nv_proc_setting ("/", paths.gl_pathv[i] + 1, value, sizeof value) == 0
              && strcmp (value, wanted) == 0;
      if (found)
        snprintf (ret_path, size, "%s", paths.gl_pathv[i]);
    }
  globfree (&paths);
  return found;
}

/* Returns: a descriptor, or -1. */
static int
open_device (char *name_file)
{
  char *end = strrchr (name_file, '/');
  char path[64];

  *end = '\0';
  snprintf (path, sizeof path, "/dev/%.50s", strrchr (name_file, '/') + 1);
  return open (path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

int
nv_port_open (void)
{
  char path[128];
  int fd;

  if (!find_value ("/sys/bus/virtio/devices/*/device", VIRTIO_CONSOLE_ID, path, sizeof path))
    return -1;
  for (useconds_t look_us = FIRST_LOOK_US;; look_us = 2 * look_us < LAST_LOOK_US ? 2 * look_us : LAST_LOOK_US)
    {
      if (find_value ("/sys/class/virtio-ports/*/name", NV_CHANNEL_NAME, path, sizeof path)
          && (fd = open_device (path)) >= 0)
        return fd;
      usleep (look_us);
    }
}
