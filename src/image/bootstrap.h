#pragma once

#include "image/distribution.h"

/* In the work directory. */
#define NV_BOOTSTRAP_GUEST   "guest"
#define NV_BOOTSTRAP_UNIT    "numavm-guest.service"
#define NV_BOOTSTRAP_SOURCES "sources.list"

/* A system in the making, by mmdebstrap: as root, or as a user in a user namespace, who then owns files of
 * many users and can remove them only from there. */
typedef struct
{
  const NvDistributionOptions *options;
  const GPtrArray *packages; /* names */
  char *work;                /* beside the image that is to be */
  char *scratch;             /* where the system is: the same, or a directory that all may pass through */
  char *inside;              /* the same, or in there, where the namespace's root may write */
  char *cache;
} NvBootstrap;

/* Sets the last four. @dir: of the image. */
gboolean nv_bootstrap_begin (NvBootstrap *self, const char *dir, const char *cache, GError **error);

/* Installs the system. */
gboolean nv_bootstrap_install (const NvBootstrap *self, GError **error);

/* Makes its disk. Returns: (transfer full): a directory in the work directory with disk.qcow2, vmlinuz,
 * initramfs.cpio.gz; and with kernel, the name of the kernel's file, and packages, what dpkg has. */
char *
nv_bootstrap_make_disk (const NvBootstrap *self, const char *command_line, guint64 bytes, GError **error);

/* Removes all that is not the image. Returns: (transfer full) (nullable): what could not be removed: "
 * 'PATH'", for each. */
char *nv_bootstrap_end (NvBootstrap *self);
