/* What was measured: statistics of all values, and so many of them as a page can show. */

#include "report/page-private.h"
#include "report/thin.h"
#include "stats/describe.h"
#include "store/values.h"

#include <math.h>
#include <string.h>

enum
{
  DEFAULT_MAX_VALUES = 20000,
};

/* Of a boot's values, those that count. */
typedef struct
{
  gint64 boot;
  double sum;
  gsize n;
} BootSum;

/* All of one kernel and VM under one policy: of several boots, where it had them. */
typedef struct
{
  guint kernel, policy;
  gint64 first_vm;   /* the least id: the fleet's order */
  char *vm;          /* its name */
  GArray *values;    /* double: those that count */
  GHashTable *boots; /* BootSum, by its boot */
  NvThinGroup *thin;
} Group;

/* When a boot's VMs, together, measured a kernel. */
typedef struct
{
  gint64 run, boot;
  guint kernel, policy;
  double start_s, end_s; /* NAN: not known */
} Phase;

/* A kernel that a source has values of. */
typedef struct
{
  char *kernel;
  const char *unit;
  Group *group;
  BootSum *boot;
  Phase *phase;
} Slot;

typedef struct
{
  GPtrArray *kernels;  /* "UNIT\nNAME" */
  GPtrArray *policies; /* names; "": not known */
  GPtrArray *groups;   /* Group */
  GHashTable *by_key;  /* text -> Group */
  GPtrArray *phases;   /* Phase */
  GHashTable *sources; /* NvValueSource -> array of Slot */
  NvThin thin;
  const NvValueSource *last;
  GArray *last_slots;
} Collection;

/* The key is within the value. */
static GHashTable *
boot_sums_new (void)
{
  return g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
}

static BootSum *
find_or_add_boot (GHashTable *boots, gint64 id)
{
  BootSum *boot = g_hash_table_lookup (boots, &id);

  if (!boot)
    {
      boot = g_new0 (BootSum, 1);
      boot->boot = id;
      g_hash_table_insert (boots, &boot->boot, boot);
    }
  return boot;
}

static void
group_free (gpointer data)
{
  Group *group = data;

  g_free (group->vm);
  g_array_unref (group->values);
  g_hash_table_unref (group->boots);
  g_free (group);
}

static void
slot_clear (gpointer data)
{
  g_free (((Slot *)data)->kernel);
}

static void
collection_init (Collection *collection, gsize max_values)
{
  collection->kernels = g_ptr_array_new_with_free_func (g_free);
  collection->policies = g_ptr_array_new_with_free_func (g_free);
  collection->groups = g_ptr_array_new_with_free_func (group_free);
  collection->phases = g_ptr_array_new_with_free_func (g_free);
  collection->by_key = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  collection->sources = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)g_array_unref);
  nv_thin_init (&collection->thin, max_values ? max_values : DEFAULT_MAX_VALUES);
}

static void
collection_clear (Collection *collection)
{
  g_ptr_array_unref (collection->kernels);
  g_ptr_array_unref (collection->policies);
  g_ptr_array_unref (collection->groups);
  g_ptr_array_unref (collection->phases);
  g_hash_table_unref (collection->by_key);
  g_hash_table_unref (collection->sources);
  nv_thin_clear (&collection->thin);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Collection, collection_clear)

static guint
find_or_add (GPtrArray *texts, const char *text)
{
  guint i;

  if (!g_ptr_array_find_with_equal_func (texts, text, g_str_equal, &i))
    {
      i = texts->len;
      g_ptr_array_add (texts, g_strdup (text));
    }
  return i;
}

static Group *
find_or_add_group (Collection *collection, const NvValueSource *source, const char *kernel, const char *unit)
{
  const char *policy = source->policy ? source->policy : "";
  g_autofree char *valid = g_utf8_make_valid (kernel, -1);
  g_autofree char *unit_and_kernel = g_strjoin ("\n", unit, valid, NULL);
  g_autofree char *key = g_strjoin ("\n", unit_and_kernel, policy, source->name, NULL);
  Group *group = g_hash_table_lookup (collection->by_key, key);

  if (group)
    return group;
  group = g_new0 (Group, 1);
  group->kernel = find_or_add (collection->kernels, unit_and_kernel);
  group->policy = find_or_add (collection->policies, policy);
  group->first_vm = source->vm;
  group->vm = g_strdup (source->name);
  group->values = g_array_new (FALSE, FALSE, sizeof (double));
  group->boots = boot_sums_new ();
  group->thin = nv_thin_add_group (&collection->thin);
  g_ptr_array_add (collection->groups, group);
  g_hash_table_insert (collection->by_key, g_steal_pointer (&key), group);
  return group;
}

/* A boot's slots are made about the same time: it is among the last. */
static Phase *
find_or_add_phase (Collection *collection, const NvValueSource *source, const Group *group)
{
  Phase *phase;

  for (guint i = collection->phases->len; i-- > 0;)
    {
      phase = g_ptr_array_index (collection->phases, i);
      if (phase->kernel == group->kernel && phase->boot == source->boot && phase->run == source->run)
        return phase;
    }
  phase = g_new (Phase, 1);
  *phase = (Phase){ source->run, source->boot, group->kernel, group->policy, NAN, NAN };
  g_ptr_array_add (collection->phases, phase);
  return phase;
}

/* Of a source there are few kernels, and many values. */
static Slot *
find_slot (Collection *collection, const NvValue *value)
{
  Slot slot = { .unit = value->unit };

  if (collection->last != value->source)
    {
      collection->last = value->source;
      collection->last_slots = g_hash_table_lookup (collection->sources, value->source);
      if (!collection->last_slots)
        {
          collection->last_slots = g_array_new (FALSE, FALSE, sizeof (Slot));
          g_array_set_clear_func (collection->last_slots, slot_clear);
          g_hash_table_insert (collection->sources, (gpointer)value->source, collection->last_slots);
        }
    }
  for (guint i = 0; i < collection->last_slots->len; i++)
    {
      Slot *known = &g_array_index (collection->last_slots, Slot, i);

      if (known->unit == value->unit && strncmp (known->kernel, value->kernel, value->kernel_length) == 0
          && known->kernel[value->kernel_length] == '\0')
        return known;
    }
  slot.kernel = g_strndup (value->kernel, value->kernel_length);
  slot.group = find_or_add_group (collection, value->source, slot.kernel, value->unit);
  slot.phase = find_or_add_phase (collection, value->source, slot.group);
  slot.boot = find_or_add_boot (slot.group->boots, value->source->boot);
  g_array_append_val (collection->last_slots, slot);
  return &g_array_index (collection->last_slots, Slot, collection->last_slots->len - 1);
}

static void
collect (const NvValue *value, gpointer data)
{
  Collection *collection = data;
  Slot *slot = find_slot (collection, value);
  const NvThinValue kept = {
    .value = value->value,
    .time_s = value->time_s,
    .t_s = value->t_s,
    .vm = value->source->vm,
    .boot = value->source->boot,
    .iteration = value->iteration,
    .changed = value->changed,
  };

  slot->phase->start_s = fmin (slot->phase->start_s, value->t_s);
  slot->phase->end_s = fmax (slot->phase->end_s, value->t_s + value->time_s);
  if (!value->changed)
    {
      g_array_append_val (slot->group->values, value->value);
      slot->boot->sum += value->value;
      slot->boot->n++;
    }
  nv_thin_add (&collection->thin, slot->group->thin, &kept);
}

static int
compare_groups (gconstpointer a, gconstpointer b)
{
  const Group *x = *(const Group *const *)a, *y = *(const Group *const *)b;

  if (x->kernel != y->kernel)
    return x->kernel < y->kernel ? -1 : 1;
  if (x->policy != y->policy)
    return x->policy < y->policy ? -1 : 1;
  if (x->first_vm != y->first_vm)
    return x->first_vm < y->first_vm ? -1 : 1;
  return strcmp (x->vm, y->vm);
}

/* --- the table --- */

static const char *
kernel_of (const char *unit_and_kernel)
{
  return strchr (unit_and_kernel, '\n') + 1;
}

/* A boot is the replicate: what is measured within one is alike, and says nothing of the next. So the
 * interval is of the boots' means, and NAN with fewer than two. */
static void
describe_boots (GHashTable *boots, NvStatistics *ret_statistics)
{
  g_autofree double *means = g_new (double, g_hash_table_size (boots));
  GHashTableIter iter;
  gpointer value;
  gsize n = 0;

  g_hash_table_iter_init (&iter, boots);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const BootSum *boot = value;

      if (boot->n > 0)
        means[n++] = boot->sum / (double)boot->n;
    }
  nv_describe (means, n, ret_statistics);
}

/* @vm: NULL: all of them. Sorts @values. */
static json_t *
make_row (const Group *group, const char *vm, GHashTable *boots, GArray *values)
{
  NvStatistics all, of_boots;

  describe_boots (boots, &of_boots);
  nv_describe ((double *)(void *)values->data, values->len, &all);
  return json_pack ("{s:i, s:i, s:o, s:i, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                    "kernel", (int)group->kernel, "policy", (int)group->policy, "vm", nv_page_text (vm),
                    "boots", (int)g_hash_table_size (boots), "n", (json_int_t)all.n, "mean",
                    nv_page_real (all.mean), "deviation", nv_page_real (all.deviation), "low",
                    nv_page_real (of_boots.low), "high", nv_page_real (of_boots.high), "minimum",
                    nv_page_real (all.minimum), "p5", nv_page_real (all.p5), "q1", nv_page_real (all.q1),
                    "median", nv_page_real (all.median), "q3", nv_page_real (all.q3), "p95",
                    nv_page_real (all.p95), "maximum", nv_page_real (all.maximum));
}

/* The groups from @first to before @end have one kernel and policy: a row for all, then one each. */
static void
add_rows (const GPtrArray *groups, guint first, guint end, json_t *table)
{
  g_autoptr (GHashTable) boots = boot_sums_new ();
  const Group *one = g_ptr_array_index (groups, first);
  g_autoptr (GArray) together = NULL;
  gsize n = 0;

  for (guint i = first; i < end; i++)
    n += ((Group *)g_ptr_array_index (groups, i))->values->len;
  together = g_array_sized_new (FALSE, FALSE, sizeof (double), (guint)n);
  for (guint i = first; i < end; i++)
    {
      const Group *group = g_ptr_array_index (groups, i);
      GHashTableIter iter;
      gpointer value;

      g_array_append_vals (together, group->values->data, group->values->len);
      g_hash_table_iter_init (&iter, group->boots);
      while (g_hash_table_iter_next (&iter, NULL, &value))
        {
          const BootSum *here = value;
          BootSum *boot = find_or_add_boot (boots, here->boot);

          boot->sum += here->sum;
          boot->n += here->n;
        }
    }
  json_array_append_new (table, make_row (one, NULL, boots, together));
  g_clear_pointer (&together, g_array_unref);
  for (guint i = first; i < end; i++)
    {
      const Group *group = g_ptr_array_index (groups, i);

      json_array_append_new (table, make_row (group, group->vm, group->boots, group->values));
      g_array_set_size (group->values, 0);
    }
}

static json_t *
make_table (const Collection *collection)
{
  json_t *table = json_array ();
  guint end;

  for (guint first = 0; first < collection->groups->len; first = end)
    {
      const Group *one = g_ptr_array_index (collection->groups, first);

      for (end = first + 1; end < collection->groups->len; end++)
        {
          const Group *group = g_ptr_array_index (collection->groups, end);

          if (group->kernel != one->kernel || group->policy != one->policy)
            break;
        }
      add_rows (collection->groups, first, end, table);
    }
  return table;
}

/* --- kernels, policies, values --- */

static json_t *
make_kernels (const Collection *collection)
{
  json_t *kernels = json_array ();

  for (guint i = 0; i < collection->kernels->len; i++)
    {
      const char *kernel = g_ptr_array_index (collection->kernels, i);
      g_autofree char *unit = g_strndup (kernel, (gsize)(kernel_of (kernel) - kernel - 1));

      json_array_append_new (kernels, json_pack ("{s:s, s:s, s:s}", "name", kernel_of (kernel), "unit", unit,
                                                 "better", strcmp (unit, "ns") == 0 ? "lower" : "higher"));
    }
  return kernels;
}

static json_t *
make_policies (const Collection *collection)
{
  json_t *policies = json_array ();

  for (guint i = 0; i < collection->policies->len; i++)
    {
      const char *policy = g_ptr_array_index (collection->policies, i);

      json_array_append_new (policies, nv_page_text (*policy ? policy : NULL));
    }
  return policies;
}

static void
append (json_t *columns, const char *name, json_t *value)
{
  json_array_append_new (json_object_get (columns, name), value);
}

static json_t *
make_values (const Collection *collection)
{
  json_t *columns = json_pack ("{s:[], s:[], s:[], s:[], s:[], s:[], s:[], s:[], s:[]}", "kernel", "vm",
                               "policy", "boot", "iteration", "t_s", "value", "time_s", "changed");

  for (guint i = 0; i < collection->groups->len; i++)
    {
      const Group *group = g_ptr_array_index (collection->groups, i);

      for (guint j = 0; j < group->thin->kept->len; j++)
        {
          const NvThinValue *value = &g_array_index (group->thin->kept, NvThinValue, j);

          append (columns, "kernel", json_integer (group->kernel));
          append (columns, "vm", json_integer (value->vm));
          append (columns, "policy", json_integer (group->policy));
          append (columns, "boot", json_integer (value->boot));
          append (columns, "iteration", json_integer (value->iteration));
          append (columns, "t_s", nv_page_real (value->t_s));
          append (columns, "value", nv_page_real (value->value));
          append (columns, "time_s", nv_page_real (value->time_s));
          append (columns, "changed", json_integer (value->changed));
        }
    }
  return columns;
}

static json_t *
make_phases (const Collection *collection)
{
  json_t *phases = json_array ();

  for (guint i = 0; i < collection->phases->len; i++)
    {
      const Phase *phase = g_ptr_array_index (collection->phases, i);

      if (isfinite (phase->start_s))
        json_array_append_new (phases, json_pack ("{s:I, s:I, s:i, s:i, s:f, s:f}", "run",
                                                  (json_int_t)phase->run, "boot", (json_int_t)phase->boot,
                                                  "kernel", (int)phase->kernel, "policy", (int)phase->policy,
                                                  "start_s", phase->start_s, "end_s", phase->end_s));
    }
  return phases;
}

/* Null: none is missing. */
static json_t *
make_note (const Collection *collection)
{
  gsize n = 0, n_kept = 0;

  for (guint i = 0; i < collection->thin.groups->len; i++)
    {
      const NvThinGroup *group = g_ptr_array_index (collection->thin.groups, i);

      n += group->n;
      n_kept += group->kept->len;
    }
  if (n == n_kept)
    return json_null ();
  return json_sprintf (
      "%" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT
      " values are shown as points: of each kernel, policy and VM the lowest, the highest and, in the order in "
      "which they were measured, every 2nd, 4th, 8th... Statistics and boxes are of all values.",
      n_kept, n);
}

gboolean
nv_page_add_values (json_t *page, const NvPageRequest *request, GError **error)
{
  g_auto (Collection) collection = { NULL };

  collection_init (&collection, request->max_values);
  if (!nv_values_read (request->store, request->run, collect, &collection, error))
    return FALSE;
  nv_thin_finish (&collection.thin);
  g_ptr_array_sort (collection.groups, compare_groups);
  json_object_set_new (page, "kernels", make_kernels (&collection));
  json_object_set_new (page, "policies", make_policies (&collection));
  json_object_set_new (page, "phases", make_phases (&collection));
  json_object_set_new (page, "values", make_values (&collection));
  json_object_set_new (page, "values_note", make_note (&collection));
  json_object_set_new (page, "table", make_table (&collection));
  return TRUE;
}
