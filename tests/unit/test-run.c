/* Runs whose guests are threads (src/vm/fake/guest.c). */

#include "base/error.h"
#include "base/size.h"
#include "experiment/run.h"
#include "experiment/session.h"
#include "store/export.h"
#include "vm/lock.h"

#include <glib/gstdio.h>
#include <string.h>

#define TRANSPORT                                                                                                  \
  ",\"transport\":{\"host\":\"h\",\"port\":1,\"user\":\"u\",\"folder\":\"/f\",\"key\":\"k\",\"host_key\":\"t k\"," \
  "\"name\":\"n\"}"

typedef struct
{
  NvConnection *connection;
  char *dir, *path;
  NvStore *store;
  NvQuickPlan *plan;
  GCancellable *cancellable;
  const char *habit;       /* of the second VM's guest */
  const char *first_habit; /* of the first one's */
  const char *cancel_when; /* (nullable): a stage */
  const char *results;     /* (nullable) */
  gboolean hold;
  NvRunResult result;
  guint n_locks; /* that were taken */
} Fixture;

static void
free_member (gpointer data)
{
  nv_fleet_member_free (data);
}

static GPtrArray *
make_members (const NvPolicy *policy, guint64 seed, gpointer data, GError **error)
{
  const Fixture *fixture = data;
  GPtrArray *members = g_ptr_array_new_with_free_func (free_member);

  for (guint i = 0; i < fixture->plan->n_vms; i++)
    {
      NvFleetMember *member = g_new0 (NvFleetMember, 1);
      NvVm *vm = nv_vm_new ();
      NvRegion *region;

      vm->name = g_strdup_printf ("vm%u%s", i, i == 1 ? fixture->habit : fixture->first_habit);
      vm->uuid = g_uuid_string_random ();
      vm->index = i;
      vm->vcpus = 1;
      vm->memory_bytes = 64 * NV_MIB;
      vm->placement = nv_placement_new (policy->name);
      vm->console_log = g_build_filename (fixture->dir, "console", NULL);
      region = nv_placement_add_region (vm->placement, vm->memory_bytes, NV_MEMORY_DEFAULT, NULL);
      nv_region_add_share (region, 0, vm->memory_bytes);
      member->vm = vm;
      g_ptr_array_add (members, member);
    }
  return members;
}

static struct NvLock *
take_lock (gpointer data, GError **error)
{
  ((Fixture *)data)->n_locks++;
  return nv_lock_take ("fake:", NULL, NULL, error);
}

static void
on_progress (const NvRunProgress *progress, gpointer data)
{
  const Fixture *fixture = data;

  if (g_strcmp0 (progress->stage, fixture->cancel_when) == 0)
    g_cancellable_cancel (fixture->cancellable);
}

static void
set_up (Fixture *fixture, const char *habit)
{
  g_autofree char *console = NULL;

  *fixture = (Fixture){ .habit = habit, .first_habit = "" };
  fixture->connection = nv_driver_find ("fake")->open ("node:2 core:2 pu:1", NULL);
  fixture->dir = g_dir_make_tmp ("numavm-run-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->dir, "run.db", NULL);
  fixture->store = nv_store_open (fixture->path, NV_STORE_CREATE, NULL);
  fixture->plan = nv_quick_plan_parse (
      "policies=interleave,random vms=2 kernels=triad,chase iterations=5 boot-timeout=60s", NULL);
  fixture->cancellable = g_cancellable_new ();
  console = g_build_filename (fixture->dir, "console", NULL);
  g_assert_true (g_file_set_contents (console, "[    0.1] booted\r\nlast \033[31mwords\r\n", -1, NULL));
  g_assert_nonnull (fixture->store);
}

static void
tear_down (Fixture *fixture)
{
  g_autoptr (GPtrArray) infos = fixture->connection->driver->list (fixture->connection, NULL, NULL);
  g_autofree char *console = g_build_filename (fixture->dir, "console", NULL);

  g_assert_cmpuint (infos->len, ==, fixture->hold ? fixture->plan->n_vms : 0);
  nv_run_result_clear (&fixture->result);
  nv_store_close (fixture->store);
  nv_quick_plan_free (fixture->plan);
  g_object_unref (fixture->cancellable);
  nv_connection_close (fixture->connection);
  g_unlink (fixture->path);
  g_unlink (console);
  g_assert_cmpint (g_rmdir (fixture->dir), ==, 0);
  g_free (fixture->path);
  g_free (fixture->dir);
}

static gboolean
run (Fixture *fixture, GError **error)
{
  const NvRun run = {
    .plan = fixture->plan,
    .connection = fixture->connection,
    .store = fixture->store,
    .results = fixture->results,
    .command = "numavm run",
    .accel = NV_ACCEL_TCG,
    .seed = 7,
    .hold = fixture->hold,
    .cancellable = fixture->cancellable,
    .make_members = make_members,
    .take_lock = take_lock,
    .progress = on_progress,
    .data = fixture,
  };

  return nv_run (&run, &fixture->result, error);
}

/* Returns: (transfer full): a line a row. */
static char *
export_all (const Fixture *fixture)
{
  char *text = NULL;
  size_t length;
  FILE *file = open_memstream (&text, &length);

  g_assert_true (nv_export_json (fixture->store, 0, file, NULL));
  fclose (file);
  return text;
}

static gboolean
stores (const Fixture *fixture, const char *part)
{
  g_autofree char *text = export_all (fixture);

  return strstr (text, part) != NULL;
}

/* In the row of the VM @name. */
static gboolean
stores_vm (const Fixture *fixture, const char *name, const char *part)
{
  g_autofree char *text = export_all (fixture);
  g_autofree char *member = g_strdup_printf ("\"name\":\"%s\"", name);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  gboolean found = FALSE;

  for (char **line = lines; *line && !found; line++)
    found = strstr (*line, "\"table\":\"vm\"") && strstr (*line, member) && strstr (*line, part);
  return found;
}

static void
every_kernel_of_every_vm_and_policy_has_a_row (void)
{
  Fixture fixture;
  g_autoptr (GError) error = NULL;
  const NvRunRow *row;

  set_up (&fixture, "");
  g_assert_true (run (&fixture, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (fixture.result.rows->len, ==, 8);
  row = g_ptr_array_index (fixture.result.rows, 0);
  g_assert_cmpstr (row->policy, ==, "interleave");
  g_assert_cmpstr (row->kernel, ==, "triad");
  g_assert_cmpstr (row->vm, ==, "vm0");
  g_assert_cmpuint (row->n, ==, 5);
  g_assert_cmpfloat (row->median, >, 0);
  row = g_ptr_array_index (fixture.result.rows, 7);
  g_assert_cmpstr (row->policy, ==, "random");
  g_assert_cmpstr (row->kernel, ==, "chase");
  g_assert_cmpstr (row->vm, ==, "vm1");
  g_assert_cmpuint (fixture.result.size_bytes, >, 0);
  tear_down (&fixture);
}

/* To plan and to take down, as `up` and `down` do. */
static void
a_fleet_comes_and_goes_under_the_lock (void)
{
  Fixture fixture;

  set_up (&fixture, "");
  g_assert_true (run (&fixture, NULL));
  g_assert_cmpuint (fixture.n_locks, ==, 2 * fixture.plan->policies->len);
  tear_down (&fixture);
}

static void
a_guest_that_is_lost_is_named_with_its_console (void)
{
  static const char *const habits[][2] = { { "-closes", "" }, { "-reboots", "reboot" }, { "-garbage", "" } };

  for (guint i = 0; i < G_N_ELEMENTS (habits); i++)
    {
      Fixture fixture;
      g_autoptr (GError) error = NULL;
      g_autofree char *name = g_strdup_printf ("VM 'vm1%s'", habits[i][0]);

      set_up (&fixture, habits[i][0]);
      if (run (&fixture, &error))
        g_error ("'%s' was not noticed", habits[i][0]);
      g_assert_error (error, NV_ERROR, NV_ERROR_FAILED);
      g_assert_nonnull (strstr (error->message, name));
      g_assert_nonnull (strstr (error->message, habits[i][1]));
      g_assert_nonnull (strstr (error->message, "last ?[31mwords"));
      tear_down (&fixture);
    }
}

static void
a_refused_job_is_said_in_the_guests_words (void)
{
  Fixture fixture;
  g_autoptr (GError) error = NULL;

  set_up (&fixture, "-refuses");
  g_assert_false (run (&fixture, &error));
  g_assert_nonnull (strstr (error->message, "refuses the job"));
  tear_down (&fixture);
}

static void
a_job_that_fails_fails_the_run (void)
{
  Fixture fixture;
  g_autoptr (GError) error = NULL;

  set_up (&fixture, "-fails");
  g_assert_false (run (&fixture, &error));
  g_assert_nonnull (strstr (error->message, "its measurement failed"));
  /* Guests that did not all measure have no spread. */
  g_assert_true (stores (&fixture, "\"table\":\"boot\""));
  g_assert_true (stores (&fixture, "\"spread_ns\":null"));
  tear_down (&fixture);
}

static void
a_guest_that_has_measured_is_shown_though_another_failed (void)
{
  Fixture fixture;
  const NvRunRow *row;

  set_up (&fixture, "-fails");
  g_assert_false (run (&fixture, NULL));
  g_assert_cmpuint (fixture.result.rows->len, ==, 2);
  row = g_ptr_array_index (fixture.result.rows, 1);
  g_assert_cmpstr (row->vm, ==, "vm0");
  g_assert_cmpstr (row->kernel, ==, "chase");
  g_assert_true (stores_vm (&fixture, "vm0", "\"status\":\"done\""));
  g_assert_true (stores_vm (&fixture, "vm1-fails", "\"status\":\"failed\""));
  g_assert_true (stores_vm (&fixture, "vm1-fails", "it was told to fail"));
  tear_down (&fixture);
}

static void
of_several_that_fail_the_number_is_said (void)
{
  Fixture fixture;
  g_autoptr (GError) error = NULL;

  set_up (&fixture, "-fails");
  fixture.first_habit = "-fails";
  g_assert_false (run (&fixture, &error));
  g_assert_nonnull (
      strstr (error->message, "2 VMs failed, the first of them VM 'vm0-fails': its measurement"));
  g_assert_cmpuint (fixture.result.rows->len, ==, 0);
  g_assert_true (stores_vm (&fixture, "vm1-fails", "it was told to fail"));
  tear_down (&fixture);
}

static void
a_place_for_results_is_needed_before_anything_is_booted (void)
{
  Fixture fixture;
  g_autoptr (GError) error = NULL;
  g_autofree char *below_a_file = NULL, *there = NULL;

  set_up (&fixture, "");
  fixture.results = below_a_file = g_build_filename (fixture.path, "results", NULL);
  g_assert_false (run (&fixture, &error));
  g_assert_nonnull (strstr (error->message, "Not a directory: name another folder"));
  g_clear_error (&error);
  nv_run_result_clear (&fixture.result);
  fixture.results = fixture.dir;
  there = g_build_filename (fixture.dir, "random", NULL); /* the second policy */
  g_assert_cmpint (g_mkdir (there, 0755), ==, 0);
  g_assert_false (run (&fixture, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_EXISTS);
  g_assert_cmpuint (fixture.n_locks, ==, 0);
  g_assert_cmpint (g_rmdir (there), ==, 0);
  tear_down (&fixture); /* and the first policy's folder is gone */
}

static void
folders_that_nothing_came_to_are_removed (void)
{
  Fixture fixture;
  g_autofree char *results = NULL;

  set_up (&fixture, "-refuses");
  fixture.results = results = g_build_filename (fixture.dir, "results", NULL);
  g_assert_false (run (&fixture, NULL));
  g_assert_false (g_file_test (results, G_FILE_TEST_EXISTS));
  nv_run_result_clear (&fixture.result);
  g_assert_cmpint (g_mkdir (results, 0755), ==, 0);
  g_assert_false (run (&fixture, NULL));
  g_assert_cmpint (g_rmdir (results), ==, 0); /* it is not numavm's, and empty */
  tear_down (&fixture);
}

static void
drop_record (guint index, json_t *record, gpointer data)
{
}

/* Two guests, of which the second hangs up as soon as it has started. Returns: has the first measured? */
static gboolean
outlives_its_neighbour (Fixture *fixture, const char *transport)
{
  const NvSessionEvents events = { .record = drop_record };
  g_autofree char *text = g_strdup_printf ("{\"options\":{\"kernel\":\"copy\"}%s}", transport);
  json_t *job = json_loads (text, 0, NULL);
  json_t *const jobs[] = { job, job };
  g_autoptr (GPtrArray) members = make_members (nv_policy_find ("none"), 1, fixture, NULL);
  NvFleetPlan plan = { .connection = fixture->connection, .members = members };
  g_autoptr (NvSession) session = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) infos = NULL;
  gint64 go_ns, spread_ns;
  guint64 size_bytes;
  gboolean outlives;

  g_assert_true (nv_fleet_up (&plan, NULL, NULL));
  session = nv_session_open (fixture->connection, members, &events, NULL, NULL);
  g_assert_true (nv_session_wait_booted (session, 0, NULL) && nv_session_measure_clocks (session, NULL));
  g_assert_true (nv_session_prepare (session, jobs, 0, &size_bytes, NULL));
  g_assert_false (nv_session_measure (session, &go_ns, &spread_ns, &error));
  g_assert_nonnull (strstr (error->message, "VM 'vm1-closes': its guest"));
  outlives = nv_session_has_measured (session, 0);
  g_assert_false (nv_session_has_measured (session, 1));
  g_clear_pointer (&session, nv_session_free);
  infos = fixture->connection->driver->list (fixture->connection, NULL, NULL);
  g_assert_true (nv_fleet_down (fixture->connection, infos, NULL, NULL, NULL));
  json_decref (job);
  return outlives;
}

/* They are what the others measured, and come at the end. */
static void
where_files_come_a_lost_guest_is_not_waited_for_but_the_others_are (void)
{
  Fixture fixture;

  set_up (&fixture, "-closes");
  fixture.first_habit = "-slow";
  g_assert_true (outlives_its_neighbour (&fixture, TRANSPORT));
  g_assert_false (outlives_its_neighbour (&fixture, ""));
  tear_down (&fixture);
}

static void
measure_a_workload (Fixture *fixture)
{
  nv_quick_plan_free (fixture->plan);
  fixture->plan = nv_quick_plan_parse (
      "policies=none vms=2 boot-timeout=60s workload='sh -c true' unit=op/s metric=rate:x "
      "metric=wait:y unit=ms better=lower iterations=3 interval=0",
      NULL);
  g_assert_nonnull (fixture->plan);
}

static void
each_metric_of_a_workload_has_a_row (void)
{
  Fixture fixture;
  g_autoptr (GError) error = NULL;
  const NvRunRow *row;

  set_up (&fixture, "");
  measure_a_workload (&fixture);
  g_assert_true (run (&fixture, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (fixture.result.rows->len, ==, 4);
  row = g_ptr_array_index (fixture.result.rows, 0);
  g_assert_cmpstr (row->kernel, ==, "rate");
  g_assert_cmpstr (row->unit, ==, "op/s");
  g_assert_false (row->lower_is_better);
  g_assert_cmpuint (row->n, ==, 3);
  row = g_ptr_array_index (fixture.result.rows, 3);
  g_assert_cmpstr (row->kernel, ==, "wait");
  g_assert_cmpstr (row->vm, ==, "vm1");
  g_assert_true (row->lower_is_better);
  g_assert_true (stores (&fixture, "two\\nlines"));
  tear_down (&fixture);
}

static void
a_workload_that_fails_leaves_what_it_measured (void)
{
  Fixture fixture;
  g_autoptr (GError) error = NULL;

  set_up (&fixture, "-fails");
  measure_a_workload (&fixture);
  g_assert_false (run (&fixture, &error));
  g_assert_nonnull (strstr (error->message, "VM 'vm1-fails': its workload failed: it was told to fail"));
  g_assert_true (stores (&fixture, "\"table\":\"iteration\""));
  tear_down (&fixture);
}

static void
an_interrupted_run_leaves_no_fleet (void)
{
  static const char *const stages[] = { "boot", "measure" };

  for (guint i = 0; i < G_N_ELEMENTS (stages); i++)
    {
      Fixture fixture;
      g_autoptr (GError) error = NULL;

      set_up (&fixture, "-slow");
      fixture.cancel_when = stages[i];
      g_assert_false (run (&fixture, &error));
      g_assert_error (error, NV_ERROR, NV_ERROR_CANCELLED);
      tear_down (&fixture);
    }
}

static void
a_held_fleet_is_left_up_and_named (void)
{
  Fixture fixture;

  set_up (&fixture, "");
  fixture.hold = TRUE;
  g_assert_true (run (&fixture, NULL));
  g_assert_cmpuint (fixture.result.held->len, ==, 2);
  g_assert_cmpstr (g_ptr_array_index (fixture.result.held, 0), ==, "vm0");
  tear_down (&fixture);
}

int
main (int argc, char **argv)
{
  g_autofree char *state = g_dir_make_tmp ("numavm-state-XXXXXX", NULL);
  g_autofree char *lock_dir = NULL;
  int status;

  g_setenv ("NUMAVM_STATE_DIR", state, TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/run/every_kernel_of_every_vm_and_policy_has_a_row",
                   every_kernel_of_every_vm_and_policy_has_a_row);
  g_test_add_func ("/run/a_fleet_comes_and_goes_under_the_lock", a_fleet_comes_and_goes_under_the_lock);
  g_test_add_func ("/run/a_guest_that_is_lost_is_named_with_its_console",
                   a_guest_that_is_lost_is_named_with_its_console);
  g_test_add_func ("/run/a_refused_job_is_said_in_the_guests_words",
                   a_refused_job_is_said_in_the_guests_words);
  g_test_add_func ("/run/a_job_that_fails_fails_the_run", a_job_that_fails_fails_the_run);
  g_test_add_func ("/run/a_guest_that_has_measured_is_shown_though_another_failed",
                   a_guest_that_has_measured_is_shown_though_another_failed);
  g_test_add_func ("/run/of_several_that_fail_the_number_is_said", of_several_that_fail_the_number_is_said);
  g_test_add_func ("/run/a_place_for_results_is_needed_before_anything_is_booted",
                   a_place_for_results_is_needed_before_anything_is_booted);
  g_test_add_func ("/run/folders_that_nothing_came_to_are_removed", folders_that_nothing_came_to_are_removed);
  g_test_add_func ("/run/where_files_come_a_lost_guest_is_not_waited_for_but_the_others_are",
                   where_files_come_a_lost_guest_is_not_waited_for_but_the_others_are);
  g_test_add_func ("/run/each_metric_of_a_workload_has_a_row", each_metric_of_a_workload_has_a_row);
  g_test_add_func ("/run/a_workload_that_fails_leaves_what_it_measured",
                   a_workload_that_fails_leaves_what_it_measured);
  g_test_add_func ("/run/an_interrupted_run_leaves_no_fleet", an_interrupted_run_leaves_no_fleet);
  g_test_add_func ("/run/a_held_fleet_is_left_up_and_named", a_held_fleet_is_left_up_and_named);
  status = g_test_run ();
  lock_dir = g_strdup_printf ("rm -rf '%s'", state);
  return system (lock_dir) == 0 ? status : 1;
}
