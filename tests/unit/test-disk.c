#include "base/error.h"
#include "vm/disk.h"
#include "vm/new-file.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE          (G_GUINT64_CONSTANT (2) << 30)
#define BASE_SIZE     (G_GUINT64_CONSTANT (8) << 20)
#define ODD_NAME      "a, b:c=\"d'\\ %s é json:{}"
#define MANY          100
#define MANY_THREADS  8
#define SUBPROCESS_US (60 * G_USEC_PER_SEC)

typedef struct
{
  char *dir;
  NvDiskMaker *maker;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->dir = g_dir_make_tmp ("numavm-disk-XXXXXX", NULL);
  f->maker = nv_disk_maker_new ();
}

static GPtrArray *
names_in (const char *path)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)))
    g_ptr_array_add (names, g_strdup (name));
  return names;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) names = names_in (f->dir);

  for (guint i = 0; i < names->len; i++)
    {
      g_autofree char *path = g_build_filename (f->dir, g_ptr_array_index (names, i), NULL);

      g_assert_cmpint (g_remove (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (f->dir), ==, 0);
  g_free (f->dir);
  nv_disk_maker_free (f->maker);
}

static char *
path_of (const Fixture *f, const char *name)
{
  return g_build_filename (f->dir, name, NULL);
}

/* Returns: the error's code, or -1. */
static int
create (Fixture *f, const char *name, NvDiskFormat format, guint64 size_bytes, const char *base,
        NvDiskFlags flags)
{
  g_autofree char *path = path_of (f, name);
  g_autoptr (NvDisk) disk = nv_disk_new (path, format, size_bytes, base);
  g_autoptr (GError) error = NULL;

  if (nv_disk_create (f->maker, disk, flags, NULL, &error))
    return -1;
  g_assert_true (error->domain == NV_ERROR);
  g_test_message ("%s", error->message);
  return error->code;
}

static NvDiskInfo *
info_of (Fixture *f, const char *name)
{
  g_autofree char *path = path_of (f, name);
  g_autoptr (GError) error = NULL;
  NvDiskInfo *info = nv_disk_info_read (path, NULL, &error);

  g_assert_no_error (error);
  return info;
}

static int
qemu_img (const char *verb, ...)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  int status;
  va_list args;

  g_ptr_array_add (argv, (char *)"qemu-img");
  g_ptr_array_add (argv, (char *)verb);
  va_start (args, verb);
  for (char *argument = va_arg (args, char *); argument; argument = va_arg (args, char *))
    g_ptr_array_add (argv, argument);
  va_end (args);
  g_ptr_array_add (argv, NULL);
  g_spawn_sync (NULL, (char **)argv->pdata, NULL,
                G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
                NULL, NULL, &status, &error);
  g_assert_no_error (error);
  return status;
}

static void
assert_same_bytes (const char *a, const char *b)
{
  g_autofree char *left = NULL, *right = NULL;
  gsize left_length, right_length;

  g_assert_true (g_file_get_contents (a, &left, &left_length, NULL));
  g_assert_true (g_file_get_contents (b, &right, &right_length, NULL));
  g_assert_cmpmem (left, left_length, right, right_length);
}

/* A raw image with data here and there, and holes between. Returns: (transfer full): its path. */
static char *
make_base (const Fixture *f, const char *name)
{
  char *path = path_of (f, name);
  int fd = open (path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

  g_assert_cmpint (ftruncate (fd, (off_t)BASE_SIZE), ==, 0);
  g_assert_cmpint (pwrite (fd, "first", 5, 0), ==, 5);
  g_assert_cmpint (pwrite (fd, "middle", 6, (off_t)BASE_SIZE / 2 + 100), ==, 6);
  close (fd);
  return path;
}

static void
blank_qcow2_has_the_size_asked_for (Fixture *f, gconstpointer data)
{
  g_autoptr (NvDiskInfo) info = NULL;

  g_assert_cmpint (create (f, "a.qcow2", NV_DISK_QCOW2, SIZE, NULL, 0), ==, -1);
  info = info_of (f, "a.qcow2");
  g_assert_cmpstr (info->format, ==, "qcow2");
  g_assert_cmpuint (info->virtual_bytes, ==, SIZE);
  g_assert_cmpuint (info->actual_bytes, <, 1 << 20);
  g_assert_null (info->base);
}

static void
blank_raw_takes_no_room (Fixture *f, gconstpointer data)
{
  g_autofree char *path = path_of (f, "a.raw");
  struct stat status;

  g_assert_cmpint (create (f, "a.raw", NV_DISK_RAW, SIZE, NULL, 0), ==, -1);
  g_assert_cmpint (stat (path, &status), ==, 0);
  g_assert_cmpuint ((guint64)status.st_size, ==, SIZE);
  g_assert_cmpint (status.st_blocks, <, 100);
}

static void
sizes_are_rounded_up_as_qemu_img_does (Fixture *f, gconstpointer data)
{
  g_autoptr (NvDiskInfo) raw = NULL;
  g_autoptr (NvDiskInfo) qcow2 = NULL;

  g_assert_cmpint (create (f, "a.raw", NV_DISK_RAW, 1000, NULL, 0), ==, -1);
  g_assert_cmpint (create (f, "a.qcow2", NV_DISK_QCOW2, 1000, NULL, 0), ==, -1);
  raw = info_of (f, "a.raw");
  qcow2 = info_of (f, "a.qcow2");
  g_assert_cmpuint (raw->virtual_bytes, ==, 1024);
  g_assert_cmpuint (qcow2->virtual_bytes, ==, 1024);
}

static void
overlays_equal_what_qemu_img_makes (Fixture *f, gconstpointer data)
{
  static const char *const names[] = { "a.qcow2", "b.qcow2", "c.qcow2" };
  g_autofree char *base = make_base (f, "base.raw");
  g_autofree char *reference = path_of (f, "reference.qcow2");

  g_assert_cmpint (qemu_img ("create", "-f", "qcow2", "-b", base, "-F", "raw", reference, "2147483648", NULL),
                   ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = path_of (f, names[i]);

      g_assert_cmpint (create (f, names[i], NV_DISK_QCOW2, SIZE, base, 0), ==, -1);
      assert_same_bytes (path, reference);
      g_assert_cmpint (qemu_img ("check", path, NULL), ==, 0);
    }
}

static void
overlay_takes_the_size_of_its_base (Fixture *f, gconstpointer data)
{
  g_autofree char *base = make_base (f, "base.raw");
  g_autoptr (NvDiskInfo) info = NULL;

  g_assert_cmpint (create (f, "a.qcow2", NV_DISK_QCOW2, 0, base, 0), ==, -1);
  info = info_of (f, "a.qcow2");
  g_assert_cmpuint (info->virtual_bytes, ==, BASE_SIZE);
  g_assert_cmpstr (info->base, ==, base);
}

static void
bad_requests_are_refused_and_leave_nothing (Fixture *f, gconstpointer data)
{
  g_autofree char *base = make_base (f, "base.raw");
  g_autofree char *missing = path_of (f, "missing.raw");
  g_autoptr (GPtrArray) names = NULL;

  g_assert_cmpint (create (f, "a.qcow2", NV_DISK_QCOW2, 0, NULL, 0), ==, NV_ERROR_USAGE);
  g_assert_cmpint (create (f, "a.qcow2", NV_DISK_QCOW2, G_MAXUINT64, NULL, 0), ==, NV_ERROR_USAGE);
  g_assert_cmpint (create (f, "a.qcow2", NV_DISK_QCOW2, BASE_SIZE / 2, base, 0), ==, NV_ERROR_USAGE);
  g_assert_cmpint (create (f, "a.raw", NV_DISK_RAW, SIZE, base, 0), ==, NV_ERROR_USAGE);
  g_assert_cmpint (create (f, "a.qcow2", NV_DISK_QCOW2, SIZE, missing, 0), ==, NV_ERROR_NOT_FOUND);
  g_assert_cmpint (create (f, "a.qcow2", NV_DISK_QCOW2, SIZE, f->dir, 0), ==, NV_ERROR_PARSE);
  g_assert_cmpint (create (f, "base.raw", NV_DISK_QCOW2, SIZE, base, NV_DISK_OVERWRITE), ==, NV_ERROR_USAGE);
  /* More than qcow2 can hold with clusters of 64 KiB. */
  g_assert_cmpint (create (f, "a.qcow2", NV_DISK_QCOW2, G_GUINT64_CONSTANT (1) << 61, NULL, 0), ==,
                   NV_ERROR_FAILED);
  g_assert_cmpint (create (f, "no/such/dir.qcow2", NV_DISK_QCOW2, SIZE, NULL, 0), ==, NV_ERROR_FAILED);
  names = names_in (f->dir);
  g_assert_cmpuint (names->len, ==, 1);
}

static void
full_copy_has_the_content_of_its_base (Fixture *f, gconstpointer data)
{
  g_autofree char *base = make_base (f, "base.raw");

  for (guint i = 0; i < 4; i++)
    {
      NvDiskFormat format = i % 2 ? NV_DISK_RAW : NV_DISK_QCOW2;
      g_autofree char *name = g_strdup_printf ("copy%u.%s", i, nv_disk_format_name (format));
      g_autofree char *path = path_of (f, name);
      g_autoptr (NvDiskInfo) info = NULL;

      /* The third and fourth are copied from the first and second. */
      g_assert_cmpint (create (f, name, format, 2 * BASE_SIZE, base, NV_DISK_FULL_COPY), ==, -1);
      info = info_of (f, name);
      g_assert_null (info->base);
      g_assert_cmpstr (info->format, ==, nv_disk_format_name (format));
      g_assert_cmpuint (info->virtual_bytes, ==, 2 * BASE_SIZE);
      g_assert_cmpuint (info->actual_bytes, <, BASE_SIZE / 2);
      g_assert_cmpint (qemu_img ("compare", base, path, NULL), ==, 0);
    }
}

static void
base_is_told_apart_by_its_inode (Fixture *f, gconstpointer data)
{
  g_autofree char *base = make_base (f, "base.raw");
  g_autofree char *link_path = path_of (f, "link.qcow2");

  g_assert_cmpint (symlink (base, link_path), ==, 0);
  g_assert_cmpint (create (f, "link.qcow2", NV_DISK_QCOW2, SIZE, base, NV_DISK_OVERWRITE), ==,
                   NV_ERROR_USAGE);
}

static void
what_a_guest_wrote_into_its_raw_disk_is_not_believed (Fixture *f, gconstpointer data)
{
  g_autofree char *base = make_base (f, "base.raw");
  g_autofree char *overlay = path_of (f, "overlay.qcow2");
  g_autofree char *raw = path_of (f, "guest.raw");
  g_autofree char *img = path_of (f, "guest.img");
  g_autofree char *plain = path_of (f, "plain.qcow2");
  g_autofree char *cloud = path_of (f, "cloud.img");
  g_autoptr (NvDiskInfo) info = NULL;
  g_autoptr (NvDiskInfo) cloud_info = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (create (f, "overlay.qcow2", NV_DISK_QCOW2, SIZE, base, 0), ==, -1);
  g_assert_cmpint (create (f, "plain.qcow2", NV_DISK_QCOW2, SIZE, NULL, 0), ==, -1);
  g_assert_cmpint (link (overlay, raw), ==, 0);
  g_assert_cmpint (link (overlay, img), ==, 0);
  g_assert_cmpint (link (plain, cloud), ==, 0);
  info = nv_disk_info_read (raw, NULL, NULL);
  g_assert_cmpstr (info->format, ==, "raw");
  g_assert_null (nv_disk_info_read (img, NULL, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_PARSE);
  cloud_info = nv_disk_info_read (cloud, NULL, NULL);
  g_assert_cmpstr (cloud_info->format, ==, "qcow2");
}

static void
disk_in_use_is_not_copied_for_others (Fixture *f, gconstpointer data)
{
  g_autofree char *base = make_base (f, "base.raw");
  g_autofree char *first = path_of (f, "first.raw");
  g_autofree char *second = path_of (f, "second.raw");
  int fd;

  g_assert_cmpint (create (f, "first.raw", NV_DISK_RAW, 0, base, NV_DISK_FULL_COPY), ==, -1);
  g_usleep (20000); /* more than the kernel's tick, in which time stamps go */
  fd = open (first, O_WRONLY | O_CLOEXEC);
  g_assert_cmpint (pwrite (fd, "guest", 5, 4096), ==, 5);
  close (fd);
  g_assert_cmpint (create (f, "second.raw", NV_DISK_RAW, 0, base, NV_DISK_FULL_COPY), ==, -1);
  assert_same_bytes (second, base);
}

static void
existing_disk_is_replaced_only_when_told (Fixture *f, gconstpointer data)
{
  g_autofree char *path = path_of (f, "a.qcow2");
  g_autofree char *content = NULL;
  g_autoptr (NvDiskInfo) info = NULL;
  g_autoptr (GPtrArray) names = NULL;

  g_assert_true (g_file_set_contents (path, "precious", -1, NULL));
  g_assert_cmpint (create (f, "a.qcow2", NV_DISK_QCOW2, SIZE, NULL, 0), ==, NV_ERROR_EXISTS);
  g_assert_true (g_file_get_contents (path, &content, NULL, NULL));
  g_assert_cmpstr (content, ==, "precious");
  g_assert_cmpint (create (f, "a.qcow2", NV_DISK_QCOW2, SIZE, NULL, NV_DISK_OVERWRITE), ==, -1);
  info = info_of (f, "a.qcow2");
  g_assert_cmpuint (info->virtual_bytes, ==, SIZE);
  names = names_in (f->dir);
  g_assert_cmpuint (names->len, ==, 1);
}

static void
dangling_link_is_not_written_through (Fixture *f, gconstpointer data)
{
  g_autofree char *path = path_of (f, "a.raw");
  g_autofree char *target = path_of (f, "target");

  g_assert_cmpint (symlink (target, path), ==, 0);
  g_assert_cmpint (create (f, "a.raw", NV_DISK_RAW, SIZE, NULL, 0), ==, NV_ERROR_EXISTS);
  g_assert_false (g_file_test (target, G_FILE_TEST_EXISTS));
}

static void
odd_names_are_only_names (Fixture *f, gconstpointer data)
{
  g_autofree char *base = make_base (f, ODD_NAME ".raw");
  g_autoptr (NvDiskInfo) info = NULL;

  g_assert_cmpint (create (f, ODD_NAME ".qcow2", NV_DISK_QCOW2, SIZE, base, 0), ==, -1);
  info = info_of (f, ODD_NAME ".qcow2");
  g_assert_cmpstr (info->base, ==, base);
  g_assert_cmpint (create (f, ODD_NAME " copy.qcow2", NV_DISK_QCOW2, SIZE, base, NV_DISK_FULL_COPY), ==, -1);
  g_assert_cmpint (create (f, "-f.qcow2", NV_DISK_QCOW2, SIZE, NULL, 0), ==, -1);
  g_assert_cmpint (create (f, "json:{}.qcow2", NV_DISK_QCOW2, SIZE, NULL, 0), ==, -1);
}

/* A qemu-img that does what @script says, first in PATH. Only in a subprocess. */
static void
replace_qemu_img (const Fixture *f, const char *script)
{
  g_autofree char *program = path_of (f, "qemu-img");
  g_autofree char *search = g_strdup_printf ("%s:%s", f->dir, g_getenv ("PATH"));

  g_assert_true (g_file_set_contents (program, script, -1, NULL));
  g_assert_cmpint (chmod (program, 0700), ==, 0);
  g_setenv ("PATH", search, TRUE);
}

static void
run_create (gpointer item, gpointer data)
{
  g_assert_cmpint (create (data, item, NV_DISK_QCOW2, SIZE, NULL, 0), ==, -1);
  g_free (item);
}

static void
parallel_disks_share_one_run_of_qemu_img (Fixture *f, gconstpointer data)
{
  g_autofree char *real = g_find_program_in_path ("qemu-img");
  g_autofree char *script =
      g_strdup_printf ("#!/bin/sh\necho run >> \"${0%%/*}/log\"\nexec %s \"$@\"\n", real);
  g_autofree char *log = path_of (f, "log");
  g_autofree char *first = path_of (f, "0.qcow2");
  g_autofree char *runs = NULL;
  GThreadPool *pool;

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, SUBPROCESS_US, G_TEST_SUBPROCESS_INHERIT_STDERR);
      g_test_trap_assert_passed ();
      return;
    }
  replace_qemu_img (f, script);
  pool = g_thread_pool_new (run_create, f, MANY_THREADS, TRUE, NULL);
  for (guint i = 0; i < MANY; i++)
    g_thread_pool_push (pool, g_strdup_printf ("%u.qcow2", i), NULL);
  g_thread_pool_free (pool, FALSE, TRUE);
  g_assert_true (g_file_get_contents (log, &runs, NULL, NULL));
  g_assert_cmpstr (runs, ==, "run\n");
  g_assert_cmpint (nv_disk_maker_qemu_img_us (f->maker), >, 0);
  for (guint i = 1; i < MANY; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u.qcow2", i);
      g_autofree char *path = path_of (f, name);

      assert_same_bytes (path, first);
    }
}

static gpointer
cancel_soon (gpointer data)
{
  g_usleep (100000);
  g_cancellable_cancel (data);
  return NULL;
}

static void
cancelling_ends_qemu_img_and_leaves_nothing (Fixture *f, gconstpointer data)
{
  g_autofree char *path = path_of (f, "a.qcow2");
  g_autoptr (NvDisk) disk = nv_disk_new (path, NV_DISK_QCOW2, SIZE, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) names = NULL;
  gint64 since = g_get_monotonic_time ();

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, SUBPROCESS_US, G_TEST_SUBPROCESS_INHERIT_STDERR);
      g_test_trap_assert_passed ();
      return;
    }
  replace_qemu_img (f, "#!/bin/sh\nexec sleep 30\n");
  g_thread_unref (g_thread_new ("cancel", cancel_soon, cancellable));
  g_assert_false (nv_disk_create (f->maker, disk, 0, cancellable, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_CANCELLED);
  g_assert_cmpint (g_get_monotonic_time () - since, <, 10 * G_USEC_PER_SEC);
  names = names_in (f->dir);
  g_assert_cmpuint (names->len, ==, 1); /* the false qemu-img */
}

static void
missing_qemu_img_is_named (Fixture *f, gconstpointer data)
{
  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, SUBPROCESS_US, 0);
      g_test_trap_assert_passed ();
      return;
    }
  g_setenv ("PATH", f->dir, TRUE);
  g_assert_cmpint (create (f, "a.qcow2", NV_DISK_QCOW2, SIZE, NULL, 0), ==, NV_ERROR_UNAVAILABLE);
}

static gboolean
write_setting (const char *path, const char *value)
{
  return g_file_set_contents_full (path, value, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL);
}

/* So that an ordinary user may mount, too: user_namespaces(7). */
static gboolean
enter_user_namespace (void)
{
  g_autofree char *users = g_strdup_printf ("%u %u 1", geteuid (), geteuid ());
  g_autofree char *groups = g_strdup_printf ("%u %u 1", getegid (), getegid ());

  return unshare (CLONE_NEWUSER) == 0 && write_setting ("/proc/self/uid_map", users)
         && write_setting ("/proc/self/setgroups", "deny") && write_setting ("/proc/self/gid_map", groups);
}

/* Mounts a file system of @size on the fixture's directory, seen by this process only. */
static gboolean
mount_small_file_system (const Fixture *f, const char *size)
{
  g_autofree char *options = g_strdup_printf ("size=%s", size);

  return (geteuid () == 0 || enter_user_namespace ()) && unshare (CLONE_NEWNS) == 0
         && mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0
         && mount ("small", f->dir, "tmpfs", 0, options) == 0;
}

static void
assert_tells_full_disk (Fixture *f, NvDiskFormat format, const char *base, const char *needed)
{
  g_autofree char *path = path_of (f, "a");
  g_autoptr (NvDisk) disk = nv_disk_new (path, format, SIZE, base);
  g_autofree char *expected = g_strdup_printf (
      "disk '%s': directory '%s' is full: about %s are needed, 128 KiB are free", path, f->dir, needed);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) names = NULL;

  g_assert_false (nv_disk_create (f->maker, disk, base ? NV_DISK_FULL_COPY : 0, NULL, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_NO_SPACE);
  g_assert_cmpstr (error->message, ==, expected);
  names = names_in (f->dir);
  g_assert_cmpuint (names->len, ==, 0);
}

static void
full_disk_is_told_and_leaves_nothing (Fixture *f, gconstpointer data)
{
  g_autofree char *base_dir = NULL;
  g_autofree char *base = NULL;
  g_autofree char *noise = NULL;

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, SUBPROCESS_US, G_TEST_SUBPROCESS_INHERIT_STDERR);
      if (g_test_trap_has_passed ())
        return;
      g_test_trap_assert_stdout ("*no private mounts*");
      g_test_skip ("this user may not have mounts of its own");
      return;
    }
  base_dir = g_dir_make_tmp ("numavm-base-XXXXXX", NULL);
  base = g_build_filename (base_dir, "base.raw", NULL);
  noise = g_malloc (NV_DISK_DEFAULT_BYTES >> 12);
  memset (noise, 'n', NV_DISK_DEFAULT_BYTES >> 12);
  g_assert_true (g_file_set_contents (base, noise, NV_DISK_DEFAULT_BYTES >> 12, NULL));
  if (!mount_small_file_system (f, "128k"))
    {
      g_print ("no private mounts\n");
      exit (1);
    }
  assert_tells_full_disk (f, NV_DISK_QCOW2, NULL, "256 KiB");
  assert_tells_full_disk (f, NV_DISK_RAW, base, "512 KiB");
  g_assert_cmpint (create (f, "blank.raw", NV_DISK_RAW, SIZE, NULL, 0), ==, -1);
  umount (f->dir);
  g_remove (base);
  g_rmdir (base_dir);
}

static void
list_has_the_images_in_the_order_of_their_names (Fixture *f, gconstpointer data)
{
  static const char *const names[] = { "vm2.qcow2", "vm10.qcow2", "vm1.raw" };
  g_autofree char *text = path_of (f, "README");
  g_autofree char *hidden = path_of (f, ".vm3.qcow2.Xa81cD");
  g_autofree char *directory = path_of (f, "old.qcow2");
  g_autoptr (GPtrArray) infos = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_cmpint (create (f, names[i], i < 2 ? NV_DISK_QCOW2 : NV_DISK_RAW, SIZE, NULL, 0), ==, -1);
  g_assert_true (g_file_set_contents (text, "disks of the group", -1, NULL));
  g_assert_true (g_file_set_contents (hidden, "QFI\xfb", -1, NULL));
  g_assert_cmpint (g_mkdir (directory, 0700), ==, 0);
  infos = nv_disk_list (f->dir, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (infos->len, ==, 3);
  for (guint i = 0; i < infos->len; i++)
    {
      const NvDiskInfo *info = g_ptr_array_index (infos, i);
      g_autofree char *name = g_path_get_basename (info->path);

      g_assert_cmpstr (name, ==, names[(i + 2) % 3]);
    }
}

static void
directory_that_is_not_there_cannot_be_listed (Fixture *f, gconstpointer data)
{
  g_autofree char *path = path_of (f, "none");
  g_autoptr (GError) error = NULL;

  g_assert_null (nv_disk_list (path, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_NOT_FOUND);
}

static void
delete_removes_files_only (Fixture *f, gconstpointer data)
{
  g_autofree char *path = path_of (f, "a.raw");
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (create (f, "a.raw", NV_DISK_RAW, SIZE, NULL, 0), ==, -1);
  g_assert_true (nv_disk_delete (path, &error));
  g_assert_no_error (error);
  g_assert_false (nv_disk_delete (path, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (nv_disk_delete (f->dir, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_USAGE);
}

static void
copied_file_keeps_its_holes (Fixture *f, gconstpointer data)
{
  g_autofree char *base = make_base (f, "base.raw");
  g_autofree char *path = path_of (f, "copy");
  g_autoptr (GError) error = NULL;
  g_autoptr (NvNewFile) file = nv_new_file_create (path, &error);
  int from = open (base, O_RDONLY | O_CLOEXEC);
  struct stat status;

  g_assert_true (nv_file_copy (from, file->fd, NULL, &error));
  g_assert_true (nv_new_file_publish (file, FALSE, &error));
  g_assert_no_error (error);
  assert_same_bytes (path, base);
  g_assert_cmpint (stat (path, &status), ==, 0);
  g_assert_cmpint (status.st_blocks * 512, <, BASE_SIZE / 2);
  close (from);
}

#define TEST(name) g_test_add ("/disk/" #name, Fixture, NULL, set_up, name, tear_down)

int
main (int argc, char **argv)
{
  g_autofree char *program = g_find_program_in_path ("qemu-img");

  g_test_init (&argc, &argv, NULL);
  if (!program)
    {
      g_print ("1..0 # SKIP qemu-img is not installed\n");
      return 0;
    }
  TEST (blank_qcow2_has_the_size_asked_for);
  TEST (blank_raw_takes_no_room);
  TEST (sizes_are_rounded_up_as_qemu_img_does);
  TEST (overlays_equal_what_qemu_img_makes);
  TEST (overlay_takes_the_size_of_its_base);
  TEST (bad_requests_are_refused_and_leave_nothing);
  TEST (full_copy_has_the_content_of_its_base);
  TEST (disk_in_use_is_not_copied_for_others);
  TEST (base_is_told_apart_by_its_inode);
  TEST (what_a_guest_wrote_into_its_raw_disk_is_not_believed);
  TEST (existing_disk_is_replaced_only_when_told);
  TEST (dangling_link_is_not_written_through);
  TEST (odd_names_are_only_names);
  TEST (parallel_disks_share_one_run_of_qemu_img);
  TEST (cancelling_ends_qemu_img_and_leaves_nothing);
  TEST (missing_qemu_img_is_named);
  TEST (full_disk_is_told_and_leaves_nothing);
  TEST (list_has_the_images_in_the_order_of_their_names);
  TEST (directory_that_is_not_there_cannot_be_listed);
  TEST (delete_removes_files_only);
  TEST (copied_file_keeps_its_holes);
  return g_test_run ();
}
