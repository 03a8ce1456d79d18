/* The agent sends what it measured with a real scp to a real sshd of this test's. */

#include "agent-fixture.h"
#include "bench/bench.h"
#include "guest/transfer.h"

#include <glib/gstdio.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define SSHD "/usr/sbin/sshd"

typedef struct
{
  char *directory; /* keys, sshd's configuration */
  char *folder;    /* of what is sent */
  int socket;
  guint port;
  GThread *thread;
  gint n_turned_away; /* so many connections are closed at once, or reset */
} Host;

/* --- the host --- */

static char *
in_host (const Host *host, const char *name)
{
  return g_build_filename (host->directory, name, NULL);
}

static char *
contents_of (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  char *text = NULL;

  g_file_get_contents (path, &text, NULL, NULL);
  return text;
}

static void
make_key (const Host *host, const char *name)
{
  g_autofree char *path = in_host (host, name);
  const char *argv[] = { "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path, NULL };
  int status = -1;

  g_assert_true (
      g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, NULL));
  g_assert_cmpint (status, ==, 0);
}

static void
write_config (const Host *host)
{
  g_autofree char *path = in_host (host, "config");
  g_autofree char *text =
      g_strdup_printf ("HostKey %s/host\nAuthorizedKeysFile %s/guest.pub\nStrictModes no\n"
                       "UsePAM no\nSubsystem sftp internal-sftp\nForceCommand internal-sftp\nPidFile none\n",
                       host->directory, host->directory);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

/* Returns: was it? */
static gboolean
turn_away (Host *host, int connection)
{
  const struct linger reset = { .l_onoff = 1 };

  if (g_atomic_int_get (&host->n_turned_away) == 0)
    return FALSE;
  if (g_atomic_int_get (&host->n_turned_away) % 2 == 0)
    setsockopt (connection, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  g_atomic_int_add (&host->n_turned_away, -1);
  close (connection);
  return TRUE;
}

/* An sshd for each connection, until the socket is shut down. */
static gpointer
serve (gpointer data)
{
  Host *host = data;
  g_autofree char *config = in_host (host, "config");
  const char *argv[] = { SSHD, "-i", "-f", config, NULL };
  int connection;

  while ((connection = accept4 (host->socket, NULL, NULL, SOCK_CLOEXEC)) >= 0)
    {
      if (turn_away (host, connection))
        continue;
      g_assert_true (g_spawn_async_with_fds (NULL, (char **)argv, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL,
                                             NULL, NULL, connection, connection, -1, NULL));
      close (connection);
    }
  return NULL;
}

static void
host_start (Host *host)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t length = sizeof address;

  host->directory = g_dir_make_tmp ("numavm-test-XXXXXX", NULL);
  host->folder = in_host (host, "folder");
  g_assert_cmpint (g_mkdir (host->folder, 0700), ==, 0);
  make_key (host, "host");
  make_key (host, "guest");
  write_config (host);
  if (geteuid () == 0) /* where sshd goes for a while; a system with an sshd service has it */
    g_mkdir ("/run/sshd", 0755);
  host->socket = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (bind (host->socket, (struct sockaddr *)&address, sizeof address), ==, 0);
  g_assert_cmpint (getsockname (host->socket, (struct sockaddr *)&address, &length), ==, 0);
  g_assert_cmpint (listen (host->socket, 8), ==, 0);
  host->port = ntohs (address.sin_port);
  host->thread = g_thread_new ("sshd", serve, host);
}

static void
remove_folder (const char *path)
{
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (folder)))
    {
      g_autofree char *entry = g_build_filename (path, name, NULL);

      if (g_file_test (entry, G_FILE_TEST_IS_DIR))
        remove_folder (entry);
      else
        g_assert_cmpint (g_unlink (entry), ==, 0);
    }
  g_assert_cmpint (g_rmdir (path), ==, 0);
}

static void
host_stop (Host *host)
{
  shutdown (host->socket, SHUT_RDWR);
  g_thread_join (host->thread);
  close (host->socket);
  remove_folder (host->directory);
  g_free (host->directory);
  g_free (host->folder);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Host, host_stop)

/* @key: whose public key the guest is told to be the host's */
static json_t *
make_transport (const Host *host, const char *host_key)
{
  g_autofree char *key = contents_of (host->directory, "guest");
  g_autofree char *public_name = g_strconcat (host_key, ".pub", NULL);
  g_autofree char *public_key = contents_of (host->directory, public_name);
  g_auto (GStrv) parts = g_strsplit (public_key, " ", 3);
  g_autofree char *words = g_strjoin (" ", parts[0], parts[1], NULL);

  return json_pack ("{s:s, s:i, s:s, s:s, s:s, s:s, s:s}", "host", "127.0.0.1", "port", (int)host->port,
                    "user", g_get_user_name (), "folder", host->folder, "key", key, "host_key", words, "name",
                    "vm0");
}

/* --- jobs --- */

/* Takes @transport. */
static void
say_job (Fixture *f, const char *what, json_t *transport)
{
  g_autofree char *text = json_dumps (transport, JSON_COMPACT);
  g_autofree char *line = g_strdup_printf (
      "{\"record\": \"job\", \"version\": 1, %s, \"sample_interval_ns\": 10000000, \"transport\": %s}", what,
      text);

  json_decref (transport);
  say (f, line);
}

/* Takes @transport. Nothing of what is measured comes over the channel. Returns: done. */
static json_t *
run_job (Fixture *f, const char *what, json_t *transport)
{
  json_t *done;

  say_job (f, what, transport);
  json_decref (wait_for (f, "ready"));
  say_go (f, 0);
  json_decref (expect (f, "started"));
  done = expect (f, "done");
  if (text_of (done, "message"))
    g_test_message ("%s", text_of (done, "message"));
  return done;
}

/* Each line of NAME.json is a record that is right. Returns: how many have that name. */
static guint
count_records (const Host *host, const char *wanted)
{
  g_autofree char *text = contents_of (host->folder, "vm0.json");
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  guint n = 0;

  for (char **line = lines; **line; line++)
    {
      struct nv_message message = { "" };
      json_t *record = nv_record_parse (*line, strlen (*line), &message);

      g_assert_nonnull (record);
      nv_record_check (record, &message);
      g_assert_cmpstr (message.text, ==, "");
      n += strcmp (nv_record_name (record), wanted) == 0;
      json_decref (record);
    }
  return n;
}

static void
assert_has (const Host *host, const char *name, const char *expected)
{
  g_autofree char *text = contents_of (host->folder, name);

  g_assert_nonnull (text);
  g_assert_nonnull (strstr (text, expected));
}

#define KERNEL                                                                                               \
  "\"options\": {\"kernel\": \"copy\", \"size\": \"64M\", \"iterations\": \"3\", \"threads\": \"1\"}"
#define WORKLOAD(script)                                                                                     \
  "\"workload\": {\"command\": [\"sh\", \"-c\", \"" script "\"], \"runs\": 2, \"timeout_ns\": 60000000000, " \
  "\"format\": \"text\", \"metrics\": [{\"name\": \"n\", \"pattern\": \"n (.)\", \"unit\": \"\", "           \
  "\"better\": \"lower\"}]}"

/* Returns: can it be? Else the test is skipped, with the reason. */
static gboolean
can_send (void)
{
  g_autofree char *scp = g_find_program_in_path ("scp");

  if (scp && g_file_test (SSHD, G_FILE_TEST_IS_EXECUTABLE))
    return TRUE;
  g_test_skip ("there is no scp (package openssh-client) or no sshd (openssh-server)");
  return FALSE;
}

static void
kernels_are_sent_as_records_stream_text_and_buddyinfo (Fixture *f, gconstpointer data)
{
  g_auto (Host) host = { 0 };
  json_t *done;

  host_start (&host);
  greet (f);
  done = run_job (f, KERNEL, make_transport (&host, "host"));
  g_assert_cmpint (integer_of (done, "status"), ==, 0);
  json_decref (done);
  g_assert_cmpuint (count_records (&host, "setup"), ==, 1);
  g_assert_cmpuint (count_records (&host, "iteration"), ==, 3);
  g_assert_cmpuint (count_records (&host, "summary"), ==, 1);
  g_assert_cmpuint (count_records (&host, "sample"), >, 0);
  assert_has (&host, "vm0.expresult", "\nCopy: ");
  assert_has (&host, "vm0.expresult", "Solution Validates");
  assert_has (&host, "vm0.buddyinfo", "Node 0, zone");
  g_assert_null (contents_of (host.folder, "vm0.output"));
  assert_talks (f);
}

static void
workload_is_sent_with_its_output (Fixture *f, gconstpointer data)
{
  g_auto (Host) host = { 0 };
  g_autofree char *output = NULL;
  json_t *done;

  host_start (&host);
  greet (f);
  done = run_job (f, WORKLOAD ("echo n $NUMAVM_RUN"), make_transport (&host, "host"));
  g_assert_cmpint (integer_of (done, "status"), ==, 0);
  json_decref (done);
  g_assert_cmpuint (count_records (&host, "workload"), ==, 1);
  g_assert_cmpuint (count_records (&host, "output"), ==, 2);
  g_assert_cmpuint (count_records (&host, "iteration"), ==, 2);
  output = contents_of (host.folder, "vm0.output");
  g_assert_cmpstr (output, ==,
                   "# run 0, 4 bytes, exit status 0\nn 0\n# run 1, 4 bytes, exit status 0\nn 1\n");
  g_assert_null (contents_of (host.folder, "vm0.expresult"));
}

/* Of which a record has only the end. */
static void
all_of_a_long_output_is_sent (Fixture *f, gconstpointer data)
{
  const char *script = "echo n $NUMAVM_RUN; yes | head -c 1000000; printf '\\\\033end'; "
                       "test $NUMAVM_RUN = 0 || kill -KILL $$";
  g_autofree char *job = g_strdup_printf (WORKLOAD ("%s"), script);
  g_auto (Host) host = { 0 };
  g_autofree char *output = NULL;
  json_t *done;

  host_start (&host);
  greet (f);
  done = run_job (f, job, make_transport (&host, "host"));
  g_assert_cmpint (integer_of (done, "status"), ==, 1);
  json_decref (done);
  output = contents_of (host.folder, "vm0.output");
  g_assert_true (g_str_has_prefix (output, "# run 0, 1000008 bytes, exit status 0\nn 0\ny\ny\n"));
  g_assert_nonnull (strstr (output, "\n?end\n# run 1, 1000008 bytes, signal 9\nn 1\ny\n"));
  g_assert_true (g_str_has_suffix (output, "y\n?end\n"));
  g_assert_cmpuint (strlen (output), >, 2000000);
}

static void
what_was_measured_before_a_failure_is_sent (Fixture *f, gconstpointer data)
{
  g_auto (Host) host = { 0 };
  json_t *done;

  host_start (&host);
  greet (f);
  done = run_job (f, WORKLOAD ("echo n 1; exit $NUMAVM_RUN"), make_transport (&host, "host"));
  g_assert_cmpint (integer_of (done, "status"), ==, 1);
  g_assert_nonnull (strstr (text_of (done, "message"), "exit status 1"));
  json_decref (done);
  g_assert_cmpuint (count_records (&host, "iteration"), ==, 1);
  g_assert_cmpuint (count_records (&host, "output"), ==, 2);
}

/* The run itself takes the name of a file. */
static void
what_could_be_written_is_sent (Fixture *f, gconstpointer data)
{
  const char *script =
      "for json in /var/tmp/*/unwritable.json; do mkdir ${json%.json}.output; done; echo n 1";
  g_autofree char *job = g_strdup_printf (WORKLOAD ("%s"), script);
  g_auto (Host) host = { 0 };
  json_t *done, *transport;

  host_start (&host);
  transport = make_transport (&host, "host");
  json_object_set_new (transport, "name", json_string ("unwritable"));
  greet (f);
  done = run_job (f, job, transport);
  g_assert_cmpint (integer_of (done, "status"), ==, 1);
  g_assert_nonnull (strstr (text_of (done, "message"), "cannot write what is measured to '/var/tmp/"));
  json_decref (done);
  assert_has (&host, "unwritable.json", "\"iteration\"");
}

/* As on a full disk: a record is there, whole, or not at all. */
static void
records_of_a_full_disk_are_whole (Fixture *f, gconstpointer data)
{
  const struct rlimit limit = { .rlim_cur = 100000, .rlim_max = RLIM_INFINITY };
  const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
  g_auto (Host) host = { 0 };
  json_t *done;

  host_start (&host);
  greet (f);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  done = run_job (f, WORKLOAD ("echo n 1; yes | head -c 60000"), make_transport (&host, "host"));
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &none), ==, 0);
  g_assert_cmpint (integer_of (done, "status"), ==, 1);
  g_assert_nonnull (strstr (text_of (done, "message"), "is it full?"));
  json_decref (done);
  g_assert_cmpuint (count_records (&host, "output"), ==, 1);
  g_assert_cmpuint (count_records (&host, "summary"), ==, 1);
}

/* With --wrap: each page is on a node where none was asked to be. */
static gboolean elsewhere;

long __real_move_pages (int pid, unsigned long count, void **pages, const int *nodes, int *status, int flags);
long __wrap_move_pages (int pid, unsigned long count, void **pages, const int *nodes, int *status, int flags);

long
__wrap_move_pages (int pid, unsigned long count, void **pages, const int *nodes, int *status, int flags)
{
  if (!elsewhere)
    return __real_move_pages (pid, count, pages, nodes, status, flags);
  for (unsigned long i = 0; i < count; i++)
    status[i] = 1;
  return 0;
}

static void
pages_that_are_elsewhere_are_a_result (Fixture *f, gconstpointer data)
{
  g_auto (Host) host = { 0 };
  json_t *done;

  host_start (&host);
  greet (f);
  elsewhere = TRUE;
  done = run_job (f,
                  "\"options\": {\"kernel\": \"copy\", \"size\": \"4M\", \"iterations\": \"3\", "
                  "\"threads\": \"1\", \"pages\": \"interleave:0\"}",
                  make_transport (&host, "host"));
  elsewhere = FALSE;
  g_assert_cmpint (integer_of (done, "status"), ==, NV_STATUS_DOES_NOT_HOLD);
  json_decref (done);
  assert_has (&host, "vm0.expresult", "Solution Validates");
}

static void
host_of_another_key_gets_nothing (Fixture *f, gconstpointer data)
{
  g_auto (Host) host = { 0 };
  json_t *done;

  host_start (&host);
  make_key (&host, "other");
  greet (f);
  done = run_job (f, WORKLOAD ("echo n 1"), make_transport (&host, "other"));
  g_assert_cmpint (integer_of (done, "status"), ==, 1);
  g_assert_nonnull (strstr (text_of (done, "message"), "scp to the host failed: "));
  g_assert_nonnull (strstr (text_of (done, "message"), "Host key verification failed"));
  json_decref (done);
  g_assert_null (contents_of (host.folder, "vm0.json"));
}

/* A guest tries again and again where nobody listens; its host need not wait for that. */
static void
job_that_waits_for_a_host_can_be_cancelled (Fixture *f, gconstpointer data)
{
  g_auto (Host) host = { 0 };
  json_t *transport;
  gint64 before_ns;

  host_start (&host);
  transport = make_transport (&host, "host");
  json_object_set_new (transport, "port", json_integer (1));
  greet (f);
  say_job (f, WORKLOAD ("echo n 1"), transport);
  json_decref (wait_for (f, "ready"));
  say_go (f, 0);
  json_decref (expect (f, "started"));
  g_usleep (3 * G_USEC_PER_SEC / 2);
  before_ns = nv_now_ns ();
  say (f, "garbage");
  greet (f);
  g_assert_cmpint (nv_now_ns () - before_ns, <, 20 * NS_PER_S);
}

static void
guest_that_is_not_let_in_comes_again (Fixture *f, gconstpointer data)
{
  g_auto (Host) host = { 0 };
  json_t *done;

  host_start (&host);
  g_atomic_int_set (&host.n_turned_away, 2);
  greet (f);
  done = run_job (f, WORKLOAD ("echo n 1"), make_transport (&host, "host"));
  g_assert_cmpint (integer_of (done, "status"), ==, 0);
  json_decref (done);
  g_assert_cmpint (g_atomic_int_get (&host.n_turned_away), ==, 0);
  g_assert_cmpuint (count_records (&host, "iteration"), ==, 2);
}

/* An scp of OpenSSH before 8.7 says of -s what ssh-keyscan of any says. */
static void
scp_without_sftp_is_told_from_one_with_it (Fixture *f, gconstpointer data)
{
  struct nv_message message = { "" };

  g_assert_cmpint (nv_transfer_check_scp ("scp", &message), ==, 0);
  g_assert_cmpstr (message.text, ==, "");
  g_assert_cmpint (nv_transfer_check_scp ("ssh-keyscan", &message), ==, -EINVAL);
  g_assert_nonnull (strstr (message.text, "this guest's scp does not speak SFTP: "));
  g_assert_cmpint (nv_transfer_check_scp ("no-such-scp", &message), ==, -EINVAL);
  g_assert_nonnull (strstr (message.text, "this guest has no scp (No such file or directory)"));
}

static void
transport_that_cannot_be_is_refused (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *member, *value, *reason;
  } cases[] = {
    { "name", "a/b", "name 'a/b' is no name for files" },
    { "name", "..", "name '..' is no name for files" },
    { "user", "-oProxyCommand=x", "is no user of a host" },
    { "key", "", "'key' is empty" },
  };
  g_auto (Host) host = { 0 };

  host_start (&host);
  greet (f);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      json_t *transport = make_transport (&host, "host"), *refused;

      json_object_set_new (transport, cases[i].member, json_string (cases[i].value));
      say_job (f, KERNEL, transport);
      refused = wait_for (f, "refused");
      g_assert_nonnull (strstr (text_of (refused, "message"), cases[i].reason));
      json_decref (refused);
    }
  assert_talks (f);
}

static void
run_if_it_can (Fixture *f, gconstpointer data)
{
  void (*const *test) (Fixture *, gconstpointer) = data;

  if (can_send ())
    (*test) (f, NULL);
}

#define TEST(name)                                                                                           \
  do                                                                                                         \
    {                                                                                                        \
      static void (*const test) (Fixture *, gconstpointer) = name;                                           \
      g_test_add ("/guest-transfer/" #name, Fixture, &test, set_up, run_if_it_can, tear_down);               \
    }                                                                                                        \
  while (0)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  signal (SIGPIPE, SIG_IGN);
  signal (SIGXFSZ, SIG_IGN);
  TEST (kernels_are_sent_as_records_stream_text_and_buddyinfo);
  TEST (workload_is_sent_with_its_output);
  TEST (all_of_a_long_output_is_sent);
  TEST (what_was_measured_before_a_failure_is_sent);
  TEST (what_could_be_written_is_sent);
  TEST (records_of_a_full_disk_are_whole);
  TEST (pages_that_are_elsewhere_are_a_result);
  TEST (host_of_another_key_gets_nothing);
  TEST (job_that_waits_for_a_host_can_be_cancelled);
  TEST (guest_that_is_not_let_in_comes_again);
  TEST (scp_without_sftp_is_told_from_one_with_it);
  TEST (transport_that_cannot_be_is_refused);
  return g_test_run ();
}
