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
  g_autoptr (GPtrArray) infos = fixture->connection->driver->list (fixture->connection, NULL, NULL);

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

/* A disk cannot be made where there is one of somebody else's. */
static void
a_disk_that_exists_takes_all_others_away (void)
{
  Fixture fixture;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL, *content = NULL;

  set_up (&fixture, "");
  path = g_build_filename (fixture.dir, "vm3.raw", NULL);
  g_assert_true (g_file_set_contents (path, "precious", -1, NULL));
  g_assert_false (nv_fleet_up (&fixture.plan, NULL, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_EXISTS);
  g_assert_nonnull (strstr (error->message, "vm3.raw"));
  assert_vms (&fixture, 0, NV_VM_STOPPED);
  g_assert_cmpuint (count_files (&fixture), ==, 1);
  g_assert_true (g_file_get_contents (path, &content, NULL, NULL));
  g_assert_cmpstr (content, ==, "precious");
  tear_down (&fixture);
}

static void
nothing_starts_before_all_are_defined (void)
{
  Fixture fixture;
  g_autoptr (GPtrArray) infos = NULL;

  set_up (&fixture, "define:vm11");
  fixture.plan.flags = NV_FLEET_KEEP;
  g_assert_false (nv_fleet_up (&fixture.plan, NULL, NULL));
  infos = fixture.connection->driver->list (fixture.connection, NULL, NULL);
  g_assert_cmpuint (infos->len, <, N_VMS);
  assert_vms (&fixture, infos->len, NV_VM_STOPPED);
  tear_down (&fixture);
}

static void
keep_leaves_what_was_made (void)
{
  Fixture fixture;
  g_autoptr (GPtrArray) infos = NULL;

  set_up (&fixture, "start:vm5");
  fixture.plan.flags = NV_FLEET_KEEP;
  g_assert_false (nv_fleet_up (&fixture.plan, NULL, NULL));
  infos = fixture.connection->driver->list (fixture.connection, NULL, NULL);
  g_assert_cmpuint (infos->len, ==, N_VMS);
  g_assert_cmpuint (count_files (&fixture), ==, N_VMS);
  tear_down (&fixture);
}

static void
several_failures_are_counted (void)
{
  static const char *const cases[][2] = {
    { "start:vm1,start:vm2,start:vm3", "(and 2 more VMs failed)" },
    { "start:vm1,start:vm2", "(and 1 more VM failed)" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Fixture fixture;
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) infos = NULL;

      set_up (&fixture, cases[i][0]);
      fixture.plan.flags = NV_FLEET_NO_START;
      g_assert_true (nv_fleet_up (&fixture.plan, NULL, NULL));
      infos = fixture.connection->driver->list (fixture.connection, NULL, NULL);
      g_assert_false (nv_fleet_start (fixture.connection, infos, FALSE, NULL, NULL, &error));
      g_assert_nonnull (strstr (error->message, cases[i][1]));
      tear_down (&fixture);
    }
}

static void
after_a_failure_no_other_vm_is_begun_nor_counted (void)
{
  Fixture fixture;
  GString *failures = g_string_new ("define:vm0");
  g_autoptr (GError) error = NULL;

  for (guint i = 1; i < N_VMS; i++)
    g_string_append_printf (failures, ",define:vm%u", i);
  set_up (&fixture, failures->str);
  for (guint i = 0; i < N_VMS; i++)
    g_clear_pointer (&((NvFleetMember *)g_ptr_array_index (fixture.members, i))->vm->disk, nv_disk_free);
  g_assert_false (nv_fleet_up (&fixture.plan, NULL, &error));
  g_assert_null (strstr (error->message, "11 more VMs"));      /* there are 8 threads */
  g_assert_null (strstr (error->message, "taken away again")); /* nothing was made */
  g_string_free (failures, TRUE);
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

typedef struct
{
  NvStage stage;
  guint n_done;
  GCancellable *cancellable;
} Interruption;

static void
interrupt (NvStage stage, guint done, guint total, gpointer data)
{
  const Interruption *interruption = data;

  if (stage == interruption->stage && done == interruption->n_done)
    g_cancellable_cancel (interruption->cancellable);
}

static void
assert_interrupted_leaves_nothing (NvStage stage, guint n_done)
{
  Fixture fixture;
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Interruption interruption = { stage, n_done, cancellable };

  set_up (&fixture, "");
  fixture.plan.cancellable = cancellable;
  fixture.plan.progress = interrupt;
  fixture.plan.progress_data = &interruption;
  g_assert_false (nv_fleet_up (&fixture.plan, NULL, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_CANCELLED);
  assert_vms (&fixture, 0, NV_VM_STOPPED);
  g_assert_cmpuint (count_files (&fixture), ==, 0);
  tear_down (&fixture);
}

static void
cancel_at_the_end (NvStage stage, guint done, guint total, gpointer data)
{
  if (stage == NV_STAGE_MAKE && done == total)
    g_cancellable_cancel (data);
}

static void
a_fleet_cancelled_in_its_last_item_leaves_nothing (void)
{
  Fixture fixture;
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  set_up (&fixture, "");
  fixture.plan.flags = NV_FLEET_NO_START;
  fixture.plan.cancellable = cancellable;
  fixture.plan.progress = cancel_at_the_end;
  fixture.plan.progress_data = cancellable;
  g_assert_false (nv_fleet_up (&fixture.plan, NULL, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_CANCELLED);
  g_assert_nonnull (strstr (error->message, "taken away again"));
  assert_vms (&fixture, 0, NV_VM_STOPPED);
  g_assert_cmpuint (count_files (&fixture), ==, 0);
  tear_down (&fixture);
}

static void
a_fleet_cancelled_at_any_stage_leaves_nothing (void)
{
  static const NvStage stages[] = { NV_STAGE_MAKE, NV_STAGE_START, NV_STAGE_RESUME };

  for (guint i = 0; i < G_N_ELEMENTS (stages); i++)
    {
      assert_interrupted_leaves_nothing (stages[i], 1);
      assert_interrupted_leaves_nothing (stages[i], N_VMS);
    }
}

static void
down_goes_on_past_failures_and_spares_disks_of_others (void)
{
  Fixture fixture;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) infos = NULL;

  set_up (&fixture, "undefine:vm2");
  g_assert_true (nv_fleet_up (&fixture.plan, NULL, NULL));
  infos = fixture.connection->driver->list (fixture.connection, NULL, NULL);
  ((NvVmInfo *)g_ptr_array_index (infos, 7))->vm->disk->created = FALSE;
  g_assert_false (nv_fleet_down (fixture.connection, infos, NULL, NULL, &error));
  g_assert_nonnull (strstr (error->message, "'vm2'"));
  assert_vms (&fixture, 1, NV_VM_STOPPED);
  g_assert_cmpuint (count_files (&fixture), ==, 2);
  tear_down (&fixture);
}

static void
down_leaves_a_remote_host_alone (void)
{
  Fixture fixture;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) infos = NULL;

  set_up (&fixture, "");
  g_assert_true (nv_fleet_up (&fixture.plan, NULL, NULL));
  infos = fixture.connection->driver->list (fixture.connection, NULL, NULL);
  fixture.connection->remote = TRUE;
  g_assert_false (nv_fleet_down (fixture.connection, infos, NULL, NULL, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE);
  assert_vms (&fixture, N_VMS, NV_VM_RUNNING);
  g_assert_cmpuint (count_files (&fixture), ==, N_VMS);
  tear_down (&fixture);
}

static void
down_takes_away_what_was_started_or_removed_meanwhile (void)
{
  Fixture fixture;
  const NvDriver *driver;
  g_autoptr (GPtrArray) infos = NULL;

  set_up (&fixture, "");
  driver = fixture.connection->driver;
  fixture.plan.flags = NV_FLEET_NO_START;
  g_assert_true (nv_fleet_up (&fixture.plan, NULL, NULL));
  infos = driver->list (fixture.connection, NULL, NULL);
  g_assert_true (driver->start_paused (fixture.connection, "vm3", NULL));
  g_assert_true (driver->undefine (fixture.connection, "vm4", NULL));
  g_assert_true (nv_fleet_down (fixture.connection, infos, NULL, NULL, NULL));
  assert_vms (&fixture, 0, NV_VM_STOPPED);
  g_assert_cmpuint (count_files (&fixture), ==, 0);
  tear_down (&fixture);
}

static void
guests_that_do_not_power_off_are_named_after_one_common_wait (void)
{
  Fixture fixture;
  gint64 since;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) infos = NULL;

  set_up (
      &fixture,
      "sleep:vm0,sleep:vm2,sleep:vm4,sleep:vm5,sleep:vm6,sleep:vm7,sleep:vm8,sleep:vm9,sleep:vm10,stop:vm1");
  g_assert_true (nv_fleet_up (&fixture.plan, NULL, NULL));
  infos = fixture.connection->driver->list (fixture.connection, NULL, NULL);
  since = g_get_monotonic_time ();
  g_assert_false (nv_fleet_stop (fixture.connection, infos, 1, NULL, NULL, &error));
  g_assert_cmpint (g_get_monotonic_time () - since, >=, G_USEC_PER_SEC);
  g_assert_nonnull (strstr (error->message, "cannot stop 'vm1'"));
  g_assert_nonnull (strstr (error->message, "cannot stop 'vm0', 'vm2', 'vm4'"));
  g_assert_null (strstr (error->message, "'vm3'"));
  tear_down (&fixture);
}

static NvVm *
find_vm (GPtrArray *infos, const char *name)
{
  for (guint i = 0; i < infos->len; i++)
    {
      NvVm *vm = ((const NvVmInfo *)g_ptr_array_index (infos, i))->vm;

      if (strcmp (vm->name, name) == 0)
        return vm;
    }
  g_assert_not_reached ();
}

static void
a_kernel_with_a_system_on_its_disk_is_asked_and_the_default_guest_is_not (void)
{
  Fixture fixture;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) infos = NULL;

  set_up (&fixture, "sleep:vm0,sleep:vm1");
  g_assert_true (nv_fleet_up (&fixture.plan, NULL, NULL));
  infos = fixture.connection->driver->list (fixture.connection, NULL, NULL);
  find_vm (infos, "vm0")->kernel = g_strdup ("/kernel");
  find_vm (infos, "vm1")->kernel = g_strdup ("/kernel");
  find_vm (infos, "vm1")->disk->base = g_strdup ("/system");
  g_assert_false (nv_fleet_stop (fixture.connection, infos, 1, NULL, NULL, &error));
  g_assert_nonnull (strstr (error->message, "cannot stop 'vm1'"));
  g_assert_null (strstr (error->message, "'vm0'"));
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
  stopped = fixture.connection->driver->list (fixture.connection, NULL, NULL);
  g_assert_true (nv_fleet_start (fixture.connection, stopped, FALSE, NULL, NULL, NULL));
  assert_vms (&fixture, N_VMS, NV_VM_RUNNING);
  running = fixture.connection->driver->list (fixture.connection, NULL, NULL);
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
  ADD (a_disk_that_exists_takes_all_others_away);
  ADD (nothing_starts_before_all_are_defined);
  ADD (keep_leaves_what_was_made);
  ADD (several_failures_are_counted);
  ADD (what_cannot_be_taken_away_is_named);
  ADD (after_a_failure_no_other_vm_is_begun_nor_counted);
  ADD (a_fleet_cancelled_at_any_stage_leaves_nothing);
  ADD (a_fleet_cancelled_in_its_last_item_leaves_nothing);
  ADD (down_goes_on_past_failures_and_spares_disks_of_others);
  ADD (down_leaves_a_remote_host_alone);
  ADD (down_takes_away_what_was_started_or_removed_meanwhile);
  ADD (guests_that_do_not_power_off_are_named_after_one_common_wait);
  ADD (a_kernel_with_a_system_on_its_disk_is_asked_and_the_default_guest_is_not);
  ADD (stopped_vms_start_and_stop_again);
  return g_test_run ();
}
