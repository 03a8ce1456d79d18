/* PID 1 of a lab, static: loads what is needed to reach the host's root directory, goes there, runs the
 * command that numavm has put beside it, and says how that ended. */

#include "guest/lab/command.h"
#include "guest/lab/fail.h"
#include "guest/lab/mounts.h"
#include "guest/lab/port.h"
#include "guest/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

static void __attribute__ ((noreturn)) power_off (void)
{
  sync ();
  reboot (RB_POWER_OFF);
  for (;;)
    pause ();
}

void
nv_lab_fail (const char *format, ...)
{
  va_list args;

  fputs ("numavm lab: ", stdout);
  va_start (args, format);
  vprintf (format, args);
  va_end (args);
  putchar ('\n');
  power_off ();
}

static void
fail_for_module (const char *path, const char *reason)
{
  nv_lab_fail ("cannot load '%s': %s", path, reason);
}

/* Returns: the whole file and a NUL more; it stays. */
static char *
read_job_file (size_t *ret_length)
{
  int fd = open (NV_LAB_JOB_FILE, O_RDONLY | O_CLOEXEC);
  struct stat status;
  char *text = NULL;

  if (fd < 0 || fstat (fd, &status) != 0 || !(text = calloc (1, (size_t)status.st_size + 1)))
    nv_lab_fail ("cannot read what is to be done: %s", strerror (errno));
  *ret_length = 0;
  for (ssize_t n; (n = read (fd, text + *ret_length, (size_t)status.st_size - *ret_length)) > 0;)
    *ret_length += (size_t)n;
  close (fd);
  return text;
}

/* Returns: what stands behind @key in @line, or NULL. */
static char *
value_of (char *line, const char *key)
{
  size_t length = strlen (key);

  return strncmp (line, key, length) == 0 ? line + length : NULL;
}

static void
read_job (struct nv_lab_job *job)
{
  size_t length, n_arguments = 0, n_variables = 0;
  char *text = read_job_file (&length), *value;

  /* No line is shorter than its NUL, so there are at most so many. */
  job->arguments = calloc (length + 1, sizeof *job->arguments);
  job->environment = calloc (length + 1, sizeof *job->environment);
  if (!job->arguments || !job->environment)
    nv_lab_fail ("too little memory to read what is to be done");
  for (char *line = text; line < text + length; line += strlen (line) + 1)
    {
      if ((value = value_of (line, NV_LAB_JOB_ARGUMENT)))
        job->arguments[n_arguments++] = value;
      else if ((value = value_of (line, NV_LAB_JOB_ENVIRONMENT)))
        job->environment[n_variables++] = value;
      else if ((value = value_of (line, NV_LAB_JOB_DIRECTORY)))
        job->directory = value;
      else if ((value = value_of (line, NV_LAB_JOB_OUT)))
        job->out = value;
      else if (value_of (line, NV_LAB_JOB_TERMINAL))
        job->terminal = true;
      else if (value_of (line, NV_LAB_JOB_ORDINARY))
        job->ordinary = true;
    }
  if (!job->directory || n_arguments == 0)
    nv_lab_fail ("nothing is to be done");
}

int
main (void)
{
  struct nv_lab_job job = { 0 };
  uint32_t status;
  int port;

  if (getpid () != 1)
    {
      fputs ("numavm lab: this program is only for the first process of a lab\n", stderr);
      return 1;
    }
  setvbuf (stdout, NULL, _IOLBF, 0);
  mount ("dev", "/dev", "devtmpfs", 0, NULL); /* where it fails there is no port */
  nv_modules_load (fail_for_module);
  port = nv_lab_port_open ();
  read_job (&job);
  nv_lab_enter_root (job.out, job.ordinary);
  nv_lab_set_up_system ();
  status = nv_lab_command_run (port, &job);
  sync (); /* numavm ends the machine as soon as it knows the status */
  nv_lab_port_send (port, NV_LAB_STATUS, &status, sizeof status);
  power_off ();
}
