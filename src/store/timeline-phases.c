/* When which kernel was measured under which policy. */

#include "store/timeline-private.h"

#include <math.h>
#include <string.h>

/* Not nv_store_finish(), which would begin anew. */
gboolean
nv_timeline_end_rows (NvStore *store, sqlite3_stmt *statement, GError **error)
{
  return sqlite3_reset (statement) == SQLITE_OK || nv_store_fail (store, error);
}

static void
vm_free (gpointer data)
{
  NvTimelineVm *vm = data;

  g_free (vm->name);
  g_free (vm->policy);
  g_free (vm);
}

static char *
dup_text (sqlite3_stmt *statement, int column)
{
  return g_strdup ((const char *)sqlite3_column_text (statement, column));
}

GHashTable *
nv_timeline_read_vms (NvStore *store, GError **error)
{
  static const char sql[] =
      "SELECT vm.id, boot.id, boot.run, vm.name, boot.arm, coalesce (go_ns, ready_ns, boot.started_ns), offset_ns"
      " FROM vm JOIN boot ON boot.id = vm.boot"
      " LEFT JOIN (SELECT vm, avg (offset_ns) AS offset_ns FROM clock GROUP BY vm) AS clock ON clock.vm = vm.id";
  sqlite3_stmt *statement = nv_store_prepare (store, sql, error);
  g_autoptr (GHashTable) vms = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, vm_free);

  if (!statement)
    return NULL;
  while (sqlite3_step (statement) == SQLITE_ROW)
    {
      NvTimelineVm *vm = g_new0 (NvTimelineVm, 1);

      vm->id = sqlite3_column_int64 (statement, 0);
      vm->boot = sqlite3_column_int64 (statement, 1);
      vm->run = sqlite3_column_int64 (statement, 2);
      vm->name = dup_text (statement, 3);
      vm->policy = dup_text (statement, 4);
      vm->go_s = sqlite3_column_type (statement, 5) == SQLITE_NULL
                     ? NAN
                     : (double)sqlite3_column_int64 (statement, 5) / 1e9;
      vm->has_offset = sqlite3_column_type (statement, 6) != SQLITE_NULL;
      vm->offset_s = sqlite3_column_double (statement, 6) / 1e9;
      g_hash_table_replace (vms, &vm->id, vm);
    }
  return nv_timeline_end_rows (store, statement, error) ? g_steal_pointer (&vms) : NULL;
}

static void
measured_clear (gpointer data)
{
  g_free (((NvMeasured *)data)->kernel);
}

/* Iterations come by turns from the VMs of one boot, which are among the last. */
static NvMeasured *
find_measured (GArray *all, gint64 run, gint64 vm, const char *kernel)
{
  NvMeasured found = { run, vm, NULL, INFINITY, -INFINITY };

  for (guint i = all->len; i-- > 0;)
    {
      NvMeasured *measured = &g_array_index (all, NvMeasured, i);

      if (measured->vm == vm && measured->run == run && strcmp (measured->kernel, kernel) == 0)
        return measured;
    }
  found.kernel = g_strdup (kernel);
  g_array_append_val (all, found);
  return &g_array_index (all, NvMeasured, all->len - 1);
}

/* Without GROUP BY: SQLite would sort, which takes five times as long. */
GArray *
nv_timeline_read_measured (NvStore *store, GError **error)
{
  sqlite3_stmt *statement =
      nv_store_prepare (store, "SELECT run, vm, kernel, start_ns, time_ns FROM iteration ORDER BY id", error);
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (NvMeasured));

  g_array_set_clear_func (all, measured_clear);
  if (!statement)
    return NULL;
  while (sqlite3_step (statement) == SQLITE_ROW)
    {
      const char *kernel = (const char *)sqlite3_column_text (statement, 2);
      double start_s = (double)sqlite3_column_int64 (statement, 3) / 1e9;
      double end_s = start_s + (double)sqlite3_column_int64 (statement, 4) / 1e9;
      NvMeasured *measured = find_measured (all, sqlite3_column_int64 (statement, 0),
                                            sqlite3_column_int64 (statement, 1), kernel ? kernel : "");

      measured->start_s = MIN (measured->start_s, start_s);
      measured->end_s = MAX (measured->end_s, end_s);
    }
  return nv_timeline_end_rows (store, statement, error) ? g_steal_pointer (&all) : NULL;
}

/* The VMs of one boot measure a kernel together. @first: where the phases of its boot begin. */
static void
add_phase (GArray *phases, guint first, const NvMeasured *measured, const char *policy, double shift_s)
{
  NvPhase added = { measured->start_s + shift_s, measured->end_s + shift_s, NULL, NULL };

  for (guint i = first; i < phases->len; i++)
    {
      NvPhase *phase = &g_array_index (phases, NvPhase, i);

      if (strcmp (phase->kernel, measured->kernel) != 0)
        continue;
      phase->start_s = MIN (phase->start_s, added.start_s);
      phase->end_s = MAX (phase->end_s, added.end_s);
      return;
    }
  added.policy = g_strdup (policy);
  added.kernel = g_strdup (measured->kernel);
  g_array_append_val (phases, added);
}

static int
compare_phases (gconstpointer a, gconstpointer b)
{
  const NvPhase *one = a, *other = b;

  return (one->start_s > other->start_s) - (one->start_s < other->start_s);
}

void
nv_timeline_add_phases (NvTimeline *timeline, gint64 vm, double shift_s, double zero_s,
                        const GArray *measured, GHashTable *vms)
{
  gint64 boot = -1;
  guint first = 0;

  for (guint i = 0; i < measured->len; i++)
    {
      const NvMeasured *one = &g_array_index (measured, NvMeasured, i);
      const NvTimelineVm *who = one->vm ? g_hash_table_lookup (vms, &one->vm) : NULL;

      if (one->run != timeline->run || (vm && one->vm != vm) || (one->vm && !who))
        continue;
      if (!vm && who && !who->has_offset)
        continue;
      if (boot != (who ? who->boot : 0))
        first = timeline->phases->len;
      boot = who ? who->boot : 0;
      add_phase (timeline->phases, first, one, who ? who->policy : NULL,
                 vm ? shift_s : -zero_s - (who ? who->offset_s : 0));
    }
  g_array_sort (timeline->phases, compare_phases);
}
