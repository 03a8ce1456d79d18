#include "guest/agent.h"

#include "bench/clock.h"
#include "bench/proc.h"
#include "bench/protocol.h"
#include "guest/clean.h"
#include "guest/job.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

/* A go that is further ahead is of another clock. */
#define MAX_AHEAD_NS (INT64_C (3600) * 1000000000)

enum state
{
  GREETING, /* says hello, as soon as and as long as somebody is there */
  IDLE,
  READY, /* a job waits for its go */
  RUNNING,
};

struct agent
{
  struct nv_writer writer;
  struct nv_lines lines;
  enum state state;
  struct nv_job job;
  char boot_id[40];
  int64_t tick_ns; /* when something is to be said unasked */
  int64_t received_ns;
  bool is_there; /* somebody at the other end */
  bool said_bye, stopped;
};

/* --- what the guest says --- */

static json_t *
make_record (const char *name)
{
  return json_pack ("{s:s, s:i}", "record", name, "version", NV_PROTOCOL_VERSION);
}

static void
set_integer (json_t *record, const char *name, int64_t value)
{
  json_object_set_new (record, name, json_integer (value));
}

/* A long text may have been cut within a character. */
static void
set_message (json_t *record, const struct nv_message *message)
{
  char *text = nv_clean (message->text, strlen (message->text), sizeof message->text);

  json_object_set_new (record, "message", json_string (text ? text : "no memory"));
  free (text);
}

static json_t *
make_hello (const struct agent *agent)
{
  json_t *hello = make_record ("hello");
  struct utsname kernel;
  struct sysinfo memory;

  uname (&kernel);
  sysinfo (&memory);
  json_object_set_new (hello, "program", json_string ("numavm-guest " NV_VERSION));
  json_object_set_new (hello, "boot_id", json_string (agent->boot_id));
  json_object_set_new (hello, "kernel", json_string (kernel.release));
  set_integer (hello, "cpus", sysconf (_SC_NPROCESSORS_ONLN));
  set_integer (hello, "memory_bytes", (int64_t)((uint64_t)memory.totalram * memory.mem_unit));
  set_integer (hello, "monotonic_ns", nv_now_ns ());
  return hello;
}

static json_t *
make_alive (struct agent *agent)
{
  json_t *alive = make_record ("alive");

  set_integer (alive, "monotonic_ns", nv_now_ns ());
  if (agent->state == RUNNING)
    nv_job_say_progress (&agent->job, alive);
  else
    json_object_set_new (alive, "phase", json_string (agent->state == READY ? "waiting" : "idle"));
  return alive;
}

/* Where nobody is connected, a virtio port says that it hung up, and goes on saying so: it is looked at now
 * and then. */
static void
greet (struct agent *agent)
{
  struct pollfd port = { .fd = agent->writer.fd, .events = POLLIN };

  agent->tick_ns = nv_now_ns () + (int64_t)NV_HELLO_INTERVAL_NS;
  agent->is_there = poll (&port, 1, 0) >= 0 && !(port.revents & (POLLHUP | POLLERR | POLLNVAL));
  if (agent->is_there)
    nv_writer_offer (&agent->writer, make_hello (agent));
}

static void
say_alive (struct agent *agent)
{
  agent->tick_ns = nv_now_ns () + (int64_t)NV_ALIVE_INTERVAL_NS;
  nv_writer_offer (&agent->writer, make_alive (agent));
}

/* --- what the host says --- */

static int
take_welcome (struct agent *agent, const json_t *record, struct nv_message *message)
{
  const char *boot_id = json_string_value (json_object_get (record, "boot_id"));

  /* Each hello may get one, and one may be of another conversation. */
  if (agent->state != GREETING || !boot_id || strcmp (boot_id, agent->boot_id) != 0)
    return 0;
  agent->state = IDLE;
  agent->tick_ns = nv_now_ns ();
  return 0;
}

static int
take_clock (struct agent *agent, const json_t *record, struct nv_message *message)
{
  const json_t *id = json_object_get (record, "id");
  json_t *clock = make_record ("clock");

  if (!json_is_integer (id))
    {
      json_decref (clock);
      return nv_fail (message, EBADMSG, "clock: it has no id, a whole number");
    }
  set_integer (clock, "id", json_integer_value (id));
  set_integer (clock, "received_ns", agent->received_ns);
  set_integer (clock, "sent_ns", nv_now_ns ());
  return nv_writer_send (&agent->writer, clock);
}

static int
take_job (struct agent *agent, const json_t *record, struct nv_message *message)
{
  struct nv_message problem;
  json_t *answer;

  nv_job_clear (&agent->job);
  if (nv_job_read (&agent->job, record, &problem) == 0)
    {
      agent->state = READY;
      answer = make_record ("ready");
      set_integer (answer, "size_bytes", (int64_t)agent->job.size_bytes);
    }
  else
    {
      agent->state = IDLE;
      nv_job_clear (&agent->job);
      answer = make_record ("refused");
      set_message (answer, &problem);
    }
  return nv_writer_send (&agent->writer, answer);
}

/* The job is through, or could not begin. */
static int
send_done (struct agent *agent)
{
  json_t *done = make_record ("done");

  set_integer (done, "status", agent->job.status);
  if (*agent->job.message.text)
    set_message (done, &agent->job.message);
  nv_job_clear (&agent->job);
  agent->state = IDLE;
  return nv_writer_send (&agent->writer, done);
}

static int
take_go (struct agent *agent, const json_t *record, struct nv_message *message)
{
  const json_t *start = json_object_get (record, "start_ns");
  json_int_t start_ns = json_integer_value (start);

  if (!json_is_integer (start) || start_ns < 0 || start_ns - nv_now_ns () > MAX_AHEAD_NS)
    return nv_fail (message, EBADMSG, "go: it has no start_ns, within the next hour of this guest's clock");
  if (nv_job_start (&agent->job, &agent->writer, (uint64_t)start_ns) < 0)
    return send_done (agent);
  agent->state = RUNNING;
  return 0;
}

static int
take_bye (struct agent *agent, const json_t *record, struct nv_message *message)
{
  agent->said_bye = true;
  return 0;
}

#define IN(state) (1u << (state))

static const struct
{
  const char *name;
  unsigned states; /* in which it is allowed */
  int (*take) (struct agent *agent, const json_t *record, struct nv_message *message);
} records[] = {
  { "welcome", IN (GREETING) | IN (IDLE) | IN (READY) | IN (RUNNING), take_welcome },
  { "clock", IN (IDLE) | IN (READY), take_clock },
  { "job", IN (IDLE) | IN (READY), take_job },
  { "go", IN (READY), take_go },
  { "bye", IN (IDLE) | IN (READY) | IN (RUNNING), take_bye },
};

static int
take_record (struct agent *agent, const json_t *record, struct nv_message *message)
{
  const char *name = nv_record_name (record);

  for (size_t i = 0; i < sizeof records / sizeof *records; i++)
    if (strcmp (records[i].name, name) == 0)
      return records[i].states & IN (agent->state)
                 ? records[i].take (agent, record, message)
                 : nv_fail (message, EBADMSG, "record '%s' is not in its turn", name);
  return nv_fail (message, EBADMSG, "record '%.40s' is unknown", name);
}

static int
take_line (struct agent *agent, const char *line, size_t length, struct nv_message *message)
{
  json_t *record = nv_record_parse (line, length, message);
  int result = record ? take_record (agent, record, message) : -EBADMSG;

  json_decref (record);
  return result;
}

/* --- the conversation --- */

static void
greet_anew (struct agent *agent)
{
  if (agent->state == RUNNING)
    nv_job_cancel (&agent->job);
  nv_job_clear (&agent->job);
  nv_lines_clear (&agent->lines);
  agent->state = GREETING;
  agent->is_there = false;
  agent->tick_ns = nv_now_ns () + (int64_t)NV_HELLO_INTERVAL_NS;
}

/* What is there before it is welcome was said to somebody else. */
static void
listen_to_host (struct agent *agent)
{
  struct nv_message message = { "it is gone" };
  int result;
  size_t length;
  char *line;

  agent->received_ns = nv_now_ns ();
  result = nv_lines_read (&agent->lines, agent->writer.fd);
  if (result == -EAGAIN)
    return;
  if (result <= 0)
    {
      greet_anew (agent);
      return;
    }
  while (!agent->said_bye && (line = nv_lines_next (&agent->lines, &length)))
    if (take_line (agent, line, length, &message) < 0 && agent->state != GREETING)
      {
        fprintf (stderr, "numavm guest: lost the host: %s\n", message.text);
        greet_anew (agent);
        return;
      }
}

static void
end_job (struct agent *agent)
{
  nv_job_join (&agent->job);
  if (send_done (agent) < 0)
    greet_anew (agent);
}

static void
wait_and_take (struct agent *agent, int64_t timeout_ns)
{
  struct pollfd fds[] = {
    { .fd = agent->writer.stop_fd, .events = POLLIN },
    { .fd = agent->state == RUNNING ? agent->job.over_fd : -1, .events = POLLIN },
    { .fd = agent->state == GREETING && !agent->is_there ? -1 : agent->writer.fd, .events = POLLIN },
  };

  if (poll (fds, sizeof fds / sizeof *fds, (int)(timeout_ns / 1000000 + 1)) <= 0)
    return;
  if (fds[0].revents)
    agent->stopped = true;
  else if (fds[1].revents)
    end_job (agent);
  else if (fds[2].revents & POLLIN)
    listen_to_host (agent);
  else
    greet_anew (agent);
}

static void
step (struct agent *agent)
{
  int64_t left_ns = agent->tick_ns - nv_now_ns ();

  if (left_ns > 0)
    wait_and_take (agent, left_ns);
  else if (agent->state == GREETING)
    greet (agent);
  else
    say_alive (agent);
}

bool
nv_agent_run (int port, int stop_fd)
{
  struct agent agent = {
    .writer = { .fd = port, .stop_fd = stop_fd, .cancel_fd = eventfd (0, EFD_CLOEXEC) },
    .job = { .over_fd = -1 },
    .tick_ns = nv_now_ns (),
  };

  nv_proc_setting ("/", "proc/sys/kernel/random/boot_id", agent.boot_id, sizeof agent.boot_id);
  pthread_mutex_init (&agent.writer.mutex, NULL);
  while (!agent.said_bye && !agent.stopped)
    step (&agent);
  greet_anew (&agent);
  close (agent.writer.cancel_fd);
  return agent.said_bye;
}
