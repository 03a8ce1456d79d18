#pragma once

#include "bench/bench.h"
#include "bench/samplers/engine.h"

#include <stdatomic.h>
#include <stdio.h>

/* What is measured, as files, sent to the host with scp: the transport of bench/protocol.h. */

enum nv_transfer_file
{
  NV_TRANSFER_RECORDS,   /* NAME.json */
  NV_TRANSFER_STREAM,    /* NAME.expresult */
  NV_TRANSFER_OUTPUT,    /* NAME.output */
  NV_TRANSFER_BUDDYINFO, /* NAME.buddyinfo */
  NV_TRANSFER_N_FILES,
};

struct nv_transfer
{
  json_t *asked; /* owned; NULL: there is none, what is measured goes over the channel */
  char *directory;
  FILE *files[NV_TRANSFER_N_FILES]; /* NULL: nothing was written to it */
  atomic_bool failed;               /* something could not be written */
  bool has_block;                   /* of STREAM's lines */
};

/**
 * nv_transfer_read:
 * @asked: (nullable) of a job, which nv_record_check() has found right
 *
 * Can this guest do it? nv_transfer_clear() in both cases, which removes what the others made.
 *
 * Returns: 0, or -EINVAL with a message.
 */
int nv_transfer_read (struct nv_transfer *transfer, json_t *asked, struct nv_message *message);
void nv_transfer_clear (struct nv_transfer *transfer);

/* Can @scp, a program's name, send files by SFTP? 0, also where it does not say; or -EINVAL with a message.
 */
int nv_transfer_check_scp (const char *scp, struct nv_message *message);

/* Before anything is written. 0, or -errno with a message. */
int nv_transfer_open (struct nv_transfer *transfer, struct nv_message *message);

/* All of it or, where there is no room, nothing. A file is written by one thread. */
void nv_transfer_write (struct nv_transfer *transfer, enum nv_transfer_file file, const char *bytes,
                        size_t length);

/* Its line of STREAM's table, if it has one. */
void nv_transfer_add_result (struct nv_transfer *transfer, const struct nv_setup *setup,
                             const struct nv_result *result);

/* What of a sample was read from /proc/buddyinfo. */
void nv_transfer_add_sample (struct nv_transfer *transfer, const struct nv_sample *sample);

/**
 * nv_transfer_send:
 * @complete: all that was asked was measured
 * @cancel_fd: readable: give up
 *
 * Sends all files, when nothing is written any more, also where something could not be written. While nobody
 * listens at the host, since a guest's network may need some time, or nobody is let in, it is tried again for
 * a minute.
 *
 * Returns: 0: the host has all; or -errno with a message: what could not be written, or scp's last words.
 */
int nv_transfer_send (struct nv_transfer *transfer, bool complete, int cancel_fd, struct nv_message *message);
