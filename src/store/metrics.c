#include "store/metrics.h"

#include <string.h>

enum
{
  HIGHER = 1,
  LOWER,
};

/* Of a workload. */
typedef struct
{
  char *name, *unit;
  NvMetric metric;
} Member;

static void
member_clear (gpointer data)
{
  Member *member = data;

  g_free (member->name);
  g_free (member->unit);
}

/* --- what runs say --- */

static void
set_key (GString *key, const NvMetricOf *of)
{
  g_string_printf (key, "%" G_GINT64_FORMAT "\n%.*s\n", of->run, (int)of->unit_length, of->unit);
  g_string_append_len (key, of->kernel, (gssize)of->kernel_length);
}

static void
metrics_init (NvMetrics *metrics)
{
  metrics->directions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  metrics->workloads = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);
  metrics->of_setups = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  metrics->texts = g_string_chunk_new (1024);
  metrics->key = g_string_new (NULL);
}

static gboolean
read_directions (NvMetrics *metrics, NvStore *store, gint64 run, GError **error)
{
  sqlite3_stmt *row = nv_store_prepare (
      store, "SELECT run, kernel, unit, better = 'lower' FROM metric WHERE ?1 IN (0, run)", error);

  if (!row)
    return FALSE;
  sqlite3_bind_int64 (row, 1, run);
  while (sqlite3_step (row) == SQLITE_ROW)
    {
      const char *kernel = (const char *)sqlite3_column_text (row, 1);
      const char *unit = (const char *)sqlite3_column_text (row, 2);

      if (!kernel || !unit)
        continue; /* of a damaged store */
      if (!metrics->directions)
        metrics_init (metrics);
      set_key (metrics->key, &(NvMetricOf){ .run = sqlite3_column_int64 (row, 0),
                                            .kernel = kernel,
                                            .kernel_length = strlen (kernel),
                                            .unit = unit,
                                            .unit_length = strlen (unit) });
      g_hash_table_insert (metrics->directions, g_strdup (metrics->key->str),
                           GINT_TO_POINTER (sqlite3_column_int (row, 3) ? LOWER : HIGHER));
    }
  return nv_store_end_rows (store, row, error);
}

/* --- what workloads say --- */

/* As a shell wants it. Only texts: a store of somebody else's may hold anything. */
static void
append_command (GString *text, const char *json)
{
  json_t *words = json ? json_loads (json, 0, NULL) : NULL, *word;
  size_t i;

  json_array_foreach (words, i, word)
  {
    const char *plain = json_is_string (word) ? json_string_value (word) : "";
    g_autofree char *quoted = g_shell_quote (plain);
    gboolean is_safe = *plain && !plain[strcspn (plain, " \t\n\"'\\`$&|;<>()*?[]{}~#!")];

    g_string_append_printf (text, "%s%s", i > 0 ? " " : "", is_safe ? plain : quoted);
  }
  json_decref (words);
}

static const char *
get_text (const json_t *metric, const char *member)
{
  const char *text = json_string_value (json_object_get (metric, member));

  return text ? text : "";
}

/* Returns: (transfer full): of Member. */
static GArray *
make_members (NvMetrics *metrics, const char *command, const char *format, const char *json)
{
  GArray *members = g_array_new (FALSE, FALSE, sizeof (Member));
  json_t *list = json ? json_loads (json, 0, NULL) : NULL, *metric;
  size_t i;

  g_array_set_clear_func (members, member_clear);
  json_array_foreach (list, i, metric)
  {
    g_autoptr (GString) text = g_string_new (NULL);
    Member member = { .name = g_strdup (get_text (metric, "name")),
                      .unit = g_strdup (get_text (metric, "unit")) };

    append_command (text, command);
    g_string_append_printf (text, "\n%s\n%s", get_text (metric, "pattern"), format ? format : "");
    member.metric = (NvMetric){ TRUE, strcmp (get_text (metric, "better"), "lower") == 0,
                                g_string_chunk_insert_const (metrics->texts, text->str) };
    g_array_append_val (members, member);
  }
  json_decref (list);
  return members;
}

/* Columns: setup, command, format, metrics. Most setups say the same: they are read once. */
static void
take_workload (NvMetrics *metrics, sqlite3_stmt *row)
{
  const char *texts[3];
  g_autofree char *key = NULL;
  gint64 setup = sqlite3_column_int64 (row, 0);
  GArray *members;

  for (int i = 0; i < 3; i++)
    texts[i] = (const char *)sqlite3_column_text (row, 1 + i);
  key = g_strdup_printf ("%s\n%s\n%s", texts[0] ? texts[0] : "", texts[1] ? texts[1] : "",
                         texts[2] ? texts[2] : "");
  members = g_hash_table_lookup (metrics->workloads, key);
  if (!members)
    {
      members = make_members (metrics, texts[0], texts[1], texts[2]);
      g_hash_table_insert (metrics->workloads, g_steal_pointer (&key), members);
    }
  g_hash_table_insert (metrics->of_setups, g_memdup2 (&setup, sizeof setup), members);
}

static gboolean
read_workloads (NvMetrics *metrics, NvStore *store, gint64 run, GError **error)
{
  sqlite3_stmt *row = nv_store_prepare (
      store,
      "SELECT id, record ->> '$.command', record ->> '$.format', record ->> '$.metrics' FROM setup"
      " WHERE ?1 IN (0, run) AND run IN (SELECT run FROM metric)"
      " AND iif (json_valid (record), record ->> '$.record', NULL) = 'workload'",
      error);

  if (!row)
    return FALSE;
  sqlite3_bind_int64 (row, 1, run);
  while (sqlite3_step (row) == SQLITE_ROW)
    take_workload (metrics, row);
  return nv_store_end_rows (store, row, error);
}

/* --- both --- */

gboolean
nv_metrics_read (NvMetrics *metrics, NvStore *store, gint64 run, GError **error)
{
  return read_directions (metrics, store, run, error)
         && (!metrics->directions || read_workloads (metrics, store, run, error));
}

static gboolean
is_text (const char *text, const char *other, gsize length)
{
  return strlen (text) == length && memcmp (text, other, length) == 0;
}

static const NvMetric *
find_member (const GArray *members, const NvMetricOf *of)
{
  for (guint i = 0; i < members->len; i++)
    {
      const Member *member = &g_array_index (members, Member, i);

      if (is_text (member->name, of->kernel, of->kernel_length)
          && is_text (member->unit, of->unit, of->unit_length))
        return &member->metric;
    }
  return NULL;
}

NvMetric
nv_metrics_find (const NvMetrics *metrics, const NvMetricOf *of)
{
  const GArray *members =
      metrics->directions && of->setup ? g_hash_table_lookup (metrics->of_setups, &of->setup) : NULL;
  const NvMetric *metric = members ? find_member (members, of) : NULL;
  int direction = 0;

  if (metric)
    return *metric;
  if (metrics->directions && (members || !of->setup))
    {
      set_key (metrics->key, of);
      direction = GPOINTER_TO_INT (g_hash_table_lookup (metrics->directions, metrics->key->str));
    }
  return direction ? (NvMetric){ TRUE, direction == LOWER, NULL }
                   : (NvMetric){ FALSE, is_text ("ns", of->unit, of->unit_length), NULL };
}

void
nv_metrics_clear (NvMetrics *metrics)
{
  if (!metrics->directions)
    return;
  g_hash_table_unref (metrics->directions);
  g_hash_table_unref (metrics->of_setups);
  g_hash_table_unref (metrics->workloads);
  g_string_chunk_free (metrics->texts);
  g_string_free (metrics->key, TRUE);
  *metrics = (NvMetrics){ NULL };
}
