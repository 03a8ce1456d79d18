#pragma once

#include "bench/message.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What host and guest say to each other over the channel: one JSON object a line, UTF-8, at most NV_LINE_MAX
 * bytes, each with "record" and "version": 1, which are left out here. Times are CLOCK_MONOTONIC of who says
 * them, in ns. What is measured are the records of bench/record.h and samplers/format.h as they are.
 *
 *     guest  hello: program, boot_id, kernel, cpus, memory_bytes, monotonic_ns
 *            again every NV_HELLO_INTERVAL_NS until it is welcome
 *     host   welcome: boot_id of that hello
 *
 *     host   clock: id; when the guest is idle or ready
 *     guest  clock: id, received_ns, sent_ns; at once
 *
 *     host   job: options, an object of names and values of nv_setup_set(), all strings, or workload, an
 *            object, see below; sample_interval_ns, absent: no samples; transport, an object, see below,
 *            absent: what is measured comes over the channel. It replaces a job that waits for its go.
 *     guest  ready: size_bytes of each array, as asked or chosen; of a workload 0
 *        or  refused: message
 *     host   go: start_ns, of the guest's clock; or bye
 *     guest  started: monotonic_ns
 *     guest  setup or workload, iteration, output, summary, sample-header, sample; none of them within a
 *            timed region; with a transport as files
 *     guest  done: status, of enum nv_status; message, absent: none
 *     host   clock, job, or
 *     host   bye: the guest powers itself off
 *
 *     guest  alive: monotonic_ns; phase: "idle", "waiting" (for its go) or the kernel that is measured;
 *            iteration, from 1, 0: it warms up, and iterations, both absent where no kernel is measured.
 *            Every NV_ALIVE_INTERVAL_NS once it is welcome.
 *
 * A workload is any program that the guest has: command, a list of texts, executed without a shell; runs;
 * timeout_ns of each run; format, "text" or "json"; metrics, a list of objects: name; pattern, of text an
 * extended regular expression (POSIX) whose first group is the number, of JSON a pointer (RFC 6901) to the
 * number; unit; better, "higher" or "lower".
 *
 *     workload   program, time, monotonic_ns, command, runs, timeout_ns, format, metrics, facts: first of all
 *     output     of each run: run, from 0; start_ns, time_ns; exit_status or signal; timed_out;
 *                output_bytes; text: the last NV_OUTPUT_MAX bytes of what it printed
 *     iteration  of each match: kernel, the metric's name; iteration, which of the metric's matches;
 *                start_ns and time_ns of its run; value, unit; changed, false
 *     summary    of each metric, at the end
 *
 * A transport is scp to the host: host, port, user, folder; key, the text of a private key's file; host_key,
 * "TYPE BASE64"; name, of the files: NAME.json, all records; NAME.expresult, the kernels' results in
 * STREAM's text; NAME.output, what a workload printed, each run's after a line `# run 2, 134 bytes, exit
 * status 0`, of which run 0 is the first; NAME.buddyinfo, /proc/buddyinfo at each sample. They are there,
 * whole, when the guest says done.
 *
 * A record of a higher version, of an unknown name, or not in its turn is an error of who sent it. Unknown
 * members are passed over. */

#define NV_CHANNEL_NAME "org.numavm.0"

enum
{
  NV_PROTOCOL_VERSION = 1,
  NV_LINE_MAX = 1 << 20,   /* bytes, with the newline: hand-over times of 400 threads' pairs fit */
  NV_OUTPUT_MAX = 1 << 17, /* bytes: as JSON at most six times as many */
  NV_TEXT_MAX = 4096,      /* bytes of any other text: messages, options, words, patterns */

  /* Of a workload. */
  NV_WORDS_MAX = 256,
  NV_RUNS_MAX = 1000000,
  NV_METRICS_MAX = 64,
  NV_METRIC_NAME_MAX = 64, /* bytes, as the next */
  NV_METRIC_UNIT_MAX = 32,
};

/* A quarter of what fits, so that sums and differences of times fit, too: 73 years. */
#define NV_TIME_MAX_NS (INT64_MAX / 4)

#define NV_HELLO_INTERVAL_NS UINT64_C (100000000)
#define NV_ALIVE_INTERVAL_NS UINT64_C (500000000)

/* Bytes that come, cut into lines. Zeroed at first; nv_lines_clear() at last. */
struct nv_lines
{
  char *bytes;
  size_t start, length, capacity; /* what is not yet taken: @length bytes from @start on */
  size_t searched;                /* of these, so many hold no newline */
};

void nv_lines_clear (struct nv_lines *lines);

/* Reads once from @fd: what is there. 1: got something; 0: the end; -EAGAIN; -EMSGSIZE: a line is longer than
 * NV_LINE_MAX; or -errno. */
int nv_lines_read (struct nv_lines *lines, int fd);

/* Takes @length bytes from elsewhere. 0, -EMSGSIZE or -ENOMEM. */
int nv_lines_add (struct nv_lines *lines, const char *bytes, size_t length);

/* The next whole line, without its newline, ended by a zero byte; valid until the next read or add. NULL: no
 * whole line is there. */
char *nv_lines_next (struct nv_lines *lines, size_t *ret_length);

/**
 * nv_record_parse:
 * @line: @length bytes, without the newline
 *
 * Is it a record at all? One JSON object in UTF-8, without zero bytes, without the same member twice, nested
 * at most 16 deep, with a "record" and a "version" from 1 to NV_PROTOCOL_VERSION.
 *
 * Returns: a new reference; NULL with @message.
 */
json_t *nv_record_parse (const char *line, size_t length, struct nv_message *message);

/**
 * nv_record_check:
 *
 * Has a record of that name all it must have, with types, ranges and lengths as they must be? What the guest
 * sends is hostile: a rate that is not finite, a negative time, a kernel of 10,000 characters are refused.
 * Knows all records above, of bench/record.h and of samplers/format.h.
 *
 * Returns: 0; -EBADMSG with a message that names record and member; -ENOENT: no such record.
 */
int nv_record_check (const json_t *record, struct nv_message *message);

/* The record's name; of one that nv_record_parse() returned. */
const char *nv_record_name (const json_t *record);
