#include "tree.h"

#include "base/error.h"
#include "image/build.h"
#include "image/contents.h"
#include "image/directory.h"
#include "image/guest-service.h"
#include "image/modules.h"
#include "image/static-elf.h"

#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <string.h>
#include <sys/stat.h>

#define MODULES "lib/modules/1/"

typedef struct
{
  char *dir;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->dir = g_dir_make_tmp ("numavm-image-XXXXXX", NULL);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  tree_remove (f->dir);
}

/* --- modules --- */

/* Returns: (transfer full): the names in the order of loading; or the error's message. */
static char *
collect (const Fixture *f, const char *names, GPtrArray *missing)
{
  g_auto (GStrv) wanted = g_strsplit (names, " ", -1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) modules =
      nv_modules_collect (f->dir, "1", (const char *const *)wanted, missing, &error);
  GString *text;

  if (!modules)
    return g_strdup (error->message + (g_str_has_prefix (error->message, f->dir) ? strlen (f->dir) : 0));
  text = g_string_new (NULL);
  for (guint i = 0; i < modules->len; i++)
    {
      const NvModule *module = g_ptr_array_index (modules, i);

      g_string_append_printf (text, "%s%s=%.*s", i > 0 ? " " : "", module->name,
                              (int)g_bytes_get_size (module->content),
                              (const char *)g_bytes_get_data (module->content, NULL));
    }
  return g_string_free (text, FALSE);
}

static void
assert_collects (const Fixture *f, const char *names, const char *expected)
{
  g_autofree char *found = collect (f, names, NULL);

  g_assert_cmpstr (found, ==, expected);
}

static void
add_modules (const Fixture *f)
{
  tree_write (f->dir, MODULES "modules.dep",
              "kernel/virtio_pci.ko: kernel/virtio_ring.ko kernel/virtio.ko\n"
              "kernel/virtio.ko: kernel/virtio_ring.ko\n"
              "kernel/virtio_ring.ko:\n"
              "kernel/deep/virtio-console.ko: kernel/virtio.ko kernel/virtio_ring.ko\n"
              "kernel/unread.ko: kernel/virtio.ko\n");
  tree_write (f->dir, MODULES "modules.builtin", "kernel/drivers/acpi/button.ko\n");
  tree_write (f->dir, MODULES "kernel/virtio_pci.ko", "P");
  tree_write (f->dir, MODULES "kernel/virtio.ko", "V");
  tree_write (f->dir, MODULES "kernel/virtio_ring.ko", "R");
  tree_write (f->dir, MODULES "kernel/deep/virtio-console.ko", "C");
}

static void
modules_come_behind_those_that_they_need (Fixture *f, gconstpointer data)
{
  add_modules (f);
  assert_collects (f, "virtio_pci virtio_console",
                   "virtio_ring.ko=R virtio.ko=V virtio_pci.ko=P virtio-console.ko=C");
}

static void
minus_and_underscore_are_the_same_in_a_module_s_name (Fixture *f, gconstpointer data)
{
  add_modules (f);
  assert_collects (f, "virtio-pci", "virtio_ring.ko=R virtio.ko=V virtio_pci.ko=P");
  assert_collects (f, "virtio_console", "virtio_ring.ko=R virtio.ko=V virtio-console.ko=C");
}

static void
built_in_modules_are_not_needed_and_others_are_missing (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) missing = g_ptr_array_new ();
  const char *const names[] = { "button", "evdev", NULL };
  g_autoptr (GPtrArray) modules = NULL;

  add_modules (f);
  modules = nv_modules_collect (f->dir, "1", names, missing, NULL);
  g_assert_cmpuint (modules->len, ==, 0);
  g_assert_cmpuint (missing->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (missing, 0), ==, "evdev");
}

static void
kernel_without_modules_has_none (Fixture *f, gconstpointer data)
{
  assert_collects (f, "button", "");
}

static void
damaged_dependencies_are_named_by_their_line (Fixture *f, gconstpointer data)
{
  const char *remedy = "`depmod` writes it anew";
  g_autofree char *line =
      g_strdup_printf ("/" MODULES "modules.dep:2: `MODULE.ko: MODULE.ko...` is expected; %s", remedy);
  g_autofree char *absent = g_strdup_printf (
      "/" MODULES "modules.dep:1: 'a.ko' needs 'b.ko', which has no line of its own; %s", remedy);

  tree_write (f->dir, MODULES "a.ko", "A");
  tree_write (f->dir, MODULES "modules.dep", "a.ko:\nb.ko\n");
  assert_collects (f, "a", line);
  tree_write (f->dir, MODULES "modules.dep", "a.ko:\n: a.ko\n");
  assert_collects (f, "a", line);
  tree_write (f->dir, MODULES "modules.dep", "a.ko:\n\xff.ko:\n");
  assert_collects (f, "a", line);
  tree_write (f->dir, MODULES "modules.dep", "a.ko: b.ko\n");
  assert_collects (f, "a", absent);
}

static void
modules_that_need_each_other_are_an_error (Fixture *f, gconstpointer data)
{
  tree_write (f->dir, MODULES "a.ko", "A");
  tree_write (f->dir, MODULES "b.ko", "B");
  tree_write (f->dir, MODULES "modules.dep", "a.ko: b.ko\nb.ko: a.ko\n");
  assert_collects (f, "a",
                   "/" MODULES
                   "modules.dep:2: 'b.ko' needs 'a.ko', which needs it in turn; `depmod` writes it anew");
  tree_write (f->dir, MODULES "modules.dep", "a.ko: a.ko\n");
  assert_collects (f, "a",
                   "/" MODULES
                   "modules.dep:1: 'a.ko' needs 'a.ko', which needs it in turn; `depmod` writes it anew");
}

static void
module_that_is_listed_and_not_there_is_named (Fixture *f, gconstpointer data)
{
  g_autofree char *message = NULL;

  add_modules (f);
  message = collect (f, "unread", NULL);
  g_assert_nonnull (strstr (message, "cannot read module"));
  g_assert_nonnull (strstr (message, "unread.ko"));
}

/* Writes @text to a file as a compressed module. */
static void
write_compressed (const Fixture *f, const char *name, int (*add_filter) (struct archive *), const char *text)
{
  g_autofree char *path = g_build_filename (f->dir, MODULES, name, NULL);
  struct archive *archive = archive_write_new ();
  struct archive_entry *entry = archive_entry_new ();

  tree_write (f->dir, MODULES "made", "");
  archive_write_set_format_raw (archive);
  g_assert_cmpint (add_filter (archive), ==, ARCHIVE_OK);
  g_assert_cmpint (archive_write_open_filename (archive, path), ==, ARCHIVE_OK);
  archive_entry_set_filetype (entry, AE_IFREG);
  g_assert_cmpint (archive_write_header (archive, entry), ==, ARCHIVE_OK);
  g_assert_cmpint (archive_write_data (archive, text, strlen (text)), ==, (la_ssize_t)strlen (text));
  archive_entry_free (entry);
  g_assert_cmpint (archive_write_free (archive), ==, ARCHIVE_OK);
}

static void
compressed_modules_are_unpacked (Fixture *f, gconstpointer data)
{
  write_compressed (f, "g.ko.gz", archive_write_add_filter_gzip, "gzip");
  write_compressed (f, "x.ko.xz", archive_write_add_filter_xz, "xz");
  write_compressed (f, "z.ko.zst", archive_write_add_filter_zstd, "zstd");
  tree_write (f->dir, MODULES "modules.dep", "z.ko.zst: x.ko.xz\nx.ko.xz: g.ko.gz\ng.ko.gz:\n");
  assert_collects (f, "z", "g.ko=gzip x.ko=xz z.ko=zstd");
}

/* --- programs --- */

/* An ELF program with one segment of @type. */
static GBytes *
make_program (guint32 segment_type)
{
  struct
  {
    Elf64_Ehdr header;
    Elf64_Phdr segment;
  } program = {
    .header = {
      .e_type = ET_DYN,
      .e_entry = 0x1000,
      .e_phoff = sizeof (Elf64_Ehdr),
      .e_phentsize = sizeof (Elf64_Phdr),
      .e_phnum = 1,
    },
    .segment = { .p_type = segment_type },
  };

#if defined __aarch64__
  program.header.e_machine = EM_AARCH64;
#else
  program.header.e_machine = EM_X86_64;
#endif
  memcpy (program.header.e_ident, ELFMAG, SELFMAG);
  program.header.e_ident[EI_CLASS] = ELFCLASS64;
  return g_bytes_new (&program, sizeof program);
}

static void
assert_refused (GBytes *content, const char *reason)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (nv_elf_check_static ("x", content, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, reason));
}

static void
only_static_programs_are_taken (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) good = make_program (PT_LOAD);
  g_autoptr (GBytes) dynamic = make_program (PT_INTERP);
  g_autoptr (GBytes) script = g_bytes_new_static ("#!/bin/sh\n", 10);
  g_autoptr (GBytes) empty = g_bytes_new_static ("", 0);
  g_autoptr (GError) error = NULL;

  g_assert_true (nv_elf_check_static ("x", good, &error));
  g_assert_no_error (error);
  assert_refused (dynamic, "gcc -static");
  assert_refused (script, "is no ELF program");
  assert_refused (empty, "is no ELF program");
}

/* What a hostile or damaged header says must not lead outside the file. */
static void
damaged_programs_are_refused (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) good = make_program (PT_LOAD);
  gsize length;
  const guint8 *bytes = g_bytes_get_data (good, &length);

  for (gsize n = 0; n < length; n++)
    {
      g_autoptr (GBytes) part = g_bytes_new (bytes, n);

      assert_refused (part, n < sizeof (Elf64_Ehdr) ? "is no ELF program" : "is damaged");
    }
  for (guint64 offset = 1; offset != 0; offset <<= 1)
    {
      g_autofree Elf64_Ehdr *header = g_memdup2 (bytes, length);
      g_autoptr (GBytes) wrong = NULL;

      header->e_phoff += offset;
      wrong = g_bytes_new (header, length);
      assert_refused (wrong, "is damaged");
    }
}

/* --- the image --- */

static GArray *
collect_contents (const Fixture *f)
{
  g_autoptr (GError) error = NULL;
  GArray *entries = nv_contents_collect ("kernel", NULL, &error);

  g_assert_no_error (error);
  return entries;
}

/* Adds a program of this test's own. */
static void
add (const Fixture *f, GArray *entries, const char *path, const char *problem)
{
  g_autoptr (GBytes) program = make_program (PT_LOAD);
  g_autofree char *file = g_build_filename (f->dir, "program", NULL);
  g_autofree char *what = *path ? g_strdup_printf ("%s:%s", file, path) : g_strdup (file);
  g_autoptr (GError) error = NULL;

  g_assert_true (
      g_file_set_contents (file, g_bytes_get_data (program, NULL), (gssize)g_bytes_get_size (program), NULL));
  g_assert_cmpint (nv_contents_add_program (entries, what, &error), ==, problem == NULL);
  if (problem)
    {
      g_assert_error (error, NV_ERROR, NV_ERROR_USAGE);
      g_assert_nonnull (strstr (error->message, problem));
    }
}

static void
programs_are_added_with_their_directories (Fixture *f, gconstpointer data)
{
  g_autoptr (GArray) entries = collect_contents (f);
  guint n = entries->len;

  add (f, entries, "", NULL);
  add (f, entries, "/opt/own/tool", NULL);
  add (f, entries, "/bin/other", NULL);
  g_assert_cmpuint (entries->len, ==, n + 6);
  for (guint i = 0; i < 6; i++)
    g_assert_cmpstr (
        g_array_index (entries, NvInitramfsEntry, n + i).path, ==,
        ((const char *const[]){ "bin", "bin/program", "opt", "opt/own", "opt/own/tool", "bin/other" })[i]);
}

static void
paths_that_lead_astray_or_are_taken_are_refused (Fixture *f, gconstpointer data)
{
  static const char *const astray[] = { "bin/x",  "/../x",  "/bin/../x", "/bin//x", "/bin/x/",
                                        "/dev/x", "/sys/x", "/proc/x",   "/./x",    "/" };
  g_autoptr (GArray) entries = collect_contents (f);

  for (guint i = 0; i < G_N_ELEMENTS (astray); i++)
    add (f, entries, astray[i], "an absolute one");
  add (f, entries, "/init", "it is in the image already");
  add (f, entries, "/modules", "it is in the image already");
  add (f, entries, "/init/x", "'/init' is a file");
  add (f, entries, "/bin/x", NULL);
  add (f, entries, "/bin/x", "it is in the image already");
}

/* Returns: (transfer full). */
static char *
sum_of (const char *dir, const char *name)
{
  g_autofree char *path = g_build_filename (dir, name, NULL);
  g_autofree char *text = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (path, &text, &length, NULL));
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *)text, length);
}

static void
the_same_inputs_give_the_same_image (Fixture *f, gconstpointer data)
{
  static const char *const names[] = { NV_IMAGE_KERNEL, NV_IMAGE_INITRAMFS, NV_IMAGE_MANIFEST };
  g_autofree char *kernel = g_build_filename (f->dir, "vmlinuz-1", NULL);
  const NvImageOptions options = { .kernel = kernel };
  char *dirs[2];

  tree_write (f->dir, "vmlinuz-1", "kernel");
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *name = g_strdup_printf ("image%u", i);
      g_autoptr (GError) error = NULL;

      dirs[i] = g_build_filename (f->dir, name, NULL);
      json_decref (nv_image_build (&options, dirs[i], &error));
      g_assert_no_error (error);
      g_usleep (1100000); /* more than the second of a time stamp */
    }
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *first = sum_of (dirs[0], names[i]);
      g_autofree char *second = sum_of (dirs[1], names[i]);

      g_assert_cmpstr (first, ==, second);
    }
  g_free (dirs[0]);
  g_free (dirs[1]);
}

static void
what_is_there_is_never_replaced (Fixture *f, gconstpointer data)
{
  g_autofree char *kernel = g_build_filename (f->dir, "vmlinuz-1", NULL);
  g_autofree char *dir = g_build_filename (f->dir, "image", NULL);
  g_autofree char *file = g_build_filename (dir, "mine", NULL);
  const NvImageOptions options = { .kernel = kernel };
  g_autoptr (GDir) parent = NULL;
  g_autoptr (GError) error = NULL;
  guint n = 0;

  tree_write (f->dir, "vmlinuz-1", "kernel");
  tree_write (f->dir, "image/mine", "mine");
  g_assert_null (nv_image_build (&options, dir, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_EXISTS);
  g_assert_true (g_file_test (file, G_FILE_TEST_IS_REGULAR));
  parent = g_dir_open (f->dir, 0, NULL);
  while (g_dir_read_name (parent))
    n++;
  g_assert_cmpuint (n, ==, 2); /* nothing half made */
}

/* --- the guest's service --- */

static void
the_guest_s_service_is_a_program_and_its_unit (Fixture *f, gconstpointer data)
{
  g_autofree char *dir = g_build_filename (f->dir, "service", NULL);
  g_autofree char *below_nothing = g_build_filename (f->dir, "none", "service", NULL);
  g_autofree char *program = g_build_filename (dir, NV_GUEST_SERVICE_PROGRAM, NULL);
  g_autofree char *unit = g_build_filename (dir, NV_GUEST_SERVICE_UNIT, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GMappedFile) file = NULL;
  g_autoptr (GBytes) content = NULL;
  g_autofree char *text = NULL;

  g_assert_true (nv_guest_service_write (dir, &error));
  g_assert_no_error (error);
  g_assert_true (g_file_test (program, G_FILE_TEST_IS_EXECUTABLE));
  file = g_mapped_file_new (program, FALSE, &error);
  g_assert_no_error (error);
  content = g_mapped_file_get_bytes (file);
  g_assert_true (nv_elf_check_static (program, content, &error));
  g_assert_true (g_file_get_contents (unit, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, "ExecStart=/usr/lib/numavm/guest\n"));
  g_assert_false (nv_guest_service_write (dir, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_EXISTS);
  g_clear_error (&error);
  g_assert_false (nv_guest_service_write (below_nothing, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_FAILED);
}

#define TEST(name) g_test_add ("/image/" #name, Fixture, NULL, set_up, name, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  TEST (modules_come_behind_those_that_they_need);
  TEST (minus_and_underscore_are_the_same_in_a_module_s_name);
  TEST (built_in_modules_are_not_needed_and_others_are_missing);
  TEST (kernel_without_modules_has_none);
  TEST (damaged_dependencies_are_named_by_their_line);
  TEST (modules_that_need_each_other_are_an_error);
  TEST (module_that_is_listed_and_not_there_is_named);
  TEST (compressed_modules_are_unpacked);
  TEST (only_static_programs_are_taken);
  TEST (damaged_programs_are_refused);
  TEST (programs_are_added_with_their_directories);
  TEST (paths_that_lead_astray_or_are_taken_are_refused);
  TEST (the_same_inputs_give_the_same_image);
  TEST (what_is_there_is_never_replaced);
  TEST (the_guest_s_service_is_a_program_and_its_unit);
  return g_test_run ();
}
