/* channel-hello DRIVER NAME [URI]: opens the channel of a running VM, has a guest measure its clock, and
 * prints what it says of itself: for the e2e scripts. Meanwhile calls on the connection must be answered. */

#include "base/error.h"
#include "vm/channel.h"
#include "vm/driver.h"

#include <stdio.h>

static gboolean
on_timeout (gpointer data)
{
  *(gboolean *)data = TRUE;
  return G_SOURCE_REMOVE;
}

static void
measure_when_idle (NvChannel *channel, NvGuestState state, gpointer data)
{
  gboolean *measured = data;

  if (state != NV_GUEST_IDLE || *measured)
    return;
  *measured = TRUE;
  nv_channel_measure_clock (channel, 8);
}

static int
talk (int taken_fd)
{
  static const NvChannelEvents events = { .state = measure_when_idle };
  gboolean measured = FALSE, late = FALSE;
  g_autoptr (NvChannel) channel = nv_channel_new (taken_fd, &events, &measured);
  char *hello;

  /* An emulated guest on a busy machine takes its time to boot. */
  g_timeout_add_seconds (240, on_timeout, &late);
  while (!nv_channel_clock (channel) && !late && nv_channel_state (channel) != NV_GUEST_LOST)
    g_main_context_iteration (NULL, TRUE);
  if (!nv_channel_clock (channel))
    {
      fprintf (stderr, "the guest %s\n", late ? "said nothing" : nv_channel_error (channel));
      return 1;
    }
  hello = json_dumps (nv_channel_hello (channel), 0);
  printf ("%s\nerror_ns %" G_GINT64_FORMAT "\n", hello, nv_channel_clock (channel)->error_ns);
  free (hello);
  return 0;
}

#define N_CALLS 500

typedef struct
{
  NvConnection *connection;
  const char *name;
} Caller;

/* A call that is never answered is seen by the test's timeout. */
static gpointer
call (gpointer data)
{
  const Caller *caller = data;
  gboolean exists = TRUE;

  for (guint i = 0; i < N_CALLS && exists; i++)
    if (!caller->connection->driver->exists (caller->connection, caller->name, &exists, NULL))
      exists = FALSE;
  return GINT_TO_POINTER (exists);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (NvConnection) connection = NULL;
  const NvDriver *driver = argc > 2 ? nv_driver_find (argv[1]) : NULL;
  Caller caller = { .name = argv[argc > 2 ? 2 : 0] };
  GThread *thread;
  int fd = -1, status;

  if (!driver)
    {
      fprintf (stderr, "usage: channel-hello DRIVER NAME [URI]\n");
      return 2;
    }
  connection = driver->open (argc > 3 ? argv[3] : NULL, &error);
  if (connection)
    fd = driver->open_channel (connection, argv[2], &error);
  if (fd < 0)
    {
      fprintf (stderr, "%s\n", error->message);
      return 1;
    }
  caller.connection = connection;
  thread = g_thread_new ("calls", call, &caller);
  status = talk (fd);
  if (g_thread_join (thread))
    return status;
  fprintf (stderr, "a call on the connection failed meanwhile\n");
  return 1;
}
