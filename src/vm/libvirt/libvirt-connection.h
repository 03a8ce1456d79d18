#pragma once

#include "host/capabilities.h"
#include "vm/driver.h"

#include <libvirt/libvirt.h>

/* The libvirt driver's connection; seen by the files of this folder only. */
typedef struct
{
  NvConnection base;
  virConnectPtr handle;
  NvCapabilities *capabilities;
  char *kvm_reason; /* (nullable): why KVM cannot be used there */
  GMutex watches_lock;
  GHashTable *watches; /* name -> LibvirtWatch: of domains whose end was asked for */
} LibvirtConnection;

extern const NvDriver nv_driver_libvirt;

/* Sets @error to the message and libvirt's own last error of this thread behind it. Returns: FALSE. */
gboolean libvirt_fail (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* Returns: (transfer full): NULL with NV_ERROR_NOT_FOUND or NV_ERROR_FAILED; free with virDomainFree(). */
virDomainPtr libvirt_lookup (LibvirtConnection *self, const char *name, GError **error);

/* NvDriver.placement_of */
NvPlacement *libvirt_placement_of (NvConnection *connection, const char *name, GError **error);

/* Hears of a domain's end. */
typedef struct LibvirtWatch LibvirtWatch;

/* Over a connection of its own to @uri. Returns: (transfer full): NULL with NV_ERROR_NOT_FOUND or
 * NV_ERROR_FAILED. */
LibvirtWatch *libvirt_watch_new (const char *uri, const char *name, GError **error);
void libvirt_watch_free (LibvirtWatch *watch);

/* Of a domain that has ended since: was it its guest who ended it? FALSE, too, if nobody said so. */
gboolean libvirt_watch_was_guest (LibvirtWatch *watch);

/* NvDriver.open_console */
int libvirt_open_console (NvConnection *connection, const char *name, GError **error);

/* NvDriver.open_channel */
int libvirt_open_channel (NvConnection *connection, const char *name, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (virDomain, virDomainFree)
