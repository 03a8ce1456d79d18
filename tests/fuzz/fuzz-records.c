/* Whatever a guest sends, it is a record that is right, or the conversation ends with a reason. The input is
 * all that the guest sends before it hangs up, to a host that does what hosts do. */

#include "fuzz.h"

#include "vm/channel.h"

#include <sys/socket.h>
#include <unistd.h>

#define JOB_BYTES (1 << 20)

static void
take_next_step (NvChannel *channel, NvGuestState state, gpointer data)
{
  gboolean *asked = data;
  json_t *job;

  if (state == NV_GUEST_IDLE && !nv_channel_clock (channel) && !*asked)
    {
      *asked = TRUE;
      nv_channel_measure_clock (channel, 1);
    }
  else if (state == NV_GUEST_IDLE && nv_channel_clock (channel) && !nv_channel_refusal (channel))
    {
      job = json_pack ("{s:{s:s}}", "options", "kernel", "copy");
      nv_channel_send_job (channel, job, 1000000);
      json_decref (job);
    }
  else if (state == NV_GUEST_READY)
    nv_channel_go (channel, nv_channel_clock (channel)->host_ns);
}

static void
look_at_record (NvChannel *channel, json_t *record, gpointer data)
{
  g_assert_cmpint (nv_channel_state (channel), ==, NV_GUEST_RUNNING);
  g_assert_cmpstr (json_string_value (json_object_get (record, "record")), !=, NULL);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const NvChannelEvents events = { .state = take_next_step, .record = look_at_record };
  gboolean asked = FALSE;
  NvChannel *channel;
  int ends[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), ==, 0);
  /* What the socket does not take at once is cut off. */
  g_assert_cmpint (size > 0 ? send (ends[1], data, size, MSG_NOSIGNAL) : 0, >=, 0);
  g_assert_cmpint (shutdown (ends[1], SHUT_WR), ==, 0);
  channel = nv_channel_new (ends[0], &events, &asked);
  nv_channel_set_limits (channel, NV_GUEST_SILENCE_MS, JOB_BYTES);
  while (nv_channel_state (channel) != NV_GUEST_LOST)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (g_utf8_validate (nv_channel_error (channel), -1, NULL));
  nv_channel_free (channel);
  close (ends[1]);
  return 0;
}
