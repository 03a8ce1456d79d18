/* How long records take from the channel's text into a store: read in lines, parsed, checked, added,
 * committed. Usage: records FILE STORE; prints seconds. FILE is what numavm-bench --json prints. */

#include "bench/protocol.h"
#include "store/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void
check (gboolean done, const char *message)
{
  if (done)
    return;
  fprintf (stderr, "records: %s\n", message);
  exit (1);
}

static void
add (NvStore *store, gint64 run, const char *line, gsize length)
{
  struct nv_message message = { "" };
  g_autoptr (GError) error = NULL;
  json_t *record = nv_record_parse (line, length, &message);

  check (record && nv_record_check (record, &message) == 0, message.text);
  check (nv_store_add_record (store, run, 0, record, &error), error ? error->message : "");
  json_decref (record);
}

int
main (int argc, char **argv)
{
  const NvStoreRun run = { .uuid = "benchmark", .program = "records" };
  gint64 since_us = g_get_monotonic_time (), id;
  g_autoptr (GError) error = NULL;
  struct nv_lines lines = { 0 };
  NvStore *store;
  char *line;
  gsize length;
  int fd, status;

  check (argc == 3, "usage: records FILE STORE");
  fd = open (argv[1], O_RDONLY | O_CLOEXEC);
  check (fd >= 0, "the file cannot be opened");
  store = nv_store_open (argv[2], NV_STORE_CREATE, &error);
  check (store != NULL, error ? error->message : "");
  id = nv_store_add_run (store, &run, &error);
  while ((status = nv_lines_read (&lines, fd)) > 0)
    while ((line = nv_lines_next (&lines, &length)))
      add (store, id, line, length);
  check (status == 0 && nv_store_commit (store, &error), "the end was not reached");
  nv_store_close (store);
  nv_lines_clear (&lines);
  close (fd);
  printf ("%.3f\n", (double)(g_get_monotonic_time () - since_us) / 1e6);
  return 0;
}
