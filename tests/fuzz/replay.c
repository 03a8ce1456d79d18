/* Stands in for libFuzzer where it is not linked: runs a target on the files of a corpus, each whole and cut
 * off at every byte, since a text that ends too early is the commonest of all mistakes. */

#include "fuzz.h"

#include <glib.h>
#include <string.h>

/* Longer files are not cut: that would take quadratic time. */
#define MAX_CUT 4096

/* A copy that ends where its memory ends, so that a sanitizer sees a read behind it; never NULL. */
static void
run_on_copy (const char *text, gsize length)
{
  g_autofree uint8_t *copy = g_malloc (length + 1);

  memcpy (copy + 1, text, length);
  LLVMFuzzerTestOneInput (copy + 1, length);
}

static gboolean
replay_file (const char *path)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  if (!g_file_get_contents (path, &text, &length, &error))
    {
      g_printerr ("%s\n", error->message);
      return FALSE;
    }
  run_on_copy (text, length);
  for (gsize cut = 0; length <= MAX_CUT && cut < length; cut++)
    run_on_copy (text, cut);
  return TRUE;
}

/* Returns: how many files there were; -1 on failure. */
static int
replay_folder (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) folder = g_dir_open (path, 0, &error);
  const char *name;
  int n_files = 0;

  if (!folder)
    {
      g_printerr ("%s\n", error->message);
      return -1;
    }
  while ((name = g_dir_read_name (folder)))
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      if (!replay_file (file))
        return -1;
      n_files++;
    }
  return n_files;
}

int
main (int argc, char **argv)
{
  for (int i = 1; i < argc; i++)
    {
      int n_files = g_file_test (argv[i], G_FILE_TEST_IS_DIR) ? replay_folder (argv[i])
                    : replay_file (argv[i])                   ? 1
                                                              : -1;

      if (n_files <= 0)
        {
          g_printerr ("%s: nothing to replay\n", argv[i]);
          return 1;
        }
      g_print ("%s: %d inputs\n", argv[i], n_files);
    }
  return argc > 1 ? 0 : 1;
}
