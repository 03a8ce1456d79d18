#include "base/error.h"
#include "base/size.h"
#include "vm/reservations.h"

#include <string.h>

/* Four nodes of 1 GiB. */
#define MACHINE "node:4(memory=1073741824) core:2 pu:1"

typedef struct
{
  NvConnection *connection;
  NvDriverHost *host;
} Fixture;

static void
set_up (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  fixture->connection = nv_driver_find ("fake")->open (MACHINE, &error);
  g_assert_no_error (error);
  fixture->host = fixture->connection->driver->host (fixture->connection, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture)
{
  nv_driver_host_free (fixture->host);
  nv_connection_close (fixture->connection);
}

/* @nodes: (nullable): its shares are equal */
static NvVm *
make_vm (const char *name, guint64 bytes, NvExpectation expectation, const char *nodes)
{
  g_autoptr (NvSet) set = nodes ? nv_set_parse (nodes, NULL) : NULL;
  NvVm *vm = nv_vm_new ();
  NvRegion *region;

  vm->name = g_strdup (name);
  vm->uuid = g_uuid_string_random ();
  vm->vcpus = 1;
  vm->memory_bytes = bytes;
  vm->placement = nv_placement_new ("test");
  region = nv_placement_add_region (vm->placement, bytes, set ? NV_MEMORY_STRICT : NV_MEMORY_DEFAULT, set);
  region->expectation = expectation;
  if (set)
    NV_SET_FOREACH (node, set)
  nv_region_add_share (region, (guint)node, bytes / nv_set_count (set));
  return vm;
}

static NvLedger *
read_ledger (const Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  NvLedger *ledger = nv_reservations_read (fixture->connection, fixture->host, &error);

  g_assert_no_error (error);
  return ledger;
}

static void
define (const Fixture *fixture, const NvVm *vm)
{
  g_assert_true (fixture->connection->driver->define (fixture->connection, vm, NULL, NULL, NULL));
}

static void
vms_that_are_not_stopped_hold_what_they_were_promised (void)
{
  Fixture fixture;
  g_autoptr (NvVm) vm = make_vm ("vm0", 768 * NV_MIB, NV_EXPECT_EXACT, "1");
  g_autoptr (NvLedger) before = NULL, after = NULL;

  set_up (&fixture);
  define (&fixture, vm);
  before = read_ledger (&fixture);
  g_assert_cmpuint (nv_ledger_left_bytes (before, 1, 0), ==, NV_GIB);
  g_assert_true (fixture.connection->driver->start_paused (fixture.connection, "vm0", NULL));
  after = read_ledger (&fixture);
  g_assert_cmpuint (nv_ledger_left_bytes (after, 1, 0), ==, 256 * NV_MIB);
  g_assert_cmpuint (nv_ledger_left_bytes (after, 0, 0), ==, NV_GIB);
  tear_down (&fixture);
}

/* vm0 has taken 768 MiB of node 1. */
static void
each_expectation_is_checked_where_its_memory_must_come_from (void)
{
  static const struct
  {
    guint64 mib;
    NvExpectation expectation;
    const char *nodes;
    const char *message; /* NULL: it fits */
  } cases[] = {
    { 256, NV_EXPECT_EXACT, "1", NULL },
    { 257, NV_EXPECT_EXACT, "1", "needs 257 MiB on node 1, 256 MiB are left" },
    { 1024, NV_EXPECT_EXACT, "0-3", NULL },
    { 1028, NV_EXPECT_EXACT, "0-3", "needs 257 MiB on node 1" },
    { 1280, NV_EXPECT_WITHIN, "0-1", NULL },
    { 1281, NV_EXPECT_WITHIN, "0-1", "needs 1281 MiB on nodes 0-1, 1280 MiB are left" },
    { 3328, NV_EXPECT_ANY, NULL, NULL },
    { 3329, NV_EXPECT_ANY, NULL, "needs 3329 MiB on this host, 3328 MiB are left" },
  };
  Fixture fixture;
  g_autoptr (NvVm) first = make_vm ("vm0", 768 * NV_MIB, NV_EXPECT_EXACT, "1");
  g_autoptr (NvLedger) ledger = NULL;

  set_up (&fixture);
  define (&fixture, first);
  g_assert_true (fixture.connection->driver->start_paused (fixture.connection, "vm0", NULL));
  ledger = read_ledger (&fixture);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (NvVm) vm = make_vm ("vm1", cases[i].mib * NV_MIB, cases[i].expectation, cases[i].nodes);
      g_autoptr (GError) error = NULL;
      gboolean fit = nv_reservations_check (ledger, fixture.host->host, vm, &error);

      g_assert_cmpint (fit, ==, cases[i].message == NULL);
      if (fit)
        continue;
      g_assert_error (error, NV_ERROR, NV_ERROR_NO_FIT);
      g_assert_nonnull (strstr (error->message, cases[i].message));
    }
  tear_down (&fixture);
}

static void
what_lacks_less_than_1_mib_is_not_said_to_fit (void)
{
  Fixture fixture;
  g_autoptr (NvVm) vm = make_vm ("vm0", NV_GIB + 4 * NV_KIB, NV_EXPECT_EXACT, "1");
  g_autoptr (NvLedger) ledger = NULL;
  g_autoptr (GError) error = NULL;

  set_up (&fixture);
  ledger = read_ledger (&fixture);
  g_assert_false (nv_reservations_check (ledger, fixture.host->host, vm, &error));
  g_assert_nonnull (strstr (error->message, "needs 1025 MiB on node 1, 1024 MiB are left"));
  tear_down (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(test) g_test_add_func ("/reservations/" #test, test)
  ADD (vms_that_are_not_stopped_hold_what_they_were_promised);
  ADD (each_expectation_is_checked_where_its_memory_must_come_from);
  ADD (what_lacks_less_than_1_mib_is_not_said_to_fit);
  return g_test_run ();
}
