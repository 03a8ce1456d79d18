/* run: an experiment, from nothing to a table: fleets are booted, measured and taken down. */

#include "base/duration.h"
#include "cmd/command.h"
#include "cmd/prepare.h"
#include "cmd/run-show.h"
#include "experiment/run.h"
#include "experiment/transfer.h"
#include "image/default-guest.h"
#include "report/topology.h"
#include "vm/disk.h"
#include "vm/lock.h"

#include <string.h>

#define DEFAULT_STORE "numavm.db"

/* Ten times what the default guest needs where it is emulated, and five times what a Debian does. */
#define GUEST_BOOT_TIMEOUT_NS  (120000 * NV_MS_IN_NS)
#define SYSTEM_BOOT_TIMEOUT_NS (300000 * NV_MS_IN_NS)

typedef struct
{
  char *quick;
  char *db;
  char *prefix;
  char *network;
  char *kernel;
  char *image;
  char *results;
  gboolean hold;
} RunOptions;

static const NvOption run_options[] = {
  { "quick", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (RunOptions, quick), "KEYS",
    "what to compare and measure: see below" },
  { "db", 0, NV_OPTION_FILE, G_STRUCT_OFFSET (RunOptions, db), "FILE",
    "where every raw value is kept; made if it is not there; default: " DEFAULT_STORE },
  { "prefix", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (RunOptions, prefix), "TEXT",
    "put before every VM's name; default: run- and four letters of its own" },
  { "network", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (RunOptions, network), "user|none|NAME",
    "of the VMs; default: what the built-in template says" },
  { "kernel", 0, NV_OPTION_FILE, G_STRUCT_OFFSET (RunOptions, kernel), "FILE",
    "of the guests; default: the newest one found" },
  { "image", 0, NV_OPTION_FILE, G_STRUCT_OFFSET (RunOptions, image), "DIR",
    "guests from what `numavm image build` made" },
  { "results", 0, NV_OPTION_FILE, G_STRUCT_OFFSET (RunOptions, results), "DIR",
    "with transport=scp: keep what the guests sent, in DIR/POLICY/VM/" },
  { "hold", 0, NV_OPTION_FLAG, G_STRUCT_OFFSET (RunOptions, hold), NULL, "leave the last fleet up" },
  { NULL },
};

typedef struct
{
  NvCommandContext *context;
  const RunOptions *options;
  const NvQuickPlan *plan;
  char *prefix;
} Runner;

/* What is sent by scp comes by QEMU's own network. */
static const char *
choose_network (const Runner *runner)
{
  if (!runner->options->network && runner->plan->transport == NV_TRANSPORT_SCP)
    return "user";
  return runner->options->network;
}

/* One request a VM, all alike. */
static GPtrArray *
make_requests (const Runner *runner, const NvPolicy *policy)
{
  GPtrArray *requests = g_ptr_array_new_with_free_func ((GDestroyNotify)nv_request_free);

  for (guint i = 0; i < runner->plan->n_vms; i++)
    {
      NvRequest *request = nv_request_copy (runner->plan->request);

      request->index = i;
      request->name = g_strdup_printf ("%svm%u", runner->prefix, i);
      request->policy = policy;
      g_ptr_array_add (requests, request);
    }
  return requests;
}

static GPtrArray *
make_members (const NvPolicy *policy, guint64 seed, gpointer data, GError **error)
{
  const Runner *runner = data;
  g_autoptr (GPtrArray) requests = make_requests (runner, policy);
  g_autoptr (NvProblems) problems = nv_problems_new ("run");
  g_auto (NvPreparation) preparation = {
    .context = runner->context,
    .requests = requests,
    .problems = problems,
    .seed = seed,
    .network = choose_network (runner),
    .kernel = runner->options->kernel,
    .image = runner->options->image,
  };

  if (!nv_prepare_host (&preparation, error) || !nv_prepare_members (&preparation, error))
    return NULL;
  if (nv_problems_count (problems) == 0)
    return g_steal_pointer (&preparation.members);
  g_set_error (error, NV_ERROR, NV_ERROR_NO_FIT, "policy '%s': %s", policy->name,
               nv_problems_get (problems, 0)->message);
  return NULL;
}

static struct NvLock *
take_lock (gpointer data, GError **error)
{
  const Runner *runner = data;

  return nv_lock_take (runner->context->connection->uri, nv_say_waiting, runner->context, error);
}

static void
show_progress (const NvRunProgress *progress, gpointer data)
{
  nv_run_show_progress (((const Runner *)data)->context, progress);
}

/* What a person would type to have it again: all that what is measured may depend on. */
static char *
format_command (const NvCommandContext *context, guint64 seed)
{
  const RunOptions *options = context->options;
  const NvCommonOptions *common = context->common;
  GString *command = g_string_new ("numavm run");

  nv_command_append (command, "--driver", context->connection->driver->name);
  nv_command_append (command, "--connect", common->connect);
  nv_command_append (command, "--accel", common->accel);
  nv_command_append (command, "--network", options->network);
  nv_command_append (command, "--kernel", options->kernel);
  nv_command_append (command, "--image", options->image);
  g_string_append_printf (command, " --seed %" G_GUINT64_FORMAT, seed);
  nv_command_append (command, "--quick", options->quick);
  return g_string_free (command, FALSE);
}

static gboolean
check_arguments (const NvCommandContext *context, GError **error)
{
  const RunOptions *options = context->options;

  if (options->image && options->kernel)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "--image '%s': has its own kernel: leave out --kernel",
                   options->image);
      return FALSE;
    }
  if (context->n_arguments == 0 && options->quick)
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
               "run: what to measure is said by --quick \"KEY=VALUE ...\", such as "
               "--quick \"policies=interleave,round-robin vms=2 kernels=triad\"");
  return FALSE;
}

/* Before anything is made: is there one system that guests boot? A whole one has longer to boot, unless the
 * plan says how long. */
static gboolean
check_system (const RunOptions *options, NvQuickPlan *plan, GError **error)
{
  const char *base = plan->request->base;
  g_autoptr (NvGuest) guest = NULL;
  g_autoptr (NvDiskInfo) info = NULL;

  if (base && (options->image || options->kernel))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                   "base '%s': a disk's system has its own kernel: leave out --%s, or base=", base,
                   options->image ? "image" : "kernel");
      return FALSE;
    }
  if (base && !(info = nv_disk_info_read (base, NULL, error)))
    return FALSE;
  if (options->image && !(guest = nv_guest_of_image (options->image, error)))
    return FALSE;
  if (plan->boot_timeout_ns == 0)
    plan->boot_timeout_ns = base || (guest && guest->disk) ? SYSTEM_BOOT_TIMEOUT_NS : GUEST_BOOT_TIMEOUT_NS;
  return TRUE;
}

/* Before anything is made: can guests send files, and where do they go? */
static gboolean
check_transport (const RunOptions *options, const NvQuickPlan *plan, GError **error)
{
  if (plan->transport != NV_TRANSPORT_SCP)
    {
      if (options->results)
        g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                     "--results '%s': guests send files only with transport=scp", options->results);
      return !options->results;
    }
  if (options->network && strcmp (options->network, "user") != 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                   "--network '%s': transport=scp needs QEMU's own network: --network user, or leave it out",
                   options->network);
      return FALSE;
    }
  if (!options->image && !plan->request->base)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                   "transport=scp: the default guest has no scp: --image DIR of `numavm image build "
                   "--distribution` has, or a system of your own, base=DISK");
      return FALSE;
    }
  for (guint i = 0; options->results && i < plan->policies->len; i++)
    {
      const NvPolicy *policy = g_ptr_array_index (plan->policies, i);
      g_autofree char *path = g_build_filename (options->results, policy->name, NULL);

      if (!g_file_test (path, G_FILE_TEST_EXISTS))
        continue;
      g_set_error (error, NV_ERROR, NV_ERROR_EXISTS, "results '%s' are there already: name another folder",
                   path);
      return FALSE;
    }
  return nv_transfer_check (error);
}

static NvStore *
open_store (const RunOptions *options, GError **error)
{
  return nv_store_open (options->db ? options->db : DEFAULT_STORE, NV_STORE_CREATE, error);
}

static int
run_plan (Runner *runner, const NvQuickPlan *plan, guint64 seed, GError **error)
{
  NvCommandContext *context = runner->context;
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (NvPreparation) preparation = { .context = context };
  g_autofree char *command = format_command (context, seed);
  g_autoptr (NvStore) store = NULL;
  g_auto (NvRunResult) result = { 0 };
  NvSignals signals;
  json_t *host;
  gboolean done;

  if (!nv_prepare_host (&preparation, error) || !(store = open_store (runner->options, error)))
    return NV_EXIT_FAILED;
  if (preparation.accel == NV_ACCEL_TCG)
    nv_note (context, "EMULATED: these figures compare emulators, not memory (%s)",
             preparation.emulation_reason);
  host = nv_topology_to_json (preparation.host->host);
  nv_signals_cancel (&signals, cancellable);
  done = nv_run (&(const NvRun){ .plan = plan,
                                 .connection = context->connection,
                                 .store = store,
                                 .network = choose_network (runner),
                                 .results = runner->options->results,
                                 .command = command,
                                 .host = host,
                                 .accel = preparation.accel,
                                 .seed = seed,
                                 .hold = runner->options->hold,
                                 .cancellable = cancellable,
                                 .make_members = make_members,
                                 .take_lock = take_lock,
                                 .progress = show_progress,
                                 .data = runner },
                 &result, error);
  nv_signals_restore (&signals);
  nv_end_progress (context);
  json_decref (host);
  if (result.total_us > 0)
    nv_run_show_result (context, &result, runner->prefix, preparation.accel == NV_ACCEL_TCG,
                        runner->options->db ? runner->options->db : DEFAULT_STORE);
  if (!done)
    return NV_EXIT_FAILED;
  return nv_run_result_holds (&result) ? NV_EXIT_DONE : NV_EXIT_DOES_NOT_HOLD;
}

static int
run_run (NvCommandContext *context, GError **error)
{
  const RunOptions *options = context->options;
  g_autoptr (NvQuickPlan) plan = NULL;
  Runner runner = { .context = context, .options = options };
  guint64 seed;
  int status;

  if (!check_arguments (context, error) || !nv_read_seed (context->common, &seed, error)
      || !(plan = nv_quick_plan_parse (options->quick, error)) || !check_transport (options, plan, error)
      || !check_system (options, plan, error))
    return NV_EXIT_USAGE;
  runner.plan = plan;
  runner.prefix =
      options->prefix ? g_strdup (options->prefix) : g_strdup_printf ("run-%04x-", g_random_int () & 0xffff);
  if (!context->common->seed)
    nv_note (context, "seed %" G_GUINT64_FORMAT " (repeat with --seed %" G_GUINT64_FORMAT ")", seed, seed);
  status = run_plan (&runner, plan, seed, error);
  g_free (runner.prefix);
  return status;
}

const NvCommand nv_command_run = {
  .name = "run",
  .summary = "boot fleets of VMs under each policy, measure inside them, keep every value",
  .arguments = "",
  .description =
      "For each policy: boots a fleet of benchmark guests, looks where their memory is, starts the kernels in all of\n"
      "them at one moment, samples the kernel's counters in guests and host all along, looks again, and takes the fleet\n"
      "down. Every raw value goes into one SQLite file. Exit status 3: some VM's memory was not where it was placed.\n"
      "\n"
      "Keys of --quick: policies=LIST, vms=N; of each VM vcpus, memory (MiB), nodes, cpus, pages, prealloc, base, disk, as\n"
      "in a line of `up`; of each guest kernels=LIST, iterations=N, size, access, threads and what else `numavm bench\n"
      "--help` has (guest-pages and guest-cpus for its pages and cpus); interval of the samples, 0 for none; boot-timeout.\n"
      "\n"
      "base=DISK: VMs boot the system on that disk, each from an overlay of its own (disk=SIZE: of that size), which is\n"
      "removed with its VM. It needs numavm's guest service: a --distribution has it, `numavm image guest -o DIR` is it.\n"
      "\n"
      "Instead of kernels any program that the guests have: workload=COMMAND, its words as a shell reads them (no shell\n"
      "runs it: sh -c '...' does); for each number in what it prints metric=NAME:PATTERN, an extended regular expression\n"
      "whose first group is the number, or with format=json a pointer such as /results/0/rate; unit=UNIT and\n"
      "better=higher|lower, before the first metric for all, after one for that; iterations=N runs, of at most timeout=TIME\n"
      "each, by default 10m. workload=@FILE reads these keys from a file, one a line, as those in examples/workloads\n"
      "(installed: share/numavm/workloads).\n"
      "A program that is missing, fails, hangs or prints nothing that matches ends the run; what was measured stays.\n"
      "\n"
      "transport=scp: the guests write files (results, output, samples) and send them by scp to an sshd of numavm's own,\n"
      "one folder a VM; the store gets the same. For root, with an --image of `numavm image build --distribution`, or base=.\n"
      "A guest's files come when it is through: interrupting such a run keeps what those guests have that are.\n"
      "\n"
      "Defaults: policies=none vms=1 vcpus=1 memory=1024 cpus=free prealloc=yes kernels=triad,chase iterations=10\n"
      "interval=100ms boot-timeout=120s, or 300s for a system with a disk. Arrays have the same size in all guests of all\n"
      "arms: what the guests of the first boot would choose themselves, unless size says it.\n"
      "\n"
      "P5 and P95 are shown from 20 iterations on.",
  .list = nv_list_policies,
  .examples =
      "# two policies, two VMs each\n"
      "numavm run --quick \"policies=interleave,round-robin vms=2 kernels=triad,gather iterations=5\" --db t.db\n"
      "# a program of the image\n"
      "numavm run --image DIR --quick \"workload=@examples/workloads/stress-ng.workload vms=2\"\n"
      "# a system of your own\n"
      "numavm run --quick \"base=debian.qcow2 kernels=triad\"\n"
      "# all values of the last run\n"
      "sqlite3 t.db 'select * from iteration'",
  .needs = NV_NEEDS_CONNECTION,
  .options_size = sizeof (RunOptions),
  .options = run_options,
  .run = run_run,
};
