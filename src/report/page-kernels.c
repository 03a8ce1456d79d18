/* What has values on the page: kernels of ours, and metrics of workloads. */

#include "report/page-private.h"
#include "store/metric-names.h"

#include <string.h>

typedef struct
{
  char *name;
  char *unit;
  char *workload;
  gboolean lower_is_better;
} Kernel;

struct NvPageKernels
{
  GPtrArray *kernels;  /* Kernel, in the order in which they came */
  GHashTable *indexes; /* what tells them apart -> index */
};

static void
kernel_free (gpointer data)
{
  Kernel *kernel = data;

  g_free (kernel->name);
  g_free (kernel->unit);
  g_free (kernel->workload);
  g_free (kernel);
}

NvPageKernels *
nv_page_kernels_new (void)
{
  NvPageKernels *kernels = g_new (NvPageKernels, 1);

  kernels->kernels = g_ptr_array_new_with_free_func (kernel_free);
  kernels->indexes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return kernels;
}

void
nv_page_kernels_free (NvPageKernels *kernels)
{
  g_ptr_array_unref (kernels->kernels);
  g_hash_table_unref (kernels->indexes);
  g_free (kernels);
}

/* A unit has no control characters, and what comes before a name says how long that is. */
char *
nv_page_kernel_key (const NvPageKernel *kernel)
{
  return g_strdup_printf ("%d %d %" G_GSIZE_FORMAT " %s\n%s%s", kernel->lower_is_better, kernel->is_metric,
                          strlen (kernel->name), kernel->unit, kernel->name,
                          kernel->workload ? kernel->workload : "");
}

int
nv_page_kernels_get (NvPageKernels *kernels, const NvPageKernel *kernel, guint max)
{
  g_autofree char *key = nv_page_kernel_key (kernel);
  gpointer index;
  Kernel *own;

  if (g_hash_table_lookup_extended (kernels->indexes, key, NULL, &index))
    return GPOINTER_TO_INT (index);
  if (kernels->kernels->len >= max)
    return -1;
  own = g_new0 (Kernel, 1);
  own->name = g_strdup (kernel->name);
  own->unit = g_strdup (kernel->unit);
  own->workload = g_strdup (kernel->workload);
  own->lower_is_better = kernel->lower_is_better;
  g_ptr_array_add (kernels->kernels, own);
  g_hash_table_insert (kernels->indexes, g_steal_pointer (&key),
                       GUINT_TO_POINTER (kernels->kernels->len - 1));
  return (int)kernels->kernels->len - 1;
}

json_t *
nv_page_kernels_to_json (const NvPageKernels *kernels)
{
  guint n = kernels->kernels->len;
  g_autofree NvMetricName *names = g_new (NvMetricName, n);
  g_auto (GStrv) shown = NULL;
  json_t *list = json_array ();

  for (guint i = 0; i < n; i++)
    {
      const Kernel *kernel = g_ptr_array_index (kernels->kernels, i);

      names[i] = (NvMetricName){ kernel->name, kernel->workload };
    }
  shown = nv_metric_names_tell_apart (names, n);
  for (guint i = 0; i < n; i++)
    {
      const Kernel *kernel = g_ptr_array_index (kernels->kernels, i);

      json_array_append_new (list, json_pack ("{s:s, s:s, s:s}", "name", shown[i], "unit", kernel->unit,
                                              "better", kernel->lower_is_better ? "lower" : "higher"));
    }
  return list;
}
