#pragma once

#include "store/import-place.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void
fuzz_say (const char *text, gpointer data)
{
  g_assert_true (g_utf8_validate (text, -1, NULL));
}

/* Whatever the bytes are, the store takes what there is, and its rows can all be read again. */
static inline void
fuzz_format (const char *name, const void *data, gsize size)
{
  g_autoptr (NvStore) store = nv_store_open (":memory:", NV_STORE_CREATE, NULL);
  g_autoptr (NvImportPlaces) places = nv_import_places_new ();
  g_autoptr (GError) error = NULL;
  const NvImportRequest request = { .store = store, .interval_ns = 10, .command = "", .say = fuzz_say };
  NvImport import = { .request = &request, .file = "fuzz", .places = places };
  guint index = 0;
  int fd = memfd_create ("fuzz", MFD_CLOEXEC);

  while (strcmp (nv_formats[index]->name, name) != 0)
    index++;
  g_assert_cmpint (write (fd, data, size), ==, (gssize)size);
  g_assert_cmpint (lseek (fd, 0, SEEK_SET), ==, 0);
  nv_import_read (&import, nv_formats[index], fd, &error);
  g_assert_no_error (error);
  g_assert_true (nv_store_commit (store, &error));
  close (fd);
}
