/* lab: a command, or a shell, on an emulated machine of several NUMA nodes. */

#include "base/duration.h"
#include "base/size.h"
#include "cmd/command.h"
#include "host/facts.h"
#include "lab/lab.h"
#include "lab/out.h"
#include "report/table.h"

#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* As `timeout` has it, and docker: no command's own. */
enum
{
  EXIT_TIMEOUT = 124,
  EXIT_NO_LAB = 125,
};

typedef struct
{
  char *preset;
  char *nodes;
  char *memory;
  char *cpus;
  char *distances;
  char *huge_pages;
  char *timeout;
  char *out;
  char *kernel;
  char *accel;
  char *plugin;
} LabOptions;

static const NvOption lab_options[] = {
  { "preset", 'p', NV_OPTION_STRING, G_STRUCT_OFFSET (LabOptions, preset), "NAME",
    "a machine, see below; the other options change it" },
  { "nodes", 'n', NV_OPTION_STRING, G_STRUCT_OFFSET (LabOptions, nodes), "N", "NUMA nodes; default 4" },
  { "memory", 'm', NV_OPTION_STRING, G_STRUCT_OFFSET (LabOptions, memory), "SIZE[,SIZE...]",
    "of each node, or one for each, where 0 makes a node of CPUs only; default 1G" },
  { "cpus", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (LabOptions, cpus), "N[,N...]",
    "of the machine, dealt out evenly, or of each node, where 0 makes one of memory only; default: one a node" },
  { "distances", 'd', NV_OPTION_STRING, G_STRUCT_OFFSET (LabOptions, distances), "LIST",
    "of nodes whose indexes differ by 0, 1, ...: 10,16,22; or all rows, divided by `;`; default 10,20,30,..." },
  { "hugepages", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (LabOptions, huge_pages), "NODE:COUNT[,...]",
    "reserve huge pages of 2 MiB on some nodes" },
  { "timeout", 't', NV_OPTION_STRING, G_STRUCT_OFFSET (LabOptions, timeout), "TIME",
    "end the lab after that time, such as 90s; default: never" },
  { "out", 'o', NV_OPTION_FILE, G_STRUCT_OFFSET (LabOptions, out), "DIR",
    "where the files of $LAB_OUT go; default: lab-out here, if there are any" },
  { "kernel", 0, NV_OPTION_FILE, G_STRUCT_OFFSET (LabOptions, kernel), "FILE",
    "that the lab boots; default: the newest one found" },
  { "accel", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (LabOptions, accel), "kvm|tcg",
    "hardware or emulated CPUs; default: KVM where it can be used" },
  { "plugin", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (LabOptions, plugin), "FILE[,KEY=VALUE...]",
    "a plugin for QEMU's emulation, as its own option -plugin takes it" },
  { NULL },
};

/* KVM knows no plugins. */
static gboolean
read_accel (const LabOptions *options, gboolean *ret_kvm, GError **error)
{
  const char *text = options->accel;
  NvAccel accel;

  if (text && !nv_accel_parse (text, &accel))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "accelerator '%s': kvm or tcg is allowed", text);
      return FALSE;
    }
  if (text && accel == NV_ACCEL_KVM && options->plugin)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "plugin '%s': emulated CPUs only have some: --accel tcg",
                   options->plugin);
      return FALSE;
    }
  *ret_kvm = text ? accel == NV_ACCEL_KVM : !options->plugin && nv_kvm_usable ("/", NULL);
  return TRUE;
}

static gboolean
read_timeout (const char *text, guint64 *ret_ms, GError **error)
{
  guint64 ns = 0;

  if (text && !nv_duration_parse (text, &ns, error))
    {
      g_prefix_error (error, "timeout: ");
      return FALSE;
    }
  if (text && ns < NV_MS_IN_NS)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "timeout '%s': 1ms and more is allowed", text);
      return FALSE;
    }
  *ret_ms = ns / NV_MS_IN_NS;
  return TRUE;
}

static gboolean
read_options (const LabOptions *options, NvLab *lab, GError **error)
{
  const NvLabRequest request = {
    .nodes = options->nodes,
    .memory = options->memory,
    .cpus = options->cpus,
    .distances = options->distances,
    .huge_pages = options->huge_pages,
  };

  lab->kernel = options->kernel;
  lab->plugin = options->plugin;
  return nv_lab_machine_parse (&request, options->preset, &lab->machine, error)
         && read_timeout (options->timeout, &lab->timeout_ms, error)
         && read_accel (options, &lab->kvm, error);
}

static int
exit_status_of (const LabOptions *options, const NvLabEnd *end)
{
  switch (end->kind)
    {
    case NV_LAB_TIMEOUT:
      nv_message ("the lab did not end within %s", options->timeout);
      return EXIT_TIMEOUT;
    case NV_LAB_LEFT:
      return NV_EXIT_DONE;
    case NV_LAB_SIGNAL:
      raise ((int)end->status);
      return NV_EXIT_FAILED;
    default:
      return (int)end->status;
    }
}

/* @found: (nullable): the terminal, which is raw while the lab runs, as it was. */
static gboolean
run_at_terminal (const NvLab *lab, const struct termios *found, NvLabEnd *ret_end, GError **error)
{
  struct termios raw;
  gboolean ran;

  if (!found)
    return nv_lab_run (lab, ret_end, error);
  raw = *found;
  cfmakeraw (&raw);
  tcsetattr (STDIN_FILENO, TCSAFLUSH, &raw);
  ran = nv_lab_run (lab, ret_end, error);
  tcsetattr (STDIN_FILENO, TCSAFLUSH, found);
  return ran;
}

/* No problem of the lab has an exit status that could be its command's. */
static int
run_in_lab (NvCommandContext *context, NvLab *lab, const char *const *arguments, const struct termios *found)
{
  const LabOptions *options = context->options;
  g_autofree char *reason = nv_lab_unavailable (options->kernel), *directory = g_get_current_dir ();
  g_autoptr (GError) problem = NULL;
  g_autoptr (NvLabOut) out = NULL;
  NvLabEnd end = { 0 };
  gboolean ran;

  if (reason)
    {
      nv_message ("this machine can run no lab: %s", reason);
      return EXIT_NO_LAB;
    }
  out = nv_lab_out_open (options->out, &problem);
  if (out)
    {
      lab->job.directory = directory;
      lab->job.arguments = arguments;
      lab->job.out = out->path;
      lab->job.ordinary = geteuid () != 0;
      lab->output = STDOUT_FILENO;
      lab->errors = STDERR_FILENO;
      if (!lab->kvm)
        nv_note (context, "EMULATED: in a lab nodes and pages are the kernel's own, but times mean little");
    }
  ran = out && run_at_terminal (lab, found, &end, &problem);
  g_clear_pointer (&out, nv_lab_out_close);
  if (!ran)
    {
      nv_message ("%s", problem->message);
      return EXIT_NO_LAB;
    }
  return exit_status_of (options, &end);
}

static int
run_run (NvCommandContext *context, GError **error)
{
  NvLab lab = { 0 };

  if (context->n_arguments == 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "lab run: a command is needed, behind `--`");
      return NV_EXIT_USAGE;
    }
  if (!read_options (context->options, &lab, error))
    return NV_EXIT_USAGE;
  /* A terminal would be without line editing and Ctrl-C: that is `lab shell`. */
  lab.input = isatty (STDIN_FILENO) ? -1 : STDIN_FILENO;
  return run_in_lab (context, &lab, (const char *const *)context->arguments, NULL);
}

static int
run_shell (NvCommandContext *context, GError **error)
{
  const char *shell = g_getenv ("SHELL");
  const char *const arguments[] = { shell && *shell ? shell : "/bin/sh", NULL };
  NvLab lab = { .job.terminal = TRUE, .input = STDIN_FILENO };
  struct termios found;

  if (context->n_arguments > 0)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                 "lab shell: takes no arguments: `numavm lab run -- COMMAND`");
  else if (!isatty (STDIN_FILENO) || tcgetattr (STDIN_FILENO, &found) != 0)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                 "lab shell: standard input is no terminal: `numavm lab run -- sh` reads commands from it");
  if (*error || !read_options (context->options, &lab, error))
    return NV_EXIT_USAGE;
  nv_note (context, "the lab boots; `exit` or Ctrl-] ends it");
  return run_in_lab (context, &lab, arguments, &found);
}

/* --- presets --- */

/* Of --help. */
static char *
list_presets (void)
{
  GString *text = g_string_new ("Presets:");

  for (const NvLabPreset *preset = nv_lab_presets; preset->name; preset++)
    g_string_append_printf (text, "\n  %-12s%s", preset->name, preset->summary);
  return g_string_free (text, FALSE);
}

static void
print_presets_json (void)
{
  json_t *array = json_array ();

  for (const NvLabPreset *preset = nv_lab_presets; preset->name; preset++)
    json_array_append_new (array,
                           json_pack ("{s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s?}", "name", preset->name,
                                      "summary", preset->summary, "nodes", preset->request.nodes, "memory",
                                      preset->request.memory, "cpus", preset->request.cpus, "distances",
                                      preset->request.distances, "hugepages", preset->request.huge_pages));
  nv_print_json (json_pack ("{s:o}", "presets", array));
}

static int
run_presets (NvCommandContext *context, GError **error)
{
  g_autoptr (NvTable) table = NULL;
  g_autofree char *text = NULL;

  if (context->n_arguments > 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "lab presets: takes no arguments");
      return NV_EXIT_USAGE;
    }
  if (context->common->json)
    {
      print_presets_json ();
      return NV_EXIT_DONE;
    }
  table = nv_table_new ((const char *[]){ "PRESET", "WHAT IT IS", NULL });
  for (const NvLabPreset *preset = nv_lab_presets; preset->name; preset++)
    nv_table_add_row (table, (const char *[]){ preset->name, preset->summary, NULL });
  text = nv_table_format (table);
  fputs (text, stdout);
  return NV_EXIT_DONE;
}

static const struct
{
  const char *name;
  int (*run) (NvCommandContext *context, GError **error);
} verbs[] = {
  { "run", run_run },
  { "shell", run_shell },
  { "presets", run_presets },
};

static int
run_lab (NvCommandContext *context, GError **error)
{
  const char *verb = context->n_arguments > 0 ? context->arguments[0] : NULL;

  for (guint i = 0; verb && i < G_N_ELEMENTS (verbs); i++)
    if (strcmp (verbs[i].name, verb) == 0)
      {
        context->n_arguments--;
        context->arguments++;
        return verbs[i].run (context, error);
      }
  if (verb)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "lab '%s': run, shell or presets is allowed", verb);
  else
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "lab: say what to do: run, shell or presets");
  return NV_EXIT_USAGE;
}

const NvCommand nv_command_lab = {
  .name = "lab",
  .summary = "run a command on an emulated machine of several NUMA nodes",
  .arguments = "run -- COMMAND [ARGUMENT...] | shell | presets",
  .description =
      "A lab is a machine of QEMU's that boots this distribution's kernel, with this machine's root directory, "
      "read-only under an overlay in memory: the command, which is root there, finds the same programs, paths and "
      "working directory, and nothing that it writes reaches this machine but what is in the directory $LAB_OUT. /run "
      "and the VMs of this machine stay outside. The nodes are the kernel's own, and so is where pages are; memory on "
      "all of them is equally fast.\n\n"
      "run brings back what the command prints, and its exit status; 124 is that of a lab that was ended after "
      "--timeout, 125 of one that did not boot. shell is $SHELL on this terminal. When numavm ends, however that "
      "happens, so does the lab.\n\n"
      "It needs QEMU, virtiofsd and a kernel with modules for it, as the package linux-image-cloud-amd64 has it; an "
      "ordinary user also needs to be allowed user namespaces.",
  .list = list_presets,
  .examples = "numavm lab run --nodes 4 -- numactl -H\n"
              "numavm lab run --preset cpuless --out results -- sh -c 'numactl -H > $LAB_OUT/nodes'\n"
              "numavm lab shell --nodes 2 --memory 2G,1G --cpus 4 --distances 10,21",
  .without_vms = TRUE,
  .options_size = sizeof (LabOptions),
  .options = lab_options,
  .run = run_lab,
};
