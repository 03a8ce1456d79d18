#include "policy/ledger.h"

struct NvLedger
{
  const NvHost *host;
  GArray *page_sizes;  /* of guint64; the first is 0: normal pages */
  guint64 *left_bytes; /* [page_sizes->len * host->nodes->len], row: page size, column: node */
  guint64 left_on_machine_bytes;
  gint64 *free_cores; /* by position in host->nodes */
};

static int
find_page_size (const NvLedger *ledger, guint64 page_size_bytes)
{
  for (guint i = 0; i < ledger->page_sizes->len; i++)
    if (g_array_index (ledger->page_sizes, guint64, i) == page_size_bytes)
      return (int)i;
  return -1;
}

static void
collect_page_sizes (NvLedger *ledger)
{
  guint64 normal = 0;

  g_array_append_val (ledger->page_sizes, normal);
  for (guint i = 0; i < ledger->host->nodes->len; i++)
    {
      const NvNode *node = g_ptr_array_index (ledger->host->nodes, i);

      for (guint j = 0; j < node->page_pools->len; j++)
        {
          guint64 size = g_array_index (node->page_pools, NvPagePool, j).page_size_bytes;

          if (find_page_size (ledger, size) < 0)
            g_array_append_val (ledger->page_sizes, size);
        }
    }
}

NvLedger *
nv_ledger_new (const NvHost *host)
{
  NvLedger *ledger = g_new0 (NvLedger, 1);
  guint n_nodes = host->nodes->len;

  ledger->host = host;
  ledger->page_sizes = g_array_new (FALSE, FALSE, sizeof (guint64));
  collect_page_sizes (ledger);
  ledger->left_bytes = g_new0 (guint64, (gsize)ledger->page_sizes->len * n_nodes);
  ledger->free_cores = g_new0 (gint64, n_nodes);
  ledger->left_on_machine_bytes = host->memory_available_bytes;
  for (guint i = 0; i < n_nodes; i++)
    {
      const NvNode *node = g_ptr_array_index (host->nodes, i);

      ledger->free_cores[i] = node->cores->len;
      for (guint j = 0; j < ledger->page_sizes->len; j++)
        ledger->left_bytes[j * n_nodes + i] =
            nv_node_available_bytes (node, g_array_index (ledger->page_sizes, guint64, j));
    }
  return ledger;
}

void
nv_ledger_free (NvLedger *ledger)
{
  if (!ledger)
    return;
  g_array_unref (ledger->page_sizes);
  g_free (ledger->left_bytes);
  g_free (ledger->free_cores);
  g_free (ledger);
}

/* Takes @bytes off @left, which stops at 0: an estimate, or a VM of another host's time, can be too much. */
static void
take (guint64 *left, guint64 bytes)
{
  *left -= MIN (*left, bytes);
}

static void
take_share (NvLedger *ledger, guint position, guint64 page_size_bytes, guint64 bytes)
{
  int size = find_page_size (ledger, page_size_bytes);

  if (size >= 0)
    take (&ledger->left_bytes[(guint)size * ledger->host->nodes->len + position], bytes);
  if (page_size_bytes == 0)
    take (&ledger->left_on_machine_bytes, bytes);
}

/* Pinned vCPUs count on their nodes in proportion to the nodes' cores; rounding by running sums loses none.
 */
static void
take_cores (NvLedger *ledger, const NvSet *cpu_nodes, guint vcpus)
{
  guint64 all = 0, cores_so_far = 0, given = 0;

  NV_SET_FOREACH (os_index, cpu_nodes)
  {
    const NvNode *node = nv_host_node (ledger->host, (guint)os_index);

    all += node ? node->cores->len : 0;
  }
  NV_SET_FOREACH (os_index, cpu_nodes)
  {
    int position = nv_host_position (ledger->host, (guint)os_index);
    guint64 until_here;

    if (position < 0 || all == 0)
      continue;
    cores_so_far += ((const NvNode *)g_ptr_array_index (ledger->host->nodes, position))->cores->len;
    until_here = vcpus * cores_so_far / all;
    ledger->free_cores[position] -= (gint64)(until_here - given);
    given = until_here;
  }
}

static guint64
sum (const guint64 *values, guint n_values)
{
  guint64 result = 0;

  for (guint i = 0; values && i < n_values; i++)
    result += values[i];
  return result;
}

void
nv_ledger_reserve (NvLedger *ledger, const NvPlacement *placement, guint vcpus, const guint64 *touched)
{
  guint n_nodes = ledger->host->nodes->len;
  g_autofree guint64 *touched_there = touched ? g_memdup2 (touched, n_nodes * sizeof *touched) : NULL;
  guint64 untouched = nv_placement_memory_bytes (placement);

  /* Where pages landed elsewhere than the shares say, no node shall be charged for them a second time. */
  take (&untouched, sum (touched, n_nodes));
  for (guint i = 0; i < placement->regions->len; i++)
    {
      const NvRegion *region = g_ptr_array_index (placement->regions, i);

      for (guint j = 0; j < region->shares->len; j++)
        {
          const NvShare *share = &g_array_index (region->shares, NvShare, j);
          int position = nv_host_position (ledger->host, share->node);
          guint64 bytes = share->bytes;

          if (position < 0)
            continue;
          if (touched_there)
            {
              take (&bytes, touched_there[position]);
              take (&touched_there[position], share->bytes);
            }
          bytes = MIN (bytes, untouched);
          untouched -= bytes;
          take_share (ledger, (guint)position, region->page_size_bytes, bytes);
        }
    }
  if (placement->cpu_nodes)
    take_cores (ledger, placement->cpu_nodes, vcpus);
}

guint64
nv_ledger_left_bytes (const NvLedger *ledger, guint position, guint64 page_size_bytes)
{
  int size = find_page_size (ledger, page_size_bytes);

  return size < 0 ? 0 : ledger->left_bytes[(guint)size * ledger->host->nodes->len + position];
}

guint64
nv_ledger_left_on_machine_bytes (const NvLedger *ledger)
{
  return ledger->left_on_machine_bytes;
}

gint64
nv_ledger_free_cores (const NvLedger *ledger, guint position)
{
  return ledger->free_cores[position];
}
