#pragma once

#include <glib.h>

/* The directory of this machine that is $LAB_OUT in a lab. */
typedef struct
{
  char *path;       /* absolute, without links; NULL: there is none */
  gboolean if_used; /* it goes when it is empty */
  int lock;         /* held by each lab that uses it; -1: none */
} NvLabOut;

/**
 * nv_lab_out_open:
 * @dir: (nullable): is made if it is not there; default: lab-out in the current directory, if it can be made
 *   there, and it stays only if there is something in it at the end
 *
 * Returns: (transfer full): NULL with NV_ERROR_USAGE: @dir cannot be made or written to.
 */
NvLabOut *nv_lab_out_open (const char *dir, GError **error);
void nv_lab_out_close (NvLabOut *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvLabOut, nv_lab_out_close)
