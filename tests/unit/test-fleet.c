#include "base/error.h"
#include "base/size.h"
#include "vm/fleet.h"

#include <glib/gstdio.h>
#include <string.h>

#define N_VMS 12

typedef struct
{
  NvConnection *connection;
  char *dir;
  GPtrArray *members;
  NvFleetPlan plan;
} Fixture;

static void
free_member (gpointer data)
{
  nv_fleet_member_free (data);
}

static NvFleetMember *
make_member (const char *dir, guint index)
{
  g_autoptr (NvSet) nodes = nv_set_parse ("1", NULL);
  g_autofree char *path = g_strdup_printf ("%s/vm%u.raw", dir, index);
  NvFleetMember *member = g_new0 (NvFleetMember, 1);
  NvVm *vm = nv_vm_new ();
  NvRegion *region;

  vm->name = g_strdup_printf ("vm%u", index);
  vm->uuid = g_uuid_string_random ();
  vm->vcpus = 1;
  vm->memory_bytes = 64 * NV_MIB;
  vm->placement = nv_placement_new ("test");
  region = nv_placement_add_region (vm->placement, vm->memory_bytes, NV_MEMORY_STRICT, nodes);
  nv_region_add_share (region, 1, vm->memory_bytes);
  vm->disk = nv_disk_new (path, NV_DISK_RAW, NV_MIB, NULL);
  vm->disk->created = TRUE;
  member->vm = vm;
  return member;
}

/* @failures: what the fake driver shall fail at */
static void
set_up (Fixture *fixture, const char *failures)
{
  g_autofree char *uri = g_strdup_printf ("node:4 core:2 pu:1#%s", failures);

  fixture->connection = nv_driver_find ("fake")->open (uri, NULL);
  fixture->dir = g_dir_make_tmp ("numavm-fleet-XXXXXX", NULL);
  fixture->members = g_ptr_array_new_with_free_func (free_member);
  for (guint i = 0; i < N_VMS; i++)
    g_ptr_array_add (fixture->members, make_member (fixture->dir, i));
  fixture->plan = (NvFleetPlan){ .connection = fixture->connection, .members = fixture->members };
}

static void
tear_down (Fixture *fixture)
{
  g_autoptr (GDir) dir = g_dir_open (fixture->dir, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)))
    {
      g_autofree char *path = g_build_filename (fixture->dir, name, NULL);

      g_unlink (path);
    }
  g_assert_cmpint (g_rmdir (fixture->dir), ==, 0);
  g_free (fixture->dir);
  g_ptr_array_unref (fixture->members);
  nv_connection_close (fixture->connection);
}

static guint
count_files (const Fixture *fixture)
{
  g_autoptr (GDir) dir = g_dir_open (fixture->dir, 0, NULL);
  guint n_files = 0;

  while (g_dir_read_name (dir))
    n_files++;
  return n_files;
}

static void
assert_vms (const Fixture *fixture, guint n_vms, NvVmState state)
{
  g_autoptr (GPtrArray) infos = fixture->connection->driver->list (fixture->connection, NULL);

  g_assert_cmpuint (infos->len, ==, n_vms);
  for (guint i = 0; i < infos->len; i++)
    g_assert_cmpint (((const NvVmInfo *)g_ptr_array_index (infos, i))->state, ==, state);
}

static void
all_run_when_nothing_fails (void)
{
  Fixture fixture;
  NvFleetTimes times;
  g_autoptr (GError) error = NULL;

  set_up (&fixture, "");
  g_assert_true (nv_fleet_up (&fixture.plan, &times, &error));
  g_assert_no_error (error);
  assert_vms (&fixture, N_VMS, NV_VM_RUNNING);
  g_assert_cmpuint (count_files (&fixture), ==, N_VMS);
  g_assert_cmpint (times.stage_us[NV_STAGE_MAKE], >, 0);
  g_assert_cmpint (times.disk_us, >, 0);
  tear_down (&fixture);
}

static void
paused_and_unstarted_fleets_stay_so (void)
{
  Fixture fixture;

  set_up (&fixture, "");
  fixture.plan.flags = NV_FLEET_PAUSED;
  g_assert_true (nv_fleet_up (&fixture.plan, NULL, NULL));
  assert_vms (&fixture, N_VMS, NV_VM_PAUSED);
  tear_down (&fixture);
  set_up (&fixture, "");
  fixture.plan.flags = NV_FLEET_NO_START;
  g_assert_true (nv_fleet_up (&fixture.plan, NULL, NULL));
  assert_vms (&fixture, N_VMS, NV_VM_STOPPED);
  tear_down (&fixture);
}

static void
a_failure_at_any_stage_takes_all_away (void)
{
  static const char *const failures[] = { "define:vm3", "start:vm11", "resume:vm0" };

  for (guint i = 0; i < G_N_ELEMENTS (failures); i++)
    {
      Fixture fixture;
      g_autoptr (GError) error = NULL;

      set_up (&fixture, failures[i]);
      g_assert_false (nv_fleet_up (&fixture.plan, NULL, &error));
      g_assert_error (error, NV_ERROR, NV_ERROR_FAILED);
      g_assert_nonnull (strstr (error->message, strchr (failures[i], ':') + 1));
      assert_vms (&fixture, 0, NV_VM_STOPPED);
      g_assert_cmpuint (count_files (&fixture), ==, 0);
      tear_down (&fixture);
    }
}

static void
nothing_starts_before_all_are_defined (void)
{
  Fixture fixture;

  set_up (&fixture, "define:vm11");
  fixture.plan.flags = NV_FLEET_KEEP;
  g_assert_false (nv_fleet_up (&fixture.plan, NULL, NULL));
  assert_vms (&fixture, N_VMS - 1, NV_VM_STOPPED);
  tear_down (&fixture);
}

static void
keep_leaves_what_was_made (void)
{
  Fixture fixture;

  set_up (&fixture, "start:vm5");
  fixture.plan.flags = NV_FLEET_KEEP;
  g_assert_false (nv_fleet_up (&fixture.plan, NULL, NULL));
  g_assert_cmpuint (count_files (&fixture), ==, N_VMS);
  tear_down (&fixture);
}

static void
several_failures_are_counted (void)
{
  Fixture fixture;
  g_autoptr (GError) error = NULL;

  set_up (&fixture, "start:vm1,start:vm2,start:vm3");
  g_assert_false (nv_fleet_up (&fixture.plan, NULL, &error));
  g_assert_nonnull (strstr (error->message, "2 more VMs failed"));
  tear_down (&fixture);
}

static void
what_cannot_be_taken_away_is_named (void)
{
  Fixture fixture;
  g_autoptr (GError) error = NULL;

  set_up (&fixture, "start:vm1,undefine:vm4");
  g_assert_false (nv_fleet_up (&fixture.plan, NULL, &error));
  g_assert_nonnull (strstr (error->message, "'vm4'"));
  g_assert_nonnull (strstr (error->message, "'vm1'"));
  assert_vms (&fixture, 1, NV_VM_STOPPED);
  g_assert_cmpuint (count_files (&fixture), ==, 1); /* the disk of a VM that is still there stays */
  tear_down (&fixture);
}

static void
cancel_in_start (NvStage stage, guint done, guint total, gpointer data)
{
  if (stage == NV_STAGE_START && done == 1)
    g_cancellable_cancel (data);
}

static void
a_cancelled_fleet_leaves_nothing (void)
{
  Fixture fixture;
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  set_up (&fixture, "");
  fixture.plan.cancellable = cancellable;
  fixture.plan.progress = cancel_in_start;
  fixture.plan.progress_data = cancellable;
  g_assert_false (nv_fleet_up (&fixture.plan, NULL, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_CANCELLED);
  assert_vms (&fixture, 0, NV_VM_STOPPED);
  g_assert_cmpuint (count_files (&fixture), ==, 0);
  tear_down (&fixture);
}

static void
down_goes_on_past_failures_and_spares_disks_of_others (void)
{
  Fixture fixture;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) infos = NULL;

  set_up (&fixture, "undefine:vm2");
  g_assert_true (nv_fleet_up (&fixture.plan, NULL, NULL));
  infos = fixture.connection->driver->list (fixture.connection, NULL);
  ((NvVmInfo *)g_ptr_array_index (infos, 7))->vm->disk->created = FALSE;
  g_assert_false (nv_fleet_down (fixture.connection, infos, NULL, NULL, &error));
  g_assert_nonnull (strstr (error->message, "'vm2'"));
  assert_vms (&fixture, 1, NV_VM_STOPPED);
  g_assert_cmpuint (count_files (&fixture), ==, 2);
  tear_down (&fixture);
}

static void
stopped_vms_start_and_stop_again (void)
{
  Fixture fixture;
  g_autoptr (GPtrArray) stopped = NULL, running = NULL;

  set_up (&fixture, "");
  fixture.plan.flags = NV_FLEET_NO_START;
  g_assert_true (nv_fleet_up (&fixture.plan, NULL, NULL));
  stopped = fixture.connection->driver->list (fixture.connection, NULL);
  g_assert_true (nv_fleet_start (fixture.connection, stopped, FALSE, NULL, NULL, NULL));
  assert_vms (&fixture, N_VMS, NV_VM_RUNNING);
  running = fixture.connection->driver->list (fixture.connection, NULL);
  g_assert_true (nv_fleet_stop (fixture.connection, running, 0, NULL, NULL, NULL));
  assert_vms (&fixture, N_VMS, NV_VM_STOPPED);
  tear_down (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(test) g_test_add_func ("/fleet/" #test, test)
  ADD (all_run_when_nothing_fails);
  ADD (paused_and_unstarted_fleets_stay_so);
  ADD (a_failure_at_any_stage_takes_all_away);
  ADD (nothing_starts_before_all_are_defined);
  ADD (keep_leaves_what_was_made);
  ADD (several_failures_are_counted);
  ADD (what_cannot_be_taken_away_is_named);
  ADD (a_cancelled_fleet_leaves_nothing);
  ADD (down_goes_on_past_failures_and_spares_disks_of_others);
  ADD (stopped_vms_start_and_stop_again);
  return g_test_run ();
}
