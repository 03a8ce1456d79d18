#include "lab/job.h"

#include "guest/lab/protocol.h"

#include <string.h>

#define PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static void
add (GByteArray *file, const char *key, const char *value)
{
  g_byte_array_append (file, (const guint8 *)key, (guint)strlen (key));
  g_byte_array_append (file, (const guint8 *)value, (guint)strlen (value) + 1);
}

static gboolean
is_variable (const char *line, const char *name)
{
  gsize length = strlen (name);

  return strncmp (line, name, length) == 0 && line[length] == '=';
}

static gboolean
is_any_variable (const char *line, const char *const *names)
{
  for (; *names; names++)
    if (is_variable (line, *names))
      return TRUE;
  return FALSE;
}

/* Sockets of sessions outside, and what is set anew. */
static gboolean
stays_outside (const char *line)
{
  static const char *const names[] = {
    "DBUS_SESSION_BUS_ADDRESS", "DISPLAY",         "LAB_OUT", "NUMAVM_LAB", "PWD", "SSH_AUTH_SOCK",
    "WAYLAND_DISPLAY",          "XDG_RUNTIME_DIR", NULL
  };

  return is_any_variable (line, names);
}

static void
add_environment (GByteArray *file, const NvLabJob *job, const char *const *environment)
{
  gboolean has_path = FALSE;

  for (; *environment; environment++)
    {
      has_path |= is_variable (*environment, "PATH");
      if (!stays_outside (*environment))
        add (file, NV_LAB_JOB_ENVIRONMENT, *environment);
    }
  if (!has_path)
    add (file, NV_LAB_JOB_ENVIRONMENT, "PATH=" PATH);
  add (file, NV_LAB_JOB_ENVIRONMENT "PWD=", job->directory);
  add (file, NV_LAB_JOB_ENVIRONMENT, "NUMAVM_LAB=1");
  if (job->out)
    add (file, NV_LAB_JOB_ENVIRONMENT, "LAB_OUT=" NV_LAB_OUT_DIRECTORY);
}

GBytes *
nv_lab_job_format (const NvLabJob *job, const char *const *environment)
{
  GByteArray *file = g_byte_array_new ();

  add (file, NV_LAB_JOB_DIRECTORY, job->directory);
  for (const char *const *argument = job->arguments; *argument; argument++)
    add (file, NV_LAB_JOB_ARGUMENT, *argument);
  if (job->out)
    add (file, NV_LAB_JOB_OUT, job->out);
  if (job->terminal)
    add (file, NV_LAB_JOB_TERMINAL, "");
  if (job->ordinary)
    add (file, NV_LAB_JOB_ORDINARY, "");
  add_environment (file, job, environment);
  return g_byte_array_free_to_bytes (file);
}
