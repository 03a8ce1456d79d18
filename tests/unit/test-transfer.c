/* What guests send by scp: hostile files, and where it cannot be. What a key opens is
 * tests/e2e/transport-keys' business.
 */

#include "base/error.h"
#include "bench/protocol.h"
#include "experiment/transfer.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_BYTES (4 << 20)

typedef struct
{
  char *folder;
  NvSent sent;
  GString *heard;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("numavm-sent-XXXXXX", NULL);
  fixture->sent = (NvSent){ fixture->folder, "vm0", MAX_BYTES };
  fixture->heard = g_string_new (NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  char *const argv[] = { (char *)"rm", (char *)"-r", fixture->folder, NULL };

  g_assert_true (
      g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
  g_free (fixture->folder);
  g_string_free (fixture->heard, TRUE);
}

static char *
path_of (const Fixture *fixture, const char *name)
{
  return g_build_filename (fixture->folder, name, NULL);
}

static void
put (const Fixture *fixture, const char *name, const char *text)
{
  g_autofree char *path = path_of (fixture, name);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static gboolean
hear (const char *line, gsize length, gpointer data, GError **error)
{
  const Fixture *fixture = data;

  g_string_append_printf (fixture->heard, "[%s]", line);
  if (strcmp (line, "bad") == 0)
    g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "no record");
  return strcmp (line, "bad") != 0;
}

static void
assert_refused (Fixture *fixture, NvError code, const char *reason)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (nv_sent_read (&fixture->sent, hear, fixture, &error));
  g_assert_error (error, NV_ERROR, (int)code);
  if (!strstr (error->message, reason))
    g_error ("'%s' is not in: %s", reason, error->message);
}

static void
lines_of_a_plain_file_are_heard (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  put (fixture, "vm0.json", "a\nb\n");
  g_assert_true (nv_sent_read (&fixture->sent, hear, fixture, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (fixture->heard->str, ==, "[a][b]");
}

static void
a_file_that_is_not_there_is_said (Fixture *fixture, gconstpointer data)
{
  assert_refused (fixture, NV_ERROR_NOT_FOUND, "'vm0.json' was not sent");
}

static void
what_is_wrong_is_named_with_its_line (Fixture *fixture, gconstpointer data)
{
  put (fixture, "vm0.json", "a\nbad\nb\n");
  assert_refused (fixture, NV_ERROR_PARSE, "'vm0.json' that was sent, line 2: no record");
  g_assert_cmpstr (fixture->heard->str, ==, "[a][bad]");
}

static void
a_line_that_is_cut_off_is_said (Fixture *fixture, gconstpointer data)
{
  put (fixture, "vm0.json", "a\nb");
  assert_refused (fixture, NV_ERROR_PARSE, "the last line has no end");
  g_assert_cmpstr (fixture->heard->str, ==, "[a]");
}

static void
a_line_without_an_end_is_not_kept (Fixture *fixture, gconstpointer data)
{
  g_autofree char *line = g_strnfill (NV_LINE_MAX + 1, 'x');

  put (fixture, "vm0.json", line);
  assert_refused (fixture, NV_ERROR_PARSE, "a line of more than");
}

static void
only_plain_files_are_read (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = path_of (fixture, "vm0.json");
  g_autofree char *other = path_of (fixture, "other");

  put (fixture, "other", "secret\n");
  g_assert_cmpint (symlink (other, path), ==, 0);
  assert_refused (fixture, NV_ERROR_PARSE, "a link");
  g_unlink (path);
  g_assert_cmpint (link (other, path), ==, 0);
  assert_refused (fixture, NV_ERROR_PARSE, "it has another name");
  g_unlink (path);
  g_assert_cmpint (mkfifo (path, 0600), ==, 0);
  assert_refused (fixture, NV_ERROR_PARSE, "no plain file");
  g_unlink (path);
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  assert_refused (fixture, NV_ERROR_PARSE, "no plain file");
  g_assert_cmpstr (fixture->heard->str, ==, "");
}

static void
assert_copied (const char *to, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (to, name, NULL);
  g_autofree char *found = NULL;

  g_file_get_contents (path, &found, NULL, NULL);
  g_assert_cmpstr (found, ==, text);
}

/* Of a file that is as long as it may be there was more. */
static void
of_a_file_that_was_cut_off_the_limit_is_said (Fixture *fixture, gconstpointer data)
{
  g_autofree char *to = path_of (fixture, "to");
  g_autoptr (GError) error = NULL;

  fixture->sent.max_bytes = 5;
  put (fixture, "vm0.json", "a\nb\nc");
  assert_refused (fixture, NV_ERROR_PARSE,
                  "'vm0.json' that was sent was cut off at the 5 B that a file may have");
  g_assert_cmpstr (fixture->heard->str, ==, "[a][b]");
  g_assert_false (nv_sent_copy (&fixture->sent, to, &error));
  g_assert_nonnull (strstr (error->message, "cut off"));
  assert_copied (to, "vm0.json", "a\nb\nc");
}

static void
files_are_copied_by_the_names_that_were_told (Fixture *fixture, gconstpointer data)
{
  g_autofree char *to = path_of (fixture, "to/none/vm");
  g_autoptr (GError) error = NULL;

  put (fixture, "vm0.json", "a\n");
  put (fixture, "vm0.buddyinfo", "b\n");
  put (fixture, "vm0.sh", "c\n");
  g_assert_true (nv_sent_copy (&fixture->sent, to, &error));
  g_assert_no_error (error);
  assert_copied (to, "vm0.json", "a\n");
  assert_copied (to, "vm0.buddyinfo", "b\n");
  assert_copied (to, "vm0.sh", NULL);
  assert_copied (to, "vm0.output", NULL);
  g_assert_false (nv_sent_copy (&fixture->sent, to, &error));
  g_assert_nonnull (strstr (error->message, "File exists"));
}

static void
links_are_not_copied_the_rest_is (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = path_of (fixture, "vm0.output");
  g_autofree char *to = path_of (fixture, "to");
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (symlink ("/etc/passwd", path), ==, 0);
  put (fixture, "vm0.json", "a");
  put (fixture, "vm0.buddyinfo", "b\n");
  g_assert_false (nv_sent_copy (&fixture->sent, to, &error));
  g_assert_nonnull (strstr (error->message, "a link"));
  assert_copied (to, "vm0.output", NULL);
  assert_copied (to, "vm0.json", "a");
  assert_copied (to, "vm0.buddyinfo", "b\n");
}

static void
where_it_cannot_be_it_is_said (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *shared = path_of (fixture, "shared");

  /* As root the folder is what is wrong, else the user. */
  g_assert_cmpint (g_mkdir (shared, 0700) | chmod (shared, 0777), ==, 0);
  g_setenv ("NUMAVM_STATE_DIR", shared, TRUE);
  g_assert_false (nv_transfer_check (&error));
  g_assert_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE);
  g_assert_true (g_str_has_prefix (error->message, "transport=scp: "));
  g_assert_null (nv_transfer_start (NULL, 0, MAX_BYTES, NULL));
  g_assert_cmpint (g_rmdir (shared), ==, 0); /* nothing was made there */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(test) g_test_add ("/transfer/" #test, Fixture, NULL, set_up, test, tear_down)
  ADD (lines_of_a_plain_file_are_heard);
  ADD (a_file_that_is_not_there_is_said);
  ADD (what_is_wrong_is_named_with_its_line);
  ADD (a_line_that_is_cut_off_is_said);
  ADD (a_line_without_an_end_is_not_kept);
  ADD (only_plain_files_are_read);
  ADD (of_a_file_that_was_cut_off_the_limit_is_said);
  ADD (files_are_copied_by_the_names_that_were_told);
  ADD (links_are_not_copied_the_rest_is);
  ADD (where_it_cannot_be_it_is_said);
#undef ADD
  return g_test_run ();
}
