/* What metrics are called, where others are called the same. */

#include "store/metric-names.h"

static void
assert_names (const NvMetricName *names, guint n, const char *expected)
{
  g_auto (GStrv) shown = nv_metric_names_tell_apart (names, n);
  g_autofree char *all = g_strjoinv ("|", shown);

  g_assert_cmpstr (all, ==, expected);
}

static void
a_name_of_one_workload_is_its_own (void)
{
  const NvMetricName names[] = { { "score", "a 1\nx\ntext" },
                                 { "score", "a 1\nx\ntext" },
                                 { "rate", "b\nx\ntext" },
                                 { "triad", NULL },
                                 { "triad", NULL } };

  assert_names (names, G_N_ELEMENTS (names), "score|score|rate|triad|triad");
}

static void
commands_are_shown_from_where_they_differ (void)
{
  const NvMetricName names[] = { { "score", "stress --vm 1 --keep\nx\ntext" },
                                 { "score", "stress --vm 12\nx\ntext" },
                                 { "score", NULL },
                                 { "rate", "one\nx\ntext" },
                                 { "rate", NULL } };

  assert_names (names, G_N_ELEMENTS (names),
                "score (stress … 1 --keep)|score (stress … 12)|score|rate (one)|rate");
}

static void
of_one_command_the_patterns_are_shown (void)
{
  const NvMetricName names[] = { { "score", "./a b\none: (.*)\ntext" },
                                 { "score", "./a b\ntwo: (.*)\ntext" } };

  assert_names (names, G_N_ELEMENTS (names), "score (./a … one: (.*) text)|score (./a … two: (.*) text)");
}

static void
what_is_still_alike_has_a_number (void)
{
  const char *start = "a with-a-word-that-goes-on-and-on-until-it-is-cut-off-";
  g_autofree char *one = g_strconcat (start, "1\nx\ntext", NULL);
  g_autofree char *other = g_strconcat (start, "2\nx\ntext", NULL);
  const NvMetricName names[] = { { "score", one }, { "score", other }, { "score", one } };

  assert_names (names, G_N_ELEMENTS (names),
                "score (a with-a-word-that-goes-on-and-…)|score (a with-a-word-that-goes-on-and-…, 2)|"
                "score (a with-a-word-that-goes-on-and-…)");
}

static void
a_hostile_command_is_not_obeyed (void)
{
  const NvMetricName names[] = { { "score", "'\x1b[31m\n' \xff\nx\ntext" }, { "score", "b\nx\ntext" } };

  assert_names (names, G_N_ELEMENTS (names), "score ('?[31m)|score (b)");
}

#define ADD(name) g_test_add_func ("/metric-names/" #name, name)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD (a_name_of_one_workload_is_its_own);
  ADD (commands_are_shown_from_where_they_differ);
  ADD (of_one_command_the_patterns_are_shown);
  ADD (what_is_still_alike_has_a_number);
  ADD (a_hostile_command_is_not_obeyed);
  return g_test_run ();
}
