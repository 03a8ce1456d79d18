/* The libvirt driver. The only folder that includes libvirt's headers. */

#include "vm/libvirt/libvirt-connection.h"

#include "base/error.h"
#include "base/size.h"
#include "host/facts.h"
#include "host/topology.h"
#include "vm/domain-xml.h"
#include "vm/metadata.h"
#include "vm/process.h"

#include <errno.h>
#include <libvirt/virterror.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

gboolean
libvirt_fail (GError **error, const char *format, ...)
{
  virErrorPtr last = virGetLastError ();
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, NV_ERROR,
               last && last->code == VIR_ERR_NO_DOMAIN ? NV_ERROR_NOT_FOUND : NV_ERROR_FAILED, "%s: %s", what,
               last && last->message ? last->message : "libvirt gives no reason");
  return FALSE;
}

virDomainPtr
libvirt_lookup (LibvirtConnection *self, const char *name, GError **error)
{
  virDomainPtr domain = virDomainLookupByName (self->handle, name);

  if (!domain)
    libvirt_fail (error, "cannot find '%s'", name);
  return domain;
}

static char *
libvirt_unavailable (void)
{
  return NULL; /* it is linked in; whether a daemon answers is known by opening a connection */
}

/* libvirt prints each error on stderr unless told not to; ours carry them. */
static void
keep_quiet (void *data, virErrorPtr error)
{
}

static void
libvirt_close (NvConnection *connection)
{
  LibvirtConnection *self = (LibvirtConnection *)connection;

  g_hash_table_unref (self->watches);
  g_mutex_clear (&self->watches_lock);
  nv_capabilities_free (self->capabilities);
  virConnectClose (self->handle);
  g_free (self->kvm_reason);
  g_free (self->base.uri);
  g_free (self);
}

static gboolean
is_remote (const char *uri)
{
  g_autoptr (GUri) parsed = g_uri_parse (uri, G_URI_FLAGS_NONE, NULL);
  const char *host = parsed ? g_uri_get_host (parsed) : NULL;

  return host && *host;
}

/* The host CPU's features, those that its model implies too; NULL if libvirt cannot say. */
static char *
expand_cpu (virConnectPtr handle, const char *capabilities)
{
  const char *start = strstr (capabilities, "<cpu>");
  const char *end = start ? strstr (start, "</cpu>") : NULL;
  g_autofree char *cpu = end ? g_strndup (start, (gsize)(end - start) + strlen ("</cpu>")) : NULL;
  const char *cpus[] = { cpu };
  char *expanded, *copy;

  if (!cpu)
    return NULL;
  expanded = virConnectBaselineCPU (handle, cpus, 1, VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES);
  copy = g_strdup (expanded);
  free (expanded);
  return copy;
}

/* Why KVM cannot be used there, by its capabilities alone; NULL: it can. */
static char *
kvm_reason_of (LibvirtConnection *self, const char *text)
{
  g_autofree char *cpu = NULL;

  if (!nv_capabilities_offer (self->capabilities, "kvm"))
    return g_strdup ("libvirt offers no KVM there");
  if (!g_str_has_prefix (nv_capabilities_arch (self->capabilities), "x86")
      && strcmp (nv_capabilities_arch (self->capabilities), "i686") != 0)
    return NULL;
  cpu = expand_cpu (self->handle, text);
  if (nv_capabilities_cpu_has (self->capabilities, cpu, "vmx")
      || nv_capabilities_cpu_has (self->capabilities, cpu, "svm"))
    return NULL;
  return g_strdup ("that CPU offers no vmx or svm");
}

static gboolean
read_capabilities (LibvirtConnection *self, GError **error)
{
  char *text = virConnectGetCapabilities (self->handle);

  if (!text)
    return libvirt_fail (error, "cannot read the capabilities of '%s'", self->base.uri);
  self->capabilities = nv_capabilities_parse (text, error);
  if (self->capabilities)
    {
      /* Of this machine more is known than its capabilities say: does /dev/kvm open? */
      if (self->base.remote || nv_kvm_usable ("/", &self->kvm_reason))
        self->kvm_reason = kvm_reason_of (self, text);
    }
  free (text);
  return self->capabilities != NULL;
}

static NvConnection *
libvirt_open (const char *uri, GError **error)
{
  LibvirtConnection *self;
  virConnectPtr handle;
  char *canonical;

  if (!uri)
    uri = geteuid () == 0 ? "qemu:///system" : "qemu:///session";
  virSetErrorFunc (NULL, keep_quiet);
  handle = virConnectOpenAuth (uri, virConnectAuthPtrDefault, 0);
  if (!handle)
    {
      libvirt_fail (error, "cannot connect to libvirt at '%s' (is libvirtd running there?)", uri);
      return NULL;
    }
  canonical = virConnectGetURI (handle);
  self = g_new0 (LibvirtConnection, 1);
  self->base.driver = &nv_driver_libvirt;
  self->base.uri = g_strdup (canonical ? canonical : uri);
  self->handle = handle;
  self->base.remote = is_remote (self->base.uri);
  g_mutex_init (&self->watches_lock);
  self->watches = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)libvirt_watch_free);
  free (canonical);
  if (!read_capabilities (self, error))
    {
      libvirt_close (&self->base);
      return NULL;
    }
  return &self->base;
}

/* On a remote host, what libvirt reports as free is all that can be known. */
static gboolean
read_free_memory (LibvirtConnection *self, NvHost *host, GError **error)
{
  for (guint i = 0; i < host->nodes->len; i++)
    {
      NvNode *node = g_ptr_array_index (host->nodes, i);
      unsigned long long bytes = 0;

      if (virNodeGetCellsFreeMemory (self->handle, &bytes, (int)node->os_index, 1) != 1)
        return libvirt_fail (error, "cannot read the free memory of node %u", node->os_index);
      node->memory_available_bytes = bytes;
      for (guint j = 0; j < node->page_pools->len; j++)
        {
          NvPagePool *pool = &g_array_index (node->page_pools, NvPagePool, j);
          unsigned int size_kib = (unsigned int)(pool->page_size_bytes / NV_KIB);
          unsigned long long pages = 0;

          if (virNodeGetFreePages (self->handle, 1, &size_kib, (int)node->os_index, 1, &pages, 0) == 1)
            pool->free_pages = pages;
        }
    }
  host->available_source = NV_AVAILABLE_FROM_LIBVIRT;
  host->memory_available_bytes = 0;
  nv_host_finish (host);
  return TRUE;
}

static NvHost *
libvirt_own_view (NvConnection *connection, GError **error)
{
  LibvirtConnection *self = (LibvirtConnection *)connection;
  g_autoptr (NvHost) host = nv_capabilities_host (self->capabilities, self->base.uri);

  return read_free_memory (self, host, error) ? g_steal_pointer (&host) : NULL;
}

/* libvirt counts versions as 1000000 * major + 1000 * minor + release. */
static char *
format_version (unsigned long version)
{
  return g_strdup_printf ("%lu.%lu.%lu", version / 1000000, version / 1000 % 1000, version % 1000);
}

static char *
libvirt_versions (NvConnection *connection, GError **error)
{
  LibvirtConnection *self = (LibvirtConnection *)connection;
  unsigned long libvirt, hypervisor;
  g_autofree char *libvirt_text = NULL, *hypervisor_text = NULL;

  if (virConnectGetLibVersion (self->handle, &libvirt) < 0
      || virConnectGetVersion (self->handle, &hypervisor) < 0)
    {
      libvirt_fail (error, "cannot read the versions of '%s'", self->base.uri);
      return NULL;
    }
  libvirt_text = format_version (libvirt);
  hypervisor_text = format_version (hypervisor);
  return g_strdup_printf ("%s, %s, %s %s", self->base.uri, libvirt_text, virConnectGetType (self->handle),
                          hypervisor_text);
}

static NvDriverHost *
libvirt_host (NvConnection *connection, GError **error)
{
  LibvirtConnection *self = (LibvirtConnection *)connection;
  g_autoptr (NvDriverHost) host = g_new0 (NvDriverHost, 1);

  host->host = connection->remote ? libvirt_own_view (connection, error) : nv_host_read ("/", error);
  if (!host->host)
    return NULL;
  host->kvm_usable = self->kvm_reason == NULL;
  host->kvm_reason = g_strdup (self->kvm_reason);
  host->emulator = g_strdup (nv_capabilities_emulator (self->capabilities));
  return g_steal_pointer (&host);
}

static guint
libvirt_max_vcpus (NvConnection *connection, const char *machine)
{
  LibvirtConnection *self = (LibvirtConnection *)connection;

  return nv_capabilities_max_vcpus (self->capabilities, machine ? machine : "pc");
}

static gboolean
libvirt_exists (NvConnection *connection, const char *name, gboolean *ret_exists, GError **error)
{
  LibvirtConnection *self = (LibvirtConnection *)connection;
  g_autoptr (virDomain) domain = virDomainLookupByName (self->handle, name);
  virErrorPtr last;

  *ret_exists = domain != NULL;
  if (domain)
    return TRUE;
  last = virGetLastError ();
  if (last && last->code == VIR_ERR_NO_DOMAIN)
    return TRUE;
  return libvirt_fail (error, "cannot look up '%s'", name);
}

static gboolean
check_network (LibvirtConnection *self, const char *name, GError **error)
{
  virNetworkPtr network = virNetworkLookupByName (self->handle, name);
  gboolean active = network && virNetworkIsActive (network) == 1;

  if (!network)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                 "network '%s' is unknown to libvirt: define it, or say --network user or --network none",
                 name);
  else if (!active)
    g_set_error (
        error, NV_ERROR, NV_ERROR_USAGE,
        "network '%s' is not active: `virsh net-start %s` starts it, --network user or --network none does without",
        name, name);
  if (network)
    virNetworkFree (network);
  return active;
}

static gboolean
libvirt_check (NvConnection *connection, const NvVm *vm, const char *template_xml, const char *network,
               GError **error)
{
  LibvirtConnection *self = (LibvirtConnection *)connection;
  g_autoptr (NvTemplate) template = nv_template_parse (template_xml, error);

  if (!template)
    return FALSE;
  if (!connection->remote && geteuid () != 0 && g_str_has_suffix (connection->uri, "/system"))
    {
      g_set_error (
          error, NV_ERROR, NV_ERROR_USAGE,
          "connection '%s': its QEMU runs as another user, who cannot reach your files: run numavm as root, or say --connect qemu:///session",
          connection->uri);
      return FALSE;
    }
  if (vm->accel == NV_ACCEL_KVM && !nv_capabilities_offer (self->capabilities, "kvm"))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE,
                   "accelerator 'kvm': libvirt at '%s' does not offer it", self->base.uri);
      return FALSE;
    }
  if (network)
    return strcmp (network, "none") == 0 || strcmp (network, "user") == 0
           || check_network (self, network, error);
  for (guint i = 0; i < nv_template_networks (template)->len; i++)
    if (!check_network (self, g_ptr_array_index (nv_template_networks (template), i), error))
      return FALSE;
  return TRUE;
}

/* The emulator to put in the place of the template's, or NULL to leave that as it is. */
static const char *
choose_emulator (LibvirtConnection *self, const NvTemplate *template, const NvVm *vm)
{
  const char *named = nv_template_emulator (template);

  if (!named)
    return NULL;
  /* An emulator for KVM may be a wrapper that insists on it. */
  if (vm->accel != NV_ACCEL_KVM && g_strcmp0 (nv_template_domain_type (template), "kvm") == 0)
    return nv_capabilities_emulator (self->capabilities);
  if (!self->base.remote && access (named, X_OK) != 0)
    return nv_capabilities_emulator (self->capabilities);
  return NULL;
}

static char *
libvirt_render (NvConnection *connection, const NvVm *vm, const char *template_xml, const char *network,
                GPtrArray *notes, GError **error)
{
  LibvirtConnection *self = (LibvirtConnection *)connection;
  g_autoptr (NvTemplate) template = nv_template_parse (template_xml, error);
  NvDomainOptions options = { .network = network };
  const char *type;

  if (!template)
    return NULL;
  options.emulator = choose_emulator (self, template, vm);
  type = nv_template_domain_type (template);
  if (notes && template_xml && vm->accel != NV_ACCEL_KVM && g_strcmp0 (type, "qemu") != 0)
    g_ptr_array_add (notes,
                     g_strdup_printf ("domain type '%s' became 'qemu' (%s)", type ? type : "",
                                      self->kvm_reason ? self->kvm_reason : "emulation was asked for"));
  if (notes && template_xml && vm->accel == NV_ACCEL_KVM && g_strcmp0 (type, "kvm") != 0)
    g_ptr_array_add (
        notes, g_strdup_printf ("domain type '%s' became 'kvm' (--accel tcg emulates)", type ? type : ""));
  if (notes && options.emulator && strcmp (options.emulator, nv_template_emulator (template)) != 0)
    g_ptr_array_add (notes, g_strdup_printf ("emulator '%s' became '%s'", nv_template_emulator (template),
                                             options.emulator));
  return nv_domain_xml_render (template, vm, &options);
}

static gboolean
libvirt_define (NvConnection *connection, const NvVm *vm, const char *template_xml, const char *network,
                GError **error)
{
  LibvirtConnection *self = (LibvirtConnection *)connection;
  g_autofree char *xml = libvirt_render (connection, vm, template_xml, network, NULL, error);
  g_autoptr (virDomain) domain = NULL;

  if (!xml)
    return FALSE;
  domain = virDomainDefineXML (self->handle, xml);
  return domain ? TRUE : libvirt_fail (error, "cannot define '%s'", vm->name);
}

static gboolean
libvirt_start_paused (NvConnection *connection, const char *name, GError **error)
{
  g_autoptr (virDomain) domain = libvirt_lookup ((LibvirtConnection *)connection, name, error);

  if (!domain)
    return FALSE;
  return virDomainCreateWithFlags (domain, VIR_DOMAIN_START_PAUSED) == 0
         || libvirt_fail (error, "cannot start '%s'", name);
}

static gboolean
libvirt_resume (NvConnection *connection, const char *name, GError **error)
{
  g_autoptr (virDomain) domain = libvirt_lookup ((LibvirtConnection *)connection, name, error);

  return domain && (virDomainResume (domain) == 0 || libvirt_fail (error, "cannot resume '%s'", name));
}

static gboolean
libvirt_stop (NvConnection *connection, const char *name, gboolean force, GError **error)
{
  g_autoptr (virDomain) domain = libvirt_lookup ((LibvirtConnection *)connection, name, error);

  if (!domain)
    return FALSE;
  if (force && virDomainIsActive (domain) == 0)
    return TRUE;
  if ((force ? virDomainDestroy (domain) : virDomainShutdown (domain)) == 0)
    return TRUE;
  /* Its guest may have ended it meanwhile. */
  return (force && virGetLastErrorCode () == VIR_ERR_OPERATION_INVALID)
         || libvirt_fail (error, "cannot stop '%s'", name);
}

/* It is there from the first time on. Returns: (nullable) (transfer none). */
static LibvirtWatch *
watch_end (LibvirtConnection *self, const char *name, GError **error)
{
  LibvirtWatch *watch;

  g_mutex_lock (&self->watches_lock);
  watch = g_hash_table_lookup (self->watches, name);
  if (!watch && (watch = libvirt_watch_new (self->base.uri, name, error)))
    g_hash_table_insert (self->watches, g_strdup (name), watch);
  g_mutex_unlock (&self->watches_lock);
  return watch;
}

static gboolean
libvirt_end (NvConnection *connection, const char *name, NvVmEnd *ret_end, GError **error)
{
  LibvirtConnection *self = (LibvirtConnection *)connection;
  g_autoptr (virDomain) domain = libvirt_lookup (self, name, error);
  LibvirtWatch *watch = domain ? watch_end (self, name, error) : NULL;
  int state, reason;

  if (!watch)
    return FALSE;
  if (virDomainGetState (domain, &state, &reason, 0) < 0)
    return libvirt_fail (error, "cannot read the state of '%s'", name);
  *ret_end = NV_VM_END_NONE;
  if (state == VIR_DOMAIN_CRASHED)
    *ret_end = NV_VM_END_PANIC;
  else if (state == VIR_DOMAIN_PAUSED && reason == VIR_DOMAIN_PAUSED_IOERROR)
    *ret_end = NV_VM_END_STUCK;
  else if (state == VIR_DOMAIN_SHUTOFF)
    /* That reason has a QEMU that got a signal, too. A reboot that ends the VM is a power-off there. */
    *ret_end = reason == VIR_DOMAIN_SHUTOFF_SHUTDOWN && libvirt_watch_was_guest (watch) ? NV_VM_END_GUEST
                                                                                        : NV_VM_END_KILLED;
  return TRUE;
}

/* What numavm stored with the domain; NULL with no error if the domain is not numavm's. */
static NvVm *
read_metadata (virDomainPtr domain, GError **error)
{
  char *text = virDomainGetMetadata (domain, VIR_DOMAIN_METADATA_ELEMENT, NV_METADATA_NAMESPACE,
                                     VIR_DOMAIN_AFFECT_CURRENT);
  g_autoptr (NvVm) vm = text ? nv_metadata_parse (text, error) : NULL;
  char uuid[VIR_UUID_STRING_BUFLEN] = "";

  free (text);
  virDomainGetUUIDString (domain, uuid);
  /* A copy of a domain (virt-clone, virsh define) has its metadata too, but not its disk and its log. */
  if (!vm || g_ascii_strcasecmp (vm->uuid, uuid) != 0)
    return NULL;
  /* virsh may have renamed it since. */
  g_free (vm->name);
  vm->name = g_strdup (virDomainGetName (domain));
  return g_steal_pointer (&vm);
}

/* With what libvirt's log daemon set aside when it got long: FILE.0, FILE.1, ... */
static void
remove_log (const char *path)
{
  gboolean removed = TRUE;

  unlink (path);
  for (guint i = 0; removed; i++)
    {
      g_autofree char *older = g_strdup_printf ("%s.%u", path, i);

      removed = unlink (older) == 0;
    }
}

static gboolean
libvirt_undefine (NvConnection *connection, const char *name, GError **error)
{
  g_autoptr (virDomain) domain = libvirt_lookup ((LibvirtConnection *)connection, name, error);
  g_autoptr (NvVm) vm = NULL;

  if (!domain)
    return FALSE;
  /* libvirt would make it transient: it would run on, and its disk would be taken from it. */
  if (virDomainIsActive (domain) == 1)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot remove '%s': it runs: stop it first", name);
      return FALSE;
    }
  vm = read_metadata (domain, NULL);
  if (virDomainUndefineFlags (domain,
                              VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
                                  | VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA | VIR_DOMAIN_UNDEFINE_NVRAM)
      < 0)
    return libvirt_fail (error, "cannot undefine '%s'", name);
  if (vm && vm->console_log && !connection->remote)
    remove_log (vm->console_log);
  return TRUE;
}

static NvVmState
state_of (virDomainPtr domain)
{
  int state = VIR_DOMAIN_NOSTATE;

  virDomainGetState (domain, &state, NULL, 0);
  switch (state)
    {
    case VIR_DOMAIN_RUNNING:
    case VIR_DOMAIN_BLOCKED:
    case VIR_DOMAIN_SHUTDOWN:
      return NV_VM_RUNNING;
    case VIR_DOMAIN_PAUSED:
    case VIR_DOMAIN_PMSUSPENDED:
      return NV_VM_PAUSED;
    case VIR_DOMAIN_CRASHED:
      return NV_VM_CRASHED;
    default:
      return NV_VM_STOPPED;
    }
}

static GPtrArray *
libvirt_list (NvConnection *connection, GPtrArray *damaged, GError **error)
{
  LibvirtConnection *self = (LibvirtConnection *)connection;
  g_autoptr (GPtrArray) infos = nv_vm_infos_new ();
  virDomainPtr *domains = NULL;
  int n_domains = virConnectListAllDomains (self->handle, &domains, 0);

  if (n_domains < 0)
    {
      libvirt_fail (error, "cannot list the domains of '%s'", self->base.uri);
      return NULL;
    }
  for (int i = 0; i < n_domains; i++)
    {
      GError *damage = NULL;
      NvVm *vm = read_metadata (domains[i], &damage);

      if (damage)
        nv_damaged_vms_add (damaged, virDomainGetName (domains[i]), state_of (domains[i]), damage);
      if (vm)
        {
          NvVmInfo *info = g_new0 (NvVmInfo, 1);

          info->vm = vm;
          info->state = state_of (domains[i]);
          g_ptr_array_add (infos, info);
        }
      virDomainFree (domains[i]);
    }
  free (domains);
  nv_vm_infos_sort (infos);
  return g_steal_pointer (&infos);
}

static gboolean
libvirt_process (NvConnection *connection, const char *name, int *ret_pid, GArray **ret_threads,
                 GError **error)
{
  LibvirtConnection *self = (LibvirtConnection *)connection;
  g_autoptr (virDomain) domain = libvirt_lookup (self, name, error);
  char uuid[VIR_UUID_STRING_BUFLEN];

  if (!domain)
    return FALSE;
  if (connection->remote)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE, "the process of '%s' is on another machine", name);
      return FALSE;
    }
  virDomainGetUUIDString (domain, uuid);
  return nv_qemu_process_find (uuid, ret_pid, ret_threads, error);
}

const NvDriver nv_driver_libvirt = {
  .name = "libvirt",
  .summary = "VMs are libvirt domains: virsh and virt-manager show them too",
  .default_uri = "qemu:///system for root, qemu:///session else",
  .unavailable = libvirt_unavailable,
  .open = libvirt_open,
  .close = libvirt_close,
  .host = libvirt_host,
  .own_view = libvirt_own_view,
  .versions = libvirt_versions,
  .max_vcpus = libvirt_max_vcpus,
  .exists = libvirt_exists,
  .check = libvirt_check,
  .render = libvirt_render,
  .define = libvirt_define,
  .start_paused = libvirt_start_paused,
  .resume = libvirt_resume,
  .stop = libvirt_stop,
  .end = libvirt_end,
  .undefine = libvirt_undefine,
  .list = libvirt_list,
  .process = libvirt_process,
  .placement_of = libvirt_placement_of,
  .open_console = libvirt_open_console,
  .open_channel = libvirt_open_channel,
};
