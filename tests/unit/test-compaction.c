/* The picture of compaction: what is drawn of timelines, with which names. */

#include "report/compaction.h"

#include <math.h>
#include <string.h>

#define N 4

typedef struct
{
  GPtrArray *timelines;
  GPtrArray *left_out;
  NvCompactionStyle style;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->timelines = g_ptr_array_new_with_free_func ((GDestroyNotify)nv_timeline_free);
  fixture->left_out = g_ptr_array_new_with_free_func (g_free);
  fixture->style = (NvCompactionStyle){ .title = "t", .index_order = -1 };
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_ptr_array_unref (fixture->timelines);
  g_ptr_array_unref (fixture->left_out);
}

static void
counter_free (gpointer data)
{
  NvTimelineCounter *counter = data;

  g_free (counter->sampler);
  g_free (counter->name);
  g_free (counter->zone);
  g_free (counter->stretches);
  g_free (counter);
}

static void
phase_clear (gpointer data)
{
  g_free (((NvPhase *)data)->policy);
  g_free (((NvPhase *)data)->kernel);
}

/* Sampled each second, from @start_s on. */
static NvTimeline *
add_timeline (Fixture *fixture, const char *who, gint64 boot, double start_s)
{
  NvTimeline *timeline = g_new0 (NvTimeline, 1);

  timeline->who = g_strdup (who);
  timeline->boot = boot;
  timeline->page_bytes = 4096;
  timeline->n = timeline->n_samples = N;
  timeline->times_s = g_new (double, N);
  for (guint i = 0; i < N; i++)
    timeline->times_s[i] = start_s + i;
  timeline->counters = g_ptr_array_new_with_free_func (counter_free);
  timeline->phases = g_array_new (FALSE, FALSE, sizeof (NvPhase));
  g_array_set_clear_func (timeline->phases, phase_clear);
  g_ptr_array_add (fixture->timelines, timeline);
  return timeline;
}

static void
add_counter (NvTimeline *timeline, const char *sampler, const char *name, const char *zone, int order,
             const double *values)
{
  NvTimelineCounter *counter = g_new0 (NvTimelineCounter, 1);

  counter->sampler = g_strdup (sampler);
  counter->name = g_strdup (name);
  counter->node = zone ? 0 : -1;
  counter->zone = g_strdup (zone);
  counter->order = order;
  counter->stretches = g_new (NvStretch, N);
  for (guint i = 0; i < N; i++)
    counter->stretches[i] = (NvStretch){ (float)values[i], (float)values[i], values[i] };
  g_ptr_array_add (timeline->counters, counter);
}

static const double growing[N] = { 10, 30, 70, 70 };
static const double still[N] = { 5, 5, 5, 5 };
static const double nothing[N] = { 0 };

static void
add_zone (NvTimeline *timeline, const char *zone, int n_orders, const double *values)
{
  for (int order = 0; order < n_orders; order++)
    add_counter (timeline, "buddyinfo", "free", zone, order, values);
  for (int order = 0; order < n_orders; order++)
    add_counter (timeline, "buddyinfo", "unusable_index", zone, order, values);
}

static NvChart *
draw (Fixture *fixture)
{
  return nv_compaction_chart (fixture->timelines, &fixture->style, fixture->left_out);
}

static const NvPanel *
panel_of (const NvChart *chart, guint index)
{
  g_assert_cmpuint (index, <, chart->panels->len);
  return g_ptr_array_index (chart->panels, index);
}

static const NvSeriesData *
series_of (const NvPanel *panel, guint index)
{
  g_assert_cmpuint (index, <, panel->series->len);
  return &g_array_index (panel->series, NvSeriesData, index);
}

static gboolean
said (const Fixture *fixture, const char *text)
{
  for (guint i = 0; i < fixture->left_out->len; i++)
    if (strstr (g_ptr_array_index (fixture->left_out, i), text))
      return TRUE;
  return FALSE;
}

/* Order 5 is 128 KiB, not 1 MB. */
static void
a_block_has_the_size_of_its_order (void)
{
  static const struct
  {
    int order;
    guint64 page_bytes;
    const char *expected;
  } cases[] = {
    { 0, 4096, "order 0, 4 KiB" },   { 5, 4096, "order 5, 128 KiB" }, { 9, 4096, "order 9, 2 MiB" },
    { 10, 4096, "order 10, 4 MiB" }, { 0, 65536, "order 0, 64 KiB" }, { 13, 65536, "order 13, 512 MiB" },
    { 63, 4096, "order 63" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *label = nv_compaction_order (cases[i].order, cases[i].page_bytes);

      g_assert_cmpstr (label, ==, cases[i].expected);
    }
}

static void
each_zone_has_a_panel_with_a_line_for_each_order (Fixture *fixture, gconstpointer data)
{
  NvTimeline *timeline = add_timeline (fixture, "host", 0, 0);
  g_autoptr (NvChart) chart = NULL;

  add_zone (timeline, "DMA", 11, growing);
  add_zone (timeline, "Movable", 11, nothing);
  add_zone (timeline, "Normal", 11, still);
  chart = draw (fixture);
  g_assert_cmpuint (chart->panels->len, ==, 3);
  g_assert_cmpstr (panel_of (chart, 0)->heading, ==, "node 0, zone DMA");
  g_assert_true (panel_of (chart, 0)->log_y);
  g_assert_cmpuint (panel_of (chart, 0)->series->len, ==, 11);
  g_assert_cmpstr (series_of (panel_of (chart, 0), 5)->label, ==, "order 5, 128 KiB");
  g_assert_cmpfloat (series_of (panel_of (chart, 0), 5)->low[2], ==, 70);
  g_assert_cmpfloat (series_of (panel_of (chart, 0), 5)->x[2], ==, 2);
  g_assert_null (series_of (panel_of (chart, 0), 5)->high);
  g_assert_cmpstr (panel_of (chart, 1)->heading, ==, "node 0, zone Normal");
  g_assert_true (said (fixture, "zone Movable"));
}

static void
the_index_is_of_a_huge_page_or_of_what_is_asked (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    guint64 page_bytes;
    int n_orders, asked;
    const char *heading; /* NULL: no panel */
  } cases[] = {
    { 4096, 11, -1, "order 9, 2 MiB" },
    { 4096, 3, -1, "order 2, 16 KiB" },
    { 4096, 11, 4, "order 4, 64 KiB" },
    { 65536, 14, -1, "order 13, 512 MiB" },
    { 4096, 11, 20, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (NvChart) chart = NULL;
      NvTimeline *timeline;

      g_ptr_array_set_size (fixture->timelines, 0);
      timeline = add_timeline (fixture, "host", 0, 0);
      timeline->page_bytes = cases[i].page_bytes;
      add_zone (timeline, "Normal", cases[i].n_orders, growing);
      fixture->style.index_order = cases[i].asked;
      chart = draw (fixture);
      g_assert_cmpuint (chart->panels->len, ==, cases[i].heading ? 2 : 1);
      if (cases[i].heading)
        g_assert_true (g_str_has_suffix (panel_of (chart, 1)->heading, cases[i].heading));
    }
  g_assert_true (said (fixture, "unusable index: not drawn"));
}

static void
orders_that_are_not_asked_for_are_not_drawn (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvChart) chart = NULL;

  add_zone (add_timeline (fixture, "host", 0, 0), "Normal", 11, growing);
  fixture->style.orders = 1 << 3 | 1 << 10;
  fixture->style.is_linear = TRUE;
  chart = draw (fixture);
  g_assert_false (panel_of (chart, 0)->log_y);
  g_assert_cmpuint (panel_of (chart, 0)->series->len, ==, 2);
  g_assert_cmpstr (series_of (panel_of (chart, 0), 1)->label, ==, "order 10, 4 MiB");
}

static void
counters_are_drawn_as_rates_unless_they_stood_still (Fixture *fixture, gconstpointer data)
{
  NvTimeline *timeline = add_timeline (fixture, "host", 0, 0);
  g_autoptr (NvChart) chart = NULL;
  const NvSeriesData *series;

  add_counter (timeline, "vmstat", "compact_stall", NULL, -1, growing);
  add_counter (timeline, "vmstat", "compact_fail", NULL, -1, still);
  chart = draw (fixture);
  g_assert_cmpuint (chart->panels->len, ==, 1);
  g_assert_cmpuint (panel_of (chart, 0)->series->len, ==, 1);
  series = series_of (panel_of (chart, 0), 0);
  g_assert_cmpstr (series->label, ==, "compact_stall");
  g_assert_true (isnan (series->low[0]));
  g_assert_cmpfloat (series->low[1], ==, 20);
  g_assert_cmpfloat (series->low[2], ==, 40);
  g_assert_cmpfloat (series->low[3], ==, 0);
  g_assert_true (said (fixture, "never grew: compact_fail"));
}

/* A gap between them: nothing was sampled there. */
static void
a_vms_boots_follow_each_other_in_its_panels (Fixture *fixture, gconstpointer data)
{
  g_autoptr (NvChart) chart = NULL;
  const NvSeriesData *series;

  add_zone (add_timeline (fixture, "host", 0, 0), "Normal", 1, growing);
  add_zone (add_timeline (fixture, "vm0", 1, 10), "DMA32", 1, growing);
  add_zone (add_timeline (fixture, "vm0", 2, 50), "DMA32", 1, still);
  chart = draw (fixture);
  g_assert_cmpuint (chart->panels->len, ==, 4);
  g_assert_cmpstr (panel_of (chart, 0)->heading, ==, "host: node 0, zone Normal");
  g_assert_cmpstr (panel_of (chart, 2)->heading, ==, "vm0: node 0, zone DMA32");
  series = series_of (panel_of (chart, 2), 0);
  g_assert_cmpuint (series->n, ==, 2 * N + 1);
  g_assert_cmpfloat (series->x[0], ==, 10);
  g_assert_true (isnan (series->low[N]));
  g_assert_cmpfloat (series->x[N + 1], ==, 50);
  g_assert_cmpfloat (series->low[N + 1], ==, 5);
}

static void
what_was_lowest_and_highest_is_a_band (Fixture *fixture, gconstpointer data)
{
  NvTimeline *timeline = add_timeline (fixture, "host", 0, 0);
  g_autoptr (NvChart) chart = NULL;
  const NvSeriesData *series;
  NvTimelineCounter *counter;

  add_counter (timeline, "buddyinfo", "free", "Normal", 0, growing);
  counter = g_ptr_array_index (timeline->counters, 0);
  counter->stretches[1] = (NvStretch){ 3, 90, 50 };
  chart = draw (fixture);
  series = series_of (panel_of (chart, 0), 0);
  g_assert_cmpfloat (series->low[1], ==, 3);
  g_assert_cmpfloat (series->high[1], ==, 90);
  g_assert_cmpfloat (series->middle[1], ==, 50);
}

static void
phases_are_shaded_and_named_once_a_machine (Fixture *fixture, gconstpointer data)
{
  NvTimeline *timeline = add_timeline (fixture, "host", 0, 0);
  const NvPhase phase = { 1, 2, g_strdup ("interleave"), g_strdup ("triad") };
  g_autoptr (NvChart) chart = NULL;

  add_zone (timeline, "Normal", 2, growing);
  g_array_append_val (timeline->phases, phase);
  chart = draw (fixture);
  g_assert_cmpuint (chart->panels->len, ==, 2);
  for (guint i = 0; i < 2; i++)
    {
      const NvShade *shade = &g_array_index (panel_of (chart, i)->shades, NvShade, 0);

      g_assert_cmpuint (panel_of (chart, i)->shades->len, ==, 1);
      g_assert_cmpstr (shade->label, ==, "triad, interleave");
      g_assert_cmpfloat (shade->from, ==, 1);
      g_assert_cmpfloat (shade->to, ==, 2);
      g_assert_cmpint (panel_of (chart, i)->shades_unnamed, ==, i > 0);
    }
}

static void
one_sample_is_too_few_for_a_rate (Fixture *fixture, gconstpointer data)
{
  NvTimeline *timeline = add_timeline (fixture, "host", 0, 0);

  timeline->n = 1;
  add_counter (timeline, "vmstat", "compact_stall", NULL, -1, growing);
  g_assert_null (draw (fixture));
  g_assert_true (said (fixture, "too few samples: compact_stall"));
  g_assert_false (said (fixture, "never grew"));
}

static void
many_that_stood_still_are_counted_or_named_if_asked (Fixture *fixture, gconstpointer data)
{
  static const char *const names[] = { "compact_stall", "compact_fail", "compact_success", "thp_split_page" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    add_counter (i == 0 ? add_timeline (fixture, "host", 0, 0) : g_ptr_array_index (fixture->timelines, 0),
                 "vmstat", names[i], NULL, -1, still);
  g_assert_null (draw (fixture));
  g_assert_cmpuint (fixture->left_out->len, ==, 1);
  g_assert_true (said (fixture, "4 counters: not drawn"));
  fixture->style.is_verbose = TRUE;
  g_assert_null (draw (fixture));
  g_assert_true (said (fixture, "compact_stall, compact_success, compact_fail, thp_split_page"));
}

/* What a store says need not be possible. */
static void
an_order_that_cannot_be_is_not_one_that_is_asked_for (Fixture *fixture, gconstpointer data)
{
  NvTimeline *timeline = add_timeline (fixture, "host", 0, 0);
  g_autoptr (NvChart) chart = NULL;

  add_counter (timeline, "buddyinfo", "free", "Normal", -1, growing);
  add_counter (timeline, "buddyinfo", "free", "Normal", 1, growing);
  add_counter (timeline, "buddyinfo", "free", "Normal", 64, growing);
  fixture->style.orders = 1 << 1;
  chart = draw (fixture);
  g_assert_cmpuint (panel_of (chart, 0)->series->len, ==, 1);
}

static void
what_finds_no_room_is_named (Fixture *fixture, gconstpointer data)
{
  NvTimeline *timeline = add_timeline (fixture, "host", 0, 0);
  g_autoptr (NvChart) chart = NULL;

  for (guint i = 0; i < 70; i++)
    {
      g_autofree char *zone = g_strdup_printf ("z%u", i);

      add_counter (timeline, "buddyinfo", "free", zone, 0, growing);
    }
  add_counter (timeline, "vmstat", "compact_stall", NULL, -1, growing);
  add_counter (timeline, "vmstat", "compact_fail", NULL, -1, growing);
  chart = draw (fixture);
  g_assert_cmpuint (chart->panels->len, ==, 60);
  g_assert_true (said (fixture, "11 panels: not drawn"));
}

static void
nothing_is_drawn_of_nothing (Fixture *fixture, gconstpointer data)
{
  g_assert_null (draw (fixture));
  add_zone (add_timeline (fixture, "host", 0, 0), "Normal", 0, growing);
  g_assert_null (draw (fixture));
}

static void
add_drawn (const char *name, void (*test) (Fixture *, gconstpointer))
{
  g_test_add (name, Fixture, NULL, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/compaction/a_block_has_the_size_of_its_order", a_block_has_the_size_of_its_order);
  add_drawn ("/compaction/each_zone_has_a_panel_with_a_line_for_each_order",
             each_zone_has_a_panel_with_a_line_for_each_order);
  add_drawn ("/compaction/the_index_is_of_a_huge_page_or_of_what_is_asked",
             the_index_is_of_a_huge_page_or_of_what_is_asked);
  add_drawn ("/compaction/orders_that_are_not_asked_for_are_not_drawn",
             orders_that_are_not_asked_for_are_not_drawn);
  add_drawn ("/compaction/counters_are_drawn_as_rates_unless_they_stood_still",
             counters_are_drawn_as_rates_unless_they_stood_still);
  add_drawn ("/compaction/a_vms_boots_follow_each_other_in_its_panels",
             a_vms_boots_follow_each_other_in_its_panels);
  add_drawn ("/compaction/what_was_lowest_and_highest_is_a_band", what_was_lowest_and_highest_is_a_band);
  add_drawn ("/compaction/phases_are_shaded_and_named_once_a_machine",
             phases_are_shaded_and_named_once_a_machine);
  add_drawn ("/compaction/one_sample_is_too_few_for_a_rate", one_sample_is_too_few_for_a_rate);
  add_drawn ("/compaction/many_that_stood_still_are_counted_or_named_if_asked",
             many_that_stood_still_are_counted_or_named_if_asked);
  add_drawn ("/compaction/an_order_that_cannot_be_is_not_one_that_is_asked_for",
             an_order_that_cannot_be_is_not_one_that_is_asked_for);
  add_drawn ("/compaction/what_finds_no_room_is_named", what_finds_no_room_is_named);
  add_drawn ("/compaction/nothing_is_drawn_of_nothing", nothing_is_drawn_of_nothing);
  return g_test_run ();
}
