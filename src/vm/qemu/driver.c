/* The QEMU driver: one QEMU a VM, no daemon between. What is known of a VM is its record (record.h) and what
 * its QEMU answers; nothing is kept in memory. */

#include "base/error.h"
#include "host/facts.h"
#include "host/topology.h"
#include "vm/driver.h"
#include "vm/qemu-argv.h"
#include "vm/qemu/daemon.h"
#include "vm/qemu/machines.h"
#include "vm/qemu/qmp.h"
#include "vm/qemu/record.h"
#include "vm/state.h"

#include <errno.h>
#include <libxml/parser.h>
#include <string.h>
#include <unistd.h>

#define EMULATOR        "qemu-system-x86_64"
#define DEFAULT_MACHINE "pc"
#define MISSING         "no " EMULATOR " in PATH: install the package qemu-system-x86"

/* For QEMU to write out its disks before it ends. */
#define QUIT_TIMEOUT_MS 10000

/* Who asks for the end asks again, and has a console that waits meanwhile. */
#define END_TIMEOUT_MS 500

extern const NvDriver nv_driver_qemu;

typedef struct
{
  NvConnection base;
  char *dir; /* of the records */
  GMutex machines_lock;
  GHashTable *max_vcpus; /* (nullable): machine type -> vCPUs; asked for once */
} QemuConnection;

/* Where a VM's QEMU is reached. */
typedef struct
{
  char *qmp;
  char *console;
  char *channel;
  char *pid_file;
} Files;

static void
files_clear (Files *files)
{
  g_free (files->qmp);
  g_free (files->console);
  g_free (files->channel);
  g_free (files->pid_file);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Files, files_clear)

static gboolean
files_name (Files *files, const char *uuid, GError **error)
{
  return (files->qmp = nv_state_socket_path (uuid, "qmp", error))
         && (files->console = nv_state_socket_path (uuid, "console", error))
         && (files->channel = nv_state_socket_path (uuid, "channel", error))
         && (files->pid_file = nv_state_socket_path (uuid, "pid", error));
}

static void
files_remove (const Files *files)
{
  unlink (files->qmp);
  unlink (files->console);
  unlink (files->channel);
  unlink (files->pid_file);
}

static char *
qemu_unavailable (void)
{
  g_autofree char *emulator = g_find_program_in_path (EMULATOR);

  return emulator ? NULL : g_strdup (MISSING);
}

static NvConnection *
qemu_open (const char *uri, GError **error)
{
  QemuConnection *self;
  g_autofree char *dir = NULL;
  g_autofree char *state_dir = NULL;

  if (uri)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "connection '%s': --connect goes with --driver libvirt",
                   uri);
      return NULL;
    }
  dir = nv_state_qemu_dir (error);
  if (!dir)
    return NULL;
  xmlInitParser (); /* before there are threads that parse */
  state_dir = g_path_get_dirname (dir);
  self = g_new0 (QemuConnection, 1);
  self->base.driver = &nv_driver_qemu;
  self->base.uri = g_strdup_printf ("qemu-direct:%s", state_dir);
  self->dir = g_steal_pointer (&dir);
  g_mutex_init (&self->machines_lock);
  return &self->base;
}

static void
qemu_close (NvConnection *connection)
{
  QemuConnection *self = (QemuConnection *)connection;

  g_clear_pointer (&self->max_vcpus, g_hash_table_unref);
  g_mutex_clear (&self->machines_lock);
  g_free (self->dir);
  g_free (self->base.uri);
  g_free (self);
}

/* `QEMU emulator version 7.2.22 (Debian ...)`, and more lines. */
static char *
qemu_versions (NvConnection *connection, GError **error)
{
  g_autofree char *emulator = g_find_program_in_path (EMULATOR), *text = NULL;
  g_autoptr (GError) problem = NULL;
  const char *version;

  if (!emulator)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE, MISSING);
      return NULL;
    }
  if (!g_spawn_sync (NULL, (char *[]){ emulator, "--version", NULL }, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL,
                     NULL, &text, NULL, NULL, &problem))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot run '%s': %s", emulator, problem->message);
      return NULL;
    }
  version = strstr (text, "version ");
  version = version ? version + strlen ("version ") : "";
  return g_strdup_printf ("%s, QEMU %.*s", emulator, (int)strcspn (version, " \n"), version);
}

static NvDriverHost *
qemu_host (NvConnection *connection, GError **error)
{
  g_autoptr (NvDriverHost) host = g_new0 (NvDriverHost, 1);

  host->host = nv_host_read ("/", error);
  if (!host->host)
    return NULL;
  host->kvm_usable = nv_kvm_usable ("/", &host->kvm_reason);
  host->emulator = g_find_program_in_path (EMULATOR);
  return g_steal_pointer (&host);
}

static guint
qemu_max_vcpus (NvConnection *connection, const char *machine)
{
  QemuConnection *self = (QemuConnection *)connection;
  g_autoptr (GError) problem = NULL;
  guint max = 0;

  g_mutex_lock (&self->machines_lock);
  if (!self->max_vcpus)
    self->max_vcpus = nv_qemu_machines_ask (EMULATOR, &problem);
  if (self->max_vcpus)
    max = GPOINTER_TO_UINT (g_hash_table_lookup (self->max_vcpus, machine ? machine : DEFAULT_MACHINE));
  else
    g_debug ("%s", problem->message);
  g_mutex_unlock (&self->machines_lock);
  return max;
}

static gboolean
qemu_exists (NvConnection *connection, const char *name, gboolean *ret_exists, GError **error)
{
  QemuConnection *self = (QemuConnection *)connection;

  *ret_exists = nv_qemu_record_exists (self->dir, name);
  return TRUE;
}

static char **
render (const NvVm *vm, const Files *files, const char *network, GError **error)
{
  g_autofree char *emulator = g_find_program_in_path (EMULATOR);
  NvQemuPaths paths = {
    .emulator = emulator,
    .qmp_socket = files->qmp,
    .console_socket = files->console,
    .channel_socket = files->channel,
    .pid_file = files->pid_file,
  };

  if (emulator)
    return nv_qemu_argv_render (vm, &paths, network, error);
  g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE, MISSING);
  return NULL;
}

static gboolean
qemu_check (NvConnection *connection, const NvVm *vm, const char *template_xml, const char *network,
            GError **error)
{
  g_auto (Files) files = { 0 };
  g_auto (GStrv) argv = NULL;

  if (template_xml)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "VM '%s': a template needs --driver libvirt", vm->name);
      return FALSE;
    }
  if (network && strcmp (network, "none") != 0 && strcmp (network, "user") != 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                   "network '%s': user and none are allowed; libvirt's networks need --driver libvirt",
                   network);
      return FALSE;
    }
  if (vm->accel == NV_ACCEL_KVM && access ("/dev/kvm", R_OK | W_OK) != 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE,
                   "accelerator 'kvm': cannot open '/dev/kvm': %s: --accel tcg emulates", g_strerror (errno));
      return FALSE;
    }
  argv = files_name (&files, vm->uuid, error) ? render (vm, &files, network, error) : NULL;
  return argv != NULL;
}

static gboolean
qemu_define (NvConnection *connection, const NvVm *vm, const char *template_xml, const char *network,
             GError **error)
{
  QemuConnection *self = (QemuConnection *)connection;

  return qemu_check (connection, vm, template_xml, network, error)
         && nv_qemu_record_create (self->dir, vm, network, error);
}

/* Running VMs. */

/* Returns: (transfer full) (element-type int): the thread of each vCPU. */
static GArray *
ask_for_threads (NvQmp *qmp, const char *name, GError **error)
{
  json_t *vcpus = nv_qmp_execute (qmp, "query-cpus-fast", error);
  g_autoptr (GArray) threads = g_array_new (FALSE, TRUE, sizeof (int));
  json_t *vcpu;
  size_t i;

  if (!vcpus)
    return NULL;
  json_array_foreach (vcpus, i, vcpu)
  {
    int thread = (int)json_integer_value (json_object_get (vcpu, "thread-id"));

    if (thread > 0)
      g_array_append_val (threads, thread);
  }
  json_decref (vcpus);
  if (threads->len > 0)
    return g_steal_pointer (&threads);
  g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "QEMU of '%s': it names no vCPU thread", name);
  return NULL;
}

static NvQmp *
connect_qmp (const NvQemuRecord *record, const Files *files, int timeout_ms, GError **error)
{
  return nv_qmp_connect (files->qmp, record->vm->name, timeout_ms, error);
}

static gboolean
pin_vcpus (const NvQemuRecord *record, const Files *files, GError **error)
{
  const NvPlacement *placement = record->vm->placement;
  g_autoptr (NvSet) own = NULL;
  g_autoptr (NvQmp) qmp = NULL;
  g_autoptr (GArray) threads = NULL;

  /* Born with the emulator's CPUs, vCPUs that are free must be set free. */
  if (!placement->vcpu_cpus && placement->emulator_cpus && !(own = nv_qemu_thread_cpus (error)))
    return FALSE;
  if (!placement->vcpu_cpus && !own)
    return TRUE;
  qmp = connect_qmp (record, files, NV_QMP_TIMEOUT_MS, error);
  threads = qmp ? ask_for_threads (qmp, record->vm->name, error) : NULL;
  if (!threads)
    return FALSE;
  for (guint i = 0; i < threads->len; i++)
    if (!nv_qemu_thread_pin (g_array_index (threads, int, i), own ? own : placement->vcpu_cpus, error))
      {
        g_prefix_error (error, "vCPU %u of '%s': ", i, record->vm->name);
        return FALSE;
      }
  return TRUE;
}

/* Asks it to end and ends it by force if it does not. */
static gboolean
end_process (const NvQemuRecord *record, const Files *files, int pidfd, GError **error)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (NvQmp) qmp = connect_qmp (record, files, NV_QMP_TIMEOUT_MS, &problem);
  json_t *answer = qmp ? nv_qmp_execute (qmp, "quit", &problem) : NULL;

  json_decref (answer);
  if (problem)
    g_debug ("%s", problem->message);
  if (nv_qemu_daemon_wait (pidfd, problem ? 0 : QUIT_TIMEOUT_MS))
    return TRUE;
  return nv_qemu_daemon_kill (pidfd, record->vm->name, error);
}

static gboolean
end_if_running (const NvQemuRecord *record, const Files *files, GError **error)
{
  int pidfd = nv_qemu_daemon_find (files->pid_file, record->vm->uuid, NULL);
  gboolean ended = pidfd < 0 || end_process (record, files, pidfd, error);

  if (pidfd >= 0)
    close (pidfd);
  return ended;
}

static gboolean
is_running (const NvQemuRecord *record, const Files *files, int *ret_pid)
{
  int pidfd = nv_qemu_daemon_find (files->pid_file, record->vm->uuid, ret_pid);

  if (pidfd >= 0)
    close (pidfd);
  return pidfd >= 0;
}

static gboolean
qemu_start_paused (NvConnection *connection, const char *name, GError **error)
{
  QemuConnection *self = (QemuConnection *)connection;
  g_autoptr (NvQemuRecord) record = nv_qemu_record_open (self->dir, name, NV_QEMU_RECORD_LOCK, error);
  g_auto (Files) files = { 0 };
  g_auto (GStrv) argv = NULL;

  if (!record || !files_name (&files, record->vm->uuid, error))
    return FALSE;
  if (is_running (record, &files, NULL))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot start '%s': it runs already", name);
      return FALSE;
    }
  argv = render (record->vm, &files, record->network, error);
  if (!argv)
    return FALSE;
  if (nv_qemu_daemon_spawn (argv, record->vm->placement->emulator_cpus, name, error)
      && pin_vcpus (record, &files, error))
    return TRUE;
  end_if_running (record, &files, NULL);
  return FALSE;
}

/* Opens the record of a VM that runs, and names its files. NULL with NV_ERROR_NOT_FOUND, or
 * NV_ERROR_UNAVAILABLE if it does not run. */
static NvQemuRecord *
open_running (NvConnection *connection, const char *name, Files *files, int *ret_pid, GError **error)
{
  QemuConnection *self = (QemuConnection *)connection;
  g_autoptr (NvQemuRecord) record = nv_qemu_record_open (self->dir, name, NV_QEMU_RECORD_READ, error);

  if (!record || !files_name (files, record->vm->uuid, error))
    return NULL;
  if (is_running (record, files, ret_pid))
    return g_steal_pointer (&record);
  g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE, "VM '%s' is stopped", name);
  return NULL;
}

static gboolean
command (NvConnection *connection, const char *name, const char *qmp_command, GError **error)
{
  g_auto (Files) files = { 0 };
  g_autoptr (NvQemuRecord) record = open_running (connection, name, &files, NULL, error);
  g_autoptr (NvQmp) qmp = record ? connect_qmp (record, &files, NV_QMP_TIMEOUT_MS, error) : NULL;
  json_t *answer = qmp ? nv_qmp_execute (qmp, qmp_command, error) : NULL;

  json_decref (answer);
  return answer != NULL;
}

static gboolean
qemu_resume (NvConnection *connection, const char *name, GError **error)
{
  return command (connection, name, "cont", error);
}

static gboolean
qemu_stop (NvConnection *connection, const char *name, gboolean force, GError **error)
{
  QemuConnection *self = (QemuConnection *)connection;
  g_autoptr (NvQemuRecord) record = NULL;
  g_auto (Files) files = { 0 };

  if (!force)
    return command (connection, name, "system_powerdown", error);
  record = nv_qemu_record_open (self->dir, name, NV_QEMU_RECORD_READ, error);
  return record && files_name (&files, record->vm->uuid, error) && end_if_running (record, &files, error);
}

/* As QEMU calls its state, such as "running". Returns: (transfer full) (nullable): it does not answer. */
static char *
ask_for_status (const NvQemuRecord *record, const Files *files, int timeout_ms)
{
  g_autoptr (GError) problem = NULL;
  g_autoptr (NvQmp) qmp = connect_qmp (record, files, timeout_ms, &problem);
  json_t *answer = qmp ? nv_qmp_execute (qmp, "query-status", &problem) : NULL;
  char *status = g_strdup (json_string_value (json_object_get (answer, "status")));

  if (!status)
    g_debug ("%s", problem ? problem->message : "no status in QEMU's answer");
  json_decref (answer);
  return status;
}

static gboolean
qemu_end (NvConnection *connection, const char *name, NvVmEnd *ret_end, GError **error)
{
  static const struct
  {
    const char *status;
    NvVmEnd end;
  } ends[] = {
    { "shutdown", NV_VM_END_GUEST },
    { "guest-panicked", NV_VM_END_PANIC },
    { "io-error", NV_VM_END_STUCK },
    { "internal-error", NV_VM_END_STUCK },
  };
  QemuConnection *self = (QemuConnection *)connection;
  g_autoptr (NvQemuRecord) record = nv_qemu_record_open (self->dir, name, NV_QEMU_RECORD_READ, error);
  g_auto (Files) files = { 0 };
  g_autofree char *status = NULL;

  if (!record || !files_name (&files, record->vm->uuid, error))
    return FALSE;
  status = ask_for_status (record, &files, END_TIMEOUT_MS);
  /* A QEMU that is there and does not answer may be busy. */
  *ret_end = status || is_running (record, &files, NULL) ? NV_VM_END_NONE : NV_VM_END_KILLED;
  for (guint i = 0; status && i < G_N_ELEMENTS (ends); i++)
    if (strcmp (status, ends[i].status) == 0)
      *ret_end = ends[i].end;
  return TRUE;
}

static gboolean
qemu_undefine (NvConnection *connection, const char *name, GError **error)
{
  QemuConnection *self = (QemuConnection *)connection;
  g_autoptr (NvQemuRecord) record = nv_qemu_record_open (self->dir, name, NV_QEMU_RECORD_LOCK, error);
  g_auto (Files) files = { 0 };

  if (!record || !files_name (&files, record->vm->uuid, error))
    return FALSE;
  if (is_running (record, &files, NULL))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot remove '%s': it runs: stop it first", name);
      return FALSE;
    }
  /* The record last: what is left after a failure can be removed again. */
  files_remove (&files);
  if (record->vm->console_log)
    unlink (record->vm->console_log);
  return nv_qemu_record_remove (record, error);
}

static NvVmState
ask_for_state (const NvQemuRecord *record, const Files *files)
{
  g_autofree char *status = ask_for_status (record, files, NV_QMP_TIMEOUT_MS);

  if (!status) /* it ended meanwhile, or hangs */
    return is_running (record, files, NULL) ? NV_VM_RUNNING : NV_VM_STOPPED;
  if (strcmp (status, "running") == 0)
    return NV_VM_RUNNING;
  return strcmp (status, "guest-panicked") == 0 || strcmp (status, "internal-error") == 0 ? NV_VM_CRASHED
                                                                                          : NV_VM_PAUSED;
}

static NvVmState
state_of (const NvQemuRecord *record, const Files *files)
{
  if (!is_running (record, files, NULL))
    return NV_VM_STOPPED;
  /* While it is being started it may preallocate for minutes, and answers nobody. */
  return nv_qemu_record_is_busy (record) ? NV_VM_PAUSED : ask_for_state (record, files);
}

static GPtrArray *
qemu_list (NvConnection *connection, GPtrArray *damaged, GError **error)
{
  QemuConnection *self = (QemuConnection *)connection;
  g_auto (GStrv) names = nv_qemu_record_names (self->dir, error);
  g_autoptr (GPtrArray) infos = nv_vm_infos_new ();

  if (!names)
    return NULL;
  for (char **name = names; *name; name++)
    {
      GError *damage = NULL;
      g_autoptr (NvQemuRecord) record = nv_qemu_record_open (self->dir, *name, NV_QEMU_RECORD_READ, &damage);
      g_auto (Files) files = { 0 };
      NvVmInfo *info;

      if (!record || !files_name (&files, record->vm->uuid, &damage))
        {
          /* Its QEMU is named by the UUID in the record: it may run, and nobody can tell. */
          if (g_error_matches (damage, NV_ERROR, NV_ERROR_NOT_FOUND))
            g_error_free (damage); /* removed meanwhile */
          else
            nv_damaged_vms_add (damaged, *name, NV_VM_RUNNING, damage);
          continue;
        }
      info = g_new0 (NvVmInfo, 1);
      info->state = state_of (record, &files);
      info->vm = g_steal_pointer (&record->vm);
      g_ptr_array_add (infos, info);
    }
  nv_vm_infos_sort (infos);
  return g_steal_pointer (&infos);
}

static gboolean
qemu_process (NvConnection *connection, const char *name, int *ret_pid, GArray **ret_threads, GError **error)
{
  g_auto (Files) files = { 0 };
  int pid;
  g_autoptr (NvQemuRecord) record = open_running (connection, name, &files, &pid, error);
  g_autoptr (NvQmp) qmp = NULL;

  if (!record)
    return FALSE;
  if (ret_threads)
    {
      qmp = connect_qmp (record, &files, NV_QMP_TIMEOUT_MS, error);
      *ret_threads = qmp ? ask_for_threads (qmp, name, error) : NULL;
      if (!*ret_threads)
        return FALSE;
    }
  *ret_pid = pid;
  return TRUE;
}

static int
qemu_open_console (NvConnection *connection, const char *name, GError **error)
{
  g_auto (Files) files = { 0 };
  g_autoptr (NvQemuRecord) record = open_running (connection, name, &files, NULL, error);
  int fd = record ? nv_qemu_socket_connect (files.console, NV_QMP_TIMEOUT_MS, error) : -1;

  if (record && fd < 0)
    g_prefix_error (error, "cannot open the console of '%s': ", name);
  return fd;
}

static int
qemu_open_channel (NvConnection *connection, const char *name, GError **error)
{
  g_auto (Files) files = { 0 };
  g_autoptr (NvQemuRecord) record = open_running (connection, name, &files, NULL, error);
  int fd = record ? nv_qemu_socket_connect (files.channel, NV_QMP_TIMEOUT_MS, error) : -1;

  if (record && fd < 0)
    g_prefix_error (error, "cannot open the channel of '%s': ", name);
  return fd;
}

const NvDriver nv_driver_qemu = {
  .name = "qemu",
  .summary = "VMs are QEMU processes of your own, without libvirt",
  .unavailable = qemu_unavailable,
  .open = qemu_open,
  .close = qemu_close,
  .host = qemu_host,
  .versions = qemu_versions,
  .max_vcpus = qemu_max_vcpus,
  .exists = qemu_exists,
  .check = qemu_check,
  .define = qemu_define,
  .start_paused = qemu_start_paused,
  .resume = qemu_resume,
  .stop = qemu_stop,
  .end = qemu_end,
  .undefine = qemu_undefine,
  .list = qemu_list,
  .process = qemu_process,
  .open_console = qemu_open_console,
  .open_channel = qemu_open_channel,
};
