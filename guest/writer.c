#include "guest/writer.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
wait_for_host (const struct nv_writer *writer)
{
  struct pollfd fds[] = { { .fd = writer->fd, .events = POLLOUT },
                          { .fd = writer->stop_fd, .events = POLLIN },
                          { .fd = writer->cancel_fd, .events = POLLIN } };

  if (poll (fds, sizeof fds / sizeof *fds, -1) < 0)
    return errno == EINTR ? 0 : -errno;
  if (fds[1].revents || fds[2].revents)
    return -ECANCELED;
  return fds[0].revents & (POLLHUP | POLLERR | POLLNVAL) ? -EPIPE : 0;
}

static int
write_all (const struct nv_writer *writer, const char *bytes, size_t length)
{
  int result = 0;

  while (length > 0 && result == 0)
    {
      ssize_t n = write (writer->fd, bytes, length);

      if (n >= 0)
        {
          bytes += n;
          length -= (size_t)n;
        }
      else if (errno == EAGAIN)
        result = wait_for_host (writer);
      else if (errno != EINTR)
        result = -errno;
    }
  return result;
}

int
nv_writer_send_lines (struct nv_writer *writer, const char *bytes, size_t length)
{
  int result;

  pthread_mutex_lock (&writer->mutex);
  result = write_all (writer, bytes, length);
  pthread_mutex_unlock (&writer->mutex);
  return result;
}

char *
nv_writer_format_line (json_t *record, size_t *ret_length)
{
  char *line = json_dumps (record, JSON_COMPACT);

  json_decref (record);
  if (line)
    {
      *ret_length = strlen (line) + 1;
      line[*ret_length - 1] = '\n'; /* in place of the byte that ends it */
    }
  return line;
}

int
nv_writer_send (struct nv_writer *writer, json_t *record)
{
  size_t length;
  char *line = nv_writer_format_line (record, &length);
  int result = line ? nv_writer_send_lines (writer, line, length) : -ENOMEM;

  free (line);
  return result;
}

int
nv_writer_offer (struct nv_writer *writer, json_t *record)
{
  struct pollfd host = { .fd = writer->fd, .events = POLLOUT };
  size_t length;
  char *line = nv_writer_format_line (record, &length);
  int result = line ? 0 : -ENOMEM;

  if (line && pthread_mutex_trylock (&writer->mutex) == 0)
    {
      if (poll (&host, 1, 0) == 1 && host.revents == POLLOUT)
        result = write_all (writer, line, length);
      pthread_mutex_unlock (&writer->mutex);
    }
  free (line);
  return result;
}
