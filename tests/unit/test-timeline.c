/* Timelines: what a log or a store has over time, thinned so that no extreme is lost. */

#include "base/error.h"
#include "store/series.h"
#include "store/store-private.h"
#include "store/timeline-build.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define S_IN_NS G_GINT64_CONSTANT (1000000000)

static const NvTimelineFilter all = { .order = -1, .node = -1 };

static void
keep_text (const char *text, gpointer data)
{
  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_ptr_array_add (data, g_strdup (text));
}

/* @ret_said: (element-type char *): what was left out */
static NvTimeline *
read_log (const char *text, const NvTimelineFilter *filter, GPtrArray *said, GError **error)
{
  g_autofree char *path = NULL;
  NvTimeline *timeline;
  int fd = g_file_open_tmp ("numavm-log-XXXXXX", &path, NULL);

  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  timeline = nv_timeline_read_log (path, 10 * (guint64)S_IN_NS, filter, keep_text, said, error);
  g_unlink (path);
  return timeline;
}

static NvTimeline *
must_read (const char *text, const NvTimelineFilter *filter)
{
  g_autoptr (GPtrArray) said = g_ptr_array_new_with_free_func (g_free);
  GError *error = NULL;
  NvTimeline *timeline = read_log (text, filter, said, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (said->len, ==, 0);
  return timeline;
}

static const NvTimelineCounter *
find (const NvTimeline *timeline, const char *name, int node, const char *zone, int order)
{
  for (guint i = 0; i < timeline->counters->len; i++)
    {
      const NvTimelineCounter *counter = g_ptr_array_index (timeline->counters, i);

      if (strcmp (counter->name, name) == 0 && counter->node == node && counter->order == order
          && g_strcmp0 (counter->zone, zone) == 0)
        return counter;
    }
  g_error ("there is no %s of node %d, zone %s, order %d", name, node, zone, order);
}

static void
assert_stretch (const NvTimelineCounter *counter, gsize i, double low, double high, double last)
{
  g_assert_cmpfloat_with_epsilon (counter->stretches[i].low, low, 1e-6);
  g_assert_cmpfloat_with_epsilon (counter->stretches[i].high, high, 1e-6);
  g_assert_cmpfloat_with_epsilon (counter->stretches[i].last, last, 1e-12);
}

static void
a_log_has_its_zones_nodes_and_orders_whatever_they_are (void)
{
  g_autoptr (NvTimeline) timeline = must_read ("Node 2, zone  Movable  1 2 3\n"
                                               "Node 0, zone   Device  7 \n"
                                               "\n"
                                               "Node 0, zone      DMA  5 0 0 1 \r\n"
                                               "Node 2, zone  Movable  3 2 1\n"
                                               "Node 0, zone   Device  8 \n"
                                               "Node 0, zone      DMA  6 0 0 1 \n",
                                               &all);
  static const struct
  {
    int node;
    const char *zone;
    int order;
  } expected[] = { { 0, "Device", 0 }, { 0, "DMA", 0 },     { 0, "DMA", 1 },     { 0, "DMA", 2 },
                   { 0, "DMA", 3 },    { 2, "Movable", 0 }, { 2, "Movable", 1 }, { 2, "Movable", 2 } };

  g_assert_cmpuint (timeline->n_samples, ==, 2);
  g_assert_cmpuint (timeline->n, ==, 2);
  g_assert_cmpfloat (timeline->times_s[1], ==, 10);
  g_assert_cmpuint (timeline->counters->len, ==, 2 * G_N_ELEMENTS (expected));
  for (guint i = 0; i < timeline->counters->len; i++)
    {
      const NvTimelineCounter *counter = g_ptr_array_index (timeline->counters, i);
      guint which = i % G_N_ELEMENTS (expected);

      g_assert_cmpstr (counter->sampler, ==, "buddyinfo");
      g_assert_cmpstr (counter->name, ==, i < G_N_ELEMENTS (expected) ? "free" : "unusable_index");
      g_assert_cmpint (counter->is_real, ==, i >= G_N_ELEMENTS (expected));
      g_assert_cmpint (counter->node, ==, expected[which].node);
      g_assert_cmpstr (counter->zone, ==, expected[which].zone);
      g_assert_cmpint (counter->order, ==, expected[which].order);
    }
  assert_stretch (find (timeline, "free", 2, "Movable", 0), 0, 1, 1, 1);
  assert_stretch (find (timeline, "free", 2, "Movable", 0), 1, 3, 3, 3);
}

/* 5 pages of order 0, one block of 8. */
static void
the_unusable_index_is_the_samplers (void)
{
  g_autoptr (NvTimeline) timeline = must_read ("Node 0, zone DMA 5 0 0 1\nNode 0, zone DMA 0 0 0 0\n", &all);

  assert_stretch (find (timeline, "unusable_index", 0, "DMA", 0), 0, 0, 0, 0);
  for (int order = 1; order <= 3; order++)
    assert_stretch (find (timeline, "unusable_index", 0, "DMA", order), 0, 5.0 / 13, 5.0 / 13, 5.0 / 13);
  assert_stretch (find (timeline, "unusable_index", 0, "DMA", 0), 1, 1, 1, 1);
}

static void
what_is_no_line_is_named_and_left_out (void)
{
  g_autoptr (GPtrArray) said = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (NvTimeline) timeline = read_log ("Tue Nov 24 19:00:00 UTC 2026\n"
                                              "Node 0, zone DMA 1 2 3\n"
                                              "Node 0, zone DMA 1 -2 3\n"
                                              "Node 0, zone DMA 4 5\n"
                                              "Node 0, zone DMA 99999999999999999999 5 5\n"
                                              "Node 0, zone DMA 9223372036854775807 9223372036854775807 1\n"
                                              "Node 99999, zone DMA 1 2 3\n"
                                              "Node 0, zone DMA 4 5 6",
                                              &all, said, NULL);
  static const char *const expected[] = { ":1: no line", ":3: no line", ":4: cut off", ":5: no line",
                                          ":6: no line", ":7: no line", ":8: cut off" };

  g_assert_nonnull (timeline);
  g_assert_cmpuint (timeline->n_samples, ==, 1);
  g_assert_cmpuint (said->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < said->len; i++)
    g_assert_nonnull (strstr (g_ptr_array_index (said, i), expected[i]));
}

/* The line of a zone that is lost does not shift those of others into another sample. */
static void
a_zone_that_a_sample_lacks_is_not_shown_in_it (void)
{
  g_autoptr (GPtrArray) said = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (NvTimeline) timeline = read_log ("Node 0, zone A 1\nNode 0, zone B 10\n"
                                              "Node 0, zone A 2\nNode 0, zo\n"
                                              "Node 0, zone A 3\nNode 0, zone B 30\n",
                                              &all, said, NULL);
  const NvTimelineCounter *counter;

  g_assert_nonnull (timeline);
  g_assert_cmpuint (timeline->n, ==, 3);
  counter = find (timeline, "free", 0, "B", 0);
  g_assert_true (isnan (counter->stretches[1].low) && isnan (counter->stretches[1].last));
  assert_stretch (counter, 2, 30, 30, 30);
  assert_stretch (find (timeline, "free", 0, "A", 0), 2, 3, 3, 3);
}

static void
a_file_without_a_line_is_refused (void)
{
  g_autoptr (GPtrArray) said = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) missing = NULL;

  g_assert_null (read_log ("cpu  1 2 3\n", &all, said, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_PARSE);
  g_assert_null (nv_timeline_read_log ("/nonexistent/log", 1, &all, NULL, NULL, &missing));
  g_assert_error (missing, NV_ERROR, NV_ERROR_NOT_FOUND);
}

static void
what_is_not_wanted_is_not_read (void)
{
  const NvTimelineFilter filter = { .order = 1, .node = 1, .zone = "Normal" };
  g_autoptr (NvTimeline) timeline = must_read ("Node 0, zone Normal 1 2\nNode 1, zone DMA 3 4\n"
                                               "Node 1, zone Normal 5 6\nNode 0, zone Normal 7 8\n",
                                               &filter);

  g_assert_cmpuint (timeline->counters->len, ==, 2);
  g_assert_cmpuint (timeline->n_samples, ==, 2);
  assert_stretch (find (timeline, "free", 1, "Normal", 1), 0, 6, 6, 6);
  g_assert_true (isnan (find (timeline, "free", 1, "Normal", 1)->stretches[1].low));
}

static void
a_filter_that_nothing_passes_leaves_no_counter (void)
{
  const NvTimelineFilter filter = { .order = -1, .node = -1, .zone = "Movable" };
  g_autoptr (NvTimeline) timeline = must_read ("Node 0, zone Normal 1 2\n", &filter);

  g_assert_cmpuint (timeline->counters->len, ==, 0);
  g_assert_cmpuint (timeline->n_samples, ==, 1);
}

/* Whatever the number of samples and stretches: each sample is in one stretch, and every extreme is kept. */
static void
thinning_keeps_every_extreme (void)
{
  static const guint wanted[] = { 2, 3, 16, 100, 1000 };

  for (guint n_samples = 1; n_samples < 700; n_samples = n_samples * 3 / 2 + 1)
    for (guint w = 0; w < G_N_ELEMENTS (wanted); w++)
      {
        const NvTimelineFilter filter = { .order = -1, .node = -1, .n_stretches = wanted[w] };
        g_autoptr (GString) text = g_string_new (NULL);
        g_autoptr (NvTimeline) timeline = NULL;
        const NvTimelineCounter *counter;
        guint sample = 0;

        for (guint i = 0; i < n_samples; i++)
          g_string_append_printf (text, "Node 0, zone DMA %u\n", i * 7919 % 1009);
        timeline = must_read (text->str, &filter);
        counter = find (timeline, "free", 0, "DMA", 0);
        g_assert_cmpuint (timeline->n_samples, ==, n_samples);
        g_assert_cmpuint (timeline->n, <=, wanted[w]);
        for (gsize i = 0; i < timeline->n; i++)
          {
            double low = INFINITY, high = -INFINITY, last = NAN;

            for (; sample < n_samples && sample * 10.0 <= timeline->times_s[i]; sample++)
              {
                last = sample * 7919 % 1009;
                low = MIN (low, last);
                high = MAX (high, last);
              }
            assert_stretch (counter, i, low, high, last);
          }
        g_assert_cmpuint (sample, ==, n_samples);
      }
}

/* One zone for long, then very many: there is less room for each, and nothing is lost of the first. */
static void
counters_that_come_late_take_room_from_all (void)
{
  const NvTimelineFilter filter = { .order = -1, .node = -1, .n_stretches = 8192 };
  const guint n_samples = 4096, n_zones = 300;

  for (guint more = 0; more < 2; more++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (NvTimeline) timeline = NULL;
      const NvTimelineCounter *counter;
      double greatest = 0;

      for (guint i = 0; i < n_samples - 1 + more; i++)
        g_string_append_printf (text, "Node 0, zone A %u\n", i == 1001 ? 9000 : i);
      g_string_append (text, "Node 0, zone A 7000\n");
      for (guint i = 0; i < n_zones; i++)
        g_string_append_printf (text, "Node 0, zone B%u 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n", i);
      timeline = must_read (text->str, &filter);
      counter = find (timeline, "free", 0, "A", 0);
      g_assert_cmpuint (timeline->n_samples, ==, n_samples + more);
      g_assert_cmpuint (timeline->counters->len, ==, 2 + 2 * 20 * n_zones);
      g_assert_cmpuint (timeline->n * timeline->counters->len, <=, NV_TIMELINE_CELLS);
      for (gsize i = 0; i < timeline->n; i++)
        greatest = MAX (greatest, counter->stretches[i].high);
      g_assert_cmpfloat (greatest, ==, 9000);
      g_assert_cmpfloat (counter->stretches[0].low, ==, 0);
      g_assert_cmpfloat (counter->stretches[timeline->n - 1].last, ==, 7000);
      g_assert_cmpfloat (timeline->times_s[timeline->n - 1], ==, 10.0 * (n_samples - 1 + more));
    }
}

static void
a_rate_is_known_between_stretches_and_while_it_grows (void)
{
  g_autoptr (NvTimeline) timeline =
      must_read ("Node 0, zone A 10\nNode 0, zone A 30\nNode 0, zone A 5\n", &all);
  const NvTimelineCounter *counter = find (timeline, "free", 0, "A", 0);

  g_assert_true (isnan (nv_timeline_rate (timeline, counter, 0)));
  g_assert_cmpfloat_with_epsilon (nv_timeline_rate (timeline, counter, 1), 2, 1e-12);
  g_assert_true (isnan (nv_timeline_rate (timeline, counter, 2)));
}

/* --- of a store --- */

typedef struct
{
  NvStore *store;
  gint64 run, boot, vm;
} Stored;

/* The run began at 100 s of the host's clock; the guest's is 1000 s ahead of it, and drifts by 2 s. */
static void
set_up (Stored *stored, gconstpointer data)
{
  const NvStoreRun run = { .uuid = "u", .started_ns = 100 * S_IN_NS, .program = "test", .emulated = TRUE };
  NvStoreBoot boot = { .arm = "interleave", .started_ns = 110 * S_IN_NS };
  NvStoreVm vm = { .name = "vm0" };

  stored->store = nv_store_open (":memory:", NV_STORE_CREATE, NULL);
  boot.run = stored->run = nv_store_add_run (stored->store, &run, NULL);
  vm.boot = stored->boot = nv_store_add_boot (stored->store, &boot, NULL);
  stored->vm = nv_store_add_vm (stored->store, &vm, NULL);
  g_assert_true (stored->vm != 0);
}

static void
tear_down (Stored *stored, gconstpointer data)
{
  nv_store_close (stored->store);
}

static void
add_clocks (const Stored *stored)
{
  g_assert_true (nv_store_add_clock (stored->store, stored->vm, "before", 1, 999 * S_IN_NS, 1, NULL));
  g_assert_true (nv_store_add_clock (stored->store, stored->vm, "after", 2, 1001 * S_IN_NS, 1, NULL));
}

/* What a counter of the machine has; NAN: the sample lacks it. */
static void
add_sample (const Stored *stored, gint64 vm, gint64 time_s, const char *name, double value)
{
  NvSeries *series = nv_series_get (stored->store, stored->run, vm);
  const NvCounterValue kept = { .sampler = "vmstat", .name = name, .node = -1, .order = -1, .count = 3 };
  const NvCounterValue given = {
    .sampler = "vmstat", .name = name, .node = -1, .order = -1, .count = isnan (value) ? 0 : (gint64)value
  };

  g_assert_true (nv_samples_start (stored->store, series, time_s * S_IN_NS, 0, 0, NULL));
  if (strcmp (name, "kept") != 0)
    {
      NvCounterValue other = kept;

      other.name = "kept";
      g_assert_true (nv_samples_add (stored->store, series, &other, NULL));
    }
  g_assert_true (isnan (value) || nv_samples_add (stored->store, series, &given, NULL));
  g_assert_true (nv_samples_end (stored->store, series, NULL));
}

static GPtrArray *
read_store (const Stored *stored, const NvTimelineFilter *filter)
{
  GError *error = NULL;
  GPtrArray *timelines = nv_timelines_read_store (stored->store, 0, filter, &error);

  g_assert_no_error (error);
  return timelines;
}

static void
changes_are_held_and_what_is_gone_is_not_shown (Stored *stored, gconstpointer data)
{
  static const double values[] = { 5, 5, 9, NAN, NAN, 2 };
  g_autoptr (GPtrArray) timelines = NULL;
  const NvTimeline *timeline;

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      add_sample (stored, 0, 120 + i, "compact_stall", values[i]);
      add_sample (stored, stored->vm, 2000 + i, "compact_stall", 77);
    }
  timelines = read_store (stored, &all);
  g_assert_cmpuint (timelines->len, ==, 2);
  timeline = g_ptr_array_index (timelines, 0);
  g_assert_cmpstr (timeline->who, ==, "host");
  g_assert_cmpint (timeline->boot, ==, 0);
  g_assert_cmpuint (timeline->n, ==, G_N_ELEMENTS (values));
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      const NvTimelineCounter *counter = find (timeline, "compact_stall", -1, NULL, -1);

      g_assert_cmpfloat_with_epsilon (timeline->times_s[i], 20 + i, 1e-6);
      if (isnan (values[i]))
        g_assert_true (isnan (counter->stretches[i].low) && isnan (counter->stretches[i].last));
      else
        assert_stretch (counter, i, values[i], values[i], values[i]);
      assert_stretch (find (timeline, "kept", -1, NULL, -1), i, 3, 3, 3);
    }
}

static void
a_thinned_store_keeps_every_extreme (Stored *stored, gconstpointer data)
{
  const NvTimelineFilter filter = { .order = -1, .node = -1, .n_stretches = 4 };
  g_autoptr (GPtrArray) timelines = NULL;
  const NvTimeline *timeline;
  const NvTimelineCounter *counter;

  for (guint i = 0; i < 16; i++)
    add_sample (stored, 0, 100 + i, "compact_stall", i == 6 ? 50 : i == 13 ? 0 : 10);
  timelines = read_store (stored, &filter);
  timeline = g_ptr_array_index (timelines, 0);
  g_assert_cmpuint (timeline->n, ==, 4);
  counter = find (timeline, "compact_stall", -1, NULL, -1);
  assert_stretch (counter, 0, 10, 10, 10);
  assert_stretch (counter, 1, 10, 50, 10);
  assert_stretch (counter, 2, 10, 10, 10);
  assert_stretch (counter, 3, 0, 10, 10);
}

static void
a_guests_times_are_on_the_hosts_clock (Stored *stored, gconstpointer data)
{
  const NvTimelineFilter filter = { .order = -1, .node = -1, .who = "vm0" };
  g_autoptr (GPtrArray) timelines = NULL;
  const NvTimeline *timeline;

  add_clocks (stored);
  add_sample (stored, 0, 120, "compact_stall", 1);
  add_sample (stored, stored->vm, 1150, "compact_stall", 1);
  add_sample (stored, stored->vm, 1151, "compact_stall", 1);
  timelines = read_store (stored, &filter);
  g_assert_cmpuint (timelines->len, ==, 1);
  timeline = g_ptr_array_index (timelines, 0);
  g_assert_cmpstr (timeline->who, ==, "vm0");
  g_assert_cmpstr (timeline->policy, ==, "interleave");
  g_assert_cmpint (timeline->boot, ==, stored->boot);
  g_assert_cmpfloat_with_epsilon (timeline->times_s[0], 50, 1e-6);
  g_assert_cmpfloat_with_epsilon (timeline->times_s[1], 51, 1e-6);
}

/* Its boot began 10 s after the run. */
static void
a_guest_whose_clock_nobody_compared_begins_with_its_boot (Stored *stored, gconstpointer data)
{
  g_autoptr (GPtrArray) timelines = NULL;

  add_sample (stored, stored->vm, 7, "compact_stall", 1);
  add_sample (stored, stored->vm, 9, "compact_stall", 1);
  timelines = read_store (stored, &all);
  g_assert_cmpfloat_with_epsilon (((const NvTimeline *)g_ptr_array_index (timelines, 0))->times_s[1], 12,
                                  1e-6);
}

static void
add_iteration (const Stored *stored, gint64 vm, const char *kernel, double start_s, double time_s)
{
  json_t *record =
      json_pack ("{s:s, s:i, s:s, s:i, s:I, s:I, s:f, s:s, s:b}", "record", "iteration", "version", 1,
                 "kernel", kernel, "iteration", 0, "start_ns", (json_int_t)(start_s * 1e9), "time_ns",
                 (json_int_t)(time_s * 1e9), "value", 1.0, "unit", "bytes/s", "changed", 0);
  GError *error = NULL;

  g_assert_true (nv_store_add_record (stored->store, stored->run, vm, record, &error));
  g_assert_no_error (error);
  json_decref (record);
}

static void
phases_are_from_the_first_start_to_the_last_end (Stored *stored, gconstpointer data)
{
  g_autoptr (GPtrArray) timelines = NULL;

  add_clocks (stored);
  add_sample (stored, 0, 120, "compact_stall", 1);
  add_sample (stored, stored->vm, 1150, "compact_stall", 1);
  add_iteration (stored, stored->vm, "triad", 1120, 1);
  add_iteration (stored, stored->vm, "triad", 1125, 2);
  add_iteration (stored, stored->vm, "chase", 1115, 4);
  timelines = read_store (stored, &all);
  g_assert_cmpuint (timelines->len, ==, 2);
  for (guint i = 0; i < timelines->len; i++)
    {
      const NvTimeline *timeline = g_ptr_array_index (timelines, i);
      const NvPhase *phases = (const NvPhase *)(const void *)timeline->phases->data;

      g_assert_cmpuint (timeline->phases->len, ==, 2);
      g_assert_cmpstr (phases[0].kernel, ==, "chase");
      g_assert_cmpfloat_with_epsilon (phases[0].start_s, 15, 1e-6);
      g_assert_cmpfloat_with_epsilon (phases[0].end_s, 19, 1e-6);
      g_assert_cmpstr (phases[1].kernel, ==, "triad");
      g_assert_cmpstr (phases[1].policy, ==, "interleave");
      g_assert_cmpfloat_with_epsilon (phases[1].start_s, 20, 1e-6);
      g_assert_cmpfloat_with_epsilon (phases[1].end_s, 27, 1e-6);
    }
}

static void
metrics_of_one_workload_are_one_phase (Stored *stored, gconstpointer data)
{
  g_autoptr (GPtrArray) timelines = NULL;
  const NvTimeline *timeline;

  add_clocks (stored);
  add_sample (stored, 0, 120, "compact_stall", 1);
  for (guint i = 0; i < 2; i++)
    {
      add_iteration (stored, stored->vm, "rate", 1120 + i, 1);
      add_iteration (stored, stored->vm, "p99", 1120 + i, 1);
    }
  add_iteration (stored, stored->vm, "late", 1121, 1);
  timelines = read_store (stored, &all);
  timeline = g_ptr_array_index (timelines, 0);
  g_assert_cmpuint (timeline->phases->len, ==, 2);
  g_assert_cmpstr (g_array_index (timeline->phases, NvPhase, 0).kernel, ==, "p99, rate");
  g_assert_cmpfloat_with_epsilon (g_array_index (timeline->phases, NvPhase, 0).end_s, 22, 1e-6);
  g_assert_cmpstr (g_array_index (timeline->phases, NvPhase, 1).kernel, ==, "late");
}

static void
more_counters_than_there_is_room_for_are_refused (Stored *stored, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (
      sqlite3_exec (stored->store->db,
                    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= 524288)"
                    " INSERT INTO counter (run, sampler, name) SELECT 1, 'vmstat', i FROM n",
                    NULL, NULL, NULL),
      ==, SQLITE_OK);
  g_assert_null (nv_timelines_read_store (stored->store, 0, &all, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "524289 counters"));
}

static void
texts_of_a_store_become_valid (Stored *stored, gconstpointer data)
{
  g_autoptr (GPtrArray) timelines = NULL;
  const NvTimeline *timeline;
  const NvTimelineCounter *counter;
  const NvPhase *phase;

  add_clocks (stored);
  add_sample (stored, stored->vm, 1120, "compact_stall", 1);
  add_iteration (stored, stored->vm, "triad", 1120, 1);
  g_assert_cmpint (
      sqlite3_exec (
          stored->store->db,
          "UPDATE counter SET sampler = CAST (x'41F0' AS TEXT), name = CAST (x'42F0' AS TEXT),"
          " zone = CAST (x'43F0' AS TEXT); UPDATE iteration SET kernel = CAST (x'44F0' AS TEXT);"
          " UPDATE vm SET name = CAST (x'45F0' AS TEXT); UPDATE boot SET arm = CAST (x'46F0' AS TEXT)",
          NULL, NULL, NULL),
      ==, SQLITE_OK);
  timelines = read_store (stored, &all);
  timeline = g_ptr_array_index (timelines, 0);
  counter = g_ptr_array_index (timeline->counters, 0);
  phase = &g_array_index (timeline->phases, NvPhase, 0);
  g_assert_cmpstr (counter->sampler, ==, "A\xef\xbf\xbd");
  g_assert_cmpstr (counter->name, ==, "B\xef\xbf\xbd");
  g_assert_cmpstr (counter->zone, ==, "C\xef\xbf\xbd");
  g_assert_cmpstr (phase->kernel, ==, "D\xef\xbf\xbd");
  g_assert_cmpstr (phase->policy, ==, "F\xef\xbf\xbd");
  g_assert_cmpstr (timeline->who, ==, "E\xef\xbf\xbd");
  g_assert_cmpstr (timeline->policy, ==, "F\xef\xbf\xbd");
}

static void
a_store_without_samples_has_no_timeline (Stored *stored, gconstpointer data)
{
  g_autoptr (GPtrArray) timelines = read_store (stored, &all);

  g_assert_cmpuint (timelines->len, ==, 0);
}

static void
add_stored (const char *name, void (*test) (Stored *, gconstpointer))
{
  g_test_add (name, Stored, NULL, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/timeline/a_log_has_its_zones_nodes_and_orders_whatever_they_are",
                   a_log_has_its_zones_nodes_and_orders_whatever_they_are);
  g_test_add_func ("/timeline/the_unusable_index_is_the_samplers", the_unusable_index_is_the_samplers);
  g_test_add_func ("/timeline/what_is_no_line_is_named_and_left_out", what_is_no_line_is_named_and_left_out);
  g_test_add_func ("/timeline/a_zone_that_a_sample_lacks_is_not_shown_in_it",
                   a_zone_that_a_sample_lacks_is_not_shown_in_it);
  g_test_add_func ("/timeline/a_file_without_a_line_is_refused", a_file_without_a_line_is_refused);
  g_test_add_func ("/timeline/what_is_not_wanted_is_not_read", what_is_not_wanted_is_not_read);
  g_test_add_func ("/timeline/a_filter_that_nothing_passes_leaves_no_counter",
                   a_filter_that_nothing_passes_leaves_no_counter);
  g_test_add_func ("/timeline/thinning_keeps_every_extreme", thinning_keeps_every_extreme);
  g_test_add_func ("/timeline/counters_that_come_late_take_room_from_all",
                   counters_that_come_late_take_room_from_all);
  g_test_add_func ("/timeline/a_rate_is_known_between_stretches_and_while_it_grows",
                   a_rate_is_known_between_stretches_and_while_it_grows);
  add_stored ("/timeline/changes_are_held_and_what_is_gone_is_not_shown",
              changes_are_held_and_what_is_gone_is_not_shown);
  add_stored ("/timeline/a_thinned_store_keeps_every_extreme", a_thinned_store_keeps_every_extreme);
  add_stored ("/timeline/a_guests_times_are_on_the_hosts_clock", a_guests_times_are_on_the_hosts_clock);
  add_stored ("/timeline/a_guest_whose_clock_nobody_compared_begins_with_its_boot",
              a_guest_whose_clock_nobody_compared_begins_with_its_boot);
  add_stored ("/timeline/phases_are_from_the_first_start_to_the_last_end",
              phases_are_from_the_first_start_to_the_last_end);
  add_stored ("/timeline/metrics_of_one_workload_are_one_phase", metrics_of_one_workload_are_one_phase);
  add_stored ("/timeline/more_counters_than_there_is_room_for_are_refused",
              more_counters_than_there_is_room_for_are_refused);
  add_stored ("/timeline/texts_of_a_store_become_valid", texts_of_a_store_become_valid);
  add_stored ("/timeline/a_store_without_samples_has_no_timeline", a_store_without_samples_has_no_timeline);
  return g_test_run ();
}
