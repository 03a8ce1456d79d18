#include "guest/transfer.h"

#include "bench/clock.h"
#include "bench/stream-text.h"
#include "guest/clean.h"
#include "guest/folder.h"
#include "guest/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NS_PER_S INT64_C (1000000000)

/* Of saying what it can do, within the host's patience; until somebody listens; of each try: a quarter of a
 * GiB through an emulated network. */
#define CHECK_NS   (5 * NS_PER_S)
#define CONNECT_NS (60 * NS_PER_S)
#define SEND_NS    (600 * NS_PER_S)

/* What getopt() says; OpenSSH's own and libc's differ before that. */
#define UNKNOWN_OPTION "option -- "

enum
{
  RETRY_MS = 1000,
  WORDS_SHOWN = 500,
  OPTIONS_MAX = 25,
};

/* What ssh says of a connection that it could not make, or that ended before it was let in: a host may have
 * as many as it takes. */
static const char *const no_connection[] = { "ssh: connect to host",
                                             "kex_exchange_identification: ", "Connection closed by ",
                                             "Connection reset by " };

static const char *const extensions[] = {
  [NV_TRANSFER_RECORDS] = "json",
  [NV_TRANSFER_STREAM] = "expresult",
  [NV_TRANSFER_OUTPUT] = "output",
  [NV_TRANSFER_BUDDYINFO] = "buddyinfo",
};

static bool
has_printed (const struct nv_printed *printed, const char *words)
{
  return printed->length > 0 && memmem (printed->bytes, printed->length, words, strlen (words));
}

static const char *
asked_text (const struct nv_transfer *transfer, const char *name)
{
  return json_string_value (json_object_get (transfer->asked, name));
}

/* --- what is asked --- */

int
nv_transfer_check_scp (const char *scp, struct nv_message *message)
{
  const struct nv_program program = { .command = (char *[]){ (char *)scp, "-s", NULL },
                                      .environment = (char *[]){ NV_PROGRAM_ENVIRONMENT, NULL },
                                      .directory = "/",
                                      .timeout_ns = CHECK_NS,
                                      .cancel_fd = -1 };
  struct nv_printed printed = { 0 };
  struct nv_program_end end;
  int error = nv_program_run (&program, &printed, &end, message);

  if (error == 0 && end.exec_error != 0)
    error = nv_fail (message, EINVAL,
                     "this guest has no scp (%s): an image of numavm image build --distribution has it",
                     strerror (end.exec_error));
  else if (error == 0 && has_printed (&printed, UNKNOWN_OPTION))
    error = nv_fail (message, EINVAL,
                     "this guest's scp does not speak SFTP: OpenSSH 8.7 or later (Debian's from bookworm on) "
                     "does, or transport=channel needs none");
  nv_printed_clear (&printed);
  return error < 0 ? -EINVAL : 0;
}

int
nv_transfer_read (struct nv_transfer *transfer, json_t *asked, struct nv_message *message)
{
  const char *name;

  *transfer = (struct nv_transfer){ .asked = json_incref (asked) };
  if (!asked)
    return 0;
  name = asked_text (transfer, "name");
  if (strchr (name, '/') || *name == '.')
    return nv_fail (message, EINVAL, "transport: name '%.128s' is no name for files", name);
  if (*asked_text (transfer, "user") == '-' || strchr (asked_text (transfer, "host"), ':'))
    return nv_fail (message, EINVAL, "transport: '%.128s@%.128s' is no user of a host",
                    asked_text (transfer, "user"), asked_text (transfer, "host"));
  return nv_transfer_check_scp ("scp", message);
}

void
nv_transfer_clear (struct nv_transfer *transfer)
{
  for (int i = 0; i < NV_TRANSFER_N_FILES; i++)
    if (transfer->files[i])
      fclose (transfer->files[i]);
  if (transfer->directory)
    nv_folder_remove (transfer->directory);
  free (transfer->directory);
  json_decref (transfer->asked);
  *transfer = (struct nv_transfer){ 0 };
}

/* --- files --- */

__attribute__ ((format (printf, 2, 3))) static int
write_file (const char *path, const char *format, ...)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  FILE *file = fd >= 0 ? fdopen (fd, "w") : NULL;
  va_list arguments;
  bool failed;

  if (!file)
    return -errno;
  va_start (arguments, format);
  failed = vfprintf (file, format, arguments) < 0;
  va_end (arguments);
  return fclose (file) != 0 || failed ? -EIO : 0;
}

/* Returns: for free(), or NULL. */
static char *
file_path (const struct nv_transfer *transfer, enum nv_transfer_file file)
{
  char *path;

  return asprintf (&path, "%s/%s.%s", transfer->directory, asked_text (transfer, "name"), extensions[file])
                 < 0
             ? NULL
             : path;
}

/* Returns: (nullable) borrowed; made when it is first wanted. It keeps nothing back, so that what cannot be
 * written is known at once. */
static FILE *
open_file (struct nv_transfer *transfer, enum nv_transfer_file file)
{
  char *path;

  if (transfer->files[file])
    return transfer->files[file];
  path = file_path (transfer, file);
  transfer->files[file] = path ? fopen (path, "axe") : NULL;
  if (transfer->files[file])
    setvbuf (transfer->files[file], NULL, _IONBF, 0);
  else
    transfer->failed = true;
  free (path);
  return transfer->files[file];
}

int
nv_transfer_open (struct nv_transfer *transfer, struct nv_message *message)
{
  static const char *const above[] = { "/var/tmp", "/tmp", NULL };
  char path[NV_FOLDER_PATH_MAX + sizeof "/known_hosts"];
  char directory[NV_FOLDER_PATH_MAX];
  const char *key = asked_text (transfer, "key");
  int error;

  error = nv_folder_make (above, directory, message);
  if (error < 0)
    return error;
  transfer->directory = strdup (directory);
  if (!transfer->directory)
    return nv_fail (message, ENOMEM, "no memory for a folder's name");
  snprintf (path, sizeof path, "%s/key", directory);
  error = write_file (path, "%s%s", key, key[strlen (key) - 1] == '\n' ? "" : "\n");
  snprintf (path, sizeof path, "%s/known_hosts", directory);
  if (error == 0)
    error = write_file (path, "[%s]:%lld %s\n", asked_text (transfer, "host"),
                        (long long)json_integer_value (json_object_get (transfer->asked, "port")),
                        asked_text (transfer, "host_key"));
  if (error == 0 && !open_file (transfer, NV_TRANSFER_RECORDS)) /* there, even if nothing could be measured */
    error = -EIO;
  return error == 0 ? 0 : nv_fail (message, -error, "cannot write '%s': %s", path, strerror (-error));
}

void
nv_transfer_write (struct nv_transfer *transfer, enum nv_transfer_file file, const char *bytes, size_t length)
{
  FILE *stream = open_file (transfer, file);
  struct stat before;

  if (!stream || length == 0)
    return;
  if (fstat (fileno (stream), &before) == 0 && fwrite (bytes, 1, length, stream) == length)
    return;
  transfer->failed = true;
  if (ftruncate (fileno (stream), before.st_size) == 0)
    clearerr (stream);
}

void
nv_transfer_add_result (struct nv_transfer *transfer, const struct nv_setup *setup,
                        const struct nv_result *result)
{
  const struct nv_group *group = result->groups;
  const struct nv_stream_head head = {
    .program = "numavm-guest " NV_VERSION,
    .array_bytes = result->size_bytes,
    .n_iterations = setup->iterations,
    .n_threads = result->team->n_threads,
  };
  FILE *file;

  if (setup->mode != NV_MODE_KERNELS || result->kernel->unit != NV_UNIT_BYTES_PER_S || result->n_groups == 0)
    return;
  file = open_file (transfer, NV_TRANSFER_STREAM);
  if (!file)
    return;
  if (!transfer->has_block)
    nv_stream_text_start (file, &head);
  transfer->has_block = true;
  nv_stream_text_line (file, result->kernel->label, group->value.maximum, group->time_s.mean,
                       group->time_s.minimum, group->time_s.maximum);
}

void
nv_transfer_add_sample (struct nv_transfer *transfer, const struct nv_sample *sample)
{
  for (size_t i = 0; i < sample->n_texts; i++)
    if (strcmp (sample->texts[i].sampler->name, "buddyinfo") == 0)
      nv_transfer_write (transfer, NV_TRANSFER_BUDDYINFO, sample->texts[i].text, sample->texts[i].length);
}

/* --- sending --- */

static int
end_files (struct nv_transfer *transfer, bool complete, struct nv_message *message)
{
  if (transfer->has_block)
    nv_stream_text_end (transfer->files[NV_TRANSFER_STREAM], complete);
  for (int i = 0; i < NV_TRANSFER_N_FILES; i++)
    if (transfer->files[i] && ferror (transfer->files[i]))
      transfer->failed = true;
  return transfer->failed ? nv_fail (message, EIO, "cannot write what is measured to '%s': is it full?",
                                     transfer->directory)
                          : 0;
}

/* The texts of scp's command, which are to be freed. */
struct words
{
  char *items[OPTIONS_MAX + NV_TRANSFER_N_FILES];
  size_t n;
  bool failed;
};

__attribute__ ((format (printf, 2, 3))) static void
add_word (struct words *words, const char *format, ...)
{
  va_list arguments;
  char *word;

  va_start (arguments, format);
  if (vasprintf (&word, format, arguments) < 0)
    words->failed = true;
  else
    words->items[words->n++] = word;
  va_end (arguments);
}

static void
add_option (struct words *words, const char *option)
{
  add_word (words, "-o");
  add_word (words, "%s", option);
}

/* No file of the guest's own says anything about this connection. -q would keep ssh's reasons, too. */
static void
make_command (const struct nv_transfer *transfer, struct words *words)
{
  static const char *const options[] = { "StrictHostKeyChecking=yes",
                                         "GlobalKnownHostsFile=/dev/null",
                                         "BatchMode=yes",
                                         "LogLevel=ERROR",
                                         "IdentitiesOnly=yes",
                                         "ConnectTimeout=10" };

  add_word (words, "scp");
  add_word (words, "-s"); /* a folder's sshd has SFTP alone */
  add_word (words, "-F");
  add_word (words, "/dev/null");
  add_word (words, "-P");
  add_word (words, "%lld", (long long)json_integer_value (json_object_get (transfer->asked, "port")));
  add_word (words, "-i");
  add_word (words, "%s/key", transfer->directory);
  add_word (words, "-o");
  add_word (words, "UserKnownHostsFile=%s/known_hosts", transfer->directory);
  for (size_t i = 0; i < sizeof options / sizeof *options; i++)
    add_option (words, options[i]);
  add_word (words, "--");
  for (enum nv_transfer_file file = 0; file < NV_TRANSFER_N_FILES; file++)
    if (transfer->files[file])
      add_word (words, "%s/%s.%s", transfer->directory, asked_text (transfer, "name"), extensions[file]);
  add_word (words, "%s@%s:%s/", asked_text (transfer, "user"), asked_text (transfer, "host"),
            asked_text (transfer, "folder"));
}

/* Returns: is it worth another try? */
static bool
wait_for_network (const struct nv_printed *printed, int64_t until_ns, int cancel_fd)
{
  struct pollfd cancel = { .fd = cancel_fd, .events = POLLIN };

  for (size_t i = 0; i < sizeof no_connection / sizeof *no_connection; i++)
    if (has_printed (printed, no_connection[i]))
      return nv_now_ns () < until_ns && poll (&cancel, 1, RETRY_MS) == 0;
  return false;
}

static int
judge (const struct nv_program_end *end, const struct nv_printed *printed, struct nv_message *message)
{
  char words[WORDS_SHOWN + 1];

  if (end->cancelled)
    return nv_fail (message, ECANCELED, "interrupted");
  if (end->exec_error != 0)
    return nv_fail (message, end->exec_error, "scp cannot be executed: %s", strerror (end->exec_error));
  if (end->timed_out)
    return nv_fail (message, ETIME, "scp to the host did not end within %lld s",
                    (long long)(SEND_NS / NS_PER_S));
  if (end->exit_status == 0)
    return 0;
  nv_clean_tail (printed->bytes, printed->length, words, sizeof words);
  return nv_fail (message, EIO, "scp to the host failed: %s", *words ? words : "it said nothing");
}

static int
run_scp (const struct nv_transfer *transfer, char *const *command, int cancel_fd, struct nv_message *message)
{
  const struct nv_program program = { .command = command,
                                      .environment = (char *[]){ NV_PROGRAM_ENVIRONMENT, NULL },
                                      .directory = transfer->directory,
                                      .timeout_ns = SEND_NS,
                                      .cancel_fd = cancel_fd };
  int64_t until_ns = nv_now_ns () + CONNECT_NS;
  struct nv_printed printed = { 0 };
  struct nv_program_end end;
  int error;

  do
    {
      error = nv_program_run (&program, &printed, &end, message);
      if (error == 0)
        error = judge (&end, &printed, message);
    }
  while (error == -EIO && wait_for_network (&printed, until_ns, cancel_fd));
  nv_printed_clear (&printed);
  return error;
}

int
nv_transfer_send (struct nv_transfer *transfer, bool complete, int cancel_fd, struct nv_message *message)
{
  struct words words = { .n = 0 };
  struct nv_message problem;
  int error = end_files (transfer, complete, message), sent;

  make_command (transfer, &words);
  sent = words.failed ? nv_fail (&problem, ENOMEM, "no memory for scp's command")
                      : run_scp (transfer, words.items, cancel_fd, &problem);
  for (size_t i = 0; i < words.n; i++)
    free (words.items[i]);
  if (error == 0 && sent < 0)
    *message = problem;
  return error < 0 ? error : sent;
}
