#include "guest/folder.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum
{
  OPEN_FOLDERS = 16, /* at a time, while one is removed */
};

int
nv_folder_make (const char *const *above, char ret_path[NV_FOLDER_PATH_MAX], struct nv_message *message)
{
  int error = ENOENT;

  for (; *above; above++)
    {
      /* The default guest has none at first. */
      if (mkdir (*above, 01777) == 0)
        chmod (*above, 01777);
      snprintf (ret_path, NV_FOLDER_PATH_MAX, "%s/numavm-XXXXXX", *above);
      if (mkdtemp (ret_path))
        return 0;
      error = errno;
    }
  *ret_path = '\0';
  return nv_fail (message, error, "cannot make a folder in '%s': %s", above[-1], strerror (error));
}

static int
remove_entry (const char *path, const struct stat *status, int type, struct FTW *walk)
{
  remove (path);
  return 0;
}

void
nv_folder_remove (const char *path)
{
  nftw (path, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
