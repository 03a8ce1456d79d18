/* image install: a new disk, and a system on it from an installer's medium. */

#include "cmd/attach.h"
#include "cmd/image.h"
#include "cmd/prepare.h"
#include "cmd/select.h"

#include "base/size.h"
#include "image/iso.h"
#include "vm/disk.h"
#include "vm/lock.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_DISK    "8G"
#define DEFAULT_MEMORY  "1024"
#define DEFAULT_NETWORK "user"
#define RAW_SUFFIX      ".raw"

/* For the end of a VM whose console was closed. */
#define LOOK_US (G_USEC_PER_SEC / 5)

/* For a daemon to begin anew. */
#define BLIND_US (60 * G_USEC_PER_SEC)

/* Also from a kernel that reboots then, or that has no driver for the device that tells the driver. */
#define PANIC "Kernel panic - not syncing"

typedef struct
{
  NvCommandContext *context;
  const NvImageCommandOptions *options;
  char *iso;  /* absolute */
  char *disk; /* absolute */
  GCancellable *cancellable;
  NvVm *vm;            /* of the preparation */
  guint64 fresh_bytes; /* of data in the disk before anything wrote to it */
  NvVmEnd end;
  gint64 blind_since_us; /* 0: the last look at the VM told how it is */
  guint panic_matched;   /* bytes of PANIC that were printed last */
  gboolean panicked;
  GError *problem; /* of looking at the VM */
} Installation;

static void
installation_clear (Installation *self)
{
  g_free (self->iso);
  g_free (self->disk);
  g_clear_object (&self->cancellable);
  g_clear_error (&self->problem);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Installation, installation_clear)

/* --- before anything is made --- */

static gboolean
check_options (const NvCommandContext *context, const NvImageCommandOptions *options, GError **error)
{
  const char *missing = !options->iso ? "--iso FILE" : !options->disk ? "-d PATH" : NULL;

  if (context->n_arguments > 0)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "image install: takes options only, not '%s'",
                 context->arguments[0]);
  else if (missing)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "image install: %s is needed", missing);
  return context->n_arguments == 0 && !missing;
}

static gboolean
check_files (Installation *self, GError **error)
{
  g_autofree char *dir = NULL;

  self->iso = g_canonicalize_filename (self->options->iso, NULL);
  self->disk = g_canonicalize_filename (self->options->disk, NULL);
  if (!nv_iso_check (self->options->iso, error))
    return FALSE;
  dir = g_path_get_dirname (self->disk);
  if (!g_file_test (dir, G_FILE_TEST_IS_DIR))
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "directory '%s': there is none", dir);
  else if (g_file_test (self->disk, G_FILE_TEST_EXISTS))
    g_set_error (error, NV_ERROR, NV_ERROR_EXISTS,
                 "disk '%s' exists: choose another name; what is there is never overwritten",
                 self->options->disk);
  else
    return TRUE;
  return FALSE;
}

/* By the disk's name, unless there is a wish. */
static char *
name_vm (const Installation *self)
{
  g_autofree char *file = g_path_get_basename (self->disk);
  const char *dot = strrchr (file, '.');

  if (self->options->name)
    return g_strdup (self->options->name);
  return g_strdup_printf ("install-%.*s", dot && dot > file ? (int)(dot - file) : (int)strlen (file), file);
}

/* Returns: (transfer full). */
static NvRequest *
read_request (const Installation *self, NvPreparation *preparation, GError **error)
{
  const NvImageCommandOptions *options = self->options;
  const NvVmOptions vm = {
    .network = options->network ? options->network : (char *)DEFAULT_NETWORK,
    .format = g_str_has_suffix (self->disk, RAW_SUFFIX) ? (char *)"raw" : NULL,
  };
  g_autoptr (NvRequest) request = g_new0 (NvRequest, 1);
  g_autofree char *name = name_vm (self);
  const char *const settings[][2] = {
    { "name", name },
    { "vcpus", options->vcpus ? options->vcpus : "1" },
    { "memory", options->memory ? options->memory : DEFAULT_MEMORY },
    { "disk", options->size ? options->size : DEFAULT_DISK },
  };

  request->has_disk = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    if (!nv_request_set (request, settings[i][0], settings[i][1], error))
      return NULL;
  if (!request->has_disk)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "size 'none': an installation needs a disk");
      return NULL;
    }
  return nv_vm_options_read (&vm, request, preparation, error) ? g_steal_pointer (&request) : NULL;
}

/* --- while it installs --- */

static void
watch_for_panic (const char *bytes, gsize length, gpointer data)
{
  Installation *self = data;

  /* Its first letter is in it once: after a wrong one it begins anew, or with that one. */
  for (gsize i = 0; i < length && !self->panicked; i++)
    {
      self->panic_matched =
          bytes[i] == PANIC[self->panic_matched] ? self->panic_matched + 1 : bytes[i] == PANIC[0];
      self->panicked = self->panic_matched == strlen (PANIC);
    }
}

static void
reconnect (NvCommandContext *context)
{
  NvConnection *connection = nv_open_connection (context->common, NULL);

  if (!connection)
    return;
  nv_connection_close (context->connection);
  context->connection = connection;
}

/* A look that fails says nothing of the VM, and it may have installed for an hour. Returns: go on? */
static gboolean
look (Installation *self)
{
  NvConnection *connection = self->context->connection;
  gint64 now_us = g_get_monotonic_time ();
  GError *problem = NULL;

  if (connection->driver->end (connection, self->vm->name, &self->end, &problem))
    {
      self->blind_since_us = 0;
      return self->end == NV_VM_END_NONE;
    }
  if (self->blind_since_us == 0)
    self->blind_since_us = now_us;
  if (g_error_matches (problem, NV_ERROR, NV_ERROR_NOT_FOUND) || now_us - self->blind_since_us > BLIND_US)
    {
      self->problem = problem;
      return FALSE;
    }
  g_debug ("%s", problem->message);
  g_error_free (problem);
  reconnect (self->context);
  return TRUE;
}

/* NvAttach.tick. */
static gboolean
goes_on (gpointer data)
{
  Installation *self = data;

  while (g_main_context_iteration (NULL, FALSE))
    ;
  return !g_cancellable_is_cancelled (self->cancellable) && !self->panicked && look (self);
}

/* Whoever has chosen "reboot" in a boot menu has installed nothing. A disk that cannot be looked at may hold
 * it.
 */
static gboolean
has_written (const Installation *self)
{
  guint64 bytes;

  return !nv_disk_data_bytes (self->vm->disk, &bytes, NULL) || bytes > self->fresh_bytes;
}

/* How it ended. FALSE: not well. */
static gboolean
judge (Installation *self, NvAttachEnd attached, int code, GError **error)
{
  if (g_cancellable_is_cancelled (self->cancellable))
    g_set_error (error, NV_ERROR, NV_ERROR_CANCELLED, "interrupted");
  else if (self->problem)
    g_propagate_error (error, g_steal_pointer (&self->problem));
  else if (self->panicked || self->end == NV_VM_END_PANIC)
    g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "the installer's kernel panicked");
  else if (self->end == NV_VM_END_STUCK)
    g_set_error (error, NV_ERROR, NV_ERROR_FAILED,
                 "QEMU met an error and cannot go on: is there room where the disk is?");
  else if (self->end == NV_VM_END_KILLED)
    g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "its QEMU died, or somebody stopped the VM");
  else if (attached == NV_ATTACH_LEFT)
    g_set_error (error, NV_ERROR, NV_ERROR_CANCELLED, "left before the installer powered off");
  else if (attached == NV_ATTACH_NO_OUTPUT)
    g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot print what the installer prints: %s",
                 g_strerror (code));
  else if (!has_written (self))
    g_set_error (error, NV_ERROR, NV_ERROR_FAILED,
                 "the VM ended, and the installer wrote nothing to the disk");
  else
    return TRUE;
  return FALSE;
}

/* With its VM, which is paused. */
static gboolean
run_installer (Installation *self, GError **error)
{
  NvConnection *connection = self->context->connection;
  NvAttach attach = {
    .context = self->context,
    .name = self->vm->name,
    /* --json has standard output for itself. */
    .output = self->context->common->json ? STDERR_FILENO : STDOUT_FILENO,
    .tick = goes_on,
    .printed = watch_for_panic,
    .data = self,
  };
  NvAttachEnd attached;
  int code;

  if (!nv_disk_data_bytes (self->vm->disk, &self->fresh_bytes, error))
    return FALSE;
  /* First the console, so that nothing is missed. */
  attach.console = connection->driver->open_console (connection, self->vm->name, error);
  if (attach.console < 0)
    return FALSE;
  if (!connection->driver->end (connection, self->vm->name, &self->end, error)
      || !connection->driver->resume (connection, self->vm->name, error))
    {
      close (attach.console);
      return FALSE;
    }
  attached = nv_attach (&attach);
  code = errno;
  close (attach.console);
  while (attached == NV_ATTACH_ENDED && goes_on (self))
    g_usleep (LOOK_US);
  return judge (self, attached, code, error);
}

/* --- and after it --- */

/* The VM goes, and the disk unless @keep. */
static gboolean
take_away (const Installation *self, gboolean keep, GError **error)
{
  g_autoptr (GPtrArray) infos = g_ptr_array_new ();
  NvVmInfo info = { .vm = self->vm, .state = NV_VM_RUNNING };

  self->vm->disk->created = !keep;
  g_ptr_array_add (infos, &info);
  return nv_fleet_down (self->context->connection, infos, NULL, NULL, error);
}

/* The VM and its disk are made, and it is started. */
static gboolean
install (Installation *self, GError **error)
{
  g_autoptr (GError) reason = NULL, problem = NULL;
  gboolean installed = run_installer (self, &reason);
  gboolean keep = installed || self->options->keep;

  if (!take_away (self, keep, &problem))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_FAILED,
                   "%s, but not all could be taken away: %s (`numavm down '%s'`)",
                   installed ? "it is installed" : reason->message, problem->message, self->vm->name);
      return FALSE;
    }
  if (installed)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&reason));
  if (keep)
    g_prefix_error (error, "nothing is installed, the disk '%s' is kept: ", self->options->disk);
  else
    g_prefix_error (error, "nothing is installed, the disk is removed (--keep keeps it): ");
  return FALSE;
}

static void
print_result (const Installation *self, const NvPreparation *preparation, double seconds)
{
  const NvDisk *disk = self->vm->disk;
  g_autofree char *size = nv_size_format (disk->size_bytes);
  g_autoptr (GString) command = g_string_new ("printf '1 1024\\n' | numavm up");

  if (self->context->common->json)
    {
      nv_print_json (json_pack ("{s:o, s:s, s:I, s:o, s:b, s:f}", "disk", nv_json_path (disk->path), "format",
                                nv_disk_format_name (disk->format), "size_bytes",
                                (json_int_t)disk->size_bytes, "iso", nv_json_path (self->iso), "emulated",
                                preparation->accel == NV_ACCEL_TCG, "seconds", seconds));
      return;
    }
  nv_command_append (command, "--base", self->options->disk);
  nv_note (self->context, "'%s' is installed, %s, after %.0f s%s: `%s -` boots it and leaves it as it is",
           self->options->disk, size, seconds, preparation->accel == NV_ACCEL_TCG ? " (emulated)" : "",
           command->str);
}

static void
print_problems (NvProblems *problems)
{
  for (guint i = 0; i < nv_problems_count (problems); i++)
    nv_message ("%s", nv_problems_get (problems, i)->message);
}

/* With everything parsed: plans, makes the disk and the VM, and starts it with its CPUs stopped. */
static int
make_paused (Installation *self, NvPreparation *preparation, GError **error)
{
  g_autoptr (NvLock) lock =
      nv_lock_take (self->context->connection->uri, nv_say_waiting, self->context, error);
  NvFleetPlan plan = {
    .connection = self->context->connection,
    .network = preparation->network,
    .flags = NV_FLEET_PAUSED,
    .cancellable = self->cancellable,
  };

  if (!lock || !nv_prepare_host (preparation, error) || !nv_prepare_members (preparation, error))
    return NV_EXIT_FAILED;
  if (nv_problems_count (preparation->problems) > 0)
    {
      print_problems (preparation->problems);
      return preparation->n_bad_inputs > 0 ? NV_EXIT_USAGE : NV_EXIT_FAILED;
    }
  plan.members = preparation->members;
  self->vm = ((NvFleetMember *)g_ptr_array_index (preparation->members, 0))->vm;
  return nv_fleet_up (&plan, NULL, error) ? NV_EXIT_DONE : NV_EXIT_FAILED;
}

/* Signals cancel from the first file on; a reader of the output who left is told by EPIPE. */
static int
make_and_install (Installation *self, NvPreparation *preparation, GError **error)
{
  gint64 since_us = g_get_monotonic_time ();
  NvSignals signals;
  int status;

  signal (SIGPIPE, SIG_IGN);
  nv_signals_cancel (&signals, self->cancellable);
  status = make_paused (self, preparation, error);
  if (status == NV_EXIT_DONE && !install (self, error))
    status = NV_EXIT_FAILED;
  nv_signals_restore (&signals);
  if (status == NV_EXIT_DONE)
    print_result (self, preparation, (double)(g_get_monotonic_time () - since_us) / G_USEC_PER_SEC);
  return status;
}

int
nv_image_run_install (NvCommandContext *context, GError **error)
{
  g_auto (Installation) self = {
    .context = context,
    .options = context->options,
    .cancellable = g_cancellable_new (),
  };
  g_autoptr (NvProblems) problems = nv_problems_new ("image install");
  g_autoptr (GPtrArray) requests = g_ptr_array_new ();
  g_autoptr (NvRequest) request = NULL;
  g_auto (NvPreparation) preparation = { .context = context, .requests = requests, .problems = problems };

  if (!check_options (context, context->options, error)
      || !nv_read_seed (context->common, &preparation.seed, error) || !check_files (&self, error)
      || !(request = read_request (&self, &preparation, error)))
    return NV_EXIT_USAGE;
  g_ptr_array_add (requests, request);
  preparation.disk_path = self.disk;
  preparation.cdrom = self.iso;
  context->connection = nv_open_connection (context->common, error);
  if (!context->connection)
    return NV_EXIT_FAILED;
  return make_and_install (&self, &preparation, error);
}
