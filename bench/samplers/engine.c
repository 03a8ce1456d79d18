#include "bench/samplers/engine.h"

#include "bench/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S UINT64_C (1000000000)

/* One open file. */
struct source
{
  const struct nv_sampler *sampler;
  const struct nv_sampler_file *file;
  int node;
  int fd;
  char *text;
  char *words; /* a copy, which the parser takes apart */
  size_t length;
  size_t capacity; /* of both, less the byte that ends them */
  bool complained;
  bool gone; /* with its node: to be opened anew */
};

enum
{
  NODES_BYTES = 512, /* of a list of nodes */
};

struct nv_engine
{
  char *root;
  const struct nv_sampler *const *samplers;
  char nodes[NODES_BYTES];  /* those online when the files were opened; empty: the kernel does not say */
  bool is_stale;            /* a node went without a word */
  bool said;                /* that one did */
  struct nv_engine *before; /* while the files are opened anew: what has those that are open */
  struct nv_engine_complaints complaints;
  struct source *sources;
  struct nv_sample_text *texts; /* one for each source */
  size_t n_sources;
  struct nv_sample_values values;
};

/* The path with the node in place of its `*`. */
static void
format_path (const struct nv_engine *engine, const struct nv_sampler_file *file, int node, char *path,
             size_t size)
{
  const char *root = strcmp (engine->root, "/") == 0 ? "" : engine->root;
  const char *star = strchr (file->path, '*');

  if (node < 0 || !star)
    snprintf (path, size, "%s/%s", root, file->path);
  else
    snprintf (path, size, "%s/%.*s%d%s", root, (int)(star - file->path), file->path, node, star + 1);
}

/* @error: a positive errno. */
static void
complain (const struct nv_engine *engine, const struct nv_sampler *sampler,
          const struct nv_sampler_file *file, int node, int error)
{
  struct nv_message message;
  char path[PATH_MAX];
  const char *needs = "";

  if (engine->before)
    return; /* what could not be opened at first was complained about then */
  if (error == ENOENT && file != sampler->files)
    return; /* an older kernel has less, or nothing of this was there, which was said */
  format_path (engine, file, node, path, sizeof path);
  if (error == EBADMSG)
    nv_fail (&message, error, "sampler '%s': '%s' does not look as it should: it is left out", sampler->name,
             path);
  else
    {
      if (error == ENOENT)
        needs = sampler->needs;
      nv_fail (&message, error, "sampler '%s': cannot read '%s': %s%s%s", sampler->name, path,
               strerror (error),
               error == ENODEV                     ? ": its node is offline, and sampled again if it returns"
               : error == ENOENT                   ? ": it needs "
               : error == EACCES || error == EPERM ? ": run it as root"
                                                   : "",
               needs);
    }
  engine->complaints.complain (engine->complaints.data, message.text);
}

/* Takes an open file over from before. */
static bool
take_over (struct nv_engine *before, const struct nv_sampler_file *file, int node, struct source *ret_source)
{
  for (size_t i = 0; i < before->n_sources; i++)
    {
      struct source *source = &before->sources[i];

      if (source->file != file || source->node != node || source->gone)
        continue;
      *ret_source = *source;
      *source = before->sources[--before->n_sources];
      return true;
    }
  return false;
}

/* 0 or -ENOMEM; a file that cannot be opened is complained about. */
static int
add_source (struct nv_engine *engine, const struct nv_sampler *sampler, const struct nv_sampler_file *file,
            int node)
{
  struct source *sources = reallocarray (engine->sources, engine->n_sources + 1, sizeof *sources);
  char path[PATH_MAX];
  int fd;

  if (!sources)
    return -ENOMEM;
  engine->sources = sources;
  if (engine->before && take_over (engine->before, file, node, &sources[engine->n_sources]))
    {
      engine->n_sources++;
      return 0;
    }
  format_path (engine, file, node, path, sizeof path);
  fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    complain (engine, sampler, file, node, errno);
  else
    sources[engine->n_sources++] =
        (struct source){ .sampler = sampler, .file = file, .node = node, .fd = fd };
  return 0;
}

static int
is_node (const struct dirent *entry)
{
  const char *number = entry->d_name + strlen ("node");
  uint64_t node;

  return strncmp (entry->d_name, "node", strlen ("node")) == 0 && nv_sample_count (number, &node)
         && node <= INT_MAX;
}

/* Node after node, and of each all the sampler's files, so that the values of a node follow each other. */
static int
add_node_sources (struct nv_engine *engine, const struct nv_sampler *sampler)
{
  char path[PATH_MAX];
  struct dirent **nodes;
  int result = 0, n_nodes;

  snprintf (path, sizeof path, "%s/sys/devices/system/node", engine->root);
  n_nodes = scandir (path, &nodes, is_node, versionsort);
  if (n_nodes < 0 && errno == ENOMEM)
    return -ENOMEM;
  if (n_nodes <= 0)
    complain (engine, sampler, &sampler->files[0], -1, n_nodes < 0 ? errno : ENOENT);
  for (int i = 0; i < n_nodes; i++)
    {
      for (const struct nv_sampler_file *file = sampler->files; result == 0 && file->path; file++)
        result = add_source (engine, sampler, file, atoi (nodes[i]->d_name + strlen ("node")));
      free (nodes[i]);
    }
  if (n_nodes >= 0)
    free (nodes);
  return result;
}

static int
add_sampler (struct nv_engine *engine, const struct nv_sampler *sampler)
{
  int result = 0;

  if (strchr (sampler->files[0].path, '*'))
    return add_node_sources (engine, sampler);
  for (const struct nv_sampler_file *file = sampler->files; result == 0 && file->path; file++)
    result = add_source (engine, sampler, file, -1);
  return result;
}

static int
open_sources (struct nv_engine *engine)
{
  struct nv_sample_text *texts;
  int result = 0;

  for (size_t i = 0; result == 0 && engine->samplers[i]; i++)
    result = add_sampler (engine, engine->samplers[i]);
  texts = reallocarray (engine->texts, engine->n_sources + 1, sizeof *texts);
  if (!texts)
    return -ENOMEM;
  engine->texts = texts;
  return result;
}

static void
close_sources (struct nv_engine *engine)
{
  for (size_t i = 0; i < engine->n_sources; i++)
    {
      close (engine->sources[i].fd);
      free (engine->sources[i].text);
      free (engine->sources[i].words);
    }
  free (engine->sources);
}

/* Nodes come and go. 0 or -ENOMEM. */
static int
follow_nodes (struct nv_engine *engine)
{
  struct nv_engine before = *engine;
  char online[NODES_BYTES] = "";
  struct nv_message message;
  bool changed;
  int result;

  nv_proc_setting (engine->root, "sys/devices/system/node/online", online, sizeof online);
  changed = strcmp (online, engine->nodes) != 0;
  if (!changed && !engine->is_stale)
    return 0;
  engine->sources = NULL;
  engine->n_sources = 0;
  engine->is_stale = false;
  engine->before = &before;
  result = open_sources (engine);
  close_sources (&before);
  engine->before = NULL;
  if (changed)
    {
      nv_fail (&message, 0, "nodes '%s' are online now, '%s' were: those are sampled from here on", online,
               engine->nodes);
      engine->complaints.complain (engine->complaints.data, message.text);
      strcpy (engine->nodes, online);
      engine->said = false;
    }
  return result;
}

int
nv_engine_open (const char *root, const struct nv_sampler *const *samplers,
                const struct nv_engine_complaints *complaints, struct nv_engine **ret_engine,
                struct nv_message *message)
{
  struct nv_engine *engine = calloc (1, sizeof *engine);
  int result = 0;

  if (engine)
    {
      engine->complaints = *complaints;
      engine->root = strdup (root);
      engine->samplers = samplers;
      nv_proc_setting (root, "sys/devices/system/node/online", engine->nodes, sizeof engine->nodes);
    }
  if (!engine || !engine->root)
    result = -ENOMEM;
  if (result == 0)
    result = open_sources (engine);
  if (result == 0 && engine->n_sources == 0)
    result = nv_fail (message, ENOENT, "there is nothing to sample below '%s'", root);
  if (result == -ENOMEM)
    nv_fail (message, ENOMEM, "no memory is left for the samplers");
  if (result < 0)
    {
      nv_engine_close (engine);
      return result;
    }
  *ret_engine = engine;
  return 0;
}

void
nv_engine_close (struct nv_engine *engine)
{
  if (!engine)
    return;
  close_sources (engine);
  nv_sample_values_clear (&engine->values);
  free (engine->texts);
  free (engine->root);
  free (engine);
}

bool
nv_engine_has (const struct nv_engine *engine, const struct nv_sampler *sampler)
{
  for (size_t i = 0; i < engine->n_sources; i++)
    if (engine->sources[i].sampler == sampler)
      return true;
  return false;
}

static int
grow (struct source *source)
{
  size_t capacity = source->capacity ? 2 * source->capacity : 8192;
  char *text = realloc (source->text, capacity + 1), *words;

  if (!text)
    return -ENOMEM;
  source->text = text;
  words = realloc (source->words, capacity + 1);
  if (!words)
    return -ENOMEM;
  source->words = words;
  source->capacity = capacity;
  return 0;
}

/* From its begin: then the kernel makes the text anew. A short read is not the end, since the kernel gives
 * some files a page at a time. */
static int
read_text (struct source *source)
{
  size_t length = 0;
  ssize_t got;

  source->length = 0;
  do
    {
      if (length == source->capacity && grow (source) < 0)
        return -ENOMEM;
      got = pread (source->fd, source->text + length, source->capacity - length, (off_t)length);
      if (got > 0)
        length += (size_t)got;
    }
  while (got > 0 || (got < 0 && errno == EINTR));
  if (got < 0)
    return -errno;
  source->length = length;
  source->text[length] = '\0';
  memcpy (source->words, source->text, length + 1);
  return 0;
}

/* Adds all of its values or, on failure, none. */
static int
read_source (struct source *source, struct nv_sample_values *values)
{
  size_t before = values->length;
  int result = read_text (source);

  if (result == 0)
    result = source->file->parse (source->words, source->node, values);
  if (result < 0)
    values->length = before;
  for (size_t i = before; i < values->length; i++)
    values->items[i].sampler = source->sampler;
  return result;
}

/* What could not be read, because of @error, a positive errno. */
static void
note_failure (struct nv_engine *engine, struct source *source, int error)
{
  bool *said = &source->complained;

  if (error == ENODEV && source->node >= 0)
    {
      source->gone = engine->is_stale = true;
      said = &engine->said;
    }
  if (!*said)
    complain (engine, source->sampler, source->file, source->node, error);
  *said = true;
}

int
nv_engine_read (struct nv_engine *engine, struct nv_sample *ret_sample)
{
  uint64_t monotonic_ns = nv_clock_ns (CLOCK_MONOTONIC), wall_ns = nv_clock_ns (CLOCK_REALTIME);

  if (follow_nodes (engine) < 0)
    return -ENOMEM;
  engine->values.length = 0;
  for (size_t i = 0; i < engine->n_sources; i++)
    {
      struct source *source = &engine->sources[i];
      int result = read_source (source, &engine->values);

      if (result == -ENOMEM)
        return result;
      if (result < 0)
        note_failure (engine, source, -result);
      engine->texts[i] = (struct nv_sample_text){
        .sampler = source->sampler, .node = source->node, .text = source->text, .length = source->length
      };
    }
  *ret_sample = (struct nv_sample){ .monotonic_ns = monotonic_ns,
                                    .wall_ns = wall_ns,
                                    .values = engine->values.items,
                                    .n_values = engine->values.length,
                                    .texts = engine->texts,
                                    .n_texts = engine->n_sources };
  return 0;
}

static struct timespec
timespec_of (uint64_t ns)
{
  return (struct timespec){ .tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S) };
}

/* A timer's file rather than clock_nanosleep(): it keeps the absolute schedule, counts the ticks that went
 * by, and can be waited for together with what ends the sampling, so that none of it waits for a tick. */
static int
start_timer (const struct nv_schedule *schedule, struct nv_message *message)
{
  const struct itimerspec times = { .it_interval = timespec_of (schedule->interval_ns),
                                    .it_value = timespec_of (schedule->start_ns) };
  int timer;

  if (schedule->interval_ns < NV_MIN_INTERVAL_NS)
    return nv_fail (message, EINVAL, "interval of %llu ns: at least 1 ms is allowed",
                    (unsigned long long)schedule->interval_ns);
  timer = timerfd_create (CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (timer >= 0 && timerfd_settime (timer, TFD_TIMER_ABSTIME, &times, NULL) == 0)
    return timer;
  int error = errno;
  if (timer >= 0)
    close (timer);
  return nv_fail (message, error, "cannot set a timer: %s", strerror (error));
}

/* 1: @ret_ticks (at least one) went by; 0: it is to end, *ret_end says why; or a negative errno. */
static int
wait_for_tick (int timer, const struct nv_schedule *schedule, uint64_t *ret_ticks,
               enum nv_engine_end *ret_end, struct nv_message *message)
{
  struct pollfd fds[] = { { .fd = timer, .events = POLLIN },
                          { .fd = schedule->stop_fd, .events = POLLIN },
                          { .fd = schedule->output_fd } };

  for (;;)
    {
      if (poll (fds, sizeof fds / sizeof *fds, -1) < 0)
        {
          if (errno != EINTR)
            return nv_fail (message, errno, "cannot wait for a timer: %s", strerror (errno));
          continue;
        }
      if (fds[1].revents || (fds[2].revents & (POLLERR | POLLHUP)))
        {
          *ret_end = fds[1].revents ? NV_ENGINE_STOPPED : NV_ENGINE_READER_GONE;
          return 0;
        }
      if (read (timer, ret_ticks, sizeof *ret_ticks) == sizeof *ret_ticks)
        return 1;
      if (errno != EAGAIN && errno != EINTR)
        return nv_fail (message, errno, "cannot read a timer: %s", strerror (errno));
    }
}

int
nv_engine_run (struct nv_engine *engine, const struct nv_schedule *schedule,
               int (*on_sample) (void *data, const struct nv_sample *sample), void *data,
               struct nv_engine_result *result, struct nv_message *message)
{
  int status = 1, timer = start_timer (schedule, message);
  uint64_t ticks = 0, passed = 0, last = UINT64_MAX;

  if (timer < 0)
    return timer;
  *result = (struct nv_engine_result){ .end = NV_ENGINE_DONE };
  if (schedule->duration_ns > 0)
    last = schedule->duration_ns / schedule->interval_ns;
  while (passed <= last && (status = wait_for_tick (timer, schedule, &ticks, &result->end, message)) == 1)
    {
      struct nv_sample sample;

      /* What passed after the end of the schedule was not missed. */
      ticks = ticks > last - passed ? last - passed + 1 : ticks;
      passed += ticks;
      status = nv_engine_read (engine, &sample);
      if (status < 0)
        {
          nv_fail (message, -status, "no memory is left for a sample");
          break;
        }
      sample.missed = ticks - 1;
      result->missed += sample.missed;
      status = on_sample (data, &sample);
      if (status < 0)
        break;
      result->samples++;
    }
  close (timer);
  return status < 0 ? status : 0;
}
