#include "experiment/quick.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/size.h"
#include "bench/bench.h"

#include <errno.h>
#include <string.h>

#define MAX_VMS 1000

/* A key of numavm-bench's that is one of a VM's, too, is told from it by this. */
#define GUEST_PREFIX "guest-"

/* What is not said. Memory is all there when the guest starts: a page that is allocated while it is measured
 * is part of another question. */
static const char *const defaults[][2] = {
  { "policies", "none" },       { "vms", "1" },         { "vcpus", "1" },
  { "memory", "1024" },         { "cpus", "free" },     { "prealloc", "yes" },
  { "kernels", "triad,chase" }, { "iterations", "10" }, { "interval", "100ms" },
};

/* Of NvRequest. */
static const char *const vm_keys[] = { "vcpus", "memory", "nodes", "cpus", "pages", "prealloc", "base" };

typedef struct
{
  NvQuickPlan *plan;
  struct nv_setup setup; /* so that what a guest would refuse is refused here */
  NvWorkload *workload;  /* what the keys say of one */
  NvWorkload *file;      /* (nullable): what a file says */
  GHashTable *seen;      /* keys that are no defaults */
  const char *kernel_key,
      *workload_key; /* (nullable): the first that only kernels, or only a workload, have */
} Reader;

static gboolean
read_policies (NvQuickPlan *plan, const char *value, GError **error)
{
  g_auto (GStrv) names = g_strsplit (value, ",", -1);

  g_ptr_array_set_size (plan->policies, 0);
  for (guint i = 0; names[i]; i++)
    {
      /* For its message where there is no such policy. */
      if (!nv_request_set (plan->request, "policy", names[i], error))
        return FALSE;
      if (g_ptr_array_find (plan->policies, plan->request->policy, NULL))
        {
          g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "policies '%s': '%s' is named twice", value,
                       names[i]);
          return FALSE;
        }
      g_ptr_array_add (plan->policies, (gpointer)plan->request->policy);
    }
  plan->request->policy = NULL;
  return TRUE;
}

/* What the guests are asked, checked by the parser that they use. */
static gboolean
read_job (Reader *reader, const char *key, const char *value, GError **error)
{
  const char *option = strcmp (key, "kernels") == 0 ? "kernel" : key;
  json_t *job = reader->plan->job; /* the setup borrows from it */
  struct nv_message message;
  int result;

  if (g_str_has_prefix (option, GUEST_PREFIX))
    option += strlen (GUEST_PREFIX);
  json_object_set_new (job, option, json_string (value));
  result = strcmp (option, "seed") == 0
               ? -ENOENT
               : nv_setup_set (&reader->setup, option, json_string_value (json_object_get (job, option)),
                               &message);
  if (result == -ENOENT)
    g_set_error (
        error, NV_ERROR, NV_ERROR_USAGE,
        "key '%s': policies, vms, vcpus, memory, nodes, cpus, pages, prealloc, base, disk, interval, "
        "boot-timeout, transport and what `numavm bench --help` has are allowed, or workload, metric, "
        "format, unit, better, timeout and iterations",
        key);
  else if (result < 0)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "%s", message.text);
  else if (reader->setup.mode != NV_MODE_KERNELS)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "key '%s': a run measures kernels", key);
  else
    {
      reader->plan->iterations = reader->setup.iterations;
      return TRUE;
    }
  return FALSE;
}

static gboolean
read_interval (NvQuickPlan *plan, const char *value, GError **error)
{
  if (strcmp (value, "0") == 0)
    {
      plan->sample_interval_ns = 0;
      return TRUE;
    }
  if (!nv_duration_parse (value, &plan->sample_interval_ns, error))
    return FALSE;
  if (plan->sample_interval_ns >= NV_MS_IN_NS)
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "interval '%s': at least 1ms is allowed, or 0: no samples",
               value);
  return FALSE;
}

static gboolean
read_boot_timeout (NvQuickPlan *plan, const char *value, GError **error)
{
  if (!nv_duration_parse (value, &plan->boot_timeout_ns, error))
    return FALSE;
  if (plan->boot_timeout_ns > 0)
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "boot-timeout '%s': guests need more than that", value);
  return FALSE;
}

/* Of the overlay on the base. */
static gboolean
read_disk (NvQuickPlan *plan, const char *value, GError **error)
{
  if (!nv_request_set (plan->request, "disk", value, error))
    return FALSE;
  if (plan->request->has_disk)
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "disk '%s': a size such as 8G is allowed", value);
  return FALSE;
}

static gboolean
read_count (const char *key, const char *value, guint64 maximum, guint *ret_count, GError **error)
{
  guint64 count;

  if (!nv_count_parse (value, 1, maximum, &count, error))
    {
      g_prefix_error (error, "%s: ", key);
      return FALSE;
    }
  *ret_count = (guint)count;
  return TRUE;
}

static gboolean
read_workload_key (Reader *reader, const char *key, const char *value, GError **error)
{
  if (strcmp (key, "transport") != 0 && !reader->workload_key)
    reader->workload_key = g_hash_table_lookup (reader->seen, key);
  if (strcmp (key, "workload") != 0 || *value != '@')
    return nv_workload_set (reader->workload, key, value, error);
  reader->file = nv_workload_read (value + 1, error);
  return reader->file != NULL;
}

/* Both measure so many times. */
static gboolean
is_of_workload (const char *key)
{
  return nv_workload_is_key (key) && strcmp (key, "iterations") != 0 && strcmp (key, "packages") != 0;
}

static gboolean
read_key (Reader *reader, const char *key, const char *value, GError **error)
{
  NvQuickPlan *plan = reader->plan;

  for (guint i = 0; i < G_N_ELEMENTS (vm_keys); i++)
    if (strcmp (key, vm_keys[i]) == 0)
      return nv_request_set (plan->request, key, value, error);
  if (strcmp (key, "policies") == 0)
    return read_policies (plan, value, error);
  if (strcmp (key, "disk") == 0)
    return read_disk (plan, value, error);
  if (strcmp (key, "vms") == 0)
    return read_count (key, value, MAX_VMS, &plan->n_vms, error);
  if (strcmp (key, "interval") == 0)
    return read_interval (plan, value, error);
  if (strcmp (key, "boot-timeout") == 0)
    return read_boot_timeout (plan, value, error);
  if (is_of_workload (key))
    return read_workload_key (reader, key, value, error);
  if (strcmp (key, "iterations") != 0 && !reader->kernel_key)
    reader->kernel_key = g_hash_table_lookup (reader->seen, key);
  return read_job (reader, key, value, error);
}

static gboolean
read_words (Reader *reader, const char *text, GError **error)
{
  g_auto (GStrv) words = NULL;
  int n_words;

  if (!g_shell_parse_argv (text, &n_words, &words, NULL))
    {
      if (*text == '\0' || strspn (text, " \t\n") == strlen (text))
        return TRUE;
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "'%s': a quote is left open", text);
      return FALSE;
    }
  for (int i = 0; i < n_words; i++)
    {
      char *equals = strchr (words[i], '=');

      if (!equals)
        {
          g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "'%s': KEY=VALUE is expected", words[i]);
          return FALSE;
        }
      *equals = '\0';
      if (!g_hash_table_add (reader->seen, g_strdup (words[i])) && !nv_workload_key_repeats (words[i]))
        {
          g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "key '%s' is given twice", words[i]);
          return FALSE;
        }
      if (!read_key (reader, words[i], equals + 1, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
finish_kernels (const Reader *reader, GError **error)
{
  NvQuickPlan *plan = reader->plan;
  struct nv_message message;

  if (reader->workload_key)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "key '%s': needs workload=COMMAND or workload=@FILE",
                   reader->workload_key);
      return FALSE;
    }
  plan->transport = reader->workload->transport;
  /* By their names, whatever short for them was used. */
  for (gsize i = 0; i < reader->setup.n_kernels; i++)
    g_ptr_array_add (plan->kernels, g_strdup (reader->setup.kernels[i]));
  if (nv_setup_check (&reader->setup, &message) == 0)
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "%s", message.text);
  return FALSE;
}

/* A file says what is run and what its results are; how often and how long can be said beside it. */
static gboolean
merge_file (const Reader *reader, GError **error)
{
  static const char *const of_file[] = { "metric", "format", "unit", "better" };
  NvWorkload *workload = reader->file, *keys = reader->workload;

  for (guint i = 0; i < G_N_ELEMENTS (of_file); i++)
    if (g_hash_table_contains (reader->seen, of_file[i]))
      {
        g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "key '%s': the workload's file says that", of_file[i]);
        return FALSE;
      }
  if (g_hash_table_contains (reader->seen, "timeout"))
    workload->timeout_ns = keys->timeout_ns;
  if (keys->has_transport)
    workload->transport = keys->transport;
  return TRUE;
}

static gboolean
finish_workload (Reader *reader, GError **error)
{
  NvQuickPlan *plan = reader->plan;

  if (reader->kernel_key)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                   "key '%s': of kernels, and a workload is to be measured: leave out one of them",
                   reader->kernel_key);
      return FALSE;
    }
  if (reader->file && !merge_file (reader, error))
    return FALSE;
  plan->workload = reader->file ? g_steal_pointer (&reader->file) : g_steal_pointer (&reader->workload);
  plan->transport = plan->workload->transport;
  if (plan->workload->runs > 0 && !g_hash_table_contains (reader->seen, "iterations"))
    plan->iterations = plan->workload->runs;
  for (guint i = 0; i < plan->workload->metrics->len; i++)
    g_ptr_array_add (plan->kernels,
                     g_strdup (((NvMetric *)g_ptr_array_index (plan->workload->metrics, i))->name));
  return nv_workload_check (plan->workload, error);
}

static gboolean
read_plan (Reader *reader, const char *text, GError **error)
{
  nv_setup_init (&reader->setup);
  for (guint i = 0; i < G_N_ELEMENTS (defaults); i++)
    if (!read_key (reader, defaults[i][0], defaults[i][1], error))
      return FALSE;
  if (!read_words (reader, text, error))
    return FALSE;
  if (reader->plan->request->has_disk && !reader->plan->request->base)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "key 'disk': of the overlay on a disk: needs base=DISK");
      return FALSE;
    }
  reader->plan->request->has_disk = reader->plan->request->base != NULL;
  return g_hash_table_contains (reader->seen, "workload") ? finish_workload (reader, error)
                                                          : finish_kernels (reader, error);
}

NvQuickPlan *
nv_quick_plan_parse (const char *text, GError **error)
{
  g_autoptr (NvQuickPlan) plan = g_new0 (NvQuickPlan, 1);
  Reader reader = { .plan = plan };
  gboolean is_right;

  plan->policies = g_ptr_array_new ();
  plan->request = g_new0 (NvRequest, 1);
  plan->job = json_object ();
  plan->kernels = g_ptr_array_new_with_free_func (g_free);
  reader.workload = nv_workload_new ();
  reader.seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  is_right = read_plan (&reader, text, error);
  g_hash_table_unref (reader.seen);
  nv_workload_free (reader.workload);
  nv_workload_free (reader.file);
  return is_right ? g_steal_pointer (&plan) : NULL;
}

void
nv_quick_plan_free (NvQuickPlan *plan)
{
  if (!plan)
    return;
  g_ptr_array_unref (plan->policies);
  g_ptr_array_unref (plan->kernels);
  nv_request_free (plan->request);
  nv_workload_free (plan->workload);
  json_decref (plan->job);
  g_free (plan);
}

/* As it was given. */
static char *
format_cpus (const NvRequest *request)
{
  switch (request->cpu_choice)
    {
    case NV_CPUS_SAME:
      return g_strdup ("same");
    case NV_CPUS_NODES:
      return nv_set_format (request->cpu_nodes);
    default:
      return g_strdup ("free");
    }
}

json_t *
nv_quick_plan_job (const NvQuickPlan *plan)
{
  return plan->workload
             ? json_pack ("{s:o}", "workload", nv_workload_to_json (plan->workload, plan->iterations))
             : json_pack ("{s:o}", "options", json_copy (plan->job));
}

/* What is measured, as members of the plan. */
static void
add_measured (const NvQuickPlan *plan, json_t *json)
{
  json_t *workload;

  json_object_set_new (json, "transport", json_string (nv_transport_name (plan->transport)));
  if (!plan->workload)
    {
      json_object_set (json, "job", plan->job);
      return;
    }
  workload = nv_workload_to_json (plan->workload, plan->iterations);
  if (plan->workload->packages)
    json_object_set_new (workload, "packages", json_string (plan->workload->packages));
  json_object_set_new (json, "workload", workload);
}

json_t *
nv_quick_plan_to_json (const NvQuickPlan *plan)
{
  const NvRequest *request = plan->request;
  g_autofree char *cpus = format_cpus (request);
  g_autofree char *base = request->base ? g_utf8_make_valid (request->base, -1) : NULL;
  json_t *policies = json_array (), *json;

  for (guint i = 0; i < plan->policies->len; i++)
    json_array_append_new (policies,
                           json_string (((const NvPolicy *)g_ptr_array_index (plan->policies, i))->name));
  json = json_pack ("{s:o, s:i, s:i, s:I, s:i, s:s, s:I, s:b, s:I, s:I}", "policies", policies, "vms",
                    (int)plan->n_vms, "vcpus", (int)request->vcpus, "memory_bytes",
                    (json_int_t)request->memory_bytes, "nodes", (int)request->n_nodes, "cpus", cpus,
                    "page_bytes", (json_int_t)request->page_size_bytes, "prealloc", request->preallocate,
                    "sample_interval_ns", (json_int_t)plan->sample_interval_ns, "boot_timeout_ns",
                    (json_int_t)plan->boot_timeout_ns);
  if (base)
    json_object_set_new (json, "base", json_string (base));
  if (request->disk_bytes > 0)
    json_object_set_new (json, "disk_bytes", json_integer ((json_int_t)request->disk_bytes));
  add_measured (plan, json);
  return json;
}
