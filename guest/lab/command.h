#pragma once

#include <stdbool.h>

/* What is to be run. All of it is the caller's. */
struct nv_lab_job
{
  const char *directory;
  const char *out;    /* NULL: nothing comes out */
  bool ordinary;      /* the host's files are an ordinary user's to share */
  bool terminal;      /* of its own, whose other end is the host's */
  char **arguments;   /* ended by NULL */
  char **environment; /* the same */
};

/**
 * nv_lab_command_run:
 * @port: to the host, see protocol.h
 *
 * Runs the command, carries its input and output, and collects whatever else ends. Other processes that it
 * leaves may go on.
 *
 * Returns: its exit status as a shell has it.
 */
unsigned nv_lab_command_run (int port, const struct nv_lab_job *job);
