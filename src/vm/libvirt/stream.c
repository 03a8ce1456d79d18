/* A domain's console or channel as a connected descriptor: libvirt's stream, pumped into a socket pair.
 *
 * Two threads a descriptor, each blocking in one direction. They end when either side closes. */

#include "vm/libvirt/libvirt-connection.h"
#include "base/error.h"
#include "bench/protocol.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define PUMP_BYTES 32768

typedef struct
{
  gint references;
  virStreamPtr stream;
  int fd;
} Pump;

static void
pump_unref (Pump *pump)
{
  if (!g_atomic_int_dec_and_test (&pump->references))
    return;
  virStreamFree (pump->stream);
  close (pump->fd);
  g_free (pump);
}

static gboolean
write_all (int fd, const char *bytes, gsize length)
{
  while (length > 0)
    {
      ssize_t written = send (fd, bytes, length, MSG_NOSIGNAL);

      if (written < 0 && errno == EINTR)
        continue;
      if (written <= 0)
        return FALSE;
      bytes += written;
      length -= (gsize)written;
    }
  return TRUE;
}

static gpointer
pump_from_guest (gpointer data)
{
  Pump *pump = data;
  char bytes[PUMP_BYTES];
  int length;

  while ((length = virStreamRecv (pump->stream, bytes, sizeof bytes)) > 0)
    if (!write_all (pump->fd, bytes, (gsize)length))
      break;
  /* Wakes the other thread, and tells the reader of the descriptor that nothing more comes. */
  shutdown (pump->fd, SHUT_RDWR);
  pump_unref (pump);
  return NULL;
}

static gboolean
stream_send_all (virStreamPtr stream, const char *bytes, gsize length)
{
  while (length > 0)
    {
      int sent = virStreamSend (stream, bytes, length);

      if (sent < 0)
        return FALSE;
      bytes += sent;
      length -= (gsize)sent;
    }
  return TRUE;
}

static gpointer
pump_to_guest (gpointer data)
{
  Pump *pump = data;
  char bytes[PUMP_BYTES];
  ssize_t length;

  while ((length = read (pump->fd, bytes, sizeof bytes)) > 0 || (length < 0 && errno == EINTR))
    if (length > 0 && !stream_send_all (pump->stream, bytes, (gsize)length))
      break;
  virStreamAbort (pump->stream);
  pump_unref (pump);
  return NULL;
}

/* Takes @stream, which is open. */
static int
start_pump (virStreamPtr stream, GError **error)
{
  Pump *pump;
  int pair[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "%s", g_strerror (errno));
      virStreamAbort (stream);
      virStreamFree (stream);
      return -1;
    }
  pump = g_new0 (Pump, 1);
  pump->references = 2;
  pump->stream = stream;
  pump->fd = pair[0];
  g_thread_unref (g_thread_new ("from-guest", pump_from_guest, pump));
  g_thread_unref (g_thread_new ("to-guest", pump_to_guest, pump));
  return pair[1];
}

/* Connects @stream. Negative, with libvirt's own error, on failure. */
typedef int (*OpenStream) (virDomainPtr domain, virStreamPtr stream);

static int
pump_stream (virConnectPtr handle, const char *name, OpenStream open_stream, const char *what, GError **error)
{
  g_autoptr (virDomain) domain = virDomainLookupByName (handle, name);
  virStreamPtr stream;
  int fd;

  if (!domain)
    {
      libvirt_fail (error, "cannot find '%s'", name);
      return -1;
    }
  stream = virStreamNew (handle, 0);
  if (!stream || open_stream (domain, stream) < 0)
    {
      libvirt_fail (error, "cannot open the %s of '%s'", what, name);
      if (stream)
        virStreamFree (stream);
      return -1;
    }
  fd = start_pump (stream, error);
  if (fd < 0)
    g_prefix_error (error, "cannot open the %s of '%s': ", what, name);
  return fd;
}

/* Each stream has a connection of its own, which goes with it: who asks libvirt something while another
 * thread waits for a stream of the same connection may wait for ever (seen with libvirt 9.0.0). Streams that
 * shared one would wait for each other, too. */
static int
open_pumped (NvConnection *connection, const char *name, OpenStream open_stream, const char *what,
             GError **error)
{
  virConnectPtr handle = virConnectOpenAuth (connection->uri, virConnectAuthPtrDefault, 0);
  int fd = -1;

  if (!handle)
    libvirt_fail (error, "cannot open the %s of '%s': cannot connect to libvirt at '%s'", what, name,
                  connection->uri);
  else
    {
      fd = pump_stream (handle, name, open_stream, what, error);
      virConnectClose (handle);
    }
  return fd;
}

static int
open_console (virDomainPtr domain, virStreamPtr stream)
{
  return virDomainOpenConsole (domain, NULL, stream, VIR_DOMAIN_CONSOLE_SAFE);
}

int
libvirt_open_console (NvConnection *connection, const char *name, GError **error)
{
  return open_pumped (connection, name, open_console, "console", error);
}

/* Not by force: whoever has it may be in the middle of a measurement, and a program that ended has closed it.
 */
static int
open_channel (virDomainPtr domain, virStreamPtr stream)
{
  return virDomainOpenChannel (domain, NV_CHANNEL_NAME, stream, 0);
}

int
libvirt_open_channel (NvConnection *connection, const char *name, GError **error)
{
  return open_pumped (connection, name, open_channel, "channel", error);
}
