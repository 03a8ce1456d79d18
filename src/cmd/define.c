/* define: the domain XML of one VM, printed or defined. */

#include "cmd/command.h"
#include "cmd/prepare.h"
#include "cmd/show.h"
#include "vm/lock.h"

#include <stdio.h>
#include <string.h>

typedef struct
{
  char *name;
  char *memory;
  char *vcpus;
  char *policy;
  char *nodes;
  char *cpus;
  char *pages;
  char *disk;
  char *format;
  char *template;
  char *network;
  char *kernel;
  gboolean prealloc;
  gboolean print_xml;
} DefineOptions;

static const NvOption define_options[] = {
  { "name", 'n', NV_OPTION_STRING, G_STRUCT_OFFSET (DefineOptions, name), "NAME", "of the VM; needed" },
  { "memory", 'm', NV_OPTION_STRING, G_STRUCT_OFFSET (DefineOptions, memory), "MIB", "default 2048" },
  { "vcpus", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (DefineOptions, vcpus), "N", "default 1" },
  { "policy", 'p', NV_OPTION_STRING, G_STRUCT_OFFSET (DefineOptions, policy), "NAME",
    "where memory goes: see below; default: none" },
  { "nodes", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (DefineOptions, nodes), "N",
    "choose among the first N nodes that a VM may use; default: all" },
  { "cpus", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (DefineOptions, cpus), "free|same|NODES",
    "pin to the CPUs of these nodes, or of the memory's; default: free" },
  { "pages", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (DefineOptions, pages), "SIZE",
    "memory from huge pages of this size, such as 2M" },
  { "prealloc", 0, NV_OPTION_FLAG, G_STRUCT_OFFSET (DefineOptions, prealloc), NULL,
    "allocate all memory at start" },
  { "disk", 0, NV_OPTION_FILE, G_STRUCT_OFFSET (DefineOptions, disk), "IMAGE|none",
    "disk image; default: where `up` would make it" },
  { "format", 'f', NV_OPTION_STRING, G_STRUCT_OFFSET (DefineOptions, format), "qcow2|raw",
    "of the disk image; default qcow2" },
  { "template", 't', NV_OPTION_FILE, G_STRUCT_OFFSET (DefineOptions, template), "FILE",
    "domain XML of your own" },
  { "network", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (DefineOptions, network), "user|none|NAME",
    "instead of what the template says" },
  { "kernel", 0, NV_OPTION_FILE, G_STRUCT_OFFSET (DefineOptions, kernel), "FILE",
    "of the default guest; default: the newest one found" },
  { "print-xml", 0, NV_OPTION_FLAG, G_STRUCT_OFFSET (DefineOptions, print_xml), NULL,
    "print it, define nothing" },
  { NULL },
};

static NvRequest *
read_request (const DefineOptions *options, GError **error)
{
  g_autoptr (NvRequest) request = g_new0 (NvRequest, 1);
  const char *const settings[][2] = {
    { "name", options->name },
    { "vcpus", options->vcpus ? options->vcpus : "1" },
    { "memory", options->memory ? options->memory : "2048" },
    { "policy", options->policy ? options->policy : "none" },
    { "nodes", options->nodes },
    { "cpus", options->cpus ? options->cpus : "free" },
    { "pages", options->pages },
    { "prealloc", options->prealloc ? "yes" : "no" },
    { "template", options->template },
  };

  if (!options->name)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "define: a name is needed: -n NAME");
      return NULL;
    }
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    if (settings[i][1] && !nv_request_set (request, settings[i][0], settings[i][1], error))
      return NULL;
  request->has_disk = g_strcmp0 (options->disk, "none") != 0;
  return g_steal_pointer (&request);
}

static void
print_problems (NvProblems *problems)
{
  for (guint i = 0; i < nv_problems_count (problems); i++)
    nv_message ("%s", nv_problems_get (problems, i)->message);
}

static int
show_or_define (const NvPreparation *preparation, const DefineOptions *options, GError **error)
{
  NvConnection *connection = preparation->context->connection;
  const NvFleetMember *member = g_ptr_array_index (preparation->members, 0);
  const NvVm *vm = member->vm;
  g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *xml =
      connection->driver->render (connection, vm, member->template_xml, options->network, notes, error);

  if (!xml)
    return NV_EXIT_FAILED;
  for (guint i = 0; i < notes->len; i++)
    nv_note (preparation->context, "%s", (const char *)g_ptr_array_index (notes, i));
  if (vm->placement->note)
    nv_note (preparation->context, "%s", vm->placement->note);
  if (options->print_xml)
    {
      fputs (xml, stdout);
      return NV_EXIT_DONE;
    }
  if (!connection->driver->define (connection, vm, member->template_xml, options->network, error))
    return NV_EXIT_FAILED;
  if (preparation->context->common->json)
    nv_print_json (nv_vm_to_json (vm, nv_vm_state_name (NV_VM_STOPPED), 0));
  if (vm->disk && !g_file_test (vm->disk->path, G_FILE_TEST_EXISTS))
    nv_note (preparation->context, "its disk '%s' is not there yet: `numavm disk create` makes it",
             vm->disk->path);
  nv_note (preparation->context, "'%s' is defined: `numavm start` starts it", vm->name);
  return NV_EXIT_DONE;
}

static int
run_define (NvCommandContext *context, GError **error)
{
  const DefineOptions *options = context->options;
  g_autoptr (NvProblems) problems = nv_problems_new ("define");
  g_autoptr (GPtrArray) requests = g_ptr_array_new ();
  g_autoptr (NvRequest) request = read_request (options, error);
  g_autoptr (NvLock) lock = NULL;
  g_auto (NvPreparation) preparation = {
    .context = context,
    .requests = requests,
    .problems = problems,
    .network = options->network,
    .kernel = options->kernel,
    .disk_path = g_strcmp0 (options->disk, "none") == 0 ? NULL : options->disk,
    .refer_to_disks = TRUE,
    .only_print = options->print_xml,
  };

  if (!request || !nv_read_seed (context->common, &preparation.seed, NULL, error))
    return NV_EXIT_USAGE;
  if (context->n_arguments > 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "define: takes options only, not '%s'",
                   context->arguments[0]);
      return NV_EXIT_USAGE;
    }
  if (options->format && !nv_disk_format_parse (options->format, &preparation.disk_format))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "format '%s': qcow2 or raw is allowed", options->format);
      return NV_EXIT_USAGE;
    }
  g_ptr_array_add (requests, request);
  if (!options->print_xml && !(lock = nv_lock_take (context->connection->uri, NULL, NULL, error)))
    return NV_EXIT_FAILED;
  if (!nv_prepare_host (&preparation, error) || !nv_prepare_members (&preparation, error))
    return NV_EXIT_FAILED;
  if (nv_problems_count (problems) > 0)
    {
      print_problems (problems);
      return preparation.n_bad_inputs > 0 ? NV_EXIT_USAGE : NV_EXIT_FAILED;
    }
  return show_or_define (&preparation, options, error);
}

const NvCommand nv_command_define = {
  .name = "define",
  .summary = "make one VM's domain XML from a template; print or define it",
  .arguments = NULL,
  .description =
      "A template of your own is edited as a tree: name, uuid, memory, vcpu, pins, numatune, huge pages, type, emulator,\n"
      "the disk at %IMAGE_PATH%, the log of the serial port and numavm's metadata are set; all else is kept, comments\n"
      "too. %NAME% %UUID% %MEMORY% %CPU% and %IMAGE_PATH% are filled in wherever they stand.",
  .list = nv_list_policies,
  .examples = "# how would libvirt be told?\n"
              "numavm define -n db -m 4096 --vcpus 4 --policy round-robin --print-xml\n"
              "# a VM with a template and a disk of your own\n"
              "numavm define -n db --template mine.xml --disk /images/db.qcow2",
  .needs = NV_NEEDS_LIBVIRT,
  .options_size = sizeof (DefineOptions),
  .options = define_options,
  .run = run_define,
};
