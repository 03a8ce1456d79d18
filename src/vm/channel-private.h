#pragma once

#include "bench/protocol.h"
#include "vm/channel.h"

/* What channel.c (the descriptor, and what the host says) and channel-guest.c (what the guest says) share. */

struct NvChannel
{
  NvChannelEvents events;
  gpointer data;
  NvGuestState state;
  char *error; /* of NV_GUEST_LOST */

  /* The descriptor. */
  int fd; /* -1: lost */
  struct nv_lines lines;
  GByteArray *unsent;
  guint read_source, write_source, silence_source;
  guint silence_ms;
  gint64 heard_ns; /* the last record */

  /* What the guest may still send: see nv_channel_grant(). */
  gint64 allowance_bytes, allowance_limit_bytes, allowance_per_s;
  gint64 allowance_ns;
  guint64 job_bytes;

  /* The guest. */
  json_t *hello;
  gint64 hello_ns;
  gboolean answered; /* said more than hello */
  guint64 n_heartbeats;
  char *phase;
  guint iteration;

  /* Its clock. */
  GArray *rounds;    /* of NvClockOffset: those that are through */
  guint rounds_left; /* with the one that is under way */
  guint64 clock_id;
  gint64 clock_sent_ns;
  NvClockOffset clock; /* error_ns -1: not measured */

  /* Its job. */
  guint64 sample_interval_ns;
  guint64 size_bytes;
  char *refusal;
  gint64 started_ns;      /* on the guest's clock; 0: not yet */
  json_t *workload;       /* that was asked for; NULL: kernels */
  gboolean has_transport; /* results come as files */
  json_t *setup;          /* what the guest says it measures; NULL: not yet */
  gboolean has_sample_header;
  int job_status;
  char *job_message;
};

/* The conversation is over. What it says of the guest is made fit to be shown. */
void nv_channel_lose (NvChannel *channel, const char *format, ...) G_GNUC_PRINTF (2, 3);

void nv_channel_set_state (NvChannel *channel, NvGuestState state);

/* Sends; takes @record. */
void nv_channel_say (NvChannel *channel, json_t *record);

/* Asks for the next round of the clock's measurement. */
void nv_channel_ask_clock (NvChannel *channel);

/* From now on the guest may send @limit_bytes at once, and @per_s bytes each second. */
void nv_channel_grant (NvChannel *channel, guint64 limit_bytes, guint64 per_s);

/* Outside of a job: heartbeats, and answers. */
void nv_channel_grant_idle (NvChannel *channel);

/* One line that the guest has sent. */
void nv_channel_hear (NvChannel *channel, const char *line, gsize length);
