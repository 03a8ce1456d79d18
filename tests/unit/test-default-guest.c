#include "base/error.h"
#include "image/default-guest.h"
#include "image/initramfs.h"
#include "image/kernel.h"

#include <archive.h>
#include <archive_entry.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define N_THREADS 8

typedef struct
{
  char *dir;
  char *kernel;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->dir = g_dir_make_tmp ("numavm-guest-XXXXXX", NULL);
  f->kernel = g_build_filename (f->dir, "kernel", NULL);
  g_assert_true (g_file_set_contents (f->kernel, "kernel", -1, NULL));
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);
  const char *name;

  while (dir && (name = g_dir_read_name (dir)))
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }
  g_assert_cmpint (g_remove (path), ==, 0);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  remove_tree (f->dir);
  g_free (f->dir);
  g_free (f->kernel);
}

static NvGuest *
make_guest (const Fixture *f)
{
  g_autoptr (GError) error = NULL;
  NvGuest *guest = nv_guest_default (f->kernel, f->dir, TRUE, &error);

  g_assert_no_error (error);
  return guest;
}

static GBytes *
read_bytes (const char *path)
{
  char *content;
  gsize length;

  g_assert_true (g_file_get_contents (path, &content, &length, NULL));
  return g_bytes_new_take (content, length);
}

static guint
count_in (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir))
    n++;
  return n;
}

static void
add_kernel (const Fixture *f, const char *name)
{
  g_autofree char *path = g_build_filename (f->dir, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, "", 0, NULL));
}

static void
assert_finds (const Fixture *f, const char *name)
{
  g_autofree char *expected = g_build_filename (f->dir, name, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *found = nv_kernel_image_find (f->dir, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (found, ==, expected);
}

static void
newest_kernel_is_found_by_version (Fixture *f, gconstpointer data)
{
  add_kernel (f, "boot/vmlinuz-6.1.0-9-amd64");
  assert_finds (f, "boot/vmlinuz-6.1.0-9-amd64");
  add_kernel (f, "boot/vmlinuz-6.1.0-10-amd64");
  assert_finds (f, "boot/vmlinuz-6.1.0-10-amd64");
  add_kernel (f, "lib/modules/6.12.1/vmlinuz");
  add_kernel (f, "lib/modules/5.10.0/vmlinuz");
  assert_finds (f, "lib/modules/6.12.1/vmlinuz");
}

static void
without_a_kernel_the_package_is_named (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (nv_kernel_image_find (f->dir, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "linux-image-cloud-amd64"));
  g_assert_nonnull (strstr (error->message, "--kernel"));
}

static void
kernel_that_cannot_be_read_is_passed_over (Fixture *f, gconstpointer data)
{
  g_autofree char *older = g_build_filename (f->dir, "boot/vmlinuz-1", NULL);
  g_autofree char *newer = g_build_filename (f->dir, "boot/vmlinuz-2", NULL);
  g_autoptr (GError) error = NULL;

  add_kernel (f, "boot/vmlinuz-1");
  /* A link to nowhere cannot be read by root either. */
  g_assert_cmpint (symlink ("nowhere", newer), ==, 0);
  assert_finds (f, "boot/vmlinuz-1");
  g_assert_cmpint (g_unlink (older), ==, 0);
  g_assert_null (nv_kernel_image_find (f->dir, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, "vmlinuz-2' is not readable"));
}

static void
same_entries_give_the_same_bytes (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) content = g_bytes_new_static ("#!/bin/sh\n", 10);
  const NvInitramfsEntry entries[] = {
    { .path = "dev", .mode = S_IFDIR | 0755 },
    { .path = "dev/console", .mode = S_IFCHR | 0600, .device = makedev (5, 1) },
    { .path = "init", .mode = S_IFREG | 0755, .content = content },
  };
  g_autoptr (GBytes) first = nv_initramfs_build (entries, G_N_ELEMENTS (entries), NULL);
  g_autoptr (GBytes) second = NULL;

  /* More than the second in which a time stamp would stay the same. */
  g_usleep (1100000);
  second = nv_initramfs_build (entries, G_N_ELEMENTS (entries), NULL);
  g_assert_true (g_bytes_equal (first, second));
}

static void
initramfs_holds_what_a_kernel_needs (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *path;
    mode_t mode;
  } expected[] = {
    { "dev", S_IFDIR | 0755 }, { "dev/console", S_IFCHR | 0600 }, { "proc", S_IFDIR | 0555 },
    { "sys", S_IFDIR | 0555 }, { "modules", S_IFDIR | 0755 },     { "init", S_IFREG | 0755 },
  };
  g_autoptr (NvGuest) guest = make_guest (f);
  struct archive *archive = archive_read_new ();
  struct archive_entry *entry;

  archive_read_support_filter_gzip (archive);
  archive_read_support_format_cpio (archive);
  g_assert_cmpint (archive_read_open_filename (archive, guest->initrd, 4096), ==, ARCHIVE_OK);
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_assert_cmpint (archive_read_next_header (archive, &entry), ==, ARCHIVE_OK);
      g_assert_cmpstr (archive_entry_pathname (entry), ==, expected[i].path);
      g_assert_cmpuint (archive_entry_mode (entry), ==, expected[i].mode);
      g_assert_cmpint (archive_entry_uid (entry), ==, 0);
      g_assert_cmpint (archive_entry_mtime (entry), ==, 0);
      if (S_ISCHR (expected[i].mode))
        g_assert_cmpuint (archive_entry_rdev (entry), ==, makedev (5, 1));
    }
  g_assert_cmpint (archive_entry_size (entry), >, 0);
  archive_read_free (archive);
}

static void
guest_is_made_once (Fixture *f, gconstpointer data)
{
  g_autoptr (NvGuest) first = make_guest (f);
  g_autoptr (NvGuest) second = NULL;
  struct stat before, after;
  g_autoptr (GBytes) kernel = read_bytes (first->kernel);

  g_assert_cmpmem (g_bytes_get_data (kernel, NULL), g_bytes_get_size (kernel), "kernel", 6);
  g_assert_cmpint (stat (first->kernel, &before), ==, 0);
  g_assert_cmpuint (before.st_mode & 0777, ==, 0644);
  second = make_guest (f);
  g_assert_cmpstr (first->kernel, ==, second->kernel);
  g_assert_cmpint (stat (second->kernel, &after), ==, 0);
  g_assert_cmpuint (before.st_ino, ==, after.st_ino);
}

static void
another_kernel_is_another_guest (Fixture *f, gconstpointer data)
{
  g_autoptr (NvGuest) first = make_guest (f);
  g_autoptr (NvGuest) second = NULL;
  g_autoptr (GBytes) old = NULL;

  g_assert_true (g_file_set_contents (f->kernel, "newer kernel", -1, NULL));
  second = make_guest (f);
  g_assert_cmpstr (first->kernel, !=, second->kernel);
  old = read_bytes (first->kernel);
  g_assert_cmpuint (g_bytes_get_size (old), ==, 6);
}

static gpointer
run_make (gpointer data)
{
  return make_guest (data);
}

static void
guests_made_at_once_are_one (Fixture *f, gconstpointer data)
{
  GThread *threads[N_THREADS];
  g_autofree char *kernel = NULL;

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("make", run_make, f);
  for (guint i = 0; i < N_THREADS; i++)
    {
      g_autoptr (NvGuest) guest = g_thread_join (threads[i]);

      if (!kernel)
        kernel = g_strdup (guest->kernel);
      g_assert_cmpstr (guest->kernel, ==, kernel);
      g_assert_true (g_file_test (guest->initrd, G_FILE_TEST_IS_REGULAR));
    }
  g_assert_cmpuint (count_in (f->dir), ==, 2); /* the source and the guest, nothing half made */
}

static void
missing_kernel_is_named_and_leaves_nothing (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (nv_guest_default ("/no/such/kernel", f->dir, TRUE, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_NOT_FOUND);
  g_assert_cmpstr (error->message, ==, "kernel '/no/such/kernel': No such file or directory");
  g_clear_error (&error);
  g_assert_null (nv_guest_default (f->dir, f->dir, TRUE, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_NOT_FOUND);
  g_assert_cmpuint (count_in (f->dir), ==, 1);
}

#define TEST(name) g_test_add ("/default-guest/" #name, Fixture, NULL, set_up, name, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  TEST (newest_kernel_is_found_by_version);
  TEST (without_a_kernel_the_package_is_named);
  TEST (kernel_that_cannot_be_read_is_passed_over);
  TEST (same_entries_give_the_same_bytes);
  TEST (initramfs_holds_what_a_kernel_needs);
  TEST (guest_is_made_once);
  TEST (another_kernel_is_another_guest);
  TEST (guests_made_at_once_are_one);
  TEST (missing_kernel_is_named_and_leaves_nothing);
  return g_test_run ();
}
