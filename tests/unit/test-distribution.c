#include "tree.h"

#include "base/error.h"
#include "image/bootstrap.h"
#include "image/default-guest.h"
#include "image/distribution.h"
#include "image/package-cache.h"
#include "image/sources.h"
#include "image/tool.h"

#include <string.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

typedef struct
{
  char *dir;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->dir = g_dir_make_tmp ("numavm-distribution-XXXXXX", NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  tree_remove (f->dir);
}

/* --- package sources --- */

#define HOST_SOURCES                                                                                         \
  "http://a/debian/ bookworm main Debian\n"                                                                  \
  "http://a/debian/ bookworm main Debian\n"                                                                  \
  "http://a/debian/ bookworm contrib Debian\n"                                                               \
  "http://a/debian/ bookworm-updates main Debian\n"                                                          \
  "http://a/debian/ bookworm-backports main Debian Backports\n"                                              \
  "http://a/debian/ bookworm-backports-sloppy main Debian\n"                                                 \
  "http://a/security/ bookworm-security main Debian\n"                                                       \
  "http://a/debian/ trixie main Debian\n"                                                                    \
  "http://b/tools/ bookworm stable Somebody else\n"                                                          \
  "no source\n"

static void
sources_are_the_suites_own (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *list = nv_sources_parse (HOST_SOURCES, "bookworm", &error);

  g_assert_no_error (error);
  g_assert_cmpstr (list, ==,
                   "deb http://a/debian/ bookworm main\n"
                   "deb http://a/debian/ bookworm contrib\n"
                   "deb http://a/debian/ bookworm-updates main\n"
                   "deb http://a/security/ bookworm-security main\n");
}

static void
unknown_suite_is_told_which_there_are (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (nv_sources_parse (HOST_SOURCES, "sid", &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "have bookworm, trixie: --mirror URL"));
  g_clear_error (&error);
  g_assert_null (nv_sources_parse ("", "sid", &error));
  g_assert_nonnull (strstr (error->message, "have none at all"));
}

static void
mirror_is_one_word (void)
{
  static const char *const bad[] = { "", "debian", "http://a b/", "http://a/\ndeb http://b/",
                                     "[x] http://a/" };
  g_autoptr (GError) error = NULL;
  g_autofree char *list = nv_sources_find ("sid", "http://a/debian", &error);

  g_assert_cmpstr (list, ==, "deb http://a/debian sid main\n");
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_assert_null (nv_sources_find ("sid", bad[i], &error));
      g_assert_error (error, NV_ERROR, NV_ERROR_USAGE);
      g_clear_error (&error);
    }
}

/* --- what is asked --- */

static void
ignore (const char *text, gpointer data)
{
}

static void
assert_refused (const Fixture *f, NvDistributionOptions options, const char *expected)
{
  g_autofree char *dir = g_build_filename (f->dir, "image", NULL);
  g_autoptr (GError) error = NULL;
  NvDistributionResult result;

  options.progress = options.log = ignore;
  g_assert_null (nv_distribution_build (&options, dir, &result, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, expected));
  g_assert_false (g_file_test (dir, G_FILE_TEST_EXISTS));
}

static void
names_that_are_none_are_refused (Fixture *f, gconstpointer data)
{
  const NvDistributionOptions good = { .suite = "sid", .size_bytes = NV_DISTRIBUTION_BYTES };
  NvDistributionOptions bad = good;

  bad.suite = "-x";
  assert_refused (f, bad, "distribution '-x'");
  bad.suite = "";
  assert_refused (f, bad, "distribution ''");
  bad = good;
  bad.packages = "sysbench, ?essential";
  assert_refused (f, bad, "package '?essential'");
  bad.packages = "./a.deb";
  assert_refused (f, bad, "package './a.deb'");
  bad = good;
  bad.kernel_package = "/boot/vmlinuz";
  assert_refused (f, bad, "kernel '/boot/vmlinuz'");
  bad = good;
  bad.size_bytes = 4096;
  assert_refused (f, bad, "--size");
}

/* --- the cache --- */

static void
add_file (const Fixture *f, const char *name, guint days_old)
{
  g_autofree char *path = g_build_filename (f->dir, name, NULL);
  const struct timespec times[2] = { { .tv_sec = time (NULL) - days_old * 24 * 3600 },
                                     { .tv_sec = time (NULL) - days_old * 24 * 3600 } };

  tree_write (f->dir, name, "");
  g_assert_cmpint (utimensat (AT_FDCWD, path, times, 0), ==, 0);
}

static gboolean
is_there (const Fixture *f, const char *name)
{
  g_autofree char *path = g_build_filename (f->dir, name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
cache_counts_what_it_had_and_forgets_what_nobody_needs (Fixture *f, gconstpointer data)
{
  g_autoptr (GHashTable) before = NULL;
  json_t *packages =
      json_pack ("[{s:s, s:s, s:s}, {s:s, s:s, s:s}, {s:s, s:s, s:s}]", "name", "bash", "version",
                 "1:5.2+b1~x", "architecture", "amd64", "name", "new", "version", "1", "architecture", "all",
                 "name", "old", "version", "2", "architecture", "all");

  add_file (f, "bash_1%3a5.2+b1~x_amd64.deb", 0);
  add_file (f, "old_2_all.deb", 100);
  add_file (f, "gone_1_all.deb", 100);
  add_file (f, "recent_1_all.deb", 1);
  before = nv_package_cache_list (f->dir);
  add_file (f, "new_1_all.deb", 0);
  g_assert_cmpuint (nv_package_cache_finish (f->dir, before, packages), ==, 2);
  g_assert_true (is_there (f, "old_2_all.deb"));
  g_assert_true (is_there (f, "recent_1_all.deb"));
  g_assert_true (is_there (f, "new_1_all.deb"));
  g_assert_false (is_there (f, "gone_1_all.deb"));
  json_decref (packages);
}

/* --- tools --- */

static void
append_line (const char *line, gpointer data)
{
  g_string_append_printf (data, "%s|", line);
}

static void
tool_is_heard_and_its_status_told (void)
{
  g_autoptr (GString) said = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  const char *const good[] = { "sh", "-c", "echo a; echo b >&2", NULL };
  const char *const bad[] = { "sh", "-c", "exit 3", NULL };
  const char *const none[] = { "numavm-has-no-such-program", NULL };

  g_assert_true (nv_tool_run (good, NULL, append_line, said, NULL, &error));
  g_assert_cmpstr (said->str, ==, "a|b|");
  g_assert_false (nv_tool_run (bad, NULL, append_line, said, NULL, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_FAILED);
  g_assert_cmpstr (error->message, ==, "sh: exit status 3");
  g_clear_error (&error);
  g_assert_false (nv_tool_run (none, NULL, append_line, said, NULL, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE);
}

static void
cancel (const char *line, gpointer data)
{
  if (strcmp (line, "started") == 0)
    g_cancellable_cancel (data);
}

static void
cancelled_tool_cleans_up_first (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *path = g_build_filename (f->dir, "cleaned", NULL);
  g_autofree char *text =
      g_strdup_printf ("trap 'echo > \"%s\"; exit' TERM; echo started; while :; do sleep 0.1; done", path);
  const char *const argv[] = { "sh", "-c", text, NULL };
  g_autoptr (GError) error = NULL;

  g_assert_false (nv_tool_run (argv, NULL, cancel, cancellable, cancellable, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_CANCELLED);
  g_assert_true (is_there (f, "cleaned"));
}

/* What it says would fill the pipe if nobody took it. */
static void
cancelled_tool_that_says_much_ends (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *path = g_build_filename (f->dir, "cleaned", NULL);
  g_autofree char *text = g_strdup_printf (
      "trap 'seq 50000; echo > \"%s\"; exit' TERM; echo started; while :; do sleep 0.1; done", path);
  const char *const argv[] = { "sh", "-c", text, NULL };

  g_assert_false (nv_tool_run (argv, NULL, cancel, cancellable, cancellable, NULL));
  g_assert_true (g_cancellable_is_cancelled (cancellable));
  g_assert_true (is_there (f, "cleaned"));
}

static gboolean
cancel_again (gpointer data)
{
  g_cancellable_cancel (data);
  return G_SOURCE_CONTINUE;
}

static void
tool_that_is_cancelled_twice_is_killed (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  const char *const argv[] = { "sh", "-c", "trap '' TERM; echo started; while :; do sleep 0.1; done", NULL };
  gint64 since_us = g_get_monotonic_time ();
  guint timer = g_timeout_add (1000, cancel_again, cancellable);
  g_autoptr (GError) error = NULL;

  g_assert_false (nv_tool_run (argv, NULL, cancel, cancellable, cancellable, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_CANCELLED);
  g_assert_cmpint (g_get_monotonic_time () - since_us, <, 15 * G_USEC_PER_SEC);
  g_source_remove (timer);
}

/* @line: a process of the tool's */
static void
die (const char *line, gpointer data)
{
  g_assert_true (g_file_set_contents (data, line, -1, NULL));
  raise (SIGKILL);
}

static gboolean
runs (const char *pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%s/stat", pid), *stat = NULL;
  const char *state;

  if (!g_file_get_contents (path, &stat, NULL, NULL))
    return FALSE;
  state = strrchr (stat, ')');
  return state && strncmp (state, ") Z", 3) != 0; /* nobody may have asked for its status */
}

static void
tool_ends_with_who_runs_it (Fixture *f, gconstpointer data)
{
  const char *const argv[] = { "sh", "-c", "trap : TERM; sleep 60 & echo $!; wait; wait", NULL };
  g_autofree char *path = g_build_filename (f->dir, "pid", NULL), *pid = NULL;

  if (g_test_subprocess ())
    {
      rmdir (f->dir); /* its own, which nobody removes after it */
      nv_tool_run (argv, NULL, die, (gpointer)g_getenv ("NUMAVM_TEST_PID"), NULL, NULL);
      return;
    }
  g_setenv ("NUMAVM_TEST_PID", path, TRUE);
  g_test_trap_subprocess (NULL, 0, 0);
  g_assert_false (g_test_trap_has_passed ());
  g_assert_true (g_file_get_contents (path, &pid, NULL, NULL));
  for (guint i = 0; i < 100 && runs (pid); i++)
    g_usleep (G_USEC_PER_SEC / 10);
  g_assert_false (runs (pid));
}

static void
what_cannot_be_removed_is_named (Fixture *f, gconstpointer data)
{
  NvBootstrap bootstrap = { .options = NULL };
  g_autofree char *dir = g_build_filename (f->dir, "image", NULL), *path = g_strdup (g_getenv ("PATH")),
                  *left = NULL, *expected = NULL;

  if (geteuid () != 0)
    {
      g_test_skip ("a user's build begins with a namespace");
      return;
    }
  g_assert_true (nv_bootstrap_begin (&bootstrap, dir, f->dir, NULL));
  expected = g_strdup_printf (" '%s'", bootstrap.work);
  g_setenv ("PATH", f->dir, TRUE); /* without rm */
  left = nv_bootstrap_end (&bootstrap);
  g_setenv ("PATH", path, TRUE);
  g_assert_cmpstr (left, ==, expected);
}

/* --- booting --- */

static void
disk_elsewhere_is_named (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  tree_write (f->dir, "vmlinuz", "");
  tree_write (f->dir, "initramfs.cpio.gz", "");
  tree_write (f->dir, "image.json", "{\"disk\": {\"file\": \"a/b\"}}");
  g_assert_null (nv_guest_of_image (f->dir, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_PARSE);
  g_assert_nonnull (strstr (error->message, "disk.file 'a/b': "));
}

static void
image_says_how_it_is_booted (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvGuest) guest = NULL;
  g_autofree char *disk = g_build_filename (f->dir, NV_DISTRIBUTION_DISK, NULL);

  tree_write (f->dir, "vmlinuz", "");
  tree_write (f->dir, "initramfs.cpio.gz", "");
  guest = nv_guest_of_image (f->dir, &error);
  g_assert_no_error (error);
  g_assert_null (guest->disk);
  tree_write (f->dir, "image.json", "{\"command_line\": \"root=x\", \"disk\": {\"file\": \"disk.qcow2\"}}");
  g_assert_null (nv_guest_of_image (f->dir, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_NOT_FOUND);
  g_clear_error (&error);
  tree_write (f->dir, NV_DISTRIBUTION_DISK, "");
  nv_guest_free (guest);
  guest = nv_guest_of_image (f->dir, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (guest->disk, ==, disk);
  g_assert_cmpstr (guest->command_line, ==, "root=x");
}

static void
damaged_image_is_refused (Fixture *f, gconstpointer data)
{
  static const char *const texts[] = { "{", "[]", "{\"disk\": 1}",
                                       "{\"disk\": {\"file\": \"../../etc/shadow\"}}" };

  tree_write (f->dir, "vmlinuz", "");
  tree_write (f->dir, "initramfs.cpio.gz", "");
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      tree_write (f->dir, "image.json", texts[i]);
      g_assert_null (nv_guest_of_image (f->dir, &error));
      g_assert_error (error, NV_ERROR, NV_ERROR_PARSE);
    }
}

#define ADD(name) g_test_add ("/distribution/" #name, Fixture, NULL, set_up, name, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/distribution/sources_are_the_suites_own", sources_are_the_suites_own);
  g_test_add_func ("/distribution/unknown_suite_is_told_which_there_are",
                   unknown_suite_is_told_which_there_are);
  g_test_add_func ("/distribution/mirror_is_one_word", mirror_is_one_word);
  ADD (names_that_are_none_are_refused);
  ADD (cache_counts_what_it_had_and_forgets_what_nobody_needs);
  g_test_add_func ("/distribution/tool_is_heard_and_its_status_told", tool_is_heard_and_its_status_told);
  ADD (cancelled_tool_cleans_up_first);
  ADD (cancelled_tool_that_says_much_ends);
  ADD (tool_ends_with_who_runs_it);
  ADD (what_cannot_be_removed_is_named);
  g_test_add_func ("/distribution/tool_that_is_cancelled_twice_is_killed",
                   tool_that_is_cancelled_twice_is_killed);
  ADD (disk_elsewhere_is_named);
  ADD (image_says_how_it_is_booted);
  ADD (damaged_image_is_refused);
  return g_test_run ();
}
