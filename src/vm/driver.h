#pragma once

#include "placement/host.h"
#include "vm/vm.h"

#include <gio/gio.h>

/**
 * A driver is what VMs run on: libvirt, QEMU itself, or the fake one of the tests. It is one const record of
 * functions; nothing above asks which one it is. Functions of one connection may be called from several
 * threads at once.
 */
typedef struct NvDriver NvDriver;

/* An open connection; each driver's own type begins with it. */
typedef struct
{
  const NvDriver *driver;
  char *uri;       /* canonical; names the ledger that the connection's VMs share */
  gboolean remote; /* its VMs and their files are on another machine */
} NvConnection;

typedef enum
{
  NV_VM_STOPPED,
  NV_VM_RUNNING,
  NV_VM_PAUSED,
  NV_VM_CRASHED,
} NvVmState;

/* How a VM's last run ended. */
typedef enum
{
  NV_VM_END_NONE,   /* not yet */
  NV_VM_END_GUEST,  /* by its guest: power-off, or a reboot where that ends it (NvVm.cdrom) */
  NV_VM_END_PANIC,  /* its guest panicked, and the driver was told so */
  NV_VM_END_STUCK,  /* QEMU met an error and cannot go on: most likely the host's disk is full */
  NV_VM_END_KILLED, /* QEMU died, or somebody pulled the plug */
} NvVmEnd;

/* What a driver knows of the machine that it runs VMs on. */
typedef struct
{
  NvHost *host;
  gboolean kvm_usable;
  char *kvm_reason; /* (nullable): why not */
  char *emulator;   /* path there; NULL: none found */
} NvDriverHost;

void nv_driver_host_free (NvDriverHost *host);

struct NvDriver
{
  const char *name;
  const char *summary;
  const char *default_uri; /* (nullable): for --help; NULL: it takes no URI */

  /* Returns: (transfer full) (nullable): why it cannot be used here at all. */
  char *(*unavailable) (void);

  /* @uri: (nullable): the default. Returns: (transfer full). */
  NvConnection *(*open) (const char *uri, GError **error);
  void (*close) (NvConnection *connection);

  /* Returns: (transfer full). */
  NvDriverHost *(*host) (NvConnection *connection, GError **error);

  /* (nullable): the machine as what the driver talks to describes it, which can differ from what host() finds
   * out itself. Returns: (transfer full). */
  NvHost *(*own_view) (NvConnection *connection, GError **error);

  /* (nullable): where it is and its versions: `qemu:///system, 9.0.0, QEMU 7.2.22`. Returns: (transfer full).
   */
  char *(*versions) (NvConnection *connection, GError **error);

  /* The largest number of vCPUs of @machine (nullable: the default machine type); 0: unknown. */
  guint (*max_vcpus) (NvConnection *connection, const char *machine);

  /* Is there a VM of that name, numavm's or another's? */
  gboolean (*exists) (NvConnection *connection, const char *name, gboolean *ret_exists, GError **error);

  /* Everything that would make define() or start() fail and can be known now: a template that does not
   * parse, a network that is not active, a mode that the driver cannot express. @template_xml: (nullable): a
   * user's own template. Makes nothing. Returns: FALSE with NV_ERROR_USAGE or NV_ERROR_UNAVAILABLE. */
  gboolean (*check) (NvConnection *connection, const NvVm *vm, const char *template_xml, const char *network,
                     GError **error);

  /* (nullable): what define() would make, as a text; @notes (nullable) (element-type utf8) gets what was
   * adapted to the host and must be said. Returns: (transfer full). */
  char *(*render) (NvConnection *connection, const NvVm *vm, const char *template_xml, const char *network,
                   GPtrArray *notes, GError **error);

  /* Makes the VM known, stopped, with @vm stored with it. @template_xml: (nullable): the built-in one.
   * @network: (nullable): what the template says; "user", "none" or a network's name. */
  gboolean (*define) (NvConnection *connection, const NvVm *vm, const char *template_xml, const char *network,
                      GError **error);

  /* Starts it with its CPUs stopped, so that pages can be looked at and moved before the guest runs. */
  gboolean (*start_paused) (NvConnection *connection, const char *name, GError **error);
  gboolean (*resume) (NvConnection *connection, const char *name, GError **error);

  /* @force: pull the plug (of a stopped VM: no error); else ask the guest to power off and return at once. */
  gboolean (*stop) (NvConnection *connection, const char *name, gboolean force, GError **error);

  /* Of a VM with a cdrom, which was started once: has it ended, and how? Called first before it is resumed,
   * since a driver may only know how it ends if it watches from then on. Returns: FALSE with
   * NV_ERROR_NOT_FOUND: somebody removed it. */
  gboolean (*end) (NvConnection *connection, const char *name, NvVmEnd *ret_end, GError **error);

  /* Forgets a stopped VM; its disks stay. NV_ERROR_NOT_FOUND if there is none, NV_ERROR_FAILED if it runs. */
  gboolean (*undefine) (NvConnection *connection, const char *name, GError **error);

  /* Only VMs that numavm made. @damaged: (nullable) (element-type NvDamagedVm): gets those of them of which
   * nothing more can be read. Returns: (transfer full) (element-type NvVmInfo), by name. */
  GPtrArray *(*list) (NvConnection *connection, GPtrArray *damaged, GError **error);

  /* Of a running VM on this machine: its QEMU. @ret_threads: (out) (optional) (element-type int): thread of
   * each vCPU. Returns: FALSE with NV_ERROR_UNAVAILABLE and the reason (stopped, remote). */
  gboolean (*process) (NvConnection *connection, const char *name, int *ret_pid, GArray **ret_threads,
                       GError **error);

  /* (nullable): what is declared of the memory of a VM that another program made. Returns: (transfer full).
   */
  NvPlacement *(*placement_of) (NvConnection *connection, const char *name, GError **error);

  /* A descriptor, connected to the running VM's serial console both ways; close() it. -1 on failure. */
  int (*open_console) (NvConnection *connection, const char *name, GError **error);

  /* A socket, connected both ways to the running VM's port NV_CHANNEL_NAME (bench/protocol.h), for
   * nv_channel_new() or close(). One user at a time. -1 on failure. */
  int (*open_channel) (NvConnection *connection, const char *name, GError **error);
};

/* A VM as list() finds it. */
typedef struct
{
  NvVm *vm;
  NvVmState state;
} NvVmInfo;

void nv_vm_info_free (NvVmInfo *info);

/* A VM whose record cannot be read: it was damaged, or a newer numavm wrote it. */
typedef struct
{
  char *message; /* names it, and says what is wrong */
  NvVmState state;
} NvDamagedVm;

/* Returns: (transfer full) (element-type NvDamagedVm): an empty array that owns what is put into it. */
GPtrArray *nv_damaged_vms_new (void);

/* Appends to @damaged (nullable), with the message of @error, which it frees. */
void nv_damaged_vms_add (GPtrArray *damaged, const char *name, NvVmState state, GError *error);

/* Returns: (transfer full) (element-type NvVmInfo): an empty array that owns what is put into it. */
GPtrArray *nv_vm_infos_new (void);

/* By name, numbers in names by their value: vm2 before vm10. */
void nv_vm_infos_sort (GPtrArray *infos);

const char *nv_vm_state_name (NvVmState state); /* "running", ... */

/* All drivers, NULL-terminated; generated by meson.build. The first that is available is the default. */
extern const NvDriver *const nv_drivers[];

/* Returns: (nullable). */
const NvDriver *nv_driver_find (const char *name);

static inline void
nv_connection_close (NvConnection *connection)
{
  if (connection)
    connection->driver->close (connection);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvConnection, nv_connection_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvDriverHost, nv_driver_host_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NvVmInfo, nv_vm_info_free)
