#include "base/error.h"
#include "base/size.h"
#include "vm/qemu/record.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

enum
{
  N_THREADS = 8,
};

static NvVm *
make_vm (const char *name)
{
  NvVm *vm = nv_vm_new ();

  vm->name = g_strdup (name);
  vm->uuid = g_uuid_string_random ();
  vm->vcpus = 3;
  vm->memory_bytes = NV_GIB;
  vm->console_log = g_strdup ("/log");
  vm->placement = nv_placement_new ("none");
  nv_placement_add_region (vm->placement, NV_GIB, NV_MEMORY_DEFAULT, NULL);
  return vm;
}

static char *
make_dir (void)
{
  g_autoptr (GError) error = NULL;
  char *dir = g_dir_make_tmp ("numavm-XXXXXX", &error);

  g_assert_no_error (error);
  return dir;
}

/* Fails if anything but records is left in it. */
static void
remove_dir (const char *dir)
{
  g_auto (GStrv) names = nv_qemu_record_names (dir, NULL);

  for (char **name = names; *name; name++)
    {
      g_autofree char *path = g_strdup_printf ("%s/%s.xml", dir, *name);

      g_assert_cmpint (g_unlink (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (dir), ==, 0);
}

static void
vm_and_network_come_back (void)
{
  g_autofree char *dir = make_dir ();
  g_autoptr (NvVm) vm = make_vm ("a \"b\" <c> & 'd', é");
  g_autoptr (NvVm) plain = make_vm (".xml");
  g_autoptr (NvQemuRecord) record = NULL;
  g_autoptr (NvQemuRecord) plain_record = NULL;
  g_autoptr (GError) error = NULL;

  nv_qemu_record_create (dir, vm, "user", &error);
  g_assert_no_error (error);
  nv_qemu_record_create (dir, plain, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (nv_qemu_record_exists (dir, vm->name));
  record = nv_qemu_record_open (dir, vm->name, NV_QEMU_RECORD_READ, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (record->vm->name, ==, vm->name);
  g_assert_cmpstr (record->vm->uuid, ==, vm->uuid);
  g_assert_cmpuint (record->vm->vcpus, ==, 3);
  g_assert_cmpstr (record->network, ==, "user");
  plain_record = nv_qemu_record_open (dir, ".xml", NV_QEMU_RECORD_READ, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (plain_record->network, ==, "none");
  remove_dir (dir);
}

typedef struct
{
  const char *dir;
  guint n_made;
  guint n_refused;
} Race;

static gpointer
create_one (gpointer data)
{
  Race *race = data;
  g_autoptr (NvVm) vm = make_vm ("vm0");
  g_autoptr (GError) error = NULL;

  if (nv_qemu_record_create (race->dir, vm, NULL, &error))
    g_atomic_int_inc (&race->n_made);
  else if (g_error_matches (error, NV_ERROR, NV_ERROR_EXISTS))
    g_atomic_int_inc (&race->n_refused);
  return NULL;
}

static void
name_is_given_once_among_threads (void)
{
  g_autofree char *dir = make_dir ();
  Race race = { .dir = dir };
  GThread *threads[N_THREADS];

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("define", create_one, &race);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (race.n_made, ==, 1);
  g_assert_cmpuint (race.n_refused, ==, N_THREADS - 1);
  remove_dir (dir);
}

typedef struct
{
  const char *dir;
  int code;
} Waiter;

static gpointer
open_locked (gpointer data)
{
  Waiter *waiter = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (NvQemuRecord) record = nv_qemu_record_open (waiter->dir, "vm0", NV_QEMU_RECORD_LOCK, &error);

  waiter->code = record ? -1 : error->code;
  return NULL;
}

/* Does a thread of this process wait for a lock? proc(5): such a line has an arrow. */
static gboolean
somebody_waits (void)
{
  g_autofree char *waiting = g_strdup_printf (": -> FLOCK  ADVISORY  WRITE %d ", (int)getpid ());
  g_autofree char *locks = NULL;

  g_assert_true (g_file_get_contents ("/proc/locks", &locks, NULL, NULL));
  return strstr (locks, waiting) != NULL;
}

static void
who_waited_for_a_removed_record_does_not_find_it (void)
{
  g_autofree char *dir = make_dir ();
  g_autoptr (NvVm) vm = make_vm ("vm0");
  g_autoptr (GError) error = NULL;
  Waiter waiter = { .dir = dir };
  NvQemuRecord *record;
  GThread *thread;

  nv_qemu_record_create (dir, vm, NULL, &error);
  g_assert_no_error (error);
  record = nv_qemu_record_open (dir, "vm0", NV_QEMU_RECORD_LOCK, &error);
  g_assert_no_error (error);
  thread = g_thread_new ("waiter", open_locked, &waiter);
  while (!somebody_waits ())
    g_usleep (1000);
  nv_qemu_record_remove (record, &error);
  g_assert_no_error (error);
  nv_qemu_record_close (record);
  g_thread_join (thread);
  g_assert_cmpint (waiter.code, ==, NV_ERROR_NOT_FOUND);
  remove_dir (dir);
}

static void
locked_record_is_busy (void)
{
  g_autofree char *dir = make_dir ();
  g_autoptr (NvVm) vm = make_vm ("vm0");
  g_autoptr (GError) error = NULL;
  g_autoptr (NvQemuRecord) reader = NULL;
  NvQemuRecord *locker;

  nv_qemu_record_create (dir, vm, NULL, &error);
  g_assert_no_error (error);
  reader = nv_qemu_record_open (dir, "vm0", NV_QEMU_RECORD_READ, &error);
  g_assert_no_error (error);
  g_assert_false (nv_qemu_record_is_busy (reader));
  locker = nv_qemu_record_open (dir, "vm0", NV_QEMU_RECORD_LOCK, &error);
  g_assert_no_error (error);
  g_assert_true (nv_qemu_record_is_busy (reader));
  nv_qemu_record_close (locker);
  g_assert_false (nv_qemu_record_is_busy (reader));
  remove_dir (dir);
}

static void
assert_unreadable (const char *dir, const char *name, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (nv_qemu_record_open (dir, name, NV_QEMU_RECORD_READ, &error));
  g_assert_error (error, NV_ERROR, code);
  g_assert_nonnull (strstr (error->message, name));
}

static void
damaged_or_renamed_record_is_an_error (void)
{
  g_autofree char *dir = make_dir ();
  g_autofree char *damaged = g_build_filename (dir, "damaged.xml", NULL);
  g_autofree char *original = g_build_filename (dir, "vm0.xml", NULL);
  g_autofree char *renamed = g_build_filename (dir, "vm1.xml", NULL);
  g_autoptr (NvVm) vm = make_vm ("vm0");
  g_autoptr (GError) error = NULL;

  g_file_set_contents (damaged, "<vm", -1, &error);
  g_assert_no_error (error);
  nv_qemu_record_create (dir, vm, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_rename (original, renamed), ==, 0);
  assert_unreadable (dir, "damaged", NV_ERROR_PARSE);
  assert_unreadable (dir, "vm1", NV_ERROR_PARSE);
  assert_unreadable (dir, "vm0", NV_ERROR_NOT_FOUND);
  remove_dir (dir);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/qemu-record/vm_and_network_come_back", vm_and_network_come_back);
  g_test_add_func ("/qemu-record/name_is_given_once_among_threads", name_is_given_once_among_threads);
  g_test_add_func ("/qemu-record/who_waited_for_a_removed_record_does_not_find_it",
                   who_waited_for_a_removed_record_does_not_find_it);
  g_test_add_func ("/qemu-record/locked_record_is_busy", locked_record_is_busy);
  g_test_add_func ("/qemu-record/damaged_or_renamed_record_is_an_error",
                   damaged_or_renamed_record_is_an_error);
  return g_test_run ();
}
