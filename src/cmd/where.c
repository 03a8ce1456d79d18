/* where: on which nodes the memory of VMs is, against where it was placed. */

#include "cmd/command.h"
#include "base/size.h"
#include "bench/proc.h"
#include "observe/residence.h"
#include "report/table.h"
#include "vm/placement-json.h"

#include <stdio.h>
#include <string.h>

typedef struct
{
  char **pids;
} WhereOptions;

/* One VM. */
typedef struct
{
  char *name; /* NULL: it was asked for by its process */
  int pid;    /* 0: unknown */
  gboolean is_asked;
  NvPlacement *placement; /* (nullable) */
  NvResidence *residence; /* NULL: @problem says why */
  GError *problem;
  NvHolds holds;
  char *reason; /* (nullable) */
} Row;

static void
row_free (gpointer data)
{
  Row *row = data;

  g_free (row->name);
  nv_placement_free (row->placement);
  nv_residence_free (row->residence);
  g_clear_error (&row->problem);
  g_free (row->reason);
  g_free (row);
}

static Row *
add_row (GPtrArray *rows, const char *name, int pid, gboolean is_asked)
{
  Row *row = g_new0 (Row, 1);

  row->name = g_strdup (name);
  row->pid = pid;
  row->is_asked = is_asked;
  row->holds = NV_HOLDS_NOTHING;
  g_ptr_array_add (rows, row);
  return row;
}

/* @sizes: (nullable): then the row has a problem. */
static void
measure (Row *row, const GArray *sizes)
{
  if (sizes)
    row->residence = nv_residence_read ("/", row->pid, (const guint64 *)(const void *)sizes->data, sizes->len,
                                        &row->problem);
  if (row->residence && row->placement)
    row->holds = nv_residence_check (row->residence, row->placement, &row->reason);
}

static void
add_process (GPtrArray *rows, int pid)
{
  Row *row = add_row (rows, NULL, pid, TRUE);
  g_autoptr (GArray) sizes = nv_residence_ram_sizes ("/", pid, &row->problem);

  measure (row, sizes);
}

/* Takes the placement of @info. */
static void
add_own (GPtrArray *rows, NvConnection *connection, NvVmInfo *info, gboolean is_asked)
{
  Row *row = add_row (rows, info->vm->name, 0, is_asked);
  g_autoptr (GArray) sizes = g_array_new (FALSE, FALSE, sizeof (guint64));

  row->placement = g_steal_pointer (&info->vm->placement);
  if (info->state == NV_VM_STOPPED)
    {
      g_set_error (&row->problem, NV_ERROR, NV_ERROR_UNAVAILABLE, "it is stopped");
      return;
    }
  for (guint i = 0; i < row->placement->regions->len; i++)
    g_array_append_val (sizes,
                        ((const NvRegion *)g_ptr_array_index (row->placement->regions, i))->size_bytes);
  if (connection->driver->process (connection, row->name, &row->pid, NULL, &row->problem))
    measure (row, sizes);
}

/* A VM that is not numavm's: what its QEMU was told, and what its definition declares. */
static void
add_other (GPtrArray *rows, NvConnection *connection, const char *name)
{
  const NvDriver *driver = connection->driver;
  Row *row = add_row (rows, name, 0, TRUE);
  g_autoptr (GArray) sizes = NULL;
  gboolean exists;

  if (!driver->exists (connection, name, &exists, &row->problem))
    return;
  if (!exists)
    g_set_error (&row->problem, NV_ERROR, NV_ERROR_NOT_FOUND, "there is no such VM");
  else if (driver->process (connection, name, &row->pid, NULL, &row->problem)
           && (!driver->placement_of
               || (row->placement = driver->placement_of (connection, name, &row->problem))))
    sizes = nv_residence_ram_sizes ("/", row->pid, &row->problem);
  measure (row, sizes);
}

static NvVmInfo *
find_info (GPtrArray *infos, const char *name)
{
  for (guint i = 0; i < infos->len; i++)
    if (strcmp (((const NvVmInfo *)g_ptr_array_index (infos, i))->vm->name, name) == 0)
      return g_ptr_array_index (infos, i);
  return NULL;
}

static gboolean
has_row (const GPtrArray *rows, const char *name)
{
  for (guint i = 0; i < rows->len; i++)
    if (g_strcmp0 (((const Row *)g_ptr_array_index (rows, i))->name, name) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
add_vms (GPtrArray *rows, const NvCommandContext *context, GError **error)
{
  NvConnection *connection = context->connection;
  g_autoptr (GPtrArray) damaged = nv_damaged_vms_new ();
  g_autoptr (GPtrArray) infos = NULL;

  if (connection->remote)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE,
                   "the memory of the VMs on '%s' is another machine's: run numavm there", connection->uri);
      return FALSE;
    }
  infos = connection->driver->list (connection, damaged, error);
  if (!infos)
    return FALSE;
  for (guint i = 0; i < damaged->len; i++)
    nv_message ("%s", ((const NvDamagedVm *)g_ptr_array_index (damaged, i))->message);
  for (guint i = 0; i < infos->len && context->n_arguments == 0; i++)
    {
      NvVmInfo *info = g_ptr_array_index (infos, i);

      if (info->state != NV_VM_STOPPED)
        add_own (rows, connection, info, FALSE);
    }
  for (int i = 0; i < context->n_arguments; i++)
    {
      const char *name = context->arguments[i];
      NvVmInfo *info = find_info (infos, name);

      if (has_row (rows, name))
        continue;
      if (info)
        add_own (rows, connection, info, TRUE);
      else
        add_other (rows, connection, name);
    }
  return TRUE;
}

/* Nodes with memory, with pages and with declared ones. */
static NvSet *
collect_nodes (const GPtrArray *rows)
{
  char list[512] = "";
  NvSet *nodes = nv_proc_setting ("/", "sys/devices/system/node/has_memory", list, sizeof list) == 0
                     ? nv_set_parse (list, NULL)
                     : NULL;

  if (!nodes)
    nodes = nv_set_new ();
  for (guint i = 0; i < rows->len; i++)
    {
      const Row *row = g_ptr_array_index (rows, i);
      g_autoptr (NvSet) declared = row->placement ? nv_placement_nodes (row->placement) : NULL;

      if (declared)
        nv_set_add_all (nodes, declared);
      for (guint j = 0; row->residence && j < row->residence->nodes->len; j++)
        nv_set_add (nodes, g_array_index (row->residence->nodes, NvResident, j).node);
    }
  return nodes;
}

/* A page too few for a percent is not none, nor is all but a page all. */
static char *
format_share (guint64 bytes, guint64 all_bytes)
{
  double percent = 100 * (double)bytes / (double)all_bytes;

  if (bytes == 0)
    return g_strdup ("·");
  if (bytes < all_bytes && (percent < 0.5 || percent >= 99.5))
    return g_strdup (percent < 0.5 ? "<1%" : ">99%");
  return g_strdup_printf ("%.0f%%", percent);
}

static int
compare_sizes (gconstpointer a, gconstpointer b)
{
  const guint64 *left = a, *right = b;

  return *left < *right ? -1 : *left > *right;
}

/* `4 KiB, 2 MiB`: of which pages it has some; empty: none. */
static char *
format_pages (const NvResidence *residence)
{
  g_autoptr (GArray) sizes = g_array_new (FALSE, FALSE, sizeof (guint64));
  GString *text = g_string_new (NULL);

  for (guint i = 0; residence && i < residence->nodes->len; i++)
    g_array_append_val (sizes, g_array_index (residence->nodes, NvResident, i).page_bytes);
  g_array_sort (sizes, compare_sizes);
  for (guint i = 0; i < sizes->len; i++)
    {
      g_autofree char *size = nv_size_format (g_array_index (sizes, guint64, i));

      if (i == 0 || g_array_index (sizes, guint64, i) != g_array_index (sizes, guint64, i - 1))
        g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", size);
    }
  return g_string_free (text, FALSE);
}

static gboolean
has_other_pages (const GPtrArray *rows)
{
  for (guint i = 0; i < rows->len; i++)
    {
      g_autofree char *pages = format_pages (((const Row *)g_ptr_array_index (rows, i))->residence);

      if (*pages && strcmp (pages, "4 KiB") != 0)
        return TRUE;
    }
  return FALSE;
}

/* Of a row without a problem. */
static const char *
verdict_of (const Row *row)
{
  return row->residence->resident_bytes > 0 ? nv_holds_name (row->holds) : "nothing resident";
}

static char *
format_holds (const Row *row)
{
  if (row->problem)
    return g_strdup_printf ("unknown: %s", row->problem->message);
  return g_strconcat (verdict_of (row), row->reason ? ": " : NULL, row->reason, NULL);
}

static void
add_to_table (NvTable *table, const Row *row, const NvSet *nodes, gboolean with_pages)
{
  const NvResidence *residence = row->residence;
  g_autoptr (GPtrArray) cells = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (cells, row->name ? g_strdup (row->name) : g_strdup_printf ("pid %d", row->pid));
  g_ptr_array_add (cells, residence ? nv_size_format (residence->resident_bytes) : g_strdup ("–"));
  g_ptr_array_add (cells, residence ? nv_size_format (residence->ram_bytes) : g_strdup ("–"));
  NV_SET_FOREACH (node, nodes)
  g_ptr_array_add (cells, residence ? format_share (nv_residence_on_node (residence, (guint)node),
                                                    MAX (residence->resident_bytes, 1))
                                    : g_strdup ("–"));
  if (with_pages)
    g_ptr_array_add (cells, format_pages (residence));
  g_ptr_array_add (cells, row->placement ? nv_placement_format_memory (row->placement) : g_strdup (""));
  g_ptr_array_add (cells, format_holds (row));
  nv_table_add_row (table, (const char *const *)cells->pdata);
}

static void
print_table (const GPtrArray *rows)
{
  g_autoptr (NvSet) nodes = collect_nodes (rows);
  g_autoptr (GPtrArray) headings = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (NvTable) table = NULL;
  g_autofree char *text = NULL;
  gboolean with_pages = has_other_pages (rows);

  g_ptr_array_add (headings, g_strdup ("VM"));
  g_ptr_array_add (headings, g_strdup (">RESIDENT"));
  g_ptr_array_add (headings, g_strdup (">OF"));
  NV_SET_FOREACH (node, nodes)
  g_ptr_array_add (headings, g_strdup_printf (">NODE %d", node));
  if (with_pages)
    g_ptr_array_add (headings, g_strdup ("PAGES"));
  g_ptr_array_add (headings, g_strdup ("DECLARED"));
  g_ptr_array_add (headings, g_strdup ("HOLDS"));
  g_ptr_array_add (headings, NULL);
  table = nv_table_new ((const char *const *)headings->pdata);
  for (guint i = 0; i < rows->len; i++)
    add_to_table (table, g_ptr_array_index (rows, i), nodes, with_pages);
  text = nv_table_format (table);
  fputs (text, stdout);
}

static json_t *
residence_to_json (const NvResidence *residence)
{
  json_t *nodes = json_array ();

  for (guint i = 0; i < residence->nodes->len; i++)
    {
      const NvResident *resident = &g_array_index (residence->nodes, NvResident, i);

      json_array_append_new (nodes, json_pack ("{s:i, s:I, s:I}", "node", (int)resident->node, "page_bytes",
                                               (json_int_t)resident->page_bytes, "resident_bytes",
                                               (json_int_t)resident->resident_bytes));
    }
  return nodes;
}

static void
print_json (const GPtrArray *rows)
{
  json_t *vms = json_array ();

  for (guint i = 0; i < rows->len; i++)
    {
      const Row *row = g_ptr_array_index (rows, i);
      json_t *vm = json_pack ("{s:o, s:o}", "name", nv_json_path (row->name), "declared",
                              row->placement ? nv_placement_to_json (row->placement) : json_null ());

      if (row->pid > 0)
        json_object_set_new (vm, "pid", json_integer (row->pid));
      if (row->problem)
        json_object_set_new (vm, "problem", nv_json_path (row->problem->message));
      else
        {
          json_object_set_new (vm, "ram_bytes", json_integer ((json_int_t)row->residence->ram_bytes));
          json_object_set_new (vm, "resident_bytes",
                               json_integer ((json_int_t)row->residence->resident_bytes));
          json_object_set_new (vm, "nodes", residence_to_json (row->residence));
          json_object_set_new (vm, "holds", json_string (verdict_of (row)));
        }
      if (row->reason)
        json_object_set_new (vm, "reason", json_string (row->reason));
      json_array_append_new (vms, vm);
    }
  nv_print_json (json_pack ("{s:o}", "vms", vms));
}

static int
judge (const GPtrArray *rows)
{
  int status = NV_EXIT_DONE;

  for (guint i = 0; i < rows->len; i++)
    {
      const Row *row = g_ptr_array_index (rows, i);

      /* A VM that nobody named may end at any time. */
      if (row->problem && row->is_asked)
        return NV_EXIT_FAILED;
      if (row->holds == NV_HOLDS_NOT)
        status = NV_EXIT_DOES_NOT_HOLD;
    }
  return status;
}

static gboolean
add_processes (GPtrArray *rows, char **pids, GError **error)
{
  for (guint i = 0; pids && pids[i]; i++)
    {
      guint64 pid;

      if (!nv_count_parse (pids[i], 1, G_MAXINT, &pid, error))
        {
          g_prefix_error (error, "where: pid ");
          return FALSE;
        }
      add_process (rows, (int)pid);
    }
  return TRUE;
}

static int
run_where (NvCommandContext *context, GError **error)
{
  const WhereOptions *options = context->options;
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (row_free);

  if (!add_processes (rows, options->pids, error))
    return NV_EXIT_USAGE;
  /* Processes are looked at without libvirt. */
  if (context->n_arguments > 0 || rows->len == 0)
    {
      context->connection = nv_open_connection (context->common, error);
      if (!context->connection || !add_vms (rows, context, error))
        return NV_EXIT_FAILED;
    }
  if (context->common->json)
    print_json (rows);
  else if (rows->len > 0)
    print_table (rows);
  else
    nv_note (context, "no VMs of numavm run on %s", context->connection->uri);
  return judge (rows);
}

static const NvOption where_options[] = {
  { "pid", 'p', NV_OPTION_STRINGS, G_STRUCT_OFFSET (WhereOptions, pids), "PID",
    "a QEMU, whoever started it; may be given several times" },
  { NULL },
};

const NvCommand nv_command_where = {
  .name = "where",
  .summary = "show on which nodes the memory of VMs is, and whether it was placed there",
  .arguments = "[VM...]",
  .description =
      "Without a name or a process: all VMs of numavm that run. Named ones may also be libvirt's own: their "
      "numatune says where their memory should be.\n\n"
      "Counted are the pages of the guest's memory that are resident, OF how much it can be; the rest has not "
      "been touched yet. The shares of the nodes are of what is resident. What was declared for each node "
      "holds if no share differs by more than one point, or by two of the largest pages if that is more; what "
      "was declared for several nodes together holds if no page is elsewhere.\n\n"
      "Exit status: 3 if the memory of a VM is not where it was placed; 1 if a VM that was named, or a "
      "process, could not be looked at.",
  .examples = "# the memory of all running VMs\n"
              "numavm where\n"
              "# of a QEMU that was started by hand\n"
              "numavm where --pid \"$(pidof qemu-system-x86_64)\"",
  .options_size = sizeof (WhereOptions),
  .options = where_options,
  .run = run_where,
};
