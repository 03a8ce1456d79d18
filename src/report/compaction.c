#include "report/compaction.h"
#include "base/size.h"

#include <math.h>
#include <string.h>

enum
{
  MAX_PANELS = 60, /* PNG and what shows it have limits, and so have readers */
  MAX_TINTS = 7,   /* of shades that can be told apart */
  MAX_SERIES = 24, /* of a panel, for the same reason */
  MAX_NAMED = 3,   /* in a sentence, of what is not drawn */
};

/* All timelines of one name. */
typedef struct
{
  const char *who;
  gboolean is_vm;
  GPtrArray *timelines; /* of NvTimeline; borrowed */
  GPtrArray *counters;  /* of GHashTable, one for each timeline: a set of its NvTimelineCounter; borrowed */
} Machine;

/* What is not drawn for one reason. */
typedef struct
{
  GString *names;
  guint n;
} Omitted;

typedef struct
{
  const NvCompactionStyle *style;
  const GPtrArray *machines;
  GPtrArray *left_out;
  NvChart *chart;
  double unit_s; /* of the x axis */
  const char *x_label;
  guint n_undrawn;     /* panels that found no room */
  Omitted never_free;  /* zones */
  Omitted never_grew;  /* counters */
  Omitted too_few;     /* counters */
  gboolean has_shades; /* the machine's are in a legend */
} Drawing;

static void
machine_free (gpointer data)
{
  Machine *machine = data;

  g_ptr_array_unref (machine->timelines);
  g_ptr_array_unref (machine->counters);
  g_free (machine);
}

static void G_GNUC_PRINTF (2, 3) leave_out (const Drawing *drawing, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_ptr_array_add (drawing->left_out, g_strdup_vprintf (format, arguments));
  va_end (arguments);
}

static void G_GNUC_PRINTF (2, 3) omit (Omitted *omitted, const char *format, ...)
{
  va_list arguments;

  if (!omitted->names)
    omitted->names = g_string_new (NULL);
  else
    g_string_append (omitted->names, ", ");
  va_start (arguments, format);
  g_string_append_vprintf (omitted->names, format, arguments);
  va_end (arguments);
  omitted->n++;
}

/* Frees it, too. */
static void
say_omitted (const Drawing *drawing, Omitted *omitted, const char *what, const char *why)
{
  if (omitted->n > MAX_NAMED && !drawing->style->is_verbose)
    leave_out (drawing, "%u %s: not drawn, since %s; --verbose names them", omitted->n, what, why);
  else if (omitted->n > 0)
    leave_out (drawing, "not drawn, since %s: %s", why, omitted->names->str);
  if (omitted->names)
    g_string_free (omitted->names, TRUE);
}

char *
nv_compaction_order (int order, guint64 page_bytes)
{
  guint64 bytes = order < 0 || order > 63 || page_bytes > G_MAXUINT64 >> order ? 0 : page_bytes << order;
  g_autofree char *size = nv_size_format (bytes);

  /* The bytes of blocks that no machine has cannot be counted. */
  return bytes ? g_strdup_printf ("order %d, %s", order, size) : g_strdup_printf ("order %d", order);
}

/* --- machines --- */

static gboolean
is_same (gconstpointer one_counter, gconstpointer other_counter)
{
  const NvTimelineCounter *one = one_counter, *other = other_counter;

  return strcmp (one->name, other->name) == 0 && one->node == other->node && one->order == other->order
         && g_strcmp0 (one->zone, other->zone) == 0 && strcmp (one->sampler, other->sampler) == 0;
}

static guint
hash_counter (gconstpointer data)
{
  const NvTimelineCounter *counter = data;
  guint hash = g_str_hash (counter->sampler);

  hash = hash * 31 + g_str_hash (counter->name);
  hash = hash * 31 + (counter->zone ? g_str_hash (counter->zone) : 0);
  return (hash * 31 + (guint)counter->node) * 31 + (guint)counter->order;
}

static void
add_timeline (Machine *machine, NvTimeline *timeline)
{
  GHashTable *counters = g_hash_table_new (hash_counter, is_same);

  for (guint i = 0; i < timeline->counters->len; i++)
    g_hash_table_add (counters, g_ptr_array_index (timeline->counters, i));
  g_ptr_array_add (machine->timelines, timeline);
  g_ptr_array_add (machine->counters, counters);
}

/* (element-type Machine): in the order in which they come. */
static GPtrArray *
find_machines (const GPtrArray *timelines)
{
  GPtrArray *machines = g_ptr_array_new_with_free_func (machine_free);
  g_autoptr (GHashTable) by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < timelines->len; i++)
    {
      NvTimeline *timeline = g_ptr_array_index (timelines, i);
      g_autofree char *key = g_strconcat (timeline->boot != 0 ? "vm " : "host ", timeline->who, NULL);
      Machine *machine = g_hash_table_lookup (by_name, key);

      if (!machine)
        {
          machine = g_new0 (Machine, 1);
          machine->who = timeline->who;
          machine->is_vm = timeline->boot != 0;
          machine->timelines = g_ptr_array_new ();
          machine->counters = g_ptr_array_new_with_free_func ((GDestroyNotify)g_hash_table_unref);
          g_ptr_array_add (machines, machine);
          g_hash_table_insert (by_name, g_steal_pointer (&key), machine);
        }
      add_timeline (machine, timeline);
    }
  return machines;
}

/* Those of one sampler and name, of all the machine's timelines, each once. (element-type NvTimelineCounter):
 * borrowed. */
static GPtrArray *
find_named (const Machine *machine, const char *sampler, const char *name)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (hash_counter, is_same);
  GPtrArray *found = g_ptr_array_new ();

  for (guint i = 0; i < machine->timelines->len; i++)
    {
      const NvTimeline *timeline = g_ptr_array_index (machine->timelines, i);

      for (guint j = 0; j < timeline->counters->len; j++)
        {
          NvTimelineCounter *counter = g_ptr_array_index (timeline->counters, j);

          if (strcmp (counter->name, name) == 0 && strcmp (counter->sampler, sampler) == 0
              && g_hash_table_add (seen, counter))
            g_ptr_array_add (found, counter);
        }
    }
  return found;
}

static const NvTimeline *
first_timeline (const Machine *machine)
{
  return g_ptr_array_index (machine->timelines, 0);
}

static char *
name_machine (const Drawing *drawing, const Machine *machine)
{
  return drawing->machines->len == 1 && !machine->is_vm ? g_strdup ("")
                                                        : g_strdup_printf ("%s: ", machine->who);
}

/* --- curves --- */

/* Of one counter over all timelines of its machine. */
typedef struct
{
  gsize n;
  double *x, *low, *high, *last;
  gboolean is_thinned; /* low and high are not last */
  double greatest;     /* 0: there is nothing but zeros; -INFINITY: nothing at all */
} Curve;

static void
add_point (Curve *curve, double x, double low, double high, double last)
{
  curve->x[curve->n] = x;
  curve->low[curve->n] = low;
  curve->high[curve->n] = high;
  curve->last[curve->n++] = last;
  if (high > curve->greatest)
    curve->greatest = high;
  curve->is_thinned = curve->is_thinned || low < high;
}

/* Between boots nothing was sampled: a gap. */
static void
read_curve (Curve *curve, const Drawing *drawing, const Machine *machine, const NvTimelineCounter *like,
            gboolean is_rate)
{
  gsize n = 0;

  for (guint i = 0; i < machine->timelines->len; i++)
    n += ((const NvTimeline *)g_ptr_array_index (machine->timelines, i))->n + 1;
  *curve = (Curve){ 0,     g_new (double, n), g_new (double, n), g_new (double, n), g_new (double, n),
                    FALSE, -INFINITY };
  for (guint i = 0; i < machine->timelines->len; i++)
    {
      const NvTimeline *timeline = g_ptr_array_index (machine->timelines, i);
      const NvTimelineCounter *counter = g_hash_table_lookup (g_ptr_array_index (machine->counters, i), like);

      if (!counter || timeline->n == 0)
        continue;
      if (curve->n > 0)
        add_point (curve, timeline->times_s[0] / drawing->unit_s, NAN, NAN, NAN);
      for (gsize j = 0; j < timeline->n; j++)
        {
          const NvStretch *stretch = &counter->stretches[j];
          double x = timeline->times_s[j] / drawing->unit_s;
          double rate = is_rate ? nv_timeline_rate (timeline, counter, j) : NAN;

          if (is_rate)
            add_point (curve, x, rate, rate, rate);
          else
            add_point (curve, x, (double)stretch->low, (double)stretch->high, stretch->last);
        }
    }
}

static void
curve_clear (gpointer data)
{
  Curve *curve = data;

  g_free (curve->x);
  g_free (curve->low);
  g_free (curve->high);
  g_free (curve->last);
}

/* Takes the curve's arrays. */
static void
add_curve (NvPanel *panel, const char *label, const Curve *curve)
{
  if (curve->is_thinned)
    {
      nv_panel_add_band (panel, label, curve->n, curve->x, curve->low, curve->high);
      nv_panel_set_middle (panel, curve->last);
      return;
    }
  nv_panel_add_line (panel, label, curve->n, curve->x, curve->last);
  g_free (curve->low);
  g_free (curve->high);
}

/* --- panels --- */

static guint
count_labels (const Machine *machine, gboolean with_policy)
{
  g_autoptr (GHashTable) labels = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < machine->timelines->len; i++)
    {
      const GArray *phases = ((const NvTimeline *)g_ptr_array_index (machine->timelines, i))->phases;

      for (guint j = 0; j < phases->len; j++)
        {
          const NvPhase *phase = &g_array_index (phases, NvPhase, j);

          g_hash_table_add (labels, g_strconcat (with_policy && phase->policy ? phase->policy : "", " ",
                                                 phase->kernel, NULL));
        }
    }
  return g_hash_table_size (labels);
}

/* More shades than there are tints name the kernel alone. They are in the legend of the machine's first
 * panel.
 */
static void
add_shades (Drawing *drawing, NvPanel *panel, const Machine *machine)
{
  gboolean with_policy = count_labels (machine, TRUE) <= MAX_TINTS;

  for (guint i = 0; i < machine->timelines->len; i++)
    {
      const GArray *phases = ((const NvTimeline *)g_ptr_array_index (machine->timelines, i))->phases;

      for (guint j = 0; j < phases->len; j++)
        {
          const NvPhase *phase = &g_array_index (phases, NvPhase, j);
          g_autofree char *label = with_policy && phase->policy
                                       ? g_strdup_printf ("%s, %s", phase->kernel, phase->policy)
                                       : g_strdup (phase->kernel);

          nv_panel_add_shade (panel, phase->start_s / drawing->unit_s, phase->end_s / drawing->unit_s, label);
        }
    }
  panel->shades_unnamed = drawing->has_shades;
  drawing->has_shades = TRUE;
}

/* Asked before anything is read for a panel. */
static gboolean
find_room (Drawing *drawing)
{
  gboolean has_room = drawing->chart->panels->len < MAX_PANELS;

  drawing->n_undrawn += !has_room;
  return has_room;
}

static NvPanel *
add_panel (Drawing *drawing, const Machine *machine, const char *heading, const char *y_label)
{
  g_autofree char *who = name_machine (drawing, machine);
  g_autofree char *whole = g_strconcat (who, heading, NULL);
  NvPanel *panel = nv_chart_add_panel (drawing->chart, whole, drawing->x_label, y_label);

  panel->y_from_zero = TRUE;
  add_shades (drawing, panel, machine);
  return panel;
}

/* Those of one zone that are asked for. @ret_orders: (out): of each. Returns: (transfer full): of Curve. */
static GArray *
read_orders (const Drawing *drawing, const Machine *machine, const GPtrArray *counters, guint first,
             guint end, int *ret_orders)
{
  GArray *curves = g_array_new (FALSE, FALSE, sizeof (Curve));

  for (guint i = first; i < end && curves->len < MAX_SERIES; i++)
    {
      const NvTimelineCounter *counter = g_ptr_array_index (counters, i);
      guint64 orders = drawing->style->orders;
      Curve curve;

      if (orders != 0 && !(counter->order >= 0 && counter->order < 64 && orders >> counter->order & 1))
        continue;
      ret_orders[curves->len] = counter->order;
      read_curve (&curve, drawing, machine, counter, FALSE);
      g_array_append_val (curves, curve);
    }
  return curves;
}

/* The zone of @counters[@first] up to @end. */
static void
draw_zone (Drawing *drawing, const Machine *machine, const GPtrArray *counters, guint first, guint end)
{
  const NvTimelineCounter *zone = g_ptr_array_index (counters, first);
  g_autofree char *heading = g_strdup_printf ("node %d, zone %s", zone->node, zone->zone);
  g_autofree char *who = name_machine (drawing, machine);
  int orders[MAX_SERIES];
  g_autoptr (GArray) curves = NULL;
  double greatest = 0;
  NvPanel *panel;

  if (!find_room (drawing))
    return;
  curves = read_orders (drawing, machine, counters, first, end, orders);
  for (guint i = 0; i < curves->len; i++)
    greatest = fmax (greatest, g_array_index (curves, Curve, i).greatest);
  if (greatest <= 0)
    {
      if (curves->len > 0)
        omit (&drawing->never_free, "%s%s", who, heading);
      g_array_set_clear_func (curves, curve_clear);
      return;
    }
  panel = add_panel (drawing, machine, heading, "free blocks");
  panel->log_y = !drawing->style->is_linear;
  panel->is_ordered = TRUE;
  for (guint i = 0; i < curves->len; i++)
    {
      g_autofree char *label = nv_compaction_order (orders[i], first_timeline (machine)->page_bytes);

      add_curve (panel, label, &g_array_index (curves, Curve, i));
    }
}

static void
draw_zones (Drawing *drawing, const Machine *machine)
{
  g_autoptr (GPtrArray) counters = find_named (machine, "buddyinfo", "free");
  guint end;

  for (guint first = 0; first < counters->len; first = end)
    {
      const NvTimelineCounter *zone = g_ptr_array_index (counters, first), *next;

      for (end = first + 1; end < counters->len; end++)
        {
          next = g_ptr_array_index (counters, end);
          if (next->node != zone->node || g_strcmp0 (next->zone, zone->zone) != 0)
            break;
        }
      draw_zone (drawing, machine, counters, first, end);
    }
}

/* A huge page is what one page of page table maps, of which an entry has 8 bytes; not above the largest. */
static int
choose_index_order (const Drawing *drawing, const Machine *machine, const GPtrArray *indexes)
{
  int order = drawing->style->index_order, largest = -1;

  if (order >= 0)
    return order;
  for (guint64 entries = first_timeline (machine)->page_bytes / 8; entries > 0; entries >>= 1)
    order++;
  for (guint i = 0; i < indexes->len; i++)
    largest = MAX (largest, ((const NvTimelineCounter *)g_ptr_array_index (indexes, i))->order);
  return MIN (order, largest);
}

static void
draw_indexes (Drawing *drawing, const Machine *machine)
{
  g_autoptr (GPtrArray) indexes = find_named (machine, "buddyinfo", "unusable_index");
  int order = choose_index_order (drawing, machine, indexes);
  g_autofree char *size = nv_compaction_order (order, first_timeline (machine)->page_bytes);
  g_autofree char *heading = g_strdup_printf ("free memory in blocks too small for %s", size);
  g_autofree char *who = name_machine (drawing, machine);
  NvPanel *panel = NULL;

  for (guint i = 0; i < indexes->len; i++)
    {
      const NvTimelineCounter *counter = g_ptr_array_index (indexes, i);
      g_autofree char *label = g_strdup_printf ("node %d, %s", counter->node, counter->zone);
      Curve curve;

      if (counter->order != order)
        continue;
      if (!panel && !find_room (drawing))
        return;
      if (!panel)
        panel = add_panel (drawing, machine, heading, "unusable index (0 to 1)");
      if (panel->series->len == MAX_SERIES)
        {
          leave_out (drawing, "%sthe unusable index of %s and later zones: not drawn; --node shows them", who,
                     label);
          return;
        }
      read_curve (&curve, drawing, machine, counter, FALSE);
      add_curve (panel, label, &curve);
    }
  if (!panel && indexes->len > 0)
    leave_out (drawing, "%sthe unusable index: not drawn, since no zone has blocks of %s", who, size);
}

/* What kernels count (Documentation/admin-guide/mm/transhuge.rst, include/linux/vm_event_item.h); some lack
 * some. */
static const char *const events[] = {
  "compact_stall",      "compact_success",
  "compact_fail",       "compact_daemon_wake",
  "thp_fault_alloc",    "thp_fault_fallback",
  "thp_collapse_alloc", "thp_collapse_alloc_failed",
  "thp_split_page",     NULL,
};
static const char *const pages[] = {
  "compact_migrate_scanned",
  "compact_free_scanned",
  "compact_daemon_migrate_scanned",
  "compact_daemon_free_scanned",
  "compact_isolated",
  "pgmigrate_success",
  "pgmigrate_fail",
  NULL,
};

/* Counters that stood still are not drawn. */
static void
draw_rates (Drawing *drawing, const Machine *machine, const char *const *names, const char *heading,
            const char *y_label)
{
  g_autofree char *who = name_machine (drawing, machine);
  NvPanel *panel = NULL;

  for (guint i = 0; names[i]; i++)
    {
      g_autoptr (GPtrArray) counters = find_named (machine, "vmstat", names[i]);
      Curve curve;

      if (counters->len == 0)
        continue;
      if (!panel && !find_room (drawing))
        return;
      read_curve (&curve, drawing, machine, g_ptr_array_index (counters, 0), TRUE);
      if (curve.greatest > 0)
        {
          panel = panel ? panel : add_panel (drawing, machine, heading, y_label);
          add_curve (panel, names[i], &curve);
          continue;
        }
      /* Of one sample there is no rate. */
      omit (isinf (curve.greatest) ? &drawing->too_few : &drawing->never_grew, "%s%s", who, names[i]);
      curve_clear (&curve);
    }
}

static void
draw_machine (Drawing *drawing, const Machine *machine)
{
  drawing->has_shades = FALSE;
  draw_zones (drawing, machine);
  draw_indexes (drawing, machine);
  draw_rates (drawing, machine, events, "compaction and huge pages", "events per s");
  draw_rates (drawing, machine, pages, "compaction and migration: pages looked at and moved", "pages per s");
}

/* --- the whole --- */

static void
choose_unit (Drawing *drawing, const GPtrArray *timelines)
{
  static const struct
  {
    double up_to_s, unit_s;
    const char *label;
  } units[] = {
    { 300, 1, "time since the start (s)" },
    { 4 * 3600, 60, "time since the start (min)" },
    { 72 * 3600, 3600, "time since the start (h)" },
    { INFINITY, 86400, "time since the start (days)" },
  };
  double last_s = 0;
  guint which = 0;

  for (guint i = 0; i < timelines->len; i++)
    {
      const NvTimeline *timeline = g_ptr_array_index (timelines, i);

      if (timeline->n > 0)
        last_s = fmax (last_s, timeline->times_s[timeline->n - 1]);
    }
  while (last_s > units[which].up_to_s)
    which++;
  drawing->unit_s = units[which].unit_s;
  drawing->x_label = units[which].label;
}

NvChart *
nv_compaction_chart (const GPtrArray *timelines, const NvCompactionStyle *style, GPtrArray *left_out)
{
  g_autoptr (GPtrArray) machines = find_machines (timelines);
  g_autoptr (NvChart) chart = nv_chart_new (style->title);
  Drawing drawing = { .style = style, .machines = machines, .left_out = left_out, .chart = chart };

  chart->note = g_strdup (style->note);
  chart->same_x = TRUE;
  choose_unit (&drawing, timelines);
  for (guint i = 0; i < machines->len; i++)
    draw_machine (&drawing, g_ptr_array_index (machines, i));
  say_omitted (&drawing, &drawing.never_free, "zones", "no block was ever free");
  say_omitted (&drawing, &drawing.never_grew, "counters", "they never grew");
  say_omitted (&drawing, &drawing.too_few, "counters", "there are too few samples");
  if (drawing.n_undrawn > 0)
    leave_out (&drawing,
               "%u panels: not drawn, since a picture has %d at most; --vm, --node and --zone choose",
               drawing.n_undrawn, MAX_PANELS);
  return chart->panels->len > 0 ? g_steal_pointer (&chart) : NULL;
}
