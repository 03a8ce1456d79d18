#include "bench/record.h"
#include "bench/clock.h"

#include <errno.h>
#include <math.h>
#include <time.h>

/* Digits of a real: more than a clock that counts ns can tell, and 0.1 stays 0.1. */
#define PRECISION 12

const char *
nv_record_unit (enum nv_unit unit)
{
  static const char *const names[] = {
    [NV_UNIT_BYTES_PER_S] = "bytes/s",
    [NV_UNIT_NS_PER_LOAD] = "ns",
    [NV_UNIT_OPERATIONS_PER_S] = "operations/s",
  };

  return names[unit];
}

const char *
nv_access_name (enum nv_access access)
{
  static const char *const names[] = {
    [NV_ACCESS_SEQ] = "seq",
    [NV_ACCESS_PAGE] = "page",
    [NV_ACCESS_LINE] = "line",
  };

  return names[access];
}

const char *
nv_page_kind_name (enum nv_page_kind kind)
{
  static const char *const names[] = {
    [NV_PAGE_BASE] = "4K",
    [NV_PAGE_THP] = "thp",
    [NV_PAGE_HUGETLB] = "hugetlb",
  };

  return names[kind];
}

bool
nv_path_has_store (const struct nv_kernel *kernel)
{
  return kernel->arrays & NV_ARRAY_A;
}

bool
nv_path_has_prefetch (const struct nv_kernel *kernel)
{
  for (unsigned store = 0; store < NV_N_STORES; store++)
    if (kernel->passes[store][1])
      return true;
  return false;
}

bool
nv_result_interrupted (const struct nv_setup *setup, const struct nv_result *result)
{
  return result->n_iterations < setup->iterations;
}

static bool
has_unknown (const float *values_ns, size_t n)
{
  for (size_t i = 0; values_ns && i < n; i++)
    if (!(values_ns[i] > 0))
      return true;
  return false;
}

size_t
nv_result_count_unknown (const struct nv_result *result)
{
  size_t n = 0;

  for (size_t i = 0; i < result->n_iterations; i++)
    n += has_unknown (result->iterations[i].handover_before_ns, result->n_pairs)
         || has_unknown (result->iterations[i].handover_after_ns, result->n_pairs);
  return n;
}

static void
set_int (json_t *object, const char *key, uint64_t value)
{
  json_object_set_new (object, key, json_integer ((json_int_t)value));
}

static void
set_text (json_t *object, const char *key, const char *value)
{
  json_object_set_new (object, key, json_string (value));
}

static void
set_bool (json_t *object, const char *key, bool value)
{
  json_object_set_new (object, key, json_boolean (value));
}

/* JSON has no word for what is not finite. */
static json_t *
make_real (double value)
{
  return isfinite (value) ? json_real (value) : json_null ();
}

static void
set_real (json_t *object, const char *key, double value)
{
  json_object_set_new (object, key, make_real (value));
}

json_t *
nv_record_start (const char *name)
{
  json_t *record = json_object ();

  set_text (record, "record", name);
  set_int (record, "version", NV_RECORD_VERSION);
  return record;
}

void
nv_record_set_time (json_t *record)
{
  time_t wall = time (NULL);
  struct tm utc;
  char text[40];

  gmtime_r (&wall, &utc);
  strftime (text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  set_text (record, "time", text);
  set_int (record, "monotonic_ns", nv_clock_ns (CLOCK_MONOTONIC));
}

static void
set_method (json_t *object, const struct nv_setup *setup)
{
  const struct nv_kernel_options *options = &setup->kernel_options;

  set_text (object, "isa", setup->isa == NV_AUTO ? "auto" : nv_isa_name ((enum nv_isa)setup->isa));
  set_text (object, "store", setup->store == NV_AUTO ? "auto" : nv_store_name ((enum nv_store)setup->store));
  set_text (object, "prefetch", setup->prefetch == NV_AUTO ? "auto" : setup->prefetch ? "on" : "off");
  set_int (object, "chases", options->chases);
  if (options->locality_bytes > 0)
    set_int (object, "locality_bytes", options->locality_bytes);
  set_int (object, "stride_bytes", options->stride_bytes);
  set_int (object, "reads", options->reads);
  set_int (object, "writes", options->writes);
  set_int (object, "seed", setup->seed);
}

static json_t *
make_setup (const struct nv_setup *setup)
{
  static const char *const modes[] = {
    [NV_MODE_KERNELS] = "kernels",
    [NV_MODE_MATRIX] = "matrix",
    [NV_MODE_LOADED_LATENCY] = "loaded-latency",
  };
  json_t *object = json_object ();
  json_t *kernels = json_array ();
  char pages[1024];

  set_text (object, "mode", modes[setup->mode]);
  for (size_t i = 0; i < setup->n_kernels; i++)
    json_array_append_new (kernels, json_string (setup->kernels[i]));
  json_object_set_new (object, "kernels", kernels);
  set_text (object, "access", nv_access_name (setup->access));
  if (setup->size_bytes > 0)
    set_int (object, "size_bytes", setup->size_bytes);
  set_int (object, "iterations", setup->iterations);
  nv_pages_format (&setup->pages, pages, sizeof pages);
  set_text (object, "pages", pages);
  set_text (object, "page_kind", nv_page_kind_name (setup->pages.kind));
  set_int (object, "page_bytes", setup->pages.page_bytes);
  set_text (object, "touch", setup->touched_by_main ? "main" : "owner");
  set_method (object, setup);
  return object;
}

json_t *
nv_record_setup (const struct nv_setup *setup, const struct nv_team *team, const json_t *facts,
                 double timer_tick_ns)
{
  json_t *record = nv_record_start ("setup");
  json_t *threads = json_array ();

  set_text (record, "program", "numavm-bench " NV_VERSION);
  nv_record_set_time (record);
  json_object_set_new (record, "setup", make_setup (setup));
  set_bool (record, "pinned", team->pinned);
  for (unsigned i = 0; i < team->n_threads; i++)
    {
      json_t *thread = json_object ();

      if (team->pinned)
        {
          set_int (thread, "cpu", (uint64_t)team->cpus[i]);
          set_int (thread, "node", team->nodes[i]);
        }
      json_array_append_new (threads, thread);
    }
  json_object_set_new (record, "threads", threads);
  set_real (record, "timer_tick_ns", timer_tick_ns);
  json_object_set_new (record, "facts", facts ? json_deep_copy (facts) : json_object ());
  return record;
}

/* What of a result its mode decides. */
static void
set_place (json_t *record, const struct nv_setup *setup, const struct nv_result *result)
{
  if (setup->mode == NV_MODE_LOADED_LATENCY && result->delay_ns >= 0)
    set_int (record, "delay_ns", (uint64_t)result->delay_ns);
  if (result->load)
    set_text (record, "load", result->load->name);
  if (result->cpu_node >= 0)
    set_int (record, "cpu_node", (uint64_t)result->cpu_node);
  if (result->memory_node >= 0)
    set_int (record, "memory_node", (uint64_t)result->memory_node);
  if (setup->mode == NV_MODE_MATRIX)
    {
      char pages[1024];

      nv_pages_format (result->pages, pages, sizeof pages);
      set_text (record, "pages", pages);
    }
}

/* A tenth of a ns is more than the probe can tell; a float would show digits that it does not have. 0:
 * unknown. */
static json_t *
make_handover (float value_ns)
{
  return value_ns > 0 ? make_real (round (10.0 * (double)value_ns) / 10) : json_null ();
}

static void
set_handover (json_t *record, const char *key, const float *values_ns, size_t n)
{
  json_t *list;

  if (n == 0 || !values_ns)
    return;
  list = json_array ();
  for (size_t i = 0; i < n; i++)
    json_array_append_new (list, make_handover (values_ns[i]));
  json_object_set_new (record, key, list);
}

json_t *
nv_record_iteration (const struct nv_setup *setup, const struct nv_result *result, size_t index)
{
  const struct nv_iteration *iteration = &result->iterations[index];
  json_t *record = nv_record_start ("iteration");

  set_text (record, "kernel", result->kernel->name);
  set_place (record, setup, result);
  set_int (record, "iteration", index);
  set_int (record, "start_ns", iteration->start_ns);
  set_int (record, "time_ns", iteration->time_ns);
  if (iteration->bytes > 0)
    set_int (record, "bytes", iteration->bytes);
  if (iteration->operations > 0)
    set_int (record, "operations", iteration->operations);
  set_real (record, "value", iteration->value);
  set_text (record, "unit", nv_record_unit (result->kernel->unit));
  if (setup->mode == NV_MODE_LOADED_LATENCY)
    set_real (record, "load_bytes_per_s", iteration->load_bytes_per_s);
  if (!iteration->changed)
    set_int (record, "group", iteration->group);
  set_bool (record, "changed", iteration->changed);
  set_handover (record, "handover_before_ns", iteration->handover_before_ns, result->n_pairs);
  set_handover (record, "handover_after_ns", iteration->handover_after_ns, result->n_pairs);
  return record;
}

void
nv_record_set_statistics (json_t *object, const struct nv_summary *summary)
{
  set_real (object, "minimum", summary->minimum);
  set_real (object, "p5", summary->p5);
  set_real (object, "median", summary->median);
  set_real (object, "p95", summary->p95);
  set_real (object, "maximum", summary->maximum);
  set_real (object, "mean", summary->mean);
  if (summary->n >= NV_INTERVAL_MINIMUM)
    json_object_set_new (object, "interval_95",
                         json_pack ("[o,o]", make_real (summary->low), make_real (summary->high)));
}

static void
set_statistics_of (json_t *record, const char *key, const struct nv_summary *summary)
{
  json_t *object = json_object ();

  nv_record_set_statistics (object, summary);
  json_object_set_new (record, key, object);
}

static void
set_group (json_t *record, const struct nv_setup *setup, const struct nv_group *group)
{
  set_int (record, "n", group->value.n);
  nv_record_set_statistics (record, &group->value);
  set_statistics_of (record, "time_s", &group->time_s);
  if (setup->mode == NV_MODE_LOADED_LATENCY)
    set_statistics_of (record, "load_bytes_per_s", &group->load_bytes_per_s);
  if (group->handover_high_ns > 0)
    json_object_set_new (
        record, "handover_ns",
        json_pack ("[o,o]", make_handover (group->handover_low_ns), make_handover (group->handover_high_ns)));
}

/* The nodes that have any, as shares of all; nothing where none has. */
static void
set_shares (json_t *object, const char *key, const uint64_t *node_bytes, size_t n_nodes)
{
  json_t *shares = json_object ();
  uint64_t sum = 0;

  for (size_t i = 0; i < n_nodes; i++)
    sum += node_bytes[i];
  for (size_t i = 0; i < n_nodes; i++)
    if (node_bytes[i] > 0)
      {
        char node[24];

        snprintf (node, sizeof node, "%zu", i);
        set_real (shares, node, (double)node_bytes[i] / (double)sum);
      }
  if (sum > 0)
    json_object_set (object, key, shares);
  json_decref (shares);
}

static json_t *
make_residence (const struct nv_result *result)
{
  json_t *list = json_array ();
  size_t array = 0;

  for (unsigned letter = 0; letter < NV_MAX_RESIDENCES && array < result->n_arrays; letter++)
    if (result->arrays & (1U << letter))
      {
        const struct nv_residence *residence = &result->residence[array++];
        json_t *object = json_object ();

        set_text (object, "array", (const char *[]){ "a", "b", "c", "d" }[letter]);
        set_int (object, "resident_bytes", residence->resident_bytes);
        set_int (object, "huge_bytes", residence->huge_bytes);
        set_shares (object, "nodes", residence->node_bytes, residence->n_nodes);
        set_shares (object, "wanted", residence->wanted_bytes, residence->n_nodes);
        set_real (object, "mismatch", residence->mismatch);
        set_real (object, "kind_mismatch", residence->kind_mismatch);
        set_bool (object, "holds", residence->holds);
        json_array_append_new (list, object);
      }
  return list;
}

static json_t *
make_path (const struct nv_result *result)
{
  const struct nv_kernel *kernel = result->load ? result->load : result->kernel;
  json_t *path = json_object ();

  set_text (path, "isa", nv_isa_name (result->path.isa));
  if (nv_path_has_store (kernel))
    set_text (path, "store", nv_store_name (result->path.store));
  if (nv_path_has_prefetch (kernel))
    set_text (path, "prefetch", result->path.prefetch ? "on" : "off");
  set_bool (path, "chosen", result->path_chosen);
  return path;
}

json_t *
nv_record_summary (const struct nv_setup *setup, const struct nv_result *result, size_t group)
{
  json_t *record = nv_record_start ("summary");

  set_text (record, "kernel", result->kernel->name);
  set_place (record, setup, result);
  set_text (record, "unit", nv_record_unit (result->kernel->unit));
  set_int (record, "threads", result->team->n_threads);
  json_object_set_new (record, result->load ? "load_path" : "path", make_path (result));
  if (result->size_bytes > 0)
    set_int (record, "size_bytes", result->size_bytes);
  set_bool (record, "cache_resident_possible", result->cache_resident_possible);
  set_int (record, "warm_ups", result->warm_ups);
  set_bool (record, "stable", result->stable);
  set_int (record, "iterations", result->n_iterations);
  set_int (record, "n_changed", result->n_changed);
  if (result->n_pairs > 0)
    set_int (record, "n_unknown", nv_result_count_unknown (result));
  set_bool (record, "interrupted", nv_result_interrupted (setup, result));
  set_int (record, "groups", result->n_groups);
  if (group < result->n_groups)
    {
      set_int (record, "group", group);
      set_group (record, setup, &result->groups[group]);
    }
  else
    set_int (record, "n", 0);
  json_object_set_new (record, "residence", make_residence (result));
  return record;
}

int
nv_record_write (const json_t *record, FILE *file)
{
  errno = 0;
  if (json_dumpf (record, file, JSON_COMPACT | JSON_REAL_PRECISION (PRECISION)) == 0
      && fputc ('\n', file) >= 0)
    return 0;
  return errno != 0 ? -errno : -EIO;
}

/* Takes @record. */
static int
write_and_free (json_t *record, FILE *file)
{
  int status = nv_record_write (record, file);

  json_decref (record);
  return status;
}

int
nv_record_write_result (const struct nv_setup *setup, const struct nv_result *result, FILE *file)
{
  size_t n_summaries = result->n_groups > 0 ? result->n_groups : 1;
  int status = 0;

  for (size_t i = 0; i < result->n_iterations && status == 0; i++)
    status = write_and_free (nv_record_iteration (setup, result, i), file);
  while (n_summaries > 0 && status == 0)
    status = write_and_free (nv_record_summary (setup, result, --n_summaries), file);
  return status;
}
