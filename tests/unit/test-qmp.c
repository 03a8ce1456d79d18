#include "base/error.h"
#include "vm/qemu/qmp.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n"
#define ACCEPTED "{\"return\": {}}\r\n"

/* A QEMU that reads one line before each of its answers but the first, then closes. */
typedef struct
{
  int fd;
  const char *const *answers;
  gboolean hang; /* instead of closing, until the other side closes */
  GString *heard;
} FakeQemu;

static gboolean
hear_line (FakeQemu *fake)
{
  char byte;

  while (read (fake->fd, &byte, 1) == 1)
    {
      g_string_append_c (fake->heard, byte);
      if (byte == '\n')
        return TRUE;
    }
  return FALSE;
}

static gpointer
run_fake (gpointer data)
{
  FakeQemu *fake = data;

  for (guint i = 0; fake->answers[i]; i++)
    {
      const char *answer = fake->answers[i];

      if (i > 0 && !hear_line (fake))
        break;
      if (send (fake->fd, answer, strlen (answer), MSG_NOSIGNAL) < 0)
        break;
    }
  while (fake->hang && hear_line (fake))
    ;
  close (fake->fd);
  return NULL;
}

/* Talks to a QEMU that gives @answers: opens, executes query-status. @ret_heard: (out) (optional). */
static json_t *
ask (const char *const *answers, gboolean hang, char **ret_heard, GError **error)
{
  FakeQemu fake = { .answers = answers, .hang = hang, .heard = g_string_new (NULL) };
  GThread *thread;
  NvQmp *qmp;
  json_t *answer;
  int ends[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), ==, 0);
  fake.fd = ends[1];
  thread = g_thread_new ("fake QEMU", run_fake, &fake);
  qmp = nv_qmp_open_fd (ends[0], "vm0", hang ? 100 : 10000, error);
  answer = qmp ? nv_qmp_execute (qmp, "query-status", error) : NULL;
  nv_qmp_free (qmp);
  g_thread_join (thread);
  if (ret_heard)
    *ret_heard = g_strdup (fake.heard->str);
  g_string_free (fake.heard, TRUE);
  return answer;
}

static void
assert_fails (const char *const *answers, gboolean hang, const char *reason)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (ask (answers, hang, NULL, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "'vm0'"));
  g_assert_nonnull (strstr (error->message, reason));
}

static void
negotiates_then_sends_the_command (void)
{
  static const char *const answers[] = { GREETING, ACCEPTED, "{\"return\": {\"status\": \"paused\"}}\r\n",
                                         NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *heard = NULL;
  json_t *answer = ask (answers, FALSE, &heard, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (json_string_value (json_object_get (answer, "status")), ==, "paused");
  g_assert_cmpstr (heard, ==, "{\"execute\": \"qmp_capabilities\"}\n{\"execute\": \"query-status\"}\n");
  json_decref (answer);
}

static void
events_before_the_answer_are_skipped (void)
{
  static const char *const answers[] = {
    GREETING,
    "{\"event\": \"NIC_RX_FILTER_CHANGED\"}\r\n" ACCEPTED,
    "{\"event\": \"STOP\"}\r\n{\"event\": \"RESUME\", \"data\": {\"return\": 1}}\r\n{\"return\": 7}\r\n",
    NULL,
  };
  g_autoptr (GError) error = NULL;
  json_t *answer = ask (answers, FALSE, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpint (json_integer_value (answer), ==, 7);
  json_decref (answer);
}

static void
refusal_carries_qemus_words (void)
{
  static const char *const answers[] = {
    GREETING, ACCEPTED, "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no such thing\"}}\r\n", NULL
  };

  assert_fails (answers, FALSE, "refused 'query-status': no such thing");
}

static void
silence_is_an_error_after_the_timeout (void)
{
  static const char *const before_greeting[] = { "", NULL };
  static const char *const before_answer[] = { GREETING, ACCEPTED, NULL };

  assert_fails (before_greeting, TRUE, "no answer within 100 ms");
  assert_fails (before_answer, TRUE, "no answer within 100 ms");
}

static void
end_of_the_connection_is_an_error (void)
{
  static const char *const answers[] = { GREETING, ACCEPTED, "{\"return\": ", NULL };

  assert_fails (answers, FALSE, "closed the connection");
}

static void
what_is_not_qmp_is_an_error (void)
{
  static const char *const not_json[] = { "SSH-2.0-OpenSSH\r\n", NULL };
  static const char *const not_an_object[] = { "[1, 2]\r\n", NULL };
  static const char *const no_greeting[] = { "{\"hello\": 1}\r\n", NULL };

  assert_fails (not_json, FALSE, "not a JSON object");
  assert_fails (not_an_object, FALSE, "not a JSON object");
  assert_fails (no_greeting, FALSE, "does not greet");
}

static void
endless_line_is_an_error (void)
{
  g_autofree char *line = g_strnfill (2 << 20, 'x');
  const char *const answers[] = { line, NULL };

  assert_fails (answers, FALSE, "longer than 1 MiB");
}

static void
nobody_listening_is_unavailable (void)
{
  g_autofree char *dir = g_dir_make_tmp ("numavm-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "qmp", NULL);
  g_autofree char *long_path = g_strnfill (200, 'x');
  g_autoptr (GError) error = NULL;

  g_assert_null (nv_qmp_connect (path, "vm0", 1000, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE);
  g_assert_nonnull (strstr (error->message, path));
  g_clear_error (&error);
  g_assert_null (nv_qmp_connect (long_path, "vm0", 1000, &error));
  g_assert_error (error, NV_ERROR, NV_ERROR_UNAVAILABLE);
  rmdir (dir);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/qmp/negotiates_then_sends_the_command", negotiates_then_sends_the_command);
  g_test_add_func ("/qmp/events_before_the_answer_are_skipped", events_before_the_answer_are_skipped);
  g_test_add_func ("/qmp/refusal_carries_qemus_words", refusal_carries_qemus_words);
  g_test_add_func ("/qmp/silence_is_an_error_after_the_timeout", silence_is_an_error_after_the_timeout);
  g_test_add_func ("/qmp/end_of_the_connection_is_an_error", end_of_the_connection_is_an_error);
  g_test_add_func ("/qmp/what_is_not_qmp_is_an_error", what_is_not_qmp_is_an_error);
  g_test_add_func ("/qmp/endless_line_is_an_error", endless_line_is_an_error);
  g_test_add_func ("/qmp/nobody_listening_is_unavailable", nobody_listening_is_unavailable);
  return g_test_run ();
}
