/* define: the domain XML of one VM, printed or defined. */

#include "cmd/command.h"
#include "cmd/prepare.h"
#include "cmd/show.h"
#include "vm/lock.h"

#include <stdio.h>
#include <string.h>

typedef struct
{
  NvVmOptions vm;
  char *name;
  char *memory;
  char *vcpus;
  char *disk;
  gboolean print_xml;
} DefineOptions;

static const NvOption define_options[] = {
  { "name", 'n', NV_OPTION_STRING, G_STRUCT_OFFSET (DefineOptions, name), "NAME", "of the VM; needed" },
  { "memory", 'm', NV_OPTION_STRING, G_STRUCT_OFFSET (DefineOptions, memory), "MIB", "default 2048" },
  { "vcpus", 0, NV_OPTION_STRING, G_STRUCT_OFFSET (DefineOptions, vcpus), "N", "default 1" },
  NV_VM_OPTIONS (DefineOptions),
  { "disk", 0, NV_OPTION_FILE, G_STRUCT_OFFSET (DefineOptions, disk), "IMAGE|none",
    "disk image, from which the VM boots; default: where `up` would make an empty one" },
  { "print-xml", 0, NV_OPTION_FLAG, G_STRUCT_OFFSET (DefineOptions, print_xml), NULL,
    "print it, define nothing" },
  { NULL },
};

static NvRequest *
read_request (const DefineOptions *options, NvPreparation *preparation, GError **error)
{
  g_autoptr (NvRequest) request = g_new0 (NvRequest, 1);
  const char *const settings[][2] = {
    { "name", options->name },
    { "vcpus", options->vcpus ? options->vcpus : "1" },
    { "memory", options->memory ? options->memory : "2048" },
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
  return nv_vm_options_read (&options->vm, request, preparation, error) ? g_steal_pointer (&request) : NULL;
}

/* The user's own image: its format and size. */
static gboolean
read_image (const DefineOptions *options, NvPreparation *preparation, NvRequest *request, GError **error)
{
  const char *path = preparation->disk_path, *format = options->vm.format;
  g_autoptr (NvDiskInfo) info = NULL;

  if (!path)
    return TRUE;
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      if (!format && (g_str_has_suffix (path, ".raw") || g_str_has_suffix (path, ".img")))
        preparation->disk_format = NV_DISK_RAW;
      return TRUE;
    }
  info = nv_disk_info_read (path, format, error);
  if (!info)
    return FALSE;
  request->disk_bytes = info->virtual_bytes;
  request->base = g_strdup (info->base); /* so that `disk delete` spares it */
  if (nv_disk_format_parse (info->format, &preparation->disk_format))
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
               "image '%s': is '%s': qcow2 or raw is allowed (qemu-img convert)", path, info->format);
  return FALSE;
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
      connection->driver->render (connection, vm, member->template_xml, preparation->network, notes, error);

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
  if (!connection->driver->define (connection, vm, member->template_xml, preparation->network, error))
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
  g_autoptr (NvRequest) request = NULL;
  g_autoptr (NvLock) lock = NULL;
  g_auto (NvPreparation) preparation = {
    .context = context,
    .requests = requests,
    .problems = problems,
    .disk_path = g_strcmp0 (options->disk, "none") == 0 ? NULL : options->disk,
    .refer_to_disks = TRUE,
    .only_print = options->print_xml,
  };

  if (context->n_arguments > 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "define: takes options only, not '%s'",
                   context->arguments[0]);
      return NV_EXIT_USAGE;
    }
  if (!context->connection->driver->render)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                   "define: driver '%s' has no domain XML: use libvirt's, or `up`",
                   context->connection->driver->name);
      return NV_EXIT_USAGE;
    }
  request = read_request (options, &preparation, error);
  if (!request || !nv_read_seed (context->common, &preparation.seed, error)
      || !read_image (options, &preparation, request, error))
    return NV_EXIT_USAGE;
  g_ptr_array_add (requests, request);
  if (!options->print_xml
      && !(lock = nv_lock_take (context->connection->uri, nv_say_waiting, context, error)))
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
  .needs = NV_NEEDS_CONNECTION,
  .options_size = sizeof (DefineOptions),
  .options = define_options,
  .run = run_define,
};
