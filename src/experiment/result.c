#include "experiment/boot.h"

#include <string.h>

static void
row_free (gpointer data)
{
  NvRunRow *row = data;

  g_free (row->vm);
  g_free (row->kernel);
  g_free (row->unit);
  g_free (row->reason);
  g_free (row);
}

void
nv_run_result_init (NvRunResult *result)
{
  *result = (NvRunResult){
    .uuid = g_uuid_string_random (),
    .rows = g_ptr_array_new_with_free_func (row_free),
    .notes = g_ptr_array_new_with_free_func (g_free),
    .held = g_ptr_array_new_with_free_func (g_free),
  };
}

void
nv_run_result_clear (NvRunResult *result)
{
  g_clear_pointer (&result->uuid, g_free);
  g_clear_pointer (&result->rows, g_ptr_array_unref);
  g_clear_pointer (&result->notes, g_ptr_array_unref);
  g_clear_pointer (&result->held, g_ptr_array_unref);
}

gboolean
nv_run_result_holds (const NvRunResult *result)
{
  for (guint i = 0; i < result->rows->len; i++)
    if (((const NvRunRow *)g_ptr_array_index (result->rows, i))->holds == NV_HOLDS_NOT)
      return FALSE;
  return TRUE;
}

static const json_t *
member (const json_t *summary, const char *name)
{
  return json_object_get (summary, name);
}

NvRunRow *
nv_run_result_add (NvRunResult *result, const char *policy, const char *vm, const json_t *summary,
                   NvHolds holds, const char *reason)
{
  NvRunRow *row = g_new0 (NvRunRow, 1);
  json_t *array;
  size_t i;

  row->policy = policy;
  row->vm = g_strdup (vm);
  row->kernel = g_strdup (json_string_value (member (summary, "kernel")));
  row->unit = g_strdup (json_string_value (member (summary, "unit")));
  row->lower_is_better = strcmp (row->unit, "ns") == 0;
  row->n = (guint)json_integer_value (member (summary, "n"));
  row->n_changed = (guint)json_integer_value (member (summary, "n_changed"));
  row->median = json_number_value (member (summary, "median"));
  row->p5 = json_number_value (member (summary, "p5"));
  row->p95 = json_number_value (member (summary, "p95"));
  row->minimum = json_number_value (member (summary, "minimum"));
  row->maximum = json_number_value (member (summary, "maximum"));
  row->cache_resident_possible = json_is_true (member (summary, "cache_resident_possible"));
  row->pages_hold = TRUE;
  json_array_foreach (member (summary, "residence"), i, array) row->pages_hold &=
      !json_is_false (json_object_get (array, "holds"));
  row->holds = holds;
  row->reason = g_strdup (reason);
  g_ptr_array_add (result->rows, row);
  return row;
}
