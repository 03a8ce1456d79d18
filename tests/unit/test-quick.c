#include "base/error.h"
#include "experiment/quick.h"

#include <string.h>

static void
what_is_not_said_has_defaults (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvQuickPlan) plan = nv_quick_plan_parse ("", &error);

  g_assert_no_error (error);
  g_assert_cmpuint (plan->policies->len, ==, 1);
  g_assert_cmpuint (plan->n_vms, ==, 1);
  g_assert_cmpuint (plan->request->memory_bytes, ==, G_GUINT64_CONSTANT (1) << 30);
  g_assert_true (plan->request->preallocate);
  g_assert_cmpuint (plan->kernels->len, ==, 2);
  g_assert_cmpuint (plan->iterations, ==, 10);
  g_assert_cmpuint (plan->sample_interval_ns, ==, 100000000);
}

static void
keys_reach_the_vm_or_the_guest (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvQuickPlan) plan = nv_quick_plan_parse (
      "policies=interleave,round-robin vms=3 vcpus=2 memory=256 cpus=0 kernels=triad,gather iterations=5 "
      "size=8M guest-pages=interleave:0 guest-cpus=0-1 interval=0 prealloc=no",
      &error);

  g_assert_no_error (error);
  g_assert_cmpuint (plan->policies->len, ==, 2);
  g_assert_cmpstr (((const NvPolicy *)g_ptr_array_index (plan->policies, 1))->name, ==, "round-robin");
  g_assert_cmpuint (plan->n_vms, ==, 3);
  g_assert_cmpuint (plan->request->vcpus, ==, 2);
  g_assert_false (plan->request->preallocate);
  g_assert_cmpint (plan->request->cpu_choice, ==, NV_CPUS_NODES);
  g_assert_cmpuint (plan->iterations, ==, 5);
  g_assert_cmpuint (plan->sample_interval_ns, ==, 0);
  g_assert_cmpstr (json_string_value (json_object_get (plan->job, "kernel")), ==, "triad,gather");
  g_assert_cmpstr (json_string_value (json_object_get (plan->job, "pages")), ==, "interleave:0");
  g_assert_cmpstr (json_string_value (json_object_get (plan->job, "cpus")), ==, "0-1");
  g_assert_null (json_object_get (plan->job, "interval"));
}

static void
what_is_wrong_is_named (void)
{
  static const char *const texts[][2] = {
    { "vms", "'vms': KEY=VALUE" },
    { "vms=0", "vms: '0'" },
    { "vms=1 vms=2", "'vms' is given twice" },
    { "colour=red", "key 'colour'" },
    { "seed=4", "key 'seed'" },
    { "json=yes", "key 'json'" },
    { "policies=interleave,sideways", "'sideways'" },
    { "policies=none,none", "'none' is named twice" },
    { "kernels=triad,quad", "'triad,quad'" },
    { "iterations=0", "'0'" },
    { "matrix=", "matrix" },
    { "interval=1us", "interval '1us'" },
    { "interval=fast", "'fast'" },
    { "boot-timeout=0s", "boot-timeout '0s'" },
    { "memory=-5", "'-5'" },
    { "size=\"8M", "a quote is left open" },
    { "kernels=spin access=line", "" },
    { "workload=a metric=a:b size=8M", "key 'size': of kernels" },
    { "kernels=triad workload=a metric=a:b", "key 'kernels': of kernels" },
    { "metric=a:b", "key 'metric': needs workload=" },
    { "workload=a", "needs metric=" },
    { "workload=a metric=a:b workload=c", "'workload' is given twice" },
    { "workload=a metric=a:(", "no extended regular expression" },
    { "workload=@/nowhere", "workload file '/nowhere'" },
    { "base=", "base ''" },
    { "disk=2G", "key 'disk': of the overlay on a disk: needs base=DISK" },
    { "base=a.qcow2 disk=none", "disk 'none': a size" },
    { "transport=mail", "transport 'mail'" },
    { "packages=x", "key 'packages'" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (NvQuickPlan) plan = nv_quick_plan_parse (texts[i][0], &error);

      g_assert_null (plan);
      g_assert_error (error, NV_ERROR, NV_ERROR_USAGE);
      if (!strstr (error->message, texts[i][1]))
        g_error ("'%s': %s", texts[i][0], error->message);
    }
}

static void
a_base_gives_each_vm_a_disk (void)
{
  g_autoptr (NvQuickPlan) none = nv_quick_plan_parse ("", NULL);
  g_autoptr (NvQuickPlan) plan = nv_quick_plan_parse ("disk=8G base='my debian.qcow2'", NULL);
  json_t *json = nv_quick_plan_to_json (plan);

  g_assert_false (none->request->has_disk);
  g_assert_true (plan->request->has_disk);
  g_assert_cmpstr (plan->request->base, ==, "my debian.qcow2");
  g_assert_cmpstr (json_string_value (json_object_get (json, "base")), ==, "my debian.qcow2");
  g_assert_cmpint (json_integer_value (json_object_get (json, "disk_bytes")), ==,
                   G_GINT64_CONSTANT (8) << 30);
  json_decref (json);
  json = nv_quick_plan_to_json (none);
  g_assert_null (json_object_get (json, "base"));
  json_decref (json);
}

static void
a_workload_takes_the_place_of_kernels (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvQuickPlan) plan = nv_quick_plan_parse (
      "vms=2 unit=op/s metric='rate:rate ([0-9.]+)' workload='sh -c \"echo rate 3\"' "
      "metric=wait:'wait (.*)' unit=ms better=lower timeout=5s iterations=3 transport=scp",
      &error);
  json_t *json, *workload, *job;

  g_assert_no_error (error);
  g_assert_cmpuint (plan->kernels->len, ==, 2);
  g_assert_cmpstr (g_ptr_array_index (plan->kernels, 1), ==, "wait");
  g_assert_cmpuint (plan->iterations, ==, 3);
  g_assert_cmpint (plan->transport, ==, NV_TRANSPORT_SCP);
  job = nv_quick_plan_job (plan);
  g_assert_null (json_object_get (job, "options"));
  json = nv_quick_plan_to_json (plan);
  workload = json_object_get (json, "workload");
  g_assert_null (json_object_get (json, "job"));
  g_assert_true (json_equal (workload, json_object_get (job, "workload")));
  g_assert_cmpint (json_integer_value (json_object_get (workload, "runs")), ==, 3);
  g_assert_cmpstr (json_string_value (json_array_get (json_object_get (workload, "command"), 2)), ==,
                   "echo rate 3");
  json_decref (json);
  json_decref (job);
}

static void
a_file_s_workload_is_run_as_often_as_is_said (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path =
      g_build_filename (g_getenv ("NV_SOURCE_DIR"), "examples", "workloads", "stress-ng.workload", NULL);
  g_autofree char *text = g_strdup_printf ("workload='@%s'", path);
  g_autofree char *changed = g_strdup_printf ("timeout=9s workload='@%s' iterations=2", path);
  g_autofree char *more = g_strdup_printf ("workload='@%s' metric=x:y", path);
  g_autoptr (NvQuickPlan) as_it_is = nv_quick_plan_parse (text, &error);
  g_autoptr (NvQuickPlan) plan = nv_quick_plan_parse (changed, NULL);

  g_assert_no_error (error);
  g_assert_cmpuint (as_it_is->iterations, ==, 5);
  g_assert_cmpuint (plan->iterations, ==, 2);
  g_assert_cmpuint (plan->workload->timeout_ns, ==, 9000000000);
  g_assert_null (nv_quick_plan_parse (more, &error));
  g_assert_nonnull (strstr (error->message, "key 'metric': the workload's file says that"));
}

static void
the_plan_is_recorded_whole (void)
{
  g_autoptr (NvQuickPlan) plan =
      nv_quick_plan_parse ("policies=random vms=2 cpus=0-1 kernels=triad access=page boot-timeout=5s", NULL);
  json_t *json = nv_quick_plan_to_json (plan);

  g_assert_nonnull (json);
  g_assert_cmpint (json_integer_value (json_object_get (json, "vms")), ==, 2);
  g_assert_cmpstr (json_string_value (json_object_get (json, "cpus")), ==, "0-1");
  g_assert_cmpint (json_integer_value (json_object_get (json, "boot_timeout_ns")), ==, 5000000000);
  g_assert_cmpstr (json_string_value (json_array_get (json_object_get (json, "policies"), 0)), ==, "random");
  g_assert_cmpstr (json_string_value (json_object_get (json_object_get (json, "job"), "access")), ==, "page");
  json_decref (json);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/quick/what_is_not_said_has_defaults", what_is_not_said_has_defaults);
  g_test_add_func ("/quick/keys_reach_the_vm_or_the_guest", keys_reach_the_vm_or_the_guest);
  g_test_add_func ("/quick/what_is_wrong_is_named", what_is_wrong_is_named);
  g_test_add_func ("/quick/a_base_gives_each_vm_a_disk", a_base_gives_each_vm_a_disk);
  g_test_add_func ("/quick/a_workload_takes_the_place_of_kernels", a_workload_takes_the_place_of_kernels);
  g_test_add_func ("/quick/a_file_s_workload_is_run_as_often_as_is_said",
                   a_file_s_workload_is_run_as_often_as_is_said);
  g_test_add_func ("/quick/the_plan_is_recorded_whole", the_plan_is_recorded_whole);
  return g_test_run ();
}
