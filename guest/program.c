#include "guest/program.h"
#include "guest/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum
{
  CHUNK = 1 << 16,                       /* what a pipe holds */
  CAPACITY = 2 * NV_PRINTED_MAX + CHUNK, /* the first half goes when it is full */
};

/* The agent's ends of a keeper's pipes; -1: closed. */
struct kept
{
  pid_t keeper;
  int output_fd, report_fd, control_fd;
};

/* --- what it printed --- */

void
nv_printed_clear (struct nv_printed *printed)
{
  free (printed->bytes);
  *printed = (struct nv_printed){ 0 };
}

static void
drop_oldest (struct nv_printed *printed)
{
  if (printed->length <= NV_PRINTED_MAX)
    return;
  memmove (printed->bytes, printed->bytes + printed->length - NV_PRINTED_MAX, NV_PRINTED_MAX);
  printed->length = NV_PRINTED_MAX;
}

/* Returns: is there more, now or later? */
static bool
read_output (int fd, struct nv_printed *printed)
{
  ssize_t n;

  if (printed->length > CAPACITY - CHUNK)
    drop_oldest (printed);
  n = read (fd, printed->bytes + printed->length, CHUNK);
  if (n <= 0)
    return n < 0 && (errno == EAGAIN || errno == EINTR);
  printed->length += (size_t)n;
  printed->total += (uint64_t)n;
  return true;
}

/* What is left in the pipe when all are dead who could write to it. */
static void
drain (int fd, struct nv_printed *printed)
{
  struct pollfd output = { .fd = fd, .events = POLLIN };

  while (poll (&output, 1, 0) == 1 && output.revents & POLLIN && read_output (fd, printed))
    ;
}

/* --- the keeper --- */

static void
close_fd (int *fd)
{
  if (*fd >= 0)
    close (*fd);
  *fd = -1;
}

static int
open_pipes (int pipes[NV_KEEPER_N_FDS][2])
{
  for (int i = 0; i < NV_KEEPER_N_FDS; i++)
    if (pipe2 (pipes[i], O_CLOEXEC) != 0)
      {
        int error = errno;

        while (i-- > 0)
          {
            close (pipes[i][0]);
            close (pipes[i][1]);
          }
        return -error;
      }
  return 0;
}

static int
start_keeper (const struct nv_program *program, struct kept *ret_kept)
{
  int pipes[NV_KEEPER_N_FDS][2];
  int error = open_pipes (pipes);
  pid_t keeper;

  if (error < 0)
    return error;
  keeper = fork ();
  if (keeper == 0)
    nv_keeper_run (program, (const int[]){ [NV_KEEPER_OUTPUT] = pipes[NV_KEEPER_OUTPUT][1],
                                           [NV_KEEPER_REPORT] = pipes[NV_KEEPER_REPORT][1],
                                           [NV_KEEPER_CONTROL] = pipes[NV_KEEPER_CONTROL][0] });
  error = keeper < 0 ? -errno : 0;
  *ret_kept = (struct kept){ .keeper = keeper,
                             .output_fd = pipes[NV_KEEPER_OUTPUT][0],
                             .report_fd = pipes[NV_KEEPER_REPORT][0],
                             .control_fd = pipes[NV_KEEPER_CONTROL][1] };
  close (pipes[NV_KEEPER_OUTPUT][1]);
  close (pipes[NV_KEEPER_REPORT][1]);
  close (pipes[NV_KEEPER_CONTROL][0]);
  fcntl (ret_kept->output_fd, F_SETFL, O_NONBLOCK);
  return error;
}

/* Until the keeper has reported. Returns: did it? */
static bool
follow (struct kept *kept, int cancel_fd, struct nv_printed *printed, struct nv_program_end *ret_end)
{
  for (;;)
    {
      struct pollfd fds[] = { { .fd = kept->output_fd, .events = POLLIN },
                              { .fd = kept->report_fd, .events = POLLIN },
                              { .fd = kept->control_fd >= 0 ? cancel_fd : -1, .events = POLLIN } };

      if (poll (fds, sizeof fds / sizeof *fds, -1) < 0)
        continue;
      if (fds[2].revents)
        close_fd (&kept->control_fd);
      if (fds[1].revents)
        return read (kept->report_fd, ret_end, sizeof *ret_end) == (ssize_t)sizeof *ret_end;
      if (fds[0].revents && !read_output (kept->output_fd, printed))
        close_fd (&kept->output_fd);
    }
}

int
nv_program_run (const struct nv_program *program, struct nv_printed *printed, struct nv_program_end *ret_end,
                struct nv_message *message)
{
  struct kept kept = { -1, -1, -1, -1 };
  bool reported;
  int error;

  printed->length = 0;
  printed->total = 0;
  if (!printed->bytes)
    printed->bytes = malloc (CAPACITY);
  error = printed->bytes ? start_keeper (program, &kept) : -ENOMEM;
  if (!printed->bytes)
    return nv_fail (message, ENOMEM, "no memory for what '%.200s' prints", program->command[0]);
  reported = error == 0 && follow (&kept, program->cancel_fd, printed, ret_end);
  if (reported && kept.output_fd >= 0)
    drain (kept.output_fd, printed);
  drop_oldest (printed);
  close_fd (&kept.output_fd);
  close_fd (&kept.report_fd);
  close_fd (&kept.control_fd);
  if (kept.keeper > 0)
    waitpid (kept.keeper, NULL, 0); /* or the first process has done it */
  if (error < 0)
    return nv_fail (message, -error, "cannot start a process for '%.200s': %s", program->command[0],
                    strerror (-error));
  return reported ? 0
                  : nv_fail (message, ECHILD, "'%.200s': the process that waited for it was killed",
                             program->command[0]);
}
