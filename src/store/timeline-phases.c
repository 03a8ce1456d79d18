/* When which kernel was measured under which policy. */

#include "store/timeline-private.h"

#include <math.h>
#include <string.h>

#define MAX_JOINED 60 /* bytes of names */

static void
measured_free (gpointer data)
{
  g_free (((NvMeasured *)data)->kernel);
  g_free (data);
}

static guint
measured_hash (gconstpointer key)
{
  const NvMeasured *measured = key;

  return g_str_hash (measured->kernel) + (guint)(measured->run * 31 + measured->vm * 1021);
}

static gboolean
measured_equal (gconstpointer a, gconstpointer b)
{
  const NvMeasured *one = a, *other = b;

  return one->vm == other->vm && one->run == other->run && strcmp (one->kernel, other->kernel) == 0;
}

static NvMeasured *
get_measured (GPtrArray *all, GHashTable *known, gint64 run, gint64 vm, const char *kernel)
{
  const NvMeasured key = { run, vm, (char *)kernel, INFINITY, -INFINITY };
  NvMeasured *measured = g_hash_table_lookup (known, &key);

  if (measured)
    return measured;
  measured = g_memdup2 (&key, sizeof key);
  measured->kernel = g_strdup (kernel);
  g_ptr_array_add (all, measured);
  g_hash_table_add (known, measured);
  return measured;
}

/* Without GROUP BY: SQLite would sort, which takes five times as long. */
GPtrArray *
nv_timeline_read_measured (NvStore *store, GError **error)
{
  sqlite3_stmt *statement =
      nv_store_prepare (store, "SELECT run, vm, kernel, start_ns, time_ns FROM iteration ORDER BY id", error);
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (measured_free);
  g_autoptr (GHashTable) known = g_hash_table_new (measured_hash, measured_equal);

  if (!statement)
    return NULL;
  while (sqlite3_step (statement) == SQLITE_ROW)
    {
      const char *kernel = (const char *)sqlite3_column_text (statement, 2);
      double start_s = (double)sqlite3_column_int64 (statement, 3) / 1e9;
      double end_s = start_s + (double)sqlite3_column_int64 (statement, 4) / 1e9;
      NvMeasured *measured = get_measured (all, known, sqlite3_column_int64 (statement, 0),
                                           sqlite3_column_int64 (statement, 1), kernel ? kernel : "");

      measured->start_s = MIN (measured->start_s, start_s);
      measured->end_s = MAX (measured->end_s, end_s);
    }
  return nv_store_end_rows (store, statement, error) ? g_steal_pointer (&all) : NULL;
}

/* The VMs of one boot measure a kernel together. @of_boot: kernel -> 1 + index, of the phases of its boot. */
static void
add_phase (GArray *phases, GHashTable *of_boot, const NvMeasured *measured, const char *policy,
           double shift_s)
{
  NvPhase added = { measured->start_s + shift_s, measured->end_s + shift_s, NULL, NULL };
  guint index = GPOINTER_TO_UINT (g_hash_table_lookup (of_boot, measured->kernel));

  if (index > 0)
    {
      NvPhase *phase = &g_array_index (phases, NvPhase, index - 1);

      phase->start_s = MIN (phase->start_s, added.start_s);
      phase->end_s = MAX (phase->end_s, added.end_s);
      return;
    }
  added.policy = g_strdup (policy);
  added.kernel = g_utf8_make_valid (measured->kernel, -1);
  g_array_append_val (phases, added);
  g_hash_table_insert (of_boot, measured->kernel, GUINT_TO_POINTER (phases->len));
}

static int
compare_phases (gconstpointer a, gconstpointer b)
{
  const NvPhase *one = a, *other = b;

  int order = (one->start_s > other->start_s) - (one->start_s < other->start_s);

  if (order == 0)
    order = (one->end_s > other->end_s) - (one->end_s < other->end_s);
  return order != 0 ? order : strcmp (one->kernel, other->kernel);
}

/* A workload has all of its metrics at the same times: they are one phase. @phases: by time. */
static void
join_alike (GArray *phases)
{
  for (guint i = phases->len; i-- > 1;)
    {
      NvPhase *phase = &g_array_index (phases, NvPhase, i - 1), *next = phase + 1;
      char *both;

      if (phase->start_s < next->start_s || phase->end_s < next->end_s || phase->end_s > next->end_s
          || g_strcmp0 (phase->policy, next->policy) != 0)
        continue;
      both = strlen (phase->kernel) + strlen (next->kernel) < MAX_JOINED
                 ? g_strdup_printf ("%s, %s", phase->kernel, next->kernel)
                 : g_strdup (phase->kernel);
      g_free (phase->kernel);
      phase->kernel = both;
      g_array_remove_index (phases, i);
    }
}

void
nv_timeline_add_phases (NvTimeline *timeline, gint64 vm, double shift_s, double zero_s,
                        const GPtrArray *measured, const NvClocks *clocks)
{
  g_autoptr (GHashTable) of_boot = g_hash_table_new (g_str_hash, g_str_equal);
  gint64 boot = -1;

  for (guint i = 0; i < measured->len; i++)
    {
      const NvMeasured *one = g_ptr_array_index (measured, i);
      const NvClock *clock = nv_clocks_find (clocks, one->run, one->vm);

      if (one->run != timeline->run || (vm && one->vm != vm) || !clock)
        continue;
      if (!vm && clock->is_adrift)
        continue;
      if (boot != clock->source.boot)
        g_hash_table_remove_all (of_boot);
      boot = clock->source.boot;
      add_phase (timeline->phases, of_boot, one, clock->source.policy,
                 vm ? shift_s : -zero_s - clock->offset_ns / 1e9);
    }
  g_array_sort (timeline->phases, compare_phases);
  join_alike (timeline->phases);
}
