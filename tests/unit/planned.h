#pragma once

/* Planning in few words, for tests: requests from lines, placements back. */

#include "hosts.h"

#include "policy/plan.h"

#include <string.h>

typedef struct
{
  GPtrArray *requests;   /* of NvRequest */
  GPtrArray *placements; /* of NvPlacement; NULL where there was a problem */
  NvProblems *problems;
  NvLedger *ledger; /* after planning */
} Planned;

/* Plans the VMs of @lines (input lines; must be without mistakes) on @host. */
static inline Planned
plan_lines (const NvHost *host, const char *policy, const char *lines, guint64 seed)
{
  Planned planned = { .problems = nv_problems_new ("-"), .ledger = nv_ledger_new (host) };
  NvRequest defaults = { .vcpus = 1, .memory_bytes = NV_MIB, .policy = nv_policy_find (policy) };

  g_assert_nonnull (defaults.policy);
  planned.requests = nv_requests_parse (lines, strlen (lines), NULL, NULL, &defaults, planned.problems);
  g_assert_cmpuint (nv_problems_count (planned.problems), ==, 0);
  planned.placements = nv_plan (host, planned.ledger, planned.requests, seed, planned.problems);
  g_assert_cmpuint (planned.placements->len, ==, planned.requests->len);
  return planned;
}

static inline void
planned_clear (Planned *planned)
{
  g_ptr_array_unref (planned->requests);
  g_ptr_array_unref (planned->placements);
  nv_problems_free (planned->problems);
  nv_ledger_free (planned->ledger);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Planned, planned_clear)

static inline const NvPlacement *
planned_at (const Planned *planned, guint i)
{
  return g_ptr_array_index (planned->placements, i);
}

static inline const NvRegion *
region_of (const NvPlacement *placement)
{
  g_assert_nonnull (placement);
  g_assert_cmpuint (placement->regions->len, ==, 1);
  return g_ptr_array_index (placement->regions, 0);
}

/* Where each VM's memory is, divided by blanks: `0 2 0-1 -`; `-`: not placed, `*`: anywhere. */
static inline char *
planned_format (const Planned *planned)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < planned->placements->len; i++)
    {
      const NvPlacement *placement = planned_at (planned, i);
      g_autofree char *nodes = NULL;

      if (placement && region_of (placement)->nodes)
        nodes = nv_set_format (region_of (placement)->nodes);
      g_string_append_printf (text, "%s%s", i > 0 ? " " : "", nodes ? nodes : placement ? "*" : "-");
    }
  return g_string_free (text, FALSE);
}

static inline void
assert_set (const NvSet *set, const char *expected)
{
  g_autofree char *shown = set ? nv_set_format (set) : NULL;

  g_assert_cmpstr (shown, ==, expected);
}

static inline void
assert_planned (const NvHost *host, const char *policy, const char *lines, const char *expected)
{
  g_auto (Planned) planned = plan_lines (host, policy, lines, 1);
  g_autofree char *found = planned_format (&planned);

  g_assert_cmpstr (found, ==, expected);
}

/* The only problem that planning finds. */
static inline void
assert_no_fit (const NvHost *host, const char *policy, const char *lines, const char *expected)
{
  g_auto (Planned) planned = plan_lines (host, policy, lines, 1);

  g_assert_cmpuint (nv_problems_count (planned.problems), ==, 1);
  g_assert_cmpstr (nv_problems_get (planned.problems, 0)->message, ==, expected);
}
