/* up: lines in, running placed VMs out. */

#include "cmd/command.h"
#include "cmd/prepare.h"
#include "cmd/select.h"
#include "cmd/show.h"
#include "vm/lock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Notes on single VMs are shown up to here; --json has all. */
#define MAX_NOTES 10

typedef struct
{
  NvVmOptions vm;
  char *disk;
  char *base;
  char *columns;
  char *prefix;
  char *dir;
  gboolean paused;
  gboolean no_start;
  gboolean keep;
  gboolean dry_run;
} UpOptions;

static const NvOption up_options[] = {
  NV_VM_OPTIONS (UpOptions),
  { "disk", 's', NV_OPTION_STRING, G_STRUCT_OFFSET (UpOptions, disk), "SIZE|none",
    "size of each disk; default 2G" },
  { "base", 'b', NV_OPTION_FILE, G_STRUCT_OFFSET (UpOptions, base), "IMAGE",
    "make each disk an overlay on this image" },
  { "dir", 'd', NV_OPTION_FILE, G_STRUCT_OFFSET (UpOptions, dir), "DIR", "where the disks go" },
  { "columns", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (UpOptions, columns), "KEYS",
    "what a line's leading words are; default vcpus,memory" },
  { "prefix", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (UpOptions, prefix), "TEXT",
    "put before every VM's name" },
  { "dry-run", 0, NV_OPTION_FLAG, G_STRUCT_OFFSET (UpOptions, dry_run), NULL,
    "show the placement, make nothing" },
  { "no-start", 0, NV_OPTION_FLAG, G_STRUCT_OFFSET (UpOptions, no_start), NULL,
    "make and define, do not start" },
  { "paused", 0, NV_OPTION_FLAG, G_STRUCT_OFFSET (UpOptions, paused), NULL, "start with the CPUs stopped" },
  { "keep", 0, NV_OPTION_FLAG, G_STRUCT_OFFSET (UpOptions, keep), NULL,
    "leave what was made if something fails" },
  { NULL },
};

/* The command's options, as what a line that does not say has. */
static NvRequest *
read_defaults (const UpOptions *options, NvPreparation *preparation, GError **error)
{
  g_autoptr (NvRequest) defaults = g_new0 (NvRequest, 1);
  const char *const settings[][2] = {
    { "vcpus", "1" },
    { "memory", "2048" },
    { "disk", options->disk },
    { "base", options->base },
  };

  defaults->has_disk = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    if (settings[i][1] && !nv_request_set (defaults, settings[i][0], settings[i][1], error))
      return NULL;
  return nv_vm_options_read (&options->vm, defaults, preparation, error) ? g_steal_pointer (&defaults) : NULL;
}

/* The whole input; "-" and no name are standard input. */
static char *
read_input (const NvCommandContext *context, const char *file, gsize *ret_length, GError **error)
{
  GString *text;
  char bytes[4096];
  size_t length;

  if (strcmp (file, "-") != 0)
    return nv_read_file ("file", file, ret_length, error);
  if (isatty (STDIN_FILENO))
    nv_note (context, "a VM a line, `<vCPUs> <memory MiB> [key=value ...]`; Ctrl-D ends them");
  text = g_string_new (NULL);
  while ((length = fread (bytes, 1, sizeof bytes, stdin)) > 0)
    g_string_append_len (text, bytes, (gssize)length);
  if (ferror (stdin))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "cannot read standard input: %s", g_strerror (errno));
      g_string_free (text, TRUE);
      return NULL;
    }
  *ret_length = text->len;
  return g_string_free (text, FALSE);
}

static void
print_problems (NvProblems *problems)
{
  for (guint i = 0; i < nv_problems_count (problems); i++)
    {
      g_autofree char *text = nv_problems_format (problems, i);

      nv_message ("%s", text);
    }
}

static void
print_summary_of_problems (const NvPreparation *preparation, guint n_lines)
{
  NvProblems *problems = preparation->problems;
  guint n_bad = nv_problems_count_lines (problems);

  print_problems (problems);
  if (nv_problems_line_is_bad (problems, 0) || n_lines == 1)
    nv_message ("nothing was made");
  else if (preparation->n_bad_lines == 0)
    nv_message ("%u of %u VMs cannot be made, nothing was made", n_bad, n_lines);
  else
    nv_message ("%u of %u lines %s wrong, nothing was made", n_bad, n_lines, n_bad == 1 ? "is" : "are");
}

static void
print_notes (const NvCommandContext *context, GPtrArray *members)
{
  guint n_notes = 0;

  for (guint i = 0; i < members->len; i++)
    {
      const NvVm *vm = ((const NvFleetMember *)g_ptr_array_index (members, i))->vm;
      g_autofree char *skipped = vm->placement->skipped && !nv_set_is_empty (vm->placement->skipped)
                                     ? nv_set_format (vm->placement->skipped)
                                     : NULL;

      if (vm->placement->note && n_notes++ < MAX_NOTES)
        nv_note (context, "%s: %s", vm->name, vm->placement->note);
      if (skipped && n_notes++ < MAX_NOTES)
        nv_note (context, "%s: passed over node%s %s, too little memory left there", vm->name,
                 nv_set_count (vm->placement->skipped) > 1 ? "s" : "", skipped);
    }
  if (n_notes > MAX_NOTES)
    nv_note (context, "and %u more such notes: --json has them", n_notes - MAX_NOTES);
}

static void
print_table (GPtrArray *members)
{
  g_autoptr (NvTable) table = nv_vm_table_new (FALSE);
  g_autofree char *text = NULL;

  for (guint i = 0; i < members->len; i++)
    nv_vm_table_add (table, ((const NvFleetMember *)g_ptr_array_index (members, i))->vm, NULL);
  text = nv_table_format (table);
  fputs (text, stdout);
  fflush (stdout);
}

static void
print_json (const NvPreparation *preparation, const char *state, double seconds)
{
  json_t *vms = json_array ();

  for (guint i = 0; i < preparation->members->len; i++)
    {
      const NvVm *vm = ((const NvFleetMember *)g_ptr_array_index (preparation->members, i))->vm;
      NvConnection *connection = preparation->context->connection;
      int pid = 0;

      if (strcmp (state, "running") == 0 || strcmp (state, "paused") == 0)
        connection->driver->process (connection, vm->name, &pid, NULL, NULL);
      json_array_append_new (vms, nv_vm_to_json (vm, state, pid));
    }
  nv_print_json (json_pack ("{s:I, s:b, s:f, s:o}", "seed", (json_int_t)preparation->seed, "emulated",
                            preparation->accel == NV_ACCEL_TCG, "seconds", seconds, "vms", vms));
}

static void
print_times (const NvCommandContext *context, const NvFleetTimes *times)
{
  nv_note (context, "made in %.3f s, started in %.3f s, resumed in %.3f s",
           (double)times->stage_us[NV_STAGE_MAKE] / 1e6, (double)times->stage_us[NV_STAGE_START] / 1e6,
           (double)times->stage_us[NV_STAGE_RESUME] / 1e6);
  nv_note (context,
           "summed over the VMs: disks %.3f s (qemu-img %.3f s), define %.3f s, start %.3f s, resume %.3f s",
           (double)times->disk_us / 1e6, (double)times->qemu_img_us / 1e6, (double)times->define_us / 1e6,
           (double)times->start_us / 1e6, (double)times->resume_us / 1e6);
}

/* Runs the fleet; SIGINT, SIGTERM and SIGHUP cancel it, and then it rolls back. */
static gboolean
bring_up (const NvPreparation *preparation, const UpOptions *options, NvFleetTimes *ret_times, GError **error)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  NvSignals signals;
  gboolean up;
  NvFleetPlan plan = {
    .connection = preparation->context->connection,
    .members = preparation->members,
    .network = options->vm.network,
    .flags = (options->no_start ? NV_FLEET_NO_START : 0) | (options->paused ? NV_FLEET_PAUSED : 0)
             | (options->keep ? NV_FLEET_KEEP : 0),
    .cancellable = cancellable,
    .progress = nv_show_fleet_progress,
    .progress_data = (gpointer)preparation->context,
  };

  nv_signals_cancel (&signals, cancellable);
  up = nv_fleet_up (&plan, ret_times, error);
  nv_signals_restore (&signals);
  nv_end_progress (preparation->context);
  return up;
}

static void
say_seed (const NvPreparation *preparation)
{
  if (!preparation->context->common->seed)
    nv_note (preparation->context, "seed %" G_GUINT64_FORMAT " (repeat with --seed %" G_GUINT64_FORMAT ")",
             preparation->seed, preparation->seed);
}

/* What a template of the user's says and this host must have otherwise; once for each template. */
static gboolean
say_adaptations (const NvPreparation *preparation, GError **error)
{
  NvConnection *connection = preparation->context->connection;
  g_autoptr (GHashTable) said = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; connection->driver->render && i < preparation->members->len; i++)
    {
      const NvFleetMember *member = g_ptr_array_index (preparation->members, i);
      const char *file = ((const NvRequest *)g_ptr_array_index (preparation->requests, i))->template_file;
      g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
      g_autofree char *xml = NULL;

      if (!file || !g_hash_table_add (said, (gpointer)file))
        continue;
      xml = connection->driver->render (connection, member->vm, member->template_xml, preparation->network,
                                        notes, error);
      if (!xml)
        return FALSE;
      for (guint j = 0; j < notes->len; j++)
        nv_note (preparation->context, "template '%s': %s", file, (const char *)g_ptr_array_index (notes, j));
    }
  return TRUE;
}

static void
print_result (const NvPreparation *preparation, const char *state, gint64 since)
{
  double seconds = (double)(g_get_monotonic_time () - since) / 1e6;
  guint n_vms = preparation->members->len;
  g_autofree char *emulated = preparation->emulation_reason
                                  ? g_strdup_printf (" (emulated: %s)", preparation->emulation_reason)
                                  : g_strdup ("");

  if (preparation->context->common->json)
    print_json (preparation, state, seconds);
  else
    print_table (preparation->members);
  print_notes (preparation->context, preparation->members);
  if (strcmp (state, "planned") == 0)
    nv_note (preparation->context, "%u %s planned, nothing was made%s", n_vms, n_vms == 1 ? "VM" : "VMs",
             emulated);
  else
    nv_note (preparation->context, "%u %s %s after %.1f s%s", n_vms, n_vms == 1 ? "VM" : "VMs", state,
             seconds, emulated);
}

/* With everything parsed: plan, check, make. */
static int
place_and_make (NvPreparation *preparation, const UpOptions *options, guint n_lines, gint64 since,
                GError **error)
{
  const char *state = options->dry_run    ? "planned"
                      : options->no_start ? "defined"
                      : options->paused   ? "paused"
                                          : "running";
  NvFleetTimes times = { 0 };

  if (!nv_prepare_host (preparation, error) || !nv_prepare_members (preparation, error))
    {
      print_problems (preparation->problems);
      return NV_EXIT_FAILED;
    }
  if (nv_problems_count (preparation->problems) > 0)
    {
      print_summary_of_problems (preparation, n_lines);
      return preparation->n_bad_inputs > 0 ? NV_EXIT_USAGE : NV_EXIT_FAILED;
    }
  say_seed (preparation);
  if (!say_adaptations (preparation, error))
    return NV_EXIT_FAILED;
  if (!options->dry_run && !bring_up (preparation, options, &times, error))
    return NV_EXIT_FAILED;
  print_result (preparation, state, since);
  if (preparation->context->common->verbose && !options->dry_run)
    print_times (preparation->context, &times);
  return NV_EXIT_DONE;
}

static int
run_up (NvCommandContext *context, GError **error)
{
  const UpOptions *options = context->options;
  const char *file = context->n_arguments > 0 ? context->arguments[0] : "-";
  gint64 since = g_get_monotonic_time ();
  g_autoptr (NvProblems) problems = nv_problems_new (file);
  g_autoptr (NvRequest) defaults = NULL;
  g_autoptr (GPtrArray) requests = NULL;
  g_autoptr (NvLock) lock = NULL;
  g_autofree char *text = NULL;
  g_auto (NvPreparation) preparation = { .context = context, .problems = problems };
  guint n_lines;
  gsize length;

  if (context->n_arguments > 1)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                   "up: one file at most is allowed, or - for standard input");
      return NV_EXIT_USAGE;
    }
  if (!nv_read_seed (context->common, &preparation.seed, error)
      || !(defaults = read_defaults (options, &preparation, error))
      || !(text = read_input (context, file, &length, error)))
    return NV_EXIT_USAGE;
  requests = nv_requests_parse (text, length, options->columns, options->prefix, defaults, problems);
  n_lines = requests->len + nv_problems_count_lines (problems);
  preparation.requests = requests;
  preparation.disk_dir = options->dir;
  preparation.no_guest = options->dry_run;
  if (requests->len == 0 && nv_problems_count (problems) == 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "%s: no VM in it: a line is `<vCPUs> <memory MiB>`",
                   file);
      return NV_EXIT_USAGE;
    }
  /* Bad lines are only looked at further, for more of them. */
  if (!options->dry_run && nv_problems_count (problems) == 0
      && !(lock = nv_lock_take (context->connection->uri, nv_say_waiting, context, error)))
    return NV_EXIT_FAILED;
  return place_and_make (&preparation, options, n_lines, since, error);
}

const NvCommand nv_command_up = {
  .name = "up",
  .summary = "place and start a VM for each line of input",
  .arguments = "[FILE|-]",
  .description =
      "Reads lines of `<vCPUs> <memory MiB> [key=value ...]` and, for each, makes a disk, defines a VM and starts it\n"
      "with its memory where the policy puts it. All lines are checked and placed before anything is made; if any VM\n"
      "fails, or on Ctrl-C, all that was made is taken away again.\n"
      "\n"
      "Keys: name, vcpus, memory (MiB), nodes, policy, cpus (free, same or a nodeset), pages, prealloc (yes or no),\n"
      "disk (a size or none), base, template. `#` begins a comment. VMs without a name are vm0, vm1, ...\n"
      "\n"
      "Without a base image and without a template of your own, a VM boots the distribution's kernel and a tiny\n"
      "guest that prints a line on its console.",
  .list = nv_list_policies,
  .examples = "# two VMs, their memory spread over all nodes\n"
              "printf '1 1024\\n2 2048\\n' | numavm up --policy interleave -\n"
              "# where would they go?\n"
              "numavm up --policy round-robin --dry-run examples/input1.txt",
  .needs = NV_NEEDS_CONNECTION,
  .options_size = sizeof (UpOptions),
  .options = up_options,
  .run = run_up,
};
