#pragma once

#include "bench/message.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What host and guest say to each other over the channel: one JSON object a line, UTF-8, at most NV_LINE_MAX
 * bytes, "record" and "version" in each. Times are CLOCK_MONOTONIC of whoever says them, in ns. What is
 * measured are the records of bench/record.h and samplers/format.h as they are.
 *
 *     guest: {"record": "hello", "version": 1, "program", "boot_id", "kernel", "cpus", "memory_bytes",
 *             "monotonic_ns"}                        again every NV_HELLO_INTERVAL_NS until it is welcome
 *     host:  {"record": "welcome", "version": 1, "boot_id": of that hello}
 *     host:  {"record": "clock", "version": 1, "id": N}                             whenever it wants, before
 * a job or guest: {"record": "clock", "version": 1, "id": N, "received_ns", "sent_ns"}   after one; answered
 * at once host:  {"record": "job", "version": 1, "options": {"kernels": "triad,chase", ...},
 * "sample_interval_ns"} options: names and values of nv_setup_set(), strings; no sample_interval_ns: no
 * samples guest: {"record": "ready", "version": 1}       the job can be done: parsed, and its team is there
 *        or  {"record": "refused", "version": 1, "message"}
 *     host:  {"record": "go", "version": 1, "start_ns": of the guest's clock}       not before that
 *     guest: {"record": "started", "version": 1, "monotonic_ns"}
 *     guest: setup, iteration, summary, sample-header, sample; none of them within a timed region
 *     guest: {"record": "done", "version": 1, "status": enum nv_status, "message" (absent: none)}
 *     host:  another clock, another job, or
 *     host:  {"record": "bye", "version": 1}         the guest powers itself off
 *     guest: {"record": "alive", "version": 1, "monotonic_ns", "phase"}   every NV_ALIVE_INTERVAL_NS once
 * welcome; phase: "idle", "waiting" (for go) or the kernel that is measured; iteration: from 1, 0: it warms
 *            up; absent where no kernel is measured
 *
 * A record of a higher version, of an unknown name, or not in its turn is an error of who sent it. Unknown
 * members are passed over. */

#define NV_CHANNEL_NAME "org.numavm.0"

enum
{
  NV_PROTOCOL_VERSION = 1,
  NV_LINE_MAX = 1 << 20, /* bytes, with the newline: hand-over times of 400 threads' pairs fit */
};

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
