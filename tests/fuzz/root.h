#pragma once

#include <glib.h>
#include <glib/gstdio.h>

#include <stdlib.h>

/* A directory that holds proc/ and sys/, made once for the process and removed at its end, so that the
 * readers of bench/proc.h read what a fuzzer writes. */

#define FUZZ_NODE "sys/devices/system/node/node0"

static char *fuzz_root;

static inline void
fuzz_root_write (const char *name, const void *data, size_t size)
{
  g_autofree char *path = g_build_filename (fuzz_root, name, NULL);

  g_assert_true (g_file_set_contents_full (path, data, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

static void
fuzz_root_remove (void)
{
  static const char *const names[] = { "proc/1/cmdline",
                                       "proc/1/maps",
                                       "proc/1/numa_maps",
                                       "proc/1/status",
                                       "proc/1",
                                       "proc/zoneinfo",
                                       "proc",
                                       FUZZ_NODE "/meminfo",
                                       FUZZ_NODE,
                                       "sys/devices/system/node",
                                       "sys/devices/system",
                                       "sys/devices",
                                       "sys",
                                       "" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (fuzz_root, names[i], NULL);

      g_remove (path);
    }
  g_clear_pointer (&fuzz_root, g_free);
}

static inline const char *
fuzz_root_get (void)
{
  g_autofree char *process = NULL, *node = NULL;

  if (fuzz_root)
    return fuzz_root;
  fuzz_root = g_dir_make_tmp ("numavm-fuzz-XXXXXX", NULL);
  g_assert_nonnull (fuzz_root);
  process = g_build_filename (fuzz_root, "proc", "1", NULL);
  node = g_build_filename (fuzz_root, FUZZ_NODE, NULL);
  g_assert_cmpint (g_mkdir_with_parents (process, 0700), ==, 0);
  g_assert_cmpint (g_mkdir_with_parents (node, 0700), ==, 0);
  atexit (fuzz_root_remove);
  return fuzz_root;
}
