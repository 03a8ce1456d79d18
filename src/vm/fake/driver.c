/* The fake driver: VMs that are entries of a table in this process. For tests of what stands above drivers,
 * and for trying policies on a machine that is only described.
 *
 * Its URI is a description as nv_host_describe() takes it (a file of hwloc's XML, or a synthetic one; empty:
 * this machine), and behind a `#` what shall fail, such as `node:4 core:2 pu:1#start:vm3,define:vm5`.
 * `sleep:vm1` is a guest that does not power off when it is asked to. What guests say is in guest.c. */

#include "vm/driver.h"

#include "base/error.h"
#include "host/topology.h"
#include "vm/fake/guest.h"
#include "vm/metadata.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_VCPUS 255

typedef struct
{
  NvConnection base;
  char *description;
  char **failures; /* "OPERATION:NAME" */
  GMutex mutex;
  GPtrArray *vms; /* of NvVmInfo */
} FakeConnection;

extern const NvDriver nv_driver_fake;

static char *
fake_unavailable (void)
{
  return NULL;
}

static NvConnection *
fake_open (const char *uri, GError **error)
{
  FakeConnection *self = g_new0 (FakeConnection, 1);
  g_auto (GStrv) parts = g_strsplit (uri ? uri : "", "#", 2);

  self->base.driver = &nv_driver_fake;
  self->base.uri = g_strdup_printf ("fake:%s", uri ? uri : "");
  self->description = g_strdup (parts[0] ? parts[0] : "");
  self->failures = g_strsplit (parts[0] && parts[1] ? parts[1] : "", ",", -1);
  self->vms = nv_vm_infos_new ();
  g_mutex_init (&self->mutex);
  return &self->base;
}

static void
fake_close (NvConnection *connection)
{
  FakeConnection *self = (FakeConnection *)connection;

  g_ptr_array_unref (self->vms);
  g_strfreev (self->failures);
  g_mutex_clear (&self->mutex);
  g_free (self->description);
  g_free (self->base.uri);
  g_free (self);
}

static NvDriverHost *
fake_host (NvConnection *connection, GError **error)
{
  FakeConnection *self = (FakeConnection *)connection;
  NvHost *machine =
      *self->description ? nv_host_describe (self->description, error) : nv_host_read ("/", error);
  NvDriverHost *host;

  if (!machine)
    return NULL;
  host = g_new0 (NvDriverHost, 1);
  host->host = machine;
  host->kvm_reason = g_strdup ("a fake VM has no CPU");
  return host;
}

static guint
fake_max_vcpus (NvConnection *connection, const char *machine)
{
  return MAX_VCPUS;
}

static gboolean
shall_fail (FakeConnection *self, const char *operation, const char *name, GError **error)
{
  g_autofree char *wanted = g_strdup_printf ("%s:%s", operation, name);

  if (!g_strv_contains ((const char *const *)self->failures, wanted))
    return FALSE;
  g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot %s '%s': it was told to fail", operation, name);
  return TRUE;
}

/* Call with the mutex held. */
static NvVmInfo *
find (FakeConnection *self, const char *name, guint *ret_index)
{
  for (guint i = 0; i < self->vms->len; i++)
    {
      NvVmInfo *info = g_ptr_array_index (self->vms, i);

      if (strcmp (info->vm->name, name) != 0)
        continue;
      if (ret_index)
        *ret_index = i;
      return info;
    }
  return NULL;
}

static gboolean
fake_exists (NvConnection *connection, const char *name, gboolean *ret_exists, GError **error)
{
  FakeConnection *self = (FakeConnection *)connection;

  g_mutex_lock (&self->mutex);
  *ret_exists = find (self, name, NULL) != NULL;
  g_mutex_unlock (&self->mutex);
  return TRUE;
}

static gboolean
fake_check (NvConnection *connection, const NvVm *vm, const char *template_xml, const char *network,
            GError **error)
{
  return !shall_fail ((FakeConnection *)connection, "check", vm->name, error);
}

/* A copy by way of the text that real drivers store, so that what they lose is lost here too. */
static NvVm *
copy_vm (const NvVm *vm, GError **error)
{
  g_autofree char *text = nv_metadata_format (vm);

  return nv_metadata_parse (text, error);
}

static gboolean
fake_define (NvConnection *connection, const NvVm *vm, const char *template_xml, const char *network,
             GError **error)
{
  FakeConnection *self = (FakeConnection *)connection;
  g_autoptr (NvVmInfo) info = g_new0 (NvVmInfo, 1);
  gboolean exists;

  if (shall_fail (self, "define", vm->name, error))
    return FALSE;
  info->vm = copy_vm (vm, error);
  if (!info->vm)
    return FALSE;
  g_mutex_lock (&self->mutex);
  exists = find (self, vm->name, NULL) != NULL;
  if (!exists)
    g_ptr_array_add (self->vms, g_steal_pointer (&info));
  g_mutex_unlock (&self->mutex);
  if (exists)
    g_set_error (error, NV_ERROR, NV_ERROR_EXISTS, "cannot define '%s': it exists", vm->name);
  return !exists;
}

/* Moves a VM from the state @from to @to. */
static gboolean
change_state (NvConnection *connection, const char *operation, const char *name, NvVmState from, NvVmState to,
              GError **error)
{
  FakeConnection *self = (FakeConnection *)connection;
  NvVmInfo *info;
  gboolean changed;

  if (shall_fail (self, operation, name, error))
    return FALSE;
  g_mutex_lock (&self->mutex);
  info = find (self, name, NULL);
  changed = info && info->state == from;
  if (changed)
    info->state = to;
  g_mutex_unlock (&self->mutex);
  if (!changed)
    g_set_error (error, NV_ERROR, info ? NV_ERROR_FAILED : NV_ERROR_NOT_FOUND, "cannot %s '%s': it is not %s",
                 operation, name, nv_vm_state_name (from));
  return changed;
}

static gboolean
fake_start_paused (NvConnection *connection, const char *name, GError **error)
{
  return change_state (connection, "start", name, NV_VM_STOPPED, NV_VM_PAUSED, error);
}

static gboolean
fake_resume (NvConnection *connection, const char *name, GError **error)
{
  return change_state (connection, "resume", name, NV_VM_PAUSED, NV_VM_RUNNING, error);
}

static gboolean
fake_stop (NvConnection *connection, const char *name, gboolean force, GError **error)
{
  FakeConnection *self = (FakeConnection *)connection;
  gboolean sleeps = shall_fail (self, "sleep", name, NULL);
  NvVmInfo *info;

  if (shall_fail (self, "stop", name, error))
    return FALSE;
  g_mutex_lock (&self->mutex);
  info = find (self, name, NULL);
  if (info && (force || !sleeps))
    info->state = NV_VM_STOPPED;
  g_mutex_unlock (&self->mutex);
  if (!info)
    g_set_error (error, NV_ERROR, NV_ERROR_NOT_FOUND, "cannot stop '%s': there is none", name);
  return info != NULL;
}

static gboolean
fake_end (NvConnection *connection, const char *name, NvVmEnd *ret_end, GError **error)
{
  static const NvVmEnd ends[] = { [NV_VM_STOPPED] = NV_VM_END_GUEST, [NV_VM_CRASHED] = NV_VM_END_PANIC };
  FakeConnection *self = (FakeConnection *)connection;
  const NvVmInfo *info;

  g_mutex_lock (&self->mutex);
  info = find (self, name, NULL);
  *ret_end = info && info->state < G_N_ELEMENTS (ends) ? ends[info->state] : NV_VM_END_NONE;
  g_mutex_unlock (&self->mutex);
  if (!info)
    g_set_error (error, NV_ERROR, NV_ERROR_NOT_FOUND, "there is no VM '%s'", name);
  return info != NULL;
}

static gboolean
fake_undefine (NvConnection *connection, const char *name, GError **error)
{
  FakeConnection *self = (FakeConnection *)connection;
  NvVmInfo *info;
  guint index;
  gboolean stopped;

  if (shall_fail (self, "undefine", name, error))
    return FALSE;
  g_mutex_lock (&self->mutex);
  info = find (self, name, &index);
  stopped = info && info->state == NV_VM_STOPPED;
  if (stopped)
    g_ptr_array_remove_index (self->vms, index);
  g_mutex_unlock (&self->mutex);
  if (!stopped)
    g_set_error (error, NV_ERROR, info ? NV_ERROR_FAILED : NV_ERROR_NOT_FOUND, "cannot undefine '%s': %s",
                 name, info ? "it runs" : "there is none");
  return stopped;
}

static GPtrArray *
fake_list (NvConnection *connection, GPtrArray *damaged, GError **error)
{
  FakeConnection *self = (FakeConnection *)connection;
  g_autoptr (GPtrArray) infos = nv_vm_infos_new ();

  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < self->vms->len; i++)
    {
      const NvVmInfo *info = g_ptr_array_index (self->vms, i);
      NvVmInfo *copy = g_new0 (NvVmInfo, 1);

      copy->vm = copy_vm (info->vm, NULL);
      copy->state = info->state;
      g_ptr_array_add (infos, copy);
    }
  g_mutex_unlock (&self->mutex);
  nv_vm_infos_sort (infos);
  return g_steal_pointer (&infos);
}

static gboolean
fake_process (NvConnection *connection, const char *name, int *ret_pid, GArray **ret_threads, GError **error)
{
  g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE, "a fake VM has no process");
  return FALSE;
}

static int
fake_open_console (NvConnection *connection, const char *name, GError **error)
{
  g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE, "a fake VM has no console");
  return -1;
}

static int
fake_open_channel (NvConnection *connection, const char *name, GError **error)
{
  FakeConnection *self = (FakeConnection *)connection;
  const NvVmInfo *info;
  gboolean running;
  int fd = -1;

  if (shall_fail (self, "open-channel", name, error))
    return -1;
  g_mutex_lock (&self->mutex);
  info = find (self, name, NULL);
  running = info && info->state == NV_VM_RUNNING;
  g_mutex_unlock (&self->mutex);
  if (!running)
    g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE, "VM '%s' does not run", name);
  else if ((fd = fake_guest_start (name)) < 0)
    g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot open the channel of '%s': %s", name,
                 g_strerror (errno));
  return fd;
}

const NvDriver nv_driver_fake = {
  .name = "fake",
  .summary = "nothing runs: for tests, and for planning on a machine that is only described",
  .default_uri = "this machine",
  .unavailable = fake_unavailable,
  .open = fake_open,
  .close = fake_close,
  .host = fake_host,
  .max_vcpus = fake_max_vcpus,
  .exists = fake_exists,
  .check = fake_check,
  .define = fake_define,
  .start_paused = fake_start_paused,
  .resume = fake_resume,
  .stop = fake_stop,
  .end = fake_end,
  .undefine = fake_undefine,
  .list = fake_list,
  .process = fake_process,
  .open_console = fake_open_console,
  .open_channel = fake_open_channel,
};
