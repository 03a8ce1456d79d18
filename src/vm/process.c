#include "vm/process.h"
#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a process calls its threads is its own affair. */
#define MAX_VCPUS 65536

/* A command line in /proc is its arguments, each ended by a NUL. */
static gboolean
has_uuid (const char *command_line, gsize length, const char *uuid)
{
  const char *end = command_line + length;

  for (const char *at = command_line; at < end; at += strlen (at) + 1)
    {
      const char *next = at + strlen (at) + 1;

      if (strcmp (at, "-uuid") == 0 && next < end && g_ascii_strcasecmp (next, uuid) == 0)
        return TRUE;
    }
  return FALSE;
}

gboolean
nv_qemu_process_is (int pid, const char *uuid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/cmdline", pid);
  g_autofree char *command_line = NULL;
  gsize length;

  return g_file_get_contents (path, &command_line, &length, NULL) && has_uuid (command_line, length, uuid);
}

static int
find_pid (const char *uuid)
{
  g_autoptr (GDir) proc = g_dir_open ("/proc", 0, NULL);
  const char *entry;

  while (proc && (entry = g_dir_read_name (proc)))
    {
      if (g_ascii_isdigit (*entry) && nv_qemu_process_is (atoi (entry), uuid))
        return atoi (entry);
    }
  return -1;
}

static GArray *
find_vcpu_threads (int pid)
{
  g_autofree char *tasks = g_strdup_printf ("/proc/%d/task", pid);
  g_autoptr (GDir) dir = g_dir_open (tasks, 0, NULL);
  GArray *threads = g_array_new (FALSE, TRUE, sizeof (int));
  const char *entry;

  while (dir && (entry = g_dir_read_name (dir)))
    {
      g_autofree char *path = g_build_filename (tasks, entry, "comm", NULL);
      g_autofree char *name = NULL;
      unsigned vcpu;

      if (!g_file_get_contents (path, &name, NULL, NULL) || sscanf (name, "CPU %u/", &vcpu) != 1
          || vcpu >= MAX_VCPUS)
        continue;
      if (vcpu >= threads->len)
        g_array_set_size (threads, vcpu + 1);
      g_array_index (threads, int, vcpu) = atoi (entry);
    }
  return threads;
}

gboolean
nv_qemu_process_find (const char *uuid, int *ret_pid, GArray **ret_threads, GError **error)
{
  int pid = find_pid (uuid);

  if (pid < 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE, "no QEMU on this machine runs the VM '%s'", uuid);
      return FALSE;
    }
  *ret_pid = pid;
  if (ret_threads)
    *ret_threads = find_vcpu_threads (pid);
  return TRUE;
}
