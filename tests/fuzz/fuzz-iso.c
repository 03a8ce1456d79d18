/* Sectors of an ISO: either why it does not boot is said, or where its catalog is. The input is the
 * descriptors and the catalog. */

#include "fuzz.h"

#include "image/iso.h"

#include <string.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  guint8 sectors[3 * NV_ISO_SECTOR_BYTES] = { 0 };
  guint32 sector = 42;
  const char *reason;

  memcpy (sectors, data, MIN (size, sizeof sectors));
  reason = nv_iso_find_catalog (sectors, &sector);
  if (reason)
    g_assert_cmpuint (sector, ==, 42);
  reason = nv_iso_check_catalog (sectors + 2 * NV_ISO_SECTOR_BYTES);
  if (!reason)
    g_assert_cmpuint (sectors[2 * NV_ISO_SECTOR_BYTES + 32], ==, 0x88);
  return 0;
}
