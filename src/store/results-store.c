/* Results out of a store. */

#include "store/results-private.h"
#include "base/error.h"
#include "store/store-private.h"
#include "store/stream-text.h"

#include <math.h>
#include <string.h>

/* ?1: the run, or NULL. In the order in which they came: what belongs together stands together. */
static const char iterations_sql[] = "SELECT run, vm, setup, kernel, unit, value, time_ns / 1e9,"
                                     " changed OR load IS NOT NULL OR cpu_node IS NOT NULL OR value IS NULL"
                                     " FROM iteration WHERE run = ifnull (?1, run) ORDER BY id";

static const char streams_sql[] =
    "SELECT run, vm, sequence, kernel, best_rate_bytes_per_s, average_s, minimum_s, maximum_s, array_bytes, threads"
    " FROM stream WHERE run = ifnull (?1, run) ORDER BY id";

static const char vm_sql[] = "SELECT name, arm FROM vm JOIN boot ON boot.id = vm.boot WHERE vm.id = ?1";

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

/* Where rows of a VM in one boot, or of one setup on bare metal, go. */
typedef struct
{
  gint64 run, vm, setup; /* without a VM; else 0 */
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
  GHashTable *vm_of;   /* "POLICY\nNAME" -> NvResultVm */
  Part *last;          /* most rows are of the same as the row before */
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

static NvResultVm *
get_vm (Reading *reading, const char *name, const char *policy)
{
  g_autofree char *key = g_strdup_printf ("%s\n%s", policy ? policy : "", name ? name : "");
  NvResultVm *vm = g_hash_table_lookup (reading->vm_of, key);

  if (vm)
    return vm;
  vm = nv_result_vm_new (name, policy);
  g_ptr_array_add (reading->results->vms, vm);
  g_hash_table_insert (reading->vm_of, g_steal_pointer (&key), vm);
  return vm;
}

/* @id: 0: bare metal. NULL with @error. */
static NvResultVm *
find_vm (Reading *reading, gint64 id, GError **error)
{
  sqlite3_stmt *row;
  NvResultVm *vm = NULL;

  if (id == 0)
    return get_vm (reading, "host", NULL);
  row = nv_store_prepare (reading->store, vm_sql, error);
  if (!row)
    return NULL;
  sqlite3_bind_int64 (row, 1, id);
  if (sqlite3_step (row) == SQLITE_ROW)
    vm = get_vm (reading, (const char *)sqlite3_column_text (row, 0),
                 (const char *)sqlite3_column_text (row, 1));
  else
    nv_store_fail (reading->store, error);
  sqlite3_reset (row);
  return vm;
}

/* NULL with @error. */
static Part *
get_part (Reading *reading, gint64 run, gint64 vm, gint64 setup, GError **error)
{
  const Part key = { .run = run, .vm = vm, .setup = vm == 0 ? setup : 0 };
  Part *part = reading->last && part_equal (reading->last, &key)
                   ? reading->last
                   : g_hash_table_lookup (reading->part_of, &key);

  if (!part)
    {
      NvResultVm *result = find_vm (reading, vm, error);

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

static gboolean
take_iteration (Reading *reading, sqlite3_stmt *row, GError **error)
{
  int kernel = sqlite3_column_int (row, 7)
                   ? -1
                   : nv_results_get_kernel (reading->results, (const char *)sqlite3_column_text (row, 3),
                                            (const char *)sqlite3_column_text (row, 4));
  double value = sqlite3_column_double (row, 5);
  Part *part;

  if (kernel < 0 || !isfinite (value))
    {
      reading->results->left_out++;
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
  int kernel =
      nv_results_get_kernel (reading->results, (const char *)sqlite3_column_text (row, 3), "bytes/s");
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
    reading->results->left_out++;
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
            reading->results->left_out += sum->n;
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
  gboolean is_mixed;  /* several hosts */
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
read_run (Reading *reading, gint64 run, Facts *facts, GError **error)
{
  sqlite3_stmt *row = nv_store_prepare (reading->store, run_sql, error);
  const char *host;

  if (!row)
    return FALSE;
  sqlite3_bind_int64 (row, 1, run);
  if (sqlite3_step (row) != SQLITE_ROW)
    return nv_store_fail (reading->store, error);
  g_string_append_printf (sqlite3_column_int (row, 0) ? facts->emulated : facts->others, " %" G_GINT64_FORMAT,
                          run);
  facts->is_unknown |= sqlite3_column_type (row, 0) == SQLITE_NULL;
  add_day (facts, (const char *)sqlite3_column_text (row, 1));
  host = (const char *)sqlite3_column_text (row, 2);
  facts->is_mixed |= !host || (reading->results->host && strcmp (host, reading->results->host) != 0);
  if (!reading->results->host)
    reading->results->host = host ? g_utf8_make_valid (host, -1) : NULL;
  reading->results->rates_divided_by =
      MAX (reading->results->rates_divided_by, (guint)MAX (sqlite3_column_int (row, 3), 0));
  sqlite3_reset (row);
  return TRUE;
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

NvResults *
nv_results_read_store (NvStore *store, gint64 run, GError **error)
{
  g_autoptr (NvResults) results = nv_results_new (store->path);
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (part_free);
  g_autoptr (GHashTable) part_of = g_hash_table_new (part_hash, part_equal);
  g_autoptr (GHashTable) vm_of = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Reading reading = { store, results, parts, part_of, vm_of, NULL };

  if (!for_each_row (&reading, iterations_sql, run, take_iteration, error)
      || !for_each_row (&reading, streams_sql, run, take_stream, error) || !read_facts (&reading, error))
    return NULL;
  add_sums (&reading);
  if (parts->len == 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_NOT_FOUND, "store '%s': no kernel was measured%s", store->path,
                   run ? " in this run" : "");
      return NULL;
    }
  nv_results_finish (results);
  return g_steal_pointer (&results);
}
