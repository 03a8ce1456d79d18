#include "bench/team.h"

#include <glib.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* Two nodes of two cores of two threads each, numbered as many machines do: siblings are 4 apart. */
static const struct nv_team_cpu machine[] = {
  { 0, 0, 0 }, { 1, 0, 0 }, { 2, 1, 0 }, { 3, 1, 0 }, { 4, 0, 1 }, { 5, 0, 1 }, { 6, 1, 1 }, { 7, 1, 1 },
};

/* Returns: (transfer full): the CPUs, or the message. */
static char *
choose (const struct nv_team_request *request, int *ret_result)
{
  struct nv_team_cpu cpus[G_N_ELEMENTS (machine)];
  struct nv_team team;
  struct nv_message message;
  GString *text = g_string_new (NULL);

  memcpy (cpus, machine, sizeof machine);
  *ret_result = nv_team_choose (request, cpus, G_N_ELEMENTS (cpus), &team, &message);
  if (*ret_result < 0)
    {
      g_string_assign (text, message.text);
      return g_string_free (text, FALSE);
    }
  for (unsigned i = 0; i < team.n_threads; i++)
    {
      g_string_append_printf (text, "%s%d", i ? " " : "", team.cpus[i]);
      if (team.cpus[i] >= 0)
        g_assert_cmpuint (team.nodes[i], ==, machine[team.cpus[i]].node);
    }
  nv_team_clear (&team);
  return g_string_free (text, FALSE);
}

#define assert_team(expected, ...)                                                                           \
  do                                                                                                         \
    {                                                                                                        \
      int result;                                                                                            \
      g_autofree char *text = choose (&(struct nv_team_request){ __VA_ARGS__ }, &result);                    \
      g_assert_cmpstr (text, ==, expected);                                                                  \
      g_assert_cmpint (result, ==, 0);                                                                       \
    }                                                                                                        \
  while (0)

#define assert_refused(error, expected, ...)                                                                 \
  do                                                                                                         \
    {                                                                                                        \
      int result;                                                                                            \
      g_autofree char *text = choose (&(struct nv_team_request){ __VA_ARGS__ }, &result);                    \
      g_assert_cmpstr (text, ==, expected);                                                                  \
      g_assert_cmpint (result, ==, -error);                                                                  \
    }                                                                                                        \
  while (0)

#define ONE_EACH "and each pinned thread has one of its own; --no-pin allows more"

static void
cores_come_before_siblings_and_node_after_node (void)
{
  assert_team ("0 1 2 3 4 5 6 7", .n_threads = 0);
  assert_team ("0 1 2", .n_threads = 3);
  assert_team ("0 1 2 3 4 5", .n_threads = 6);
}

static void
a_list_is_taken_in_its_order (void)
{
  assert_team ("7 0 1 2", .cpus = "7,0-2");
  assert_team ("7 0", .cpus = "7,0-2", .n_threads = 2);
}

static void
each_node_gets_as_many_as_asked (void)
{
  assert_team ("0 2", .per_node = 1);
  assert_team ("0 1 4 2 3 6", .per_node = 3);
  assert_team ("5 7", .per_node = 1, .cpus = "7,5,6");
}

static void
unpinned_threads_have_no_cpu (void)
{
  assert_team ("-1 -1 -1", .unpinned = true, .n_threads = 3);
}

static void
unpinned_threads_may_be_more_than_cpus (void)
{
  assert_team ("-1 -1 -1 -1 -1 -1 -1 -1 -1", .unpinned = true, .n_threads = 9);
  assert_team ("-1 -1 -1 -1 -1 -1 -1 -1", .unpinned = true);
}

static void
omp_num_threads_counts_where_nothing_is_asked (void)
{
  g_setenv ("OMP_NUM_THREADS", "2,4", TRUE);
  assert_team ("0 1", .n_threads = 0);
  assert_team ("0 1 2", .n_threads = 3);
  assert_team ("0 1 2 3", .cpus = "0-3");
  assert_team ("0 1 2 3", .per_node = 2);
  g_setenv ("OMP_NUM_THREADS", "9", TRUE);
  assert_refused (EINVAL, "OMP_NUM_THREADS '9': there are 8 CPUs for them, " ONE_EACH, .n_threads = 0);
  assert_team ("-1 -1 -1 -1 -1 -1 -1 -1 -1", .unpinned = true);
  g_setenv ("OMP_NUM_THREADS", "", TRUE);
  assert_team ("0 1 2 3 4 5 6 7", .n_threads = 0);
  g_unsetenv ("OMP_NUM_THREADS");
}

static void
an_omp_num_threads_that_is_no_number_of_threads_is_quoted (void)
{
  static const char *const texts[] = { "0", "-1", "abc", "2x", ",2", "65536", "99999999999999999999" };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *expected =
          g_strdup_printf ("OMP_NUM_THREADS '%s': a whole number from 1 to 65535 is allowed", texts[i]);

      g_setenv ("OMP_NUM_THREADS", texts[i], TRUE);
      assert_refused (EINVAL, expected, .n_threads = 0);
      assert_team ("0 1", .n_threads = 2);
    }
  g_unsetenv ("OMP_NUM_THREADS");
}

static void
what_is_wrong_is_named_with_what_is_allowed (void)
{
  static const char *const lists[] = {
    "", "x", "1,", ",1", "3-1", "1--2", "-1", "1 2", "1-", "8192", "99999999999999999999"
  };

  for (gsize i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      g_autofree char *expected = g_strdup_printf ("cpus '%s': a list such as 0-3,8 is allowed", lists[i]);

      assert_refused (EINVAL, expected, .cpus = lists[i]);
    }
  assert_refused (ENODEV, "cpus '6-9': CPU 8 is offline, or this process may not use it; it may use 0-7",
                  .cpus = "6-9");
  assert_refused (EINVAL, "cpus '1,0-2': CPU 1 is named twice", .cpus = "1,0-2");
  assert_refused (EINVAL, "threads '9': there are 8 CPUs for them, " ONE_EACH, .n_threads = 9);
  assert_refused (EINVAL, "threads '3': there are 2 CPUs for them, " ONE_EACH, .n_threads = 3, .cpus = "1,2");
  assert_refused (EINVAL, "threads-per-node '5': node 0 has 4 CPUs that may be used", .per_node = 5);
  assert_refused (EINVAL, "threads '2': the number follows from --threads-per-node 1; name one of the two",
                  .per_node = 1, .n_threads = 2);
  assert_refused (EINVAL, "cpus '0': threads that are not pinned have no CPUs to choose", .unpinned = true,
                  .cpus = "0");
  assert_refused (EINVAL, "threads-per-node '1': threads that are not pinned are on no node",
                  .unpinned = true, .per_node = 1);
}

struct sighting
{
  int cpus[1024];
  atomic_uint n;
  unsigned fails_from; /* threads from this one on */
};

static int
look (unsigned thread, void *data, struct nv_message *message)
{
  struct sighting *sighting = data;

  sighting->cpus[thread] = sched_getcpu ();
  atomic_fetch_add (&sighting->n, 1);
  nv_team_barrier ();
  if (thread >= sighting->fails_from)
    return nv_fail (message, EIO, "thread %u fails", thread);
  return 0;
}

static void
threads_run_on_their_cpus_and_the_caller_gets_its_own_back (void)
{
  struct nv_team_request request = { 0 };
  struct nv_team team;
  struct nv_message message;
  struct sighting sighting = { .fails_from = 1024 };
  cpu_set_t before, after;

  g_assert_cmpint (sched_getaffinity (0, sizeof before, &before), ==, 0);
  g_assert_cmpint (nv_team_make (&request, &team, &message), ==, 0);
  g_assert_true (team.pinned);
  g_assert_cmpint (nv_team_run (&team, look, &sighting, &message), ==, 0);
  g_assert_cmpuint (sighting.n, ==, team.n_threads);
  for (unsigned i = 0; i < team.n_threads; i++)
    {
      g_assert_cmpint (sighting.cpus[i], ==, team.cpus[i]);
      for (unsigned j = 0; j < i; j++)
        g_assert_cmpint (team.cpus[i], !=, team.cpus[j]);
    }
  g_assert_cmpint (sched_getaffinity (0, sizeof after, &after), ==, 0);
  g_assert_true (CPU_EQUAL (&before, &after));
  nv_team_clear (&team);
}

static int
note_affinity (unsigned thread, void *data, struct nv_message *message)
{
  cpu_set_t *sets = data;

  sched_getaffinity (0, sizeof sets[thread], &sets[thread]);
  return 0;
}

static void
an_unpinned_team_is_free_after_a_pinned_one (void)
{
  struct nv_team_request request = { 0 };
  struct nv_team team;
  struct nv_message message;
  g_autofree cpu_set_t *sets = NULL;
  cpu_set_t before;

  g_assert_cmpint (sched_getaffinity (0, sizeof before, &before), ==, 0);
  g_assert_cmpint (nv_team_make (&request, &team, &message), ==, 0);
  sets = g_new0 (cpu_set_t, team.n_threads);
  g_assert_cmpint (nv_team_run (&team, note_affinity, sets, &message), ==, 0);
  for (unsigned i = 0; i < team.n_threads; i++)
    g_assert_cmpint (CPU_COUNT (&sets[i]), ==, 1);
  nv_team_clear (&team);

  request.unpinned = true;
  g_assert_cmpint (nv_team_make (&request, &team, &message), ==, 0);
  g_assert_cmpint (nv_team_run (&team, note_affinity, sets, &message), ==, 0);
  for (unsigned i = 0; i < team.n_threads; i++)
    g_assert_true (CPU_EQUAL (&sets[i], &before));
  nv_team_clear (&team);
}

/* More threads than this machine has CPUs: which is what a team of its own making can be. */
static void
the_error_of_the_lowest_thread_is_told (void)
{
  int cpus[5];
  struct nv_team team = { .n_threads = 5, .cpus = cpus, .nodes = (unsigned[5]){ 0 } };
  struct nv_message message = { "untouched" };
  struct sighting sighting = { .fails_from = 1024 };

  g_assert_cmpint (nv_team_run (&team, look, &sighting, &message), ==, 0);
  g_assert_cmpstr (message.text, ==, "untouched");
  sighting.fails_from = 2;
  g_assert_cmpint (nv_team_run (&team, look, &sighting, &message), ==, -EIO);
  g_assert_cmpstr (message.text, ==, "thread 2 fails");
}

static void
nobody_works_if_one_cannot_be_pinned (void)
{
  struct nv_team team = {
    .n_threads = 2, .pinned = true, .cpus = (int[]){ sched_getcpu (), 8191 }, .nodes = (unsigned[]){ 0, 0 }
  };
  struct nv_message message;
  struct sighting sighting = { .fails_from = 1024 };

  g_assert_cmpint (nv_team_run (&team, look, &sighting, &message), ==, -ENODEV);
  g_assert_cmpstr (message.text, ==, "CPU 8191 went offline or was taken away: name others with --cpus");
  g_assert_cmpuint (sighting.n, ==, 0);
}

/* OpenMP reads its environment before main(). */
static void
a_variable_with_which_openmp_binds_threads_is_named (void)
{
  struct nv_team_request request = { 0 };
  struct nv_team team;
  struct nv_message message;

  if (g_test_subprocess ())
    {
      g_assert_cmpint (nv_team_make (&request, &team, &message), ==, -EINVAL);
      g_printerr ("%s", message.text);
      return;
    }
  g_setenv ("OMP_PLACES", "threads", TRUE);
  g_setenv ("OMP_PROC_BIND", "close", TRUE);
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("*OMP_PROC_BIND is set: *unset it*");
  g_unsetenv ("OMP_PROC_BIND");
  g_unsetenv ("OMP_PLACES");
}

/* As containers do. */
static bool
forbid_system_call (unsigned number)
{
  struct sock_filter filter[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = { G_N_ELEMENTS (filter), filter };

  return prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
         && prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void
threads_that_may_not_be_pinned_run_unpinned (void)
{
  struct nv_team_request request = { 0 };
  struct nv_team team;
  struct nv_message message;
  struct sighting sighting = { .fails_from = 1024 };

#ifdef __clang__
  g_test_skip ("LLVM's OpenMP itself gives up where threads may not be pinned");
  return;
#endif
  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, 0);
      g_test_trap_assert_passed ();
      return;
    }
  g_assert_true (forbid_system_call (SYS_sched_setaffinity));
  g_assert_cmpint (nv_team_make (&request, &team, &message), ==, 0);
  g_assert_cmpint (nv_team_run (&team, look, &sighting, &message), ==, -EPERM);
  g_assert_nonnull (strstr (message.text, "--no-pin"));
  nv_team_clear (&team);
  request.unpinned = true;
  g_assert_cmpint (nv_team_make (&request, &team, &message), ==, 0);
  g_assert_cmpint (nv_team_run (&team, look, &sighting, &message), ==, 0);
  nv_team_clear (&team);
}

int
main (int argc, char **argv)
{
  g_unsetenv ("OMP_NUM_THREADS");
  g_test_init (&argc, &argv, NULL);
#define TEST(name) g_test_add_func ("/team/" #name, name)
  TEST (cores_come_before_siblings_and_node_after_node);
  TEST (a_list_is_taken_in_its_order);
  TEST (each_node_gets_as_many_as_asked);
  TEST (unpinned_threads_have_no_cpu);
  TEST (unpinned_threads_may_be_more_than_cpus);
  TEST (an_omp_num_threads_that_is_no_number_of_threads_is_quoted);
  TEST (omp_num_threads_counts_where_nothing_is_asked);
  TEST (what_is_wrong_is_named_with_what_is_allowed);
  TEST (threads_run_on_their_cpus_and_the_caller_gets_its_own_back);
  TEST (an_unpinned_team_is_free_after_a_pinned_one);
  TEST (the_error_of_the_lowest_thread_is_told);
  TEST (nobody_works_if_one_cannot_be_pinned);
  TEST (a_variable_with_which_openmp_binds_threads_is_named);
  TEST (threads_that_may_not_be_pinned_run_unpinned);
  return g_test_run ();
}
