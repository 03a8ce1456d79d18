#include "guest/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void
load (const char *path, void (*complain) (const char *path, const char *reason))
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);

  if (fd < 0 || (syscall (SYS_finit_module, fd, "", 0) != 0 && errno != EEXIST))
    complain (path, strerror (errno));
  if (fd >= 0)
    close (fd);
}

void
nv_modules_load (void (*complain) (const char *path, const char *reason))
{
  FILE *list = fopen ("/modules/order", "re");
  char name[128], path[sizeof "/modules/" + sizeof name];

  if (!list)
    return;
  while (fscanf (list, "%127s", name) == 1)
    {
      snprintf (path, sizeof path, "/modules/%s", name);
      load (path, complain);
    }
  fclose (list);
}
