/* The host's counters: over time in a thread, and before and after. */

#include "base/error.h"
#include "bench/samplers/engine.h"
#include "observe/counters.h"
#include "observe/sampling.h"
#include "tree.h"

#include <string.h>

typedef struct
{
  guint n_headers, n_samples;
  gint64 last_ns;
  GThread *thread;
  GMainLoop *loop;
} Received;

static const char *
text_of (const json_t *record, const char *name)
{
  return json_string_value (json_object_get (record, name));
}

static void
on_record (json_t *record, gpointer data)
{
  Received *received = data;

  g_assert_true (g_thread_self () == received->thread);
  if (strcmp (text_of (record, "record"), "sample-header") == 0)
    {
      g_assert_cmpuint (received->n_samples, ==, 0);
      received->n_headers++;
      return;
    }
  g_assert_cmpstr (text_of (record, "record"), ==, "sample");
  g_assert_cmpint (json_integer_value (json_object_get (record, "monotonic_ns")), >, received->last_ns);
  received->last_ns = json_integer_value (json_object_get (record, "monotonic_ns"));
  if (++received->n_samples == 5 && received->loop)
    g_main_loop_quit (received->loop);
}

static NvSampling *
start (Received *received)
{
  g_autoptr (GError) error = NULL;
  NvSampling *sampling = nv_sampling_start (NV_MIN_INTERVAL_NS, on_record, received, &error);

  if (!sampling)
    {
      g_assert_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE);
      g_test_skip (error->message);
    }
  return sampling;
}

static void
a_header_and_samples_come_in_the_main_context (void)
{
  Received received = { .thread = g_thread_self (), .loop = g_main_loop_new (NULL, FALSE) };
  NvSampling *sampling = start (&received);

  if (sampling)
    {
      g_main_loop_run (received.loop);
      g_assert_cmpuint (received.n_headers, ==, 1);
      g_assert_cmpuint (nv_sampling_stop (sampling), ==, received.n_samples);
    }
  g_main_loop_unref (received.loop);
}

static void
a_stop_hands_over_what_is_left_and_nothing_comes_after (void)
{
  Received received = { .thread = g_thread_self () };
  NvSampling *sampling = start (&received);
  guint n_samples;

  if (!sampling)
    return;
  g_usleep (20000);
  g_assert_cmpuint (received.n_headers, ==, 0); /* nobody ran the main context */
  g_assert_cmpuint (nv_sampling_stop (sampling), ==, received.n_samples);
  g_assert_cmpuint (received.n_headers, ==, 1);
  n_samples = received.n_samples;
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (received.n_samples, ==, n_samples);
}

static NvCounters *
read_counters (const char *root)
{
  g_autoptr (GError) error = NULL;
  NvCounters *counters = nv_counters_read (root, &error);

  g_assert_no_error (error);
  return counters;
}

/* What @vmstat and @sharing say, less what the recorded machine says. */
static json_t *
difference_to (const char *vmstat, const char *sharing)
{
  char *root = tree_unpack ("sparse-nodes");
  g_autoptr (NvCounters) before = NULL, after = NULL;

  tree_write (root, "proc/vmstat", "numa_pages_migrated 5\npgmigrate_success 100\nthp_gone 1\n");
  before = read_counters (root);
  tree_write (root, "proc/vmstat", vmstat);
  tree_write (root, "sys/kernel/mm/ksm/pages_sharing", sharing);
  after = read_counters (root);
  tree_remove (root);
  return nv_counters_difference (before, after);
}

static void
a_difference_has_the_counters_of_both (void)
{
  json_t *difference = difference_to ("numa_pages_migrated 17\npgmigrate_success 452\nthp_new 7\n", "2490\n");
  g_autofree char *text = nv_counters_describe (difference);

  g_assert_cmpint (json_integer_value (json_object_get (difference, "numa_pages_migrated")), ==, 12);
  g_assert_cmpint (json_integer_value (json_object_get (difference, "ksm_pages_sharing")), ==, -10);
  g_assert_null (json_object_get (difference, "thp_gone"));
  g_assert_null (json_object_get (difference, "thp_new"));
  g_assert_null (json_object_get (difference, "ksm_ksm_zero_pages")); /* this machine has none */
  g_assert_cmpstr (text, ==,
                   "NUMA balancing moved 12 pages, compaction or a request moved 340 pages, KSM shares 10 "
                   "pages less");
  json_decref (difference);
}

static void
where_nothing_moved_nothing_is_said (void)
{
  json_t *difference = difference_to ("numa_pages_migrated 5\npgmigrate_success 100\n", "2500\n");

  g_assert_null (nv_counters_describe (difference));
  json_decref (difference);
}

static void
a_machine_without_counters_is_an_error (void)
{
  char *root = g_dir_make_tmp ("numavm-tree-XXXXXX", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (nv_counters_read (root, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE);
  tree_remove (root);
}

#define ADD(name) g_test_add_func ("/host-samples/" #name, name)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD (a_header_and_samples_come_in_the_main_context);
  ADD (a_stop_hands_over_what_is_left_and_nothing_comes_after);
  ADD (a_difference_has_the_counters_of_both);
  ADD (where_nothing_moved_nothing_is_said);
  ADD (a_machine_without_counters_is_an_error);
  return g_test_run ();
}
