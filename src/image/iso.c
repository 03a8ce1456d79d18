#include "image/iso.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_DESCRIPTOR 16 /* ECMA-119, 6.2.1: the sectors before it are the system's */
#define STANDARD         "CD001"
#define BOOT_SYSTEM      "EL TORITO SPECIFICATION"

#define NO_ISO         "is no ISO 9660 image (a disk image boots by `numavm up --base`)"
#define NO_BOOT_RECORD "cannot be booted: it has no boot record (El Torito): is it a medium with data only?"
#define BAD_CATALOG    "cannot be booted: its boot catalog is damaged"
#define NO_BIOS        "cannot be booted by a BIOS: it is made for UEFI alone"

enum
{
  PLATFORM_PC = 0,
  PLATFORM_EFI = 0xef,
  BOOTABLE = 0x88,
};

static gboolean
is_descriptor (const guint8 *sector)
{
  return memcmp (sector + 1, STANDARD, strlen (STANDARD)) == 0;
}

const char *
nv_iso_find_catalog (const guint8 descriptors[2 * NV_ISO_SECTOR_BYTES], guint32 *ret_sector)
{
  const guint8 *boot = descriptors + NV_ISO_SECTOR_BYTES;

  if (!is_descriptor (descriptors))
    return NO_ISO;
  if (!is_descriptor (boot) || boot[0] != 0 || memcmp (boot + 7, BOOT_SYSTEM, strlen (BOOT_SYSTEM)) != 0)
    return NO_BOOT_RECORD;
  *ret_sector = boot[71] | (guint32)boot[72] << 8 | (guint32)boot[73] << 16 | (guint32)boot[74] << 24;
  return NULL;
}

const char *
nv_iso_check_catalog (const guint8 catalog[NV_ISO_SECTOR_BYTES])
{
  if (catalog[0] != 1 || catalog[30] != 0x55 || catalog[31] != 0xaa)
    return BAD_CATALOG;
  if (catalog[1] == PLATFORM_EFI)
    return NO_BIOS;
  return catalog[1] == PLATFORM_PC && catalog[32] == BOOTABLE ? NULL : NO_BOOT_RECORD;
}

/* All of it, or FALSE. */
static gboolean
read_sectors (int fd, guint64 sector, guint8 *bytes, gsize length)
{
  gsize done = 0;

  while (done < length)
    {
      ssize_t n = pread (fd, bytes + done, length - done, (off_t)(sector * NV_ISO_SECTOR_BYTES + done));

      if (n == 0 || (n < 0 && errno != EINTR))
        return FALSE;
      done += (gsize)MAX (n, 0);
    }
  return TRUE;
}

/* Returns: (nullable): what is wrong with it. */
static const char *
check_file (int fd)
{
  guint8 descriptors[2 * NV_ISO_SECTOR_BYTES], catalog[NV_ISO_SECTOR_BYTES];
  const char *reason;
  guint32 sector;

  if (!read_sectors (fd, FIRST_DESCRIPTOR, descriptors, sizeof descriptors))
    return NO_ISO;
  reason = nv_iso_find_catalog (descriptors, &sector);
  if (reason)
    return reason;
  return read_sectors (fd, sector, catalog, sizeof catalog) ? nv_iso_check_catalog (catalog) : BAD_CATALOG;
}

gboolean
nv_iso_check (const char *path, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  const char *reason;
  struct stat facts;

  if (fd < 0)
    reason = g_strerror (errno);
  else if (fstat (fd, &facts) == 0 && !S_ISREG (facts.st_mode) && !S_ISBLK (facts.st_mode))
    reason = "is no file";
  else
    reason = check_file (fd);
  if (reason)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "ISO '%s': %s", path, reason);
  if (fd >= 0)
    close (fd);
  return !reason;
}
