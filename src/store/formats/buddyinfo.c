/* /proc/buddyinfo, appended at an interval, without time stamps. */

#include "bench/samplers/sampler.h"
#include "store/formats/format.h"
#include "store/series.h"

#include <string.h>

typedef struct
{
  GPtrArray *lines; /* of the sample, in which the values point */
  struct nv_sample_values values;
  guint64 n_samples;
  gboolean is_refused; /* nobody said what the interval is */
} State;

static gboolean
parse (char *line, struct nv_sample_values *values)
{
  const struct nv_sampler *sampler = nv_sampler_find ("buddyinfo");
  gsize before = values->length;

  if (sampler->files[0].parse (line, -1, values) == 0 && values->length > before)
    return TRUE;
  values->length = before;
  return FALSE;
}

static gboolean
buddyinfo_recognise (const char *line, gsize length)
{
  g_autofree char *copy = NULL;
  struct nv_sample_values values = { 0 };
  gboolean is_one;

  if (!g_str_has_prefix (line, "Node ") || strlen (line) != length)
    return FALSE;
  copy = g_strchomp (g_strdup (line));
  is_one = parse (copy, &values);
  nv_sample_values_clear (&values);
  return is_one;
}

static gboolean
add_sample (NvImport *import, State *state, GError **error)
{
  NvStore *store = import->request->store;
  gint64 vm, time_ns;
  NvSeries *series;

  if (state->values.length == 0)
    return TRUE;
  if (__builtin_mul_overflow ((gint64)import->request->interval_ns, state->n_samples, &time_ns))
    {
      nv_import_leave_out (import, "with this interval, the sample's time is out of range");
      state->values.length = 0;
      return TRUE;
    }
  if (!nv_import_get_measurer (import, &vm, error))
    return FALSE;
  series = nv_series_get (store, import->run, vm);
  if (!nv_samples_start (store, series, time_ns, 0, 0, error))
    return FALSE;
  for (gsize i = 0; i < state->values.length; i++)
    {
      const struct nv_sample_value *item = &state->values.items[i];
      const NvCounterValue value = { .sampler = "buddyinfo",
                                     .name = item->name,
                                     .node = item->node,
                                     .zone = item->zone,
                                     .order = item->order,
                                     .is_real = item->is_ratio,
                                     .count = (gint64)item->count,
                                     .real = item->ratio };

      if (!nv_samples_add (store, series, &value, error))
        return FALSE;
    }
  import->rows++;
  state->n_samples++;
  state->values.length = 0;
  g_ptr_array_set_size (state->lines, 0);
  return nv_samples_end (store, series, error);
}

/* A zone that comes again is of the next sample. */
static gboolean
has_zone (const struct nv_sample_values *values, gsize n, const struct nv_sample_value *value)
{
  for (gsize i = 0; i < n; i++)
    if (values->items[i].node == value->node && strcmp (values->items[i].zone, value->zone) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
buddyinfo_read_line (NvImport *import, gpointer data, char *line, gsize length, GError **error)
{
  State *state = data;
  gsize before = state->values.length;
  char *copy;

  if (import->request->interval_ns == 0)
    {
      if (!state->is_refused)
        nv_import_leave_out (import,
                             "a log without time stamps: --interval says how far apart its samples are, "
                             "such as --interval 10s");
      state->is_refused = TRUE;
      return TRUE;
    }
  if (!state->lines)
    state->lines = g_ptr_array_new_with_free_func (g_free);
  copy = g_strchomp (g_strdup (line));
  if (*copy == '\0' && strlen (line) == length)
    {
      g_free (copy);
      return TRUE;
    }
  if (strlen (line) != length || !parse (copy, &state->values))
    {
      nv_import_leave_out (import, "no line of /proc/buddyinfo");
      g_free (copy);
      return TRUE;
    }
  if (!has_zone (&state->values, before, &state->values.items[before]))
    {
      g_ptr_array_add (state->lines, copy);
      return TRUE;
    }
  g_free (copy);
  state->values.length = before;
  return add_sample (import, state, error) && buddyinfo_read_line (import, state, line, length, error);
}

static gboolean
buddyinfo_finish (NvImport *import, gpointer data, GError **error)
{
  return add_sample (import, data, error);
}

static void
buddyinfo_clear (gpointer data)
{
  State *state = data;

  nv_sample_values_clear (&state->values);
  g_clear_pointer (&state->lines, g_ptr_array_unref);
}

const NvFormat nv_format_buddyinfo = {
  .name = "buddyinfo",
  .summary = "/proc/buddyinfo, appended again and again; needs --interval",
  .state_size = sizeof (State),
  .recognises = buddyinfo_recognise,
  .read_line = buddyinfo_read_line,
  .finish = buddyinfo_finish,
  .clear = buddyinfo_clear,
};
