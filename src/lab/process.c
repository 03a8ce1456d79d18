#include "lab/process.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child could not do, for its parent. */
typedef struct
{
  enum
  {
    STEP_NAMESPACE,
    STEP_START,
  } step;
  int code;
} Problem;

/* All that the child needs, made before it is: between fork() and exec() there are only system calls. */
typedef struct
{
  const NvLabProgram *program;
  pid_t parent;
  int report; /* closed by exec() */
  char uid_map[32];
  char gid_map[32];
} Child;

static gboolean
write_file (const char *path, const char *text)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC);
  gboolean written = fd >= 0 && write (fd, text, strlen (text)) == (ssize_t)strlen (text);

  if (fd >= 0)
    close (fd);
  return written;
}

/* virtiofsd drops the groups that root may have and ends if that fails, as it does here: they are the user's
 * own, and may stay. */
static gboolean
pretend_setgroups (void)
{
  struct sock_filter filter[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, SYS_setgroups, 0, 1),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 0),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog program = { .len = G_N_ELEMENTS (filter), .filter = filter };

  return prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static gboolean
become_root (const Child *child)
{
  return unshare (CLONE_NEWUSER) == 0 && write_file ("/proc/self/setgroups", "deny")
         && write_file ("/proc/self/gid_map", child->gid_map)
         && write_file ("/proc/self/uid_map", child->uid_map) && pretend_setgroups ();
}

static void
set_descriptors (const NvLabProgram *program)
{
  int null = open ("/dev/null", O_RDONLY | O_CLOEXEC);

  dup2 (null, STDIN_FILENO);
  dup2 (program->log, STDOUT_FILENO);
  dup2 (program->log, STDERR_FILENO);
  for (const int *fd = program->fds; *fd >= 0; fd++)
    fcntl (*fd, F_SETFD, 0);
}

static void G_GNUC_NORETURN
fail (const Child *child, int step)
{
  const Problem problem = { .step = step, .code = errno };

  if (write (child->report, &problem, sizeof problem) < 0)
    _exit (2);
  _exit (1);
}

static void G_GNUC_NORETURN
execute (const Child *child)
{
  sigset_t none;

  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
  set_descriptors (child->program);
  if (child->program->as_root && !become_root (child))
    fail (child, STEP_NAMESPACE);
  /* Behind what changes credentials, which takes it back. */
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  if (getppid () != child->parent)
    _exit (1); /* it has ended already */
  execv (child->program->argv[0], (char *const *)child->program->argv);
  fail (child, STEP_START);
}

static void
set_problem (const NvLabProgram *program, const Problem *problem, GError **error)
{
  if (problem->step == STEP_NAMESPACE)
    g_set_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE,
                 "this user may make no user namespace (%s): only root can share the root directory here",
                 g_strerror (problem->code));
  else
    g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot start '%s': %s", program->argv[0],
                 g_strerror (problem->code));
}

pid_t
nv_lab_process_start (const NvLabProgram *program, GError **error)
{
  Child child = { .program = program, .parent = getpid () };
  Problem problem = { .step = STEP_START };
  int report[2];
  ssize_t length;
  pid_t pid;

  snprintf (child.uid_map, sizeof child.uid_map, "0 %u 1", geteuid ());
  snprintf (child.gid_map, sizeof child.gid_map, "0 %u 1", getegid ());
  if (pipe2 (report, O_CLOEXEC) != 0)
    {
      problem.code = errno;
      set_problem (program, &problem, error);
      return -1;
    }
  child.report = report[1];
  pid = fork ();
  if (pid == 0)
    execute (&child);
  problem.code = errno;
  close (report[1]);
  while (pid > 0 && (length = read (report[0], &problem, sizeof problem)) < 0 && errno == EINTR)
    ;
  close (report[0]);
  if (pid > 0 && length == 0)
    return pid;
  if (pid > 0)
    nv_lab_process_kill (pid);
  set_problem (program, &problem, error);
  return -1;
}

void
nv_lab_process_kill (pid_t pid)
{
  if (pid <= 0)
    return;
  kill (pid, SIGKILL);
  while (waitpid (pid, NULL, 0) < 0 && errno == EINTR)
    ;
}
