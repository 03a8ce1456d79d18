#pragma once

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Writes whole lines to the host, from any thread. A host that does not read makes it wait, one that is gone
 * does not. */
struct nv_writer
{
  int fd;        /* non-blocking; borrowed, as the others */
  int stop_fd;   /* readable: the guest is to end; -1: never */
  int cancel_fd; /* readable: the job is to end */
  pthread_mutex_t mutex;
};

/* Takes @record. 0; -EPIPE: the host is gone; -ECANCELED: it was told to stop; or -errno. */
int nv_writer_send (struct nv_writer *writer, json_t *record);

/* The same, but nothing where another thread writes or the host does not read: what comes later says more. */
int nv_writer_offer (struct nv_writer *writer, json_t *record);

/* Lines as they are. */
int nv_writer_send_lines (struct nv_writer *writer, const char *bytes, size_t length);

/* Takes @record. Returns: the line, for free(), or NULL. */
char *nv_writer_format_line (json_t *record, size_t *ret_length);
