/* Who ended a domain: its guest, or a signal to its QEMU? A domain's state does not say, its events do. */

#include "vm/libvirt/libvirt-connection.h"

/* An event follows the state that it is about. */
#define EVENT_TIMEOUT_S 5

/* References: the owner's, and that of the callback. */
struct LibvirtWatch
{
  gint references;
  virConnectPtr handle; /* of its own: libvirt only tells of events where a loop was there before it */
  int callback;
  GMutex mutex;
  GCond changed;
  gboolean told;      /* of an end */
  gboolean was_guest; /* told so */
};

static void
watch_unref (void *data)
{
  LibvirtWatch *watch = data;

  if (!g_atomic_int_dec_and_test (&watch->references))
    return;
  g_mutex_clear (&watch->mutex);
  g_cond_clear (&watch->changed);
  g_free (watch);
}

static gpointer
run_events (gpointer data)
{
  while (virEventRunDefaultImpl () == 0)
    ;
  return NULL;
}

/* One loop for the program, for good: libvirt has no way to take one back. */
static gpointer
start_events (gpointer data)
{
  if (virEventRegisterDefaultImpl () < 0)
    return NULL;
  g_thread_unref (g_thread_new ("libvirt-events", run_events, NULL));
  return GINT_TO_POINTER (TRUE);
}

static void
tell (LibvirtWatch *watch, gboolean was_guest)
{
  g_mutex_lock (&watch->mutex);
  /* What comes later, such as libvirt's own end of a QEMU that waits, is no news. */
  if (!watch->told)
    watch->was_guest = was_guest;
  watch->told = TRUE;
  g_cond_broadcast (&watch->changed);
  g_mutex_unlock (&watch->mutex);
}

static int
on_lifecycle (virConnectPtr handle, virDomainPtr domain, int event, int detail, void *data)
{
  if (event == VIR_DOMAIN_EVENT_SHUTDOWN)
    tell (data, detail == VIR_DOMAIN_EVENT_SHUTDOWN_GUEST);
  else if (event == VIR_DOMAIN_EVENT_STOPPED)
    tell (data, FALSE);
  return 0;
}

LibvirtWatch *
libvirt_watch_new (const char *uri, const char *name, GError **error)
{
  static GOnce events = G_ONCE_INIT;
  LibvirtWatch *watch;
  virConnectPtr handle = NULL;
  g_autoptr (virDomain) domain = NULL;

  if (g_once (&events, start_events, NULL))
    handle = virConnectOpenAuth (uri, virConnectAuthPtrDefault, 0);
  domain = handle ? virDomainLookupByName (handle, name) : NULL;
  if (!domain)
    {
      libvirt_fail (error, "cannot watch '%s'", name);
      if (handle)
        virConnectClose (handle);
      return NULL;
    }
  watch = g_new0 (LibvirtWatch, 1);
  watch->references = 2;
  watch->handle = handle;
  g_mutex_init (&watch->mutex);
  g_cond_init (&watch->changed);
  watch->callback =
      virConnectDomainEventRegisterAny (handle, domain, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                        VIR_DOMAIN_EVENT_CALLBACK (on_lifecycle), watch, watch_unref);
  if (watch->callback >= 0)
    return watch;
  libvirt_fail (error, "cannot watch '%s'", name);
  watch_unref (watch); /* the callback's */
  libvirt_watch_free (watch);
  return NULL;
}

gboolean
libvirt_watch_was_guest (LibvirtWatch *watch)
{
  gint64 until_us = g_get_monotonic_time () + EVENT_TIMEOUT_S * G_USEC_PER_SEC;
  gboolean was_guest;

  g_mutex_lock (&watch->mutex);
  while (!watch->told && g_cond_wait_until (&watch->changed, &watch->mutex, until_us))
    ;
  was_guest = watch->was_guest;
  g_mutex_unlock (&watch->mutex);
  return was_guest;
}

void
libvirt_watch_free (LibvirtWatch *watch)
{
  if (!watch)
    return;
  if (watch->callback >= 0)
    virConnectDomainEventDeregisterAny (watch->handle, watch->callback);
  virConnectClose (watch->handle);
  watch_unref (watch);
}
