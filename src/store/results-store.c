/* Results out of a store. */

#include "store/results-private.h"
#include "base/error.h"
#include "store/store-private.h"
#include "store/stream-text.h"

#include <math.h>
#include <string.h>

/* ?1: the run, or NULL. In the order in which they came: what belongs together stands together. */
static const char iterations_sql[] = "SELECT run, vm, setup, kernel, unit, value, time_ns / 1e9,"
                                     " changed, load IS NOT NULL OR cpu_node IS NOT NULL"
                                     " FROM iteration WHERE run = ifnull (?1, run) ORDER BY id";

static const char streams_sql[] =
    "SELECT run, vm, sequence, kernel, best_rate_bytes_per_s, average_s, minimum_s, maximum_s, array_bytes, threads"
    " FROM stream WHERE run = ifnull (?1, run) ORDER BY id";

/* ?1: the VM, or 0: bare metal; ?2: the setup, or 0. */
static const char who_sql[] =
    "SELECT vm.name, arm, record ->> '$.setup.pages', record ->> '$.setup.access', record ->> '$.setup.page_kind'"
    " FROM (SELECT 1) LEFT JOIN vm ON vm.id = ?1 LEFT JOIN boot ON boot.id = vm.boot LEFT JOIN setup ON setup.id = ?2";

#define N_PLACING 3 /* pages, access, page_kind: what a policy is to those who have none */

static const char run_sql[] =
    "SELECT emulated, date (started_wall_ns / 1000000000, 'unixepoch'),"
    " (SELECT record ->> '$.host' FROM sample_header WHERE run = ?1 AND vm IS NULL),"
    " plan ->> '$.rates_divided_by'"
    " FROM run WHERE id = ?1";

/* The iterations of one kernel in one run of the benchmark. */
typedef struct
{
  guint n;
  double best, sum_s, minimum_s, maximum_s;
} Sum;

/* A VM, or bare metal, and what tells it apart. */
typedef struct
{
  NvResultVm *vm; /* (transfer none) */
  gint64 run;     /* 0: it has a policy, which may be measured in several */
  char *placing[N_PLACING + 1];
} Known;

/* Where rows of one setup of a VM in one boot, or on bare metal, go. */
typedef struct
{
  gint64 run, vm, setup; /* 0: none */
  NvResultVm *result;    /* (transfer none) */
  Sum *sums;             /* [NV_RESULTS_KERNELS]; NULL: no iterations */
  guint32 sequence;      /* of the iterations */
  gint64 last_stream;    /* which run of the benchmark in its file the last row was of; -1: none */
} Part;

typedef struct
{
  NvStore *store;
  NvResults *results;
  GPtrArray *parts;    /* Part, as they came */
  GHashTable *part_of; /* Part -> itself */
  GHashTable *known;   /* what tells it apart -> Known */
  Part *last;          /* most rows are of the same as the row before */
  const NvMetrics *metrics;
} Reading;

static guint
part_hash (gconstpointer key)
{
  const Part *part = key;

  return (guint)(part->run * 31 + part->vm * 1021 + part->setup);
}

static gboolean
part_equal (gconstpointer a, gconstpointer b)
{
  const Part *one = a, *other = b;

  return one->run == other->run && one->vm == other->vm && one->setup == other->setup;
}

static void
part_free (gpointer data)
{
  g_free (((Part *)data)->sums);
  g_free (data);
}

static void
known_free (gpointer data)
{
  Known *known = data;

  for (guint i = 0; i < N_PLACING; i++)
    g_free (known->placing[i]);
  g_free (known);
}

static const char *
column_text (sqlite3_stmt *row, int column)
{
  return (const char *)sqlite3_column_text (row, column);
}

/* @row: of who_sql. */
static NvResultVm *
get_vm (const Reading *reading, gint64 run, const char *name, sqlite3_stmt *row)
{
  const char *policy = column_text (row, 1);
  g_autoptr (GString) key = g_string_new (NULL);
  Known *known;

  if (policy)
    g_string_printf (key, "%s\n%s", policy, name);
  else
    g_string_printf (key, "%" G_GINT64_FORMAT "\n%s", run, name);
  for (int i = 0; !policy && i < N_PLACING; i++)
    g_string_append_printf (key, "\n%s", column_text (row, 2 + i) ? column_text (row, 2 + i) : "");
  known = g_hash_table_lookup (reading->known, key->str);
  if (known)
    return known->vm;
  known = g_new0 (Known, 1);
  known->vm = nv_result_vm_new (name, policy);
  known->run = policy ? 0 : run;
  for (int i = 0; !policy && i < N_PLACING; i++)
    known->placing[i] = g_strdup (column_text (row, 2 + i));
  g_ptr_array_add (reading->results->vms, known->vm);
  g_hash_table_insert (reading->known, g_strdup (key->str), known);
  return known->vm;
}

/* @vm: 0: bare metal. NULL with @error. */
static NvResultVm *
find_vm (const Reading *reading, gint64 run, gint64 vm, gint64 setup, GError **error)
{
  sqlite3_stmt *row = nv_store_prepare (reading->store, who_sql, error);
  NvResultVm *result = NULL;

  if (!row)
    return NULL;
  sqlite3_bind_int64 (row, 1, vm);
  sqlite3_bind_int64 (row, 2, setup);
  if (sqlite3_step (row) != SQLITE_ROW)
    nv_store_fail (reading->store, error);
  else
    result = get_vm (reading, run, column_text (row, 0) ? column_text (row, 0) : "host", row);
  sqlite3_reset (row);
  return result;
}

/* --- those without a policy --- */

/* Do any two that are known differ? */
static gboolean
placings_differ (const Reading *reading)
{
  const char *first[N_PLACING] = { NULL };
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, reading->known);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    for (guint i = 0; i < N_PLACING; i++)
      {
        const char *placing = ((const Known *)value)->placing[i];

        if (placing && first[i] && strcmp (placing, first[i]) != 0)
          return TRUE;
        first[i] = first[i] ? first[i] : placing;
      }
  return FALSE;
}

static void
set_policy (const Known *known)
{
  g_autoptr (GString) policy = g_string_new (NULL);

  for (guint i = 0; i < N_PLACING; i++)
    if (known->placing[i])
      g_string_append_printf (policy, "%s%s", policy->len > 0 ? ", " : "", known->placing[i]);
  if (policy->len > 0)
    known->vm->policy = g_utf8_make_valid (policy->str, -1);
}

static char *
policy_and_name (const NvResultVm *vm)
{
  return g_strdup_printf ("%s\n%s", vm->policy ? vm->policy : "", vm->name);
}

/* Policies are their choices of pages, if these differ; those that then share policy and name get their
 * run's. */
static void
tell_apart (const Reading *reading)
{
  g_autoptr (GHashTable) counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gboolean differ = placings_differ (reading);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, reading->known);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Known *known = value;
      char *key;

      if (differ)
        set_policy (known);
      key = policy_and_name (known->vm);
      g_hash_table_insert (counts, key,
                           GUINT_TO_POINTER (GPOINTER_TO_UINT (g_hash_table_lookup (counts, key)) + 1));
    }
  g_hash_table_iter_init (&iter, reading->known);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Known *known = value;
      g_autofree char *key = policy_and_name (known->vm);
      g_autofree char *name = known->vm->name;

      known->vm->name = known->run && GPOINTER_TO_UINT (g_hash_table_lookup (counts, key)) > 1
                            ? g_strdup_printf ("run %" G_GINT64_FORMAT "/%s", known->run, name)
                            : g_steal_pointer (&name);
    }
}

/* --- parts --- */

/* NULL with @error. */
static Part *
get_part (Reading *reading, gint64 run, gint64 vm, gint64 setup, GError **error)
{
  const Part key = { .run = run, .vm = vm, .setup = setup };
  Part *part = reading->last && part_equal (reading->last, &key)
                   ? reading->last
                   : g_hash_table_lookup (reading->part_of, &key);

  if (!part)
    {
      NvResultVm *result = find_vm (reading, run, vm, setup, error);

      if (!result)
        return NULL;
      part = g_new (Part, 1);
      *part = key;
      part->result = result;
      part->last_stream = -1;
      g_ptr_array_add (reading->parts, part);
      g_hash_table_add (reading->part_of, part);
    }
  reading->last = part;
  return part;
}

/* --- rows --- */

static void
add_to_sum (Sum *sum, double value, double time_s, gboolean lower_is_better)
{
  gboolean is_first = sum->n == 0;

  if (is_first || (lower_is_better ? value < sum->best : value > sum->best))
    sum->best = value;
  sum->minimum_s = is_first ? time_s : MIN (sum->minimum_s, time_s);
  sum->maximum_s = is_first ? time_s : MAX (sum->maximum_s, time_s);
  sum->sum_s += time_s;
  sum->n++;
}

/* Is it one to count? Else it says why not. */
static gboolean
check_iteration (NvResults *results, sqlite3_stmt *row)
{
  guint64 *reason =
      sqlite3_column_int (row, 8)   ? &results->n_beside
      : sqlite3_column_int (row, 7) ? &results->n_moved
      : sqlite3_column_type (row, 5) == SQLITE_NULL || !isfinite (sqlite3_column_double (row, 5))
          ? &results->n_unusable
          : NULL;

  if (reason)
    ++*reason;
  return !reason;
}

/* Of a row of an iteration. */
static int
get_kernel (const Reading *reading, sqlite3_stmt *row)
{
  const char *name = column_text (row, 3), *unit = column_text (row, 4);
  NvMetric metric;

  if (!name || !unit)
    return -1;
  metric = nv_metrics_find (reading->metrics, &(NvMetricOf){ .run = sqlite3_column_int64 (row, 0),
                                                             .setup = sqlite3_column_int64 (row, 2),
                                                             .kernel = name,
                                                             .kernel_length = strlen (name),
                                                             .unit = unit,
                                                             .unit_length = strlen (unit) });
  return nv_results_get_kernel (reading->results, name, unit, &metric);
}

static gboolean
take_iteration (Reading *reading, sqlite3_stmt *row, GError **error)
{
  double value = sqlite3_column_double (row, 5);
  int kernel;
  Part *part;

  if (!check_iteration (reading->results, row))
    return TRUE;
  kernel = get_kernel (reading, row);
  if (kernel < 0)
    {
      reading->results->n_unusable++;
      return TRUE;
    }
  part = get_part (reading, sqlite3_column_int64 (row, 0), sqlite3_column_int64 (row, 1),
                   sqlite3_column_int64 (row, 2), error);
  if (!part)
    return FALSE;
  if (!part->sums)
    {
      part->sums = g_new0 (Sum, NV_RESULTS_KERNELS);
      part->sequence = part->result->n_runs++;
    }
  add_to_sum (&part->sums[kernel], value, sqlite3_column_double (row, 6),
              ((NvResultKernel *)g_ptr_array_index (reading->results->kernels, kernel))->lower_is_better);
  return TRUE;
}

static gboolean
take_stream (Reading *reading, sqlite3_stmt *row, GError **error)
{
  const NvStoreStream stream = {
    .best_rate_bytes_per_s = sqlite3_column_double (row, 4),
    .array_bytes = (guint64)sqlite3_column_int64 (row, 8),
    .threads = (guint)sqlite3_column_int (row, 9),
  };
  gint64 sequence = sqlite3_column_int64 (row, 2);
  int kernel = nv_results_get_kernel (reading->results, column_text (row, 3), "bytes/s", NV_RESULTS_RATE);
  Part *part = get_part (reading, sqlite3_column_int64 (row, 0), sqlite3_column_int64 (row, 1), 0, error);
  NvResult result;

  if (!part)
    return FALSE;
  if (part->last_stream != sequence)
    part->result->n_runs++;
  part->last_stream = sequence;
  if (kernel < 0
      || !nv_result_set (&result, stream.best_rate_bytes_per_s, sqlite3_column_double (row, 5),
                         sqlite3_column_double (row, 6), sqlite3_column_double (row, 7),
                         part->result->n_runs - 1))
    reading->results->n_unusable++;
  else
    {
      nv_result_vm_add (part->result, (guint)kernel, &result);
      reading->results->implausible_rate =
          MAX (reading->results->implausible_rate, nv_stream_implausible_rate (&stream));
    }
  return TRUE;
}

typedef gboolean (*TakeRow) (Reading *reading, sqlite3_stmt *row, GError **error);

static gboolean
for_each_row (Reading *reading, const char *sql, gint64 run, TakeRow take, GError **error)
{
  sqlite3_stmt *row = nv_store_prepare (reading->store, sql, error);
  gboolean done = row != NULL;
  int state = SQLITE_DONE;

  if (row && run)
    sqlite3_bind_int64 (row, 1, run);
  while (done && (state = sqlite3_step (row)) == SQLITE_ROW)
    done = take (reading, row, error);
  if (done && state != SQLITE_DONE)
    done = nv_store_fail (reading->store, error);
  sqlite3_reset (row);
  sqlite3_clear_bindings (row);
  return done;
}

static void
add_sums (Reading *reading)
{
  for (guint i = 0; i < reading->parts->len; i++)
    {
      const Part *part = g_ptr_array_index (reading->parts, i);

      for (guint k = 0; part->sums && k < NV_RESULTS_KERNELS; k++)
        {
          const Sum *sum = &part->sums[k];
          NvResult result;

          if (sum->n == 0)
            continue;
          if (nv_result_set (&result, sum->best, sum->sum_s / sum->n, sum->minimum_s, sum->maximum_s,
                             part->sequence))
            nv_result_vm_add (part->result, k, &result);
          else
            reading->results->n_unusable += sum->n;
        }
    }
}

/* --- what they are of --- */

/* Of all runs; what is not the same in all is not known. */
typedef struct
{
  GString *emulated, *others; /* their numbers */
  gboolean is_unknown;
  char *first, *last; /* days */
  gint64 host_run;    /* the first whose host is known */
  gboolean is_mixed;  /* not all hosts are known */
} Facts;

static void
add_day (Facts *facts, const char *day)
{
  if (!day)
    return;
  if (!facts->first || strcmp (day, facts->first) < 0)
    {
      g_free (facts->first);
      facts->first = g_strdup (day);
    }
  if (!facts->last || strcmp (day, facts->last) > 0)
    {
      g_free (facts->last);
      facts->last = g_strdup (day);
    }
}

static gboolean
add_host (Reading *reading, gint64 run, const char *host, Facts *facts, GError **error)
{
  NvResults *results = reading->results;
  g_autofree char *valid = host ? g_utf8_make_valid (host, -1) : NULL;

  facts->is_mixed |= !host;
  if (valid && results->host && strcmp (valid, results->host) != 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                   "store '%s': run %" G_GINT64_FORMAT " of host '%s' and run %" G_GINT64_FORMAT
                   " of '%s' are never mixed: --run chooses one",
                   reading->store->path, facts->host_run, results->host, run, valid);
      return FALSE;
    }
  if (valid && !results->host)
    {
      results->host = g_steal_pointer (&valid);
      facts->host_run = run;
    }
  return TRUE;
}

static gboolean
read_run (Reading *reading, gint64 run, Facts *facts, GError **error)
{
  sqlite3_stmt *row = nv_store_prepare (reading->store, run_sql, error);
  gboolean done;

  if (!row)
    return FALSE;
  sqlite3_bind_int64 (row, 1, run);
  if (sqlite3_step (row) != SQLITE_ROW)
    return nv_store_fail (reading->store, error);
  g_string_append_printf (sqlite3_column_int (row, 0) ? facts->emulated : facts->others, " %" G_GINT64_FORMAT,
                          run);
  facts->is_unknown |= sqlite3_column_type (row, 0) == SQLITE_NULL;
  add_day (facts, column_text (row, 1));
  reading->results->rates_divided_by =
      MAX (reading->results->rates_divided_by, (guint)MAX (sqlite3_column_int (row, 3), 0));
  done = add_host (reading, run, column_text (row, 2), facts, error);
  sqlite3_reset (row);
  return done;
}

static gboolean
set_facts (Reading *reading, Facts *facts, GError **error)
{
  NvResults *results = reading->results;

  if (facts->emulated->len > 0 && facts->others->len > 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                   "store '%s': emulated runs (%s) and others (%s) are never mixed: --run chooses one",
                   reading->store->path, facts->emulated->str + 1, facts->others->str + 1);
      return FALSE;
    }
  results->emulated = facts->emulated->len > 0 ? 1 : facts->is_unknown ? -1 : 0;
  if (facts->is_mixed)
    g_clear_pointer (&results->host, g_free);
  if (facts->first && strcmp (facts->first, facts->last) != 0)
    results->when = g_strdup_printf ("%s to %s", facts->first, facts->last);
  else
    results->when = g_strdup (facts->first);
  return TRUE;
}

static gboolean
read_facts (Reading *reading, GError **error)
{
  Facts facts = { .emulated = g_string_new (NULL), .others = g_string_new (NULL) };
  gint64 last = 0;
  gboolean done = TRUE;

  for (guint i = 0; i < reading->parts->len && done; i++)
    {
      const Part *part = g_ptr_array_index (reading->parts, i);

      if (part->run != last)
        done = read_run (reading, last = part->run, &facts, error);
    }
  done = done && set_facts (reading, &facts, error);
  g_string_free (facts.emulated, TRUE);
  g_string_free (facts.others, TRUE);
  g_free (facts.first);
  g_free (facts.last);
  return done;
}

char *
nv_results_say_left_out (const NvResults *results)
{
  const struct
  {
    guint64 n;
    const char *why;
  } reasons[] = { { results->n_moved, "since the host moved CPUs meanwhile" },
                  { results->n_beside, "since they ran beside a load or from node to node" },
                  { results->n_unusable, "since a number is none that can be, or of too many kernels" } };
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (reasons); i++)
    if (reasons[i].n > 0)
      g_string_append_printf (text, "%s%" G_GUINT64_FORMAT " %s", text->len > 0 ? ", " : "", reasons[i].n,
                              reasons[i].why);
  return g_string_free (text, FALSE);
}

/* VMs of which all is left out are none. */
static gboolean
check_any (Reading *reading, gint64 run, GError **error)
{
  NvResults *results = reading->results;
  g_autofree char *why = NULL;

  for (guint i = results->vms->len; i-- > 0;)
    if (nv_result_vm_is_empty (g_ptr_array_index (results->vms, i)))
      g_ptr_array_remove_index (results->vms, i);
  results->left_out = results->n_moved + results->n_beside + results->n_unusable;
  if (results->vms->len > 0)
    return TRUE;
  why = nv_results_say_left_out (results);
  if (results->left_out > 0)
    g_set_error (error, NV_ERROR, NV_ERROR_NOT_FOUND,
                 "store '%s': all %" G_GUINT64_FORMAT " iterations are left out: %s", reading->store->path,
                 results->left_out, why);
  else
    g_set_error (error, NV_ERROR, NV_ERROR_NOT_FOUND, "store '%s': no kernel was measured%s",
                 reading->store->path, run ? " in this run" : "");
  return FALSE;
}

NvResults *
nv_results_read_store (NvStore *store, gint64 run, GError **error)
{
  g_autoptr (NvResults) results = nv_results_new (store->path);
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (part_free);
  g_autoptr (GHashTable) part_of = g_hash_table_new (part_hash, part_equal);
  g_autoptr (GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, known_free);
  g_auto (NvMetrics) metrics = { NULL };
  Reading reading = { store, results, parts, part_of, known, NULL, &metrics };

  if (!nv_metrics_read (&metrics, store, run, error)
      || !for_each_row (&reading, iterations_sql, run, take_iteration, error)
      || !for_each_row (&reading, streams_sql, run, take_stream, error) || !read_facts (&reading, error))
    return NULL;
  add_sums (&reading);
  tell_apart (&reading);
  if (!check_any (&reading, run, error))
    return NULL;
  nv_results_finish (results);
  return g_steal_pointer (&results);
}
