#pragma once

#include <stdint.h>

/* What numavm and the first process of a lab say to each other, on a port of QEMU's: frames, each a header
 * and so many bytes. Both ends are of one build and one kind of machine, so numbers are as they lie in
 * memory. What comes from a lab is hostile all the same. */

/* The first number is that of its bus, which is QEMU's business. */
#define NV_LAB_PORT "/dev/vport*p1"

/* In the initial file system: what is to be done, texts that each end with a NUL, `KEY=VALUE`. */
#define NV_LAB_JOB_FILE        "/job"
#define NV_LAB_JOB_DIRECTORY   "directory=" /* where the command runs */
#define NV_LAB_JOB_ARGUMENT    "argument="  /* one each */
#define NV_LAB_JOB_ENVIRONMENT "environment="
#define NV_LAB_JOB_OUT         "out=" /* the host's directory that is $LAB_OUT */
#define NV_LAB_JOB_TERMINAL    "terminal="
#define NV_LAB_JOB_ORDINARY    "ordinary=" /* an ordinary user shares the host's files */

/* Where that directory is in the lab. */
#define NV_LAB_OUT_DIRECTORY "/run/lab/out"

/* The tag of the host's root directory. */
#define NV_LAB_ROOT_TAG "root"

/* Longer ones are an error. */
#define NV_LAB_FRAME_MAX 16384

enum nv_lab_frame_type
{
  NV_LAB_INPUT = 1, /* to the lab: for the command's standard input; nothing: its end */
  NV_LAB_WINDOW,    /* to the lab: struct nv_lab_window */
  NV_LAB_STARTED,   /* from the lab: the command starts */
  NV_LAB_OUTPUT,    /* from the lab: what it printed on its standard output */
  NV_LAB_ERRORS,    /* from the lab: and on its standard error */
  NV_LAB_STATUS,    /* from the lab, the last: its exit status as a shell has it, a uint32_t */
};

struct nv_lab_frame
{
  uint32_t type;
  uint32_t length;
};

struct nv_lab_window
{
  uint16_t rows;
  uint16_t columns;
};
