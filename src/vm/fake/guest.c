/* A guest that is a thread. A workload it does not run: it says the values that are its own; files it sends
 * none. Its VM's name says how it misbehaves:
 *
 *     -refuses   says no to every job
 *     -silent    says nothing more once it has started, as after a panic
 *     -closes    hangs up once it has started
 *     -reboots   says hello with another boot_id once it has started
 *     -garbage   sends what is no record once it has started
 *     -floods    sends heartbeats without an end once it is welcome
 *     -fails     its job ends with an error
 *     -slow      takes 50 ms for an iteration, and half a second for files */

#include "vm/fake/guest.h"
#include "bench/bench.h"
#include "bench/clock.h"
#include "bench/protocol.h"

#include <gio/gio.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MEMORY_BYTES (G_GUINT64_CONSTANT (1) << 30)
#define SIZE_BYTES   (G_GUINT64_CONSTANT (64) << 20) /* that it chooses itself */
#define ITERATIONS   20                              /* of a job that names none */
#define SLOW_US      50000
#define SLOW_FILE_US 500000
#define BOOT_ID      "00000000-0000-4000-8000-000000000001"
#define NEXT_BOOT_ID "00000000-0000-4000-8000-000000000002"

typedef struct
{
  char *name;
  int fd;
  struct nv_lines lines;
  gboolean welcome;
  json_t *job; /* (nullable): waits for its go */
  gint64 said_ns;
} Guest;

static gboolean
is (const Guest *guest, const char *habit)
{
  return strstr (guest->name, habit) != NULL;
}

static gboolean
send_text (const Guest *guest, const char *text)
{
  gsize length = strlen (text);

  while (length > 0)
    {
      ssize_t sent = send (guest->fd, text, length, MSG_NOSIGNAL);

      if (sent <= 0)
        return FALSE;
      text += sent;
      length -= (gsize)sent;
    }
  return TRUE;
}

/* Takes @record, and adds what all have. FALSE: the host has hung up. */
static gboolean
say (Guest *guest, const char *name, json_t *record)
{
  g_autofree char *line = NULL;
  char *text;

  json_object_set_new (record, "record", json_string (name));
  json_object_set_new (record, "version", json_integer (NV_PROTOCOL_VERSION));
  text = json_dumps (record, JSON_COMPACT);
  line = g_strconcat (text, "\n", NULL);
  free (text);
  json_decref (record);
  guest->said_ns = nv_now_ns ();
  return send_text (guest, line);
}

static gboolean
say_hello (Guest *guest, const char *boot_id)
{
  return say (guest, "hello",
              json_pack ("{s:s, s:s, s:s, s:i, s:I, s:I}", "program", "fake", "boot_id", boot_id, "kernel",
                         "0.0.0", "cpus", 1, "memory_bytes", (json_int_t)MEMORY_BYTES, "monotonic_ns",
                         (json_int_t)nv_now_ns ()));
}

static gboolean
say_alive (Guest *guest)
{
  return say (guest, "alive",
              json_pack ("{s:I, s:s}", "monotonic_ns", (json_int_t)nv_now_ns (), "phase",
                         guest->job ? "waiting" : "idle"));
}

/* --- a job --- */

static const char *
option (const Guest *guest, const char *name, const char *otherwise)
{
  const char *value = json_string_value (json_object_get (json_object_get (guest->job, "options"), name));

  return value ? value : otherwise;
}

static const char *
unit_of (const char *kernel)
{
  return strcmp (kernel, "chase") == 0 ? "ns" : strcmp (kernel, "spin") == 0 ? "operations/s" : "bytes/s";
}

static guint64
size_of (const Guest *guest)
{
  guint64 size_bytes = g_ascii_strtoull (option (guest, "size", "0"), NULL, 10);

  return size_bytes > 0 ? size_bytes : SIZE_BYTES;
}

/* From 100 to 106: a spread, for those who compute one. */
static double
value_of (guint iteration)
{
  return 100.0 + iteration % 7;
}

static gboolean
say_setup (Guest *guest, char **kernels, guint iterations)
{
  json_t *names = json_array ();

  for (char **kernel = kernels; *kernel; kernel++)
    json_array_append_new (names, json_string (*kernel));
  return say (
      guest, "setup",
      json_pack ("{s:s, s:s, s:I, s:b, s:[{}], s:f, s:{},"
                 " s:{s:s, s:o, s:s, s:I, s:I, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:i}}",
                 "program", "fake", "time", "2000-01-01T00:00:00Z", "monotonic_ns", (json_int_t)nv_now_ns (),
                 "pinned", 0, "threads", "timer_tick_ns", 1.0, "facts", "setup", "mode", "kernels", "kernels",
                 names, "access", "seq", "size_bytes", (json_int_t)size_of (guest), "iterations",
                 (json_int_t)iterations, "pages", "first-touch", "page_kind", "4K", "page_bytes", 4096,
                 "touch", "owner", "isa", "auto", "store", "auto", "prefetch", "auto", "chases", 1,
                 "stride_bytes", 64, "reads", 1, "writes", 1, "seed", 1));
}

static gboolean
say_iteration (Guest *guest, const char *kernel, const char *unit, guint iteration)
{
  if (is (guest, "-slow"))
    g_usleep (SLOW_US);
  return say (guest, "iteration",
              json_pack ("{s:s, s:i, s:I, s:I, s:I, s:f, s:s, s:i, s:b}", "kernel", kernel, "iteration",
                         (int)iteration, "start_ns", (json_int_t)nv_now_ns (), "time_ns", (json_int_t)1000000,
                         "bytes", (json_int_t)size_of (guest), "value", value_of (iteration), "unit", unit,
                         "group", 0, "changed", 0));
}

static json_t *
make_statistics (guint n, double scale)
{
  double sum = 0, last = value_of (MIN (n, 7) - 1);

  for (guint i = 0; i < n; i++)
    sum += value_of (i);
  return json_pack ("{s:f, s:f, s:f, s:f, s:f, s:f}", "minimum", 100 * scale, "p5", 100 * scale, "median",
                    value_of ((MIN (n, 7) - 1) / 2) * scale, "p95", last * scale, "maximum", last * scale,
                    "mean", sum / n * scale);
}

static gboolean
say_summary (Guest *guest, const char *kernel, const char *unit, guint iterations)
{
  json_t *record = make_statistics (iterations, 1);
  json_t *rest =
      json_pack ("{s:s, s:s, s:i, s:I, s:b, s:i, s:b, s:i, s:i, s:b, s:i, s:i, s:i, s:o, s:{s:s, s:b}, s:[]}",
                 "kernel", kernel, "unit", unit, "threads", 1, "size_bytes", (json_int_t)size_of (guest),
                 "cache_resident_possible", 0, "warm_ups", 1, "stable", 1, "iterations", (int)iterations,
                 "n_changed", 0, "interrupted", 0, "groups", 1, "group", 0, "n", (int)iterations, "time_s",
                 make_statistics (iterations, 1e-5), "path", "isa", "portable", "chosen", 0, "residence");

  json_object_update (record, rest);
  json_decref (rest);
  return say (guest, "summary", record);
}

static gboolean
say_samples (Guest *guest)
{
  gint64 interval_ns = json_integer_value (json_object_get (guest->job, "sample_interval_ns"));
  json_int_t now_ns = (json_int_t)nv_now_ns ();

  if (interval_ns == 0)
    return TRUE;
  return say (guest, "sample-header",
              json_pack ("{s:s, s:s, s:s, s:i, s:i, s:{}, s:I, s:I, s:I, s:I, s:[s]}", "host", "fake",
                         "kernel", "0.0.0", "machine", "none", "page_bytes", 4096, "cpus_online", 1,
                         "settings", "interval_ns", (json_int_t)interval_ns, "start_ns", now_ns,
                         "monotonic_ns", now_ns, "wall_ns", (json_int_t)nv_clock_ns (CLOCK_REALTIME),
                         "samplers", "vmstat"))
         && say (guest, "sample",
                 json_pack ("{s:I, s:I, s:i, s:{s:i}}", "monotonic_ns", now_ns, "wall_ns",
                            (json_int_t)nv_clock_ns (CLOCK_REALTIME), "missed", 0, "vmstat", "pgfault", 7));
}

static void
wait_until (gint64 start_ns)
{
  gint64 left_ns = start_ns - nv_now_ns ();

  if (left_ns > 0)
    g_usleep ((gulong)(left_ns / 1000));
}

/* FALSE: it says nothing more. */
static gboolean
misbehave (Guest *guest)
{
  char byte;

  if (is (guest, "-reboots"))
    return say_hello (guest, NEXT_BOOT_ID);
  if (is (guest, "-garbage"))
    return send_text (guest, "\033[2J{\"record\": \n");
  if (is (guest, "-silent"))
    while (recv (guest->fd, &byte, 1, 0) > 0)
      ;
  return !is (guest, "-silent") && !is (guest, "-closes");
}

static gboolean
measure_kernels (Guest *guest)
{
  g_auto (GStrv) kernels = g_strsplit (option (guest, "kernel", "copy,scale,add,triad"), ",", -1);
  guint iterations = (guint)g_ascii_strtoull (option (guest, "iterations", "0"), NULL, 10);
  gboolean heard;

  iterations = iterations > 0 ? iterations : ITERATIONS;
  heard = say_setup (guest, kernels, iterations) && say_samples (guest);
  for (char **kernel = kernels; *kernel && heard; kernel++)
    {
      for (guint i = 0; i < iterations && heard; i++)
        heard = say_iteration (guest, *kernel, unit_of (*kernel), i);
      heard = heard && say_summary (guest, *kernel, unit_of (*kernel), iterations);
    }
  return heard;
}

static const char *
metric_member (const json_t *workload, gsize index, const char *name)
{
  return json_string_value (
      json_object_get (json_array_get (json_object_get (workload, "metrics"), index), name));
}

static gboolean
say_output (Guest *guest, guint run)
{
  return say (guest, "output",
              json_pack ("{s:i, s:I, s:I, s:i, s:b, s:i, s:s}", "run", (int)run, "start_ns",
                         (json_int_t)nv_now_ns (), "time_ns", (json_int_t)1000000, "exit_status", 0,
                         "timed_out", 0, "output_bytes", 10, "text", "two\nlines\n"));
}

/* One value of each metric in each run. */
static gboolean
measure_workload (Guest *guest, const json_t *workload)
{
  gsize n_metrics = json_array_size (json_object_get (workload, "metrics"));
  guint runs = (guint)json_integer_value (json_object_get (workload, "runs"));
  json_t *record = json_pack ("{s:s, s:s, s:I, s:{}}", "program", "fake", "time", "2000-01-01T00:00:00Z",
                              "monotonic_ns", (json_int_t)nv_now_ns (), "facts");
  gboolean heard;

  json_object_update (record, (json_t *)workload);
  heard = say (guest, "workload", record) && say_samples (guest);
  for (guint run = 0; run < runs && heard; run++)
    {
      heard = say_output (guest, run);
      for (gsize i = 0; i < n_metrics && heard; i++)
        heard = say_iteration (guest, metric_member (workload, i, "name"),
                               metric_member (workload, i, "unit"), run);
    }
  for (gsize i = 0; i < n_metrics && heard; i++)
    heard =
        say_summary (guest, metric_member (workload, i, "name"), metric_member (workload, i, "unit"), runs);
  return heard;
}

/* What would come as files is not said. */
static gboolean
measure_job (Guest *guest)
{
  const json_t *workload = json_object_get (guest->job, "workload");

  if (!json_object_get (guest->job, "transport"))
    return workload ? measure_workload (guest, workload) : measure_kernels (guest);
  if (is (guest, "-slow"))
    g_usleep (SLOW_FILE_US);
  return TRUE;
}

static gboolean
measure (Guest *guest, gint64 start_ns)
{
  gboolean heard;

  wait_until (start_ns);
  heard = say (guest, "started", json_pack ("{s:I}", "monotonic_ns", (json_int_t)nv_now_ns ()))
          && misbehave (guest) && measure_job (guest);
  if (is (guest, "-fails"))
    return heard
           && say (guest, "done",
                   json_pack ("{s:i, s:s}", "status", NV_STATUS_FAILED, "message", "it was told to fail"));
  return heard && say (guest, "done", json_pack ("{s:i}", "status", NV_STATUS_DONE));
}

/* --- the conversation --- */

static gboolean
hear_job (Guest *guest, json_t *job)
{
  json_decref (guest->job);
  guest->job = NULL;
  if (is (guest, "-refuses"))
    return say (guest, "refused", json_pack ("{s:s}", "message", "it was told to refuse"));
  guest->job = json_incref (job);
  return say (guest, "ready", json_pack ("{s:I}", "size_bytes", (json_int_t)size_of (guest)));
}

static gboolean
hear_go (Guest *guest, const json_t *record)
{
  gboolean heard = measure (guest, json_integer_value (json_object_get (record, "start_ns")));

  json_decref (guest->job);
  guest->job = NULL;
  return heard;
}

static gboolean
hear_clock (Guest *guest, const json_t *record)
{
  json_int_t now_ns = (json_int_t)nv_now_ns ();

  return say (guest, "clock",
              json_pack ("{s:O, s:I, s:I}", "id", json_object_get (record, "id"), "received_ns", now_ns,
                         "sent_ns", (json_int_t)nv_now_ns ()));
}

/* FALSE: that was the last. */
static gboolean
hear (Guest *guest, json_t *record)
{
  const char *name = nv_record_name (record);

  if (strcmp (name, "welcome") == 0)
    return guest->welcome = TRUE;
  if (strcmp (name, "clock") == 0)
    return hear_clock (guest, record);
  if (strcmp (name, "job") == 0)
    return hear_job (guest, record);
  if (strcmp (name, "go") == 0 && guest->job)
    return hear_go (guest, record);
  return FALSE; /* bye */
}

/* What the host said so far. */
static gboolean
hear_all (Guest *guest)
{
  struct nv_message message;
  gboolean goes_on = TRUE;
  gsize length;
  char *line;

  if (nv_lines_read (&guest->lines, guest->fd) != 1)
    return FALSE;
  while (goes_on && (line = nv_lines_next (&guest->lines, &length)))
    {
      json_t *record = nv_record_parse (line, length, &message);

      goes_on = record && nv_record_check (record, &message) == 0 && hear (guest, record);
      json_decref (record);
    }
  return goes_on;
}

/* The time between two records of a guest that has nothing to say, in ms. */
static int
pause_of (const Guest *guest)
{
  gint64 pause_ns = guest->welcome ? NV_ALIVE_INTERVAL_NS : NV_HELLO_INTERVAL_NS;
  gint64 left_ns = guest->said_ns + pause_ns - nv_now_ns ();

  if (guest->welcome && is (guest, "-floods"))
    return 0;
  return (int)CLAMP (left_ns / 1000000, 0, 1000);
}

static gpointer
live (gpointer data)
{
  Guest *guest = data;
  gboolean goes_on = say_hello (guest, BOOT_ID);

  while (goes_on)
    {
      struct pollfd wanted = { .fd = guest->fd, .events = POLLIN };

      if (poll (&wanted, 1, pause_of (guest)) > 0)
        goes_on = hear_all (guest);
      else
        goes_on = guest->welcome ? say_alive (guest) : say_hello (guest, BOOT_ID);
    }
  close (guest->fd);
  nv_lines_clear (&guest->lines);
  json_decref (guest->job);
  g_free (guest->name);
  g_free (guest);
  return NULL;
}

int
fake_guest_start (const char *name)
{
  Guest *guest;
  int ends[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return -1;
  guest = g_new0 (Guest, 1);
  guest->name = g_strdup (name);
  guest->fd = ends[1];
  g_thread_unref (g_thread_new ("fake-guest", live, guest));
  return ends[0];
}
