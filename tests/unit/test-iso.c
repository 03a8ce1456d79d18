#include "base/error.h"
#include "image/iso.h"

#include <string.h>
#include <unistd.h>

#define N_SECTORS 20
#define CATALOG   19

/* An ISO of which only what booting needs is there. */
typedef struct
{
  guint8 bytes[N_SECTORS * NV_ISO_SECTOR_BYTES];
  char *dir;
  char *path;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  guint8 *volume = f->bytes + 16 * NV_ISO_SECTOR_BYTES, *boot = volume + NV_ISO_SECTOR_BYTES;
  guint8 *catalog = f->bytes + CATALOG * NV_ISO_SECTOR_BYTES;

  memset (f->bytes, 0, sizeof f->bytes);
  memcpy (volume, "\001CD001\001", 7);
  memcpy (boot, "\000CD001\001EL TORITO SPECIFICATION", 30);
  boot[71] = CATALOG;
  catalog[0] = 1;
  catalog[30] = 0x55;
  catalog[31] = 0xaa;
  catalog[32] = 0x88;
  f->dir = g_dir_make_tmp ("numavm-iso-XXXXXX", NULL);
  f->path = g_build_filename (f->dir, "x.iso", NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  unlink (f->path);
  rmdir (f->dir);
  g_free (f->path);
  g_free (f->dir);
}

/* @reason: (nullable): it boots */
static void
assert_check (const Fixture *f, gsize length, const char *reason)
{
  g_autoptr (GError) error = NULL;
  gboolean boots;

  g_assert_true (g_file_set_contents (f->path, (const char *)f->bytes, (gssize)length, NULL));
  boots = nv_iso_check (f->path, &error);
  g_assert_cmpint (boots, ==, reason == NULL);
  if (!reason)
    return;
  g_assert_error (error, NV_ERROR, NV_ERROR_USAGE);
  if (!strstr (error->message, reason) || !strstr (error->message, f->path))
    g_error ("'%s' does not say %s", error->message, reason);
}

static void
what_boots_is_taken (Fixture *f, gconstpointer data)
{
  assert_check (f, sizeof f->bytes, NULL);
}

static void
what_is_no_iso_is_refused (Fixture *f, gconstpointer data)
{
  assert_check (f, 0, "no ISO 9660 image");
  assert_check (f, 17 * NV_ISO_SECTOR_BYTES, "no ISO 9660 image");
  f->bytes[16 * NV_ISO_SECTOR_BYTES + 1] = 'X';
  assert_check (f, sizeof f->bytes, "no ISO 9660 image");
}

static void
a_medium_with_data_only_is_refused (Fixture *f, gconstpointer data)
{
  f->bytes[17 * NV_ISO_SECTOR_BYTES] = 255; /* the descriptors' end */
  assert_check (f, sizeof f->bytes, "no boot record");
}

static void
a_catalog_that_is_cut_off_or_none_is_refused (Fixture *f, gconstpointer data)
{
  assert_check (f, CATALOG * NV_ISO_SECTOR_BYTES + 100, "catalog is damaged");
  f->bytes[CATALOG * NV_ISO_SECTOR_BYTES + 31] = 0;
  assert_check (f, sizeof f->bytes, "catalog is damaged");
  f->bytes[17 * NV_ISO_SECTOR_BYTES + 74] = 0xff;
  assert_check (f, sizeof f->bytes, "catalog is damaged");
}

static void
a_medium_for_uefi_alone_is_refused (Fixture *f, gconstpointer data)
{
  f->bytes[CATALOG * NV_ISO_SECTOR_BYTES + 1] = 0xef;
  assert_check (f, sizeof f->bytes, "UEFI");
}

static void
an_entry_that_does_not_boot_is_refused (Fixture *f, gconstpointer data)
{
  f->bytes[CATALOG * NV_ISO_SECTOR_BYTES + 32] = 0;
  assert_check (f, sizeof f->bytes, "no boot record");
}

static void
what_is_no_file_is_refused (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL, missing = NULL;

  g_assert_false (nv_iso_check (f->dir, &error));
  g_assert_nonnull (strstr (error->message, "is no file"));
  g_assert_false (nv_iso_check (f->path, &missing));
  g_assert_nonnull (strstr (missing->message, "No such file"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(test) g_test_add ("/iso/" #test, Fixture, NULL, set_up, test, tear_down)
  ADD (what_boots_is_taken);
  ADD (what_is_no_iso_is_refused);
  ADD (a_medium_with_data_only_is_refused);
  ADD (a_catalog_that_is_cut_off_or_none_is_refused);
  ADD (a_medium_for_uefi_alone_is_refused);
  ADD (an_entry_that_does_not_boot_is_refused);
  ADD (what_is_no_file_is_refused);
  return g_test_run ();
}
