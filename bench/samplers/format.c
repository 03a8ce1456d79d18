#include "bench/samplers/format.h"
#include "bench/proc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

void
nv_sample_buffer_clear (struct nv_sample_buffer *buffer)
{
  free (buffer->bytes);
  memset (buffer, 0, sizeof *buffer);
}

static void
add_bytes (struct nv_sample_buffer *buffer, const char *bytes, size_t length)
{
  if (buffer->capacity - buffer->length < length)
    {
      size_t capacity = 2 * buffer->capacity + length + 4096;
      char *grown = realloc (buffer->bytes, capacity);

      if (!grown)
        {
          buffer->failed = true;
          return;
        }
      buffer->bytes = grown;
      buffer->capacity = capacity;
    }
  if (length > 0)
    memcpy (buffer->bytes + buffer->length, bytes, length);
  buffer->length += length;
}

static void
add_text (struct nv_sample_buffer *buffer, const char *text)
{
  add_bytes (buffer, text, strlen (text));
}

/* At least @digits of them. */
static void
add_padded (struct nv_sample_buffer *buffer, uint64_t value, int digits)
{
  char text[20];
  size_t at = sizeof text;

  for (; value > 0 || digits > 0; value /= 10, digits--)
    text[--at] = (char)('0' + value % 10);
  add_bytes (buffer, text + at, sizeof text - at);
}

static void
add_count (struct nv_sample_buffer *buffer, uint64_t value)
{
  add_padded (buffer, value, 1);
}

/* Six decimals, whatever the locale's decimal point. */
static void
add_ratio (struct nv_sample_buffer *buffer, double ratio)
{
  uint64_t millionths = (uint64_t)(ratio * 1e6 + 0.5);

  add_count (buffer, millionths / 1000000);
  add_text (buffer, ".");
  add_padded (buffer, millionths % 1000000, 6);
}

static void
add_value (struct nv_sample_buffer *buffer, const struct nv_sample_value *value)
{
  if (value->is_ratio)
    add_ratio (buffer, value->ratio);
  else
    add_count (buffer, value->count);
}

/* A byte that is no ASCII is escaped as if it were Latin-1: names are the kernel's, and JSON must be UTF-8.
 */
static void
add_string (struct nv_sample_buffer *buffer, const char *text)
{
  static const char hex[] = "0123456789abcdef";

  add_text (buffer, "\"");
  for (const char *at = text; *at != '\0';)
    {
      const char *plain = at;
      unsigned char byte;

      while ((byte = (unsigned char)*at) >= ' ' && byte < 0x7f && byte != '"' && byte != '\\')
        at++;
      add_bytes (buffer, plain, (size_t)(at - plain));
      if (byte == '\0')
        break;
      add_bytes (buffer, (char[]){ '\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15] }, 6);
      at++;
    }
  add_text (buffer, "\"");
}

static void
add_key (struct nv_sample_buffer *buffer, const char *name)
{
  add_string (buffer, name);
  add_text (buffer, ":");
}

static void
add_member (struct nv_sample_buffer *buffer, const char *name, uint64_t value)
{
  add_text (buffer, ",");
  add_key (buffer, name);
  add_count (buffer, value);
}

/* "name":value, or of those that follow with the same name and an order: "name":[value,...]. Returns: the
 * first value that is none of them. */
static const struct nv_sample_value *
add_named (struct nv_sample_buffer *buffer, const struct nv_sample_value *value,
           const struct nv_sample_value *end)
{
  const char *name = value->name;

  add_key (buffer, name);
  if (value->order < 0)
    {
      add_value (buffer, value);
      return value + 1;
    }
  add_text (buffer, "[");
  do
    {
      if (value->order > 0)
        add_text (buffer, ",");
      add_value (buffer, value);
      value++;
    }
  while (value < end && value->name == name && value->order > 0);
  add_text (buffer, "]");
  return value;
}

static bool
is_of_group (const struct nv_sample_value *value, const struct nv_sample_value *first)
{
  return value->sampler == first->sampler && value->node == first->node && value->zone == first->zone;
}

/* All of one node and zone, or of the machine. Returns: the first that is not of them. */
static const struct nv_sample_value *
add_group (struct nv_sample_buffer *buffer, const struct nv_sample_value *first,
           const struct nv_sample_value *end)
{
  const struct nv_sample_value *value = first;

  add_text (buffer, "{");
  if (first->node >= 0)
    {
      add_key (buffer, "node");
      add_count (buffer, (uint64_t)first->node);
      add_text (buffer, ",");
    }
  if (first->zone)
    {
      add_key (buffer, "zone");
      add_string (buffer, first->zone);
      add_text (buffer, ",");
    }
  while (value < end && is_of_group (value, first))
    {
      if (value != first)
        add_text (buffer, ",");
      value = add_named (buffer, value, end);
    }
  add_text (buffer, "}");
  return value;
}

void
nv_sample_format_json (struct nv_sample_buffer *buffer, const struct nv_sample *sample)
{
  const struct nv_sample_value *value = sample->values;
  const struct nv_sample_value *end = sample->n_values > 0 ? value + sample->n_values : value;

  add_text (buffer, "{\"record\":\"sample\",\"version\":1");
  add_member (buffer, "monotonic_ns", sample->monotonic_ns);
  add_member (buffer, "wall_ns", sample->wall_ns);
  add_member (buffer, "missed", sample->missed);
  while (value < end)
    {
      const struct nv_sampler *sampler = value->sampler;
      bool listed = value->node >= 0;

      add_text (buffer, ",");
      add_key (buffer, sampler->name);
      add_text (buffer, listed ? "[" : "");
      value = add_group (buffer, value, end);
      while (value < end && value->sampler == sampler)
        {
          add_text (buffer, ",");
          value = add_group (buffer, value, end);
        }
      add_text (buffer, listed ? "]" : "");
    }
  add_text (buffer, "}\n");
}

/* What the counters depend on; a setting that the kernel lacks is left out. */
static void
add_settings (struct nv_sample_buffer *buffer, const char *root)
{
  static const char *const settings[][2] = {
    { "thp_enabled", "sys/kernel/mm/transparent_hugepage/enabled" },
    { "thp_defrag", "sys/kernel/mm/transparent_hugepage/defrag" },
    { "ksm", "sys/kernel/mm/ksm/run" },
    { "numa_balancing", "proc/sys/kernel/numa_balancing" },
    { "compaction_proactiveness", "proc/sys/vm/compaction_proactiveness" },
    { "extfrag_threshold", "proc/sys/vm/extfrag_threshold" },
    { "zone_reclaim_mode", "proc/sys/vm/zone_reclaim_mode" },
  };
  const char *separator = "";

  add_text (buffer, ",\"settings\":{");
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
    {
      char value[32];

      if (nv_proc_setting (root, settings[i][1], value, sizeof value) < 0)
        continue;
      add_text (buffer, separator);
      add_key (buffer, settings[i][0]);
      add_string (buffer, value);
      separator = ",";
    }
  add_text (buffer, "}");
}

void
nv_sample_format_header (struct nv_sample_buffer *buffer, const char *root, const struct nv_engine *engine,
                         const struct nv_schedule *schedule)
{
  struct utsname machine;
  const char *separator = "";

  uname (&machine);
  add_text (buffer, "{\"record\":\"sample-header\",\"version\":1,\"host\":");
  add_string (buffer, machine.nodename);
  add_text (buffer, ",\"kernel\":");
  add_string (buffer, machine.release);
  add_text (buffer, ",\"machine\":");
  add_string (buffer, machine.machine);
  add_member (buffer, "page_bytes", (uint64_t)sysconf (_SC_PAGESIZE));
  add_member (buffer, "cpus_online", (uint64_t)sysconf (_SC_NPROCESSORS_ONLN));
  add_settings (buffer, root);
  add_member (buffer, "interval_ns", schedule->interval_ns);
  if (schedule->duration_ns > 0)
    add_member (buffer, "duration_ns", schedule->duration_ns);
  add_member (buffer, "start_ns", schedule->start_ns);
  add_member (buffer, "monotonic_ns", nv_clock_ns (CLOCK_MONOTONIC));
  add_member (buffer, "wall_ns", nv_clock_ns (CLOCK_REALTIME));
  add_text (buffer, ",\"samplers\":[");
  for (size_t i = 0; nv_samplers[i]; i++)
    if (nv_engine_has (engine, nv_samplers[i]))
      {
        add_text (buffer, separator);
        add_string (buffer, nv_samplers[i]->name);
        separator = ",";
      }
  add_text (buffer, "]}\n");
}

/* RFC 4180: in quotes where it has to be, and quotes in it twice. */
static void
add_field (struct nv_sample_buffer *buffer, const char *text)
{
  if (text[strcspn (text, ",\"\r\n")] == '\0')
    {
      add_text (buffer, text);
      return;
    }
  add_text (buffer, "\"");
  for (; *text != '\0'; text++)
    add_bytes (buffer, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
  add_text (buffer, "\"");
}

void
nv_sample_format_csv_header (struct nv_sample_buffer *buffer)
{
  add_text (buffer, "monotonic_ns,wall_ns,sampler,node,zone,order,name,value\n");
}

void
nv_sample_format_csv (struct nv_sample_buffer *buffer, const struct nv_sample *sample)
{
  for (size_t i = 0; i < sample->n_values; i++)
    {
      const struct nv_sample_value *value = &sample->values[i];

      add_count (buffer, sample->monotonic_ns);
      add_text (buffer, ",");
      add_count (buffer, sample->wall_ns);
      add_text (buffer, ",");
      add_field (buffer, value->sampler->name);
      add_text (buffer, ",");
      if (value->node >= 0)
        add_count (buffer, (uint64_t)value->node);
      add_text (buffer, ",");
      add_field (buffer, value->zone ? value->zone : "");
      add_text (buffer, ",");
      if (value->order >= 0)
        add_count (buffer, (uint64_t)value->order);
      add_text (buffer, ",");
      add_field (buffer, value->name);
      add_text (buffer, ",");
      add_value (buffer, value);
      add_text (buffer, "\n");
    }
}

void
nv_sample_format_texts (struct nv_sample_buffer *buffer, const struct nv_sample *sample)
{
  for (size_t i = 0; i < sample->n_texts; i++)
    add_bytes (buffer, sample->texts[i].text, sample->texts[i].length);
}
