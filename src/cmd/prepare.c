#include "cmd/prepare.h"

#include "base/size.h"
#include "image/default-guest.h"
#include "vm/domain-xml.h"
#include "vm/reservations.h"
#include "vm/state.h"

#include <string.h>

/* Files that several requests name are read once. */
typedef struct
{
  NvPreparation *preparation;
  GHashTable *templates; /* path -> text */
  GHashTable *bases;     /* path -> NvDiskInfo */
  NvGuest *guest;
  char *disk_dir;
  char *consoles_dir;
} Builder;

static void
choose_accel (NvPreparation *preparation)
{
  const char *wanted = preparation->context->common->accel;

  if (!wanted || !nv_accel_parse (wanted, &preparation->accel))
    preparation->accel = preparation->host->kvm_usable ? NV_ACCEL_KVM : NV_ACCEL_TCG;
  if (preparation->accel == NV_ACCEL_TCG)
    preparation->emulation_reason = wanted || !preparation->host->kvm_reason
                                        ? g_strdup ("as asked for")
                                        : g_strdup (preparation->host->kvm_reason);
}

gboolean
nv_vm_options_read (const NvVmOptions *options, NvRequest *request, NvPreparation *preparation,
                    GError **error)
{
  const char *const settings[][2] = {
    { "policy", options->policy ? options->policy : "none" }, { "nodes", options->nodes },
    { "cpus", options->cpus ? options->cpus : "free" },       { "pages", options->pages },
    { "prealloc", options->prealloc ? "yes" : "no" },         { "template", options->template },
  };

  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    if (settings[i][1] && !nv_request_set (request, settings[i][0], settings[i][1], error))
      return FALSE;
  if (options->format && !nv_disk_format_parse (options->format, &preparation->disk_format))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "format '%s': qcow2 or raw is allowed", options->format);
      return FALSE;
    }
  if (options->image && options->kernel)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "--image '%s': has its own kernel: leave out --kernel",
                   options->image);
      return FALSE;
    }
  preparation->network = options->network;
  preparation->kernel = options->kernel;
  preparation->image = options->image;
  return TRUE;
}

gboolean
nv_prepare_host (NvPreparation *preparation, GError **error)
{
  NvConnection *connection = preparation->context->connection;

  preparation->host = connection->driver->host (connection, error);
  if (preparation->host)
    choose_accel (preparation);
  return preparation->host != NULL;
}

/* Reads a template of the user's, once. NULL with a problem. */
static const char *
read_template (Builder *builder, const char *path, GError **error)
{
  char *text = g_hash_table_lookup (builder->templates, path);

  if (text)
    return text;
  text = nv_read_file ("template", path, NULL, error);
  if (text)
    g_hash_table_insert (builder->templates, g_strdup (path), text);
  return text;
}

static const NvDiskInfo *
read_base (Builder *builder, const char *path, GError **error)
{
  NvDiskInfo *info = g_hash_table_lookup (builder->bases, path);

  if (info)
    return info;
  info = nv_disk_info_read (path, NULL, error);
  if (info)
    g_hash_table_insert (builder->bases, g_strdup (path), info);
  return info;
}

/* The machine type's limit, and what can be said of the request before planning. */
static void
check_request (Builder *builder, const NvRequest *request)
{
  NvPreparation *preparation = builder->preparation;
  NvConnection *connection = preparation->context->connection;
  g_autoptr (NvTemplate) template = NULL;
  const char *template_xml = NULL, *machine;
  GError *error = NULL;

  if (request->template_file)
    template_xml = read_template (builder, request->template_file, &error);
  if (!error)
    template = nv_template_parse (template_xml, &error);
  if (!template)
    {
      if (template_xml)
        g_prefix_error (&error, "template '%s': ", request->template_file);
      nv_problems_take_error (preparation->problems, request->line, error);
      return;
    }
  machine = nv_template_machine (template);
  nv_request_check (request, preparation->host->host, connection->driver->max_vcpus (connection, machine),
                    machine, preparation->problems);
}

/* An image of the user's own has a system of its own. */
static gboolean
boots_default_guest (const NvPreparation *preparation, const NvRequest *request)
{
  return !request->template_file && !request->base && !preparation->disk_path;
}

/* (nullable): the disk of the image that the VM boots. */
static const char *
image_disk_of (const Builder *builder, const NvRequest *request)
{
  return builder->guest && boots_default_guest (builder->preparation, request) ? builder->guest->disk : NULL;
}

/* A request that no line made has no disk of its own, which says nothing against that of an image. */
static gboolean
wants_disk (const Builder *builder, const NvRequest *request, gboolean *ret_wants, GError **error)
{
  const char *image_disk = image_disk_of (builder, request);

  *ret_wants = request->has_disk || image_disk;
  if (request->has_disk || !image_disk || request->line == 0)
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
               "disk 'none': the image '%s' starts from its disk: leave it out, or the image",
               builder->preparation->image);
  return FALSE;
}

static NvDisk *
build_disk (Builder *builder, const NvRequest *request, GError **error)
{
  const NvPreparation *preparation = builder->preparation;
  const char *image_disk = image_disk_of (builder, request);
  g_autofree char *base =
      request->base ? g_canonicalize_filename (request->base, NULL) : g_strdup (image_disk);
  g_autofree char *path = preparation->disk_path
                              ? g_canonicalize_filename (preparation->disk_path, NULL)
                              : nv_disk_path (builder->disk_dir, request->name, preparation->disk_format);
  const NvDiskInfo *info = NULL;
  guint64 size_bytes = request->disk_bytes;
  gboolean makes = !preparation->refer_to_disks;
  NvDisk *disk;

  if (makes && base && preparation->disk_format == NV_DISK_RAW)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                   "base '%s': a raw disk cannot be an overlay: leave out --format raw, or the base", base);
      return NULL;
    }
  if (makes && base && !(info = read_base (builder, base, error)))
    return NULL;
  if (size_bytes == 0)
    size_bytes = info ? info->virtual_bytes : NV_DISK_DEFAULT_BYTES;
  if (info && size_bytes < info->virtual_bytes)
    {
      g_autofree char *wanted = nv_size_format (size_bytes);
      g_autofree char *needed = nv_size_format (info->virtual_bytes);

      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "disk '%s': smaller than its base '%s', which has %s",
                   wanted, base, needed);
      return NULL;
    }
  if (makes && g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_EXISTS,
                   "disk '%s' exists: `numavm disk delete` removes it, another name or --prefix avoids it",
                   path);
      return NULL;
    }
  disk = nv_disk_new (path, preparation->disk_format, size_bytes, base);
  disk->created = makes;
  return disk;
}

static NvVm *
build_vm (Builder *builder, const NvRequest *request, NvPlacement *taken_placement, GError **error)
{
  NvPreparation *preparation = builder->preparation;
  g_autoptr (NvVm) vm = nv_vm_new ();
  gboolean has_disk;

  vm->name = g_strdup (request->name);
  vm->uuid = g_uuid_string_random ();
  vm->vcpus = request->vcpus;
  vm->memory_bytes = request->memory_bytes;
  vm->placement = taken_placement;
  vm->seed = preparation->seed;
  vm->index = request->index;
  vm->accel = preparation->accel;
  vm->cdrom = g_strdup (preparation->cdrom);
  if (builder->consoles_dir)
    vm->console_log = g_strdup_printf ("%s/%s.log", builder->consoles_dir, vm->uuid);
  if (!wants_disk (builder, request, &has_disk, error)
      || (has_disk && !(vm->disk = build_disk (builder, request, error))))
    return NULL;
  if (boots_default_guest (preparation, request) && builder->guest)
    {
      vm->kernel = g_strdup (builder->guest->kernel);
      vm->initrd = g_strdup (builder->guest->initrd);
      vm->command_line = g_strdup (builder->guest->command_line);
    }
  return g_steal_pointer (&vm);
}

/* What the driver can say before anything is made. */
static gboolean
check_with_driver (const NvPreparation *preparation, const NvFleetMember *member, GError **error)
{
  NvConnection *connection = preparation->context->connection;
  gboolean exists = FALSE;

  if (preparation->only_print)
    return TRUE;
  if (!connection->driver->exists (connection, member->vm->name, &exists, error))
    return FALSE;
  if (exists)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_EXISTS,
                   "name '%s': a VM of that name exists; another name or --prefix avoids it",
                   member->vm->name);
      return FALSE;
    }
  return connection->driver->check (connection, member->vm, member->template_xml, preparation->network,
                                    error);
}

static NvFleetMember *
build_member (Builder *builder, const NvRequest *request, NvPlacement *taken_placement, GError **error)
{
  NvFleetMember *member = g_new0 (NvFleetMember, 1);

  if (request->template_file)
    member->template_xml = g_strdup (read_template (builder, request->template_file, error));
  member->vm = build_vm (builder, request, taken_placement, error);
  if (member->vm && check_with_driver (builder->preparation, member, error))
    return member;
  nv_fleet_member_free (member);
  return NULL;
}

/* Places that several VMs share: made or found once. */
static gboolean
find_places (Builder *builder, GError **error)
{
  NvPreparation *preparation = builder->preparation;
  g_autofree char *guest_dir = NULL;
  gboolean good = nv_problems_count (preparation->problems) == 0;
  gboolean makes = good && !preparation->no_guest && !preparation->only_print;
  gboolean needs_guest = FALSE;

  for (guint i = 0; i < preparation->requests->len; i++)
    needs_guest |= boots_default_guest (preparation, g_ptr_array_index (preparation->requests, i));
  /* An image is only looked at, and says what disk there will be. */
  if (!good || (preparation->no_guest && !preparation->image))
    needs_guest = FALSE;
  if (preparation->context->connection->remote)
    {
      g_set_error (
          error, NV_ERROR, NV_ERROR_UNAVAILABLE,
          "'%s' is on another machine: numavm makes disks and guests on its own machine only, run it there",
          preparation->context->connection->uri);
      return FALSE;
    }
  builder->disk_dir = preparation->disk_dir ? g_canonicalize_filename (preparation->disk_dir, NULL)
                      : makes               ? nv_state_disks_dir (error)
                                            : nv_state_path ("disks");
  if (!builder->disk_dir)
    return FALSE;
  if (preparation->disk_dir && !g_file_test (builder->disk_dir, G_FILE_TEST_IS_DIR))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "directory '%s': there is none", builder->disk_dir);
      return FALSE;
    }
  builder->consoles_dir = makes ? nv_state_consoles_dir (error) : nv_state_path ("consoles");
  guest_dir = makes ? nv_state_guest_dir (error) : nv_state_path ("guest");
  if (!builder->consoles_dir || !guest_dir)
    return FALSE;
  if (needs_guest)
    builder->guest = preparation->image ? nv_guest_of_image (preparation->image, error)
                                        : nv_guest_default (preparation->kernel, guest_dir, makes, error);
  if (needs_guest && !builder->guest && (preparation->kernel || preparation->image) && error)
    (*error)->code = NV_ERROR_USAGE; /* of the option */
  return builder->guest || !needs_guest;
}

static void
builder_clear (Builder *builder)
{
  g_clear_pointer (&builder->templates, g_hash_table_unref);
  g_clear_pointer (&builder->bases, g_hash_table_unref);
  g_clear_pointer (&builder->guest, nv_guest_free);
  g_clear_pointer (&builder->disk_dir, g_free);
  g_clear_pointer (&builder->consoles_dir, g_free);
}

static void
destroy_info (gpointer data)
{
  nv_disk_info_free (data);
}

static void
destroy_member (gpointer data)
{
  nv_fleet_member_free (data);
}

/* Requests without a problem of their own; the others would only hide it behind problems that follow. */
static GPtrArray *
good_requests (const NvPreparation *preparation)
{
  GPtrArray *good = g_ptr_array_new ();

  for (guint i = 0; i < preparation->requests->len; i++)
    {
      NvRequest *request = g_ptr_array_index (preparation->requests, i);

      if (request->line == 0 ? nv_problems_count (preparation->problems) == 0
                             : !nv_problems_line_is_bad (preparation->problems, request->line))
        g_ptr_array_add (good, request);
    }
  return good;
}

static gboolean
plan_and_build (Builder *builder, GError **error)
{
  NvPreparation *preparation = builder->preparation;
  g_autoptr (GPtrArray) good = good_requests (preparation);
  g_autoptr (NvLedger) ledger = NULL;
  g_autoptr (GPtrArray) placements = NULL;

  ledger = nv_reservations_read (preparation->context->connection, preparation->host, error);
  if (!ledger)
    return FALSE;
  placements = nv_plan (preparation->host->host, ledger, good, preparation->seed, preparation->problems);
  for (guint i = 0; i < good->len; i++)
    {
      const NvRequest *request = g_ptr_array_index (good, i);
      NvPlacement *placement = g_steal_pointer (&g_ptr_array_index (placements, i));
      GError *problem = NULL;
      NvFleetMember *member = placement ? build_member (builder, request, placement, &problem) : NULL;

      if (member)
        g_ptr_array_add (preparation->members, member);
      else if (problem)
        {
          preparation->n_bad_inputs++;
          nv_problems_take_error (preparation->problems, request->line, problem);
        }
    }
  return TRUE;
}

gboolean
nv_prepare_members (NvPreparation *preparation, GError **error)
{
  Builder builder = {
    .preparation = preparation,
    .templates = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free),
    .bases = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, destroy_info),
  };
  gboolean prepared;

  preparation->members = g_ptr_array_new_with_free_func (destroy_member);
  for (guint i = 0; i < preparation->requests->len; i++)
    check_request (&builder, g_ptr_array_index (preparation->requests, i));
  preparation->n_bad_inputs = nv_problems_count (preparation->problems);
  preparation->n_bad_lines = nv_problems_count_lines (preparation->problems);
  prepared = find_places (&builder, error) && plan_and_build (&builder, error);
  builder_clear (&builder);
  return prepared;
}

char *
nv_list_policies (void)
{
  GString *text = g_string_new ("Policies:");

  for (guint i = 0; nv_policies[i]; i++)
    g_string_append_printf (text, "\n  %-12s%s", nv_policies[i]->name, nv_policies[i]->summary);
  return g_string_free (text, FALSE);
}

void
nv_preparation_clear (NvPreparation *preparation)
{
  g_clear_pointer (&preparation->host, nv_driver_host_free);
  g_clear_pointer (&preparation->emulation_reason, g_free);
  g_clear_pointer (&preparation->members, g_ptr_array_unref);
}
