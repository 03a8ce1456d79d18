#include "golden.h"

#include "base/error.h"
#include "base/size.h"
#include "vm/qemu-argv.h"

#include <string.h>

/* Golden files hold one argument a line. */
static void
assert_argv (const char *name, const NvVm *vm, const char *network)
{
  static const NvQemuPaths paths = {
    .emulator = "/usr/bin/qemu-system-x86_64",
    .qmp_socket = "/run/numavm/vm.qmp",
    .console_socket = "/run/numavm/vm.console",
    .channel_socket = "/run/numavm/vm.channel",
    .pid_file = "/run/numavm/vm.pid",
  };
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) argv = nv_qemu_argv_render (vm, &paths, network, &error);
  g_autofree char *file = g_strdup_printf ("argv/%s.args", name);
  g_autofree char *lines = NULL, *text = NULL;

  g_assert_no_error (error);
  lines = g_strjoinv ("\n", argv);
  text = g_strconcat (lines, "\n", NULL);
  assert_golden (file, text);
}

/* @nodes: (nullable) */
static NvVm *
make_vm (NvMemoryMode mode, const char *nodes)
{
  g_autoptr (NvSet) set = nodes ? nv_set_parse (nodes, NULL) : NULL;
  NvVm *vm = nv_vm_new ();

  vm->name = g_strdup ("vm0");
  vm->uuid = g_strdup ("2f1c9e55-4f0e-4a6a-9d0c-0c8f5f1d2a10");
  vm->vcpus = 2;
  vm->memory_bytes = 2 * NV_GIB;
  vm->placement = nv_placement_new ("test");
  nv_placement_add_region (vm->placement, vm->memory_bytes, mode, set);
  return vm;
}

static NvRegion *
region_of (NvVm *vm, guint index)
{
  return g_ptr_array_index (vm->placement->regions, index);
}

static void
default_mode_names_no_node (void)
{
  g_autoptr (NvVm) vm = make_vm (NV_MEMORY_DEFAULT, NULL);

  assert_argv ("default", vm, NULL);
}

static void
strict_becomes_bind (void)
{
  g_autoptr (NvVm) vm = make_vm (NV_MEMORY_STRICT, "3");

  region_of (vm, 0)->preallocate = TRUE;
  assert_argv ("strict", vm, "none");
}

static void
interleave_lists_sparse_nodes (void)
{
  g_autoptr (NvVm) vm = make_vm (NV_MEMORY_INTERLEAVE, "0-1,8");

  assert_argv ("interleave", vm, NULL);
}

static void
preferred_stays_preferred_and_kvm_is_asked_for (void)
{
  g_autoptr (NvVm) vm = make_vm (NV_MEMORY_PREFERRED, "1");

  vm->accel = NV_ACCEL_KVM;
  assert_argv ("preferred-kvm", vm, NULL);
}

static void
huge_pages_come_from_a_memfd_preallocated (void)
{
  g_autoptr (NvVm) vm = make_vm (NV_MEMORY_STRICT, "0");

  region_of (vm, 0)->page_size_bytes = NV_GIB;
  assert_argv ("huge-pages", vm, NULL);
}

static void
each_region_is_a_cell_with_its_vcpus (void)
{
  g_autoptr (NvVm) vm = make_vm (NV_MEMORY_STRICT, "0");
  g_autoptr (NvSet) second = nv_set_parse ("1", NULL);
  g_autoptr (NvSet) third = nv_set_parse ("2", NULL);

  nv_placement_add_region (vm->placement, NV_GIB, NV_MEMORY_STRICT, second);
  nv_placement_add_region (vm->placement, NV_GIB, NV_MEMORY_STRICT, third);
  vm->memory_bytes = 4 * NV_GIB;
  assert_argv ("cells", vm, NULL);
}

static void
disk_kernel_and_network_are_rendered (void)
{
  g_autoptr (NvVm) vm = make_vm (NV_MEMORY_DEFAULT, NULL);

  vm->disk = nv_disk_new ("/var/lib/numavm/disks/vm0.qcow2", NV_DISK_QCOW2, 2 * NV_GIB, NULL);
  vm->kernel = g_strdup ("/var/lib/numavm/guest/kernel");
  vm->initrd = g_strdup ("/var/lib/numavm/guest/initrd");
  vm->command_line = g_strdup ("console=ttyS0 quiet");
  vm->console_log = g_strdup ("/var/lib/numavm/consoles/vm0.log");
  assert_argv ("devices", vm, "user");
}

static void
an_installers_medium_boots_first_and_its_end_can_be_asked_for (void)
{
  g_autoptr (NvVm) vm = make_vm (NV_MEMORY_DEFAULT, NULL);

  vm->disk = nv_disk_new ("/var/lib/numavm/disks/vm0.qcow2", NV_DISK_QCOW2, 2 * NV_GIB, NULL);
  vm->cdrom = g_strdup ("/isos/a,b=\"c\".iso");
  assert_argv ("cdrom", vm, "none");
}

static void
names_and_paths_are_escaped_for_where_they_stand (void)
{
  g_autoptr (NvVm) vm = make_vm (NV_MEMORY_DEFAULT, NULL);

  g_free (vm->name);
  vm->name = g_strdup ("a,b=\"c\" <d> & 'é' -S");
  vm->disk = nv_disk_new ("/disks/a,b=\"c\" \\ é.raw", NV_DISK_RAW, NV_GIB, NULL);
  vm->console_log = g_strdup ("/logs/a,server=off.log");
  assert_argv ("escapes", vm, NULL);
}

static void
assert_refused (const NvVm *vm, const char *reason)
{
  static const NvQemuPaths paths = { "qemu", "qmp", "console", "pid" };
  g_autoptr (GError) error = NULL;

  g_assert_null (nv_qemu_argv_render (vm, &paths, NULL, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE);
  g_assert_nonnull (strstr (error->message, reason));
}

static void
what_qemu_cannot_express_is_refused (void)
{
  g_autoptr (NvVm) restrictive = make_vm (NV_MEMORY_RESTRICTIVE, "0");
  g_autoptr (NvVm) no_node = make_vm (NV_MEMORY_STRICT, NULL);
  g_autoptr (NvVm) no_region = make_vm (NV_MEMORY_DEFAULT, NULL);

  assert_refused (restrictive, "'restrictive'");
  assert_refused (no_node, "without a node");
  g_ptr_array_set_size (no_region->placement->regions, 0);
  assert_refused (no_region, "holds 0 bytes");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/qemu-argv/default_mode_names_no_node", default_mode_names_no_node);
  g_test_add_func ("/qemu-argv/strict_becomes_bind", strict_becomes_bind);
  g_test_add_func ("/qemu-argv/interleave_lists_sparse_nodes", interleave_lists_sparse_nodes);
  g_test_add_func ("/qemu-argv/preferred_stays_preferred_and_kvm_is_asked_for",
                   preferred_stays_preferred_and_kvm_is_asked_for);
  g_test_add_func ("/qemu-argv/huge_pages_come_from_a_memfd_preallocated",
                   huge_pages_come_from_a_memfd_preallocated);
  g_test_add_func ("/qemu-argv/each_region_is_a_cell_with_its_vcpus", each_region_is_a_cell_with_its_vcpus);
  g_test_add_func ("/qemu-argv/disk_kernel_and_network_are_rendered", disk_kernel_and_network_are_rendered);
  g_test_add_func ("/qemu-argv/an_installers_medium_boots_first_and_its_end_can_be_asked_for",
                   an_installers_medium_boots_first_and_its_end_can_be_asked_for);
  g_test_add_func ("/qemu-argv/names_and_paths_are_escaped_for_where_they_stand",
                   names_and_paths_are_escaped_for_where_they_stand);
  g_test_add_func ("/qemu-argv/what_qemu_cannot_express_is_refused", what_qemu_cannot_express_is_refused);
  return g_test_run ();
}
