#include "vm/reservations.h"
#include "base/error.h"
#include "base/size.h"
#include "observe/residence.h"

/* Resident guest RAM by position in host->nodes; NULL if it cannot be read. */
static guint64 *
read_touched (NvConnection *connection, const NvHost *host, const NvVm *vm)
{
  guint n_regions = vm->placement->regions->len;
  g_autofree guint64 *sizes = g_new0 (guint64, n_regions);
  g_autoptr (NvResidence) residence = NULL;
  guint64 *touched;
  int pid;

  for (guint i = 0; i < n_regions; i++)
    sizes[i] = ((const NvRegion *)g_ptr_array_index (vm->placement->regions, i))->size_bytes;
  if (!connection->driver->process (connection, vm->name, &pid, NULL, NULL)
      || !(residence = nv_residence_read ("/", pid, sizes, n_regions, NULL)))
    return NULL;
  touched = g_new0 (guint64, host->nodes->len);
  for (guint i = 0; i < host->nodes->len; i++)
    touched[i] =
        nv_residence_on_node (residence, ((const NvNode *)g_ptr_array_index (host->nodes, i))->os_index);
  return touched;
}

static gboolean
check_damaged (const GPtrArray *damaged, GError **error)
{
  for (guint i = 0; i < damaged->len; i++)
    {
      const NvDamagedVm *vm = g_ptr_array_index (damaged, i);

      if (vm->state == NV_VM_STOPPED)
        continue;
      g_set_error (
          error, NV_ERROR, NV_ERROR_UNAVAILABLE,
          "cannot tell what memory is left: %s: remove that VM by hand, or use the numavm that made it",
          vm->message);
      return FALSE;
    }
  return TRUE;
}

NvLedger *
nv_reservations_read (NvConnection *connection, const NvDriverHost *host, GError **error)
{
  g_autoptr (GPtrArray) damaged = nv_damaged_vms_new ();
  g_autoptr (GPtrArray) infos = connection->driver->list (connection, damaged, error);
  NvLedger *ledger;

  if (!infos || !check_damaged (damaged, error))
    return NULL;
  ledger = nv_ledger_new (host->host);
  for (guint i = 0; i < infos->len; i++)
    {
      const NvVmInfo *info = g_ptr_array_index (infos, i);
      g_autofree guint64 *touched = NULL;

      if (info->state == NV_VM_STOPPED)
        continue;
      if (!connection->remote && host->host->nodes->len > 0)
        touched = read_touched (connection, host->host, info->vm);
      nv_ledger_reserve (ledger, info->vm->placement, info->vm->vcpus, touched);
    }
  return ledger;
}

/* Rounded apart, so that nobody reads of 3 MiB that do not fit into 3 MiB. */
static gboolean
fits (const NvVm *vm, guint64 needed_bytes, guint64 left_bytes, const char *where, GError **error)
{
  if (needed_bytes <= left_bytes)
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_NO_FIT,
               "cannot start '%s': it needs %" G_GUINT64_FORMAT " MiB on %s, %" G_GUINT64_FORMAT
               " MiB are left there",
               vm->name, (needed_bytes + NV_MIB - 1) / NV_MIB, where, left_bytes / NV_MIB);
  return FALSE;
}

static guint64
left_on_node (const NvLedger *ledger, const NvHost *host, guint os_index, guint64 page_size_bytes)
{
  int position = nv_host_position (host, os_index);

  return position < 0 ? 0 : nv_ledger_left_bytes (ledger, (guint)position, page_size_bytes);
}

static gboolean
fits_exactly (const NvLedger *ledger, const NvHost *host, const NvVm *vm, const NvRegion *region,
              GError **error)
{
  for (guint i = 0; i < region->shares->len; i++)
    {
      const NvShare *share = &g_array_index (region->shares, NvShare, i);
      g_autofree char *where = g_strdup_printf ("node %u", share->node);

      if (!fits (vm, share->bytes, left_on_node (ledger, host, share->node, region->page_size_bytes), where,
                 error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
fits_within (const NvLedger *ledger, const NvHost *host, const NvVm *vm, const NvRegion *region,
             GError **error)
{
  g_autofree char *nodes = nv_set_format (region->nodes);
  g_autofree char *where = g_strdup_printf ("nodes %s", nodes);
  guint64 left_bytes = 0;

  NV_SET_FOREACH (os_index, region->nodes)
  left_bytes += left_on_node (ledger, host, (guint)os_index, region->page_size_bytes);
  return fits (vm, region->size_bytes, left_bytes, where, error);
}

static gboolean
fits_anywhere (const NvLedger *ledger, const NvHost *host, const NvVm *vm, const NvRegion *region,
               GError **error)
{
  guint64 left_bytes = region->page_size_bytes == 0 ? nv_ledger_left_on_machine_bytes (ledger) : 0;

  for (guint i = 0; region->page_size_bytes > 0 && i < host->nodes->len; i++)
    left_bytes += nv_ledger_left_bytes (ledger, i, region->page_size_bytes);
  return fits (vm, region->size_bytes, left_bytes, "this host", error);
}

gboolean
nv_reservations_check (const NvLedger *ledger, const NvHost *host, const NvVm *vm, GError **error)
{
  for (guint i = 0; i < vm->placement->regions->len; i++)
    {
      const NvRegion *region = g_ptr_array_index (vm->placement->regions, i);
      gboolean fit = region->expectation == NV_EXPECT_EXACT ? fits_exactly (ledger, host, vm, region, error)
                     : region->expectation == NV_EXPECT_WITHIN && region->nodes
                         ? fits_within (ledger, host, vm, region, error)
                         : fits_anywhere (ledger, host, vm, region, error);

      if (!fit)
        return FALSE;
    }
  return TRUE;
}
