#include "vm/qemu/qmp.h"
#include "base/error.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The longest answer that is asked for, query-machines, has some 20 KiB. */
#define LINE_LIMIT_BYTES (1u << 20)

struct NvQmp
{
  int fd;
  char *name;
  int timeout_ms;
  GByteArray *received; /* not yet cut into lines */
};

static gboolean
fail (const NvQmp *self, GError **error, const char *what)
{
  g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "QEMU of '%s': %s", self->name, what);
  return FALSE;
}

static gboolean
fail_errno (const NvQmp *self, GError **error, const char *what, int code)
{
  g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "QEMU of '%s': %s: %s", self->name, what, g_strerror (code));
  return FALSE;
}

/* @deadline_us: by g_get_monotonic_time(). */
static gboolean
wait_for (NvQmp *self, short events, gint64 deadline_us, GError **error)
{
  struct pollfd wanted = { .fd = self->fd, .events = events };

  for (;;)
    {
      gint64 left_ms = (deadline_us - g_get_monotonic_time () + 999) / 1000;
      int ready = left_ms > 0 ? poll (&wanted, 1, (int)left_ms) : 0;

      if (ready > 0)
        return TRUE;
      if (ready == 0)
        {
          g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "QEMU of '%s': no answer within %d ms", self->name,
                       self->timeout_ms);
          return FALSE;
        }
      if (errno != EINTR)
        return fail_errno (self, error, "cannot wait for it", errno);
    }
}

static gboolean
receive (NvQmp *self, gint64 deadline_us, GError **error)
{
  guint8 block[4096];
  ssize_t got;

  if (self->received->len >= LINE_LIMIT_BYTES)
    return fail (self, error, "its answer is longer than 1 MiB");
  if (!wait_for (self, POLLIN, deadline_us, error))
    return FALSE;
  got = recv (self->fd, block, sizeof block, 0);
  if (got == 0)
    return fail (self, error, "it closed the connection");
  if (got < 0 && errno != EINTR && errno != EAGAIN)
    return fail_errno (self, error, "cannot read its answer", errno);
  if (got > 0)
    g_byte_array_append (self->received, block, (guint)got);
  return TRUE;
}

/* Returns: (transfer full): the next line as JSON. */
static json_t *
read_message (NvQmp *self, gint64 deadline_us, GError **error)
{
  guint8 *end = NULL;
  json_error_t problem;
  json_t *message;
  gsize searched = 0;

  for (;;)
    {
      end = memchr (self->received->data + searched, '\n', self->received->len - searched);
      if (end)
        break;
      searched = self->received->len;
      if (!receive (self, deadline_us, error))
        return NULL;
    }
  message = json_loadb ((const char *)self->received->data, (gsize)(end - self->received->data), 0, &problem);
  g_byte_array_remove_range (self->received, 0, (guint)(end - self->received->data) + 1);
  if (!json_is_object (message))
    {
      json_decref (message);
      fail (self, error, "its answer is not a JSON object");
      return NULL;
    }
  return message;
}

static gboolean
send_text (NvQmp *self, const char *text, gint64 deadline_us, GError **error)
{
  gsize left = strlen (text);

  while (left > 0)
    {
      ssize_t sent;

      if (!wait_for (self, POLLOUT, deadline_us, error))
        return FALSE;
      sent = send (self->fd, text, left, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno != EINTR && errno != EAGAIN)
        return fail_errno (self, error, "cannot send a command", errno);
      if (sent > 0)
        {
          text += sent;
          left -= (gsize)sent;
        }
    }
  return TRUE;
}

static gint64
deadline_of (const NvQmp *self)
{
  return g_get_monotonic_time () + (gint64)self->timeout_ms * 1000;
}

static void
refuse (const NvQmp *self, const char *command, json_t *refusal, GError **error)
{
  const char *reason = json_string_value (json_object_get (refusal, "desc"));

  g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "QEMU of '%s': refused '%s': %s", self->name, command,
               reason ? reason : "it gives no reason");
}

json_t *
nv_qmp_execute (NvQmp *self, const char *command, GError **error)
{
  g_autofree char *text = g_strdup_printf ("{\"execute\": \"%s\"}\n", command);
  gint64 deadline_us = deadline_of (self);

  if (!send_text (self, text, deadline_us, error))
    return NULL;
  for (;;)
    {
      json_t *message = read_message (self, deadline_us, error);
      json_t *result = json_object_get (message, "return");
      json_t *refusal = json_object_get (message, "error");
      gboolean is_answer = result || refusal;

      if (!message)
        return NULL;
      if (result)
        json_incref (result);
      else if (refusal)
        refuse (self, command, refusal, error);
      json_decref (message);
      if (is_answer)
        return result;
    }
}

static gboolean
negotiate (NvQmp *self, GError **error)
{
  json_t *greeting = read_message (self, deadline_of (self), error);
  gboolean is_qmp = json_object_get (greeting, "QMP") != NULL;
  json_t *result;

  if (!greeting)
    return FALSE;
  json_decref (greeting);
  if (!is_qmp)
    return fail (self, error, "it does not greet as QMP does");
  result = nv_qmp_execute (self, "qmp_capabilities", error);
  json_decref (result);
  return result != NULL;
}

NvQmp *
nv_qmp_open_fd (int taken_fd, const char *name, int timeout_ms, GError **error)
{
  g_autoptr (NvQmp) self = g_new0 (NvQmp, 1);

  self->fd = taken_fd;
  self->name = g_strdup (name);
  self->timeout_ms = timeout_ms;
  self->received = g_byte_array_sized_new (4096);
  return negotiate (self, error) ? g_steal_pointer (&self) : NULL;
}

int
nv_qemu_socket_connect (const char *path, int timeout_ms, GError **error)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  const struct timeval timeout = { timeout_ms / 1000, timeout_ms % 1000 * 1000 }, none = { 0 };
  int fd;

  if (g_strlcpy (address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE, "socket '%s': the path is too long", path);
      return -1;
    }
  fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  /* While QEMU's short queue is full, connect() waits for as long as SO_SNDTIMEO says (socket(7)). */
  if (fd >= 0 && setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) == 0
      && connect (fd, (const struct sockaddr *)&address, sizeof address) == 0
      && setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof none) == 0)
    return fd;
  g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE, "socket '%s': %s", path, g_strerror (errno));
  if (fd >= 0)
    close (fd);
  return -1;
}

NvQmp *
nv_qmp_connect (const char *path, const char *name, int timeout_ms, GError **error)
{
  int fd = nv_qemu_socket_connect (path, timeout_ms, error);

  if (fd >= 0)
    return nv_qmp_open_fd (fd, name, timeout_ms, error);
  g_prefix_error (error, "QEMU of '%s': ", name);
  return NULL;
}

void
nv_qmp_free (NvQmp *self)
{
  if (!self)
    return;
  close (self->fd);
  g_byte_array_unref (self->received);
  g_free (self->name);
  g_free (self);
}
