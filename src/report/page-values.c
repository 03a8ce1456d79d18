/* What was measured: statistics of all values, and so many of them as a page can show. */

#include "report/page-private.h"
#include "report/plain.h"
#include "report/thin.h"
#include "stats/describe.h"
#include "store/values.h"

#include <math.h>
#include <string.h>

enum
{
  DEFAULT_MAX_VALUES = 10000, /* twice as many take a browser twice as long, and look alike */
  MAX_KERNELS = 200,          /* a guest names them */
};

/* Of a boot's values, those that count. */
typedef struct
{
  gint64 run, boot; /* of bare metal each run is its own, and none has a boot */
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
  GHashTable *boots; /* BootSum, by its run and boot */
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
  const char *kernel; /* not ended by 0 */
  gsize kernel_length;
  const char *unit, *workload; /* as in NvValue: pointers tell them apart */
  gboolean lower_is_better, is_metric;
  Group *group; /* NULL, as the others are: beyond the kernels that a page takes */
  BootSum *boot;
  Phase *phase;
} Slot;

/* Each once, in the order in which they came. */
typedef struct
{
  GPtrArray *texts;
  GHashTable *indexes; /* text, of the array's -> index */
} Texts;

typedef struct
{
  NvPageKernels *kernels;
  Texts policies;      /* names; "": not known */
  GHashTable *left;    /* as kernels: what is not shown */
  gsize n_left;        /* values of these */
  GPtrArray *groups;   /* Group */
  GHashTable *by_key;  /* text -> Group */
  GPtrArray *phases;   /* Phase */
  GHashTable *by_boot; /* the same, by run, boot and kernel */
  GHashTable *sources; /* NvValueSource -> set of Slot */
  NvThin thin;
  const NvValueSource *last;
  GHashTable *last_slots;
} Collection;

/* --- sets, in which the key is the value, or within it --- */

static guint
hash_boot (gconstpointer key)
{
  const BootSum *boot = key;

  return g_int64_hash (&boot->run) * 31 + g_int64_hash (&boot->boot);
}

static gboolean
equal_boots (gconstpointer a, gconstpointer b)
{
  const BootSum *x = a, *y = b;

  return x->run == y->run && x->boot == y->boot;
}

static GHashTable *
boot_sums_new (void)
{
  return g_hash_table_new_full (hash_boot, equal_boots, g_free, NULL);
}

static BootSum *
find_or_add_boot (GHashTable *boots, gint64 run, gint64 id)
{
  const BootSum wanted = { .run = run, .boot = id };
  BootSum *boot = g_hash_table_lookup (boots, &wanted);

  if (!boot)
    {
      boot = g_memdup2 (&wanted, sizeof wanted);
      g_hash_table_add (boots, boot);
    }
  return boot;
}

static guint
hash_phase (gconstpointer key)
{
  const Phase *phase = key;

  return (g_int64_hash (&phase->run) * 31 + g_int64_hash (&phase->boot)) * 31 + phase->kernel;
}

static gboolean
equal_phases (gconstpointer a, gconstpointer b)
{
  const Phase *x = a, *y = b;

  return x->run == y->run && x->boot == y->boot && x->kernel == y->kernel;
}

static guint
hash_slot (gconstpointer key)
{
  const Slot *slot = key;
  guint hash = g_direct_hash (slot->unit) * 33 + g_direct_hash (slot->workload);

  for (gsize i = 0; i < slot->kernel_length; i++)
    hash = hash * 33 + (guchar)slot->kernel[i];
  return hash;
}

static gboolean
equal_slots (gconstpointer a, gconstpointer b)
{
  const Slot *x = a, *y = b;

  return x->unit == y->unit && x->workload == y->workload && x->lower_is_better == y->lower_is_better
         && x->is_metric == y->is_metric && x->kernel_length == y->kernel_length
         && memcmp (x->kernel, y->kernel, x->kernel_length) == 0;
}

static void
slot_free (gpointer data)
{
  Slot *slot = data;

  g_free ((char *)slot->kernel);
  g_free (slot);
}

static void
texts_init (Texts *texts)
{
  texts->texts = g_ptr_array_new_with_free_func (g_free);
  texts->indexes = g_hash_table_new (g_str_hash, g_str_equal);
}

static void
texts_clear (Texts *texts)
{
  g_hash_table_unref (texts->indexes);
  g_ptr_array_unref (texts->texts);
}

static guint
find_or_add (Texts *texts, const char *text)
{
  gpointer index;
  char *own;

  if (g_hash_table_lookup_extended (texts->indexes, text, NULL, &index))
    return GPOINTER_TO_UINT (index);
  own = g_strdup (text);
  g_ptr_array_add (texts->texts, own);
  g_hash_table_insert (texts->indexes, own, GUINT_TO_POINTER (texts->texts->len - 1));
  return texts->texts->len - 1;
}

/* --- the collection --- */

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
collection_init (Collection *collection, gsize max_values)
{
  collection->kernels = nv_page_kernels_new ();
  texts_init (&collection->policies);
  collection->left = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  collection->groups = g_ptr_array_new_with_free_func (group_free);
  collection->phases = g_ptr_array_new_with_free_func (g_free);
  collection->by_key = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  collection->by_boot = g_hash_table_new (hash_phase, equal_phases);
  collection->sources = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify)g_hash_table_unref);
  nv_thin_init (&collection->thin, max_values ? max_values : DEFAULT_MAX_VALUES);
}

static void
collection_clear (Collection *collection)
{
  nv_page_kernels_free (collection->kernels);
  texts_clear (&collection->policies);
  g_hash_table_unref (collection->left);
  g_ptr_array_unref (collection->groups);
  g_hash_table_unref (collection->by_boot);
  g_ptr_array_unref (collection->phases);
  g_hash_table_unref (collection->by_key);
  g_hash_table_unref (collection->sources);
  nv_thin_clear (&collection->thin);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Collection, collection_clear)

/* NULL: a kernel too many. */
static Group *
find_or_add_group (Collection *collection, const NvValueSource *source, const char *kernel, const Slot *slot)
{
  const char *policy = source->policy ? source->policy : "";
  g_autofree char *valid = g_utf8_make_valid (kernel, -1);
  const NvPageKernel wanted = { valid, slot->unit, slot->workload, slot->lower_is_better, slot->is_metric };
  int index = nv_page_kernels_get (collection->kernels, &wanted, MAX_KERNELS);
  g_autofree char *key = g_strdup_printf ("%d\n%s\n%s", index, policy, source->name);
  Group *group = g_hash_table_lookup (collection->by_key, key);

  if (group)
    return group;
  if (index < 0)
    {
      g_hash_table_add (collection->left, nv_page_kernel_key (&wanted));
      return NULL;
    }
  group = g_new0 (Group, 1);
  group->kernel = (guint)index;
  group->policy = find_or_add (&collection->policies, policy);
  group->first_vm = source->vm;
  group->vm = g_strdup (source->name);
  group->values = g_array_new (FALSE, FALSE, sizeof (double));
  group->boots = boot_sums_new ();
  group->thin = nv_thin_add_group (&collection->thin);
  g_ptr_array_add (collection->groups, group);
  g_hash_table_insert (collection->by_key, g_steal_pointer (&key), group);
  return group;
}

static Phase *
find_or_add_phase (Collection *collection, const NvValueSource *source, const Group *group)
{
  const Phase wanted = { source->run, source->boot, group->kernel, group->policy, NAN, NAN };
  Phase *phase = g_hash_table_lookup (collection->by_boot, &wanted);

  if (!phase)
    {
      phase = g_memdup2 (&wanted, sizeof wanted);
      g_ptr_array_add (collection->phases, phase);
      g_hash_table_add (collection->by_boot, phase);
    }
  return phase;
}

static Slot *
find_slot (Collection *collection, const NvValue *value)
{
  const Slot wanted = { .kernel = value->kernel,
                        .kernel_length = value->kernel_length,
                        .unit = value->unit,
                        .workload = value->workload,
                        .lower_is_better = value->lower_is_better,
                        .is_metric = value->is_metric };
  g_autofree char *name = NULL;
  Slot *slot;

  if (collection->last != value->source)
    {
      collection->last = value->source;
      collection->last_slots = g_hash_table_lookup (collection->sources, value->source);
      if (!collection->last_slots)
        {
          collection->last_slots = g_hash_table_new_full (hash_slot, equal_slots, slot_free, NULL);
          g_hash_table_insert (collection->sources, (gpointer)value->source, collection->last_slots);
        }
    }
  slot = g_hash_table_lookup (collection->last_slots, &wanted);
  if (slot)
    return slot;
  name = g_strndup (value->kernel, value->kernel_length);
  slot = g_memdup2 (&wanted, sizeof wanted);
  slot->kernel = g_memdup2 (value->kernel, value->kernel_length);
  slot->group = find_or_add_group (collection, value->source, name, slot);
  if (slot->group)
    {
      slot->phase = find_or_add_phase (collection, value->source, slot->group);
      slot->boot = find_or_add_boot (slot->group->boots, value->source->run, value->source->boot);
    }
  g_hash_table_add (collection->last_slots, slot);
  return slot;
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
    .run = value->source->run,
    .vm = value->source->vm,
    .boot = value->source->boot,
    .iteration = value->iteration,
    .changed = value->changed,
  };

  if (!slot->group)
    {
      collection->n_left++;
      return;
    }
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
  while (g_hash_table_iter_next (&iter, &value, NULL))
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
                    "kernel", (int)group->kernel, "policy", (int)group->policy, "vm", nv_json_text (vm),
                    "boots", (int)of_boots.n, "n", (json_int_t)all.n, "mean", nv_json_real (all.mean),
                    "deviation", nv_json_real (all.deviation), "low", nv_json_real (of_boots.low), "high",
                    nv_json_real (of_boots.high), "minimum", nv_json_real (all.minimum), "p5",
                    nv_json_real (all.p5), "q1", nv_json_real (all.q1), "median", nv_json_real (all.median),
                    "q3", nv_json_real (all.q3), "p95", nv_json_real (all.p95), "maximum",
                    nv_json_real (all.maximum));
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
      while (g_hash_table_iter_next (&iter, &value, NULL))
        {
          const BootSum *here = value;
          BootSum *boot = find_or_add_boot (boots, here->run, here->boot);

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

/* --- policies, values --- */

static json_t *
make_policies (const Collection *collection)
{
  json_t *policies = json_array ();

  for (guint i = 0; i < collection->policies.texts->len; i++)
    {
      const char *policy = g_ptr_array_index (collection->policies.texts, i);

      json_array_append_new (policies, nv_json_text (*policy ? policy : NULL));
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
  json_t *columns =
      json_pack ("{s:[], s:[], s:[], s:[], s:[], s:[], s:[], s:[], s:[], s:[]}", "kernel", "run", "vm",
                 "policy", "boot", "iteration", "t_s", "value", "time_s", "changed");

  for (guint i = 0; i < collection->groups->len; i++)
    {
      const Group *group = g_ptr_array_index (collection->groups, i);

      for (guint j = 0; j < group->thin->kept->len; j++)
        {
          const NvThinValue *value = &g_array_index (group->thin->kept, NvThinValue, j);

          append (columns, "kernel", json_integer (group->kernel));
          append (columns, "run", json_integer (value->run));
          append (columns, "vm", json_integer (value->vm));
          append (columns, "policy", json_integer (group->policy));
          append (columns, "boot", json_integer (value->boot));
          append (columns, "iteration", json_integer (value->iteration));
          append (columns, "t_s", nv_json_real (value->t_s));
          append (columns, "value", nv_json_real (value->value));
          append (columns, "time_s", nv_json_real (value->time_s));
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
  GString *text = g_string_new (NULL);
  g_autofree char *note = NULL;
  gsize n = 0, n_kept = 0;

  for (guint i = 0; i < collection->thin.groups->len; i++)
    {
      const NvThinGroup *group = g_ptr_array_index (collection->thin.groups, i);

      n += group->n;
      n_kept += group->kept->len;
    }
  if (n > n_kept)
    g_string_append_printf (
        text,
        "%" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT
        " values are shown as points: of each kernel, policy and VM the lowest, the highest and, in the order in "
        "which they were measured, every 2nd, 4th, 8th... Statistics and boxes are of all values.",
        n_kept, n);
  if (collection->n_left > 0)
    g_string_append_printf (
        text,
        "%sOnly the first %d kernels are shown: %u more, with %" G_GSIZE_FORMAT " values, are left out.",
        n > n_kept ? " " : "", MAX_KERNELS, g_hash_table_size (collection->left), collection->n_left);
  note = g_string_free (text, FALSE);
  return *note ? json_string (note) : json_null ();
}

gboolean
nv_page_add_values (json_t *page, const NvPageRequest *request, GError **error)
{
  g_auto (Collection) collection = { .last = NULL };

  collection_init (&collection, request->max_values);
  if (!nv_values_read (request->store, request->run, collect, &collection, error))
    return FALSE;
  nv_thin_finish (&collection.thin);
  g_ptr_array_sort (collection.groups, compare_groups);
  json_object_set_new (page, "kernels", nv_page_kernels_to_json (collection.kernels));
  json_object_set_new (page, "policies", make_policies (&collection));
  json_object_set_new (page, "phases", make_phases (&collection));
  json_object_set_new (page, "values", make_values (&collection));
  json_object_set_new (page, "values_note", make_note (&collection));
  json_object_set_new (page, "table", make_table (&collection));
  return TRUE;
}
