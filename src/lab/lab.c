#include "lab/lab.h"

#include "base/error.h"
#include "bench/proc.h"
#include "lab/argv.h"
#include "lab/boot.h"
#include "lab/process.h"
#include "lab/session.h"
#include "lab/share.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#define QEMU "qemu-system-x86_64"

/* --- what is needed --- */

static char *
check_boot (const char *kernel)
{
  g_autoptr (GError) problem = NULL;
  g_autofree char *path = nv_lab_kernel (kernel, &problem);

  return path && nv_lab_kernel_check (path, &problem) ? NULL : g_strdup (problem->message);
}

char *
nv_lab_unavailable (const char *kernel)
{
  g_autofree char *qemu = g_find_program_in_path (QEMU);
  struct utsname host;
  char *reason;

  if (uname (&host) != 0 || strcmp (host.machine, "x86_64") != 0)
    return g_strdup_printf ("this is '%s': a lab is an x86_64 machine with this machine's programs",
                            host.machine);
  if (!qemu)
    return g_strdup ("no " QEMU " in PATH: install the package qemu-system-x86");
  reason = nv_lab_share_unavailable ();
  return reason ? reason : check_boot (kernel);
}

/* --- its parts --- */

/* Descriptors and processes of a lab, so that all of them go together. */
typedef struct
{
  int initramfs, root;                   /* QEMU's */
  int its_channel, its_console, its_log; /* QEMU's and virtiofsd's ends */
  NvLabEnds ends;                        /* ours */
  sigset_t signals_before;
} Parts;

static void
close_fd (int *fd)
{
  if (*fd >= 0)
    close (*fd);
  *fd = -1;
}

/* QEMU goes first: virtiofsd then has nobody to serve. */
static void
parts_clear (Parts *parts)
{
  int *fds[] = { &parts->initramfs,    &parts->root,     &parts->its_channel,
                 &parts->its_console,  &parts->its_log,  &parts->ends.channel,
                 &parts->ends.console, &parts->ends.log, &parts->ends.signals };

  for (guint i = 0; i < G_N_ELEMENTS (parts->ends.pids); i++)
    nv_lab_process_kill (parts->ends.pids[i]);
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    close_fd (fds[i]);
  sigprocmask (SIG_SETMASK, &parts->signals_before, NULL);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Parts, parts_clear)

static gboolean
set_errno (const char *what, GError **error)
{
  g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot make %s: %s", what, g_strerror (errno));
  return FALSE;
}

static gboolean
make_pair (int *ret_ours, int *ret_its, GError **error)
{
  int pair[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    return set_errno ("a socket", error);
  *ret_ours = pair[0];
  *ret_its = pair[1];
  return TRUE;
}

/* What nohup ignores stays ignored. */
static gboolean
hold_signals (Parts *parts, GError **error)
{
  static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD, SIGWINCH };
  sigset_t signals;

  sigemptyset (&signals);
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    sigaddset (&signals, numbers[i]);
  sigprocmask (SIG_BLOCK, &signals, &parts->signals_before);
  parts->ends.signals = signalfd (-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  return parts->ends.signals >= 0 || set_errno ("a descriptor of signals", error);
}

/* In memory: nothing of a lab is in the file system, so nothing can be left there. */
static gboolean
write_initramfs (Parts *parts, GBytes *content, GError **error)
{
  gsize length, written = 0;
  const char *bytes = g_bytes_get_data (content, &length);

  parts->initramfs = memfd_create ("initramfs", MFD_CLOEXEC);
  while (parts->initramfs >= 0 && written < length)
    {
      ssize_t n = write (parts->initramfs, bytes + written, length - written);

      if (n < 0 && errno != EINTR)
        break;
      written += (gsize)MAX (n, 0);
    }
  return written == length || set_errno ("an initial file system", error);
}

static gboolean
start_qemu (const NvLab *lab, Parts *parts, const char *kernel, GError **error)
{
  g_autofree char *path = g_find_program_in_path (QEMU);
  const NvLabQemu qemu = {
    .qemu = path,
    .kernel = kernel,
    .kvm = lab->kvm,
    .plugin = lab->plugin,
    .initramfs = parts->initramfs,
    .root = parts->root,
    .channel = parts->its_channel,
    .console = parts->its_console,
  };
  const int fds[] = { parts->initramfs, parts->root, parts->its_channel, parts->its_console, -1 };
  g_auto (GStrv) argv = NULL;

  if (!path)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE,
                   "no " QEMU " in PATH: install the package qemu-system-x86");
      return FALSE;
    }
  argv = nv_lab_qemu_argv (&lab->machine, &qemu);
  parts->ends.pids[0] = nv_lab_process_start (
      &(NvLabProgram){ .argv = (const char *const *)argv, .fds = fds, .log = parts->its_log }, error);
  return parts->ends.pids[0] > 0;
}

static gboolean
start (const NvLab *lab, Parts *parts, GError **error)
{
  g_autofree char *kernel = nv_lab_kernel (lab->kernel, error);
  g_autoptr (GBytes) job = nv_lab_job_format (&lab->job, (const char *const *)environ);
  g_autoptr (GBytes) initramfs = kernel ? nv_lab_initramfs (kernel, job, error) : NULL;

  if (!initramfs || !write_initramfs (parts, initramfs, error)
      || !make_pair (&parts->ends.channel, &parts->its_channel, error)
      || !make_pair (&parts->ends.console, &parts->its_console, error)
      || !make_pair (&parts->ends.log, &parts->its_log, error)
      || !nv_lab_share_start (parts->its_log, &parts->ends.pids[1], &parts->root, error)
      || !start_qemu (lab, parts, kernel, error))
    return FALSE;
  /* So that an end is seen when the last of the others has closed it. */
  close_fd (&parts->its_channel);
  close_fd (&parts->its_console);
  close_fd (&parts->its_log);
  close_fd (&parts->root);
  return TRUE;
}

static gboolean
check_memory (const NvLabMachine *machine, GError **error)
{
  struct nv_proc_memory memory;

  return nv_proc_machine_memory ("/", &memory) != 0
         || nv_lab_machine_check_fit (machine, memory.available, error);
}

gboolean
nv_lab_run (const NvLab *lab, NvLabEnd *ret_end, GError **error)
{
  g_auto (Parts) parts = { .initramfs = -1,
                           .root = -1,
                           .its_channel = -1,
                           .its_console = -1,
                           .its_log = -1,
                           .ends = { .channel = -1, .console = -1, .log = -1, .signals = -1 } };

  sigprocmask (SIG_BLOCK, NULL, &parts.signals_before);
  return check_memory (&lab->machine, error) && hold_signals (&parts, error) && start (lab, &parts, error)
         && nv_lab_session_run (lab, &parts.ends, ret_end, error);
}
