/* disk: makes, lists and removes disks. */

#include "base/size.h"
#include "cmd/command.h"
#include "cmd/select.h"
#include "report/table.h"
#include "vm/disk.h"
#include "vm/state.h"

#include <stdio.h>
#include <string.h>

/* More of them only wait for the disk. */
#define MAX_THREADS 8

typedef struct
{
  char *size;
  char *format;
  char *base;
  char *dir;
  gboolean copy;
  gboolean force;
} DiskOptions;

/* Returns: (transfer full). */
static char *
choose_dir (const DiskOptions *options, GError **error)
{
  if (!options->dir)
    return nv_state_disks_dir (error);
  if (g_file_test (options->dir, G_FILE_TEST_IS_DIR))
    return g_canonicalize_filename (options->dir, NULL);
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "directory '%s': there is none", options->dir);
  return NULL;
}

/* Prints an error about one of several disks and takes it. Returns: the exit status so far. */
static int
report (GError *error, int status)
{
  gboolean usage = g_error_matches (error, NV_ERROR, NV_ERROR_USAGE);

  nv_message ("%s", error->message);
  g_error_free (error);
  return MAX (status, usage ? NV_EXIT_USAGE : NV_EXIT_FAILED);
}

/* What VMs there are, and which disks they use. */

static gboolean
add_vms (GPtrArray *all, NvConnection *connection, GError **error)
{
  g_autoptr (GPtrArray) infos = connection ? connection->driver->list (connection, NULL, error) : NULL;

  if (!infos)
    return FALSE;
  g_ptr_array_extend_and_steal (all, g_steal_pointer (&infos));
  return TRUE;
}

/* The VMs of the connection that the options name must be known; the other drivers' are looked at where that
 * works, for their disks are in the same directory.
 * Returns: (transfer full) (element-type NvVmInfo). */
static GPtrArray *
collect_vms (const NvCommonOptions *common, GError **error)
{
  g_autoptr (GPtrArray) all = nv_vm_infos_new ();
  g_autoptr (NvConnection) chosen = nv_open_connection (common, error);

  if (!add_vms (all, chosen, error))
    return NULL;
  for (guint i = 0; nv_drivers[i]; i++)
    {
      g_autofree char *reason = nv_drivers[i]->unavailable ();
      g_autoptr (NvConnection) other =
          reason || nv_drivers[i] == chosen->driver ? NULL : nv_drivers[i]->open (NULL, NULL);

      add_vms (all, other, NULL);
    }
  return g_steal_pointer (&all);
}

/* create */

typedef struct Batch Batch;

typedef struct
{
  Batch *batch;
  NvDisk *disk;
  GError *error;
} Job;

struct Batch
{
  GPtrArray *jobs; /* of Job */
  NvDiskMaker *maker;
  NvDiskFlags flags;
  GCancellable *cancellable;
  guint n_done;
};

static void
job_free (gpointer data)
{
  Job *job = data;

  nv_disk_free (job->disk);
  g_clear_error (&job->error);
  g_free (job);
}

static const char *
extension_of (NvDiskFormat format)
{
  return format == NV_DISK_QCOW2 ? ".qcow2" : ".raw";
}

/* The format that the name's extension says, if it is one. */
static gboolean
read_extension (const char *name, NvDiskFormat *ret_format)
{
  for (NvDiskFormat format = NV_DISK_QCOW2; format <= NV_DISK_RAW; format++)
    if (g_str_has_suffix (name, extension_of (format)))
      {
        *ret_format = format;
        return TRUE;
      }
  return FALSE;
}

static gboolean
check_name (const char *name, GError **error)
{
  if (strchr (name, '/'))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "disk '%s': a name is wanted; --dir names the directory",
                   name);
      return FALSE;
    }
  if (*name != '.' && *name && g_utf8_validate (name, -1, NULL))
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
               "disk '%s': a name is UTF-8, not empty, and does not begin with a dot", name);
  return FALSE;
}

/* Returns: (transfer full). */
static NvDisk *
order_disk (const DiskOptions *options, const char *dir, const char *name, GError **error)
{
  g_autofree char *base = options->base ? g_canonicalize_filename (options->base, NULL) : NULL;
  guint64 size_bytes = base ? 0 : NV_DISK_DEFAULT_BYTES;
  NvDiskFormat format = NV_DISK_QCOW2, named;
  g_autofree char *path = NULL;
  gboolean has_extension;

  if (!check_name (name, error))
    return NULL;
  has_extension = read_extension (name, &named);
  if (options->format && !nv_disk_format_parse (options->format, &format))
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "format '%s': qcow2 or raw is allowed", options->format);
  else if (options->format && has_extension && named != format)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "disk '%s': its name says %s, --format says %s", name,
                 nv_disk_format_name (named), options->format);
  else if (base && !g_file_test (base, G_FILE_TEST_EXISTS))
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "base '%s': there is none", base);
  else if (!options->size || nv_size_parse (options->size, &size_bytes, error))
    {
      path = has_extension ? g_build_filename (dir, name, NULL) : nv_disk_path (dir, name, format);
      return nv_disk_new (path, has_extension ? named : format, size_bytes, base);
    }
  return NULL;
}

static gboolean
on_done (gpointer data)
{
  Batch *batch = data;

  batch->n_done++;
  return G_SOURCE_REMOVE;
}

static void
run_job (gpointer item, gpointer data)
{
  Job *job = item;
  Batch *batch = data;

  nv_disk_create (batch->maker, job->disk, batch->flags, batch->cancellable, &job->error);
  g_idle_add_full (G_PRIORITY_DEFAULT, on_done, batch, NULL);
}

/* A signal ends qemu-img and takes away what is half made; disks that are whole by then stay. */
static void
run_batch (const NvCommandContext *context, Batch *batch)
{
  NvSignals signals;
  GThreadPool *pool = g_thread_pool_new (run_job, batch, MAX_THREADS, FALSE, NULL);

  nv_signals_cancel (&signals, batch->cancellable);
  for (guint i = 0; i < batch->jobs->len; i++)
    g_thread_pool_push (pool, g_ptr_array_index (batch->jobs, i), NULL);
  while (batch->n_done < batch->jobs->len)
    {
      nv_show_progress (context, "disks", batch->n_done, batch->jobs->len);
      g_main_context_iteration (NULL, TRUE);
    }
  nv_end_progress (context);
  g_thread_pool_free (pool, FALSE, TRUE);
  nv_signals_restore (&signals);
}

static int
report_batch (const NvCommandContext *context, Batch *batch)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();
  int status = NV_EXIT_DONE;

  for (guint i = 0; i < batch->jobs->len; i++)
    {
      Job *job = g_ptr_array_index (batch->jobs, i);

      if (job->error)
        status = report (g_steal_pointer (&job->error), status);
      else
        g_ptr_array_add (paths, job->disk->path);
    }
  if (context->common->json)
    {
      json_t *disks = json_array ();

      for (guint i = 0; i < paths->len; i++)
        json_array_append_new (disks, nv_json_path (g_ptr_array_index (paths, i)));
      nv_print_json (json_pack ("{s:o}", "disks", disks));
    }
  else
    for (guint i = 0; i < paths->len; i++)
      puts (g_ptr_array_index (paths, i));
  return status;
}

/* What is replaced must not be a VM's: it would find another disk under its feet. */
static gboolean
check_unused (const NvCommonOptions *common, GPtrArray *jobs, GError **error)
{
  g_autoptr (GPtrArray) vms = NULL;

  for (guint i = 0; i < jobs->len; i++)
    {
      const char *path = ((const Job *)g_ptr_array_index (jobs, i))->disk->path;
      const NvVm *user;

      if (!g_file_test (path, G_FILE_TEST_EXISTS))
        continue;
      if (!vms && !(vms = collect_vms (common, error)))
        {
          g_prefix_error (
              error, "cannot tell whether a VM uses '%s' (`numavm disk delete --force` removes it): ", path);
          return FALSE;
        }
      user = nv_find_disk_user (vms, path);
      if (user)
        {
          g_set_error (error, NV_ERROR, NV_ERROR_FAILED,
                       "disk '%s' is used by VM '%s': `numavm down` removes both, or choose another name",
                       path, user->name);
          return FALSE;
        }
    }
  return TRUE;
}

static int
run_create (NvCommandContext *context, int n_names, char **names, GError **error)
{
  const DiskOptions *options = context->options;
  g_autoptr (GPtrArray) jobs = g_ptr_array_new_with_free_func (job_free);
  g_autoptr (NvDiskMaker) maker = nv_disk_maker_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *dir = choose_dir (options, error);
  Batch batch = {
    .jobs = jobs,
    .maker = maker,
    .cancellable = cancellable,
    .flags = (options->copy ? NV_DISK_FULL_COPY : 0) | (options->force ? NV_DISK_OVERWRITE : 0),
  };

  if (!dir)
    return NV_EXIT_FAILED;
  if (options->copy && !options->base)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "--copy: copies a base: name it by --base");
      return NV_EXIT_USAGE;
    }
  for (int i = 0; i < n_names; i++)
    {
      Job *job = g_new0 (Job, 1);

      g_ptr_array_add (jobs, job);
      job->disk = order_disk (options, dir, names[i], error);
      if (!job->disk)
        return NV_EXIT_USAGE;
    }
  if (options->force && !check_unused (context->common, jobs, error))
    return NV_EXIT_FAILED;
  run_batch (context, &batch);
  return report_batch (context, &batch);
}

/* list */

static void
print_table (GPtrArray *infos, GPtrArray *vms)
{
  g_autoptr (NvTable) table =
      nv_table_new ((const char *[]){ "NAME", "FORMAT", ">SIZE", ">ON DISK", "BASE", "VM", NULL });
  g_autofree char *text = NULL;

  for (guint i = 0; i < infos->len; i++)
    {
      const NvDiskInfo *info = g_ptr_array_index (infos, i);
      const NvVm *user = vms ? nv_find_disk_user (vms, info->path) : NULL;
      g_autofree char *name = g_path_get_basename (info->path);
      g_autofree char *size = nv_size_format (info->virtual_bytes);
      g_autofree char *on_disk = nv_size_format (info->actual_bytes);

      nv_table_add_row (table, (const char *[]){ name, info->format, size, on_disk,
                                                 info->base ? info->base : "", user ? user->name : "" });
    }
  text = nv_table_format (table);
  fputs (text, stdout);
}

static void
print_json (const char *dir, GPtrArray *infos, GPtrArray *vms)
{
  json_t *disks = json_array ();

  for (guint i = 0; i < infos->len; i++)
    {
      const NvDiskInfo *info = g_ptr_array_index (infos, i);
      const NvVm *user = vms ? nv_find_disk_user (vms, info->path) : NULL;

      json_array_append_new (disks, json_pack ("{s:o, s:s, s:I, s:I, s:o, s:s?}", "path",
                                               nv_json_path (info->path), "format", info->format,
                                               "virtual_bytes", (json_int_t)info->virtual_bytes,
                                               "actual_bytes", (json_int_t)info->actual_bytes, "base",
                                               nv_json_path (info->base), "vm", user ? user->name : NULL));
    }
  nv_print_json (json_pack ("{s:o, s:o}", "directory", nv_json_path (dir), "disks", disks));
}

static int
run_list (NvCommandContext *context, int n_names, char **names, GError **error)
{
  g_autofree char *dir = choose_dir (context->options, error);
  g_autoptr (GPtrArray) infos = dir ? nv_disk_list (dir, error) : NULL;
  g_autoptr (GPtrArray) vms = NULL;
  g_autoptr (GError) problem = NULL;

  if (!infos)
    return NV_EXIT_FAILED;
  if (infos->len > 0 && !(vms = collect_vms (context->common, &problem)))
    nv_note (context, "which VMs use them is not known: %s", problem->message);
  if (context->common->json)
    print_json (dir, infos, vms);
  else if (infos->len > 0)
    print_table (infos, vms);
  else
    nv_note (context, "no disks in '%s'", dir);
  return NV_EXIT_DONE;
}

/* delete */

/* Returns: (transfer full): the file that @name means, with or without its extension. */
static char *
find_disk (const char *dir, const char *name, GError **error)
{
  g_autofree char *exact = g_build_filename (dir, name, NULL);
  g_autofree char *qcow2 = nv_disk_path (dir, name, NV_DISK_QCOW2);
  g_autofree char *raw = nv_disk_path (dir, name, NV_DISK_RAW);
  gboolean has_qcow2 = g_file_test (qcow2, G_FILE_TEST_EXISTS);
  gboolean has_raw = g_file_test (raw, G_FILE_TEST_EXISTS);

  if (!check_name (name, error))
    return NULL;
  if (g_file_test (exact, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&exact);
  if (has_qcow2 && !has_raw)
    return g_steal_pointer (&qcow2);
  if (has_raw && !has_qcow2)
    return g_steal_pointer (&raw);
  if (has_raw)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "disk '%s': there is '%s' and '%s': say which", name, qcow2,
                 raw);
  else
    g_set_error (error, NV_ERROR, NV_ERROR_NOT_FOUND, "disk '%s': there is none in '%s'", name, dir);
  return NULL;
}

/* @vms: (nullable): NULL: whoever uses it */
static gboolean
delete_disk (const char *dir, const char *name, GPtrArray *vms, GError **error)
{
  g_autofree char *path = find_disk (dir, name, error);
  const NvVm *user = path && vms ? nv_find_disk_user (vms, path) : NULL;

  if (!path)
    return FALSE;
  if (!user)
    return nv_disk_delete (path, error);
  g_set_error (error, NV_ERROR, NV_ERROR_FAILED,
               "disk '%s' is used by VM '%s': `numavm down` removes both, --force the disk alone", path,
               user->name);
  return FALSE;
}

static int
run_delete (NvCommandContext *context, int n_names, char **names, GError **error)
{
  const DiskOptions *options = context->options;
  g_autofree char *dir = choose_dir (options, error);
  g_autoptr (GPtrArray) vms = NULL;
  int status = NV_EXIT_DONE;

  if (!dir)
    return NV_EXIT_FAILED;
  if (!options->force && !(vms = collect_vms (context->common, error)))
    {
      g_prefix_error (error, "cannot tell whether a VM uses them (--force removes them all the same): ");
      return NV_EXIT_FAILED;
    }
  for (int i = 0; i < n_names; i++)
    {
      GError *problem = NULL;

      if (!delete_disk (dir, names[i], vms, &problem))
        status = report (problem, status);
    }
  return status;
}

/* The command */

static const struct
{
  const char *name;
  gboolean takes_names;
  int (*run) (NvCommandContext *context, int n_names, char **names, GError **error);
} verbs[] = {
  { "create", TRUE, run_create },
  { "list", FALSE, run_list },
  { "delete", TRUE, run_delete },
};

/* An option that would have no effect is a misunderstanding. */
static gboolean
check_options (const DiskOptions *options, const char *verb, GError **error)
{
  gboolean creates = strcmp (verb, "create") == 0;
  const char *stray = NULL;

  if (!creates && options->size)
    stray = "size";
  else if (!creates && options->format)
    stray = "format";
  else if (!creates && options->base)
    stray = "base";
  else if (!creates && options->copy)
    stray = "copy";
  else if (strcmp (verb, "list") == 0 && options->force)
    stray = "force";
  if (!stray)
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "--%s: means nothing to `numavm disk %s`", stray, verb);
  return FALSE;
}

static int
run_disk (NvCommandContext *context, GError **error)
{
  const char *verb = context->n_arguments > 0 ? context->arguments[0] : NULL;
  int n_names = context->n_arguments - 1;

  for (guint i = 0; verb && i < G_N_ELEMENTS (verbs); i++)
    {
      if (strcmp (verbs[i].name, verb) != 0)
        continue;
      if (!check_options (context->options, verb, error))
        return NV_EXIT_USAGE;
      if (verbs[i].takes_names == (n_names > 0))
        return verbs[i].run (context, n_names, context->arguments + 1, error);
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "disk %s: %s", verb,
                   n_names > 0 ? "takes no names" : "the names of disks are missing");
      return NV_EXIT_USAGE;
    }
  if (verb)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "disk '%s': create, list or delete is allowed", verb);
  else
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "disk: say what to do: create, list or delete");
  return NV_EXIT_USAGE;
}

static const NvOption disk_options[] = {
  { "size", 's', NV_OPTION_STRING, G_STRUCT_OFFSET (DiskOptions, size), "SIZE",
    "create: such as 512M or 8G; default: 2G, or the size of the base" },
  { "format", 'f', NV_OPTION_STRING, G_STRUCT_OFFSET (DiskOptions, format), "qcow2|raw",
    "create: default: what the name's extension says, else qcow2" },
  { "base", 'b', NV_OPTION_FILE, G_STRUCT_OFFSET (DiskOptions, base), "FILE",
    "create: an overlay on this image, which must stay as it is" },
  { "copy", 0, NV_OPTION_FLAG, G_STRUCT_OFFSET (DiskOptions, copy), NULL,
    "create: a full copy of the base, which may then change" },
  { "dir", 'd', NV_OPTION_FILE, G_STRUCT_OFFSET (DiskOptions, dir), "DIR",
    "where the disks are; default: numavm's own directory" },
  { "force", 0, NV_OPTION_FLAG, G_STRUCT_OFFSET (DiskOptions, force), NULL,
    "create: replace what is there; delete: even the disk of a VM" },
  { NULL },
};

const NvCommand nv_command_disk = {
  .name = "disk",
  .summary = "make, list and remove disks",
  .arguments = "create|list|delete [NAME...]",
  .description =
      "create makes each NAME, blank, as an overlay on a base image, or as a full copy of one, and "
      "prints its path. What is there is never overwritten without --force, and a disk gets its "
      "name only when it is whole.\n\n"
      "list shows the images in the directory: how large a guest sees them, how much room they "
      "take, what they are overlays of, and which VM uses them.\n\n"
      "delete removes each NAME, unless a VM of numavm uses it.\n\n"
      "NAME is a file name, with or without its extension .qcow2 or .raw.",
  .examples = "# two blank disks of 8 GiB\n"
              "numavm disk create -s 8G db web\n"
              "# an overlay on a distribution's image\n"
              "numavm disk create -b debian-12.qcow2 vm0\n"
              "numavm disk delete vm0",
  .options_size = sizeof (DiskOptions),
  .options = disk_options,
  .run = run_disk,
};
