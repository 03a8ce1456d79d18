#include "store/results-private.h"
#include "store/metric-names.h"

#include <math.h>
#include <string.h>

static void
kernel_free (gpointer data)
{
  NvResultKernel *kernel = data;

  g_free (kernel->name);
  g_free (kernel->plain_name);
  g_free (kernel->unit);
  g_free (kernel->workload);
  g_free (kernel);
}

NvResultVm *
nv_result_vm_new (const char *name, const char *policy)
{
  NvResultVm *vm = g_new0 (NvResultVm, 1);

  vm->name = g_utf8_make_valid (name ? name : "", -1);
  vm->policy = policy ? g_utf8_make_valid (policy, -1) : NULL;
  vm->results = g_new0 (GArray *, NV_RESULTS_KERNELS);
  return vm;
}

void
nv_result_vm_free (NvResultVm *vm)
{
  if (!vm)
    return;
  for (guint i = 0; i < NV_RESULTS_KERNELS; i++)
    g_clear_pointer (&vm->results[i], g_array_unref);
  g_free (vm->results);
  g_free (vm->name);
  g_free (vm->policy);
  g_free (vm);
}

void
nv_result_vm_add (NvResultVm *vm, guint kernel, const NvResult *result)
{
  if (!vm->results[kernel])
    vm->results[kernel] = g_array_new (FALSE, FALSE, sizeof (NvResult));
  g_array_append_val (vm->results[kernel], *result);
}

gboolean
nv_result_vm_is_empty (const NvResultVm *vm)
{
  for (guint i = 0; i < NV_RESULTS_KERNELS; i++)
    if (vm->results[i])
      return FALSE;
  return TRUE;
}

gboolean
nv_result_set (NvResult *result, double best, double average_s, double minimum_s, double maximum_s,
               guint32 sequence)
{
  const double values[] = { best, average_s, minimum_s, maximum_s };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    if (!(fabs (values[i]) <= G_MAXFLOAT))
      return FALSE;
  *result = (NvResult){ best, average_s, minimum_s, maximum_s, sequence };
  return TRUE;
}

NvResults *
nv_results_new (const char *source)
{
  NvResults *results = g_new0 (NvResults, 1);

  results->source = g_utf8_make_valid (source, -1);
  results->kernels = g_ptr_array_new_with_free_func (kernel_free);
  results->vms = g_ptr_array_new_with_free_func ((GDestroyNotify)nv_result_vm_free);
  results->emulated = -1;
  /* So that no file's or store's invented ones push them out. */
  for (guint i = 0; nv_stream_kernels[i]; i++)
    nv_results_get_kernel (results, nv_stream_kernels[i], "bytes/s", NV_RESULTS_RATE);
  return results;
}

void
nv_results_free (NvResults *results)
{
  if (!results)
    return;
  g_ptr_array_unref (results->kernels);
  g_ptr_array_unref (results->vms);
  g_free (results->source);
  g_free (results->when);
  g_free (results->host);
  g_free (results);
}

/* -1: it is new. */
static int
find_kernel (const NvResults *results, const char *name, const char *unit, const NvMetric *metric)
{
  for (guint i = 0; i < results->kernels->len; i++)
    {
      const NvResultKernel *kernel = g_ptr_array_index (results->kernels, i);

      if (strcmp (kernel->plain_name, name) == 0 && strcmp (kernel->unit, unit) == 0
          && kernel->lower_is_better == metric->lower_is_better && kernel->is_metric == metric->is_metric
          && g_strcmp0 (kernel->workload, metric->workload) == 0)
        return (int)i;
    }
  return -1;
}

int
nv_results_get_kernel (NvResults *results, const char *name, const char *unit, const NvMetric *metric)
{
  g_autofree char *valid_name = NULL, *valid_unit = NULL;
  NvResultKernel *kernel;
  int index;

  if (!name || !unit)
    return -1;
  index = find_kernel (results, name, unit, metric);
  if (index >= 0)
    return index;
  valid_name = g_utf8_make_valid (name, -1);
  valid_unit = g_utf8_make_valid (unit, -1);
  index = find_kernel (results, valid_name, valid_unit, metric);
  if (index >= 0 || results->kernels->len == NV_RESULTS_KERNELS)
    return index;
  kernel = g_new0 (NvResultKernel, 1);
  kernel->name = g_strdup (valid_name);
  kernel->plain_name = g_steal_pointer (&valid_name);
  kernel->unit = g_steal_pointer (&valid_unit);
  kernel->workload = g_strdup (metric->workload);
  kernel->lower_is_better = metric->lower_is_better;
  kernel->is_metric = metric->is_metric;
  g_ptr_array_add (results->kernels, kernel);
  return (int)results->kernels->len - 1;
}

/* --- order --- */

/* STREAM's kernels come first. */
static guint
rank_of_kernel (const NvResultKernel *kernel)
{
  guint i = 0;

  while (nv_stream_kernels[i] && strcmp (nv_stream_kernels[i], kernel->name) != 0)
    i++;
  return i;
}

static int
compare_kernels (gconstpointer a, gconstpointer b)
{
  const NvResultKernel *one = *(NvResultKernel *const *)a, *other = *(NvResultKernel *const *)b;
  int order = (int)rank_of_kernel (one) - (int)rank_of_kernel (other);

  if (order == 0)
    order = strcmp (one->name, other->name);
  if (order == 0)
    order = strcmp (one->unit, other->unit);
  if (order == 0)
    order = one->is_metric - other->is_metric;
  if (order == 0)
    order = g_strcmp0 (one->workload, other->workload);
  return order != 0 ? order : one->lower_is_better - other->lower_is_better;
}

static gboolean
is_used (const NvResults *results, guint kernel)
{
  for (guint i = 0; i < results->vms->len; i++)
    if (((NvResultVm *)g_ptr_array_index (results->vms, i))->results[kernel])
      return TRUE;
  return FALSE;
}

static void
drop_unused_kernels (const NvResults *results)
{
  for (guint k = results->kernels->len; k-- > 0;)
    {
      if (is_used (results, k))
        continue;
      g_ptr_array_remove_index (results->kernels, k);
      for (guint i = 0; i < results->vms->len; i++)
        {
          NvResultVm *vm = g_ptr_array_index (results->vms, i);

          memmove (vm->results + k, vm->results + k + 1, (NV_RESULTS_KERNELS - k - 1) * sizeof *vm->results);
          vm->results[NV_RESULTS_KERNELS - 1] = NULL;
        }
    }
}

/* @before: the kernels as their indices were. */
static void
reorder (NvResultVm *vm, const GPtrArray *kernels, const GPtrArray *before)
{
  GArray **arrays = g_new0 (GArray *, NV_RESULTS_KERNELS);
  guint old;

  for (guint i = 0; i < kernels->len; i++)
    {
      if (g_ptr_array_find ((GPtrArray *)before, g_ptr_array_index (kernels, i), &old))
        arrays[i] = vm->results[old];
      if (!arrays[i])
        arrays[i] = g_array_new (FALSE, FALSE, sizeof (NvResult));
    }
  g_free (vm->results);
  vm->results = arrays;
}

static void
name_kernels (GPtrArray *kernels)
{
  g_autofree NvMetricName *names = g_new (NvMetricName, kernels->len);
  g_autofree char **shown = NULL;

  for (guint i = 0; i < kernels->len; i++)
    {
      const NvResultKernel *kernel = g_ptr_array_index (kernels, i);

      names[i] = (NvMetricName){ kernel->plain_name, kernel->workload };
    }
  shown = nv_metric_names_tell_apart (names, kernels->len);
  for (guint i = 0; i < kernels->len; i++)
    {
      NvResultKernel *kernel = g_ptr_array_index (kernels, i);

      g_free (kernel->name);
      kernel->name = shown[i];
    }
}

/* @data: policies -> 1 + which came first; NULL is none. */
static int
compare_vms (gconstpointer a, gconstpointer b, gpointer data)
{
  const NvResultVm *one = *(NvResultVm *const *)a, *other = *(NvResultVm *const *)b;
  guint one_rank = one->policy ? GPOINTER_TO_UINT (g_hash_table_lookup (data, one->policy)) : 0;
  guint other_rank = other->policy ? GPOINTER_TO_UINT (g_hash_table_lookup (data, other->policy)) : 0;
  int order = (one_rank > other_rank) - (one_rank < other_rank);

  if (order == 0)
    order = strverscmp (one->name, other->name);
  return order != 0 ? order : strcmp (one->name, other->name);
}

void
nv_results_finish (NvResults *results)
{
  g_autoptr (GPtrArray) before = NULL;
  g_autoptr (GHashTable) ranks = g_hash_table_new (g_str_hash, g_str_equal);

  drop_unused_kernels (results);
  before = g_ptr_array_copy (results->kernels, NULL, NULL);
  g_ptr_array_set_free_func (before, NULL);
  g_ptr_array_sort (results->kernels, compare_kernels);
  name_kernels (results->kernels);
  for (guint i = 0; i < results->vms->len; i++)
    {
      NvResultVm *vm = g_ptr_array_index (results->vms, i);

      reorder (vm, results->kernels, before);
      if (vm->policy && !g_hash_table_contains (ranks, vm->policy))
        g_hash_table_insert (ranks, vm->policy, GUINT_TO_POINTER (g_hash_table_size (ranks) + 1));
    }
  g_ptr_array_sort_with_data (results->vms, compare_vms, ranks);
}
