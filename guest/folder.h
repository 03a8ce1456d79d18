#pragma once

#include "bench/message.h"

#include <stddef.h>

enum
{
  NV_FOLDER_PATH_MAX = 64,
};

/* A new empty folder, below the first of @above, ended by NULL, that is there or can be made. Only root
 * enters it. 0, or -errno with a message. */
int nv_folder_make (const char *const *above, char ret_path[NV_FOLDER_PATH_MAX], struct nv_message *message);

/* With all that is in it. */
void nv_folder_remove (const char *path);
