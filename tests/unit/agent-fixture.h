#pragma once

#include "bench/clock.h"
#include "bench/protocol.h"
#include "guest/agent.h"

#include <glib.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* The agent in a thread, and this test as its host. A wait that takes longer is a failure. */
#define PATIENCE_MS 120000

#define NS_PER_S INT64_C (1000000000)

typedef struct
{
  int host, port, stop_fd;
  GThread *thread;
  struct nv_lines lines;
} Fixture;

static inline gpointer
run_agent (gpointer data)
{
  const Fixture *f = data;

  return GINT_TO_POINTER (nv_agent_run (f->port, f->stop_fd));
}

static inline void
set_up (Fixture *f, gconstpointer data)
{
  int ends[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), ==, 0);
  f->host = ends[0];
  f->port = ends[1];
  g_assert_cmpint (fcntl (f->port, F_SETFL, O_NONBLOCK), ==, 0);
  f->stop_fd = eventfd (0, EFD_CLOEXEC);
  f->thread = g_thread_new ("agent", run_agent, f);
}

/* Ends the agent, if the test has not done it. */
static inline void
tear_down (Fixture *f, gconstpointer data)
{
  eventfd_write (f->stop_fd, 1);
  if (f->thread)
    g_assert_false (GPOINTER_TO_INT (g_thread_join (f->thread)));
  nv_lines_clear (&f->lines);
  if (f->host >= 0)
    close (f->host);
  close (f->port);
  close (f->stop_fd);
}

static inline void
say (const Fixture *f, const char *text)
{
  g_autofree char *line = g_strdup_printf ("%s\n", text);

  g_assert_cmpint (write (f->host, line, strlen (line)), ==, (gssize)strlen (line));
}

/* Returns: a new reference: what the agent says next, heartbeats left out; it is a record. */
static inline json_t *
hear (Fixture *f)
{
  for (;;)
    {
      struct pollfd host = { .fd = f->host, .events = POLLIN };
      struct nv_message message = { "" };
      size_t length;
      const char *line = nv_lines_next (&f->lines, &length);
      json_t *record;

      if (!line)
        {
          g_assert_cmpint (poll (&host, 1, PATIENCE_MS), ==, 1);
          g_assert_cmpint (nv_lines_read (&f->lines, f->host), ==, 1);
          continue;
        }
      record = nv_record_parse (line, length, &message);
      g_assert_cmpstr (message.text, ==, "");
      if (strcmp (nv_record_name (record), "alive") != 0)
        return record;
      json_decref (record);
    }
}

/* The next record must have that name. */
static inline json_t *
expect (Fixture *f, const char *name)
{
  json_t *record = hear (f);

  g_assert_cmpstr (nv_record_name (record), ==, name);
  return record;
}

/* Passes over what comes before it. */
static inline json_t *
wait_for (Fixture *f, const char *name)
{
  json_t *record = hear (f);

  while (strcmp (nv_record_name (record), name) != 0)
    {
      json_decref (record);
      record = hear (f);
    }
  return record;
}

static inline const char *
text_of (const json_t *record, const char *name)
{
  return json_string_value (json_object_get (record, name));
}

static inline gint64
integer_of (const json_t *record, const char *name)
{
  g_assert_true (json_is_integer (json_object_get (record, name)));
  return json_integer_value (json_object_get (record, name));
}

/* As the host does: hellos that crossed the welcome are passed over. */
static inline void
greet (Fixture *f)
{
  json_t *hello = wait_for (f, "hello");
  g_autofree char *welcome = g_strdup_printf (
      "{\"record\": \"welcome\", \"version\": 1, \"boot_id\": \"%s\"}", text_of (hello, "boot_id"));

  g_assert_cmpuint (strlen (text_of (hello, "boot_id")), ==, 36);
  g_assert_cmpint (integer_of (hello, "cpus"), >, 0);
  g_assert_cmpint (integer_of (hello, "memory_bytes"), >, 0);
  json_decref (hello);
  say (f, welcome);
}

static inline void
say_go (Fixture *f, gint64 start_ns)
{
  g_autofree char *go =
      g_strdup_printf ("{\"record\": \"go\", \"version\": 1, \"start_ns\": %" G_GINT64_FORMAT "}", start_ns);

  say (f, go);
}

/* Returns: whether the next answer to a clock comes: the conversation still is one. */
static inline void
assert_talks (Fixture *f)
{
  json_t *clock;

  say (f, "{\"record\": \"clock\", \"version\": 1, \"id\": 77}");
  clock = wait_for (f, "clock");
  g_assert_cmpint (integer_of (clock, "id"), ==, 77);
  json_decref (clock);
}
