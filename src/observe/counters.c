#include "observe/counters.h"
#include "base/error.h"
#include "bench/samplers/engine.h"

#include <errno.h>
#include <string.h>

struct NvCounters
{
  GHashTable *values; /* of char *, guint64 * */
};

/* What this kernel lacks is not among the counters, and whoever samples is told. */
static void
complain (void *data, const char *text)
{
}

void
nv_counters_free (NvCounters *counters)
{
  if (!counters)
    return;
  g_hash_table_unref (counters->values);
  g_free (counters);
}

/* KSM's files have names that say nothing without their folder's. */
static NvCounters *
collect (const struct nv_sample *sample, const struct nv_sampler *ksm)
{
  NvCounters *counters = g_new0 (NvCounters, 1);

  counters->values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (gsize i = 0; i < sample->n_values; i++)
    {
      const struct nv_sample_value *value = &sample->values[i];

      g_hash_table_replace (counters->values,
                            g_strconcat (value->sampler == ksm ? "ksm_" : "", value->name, NULL),
                            g_memdup2 (&value->count, sizeof value->count));
    }
  return counters;
}

NvCounters *
nv_counters_read (const char *root, GError **error)
{
  const struct nv_sampler *ksm = nv_sampler_find ("ksm");
  const struct nv_sampler *const samplers[] = { nv_sampler_find ("vmstat"), ksm, NULL };
  const struct nv_engine_complaints complaints = { complain, NULL };
  struct nv_engine *engine;
  struct nv_message message;
  struct nv_sample sample;
  NvCounters *counters = NULL;
  int status = nv_engine_open (root, samplers, &complaints, &engine, &message);

  if (status < 0)
    {
      g_set_error (error, NV_ERROR, status == -ENOENT ? NV_ERROR_UNAVAILABLE : NV_ERROR_FAILED,
                   "cannot read the kernel's counters: %s", message.text);
      return NULL;
    }
  if (nv_engine_read (engine, &sample) == 0)
    counters = collect (&sample, ksm);
  else
    g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot read the kernel's counters: no memory is left");
  nv_engine_close (engine);
  return counters;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (a, b);
}

json_t *
nv_counters_difference (const NvCounters *before, const NvCounters *after)
{
  json_t *difference = json_object ();
  g_autoptr (GList) names = g_list_sort (g_hash_table_get_keys (after->values), compare_names);

  for (const GList *at = names; at; at = at->next)
    {
      const guint64 *from = g_hash_table_lookup (before->values, at->data);
      const guint64 *to = g_hash_table_lookup (after->values, at->data);

      if (from)
        json_object_set_new (difference, at->data, json_integer ((json_int_t)(*to - *from)));
    }
  return difference;
}

static gint64
get (const json_t *difference, const char *name)
{
  return json_integer_value (json_object_get (difference, name));
}

static void G_GNUC_PRINTF (2, 3) append (GString *text, const char *format, ...)
{
  va_list arguments;

  if (text->len > 0)
    g_string_append (text, ", ");
  va_start (arguments, format);
  g_string_append_vprintf (text, format, arguments);
  va_end (arguments);
}

/* The kernel counts the pages that NUMA balancing moved, and all that were moved: it does not say which of
 * the others compaction moved and which somebody asked it to move. */
char *
nv_counters_describe (const json_t *difference)
{
  GString *text = g_string_new (NULL);
  gint64 balanced = get (difference, "numa_pages_migrated");
  gint64 others = get (difference, "pgmigrate_success") - balanced;
  gint64 shared = get (difference, "ksm_pages_sharing");

  if (balanced > 0)
    append (text, "NUMA balancing moved %" G_GINT64_FORMAT " pages", balanced);
  if (others > 0)
    append (text, "compaction or a request moved %" G_GINT64_FORMAT " pages", others);
  if (shared != 0)
    append (text, "KSM shares %" G_GINT64_FORMAT " pages %s", ABS (shared), shared > 0 ? "more" : "less");
  return text->len > 0 ? g_string_free (text, FALSE) : (g_string_free (text, TRUE), NULL);
}
