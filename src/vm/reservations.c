#include "vm/reservations.h"
#include "base/error.h"
#include "base/size.h"
#include "bench/proc.h"

/* Resident bytes by position in host->nodes; NULL if they cannot be read. */
static guint64 *
read_touched (NvConnection *connection, const NvHost *host, const NvVm *vm)
{
  const NvNode *last = g_ptr_array_index (host->nodes, host->nodes->len - 1);
  gsize n_indexes = (gsize)last->os_index + 1;
  g_autofree guint64 *by_index = g_new0 (guint64, n_indexes);
  guint64 *touched;
  int pid;

  if (!connection->driver->process (connection, vm->name, &pid, NULL, NULL)
      || nv_proc_numa_pages ("/", pid, n_indexes, by_index) != 0)
    return NULL;
  touched = g_new0 (guint64, host->nodes->len);
  for (guint i = 0; i < host->nodes->len; i++)
    touched[i] = by_index[((const NvNode *)g_ptr_array_index (host->nodes, i))->os_index];
  return touched;
}

NvLedger *
nv_reservations_read (NvConnection *connection, const NvDriverHost *host, GError **error)
{
  g_autoptr (GPtrArray) infos = connection->driver->list (connection, error);
  NvLedger *ledger;

  if (!infos)
    return NULL;
  ledger = nv_ledger_new (host->host);
  for (guint i = 0; i < infos->len; i++)
    {
      const NvVmInfo *info = g_ptr_array_index (infos, i);
      g_autofree guint64 *touched = NULL;

      if (info->state == NV_VM_STOPPED)
        continue;
      if (!host->remote && host->host->nodes->len > 0)
        touched = read_touched (connection, host->host, info->vm);
      nv_ledger_reserve (ledger, info->vm->placement, info->vm->vcpus, touched);
    }
  return ledger;
}

gboolean
nv_reservations_check (const NvLedger *ledger, const NvHost *host, const NvVm *vm, GError **error)
{
  for (guint i = 0; i < vm->placement->regions->len; i++)
    {
      const NvRegion *region = g_ptr_array_index (vm->placement->regions, i);

      for (guint j = 0; region->expectation == NV_EXPECT_EXACT && j < region->shares->len; j++)
        {
          const NvShare *share = &g_array_index (region->shares, NvShare, j);
          int position = nv_host_position (host, share->node);
          guint64 left =
              position < 0 ? 0 : nv_ledger_left_bytes (ledger, (guint)position, region->page_size_bytes);
          g_autofree char *needed_text = nv_size_format (share->bytes);
          g_autofree char *left_text = nv_size_format (left);

          if (left >= share->bytes)
            continue;
          g_set_error (error, NV_ERROR, NV_ERROR_NO_FIT,
                       "cannot start '%s': it needs %s on node %u, which has %s left", vm->name, needed_text,
                       share->node, left_text);
          return FALSE;
        }
    }
  return TRUE;
}
