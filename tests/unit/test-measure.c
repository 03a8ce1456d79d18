#include "bench/measure.h"

#include <glib.h>
#include <errno.h>
#include <math.h>
#include <string.h>

/* --- kernels of this test's own --- */

/* A pass that takes so many microseconds. */
static double
take_us (unsigned us)
{
  for (int64_t end = nv_now_ns () + us * 1000; nv_now_ns () < end;)
    ;
  return 0;
}

static double
slow_pass (struct nv_part *part)
{
  return take_us (2000);
}

static double
fast_pass (struct nv_part *part)
{
  return take_us (200);
}

static uint64_t
fake_bytes (const struct nv_part *part)
{
  return part->bytes;
}

static uint64_t
fake_operations (const struct nv_part *part)
{
  return 0;
}

static int
fake_prepare (struct nv_part *part, struct nv_message *message)
{
  return 0;
}

static int
good_verify (struct nv_part *part, nv_pass_fn pass, struct nv_message *message)
{
  return 0;
}

static int
bad_verify (struct nv_part *part, nv_pass_fn pass, struct nv_message *message)
{
  return nv_fail (message, EBADMSG, "wrong result of 'wrong'");
}

#define FAKE                                                                                                 \
  .unit = NV_UNIT_BYTES_PER_S, .arrays = NV_ARRAY_A, .bytes = fake_bytes, .operations = fake_operations,     \
  .prepare = fake_prepare

static const struct nv_kernel two_speeds = {
  FAKE,
  .name = "two-speeds",
  .verify = good_verify,
  .passes = { [NV_STORE_TEMPORAL] = { slow_pass, slow_pass },
              [NV_STORE_NONTEMPORAL] = { slow_pass, fast_pass } },
};
static const struct nv_kernel wrong = {
  FAKE,
  .name = "wrong",
  .verify = bad_verify,
  .passes = { [NV_STORE_TEMPORAL] = { fast_pass } },
};

const struct nv_kernel *__real_nv_kernel_find (enum nv_isa isa, const char *name);
const struct nv_kernel *__wrap_nv_kernel_find (enum nv_isa isa, const char *name);

const struct nv_kernel *
__wrap_nv_kernel_find (enum nv_isa isa, const char *name)
{
  if (isa == NV_ISA_PORTABLE && g_str_equal (name, two_speeds.name))
    return &two_speeds;
  if (isa == NV_ISA_PORTABLE && g_str_equal (name, wrong.name))
    return &wrong;
  return __real_nv_kernel_find (isa, name);
}

/* --- a reporter that remembers --- */

typedef struct
{
  struct nv_result result; /* without its pointers */
  char *kernel;
  unsigned n_threads;
  uint64_t resident_bytes; /* of all arrays */
  enum nv_pages_policy policy;
  size_t summarized;  /* in all groups */
  GArray *iterations; /* of struct nv_iteration */
} Seen;

typedef struct
{
  unsigned n_started;
  size_t n_kernels;
  GPtrArray *seen;
  unsigned cancel_after; /* questions; 0: never */
  gint n_asked;          /* by several threads while arrays are touched */
} Reports;

static void
seen_free (gpointer data)
{
  Seen *seen = data;

  g_free (seen->kernel);
  g_array_unref (seen->iterations);
  g_free (seen);
}

static void
on_start (void *data, const struct nv_setup *setup, const struct nv_team *team, const json_t *facts,
          double tick_ns)
{
  Reports *reports = data;

  g_assert_true (json_is_object (facts));
  g_assert_cmpfloat (tick_ns, >, 0);
  g_assert_cmpuint (team->n_threads, >, 0);
  reports->n_started++;
  reports->n_kernels = setup->n_kernels;
}

static void
on_result (void *data, const struct nv_setup *setup, const struct nv_result *result)
{
  Reports *reports = data;
  Seen *seen = g_new0 (Seen, 1);

  g_assert_cmpuint (reports->n_started, ==, 1);
  seen->result = *result;
  seen->kernel = g_strdup (result->kernel->name);
  seen->policy = result->pages->policy;
  seen->n_threads = result->team->n_threads;
  for (size_t i = 0; i < result->n_arrays; i++)
    seen->resident_bytes += result->residence[i].resident_bytes;
  for (size_t i = 0; i < result->n_groups; i++)
    {
      seen->summarized += result->groups[i].value.n;
      g_assert_cmpuint (result->groups[i].value.n, ==, result->groups[i].time_s.n);
    }
  seen->iterations = g_array_new (FALSE, FALSE, sizeof (struct nv_iteration));
  g_array_append_vals (seen->iterations, result->iterations, (guint)result->n_iterations);
  g_ptr_array_add (reports->seen, seen);
}

static bool
on_cancelled (void *data)
{
  Reports *reports = data;

  return g_atomic_int_add (&reports->n_asked, 1) >= (gint)reports->cancel_after && reports->cancel_after > 0;
}

static void
reports_clear (Reports *reports)
{
  g_clear_pointer (&reports->seen, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reports, reports_clear)

static enum nv_status
measure (const struct nv_setup *setup, Reports *reports, struct nv_message *message)
{
  struct nv_reporter reporter = {
    .start = on_start, .result = on_result, .cancelled = on_cancelled, .data = reports
  };

  reports->seen = g_ptr_array_new_with_free_func (seen_free);
  message->text[0] = '\0';
  return nv_bench_run (setup, &reporter, message);
}

static const Seen *
seen_at (const Reports *reports, guint index)
{
  g_assert_cmpuint (index, <, reports->seen->len);
  return g_ptr_array_index (reports->seen, index);
}

/* Small enough for a test, long enough for the timer. */
static struct nv_setup
small (const char *kernel)
{
  struct nv_setup setup;

  nv_setup_init (&setup);
  setup.kernels[0] = kernel;
  setup.n_kernels = 1;
  setup.size_bytes = 4 << 20;
  setup.iterations = 5;
  setup.seed = 11;
  return setup;
}

static unsigned
n_cpus (void)
{
  struct nv_team_request request = { 0 };
  struct nv_team team;
  struct nv_message message;
  unsigned n;

  g_assert_cmpint (nv_team_make (&request, &team, &message), ==, 0);
  n = team.n_threads;
  nv_team_clear (&team);
  return n;
}

/* --- what is reported --- */

static void
each_iteration_asked_for_is_reported_and_counted (void)
{
  struct nv_setup setup = small ("copy");
  struct nv_message message;
  g_auto (Reports) reports = { 0 };
  const Seen *seen;
  uint64_t end_ns = 0;

  g_assert_cmpint (measure (&setup, &reports, &message), ==, NV_STATUS_DONE);
  g_assert_cmpstr (message.text, ==, "");
  g_assert_cmpuint (reports.seen->len, ==, 1);
  seen = seen_at (&reports, 0);
  g_assert_cmpstr (seen->kernel, ==, "copy");
  g_assert_cmpuint (seen->result.size_bytes, ==, 4 << 20);
  g_assert_cmpuint (seen->n_threads, ==, n_cpus ());
  g_assert_cmpuint (seen->iterations->len, ==, 5);
  g_assert_cmpuint (seen->summarized + seen->result.n_changed, ==, 5);
  g_assert_cmpuint (seen->resident_bytes, ==, 8 << 20);
  g_assert_cmpint (seen->result.cpu_node, ==, -1);
  g_assert_cmpint (seen->result.memory_node, ==, -1);
  g_assert_cmpuint (seen->result.warm_ups, >, 0);
  for (guint i = 0; i < seen->iterations->len; i++)
    {
      const struct nv_iteration *iteration = &g_array_index (seen->iterations, struct nv_iteration, i);

      g_assert_cmpuint (iteration->bytes, ==, 8 << 20);
      g_assert_cmpuint (iteration->operations, ==, 0);
      g_assert_cmpfloat_with_epsilon (iteration->value, 8388608.0 * 1e9 / (double)iteration->time_ns, 1e-3);
      g_assert_cmpuint (iteration->start_ns, >, end_ns);
      end_ns = iteration->start_ns + iteration->time_ns;
    }
}

static void
a_size_is_rounded_up_to_whole_pages_and_divided_among_all (void)
{
  struct nv_setup setup = small ("triad");
  struct nv_message message;
  g_auto (Reports) reports = { 0 };

  setup.size_bytes = (4 << 20) + 1;
  g_assert_cmpint (measure (&setup, &reports, &message), ==, NV_STATUS_DONE);
  g_assert_cmpuint (seen_at (&reports, 0)->result.size_bytes, ==, (4 << 20) + 4096);
  g_assert_cmpuint (seen_at (&reports, 0)->resident_bytes, ==, 3 * ((4 << 20) + 4096));
  g_assert_cmpuint (g_array_index (seen_at (&reports, 0)->iterations, struct nv_iteration, 0).bytes, ==,
                    3 * ((4 << 20) + 4096));
}

static void
parts_differ_by_a_page_at_most (void)
{
  for (unsigned n_threads = 1; n_threads < 8; n_threads++)
    for (uint64_t n_pages = n_threads; n_pages < 40; n_pages++)
      {
        uint64_t sum = 0, first = nv_part_pages (n_pages, n_threads, 0),
                 last = nv_part_pages (n_pages, n_threads, n_threads - 1);

        for (unsigned i = 0; i < n_threads; i++)
          sum += nv_part_pages (n_pages, n_threads, i);
        g_assert_cmpuint (sum, ==, n_pages);
        g_assert_cmpuint (first - last, <=, 1);
      }
}

static void
kernels_keep_their_order_and_each_access_is_verified (void)
{
  for (int access = NV_ACCESS_SEQ; access <= NV_ACCESS_LINE; access++)
    {
      struct nv_setup setup = small ("add");
      struct nv_message message;
      g_auto (Reports) reports = { 0 };

      setup.access = (enum nv_access)access;
      setup.kernels[1] = "read";
      setup.kernels[2] = "triad";
      setup.n_kernels = 3;
      setup.iterations = 1;
      g_assert_cmpint (measure (&setup, &reports, &message), ==, NV_STATUS_DONE);
      g_assert_cmpuint (reports.seen->len, ==, 3);
      for (guint i = 0; i < 3; i++)
        g_assert_cmpstr (seen_at (&reports, i)->kernel, ==, setup.kernels[i]);
      g_assert_cmpuint (seen_at (&reports, 1)->resident_bytes, ==, 4 << 20);
    }
}

static void
one_thread_chases_unless_more_are_asked_for (void)
{
  struct nv_setup setup = small ("copy");
  struct nv_message message;
  g_auto (Reports) reports = { 0 };
  g_auto (Reports) asked = { 0 };
  const struct nv_iteration *iteration;

  setup.iterations = 1;
  setup.kernel_options.chases = 16;
  setup.kernels[1] = "chase";
  setup.n_kernels = 2;
  g_assert_cmpint (measure (&setup, &reports, &message), ==, NV_STATUS_DONE);
  g_assert_cmpuint (seen_at (&reports, 0)->n_threads, ==, n_cpus ());
  g_assert_cmpuint (seen_at (&reports, 1)->n_threads, ==, 1);
  g_assert_cmpuint (seen_at (&reports, 1)->result.size_bytes, ==, 4 << 20);

  setup.team.n_threads = n_cpus ();
  g_assert_cmpint (measure (&setup, &asked, &message), ==, NV_STATUS_DONE);
  g_assert_cmpuint (seen_at (&asked, 1)->n_threads, ==, n_cpus ());
  iteration = &g_array_index (seen_at (&asked, 1)->iterations, struct nv_iteration, 0);
  g_assert_cmpuint (iteration->operations, ==, n_cpus () * 1048576);
  g_assert_cmpfloat_with_epsilon (iteration->value, (double)iteration->time_ns / 1048576, 1e-9);
}

static void
so_many_threads_for_each_node_are_measured (void)
{
  struct nv_setup setup = small ("chase");
  struct nv_message message;
  g_auto (Reports) reports = { 0 };

  setup.iterations = 1;
  setup.kernel_options.chases = 16;
  setup.team.per_node = 1;
  setup.kernels[1] = "copy";
  setup.n_kernels = 2;
  g_assert_cmpint (measure (&setup, &reports, &message), ==, NV_STATUS_DONE);
  g_assert_cmpuint (seen_at (&reports, 0)->n_threads, ==, seen_at (&reports, 1)->n_threads);
}

static void
compute_needs_no_arrays (void)
{
  struct nv_setup setup = small ("spin");
  struct nv_message message;
  g_auto (Reports) reports = { 0 };
  const struct nv_iteration *iteration;

  setup.iterations = 1;
  g_assert_cmpint (measure (&setup, &reports, &message), ==, NV_STATUS_DONE);
  g_assert_cmpuint (seen_at (&reports, 0)->result.n_arrays, ==, 0);
  g_assert_cmpuint (seen_at (&reports, 0)->result.size_bytes, ==, 0);
  g_assert_false (seen_at (&reports, 0)->result.cache_resident_possible);
  iteration = &g_array_index (seen_at (&reports, 0)->iterations, struct nv_iteration, 0);
  g_assert_cmpuint (iteration->operations, >, 0);
  g_assert_cmpuint (iteration->bytes, ==, 0);
}

static void
the_fastest_path_is_taken (void)
{
  struct nv_setup setup = small ("two-speeds");
  struct nv_message message;
  g_auto (Reports) reports = { 0 };
  const struct nv_result *result;

  setup.team.n_threads = 1; /* several have to wait for CPUs where others work */
  g_assert_cmpint (measure (&setup, &reports, &message), ==, NV_STATUS_DONE);
  result = &seen_at (&reports, 0)->result;
  g_assert_true (result->path_chosen);
  g_assert_cmpint (result->path.store, ==, NV_STORE_NONTEMPORAL);
  g_assert_true (result->path.prefetch);
}

static void
a_path_asked_for_is_not_tried (void)
{
  struct nv_setup setup = small ("two-speeds");
  struct nv_message message;
  g_auto (Reports) reports = { 0 };
  const struct nv_result *result;

  setup.store = NV_STORE_TEMPORAL;
  setup.prefetch = 1;
  setup.isa = NV_ISA_PORTABLE;
  g_assert_cmpint (measure (&setup, &reports, &message), ==, NV_STATUS_DONE);
  result = &seen_at (&reports, 0)->result;
  g_assert_false (result->path_chosen);
  g_assert_cmpint (result->path.store, ==, NV_STORE_TEMPORAL);
  g_assert_true (result->path.prefetch);
}

static void
what_differs_in_nothing_is_tried_once (void)
{
  struct nv_setup setup = small ("copy");
  struct nv_candidate candidates[NV_MAX_PATHS];
  struct nv_message message;
  int n, n_rep = 0;

  n = nv_paths_list (&setup, "copy", candidates, &message);
  for (int i = 0; i < n; i++)
    n_rep += candidates[i].path.store == NV_STORE_REP && !candidates[i].path.prefetch;
  g_assert_cmpint (n_rep, <=, 1);
  g_assert_cmpint (nv_paths_list (&setup, "chase", candidates, &message), ==, 1);
  /* A chase neither stores nor prefetches, so whatever is asked of that holds. */
  setup.store = NV_STORE_NONTEMPORAL;
  setup.prefetch = 1;
  g_assert_cmpint (nv_paths_list (&setup, "chase", candidates, &message), ==, 1);
}

static void
a_wrong_result_is_never_a_number (void)
{
  struct nv_setup setup = small ("wrong");
  struct nv_message message;
  g_auto (Reports) reports = { 0 };

  setup.kernels[1] = "copy";
  setup.n_kernels = 2;
  g_assert_cmpint (measure (&setup, &reports, &message), ==, NV_STATUS_FAILED);
  g_assert_cmpstr (message.text, ==, "wrong result of 'wrong'");
  g_assert_cmpuint (reports.seen->len, ==, 0);
}

static void
what_was_measured_before_an_interruption_is_reported (void)
{
  struct nv_setup setup = small ("copy");
  struct nv_message message;
  g_auto (Reports) all = { 0 };
  g_auto (Reports) some = { 0 };
  g_auto (Reports) none = { .cancel_after = 1 };

  setup.kernels[1] = "scale";
  setup.n_kernels = 2;
  setup.iterations = 100;
  /* Of all questions at most 10, and one from each thread for each array, come before the first iteration. */
  some.cancel_after = 15 + 2 * n_cpus ();
  g_assert_cmpint (measure (&setup, &some, &message), ==, NV_STATUS_FAILED);
  g_assert_cmpstr (message.text, ==, "interrupted");
  g_assert_cmpuint (some.seen->len, ==, 1);
  g_assert_cmpuint (seen_at (&some, 0)->iterations->len, >=, 5);
  g_assert_cmpuint (seen_at (&some, 0)->iterations->len, <, 100);
  g_assert_cmpint (measure (&setup, &none, &message), ==, NV_STATUS_FAILED);
  g_assert_cmpuint (none.seen->len, ==, 0);
  setup.iterations = 1;
  g_assert_cmpint (measure (&setup, &all, &message), ==, NV_STATUS_DONE);
  g_assert_cmpuint (all.seen->len, ==, 2);
}

/* --- what is refused --- */

static void
assert_usage (const struct nv_setup *setup, const char *pattern)
{
  struct nv_message message;
  g_auto (Reports) reports = { 0 };

  g_assert_cmpint (measure (setup, &reports, &message), ==, NV_STATUS_USAGE);
  g_assert_cmpuint (reports.n_started, ==, 0);
  g_assert_cmpuint (reports.seen->len, ==, 0);
  if (!g_pattern_match_simple (pattern, message.text))
    g_error ("'%s' is not '%s'", message.text, pattern);
}

static void
iterations_too_short_for_the_timer_are_refused_with_advice (void)
{
  struct nv_setup setup = small ("copy");

  setup.team.n_threads = 1; /* so that no other thread's delay makes it long */
  setup.size_bytes = 4096;
  assert_usage (&setup,
                "size '4K': an iteration of 'copy' takes * ns, less than 1000 ticks of the timer (* ns "
                "each); size *K would do");
}

static void
sizes_that_cannot_be_are_refused (void)
{
  struct nv_setup setup = small ("triad");

  setup.size_bytes = UINT64_C (1) << 60;
  assert_usage (&setup,
                "size '1E': 3 arrays of that do not fit into the * MiB that are available, of which * "
                "MiB are kept free; size *M would");
  if (n_cpus () > 1)
    {
      setup.size_bytes = 4096;
      assert_usage (&setup, "size '4K': too small to be divided among * threads: * at least is needed");
    }
}

/* The first number behind @text. */
static double
number_behind (const char *message, const char *text)
{
  const char *at = strstr (message, text);

  g_assert_nonnull (at);
  return g_ascii_strtod (at + strlen (text), NULL);
}

static void
a_size_that_is_advised_leaves_memory_free (void)
{
  struct nv_setup setup = small ("triad");
  struct nv_message message;
  g_auto (Reports) reports = { 0 };
  double available, kept, size;

  setup.size_bytes = UINT64_C (1) << 60;
  g_assert_cmpint (measure (&setup, &reports, &message), ==, NV_STATUS_USAGE);
  available = number_behind (message.text, "fit into the ");
  kept = number_behind (message.text, "of which ");
  size = number_behind (message.text, "kept free; size ");
  g_assert_cmpfloat (kept, >, 0.04 * available);
  g_assert_cmpfloat (3 * size, <=, available - kept + 1);
  g_assert_cmpfloat (3 * (size + 1), >, available - kept - 1);
}

static void
huge_pages_to_reserve_are_counted_for_the_default_size_of_all_arrays (void)
{
  struct nv_setup setup = small ("triad");
  struct nv_message message;
  g_auto (Reports) reports = { 0 };
  double needed;

  setup.size_bytes = 0;
  setup.pages.kind = NV_PAGE_HUGETLB;
  setup.pages.page_bytes = 2 << 20;
  g_assert_cmpint (nv_pages_resolve (&setup.pages, &message), ==, 0);
  if (nv_pages_available_bytes (&setup.pages) > 0)
    {
      g_test_skip ("huge pages are reserved here");
      return;
    }
  g_assert_cmpint (measure (&setup, &reports, &message), ==, NV_STATUS_USAGE);
  g_assert_cmpuint (reports.n_started, ==, 0);
  needed = number_behind (message.text, "page-size '2M': ");
  g_assert_nonnull (strstr (message.text, " huge pages are needed for 3 arrays of "));
  g_assert_cmpfloat (number_behind (message.text, "echo "), >=, needed);
  /* Three arrays of four last-level caches, of which none has less than 1 MiB. */
  g_assert_cmpfloat (needed, >=, 3 * 2);
}

static void
what_a_kernel_or_cpu_lacks_is_refused_with_what_there_is (void)
{
  struct nv_setup setup = small ("no-such");

  assert_usage (&setup, "kernel 'no-such': there is no such kernel");
  setup.kernels[0] = "triad";
  setup.store = NV_STORE_REP;
  assert_usage (&setup,
                "kernel 'triad': it has no path with store 'rep' and prefetch 'auto'; it has temporal *");
  setup = small ("chase");
  setup.access = NV_ACCESS_LINE;
  assert_usage (&setup,
                "access 'line': seq alone is allowed with kernels that have an order of their own: chase");
  setup = small ("chase");
  setup.kernel_options.chases = 32;
  setup.kernel_options.stride_bytes = 1048576;
  setup.kernels[1] = "copy";
  setup.n_kernels = 2;
  assert_usage (&setup,
                "kernel 'chase': 32 chases need 32 slots in each thread's part, which has 4 of 1048576 "
                "bytes: ask for a larger --size*");
  setup = small ("copy");
  setup.iterations = 0;
  assert_usage (&setup, "iterations '0': *");
  for (int isa = 0; isa < NV_N_ISAS; isa++)
    if (!nv_isa_available ((enum nv_isa)isa))
      {
        setup = small ("copy");
        setup.isa = isa;
        assert_usage (&setup, "isa '*': this CPU or this build does not have it; it has portable*");
      }
}

static void
modes_say_what_they_need (void)
{
  struct nv_setup setup = small ("read");

  setup.mode = NV_MODE_LOADED_LATENCY;
  setup.team.n_threads = 1;
  assert_usage (&setup, "threads '1': loaded latency needs two at least*");
  setup.kernels[0] = "spin";
  assert_usage (&setup, "kernel 'spin': it moves no bytes*");
  setup = small ("read");
  setup.mode = NV_MODE_MATRIX;
  assert_usage (&setup, "kernel: a matrix is measured with read and chase: leave it out");
  setup.n_kernels = 0;
  setup.team.unpinned = true;
  assert_usage (&setup, "matrix: threads that are not pinned are on no node");
  setup.mode = NV_MODE_KERNELS;
  setup.n_kernels = 1;
  setup.pages.policy = NV_PAGES_LOCAL;
  assert_usage (&setup, "pages 'local': *, and threads that are not pinned are on no node; *");
  setup.pages.policy = NV_PAGES_MIXED;
  assert_usage (&setup, "pages 'mixed': *, and threads that are not pinned are on no node; *");
}

/* --- the other modes --- */

static void
latency_is_measured_under_more_and_more_load (void)
{
  struct nv_setup setup = small ("copy");
  struct nv_message message;
  g_auto (Reports) reports = { 0 };
  uint64_t loaded_bytes = 0;

  if (n_cpus () < 2)
    {
      g_test_skip ("needs two CPUs");
      return;
    }
  setup.mode = NV_MODE_LOADED_LATENCY;
  setup.kernel_options.chases = 16; /* faster */
  setup.iterations = 2;
  g_assert_cmpint (measure (&setup, &reports, &message), ==, NV_STATUS_DONE);
  g_assert_cmpuint (reports.seen->len, >, 5);
  for (guint i = 0; i < reports.seen->len; i++)
    {
      const Seen *seen = seen_at (&reports, i);
      const struct nv_iteration *iteration = &g_array_index (seen->iterations, struct nv_iteration, 0);

      g_assert_cmpstr (seen->kernel, ==, "chase");
      g_assert_cmpstr (seen->result.load->name, ==, "copy");
      g_assert_cmpuint (seen->iterations->len, ==, 2);
      g_assert_cmpfloat (iteration->value, >, 0);
      g_assert_cmpfloat_with_epsilon (iteration->value,
                                      (double)iteration->time_ns / (double)iteration->operations, 1e-9);
      /* Of the load's a and b, and of what the chase goes over. */
      g_assert_cmpuint (seen->result.arrays, ==, NV_ARRAY_A | NV_ARRAY_B | NV_ARRAY_D);
      g_assert_cmpuint (seen->resident_bytes, ==, 12 << 20);
      if (i == 0)
        {
          g_assert_cmpint (seen->result.delay_ns, ==, -1);
          g_assert_cmpuint (iteration->bytes, ==, 0);
          g_assert_cmpfloat (iteration->load_bytes_per_s, ==, 0);
        }
      else
        {
          g_assert_cmpuint (iteration->bytes % 32768, ==, 0); /* whole slices of the others alone */
          g_assert_cmpfloat_with_epsilon (iteration->load_bytes_per_s,
                                          (double)iteration->bytes * 1e9 / (double)iteration->time_ns, 1e-3);
        }
      loaded_bytes += iteration->bytes;
      if (i > 1)
        g_assert_cmpint (seen->result.delay_ns, <, seen_at (&reports, i - 1)->result.delay_ns);
    }
  g_assert_cmpint (seen_at (&reports, 1)->result.delay_ns, >=, 1000000);
  g_assert_cmpint (seen_at (&reports, reports.seen->len - 1)->result.delay_ns, ==, 0);
  g_assert_cmpuint (loaded_bytes, >, 0);
}

static void
without_kernels_it_is_read_that_loads (void)
{
  struct nv_setup setup = small ("copy");
  struct nv_message message;
  g_auto (Reports) reports = { .cancel_after = 10 + n_cpus () };

  if (n_cpus () < 2)
    {
      g_test_skip ("needs two CPUs");
      return;
    }
  setup.mode = NV_MODE_LOADED_LATENCY;
  setup.n_kernels = 0;
  measure (&setup, &reports, &message);
  g_assert_cmpuint (reports.n_kernels, ==, 1);
}

static int64_t coarse_calls;

/* Makes a step of 4 ms each 30 000 calls. */
static int64_t
coarse_ns (void)
{
  return coarse_calls++ / 30000 * 4000000;
}

static void
a_coarse_clock_is_watched_until_it_steps (void)
{
  g_assert_cmpfloat (nv_tick_ns (coarse_ns), ==, 4000000);
}

static void
a_matrix_has_bandwidth_and_latency_of_each_pair_of_nodes (void)
{
  struct nv_setup setup = small ("copy");
  struct nv_message message;
  g_auto (Reports) reports = { 0 };

  setup.mode = NV_MODE_MATRIX;
  setup.n_kernels = 0;
  setup.kernel_options.chases = 16;
  setup.iterations = 1;
  g_assert_cmpint (measure (&setup, &reports, &message), ==, NV_STATUS_DONE);
  g_assert_cmpuint (reports.seen->len, >=, 2);
  g_assert_cmpuint (reports.seen->len % 2, ==, 0);
  for (guint i = 0; i < reports.seen->len; i += 2)
    {
      const Seen *bandwidth = seen_at (&reports, i), *latency = seen_at (&reports, i + 1);

      g_assert_cmpstr (bandwidth->kernel, ==, "read");
      g_assert_cmpstr (latency->kernel, ==, "chase");
      g_assert_cmpuint (latency->n_threads, ==, 1);
      g_assert_cmpint (bandwidth->result.cpu_node, >=, 0);
      g_assert_cmpint (bandwidth->result.memory_node, >=, 0);
      g_assert_cmpint (latency->result.cpu_node, ==, bandwidth->result.cpu_node);
      g_assert_cmpint (latency->result.memory_node, ==, bandwidth->result.memory_node);
      g_assert_cmpint (bandwidth->policy, ==, NV_PAGES_BIND);
    }
}

/* --- sizes and groups --- */

static void
a_default_size_is_four_caches_or_what_memory_allows (void)
{
  int cpus[] = { 0, 1, 2 };
  struct nv_team team = { .n_threads = 3, .cpus = cpus };
  json_t *facts = json_object (); /* no cache is known */

  g_assert_cmpuint (nv_default_size_bytes (facts, &team, 3, 1, UINT64_C (1) << 40), ==,
                    (256 << 20) / 12288 * 12288);
  g_assert_cmpuint (nv_default_size_bytes (facts, &team, 3, 4, UINT64_C (1) << 40), ==,
                    (1 << 30) / 12288 * 12288);
  g_assert_cmpuint (nv_default_size_bytes (facts, &team, 2, 1, 100 << 20), ==, (30 << 20) / 12288 * 12288);
  g_assert_cmpuint (nv_default_size_bytes (facts, &team, 1.25, 1, 100 << 20), ==, (48 << 20) / 12288 * 12288);
  g_assert_cmpuint (nv_default_size_bytes (facts, &team, 0, 1, 100 << 20), ==, (60 << 20) / 12288 * 12288);
  g_assert_cmpuint (nv_default_size_bytes (facts, &team, 3, 1, 0), ==, 12288);
  json_decref (facts);
}

/* @handovers: before and after each of @n iterations of two threads, whose values are 1, 2, 3... */
static void
make_series (struct nv_series *series, const float *handovers, size_t n)
{
  struct nv_message message;

  g_assert_cmpint (nv_series_make (series, n, 2, &message), ==, 0);
  for (size_t i = 0; i < n; i++)
    {
      series->iterations[i] = (struct nv_iteration){
        .value = (double)i + 1,
        .time_ns = 1000000000 * (i + 1),
        .handover_before_ns = &handovers[2 * i],
        .handover_after_ns = &handovers[2 * i + 1],
      };
    }
  series->n = n;
  g_assert_cmpint (nv_series_summarize (series, 1, &message), ==, 0);
}

static void
groups_are_summarized_apart_the_largest_first (void)
{
  static const float handovers[] = { 40, 41, 200, 210, 42, 200, 195, 200, 0, 205 };
  static const unsigned groups[] = { 1, 0, 0, 0, 0 };
  struct nv_series series;

  make_series (&series, handovers, 5);
  g_assert_cmpuint (series.n_changed, ==, 1);
  g_assert_cmpuint (series.n_groups, ==, 2);
  for (size_t i = 0; i < 5; i++)
    {
      g_assert_cmpuint (series.iterations[i].group, ==, groups[i]);
      g_assert_cmpint (series.iterations[i].changed, ==, i == 2);
    }
  g_assert_cmpuint (series.groups[0].value.n, ==, 3);
  g_assert_cmpfloat (series.groups[0].value.median, ==, 4);
  g_assert_cmpfloat (series.groups[0].time_s.maximum, ==, 5);
  g_assert_cmpfloat (series.groups[0].handover_low_ns, ==, 195);
  g_assert_cmpfloat (series.groups[0].handover_high_ns, ==, 210);
  g_assert_cmpuint (series.groups[0].load_bytes_per_s.n, ==, 0);
  g_assert_cmpuint (series.groups[1].value.n, ==, 1);
  g_assert_cmpfloat (series.groups[1].value.median, ==, 1);
  nv_series_clear (&series);
}

static void
where_all_changed_there_is_no_group (void)
{
  struct nv_series series;

  make_series (&series, (float[]){ 40, 200, 200, 40 }, 2);
  g_assert_cmpuint (series.n_changed, ==, 2);
  g_assert_cmpuint (series.n_groups, ==, 0);
  nv_series_clear (&series);
}

static void
of_two_groups_that_are_equally_large_the_earlier_is_first (void)
{
  struct nv_series series;

  make_series (&series, (float[]){ 200, 200, 40, 40 }, 2);
  g_assert_cmpuint (series.n_groups, ==, 2);
  g_assert_cmpuint (series.iterations[0].group, ==, 0);
  g_assert_cmpuint (series.iterations[1].group, ==, 1);
  nv_series_clear (&series);
}

static void
more_iterations_than_can_be_kept_are_refused (void)
{
  struct nv_series series;
  struct nv_message message;

  g_assert_cmpint (nv_series_make (&series, 16644, 64, &message), ==, 0);
  nv_series_clear (&series);
  g_assert_cmpint (nv_series_make (&series, 16645, 64, &message), ==, -EINVAL);
  g_assert_cmpstr (
      message.text, ==,
      "iterations 16645: of 64 threads at most 16644 can be kept; lower --iterations or --threads");
}

int
main (int argc, char **argv)
{
  g_unsetenv ("OMP_NUM_THREADS");
  g_test_init (&argc, &argv, NULL);
#define TEST(name) g_test_add_func ("/measure/" #name, name)
  TEST (each_iteration_asked_for_is_reported_and_counted);
  TEST (a_size_is_rounded_up_to_whole_pages_and_divided_among_all);
  TEST (parts_differ_by_a_page_at_most);
  TEST (kernels_keep_their_order_and_each_access_is_verified);
  TEST (one_thread_chases_unless_more_are_asked_for);
  TEST (so_many_threads_for_each_node_are_measured);
  TEST (compute_needs_no_arrays);
  TEST (the_fastest_path_is_taken);
  TEST (a_path_asked_for_is_not_tried);
  TEST (what_differs_in_nothing_is_tried_once);
  TEST (a_wrong_result_is_never_a_number);
  TEST (what_was_measured_before_an_interruption_is_reported);
  TEST (iterations_too_short_for_the_timer_are_refused_with_advice);
  TEST (sizes_that_cannot_be_are_refused);
  TEST (a_size_that_is_advised_leaves_memory_free);
  TEST (huge_pages_to_reserve_are_counted_for_the_default_size_of_all_arrays);
  TEST (what_a_kernel_or_cpu_lacks_is_refused_with_what_there_is);
  TEST (modes_say_what_they_need);
  TEST (latency_is_measured_under_more_and_more_load);
  TEST (without_kernels_it_is_read_that_loads);
  TEST (a_coarse_clock_is_watched_until_it_steps);
  TEST (a_matrix_has_bandwidth_and_latency_of_each_pair_of_nodes);
  TEST (a_default_size_is_four_caches_or_what_memory_allows);
  TEST (groups_are_summarized_apart_the_largest_first);
  TEST (where_all_changed_there_is_no_group);
  TEST (more_iterations_than_can_be_kept_are_refused);
  TEST (of_two_groups_that_are_equally_large_the_earlier_is_first);
  return g_test_run ();
}
