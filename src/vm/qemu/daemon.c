#include "vm/qemu/daemon.h"
#include "base/error.h"
#include "base/size.h"
#include "vm/process.h"

#include <errno.h>
#include <gio/gio.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

/* A killed process ends as fast as the kernel can free its memory. */
#define KILL_TIMEOUT_MS 30000

#define MASK_SIZE CPU_ALLOC_SIZE (NV_SET_LIMIT)

/* What the child needs between fork() and exec(), where it may not allocate. */
typedef struct
{
  cpu_set_t *mask;       /* (nullable) */
  const char *complaint; /* if the mask is refused */
} Birth;

/* Returns: (transfer full): free with CPU_FREE(). */
static cpu_set_t *
mask_of (const NvSet *cpus)
{
  cpu_set_t *mask = CPU_ALLOC (NV_SET_LIMIT);

  CPU_ZERO_S (MASK_SIZE, mask);
  NV_SET_FOREACH (cpu, cpus)
  CPU_SET_S ((gsize)cpu, MASK_SIZE, mask);
  return mask;
}

gboolean
nv_qemu_thread_pin (int thread, const NvSet *cpus, GError **error)
{
  cpu_set_t *mask = mask_of (cpus);
  int result = sched_setaffinity (thread, MASK_SIZE, mask);
  int code = errno;

  CPU_FREE (mask);
  if (result != 0)
    {
      g_autofree char *text = nv_set_format (cpus);

      g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot pin to CPUs %s: %s", text, g_strerror (code));
    }
  return result == 0;
}

NvSet *
nv_qemu_thread_cpus (GError **error)
{
  cpu_set_t *mask = CPU_ALLOC (NV_SET_LIMIT);
  NvSet *cpus = NULL;

  CPU_ZERO_S (MASK_SIZE, mask);
  if (sched_getaffinity (0, MASK_SIZE, mask) == 0)
    {
      cpus = nv_set_new ();
      for (guint cpu = 0; cpu < NV_SET_LIMIT; cpu++)
        if (CPU_ISSET_S (cpu, MASK_SIZE, mask))
          nv_set_add (cpus, cpu);
    }
  else
    g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot read this thread's CPUs: %s", g_strerror (errno));
  CPU_FREE (mask);
  return cpus;
}

/* In the child, before QEMU. A Ctrl-C at the terminal is for numavm, which then ends what it started; and
 * signals that numavm blocks for its own sake must reach QEMU. */
static void
prepare_child (gpointer data)
{
  const Birth *birth = data;
  sigset_t none;

  setpgid (0, 0);
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
  /* Here, so that no thread of QEMU ever runs elsewhere. */
  if (birth->mask && sched_setaffinity (0, MASK_SIZE, birth->mask) != 0)
    {
      if (write (STDERR_FILENO, birth->complaint, strlen (birth->complaint)) < 0)
        _exit (2);
      _exit (1);
    }
}

static gboolean
run (char **argv, Birth *birth, const char *name, GError **error)
{
  g_autoptr (GSubprocessLauncher) launcher =
      g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_autoptr (GSubprocess) qemu = NULL;
  g_autoptr (GBytes) output = NULL;
  g_autoptr (GError) problem = NULL;
  g_autofree char *message = NULL;
  const char *said;
  gsize length;

  g_subprocess_launcher_set_child_setup (launcher, prepare_child, birth, NULL);
  qemu = g_subprocess_launcher_spawnv (launcher, (const char *const *)argv, &problem);
  if (!qemu || !g_subprocess_communicate (qemu, NULL, NULL, NULL, &output, &problem))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot run QEMU for '%s': %s", name, problem->message);
      return FALSE;
    }
  said = g_bytes_get_data (output, &length); /* NULL: nothing */
  message = said ? g_utf8_make_valid (said, (gssize)length) : g_strdup ("");
  g_strdelimit (g_strstrip (message), "\n", ' ');
  if (g_subprocess_get_successful (qemu))
    {
      if (*message)
        g_debug ("QEMU of '%s' says: %s", name, message);
      return TRUE;
    }
  g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot start '%s': %s", name,
               *message ? message : "QEMU ended and gave no reason");
  return FALSE;
}

gboolean
nv_qemu_daemon_spawn (char **argv, const NvSet *cpus, const char *name, GError **error)
{
  g_autofree char *text = cpus ? nv_set_format (cpus) : g_strdup ("");
  g_autofree char *complaint = g_strdup_printf ("cannot run on CPUs %s: none of them is allowed here", text);
  Birth birth = { .mask = cpus ? mask_of (cpus) : NULL, .complaint = complaint };
  gboolean started = run (argv, &birth, name, error);

  if (birth.mask)
    CPU_FREE (birth.mask);
  return started;
}

int
nv_qemu_daemon_find (const char *pid_file, const char *uuid, int *ret_pid)
{
  g_autofree char *text = NULL;
  guint64 pid;
  int pidfd;

  if (!g_file_get_contents (pid_file, &text, NULL, NULL)
      || !nv_count_parse (g_strstrip (text), 1, G_MAXINT, &pid, NULL))
    return -1;
  /* First the descriptor, then the look: what was looked at is then what the descriptor means. */
  pidfd = pidfd_open ((pid_t)pid, 0);
  if (pidfd >= 0 && !nv_qemu_process_is ((int)pid, uuid))
    {
      close (pidfd);
      return -1;
    }
  if (pidfd >= 0 && ret_pid)
    *ret_pid = (int)pid;
  return pidfd;
}

gboolean
nv_qemu_daemon_wait (int pidfd, int timeout_ms)
{
  gint64 deadline_us = g_get_monotonic_time () + (gint64)timeout_ms * 1000;
  struct pollfd wanted = { .fd = pidfd, .events = POLLIN };
  int ready;

  do
    {
      gint64 left_ms = (deadline_us - g_get_monotonic_time () + 999) / 1000;

      ready = poll (&wanted, 1, (int)MAX (left_ms, 0));
    }
  while (ready < 0 && errno == EINTR);
  return ready > 0;
}

gboolean
nv_qemu_daemon_kill (int pidfd, const char *name, GError **error)
{
  if (pidfd_send_signal (pidfd, SIGKILL, NULL, 0) != 0 && errno != ESRCH)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot kill the QEMU of '%s': %s", name,
                   g_strerror (errno));
      return FALSE;
    }
  if (nv_qemu_daemon_wait (pidfd, KILL_TIMEOUT_MS))
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot kill the QEMU of '%s': it still runs after %d s",
               name, KILL_TIMEOUT_MS / 1000);
  return FALSE;
}
