/* The QEMU driver on real QEMU, under TCG. With --as-user it first becomes an ordinary user. */

#include "base/error.h"
#include "base/size.h"
#include "host/topology.h"
#include "vm/driver.h"
#include "vm/process.h"
#include "vm/state.h"

#include <glib/gstdio.h>
#include <glob.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BOOT_SECONDS  120
#define N_FLEET       6
#define MEMORY_BYTES  (128 * NV_MIB)
#define ODD_NAME      "a,b=\"c\" é"
#define FIRST_MESSAGE "Linux version"

extern const NvDriver nv_driver_qemu;

static const NvDriver *const driver = &nv_driver_qemu;
static NvConnection *connection;
static char *kernel;

static char *
find_kernel (void)
{
  glob_t found;
  char *path = NULL;

  if (glob ("/boot/vmlinuz-*", 0, NULL, &found) == 0)
    {
      path = g_strdup (found.gl_pathv[found.gl_pathc - 1]);
      globfree (&found);
    }
  if (path && access (path, R_OK) != 0)
    g_clear_pointer (&path, g_free);
  return path;
}

static NvVm *
make_vm (const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *logs = nv_state_consoles_dir (&error);
  NvVm *vm = nv_vm_new ();

  g_assert_no_error (error);
  vm->name = g_strdup (name);
  vm->uuid = g_uuid_string_random ();
  vm->vcpus = 2;
  vm->memory_bytes = MEMORY_BYTES;
  vm->kernel = g_strdup (kernel);
  vm->command_line = g_strdup ("console=ttyS0 panic=0");
  vm->console_log = g_strdup_printf ("%s/%s.log", logs, vm->uuid);
  vm->placement = nv_placement_new ("test");
  nv_placement_add_region (vm->placement, MEMORY_BYTES, NV_MEMORY_DEFAULT, NULL);
  return vm;
}

static void
define (const NvVm *vm)
{
  g_autoptr (GError) error = NULL;

  driver->define (connection, vm, NULL, NULL, &error);
  g_assert_no_error (error);
}

static void
start (const char *name)
{
  g_autoptr (GError) error = NULL;

  driver->start_paused (connection, name, &error);
  g_assert_no_error (error);
}

static void
stop (const char *name)
{
  g_autoptr (GError) error = NULL;

  driver->stop (connection, name, TRUE, &error);
  g_assert_no_error (error);
}

static void
undefine (const char *name)
{
  g_autoptr (GError) error = NULL;

  driver->undefine (connection, name, &error);
  g_assert_no_error (error);
}

static int
pid_of (const char *name)
{
  g_autoptr (GError) error = NULL;
  int pid = -1;

  driver->process (connection, name, &pid, NULL, &error);
  g_assert_no_error (error);
  return pid;
}

/* By name, with a colon: "a:paused b:stopped". */
static void
assert_listed (const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) infos = driver->list (connection, NULL, &error);
  g_autoptr (GString) listed = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < infos->len; i++)
    {
      const NvVmInfo *info = g_ptr_array_index (infos, i);

      g_string_append_printf (listed, "%s%s:%s", i > 0 ? " " : "", info->vm->name,
                              nv_vm_state_name (info->state));
    }
  g_assert_cmpstr (listed->str, ==, expected);
}

static void
assert_empty (char *taken_dir)
{
  g_autofree char *dir = taken_dir;
  g_autoptr (GDir) entries = g_dir_open (dir, 0, NULL);

  g_assert_nonnull (entries);
  g_assert_cmpstr (g_dir_read_name (entries), ==, NULL);
}

static void
assert_nothing_left (void)
{
  assert_listed ("");
  assert_empty (nv_state_qemu_dir (NULL));
  assert_empty (nv_state_runtime_dir (NULL));
  assert_empty (nv_state_consoles_dir (NULL));
}

static NvSet *
cpus_of (int thread)
{
  NvSet *cpus = nv_set_new ();
  cpu_set_t mask;

  g_assert_cmpint (sched_getaffinity (thread, sizeof mask, &mask), ==, 0);
  for (guint cpu = 0; cpu < CPU_SETSIZE; cpu++)
    if (CPU_ISSET (cpu, &mask))
      nv_set_add (cpus, cpu);
  return cpus;
}

static void
assert_runs_on (int thread, const NvSet *expected)
{
  g_autoptr (NvSet) cpus = cpus_of (thread);

  g_assert_true (nv_set_equal (cpus, expected));
}

/* One mapping bound to @node holds all of the guest's memory, in pages that are there. */
static void
assert_memory_is_bound (int pid, guint node)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/numa_maps", pid);
  g_autofree char *policy = g_strdup_printf (" bind:%u ", node);
  g_autofree char *pages = g_strdup_printf (" N%u=%" G_GUINT64_FORMAT " ", node, MEMORY_BYTES / 4096);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint found = 0;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line; line++)
    if (strstr (*line, policy) && strstr (*line, pages))
      found++;
  g_assert_cmpuint (found, ==, 1);
}

static void
assert_console_prints (int fd, const char *expected)
{
  gint64 deadline_us = g_get_monotonic_time () + BOOT_SECONDS * G_USEC_PER_SEC;
  g_autoptr (GString) printed = g_string_new (NULL);

  while (!strstr (printed->str, expected) && g_get_monotonic_time () < deadline_us)
    {
      struct pollfd wanted = { .fd = fd, .events = POLLIN };
      char block[4096];
      ssize_t got;

      if (poll (&wanted, 1, 1000) <= 0)
        continue;
      got = read (fd, block, sizeof block);
      g_assert_cmpint (got, >, 0);
      g_string_append_len (printed, block, got);
    }
  g_assert_nonnull (strstr (printed->str, expected));
}

static void
assert_log_holds (const char *path, const char *expected)
{
  gint64 deadline_us = g_get_monotonic_time () + BOOT_SECONDS * G_USEC_PER_SEC;
  gboolean found = FALSE;

  while (!found && g_get_monotonic_time () < deadline_us)
    {
      g_autofree char *log = NULL;

      found = g_file_get_contents (path, &log, NULL, NULL) && strstr (log, expected);
      if (!found)
        g_usleep (100000);
    }
  g_assert_true (found);
}

/* A raw disk whose name needs every kind of escape. */
static NvDisk *
make_disk (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *dir = nv_state_disks_dir (&error);
  g_autofree char *path = g_build_filename (dir, ODD_NAME ".raw", NULL);
  g_autofree char *zeros = g_malloc0 (NV_MIB);

  g_assert_no_error (error);
  g_file_set_contents (path, zeros, NV_MIB, &error);
  g_assert_no_error (error);
  return nv_disk_new (path, NV_DISK_RAW, NV_MIB, NULL);
}

static void
run_and_read_console (const NvVm *vm)
{
  g_autoptr (GError) error = NULL;
  int console = driver->open_console (connection, vm->name, &error);

  g_assert_no_error (error);
  driver->resume (connection, vm->name, &error);
  g_assert_no_error (error);
  assert_console_prints (console, FIRST_MESSAGE);
  close (console);
}

/* Memory on the first node, QEMU on the first CPU, vCPUs on the others if there are any. Returns: the node.
 */
static guint
place (NvVm *vm)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvDriverHost) host = driver->host (connection, &error);
  g_autoptr (NvSet) nodes = NULL;
  NvSet *vcpu_cpus = cpus_of (0);
  guint first = (guint)nv_set_next (vcpu_cpus, -1);
  NvRegion *region = g_ptr_array_index (vm->placement->regions, 0);
  guint node;

  g_assert_no_error (error);
  nodes = nv_host_usable_nodes (host->host);
  node = (guint)nv_set_next (nodes, -1);
  region->mode = NV_MEMORY_STRICT;
  region->nodes = nv_set_new ();
  nv_set_add (region->nodes, node);
  region->preallocate = TRUE;
  vm->placement->emulator_cpus = nv_set_new ();
  nv_set_add (vm->placement->emulator_cpus, first);
  if (nv_set_count (vcpu_cpus) > 1)
    nv_set_remove (vcpu_cpus, first);
  vm->placement->vcpu_cpus = vcpu_cpus;
  return node;
}

static void
vm_starts_paused_where_placed_then_boots_and_leaves_nothing (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvVm) vm = make_vm (ODD_NAME);
  g_autoptr (GArray) threads = NULL;
  guint node = place (vm);
  int pid;

  vm->disk = make_disk ();
  define (vm);
  assert_listed (ODD_NAME ":stopped");
  start (vm->name);
  assert_listed (ODD_NAME ":paused");
  driver->process (connection, vm->name, &pid, &threads, &error);
  g_assert_no_error (error);
  assert_runs_on (pid, vm->placement->emulator_cpus);
  g_assert_cmpuint (threads->len, ==, vm->vcpus);
  for (guint i = 0; i < threads->len; i++)
    assert_runs_on (g_array_index (threads, int, i), vm->placement->vcpu_cpus);
  assert_memory_is_bound (pid, node);
  run_and_read_console (vm);
  assert_listed (ODD_NAME ":running");
  stop (vm->name);
  g_assert_false (nv_qemu_process_is (pid, vm->uuid));
  assert_listed (ODD_NAME ":stopped");
  undefine (vm->name);
  assert_nothing_left ();
  g_assert_cmpint (g_unlink (vm->disk->path), ==, 0);
}

static void
free_vcpus_do_not_stay_on_the_emulators_cpus (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvSet) allowed = cpus_of (0);
  g_autoptr (NvVm) vm = make_vm ("vm0");
  g_autoptr (GArray) threads = NULL;
  int pid;

  vm->placement->emulator_cpus = nv_set_new ();
  nv_set_add (vm->placement->emulator_cpus, (guint)nv_set_next (allowed, -1));
  define (vm);
  start ("vm0");
  driver->process (connection, "vm0", &pid, &threads, &error);
  g_assert_no_error (error);
  assert_runs_on (pid, vm->placement->emulator_cpus);
  assert_runs_on (g_array_index (threads, int, 0), allowed);
  stop ("vm0");
  undefine ("vm0");
  assert_nothing_left ();
}

static gpointer
start_and_resume (gpointer name)
{
  g_autoptr (GError) error = NULL;

  start (name);
  driver->resume (connection, name, &error);
  g_assert_no_error (error);
  return NULL;
}

static void
several_vms_start_at_the_same_time (void)
{
  g_autoptr (GPtrArray) vms = g_ptr_array_new_with_free_func ((GDestroyNotify)nv_vm_free);
  GThread *threads[N_FLEET];

  for (guint i = 0; i < N_FLEET; i++)
    {
      g_autofree char *name = g_strdup_printf ("vm%u", i);
      NvVm *vm = make_vm (name);

      g_ptr_array_add (vms, vm);
      define (vm);
      threads[i] = g_thread_new ("start", start_and_resume, vm->name);
    }
  for (guint i = 0; i < N_FLEET; i++)
    g_thread_join (threads[i]);
  assert_listed ("vm0:running vm1:running vm2:running vm3:running vm4:running vm5:running");
  /* Nobody has looked at the console; its log is kept all the same. */
  assert_log_holds (((const NvVm *)g_ptr_array_index (vms, 0))->console_log, FIRST_MESSAGE);
  for (guint i = 0; i < N_FLEET; i++)
    {
      const NvVm *vm = g_ptr_array_index (vms, i);

      stop (vm->name);
      undefine (vm->name);
    }
  assert_nothing_left ();
}

static void
running_vm_is_neither_started_again_nor_removed (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvVm) vm = make_vm ("vm0");
  g_autoptr (NvVm) twin = make_vm ("vm0");
  int pid;

  define (vm);
  start ("vm0");
  pid = pid_of ("vm0");
  g_assert_false (driver->start_paused (connection, "vm0", &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_false (driver->undefine (connection, "vm0", &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_FAILED);
  g_clear_error (&error);
  g_assert_false (driver->define (connection, twin, NULL, NULL, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_EXISTS);
  g_assert_cmpint (pid_of ("vm0"), ==, pid);
  stop ("vm0");
  undefine ("vm0");
  assert_nothing_left ();
}

static void
qemus_own_reason_reaches_the_caller (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvVm) vm = make_vm ("vm0");

  g_free (vm->kernel);
  vm->kernel = g_strdup ("/nonexistent/kernel");
  define (vm);
  g_assert_false (driver->start_paused (connection, "vm0", &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "'vm0'"));
  g_assert_nonnull (strstr (error->message, "'/nonexistent/kernel'"));
  assert_listed ("vm0:stopped");
  undefine ("vm0");
  assert_nothing_left ();
}

static void
killed_vm_is_stopped_and_starts_again (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvVm) vm = make_vm ("vm0");
  int pid;

  define (vm);
  start ("vm0");
  pid = pid_of ("vm0");
  kill (pid, SIGKILL);
  while (nv_qemu_process_is (pid, vm->uuid))
    g_usleep (1000);
  assert_listed ("vm0:stopped");
  g_assert_false (driver->resume (connection, "vm0", &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE);
  start ("vm0");
  assert_listed ("vm0:paused");
  stop ("vm0");
  undefine ("vm0");
  assert_nothing_left ();
}

static void
pid_file_that_names_another_process_is_not_trusted (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvVm) vm = make_vm ("vm0");
  g_autofree char *pid_file = nv_state_socket_path (vm->uuid, "pid", NULL);
  g_autofree char *own_pid = g_strdup_printf ("%d\n", (int)getpid ());

  define (vm);
  g_file_set_contents (pid_file, own_pid, -1, &error);
  g_assert_no_error (error);
  assert_listed ("vm0:stopped");
  stop ("vm0"); /* or this test would not get further */
  undefine ("vm0");
  assert_nothing_left ();
}

static void
hung_vm_is_ended_by_force (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvVm) vm = make_vm ("vm0");
  NvVmEnd end;
  gint64 since_us;

  define (vm);
  start ("vm0");
  kill (pid_of ("vm0"), SIGSTOP);
  g_assert_false (driver->resume (connection, "vm0", &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "'vm0': no answer within"));
  since_us = g_get_monotonic_time ();
  g_assert_true (driver->end (connection, "vm0", &end, NULL));
  g_assert_cmpint (end, ==, NV_VM_END_NONE);
  g_assert_cmpint (g_get_monotonic_time () - since_us, <, 3 * G_USEC_PER_SEC); /* a console waits */
  stop ("vm0");
  undefine ("vm0");
  assert_nothing_left ();
}

static void
damaged_record_does_not_hide_the_others (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvVm) vm = make_vm ("vm0");
  g_autofree char *dir = nv_state_qemu_dir (NULL);
  g_autofree char *damaged = g_build_filename (dir, "damaged.xml", NULL);

  define (vm);
  g_file_set_contents (damaged, "<vm", -1, &error);
  g_assert_no_error (error);
  assert_listed ("vm0:stopped");
  g_assert_cmpint (g_unlink (damaged), ==, 0);
  undefine ("vm0");
  assert_nothing_left ();
}

static void
assert_check_refuses (const NvVm *vm, const char *template_xml, const char *network, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (driver->check (connection, vm, template_xml, network, &error));
  g_assert_error (error, NV_ERROR, code);
}

static void
what_needs_libvirt_is_refused (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvVm) vm = make_vm ("vm0");
  g_autoptr (NvVm) restrictive = make_vm ("vm1");

  ((NvRegion *)g_ptr_array_index (restrictive->placement->regions, 0))->mode = NV_MEMORY_RESTRICTIVE;
  g_assert_true (driver->check (connection, vm, NULL, "user", &error));
  assert_check_refuses (vm, "<domain/>", NULL, NV_ERROR_USAGE);
  assert_check_refuses (vm, NULL, "default", NV_ERROR_USAGE);
  assert_check_refuses (restrictive, NULL, NULL, NV_ERROR_UNAVAILABLE);
  g_assert_null (driver->open ("qemu:///system", &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_USAGE);
  g_assert_false (driver->undefine (connection, "vm0", NULL));
}

static void
machine_types_limit_the_vcpus (void)
{
  g_assert_cmpuint (driver->max_vcpus (connection, NULL), >=, 255);
  g_assert_cmpuint (driver->max_vcpus (connection, NULL), ==, driver->max_vcpus (connection, "pc"));
  g_assert_cmpuint (driver->max_vcpus (connection, "isapc"), ==, 1);
  g_assert_cmpuint (driver->max_vcpus (connection, "no-such-machine"), ==, 0);
}

static void
network_and_guest_cells_are_accepted_by_qemu (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvVm) vm = make_vm ("vm0");

  nv_placement_add_region (vm->placement, 64 * NV_MIB, NV_MEMORY_DEFAULT, NULL);
  vm->memory_bytes += 64 * NV_MIB;
  driver->define (connection, vm, NULL, "user", &error);
  g_assert_no_error (error);
  start ("vm0");
  stop ("vm0");
  undefine ("vm0");
  assert_nothing_left ();
}

/* As TAP says that a whole file of tests is skipped. */
static int
skip (const char *reason)
{
  printf ("1..0 # SKIP %s\n", reason);
  return 0;
}

/* NULL, or why not. */
static const char *
become_user (void)
{
  const struct passwd *user = getpwnam ("nobody");

  if (geteuid () != 0)
    return "an ordinary user runs all tests already";
  if (!user)
    return "no user 'nobody'";
  if (setgroups (0, NULL) != 0 || setgid (user->pw_gid) != 0 || setuid (user->pw_uid) != 0)
    return "cannot become another user";
  return NULL;
}

static void
remove_state (const char *dir)
{
  static const char *const parts[] = { "qemu", "run", "consoles", "disks", "" };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_autofree char *part = g_build_filename (dir, parts[i], NULL);

      g_assert_cmpint (g_rmdir (part), ==, 0);
    }
}

static void
add_tests (void)
{
#define ADD(test) g_test_add_func ("/qemu-driver/" #test, test)
  ADD (what_needs_libvirt_is_refused);
  ADD (machine_types_limit_the_vcpus);
  ADD (vm_starts_paused_where_placed_then_boots_and_leaves_nothing);
  ADD (free_vcpus_do_not_stay_on_the_emulators_cpus);
  ADD (several_vms_start_at_the_same_time);
  ADD (running_vm_is_neither_started_again_nor_removed);
  ADD (qemus_own_reason_reaches_the_caller);
  ADD (killed_vm_is_stopped_and_starts_again);
  ADD (pid_file_that_names_another_process_is_not_trusted);
  ADD (hung_vm_is_ended_by_force);
  ADD (damaged_record_does_not_hide_the_others);
  ADD (network_and_guest_cells_are_accepted_by_qemu);
#undef ADD
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *missing = NULL;
  g_autofree char *state = NULL;
  const char *refusal = argc > 1 && strcmp (argv[1], "--as-user") == 0 ? become_user () : NULL;
  int status;

  if (refusal)
    return skip (refusal);
  missing = driver->unavailable ();
  if (missing)
    return skip (missing);
  kernel = find_kernel ();
  if (!kernel)
    return skip ("no kernel in /boot that this user may read");
  g_test_init (&argc, &argv, NULL);
  state = g_dir_make_tmp ("numavm-XXXXXX", &error);
  g_assert_no_error (error);
  g_setenv ("NUMAVM_STATE_DIR", state, TRUE);
  connection = driver->open (NULL, &error);
  g_assert_no_error (error);
  add_tests ();
  status = g_test_run ();
  nv_connection_close (connection);
  remove_state (state);
  g_free (kernel);
  return status;
}
