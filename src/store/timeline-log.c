/* /proc/buddyinfo, appended again and again. Read by a loop of its own: the sampler's parser takes ten times
 * as long, and a log has millions of lines. */

#include "base/error.h"
#include "bench/protocol.h"
#include "store/timeline-build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

enum
{
  MAX_ORDERS = 64,       /* as the sampler has it */
  MAX_ZONES = 4096,      /* 1024 nodes with 4; a damaged file must not fill the memory with others */
  MAX_ZONE_LENGTH = 64,  /* of a name */
  MAX_DIGITS = 19,       /* fit into 64 bits */
  MAX_NODE = G_MAXINT16, /* as the sampler has it */
};

/* Free blocks and an index of each order. */
G_STATIC_ASSERT ((gsize)MAX_ZONES *MAX_ORDERS * 2 <= NV_TIMELINE_MAX_COUNTERS);

#define NO_COUNTER G_MAXUINT /* it is not wanted */

typedef struct
{
  int node;
  const char *zone;
  gsize zone_length;
  guint n_orders;
  guint64 free_blocks[MAX_ORDERS];
  guint64 free_pages;
} Line;

typedef struct
{
  int node;
  char name[MAX_ZONE_LENGTH + 1];
  guint n_orders;
  guint free[MAX_ORDERS], unusable[MAX_ORDERS]; /* counters, or NO_COUNTER */
  guint64 sample;                               /* that had it last, from 1 */
} Zone;

typedef struct
{
  const char *path;
  guint64 interval_ns;
  const NvTimelineFilter *filter;
  void (*say) (const char *text, gpointer data);
  gpointer data;
  NvTimelineBuilder *builder;
  GPtrArray *zones; /* of Zone */
  guint last;       /* the zone of the line before */
  guint64 line;     /* its number */
  guint64 sample;   /* its number, from 1 */
} Log;

static void G_GNUC_PRINTF (2, 3) leave_out (const Log *log, const char *format, ...)
{
  g_autofree char *name = g_utf8_make_valid (log->path, -1);
  g_autofree char *text = NULL;
  g_autofree char *whole = NULL;
  va_list arguments;

  if (!log->say)
    return;
  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  whole = g_strdup_printf ("%s:%" G_GUINT64_FORMAT ": %s", name, log->line, text);
  log->say (whole, log->data);
}

static const char *
skip_blanks (const char *at)
{
  while (*at == ' ')
    at++;
  return at;
}

static const char *
skip_word (const char *at, const char *word, gsize length)
{
  at = skip_blanks (at);
  return strncmp (at, word, length) == 0 && at[length] == ' ' ? skip_blanks (at + length) : NULL;
}

/* NULL: there is none. */
static const char *
parse_number (const char *at, guint64 *ret_number)
{
  const char *start = at;
  guint64 number = 0;

  for (; (guchar)(*at - '0') <= 9; at++)
    number = number * 10 + (guint64)(*at - '0');
  *ret_number = number;
  return at > start && at - start <= MAX_DIGITS ? at : NULL;
}

static gboolean
parse_numbers (const char *at, Line *line)
{
  line->n_orders = 0;
  line->free_pages = 0;
  while (*at != '\0')
    {
      guint64 number;

      at = parse_number (at, &number);
      if (!at || (*at != ' ' && *at != '\0') || line->n_orders == MAX_ORDERS
          || number > (guint64)G_MAXINT64 >> line->n_orders)
        return FALSE;
      line->free_pages += number << line->n_orders;
      if (line->free_pages > G_MAXINT64)
        return FALSE;
      line->free_blocks[line->n_orders++] = number;
      at = skip_blanks (at);
    }
  return line->n_orders > 0;
}

/* `Node 0, zone   Normal   1784    527 ...`, one number an order. */
static gboolean
parse_line (const char *at, Line *line)
{
  guint64 node;

  at = skip_word (at, "Node", 4);
  at = at ? parse_number (at, &node) : NULL;
  if (!at || *at != ',' || node > MAX_NODE)
    return FALSE;
  at = skip_word (at + 1, "zone", 4);
  if (!at)
    return FALSE;
  line->node = (int)node;
  line->zone = at;
  while (*at > ' ' && *at <= '~')
    at++;
  line->zone_length = (gsize)(at - line->zone);
  return *at == ' ' && line->zone_length > 0 && line->zone_length <= MAX_ZONE_LENGTH
         && parse_numbers (skip_blanks (at), line);
}

static gboolean
is_of (const Zone *zone, const Line *line)
{
  return zone->node == line->node && strncmp (zone->name, line->zone, line->zone_length) == 0
         && zone->name[line->zone_length] == '\0';
}

/* The next one in turn, as a rule. NULL: it is new. */
static Zone *
find_zone (Log *log, const Line *line)
{
  guint n = log->zones->len;

  for (guint i = 1; i <= n; i++)
    {
      guint index = (log->last + i) % n;

      if (!is_of (g_ptr_array_index (log->zones, index), line))
        continue;
      log->last = index;
      return g_ptr_array_index (log->zones, index);
    }
  return NULL;
}

static Zone *
add_zone (Log *log, const Line *line)
{
  Zone *zone;

  if (log->zones->len == MAX_ZONES)
    return NULL;
  zone = g_new0 (Zone, 1);
  zone->node = line->node;
  memcpy (zone->name, line->zone, line->zone_length);
  log->last = log->zones->len;
  g_ptr_array_add (log->zones, zone);
  return zone;
}

static void
add_counters (const Log *log, Zone *zone, guint n_orders)
{
  for (guint order = zone->n_orders; order < n_orders; order++)
    {
      gboolean wanted = nv_timeline_wants (log->filter, "buddyinfo", zone->node, zone->name, (int)order);

      zone->free[order] = zone->unusable[order] = NO_COUNTER;
      if (!wanted)
        continue;
      zone->free[order] =
          nv_timeline_builder_add (log->builder, "buddyinfo", "free", zone->node, zone->name, (int)order);
      zone->unusable[order] = nv_timeline_builder_add (log->builder, "buddyinfo", "unusable_index",
                                                       zone->node, zone->name, (int)order);
      ((NvTimelineCounter *)g_ptr_array_index (log->builder->timeline->counters, zone->unusable[order]))
          ->is_real = TRUE;
    }
  zone->n_orders = n_orders;
}

/* The formula is the sampler's: see bench/samplers/buddyinfo.c. */
static void
set_values (const Log *log, const Zone *zone, const Line *line)
{
  guint64 too_small_pages = 0;

  /* MAX_ORDERS: gcc warns without it, where UBSan is in. */
  for (guint order = 0; order < line->n_orders && order < MAX_ORDERS; order++)
    {
      if (zone->free[order] != NO_COUNTER)
        {
          nv_timeline_builder_set (log->builder, zone->free[order], (double)line->free_blocks[order]);
          nv_timeline_builder_set (log->builder, zone->unusable[order],
                                   line->free_pages ? (double)too_small_pages / (double)line->free_pages
                                                    : 1.0);
        }
      too_small_pages += line->free_blocks[order] << order;
    }
}

/* Zones that the sample did not have are not shown in it. */
static void
end_sample (const Log *log)
{
  for (guint i = 0; i < log->zones->len; i++)
    {
      const Zone *zone = g_ptr_array_index (log->zones, i);

      for (guint order = 0; zone->sample != log->sample && order < zone->n_orders; order++)
        if (zone->free[order] != NO_COUNTER)
          {
            nv_timeline_builder_set (log->builder, zone->free[order], NAN);
            nv_timeline_builder_set (log->builder, zone->unusable[order], NAN);
          }
    }
}

static void
start_sample (Log *log)
{
  if (log->sample > 0)
    end_sample (log);
  nv_timeline_builder_start_sample (log->builder, (double)log->interval_ns * (double)log->sample / 1e9);
  log->sample++;
}

/* @is_whole: it ended with a newline */
static void
take_line (Log *log, char *text, gsize length, gboolean is_whole)
{
  Line line;
  Zone *zone;

  log->line++;
  is_whole = is_whole || (length > 0 && text[length - 1] == ' '); /* the kernel's, without the newline */
  while (length > 0 && g_ascii_isspace (text[length - 1]))
    text[--length] = '\0';
  if (length == 0)
    return;
  if (strlen (text) != length || !parse_line (text, &line))
    {
      leave_out (log, "no line of /proc/buddyinfo");
      return;
    }
  zone = find_zone (log, &line);
  if (!is_whole || (zone && line.n_orders < zone->n_orders))
    {
      leave_out (log, "cut off");
      return;
    }
  if (!zone && !(zone = add_zone (log, &line)))
    {
      leave_out (log, "more than %d zones", MAX_ZONES);
      return;
    }
  if (log->sample == 0 || zone->sample == log->sample)
    start_sample (log);
  if (line.n_orders > zone->n_orders)
    add_counters (log, zone, line.n_orders);
  zone->sample = log->sample;
  set_values (log, zone, &line);
}

static gboolean
read_lines (Log *log, int fd, GError **error)
{
  struct nv_lines lines = { 0 };
  gboolean is_whole = TRUE;
  gsize length;
  char *text;
  int status;

  do
    {
      status = nv_lines_read (&lines, fd);
      is_whole = status != 0 || lines.length == 0;
      if (!is_whole)
        status = nv_lines_add (&lines, "\n", 1);
      while ((text = nv_lines_next (&lines, &length)))
        take_line (log, text, length, is_whole);
    }
  while (status > 0);
  nv_lines_clear (&lines);
  log->line++;
  if (status == -EMSGSIZE)
    leave_out (log, "from here on: a line is longer than 1 MiB");
  else if (status < 0)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_FAILED, "cannot read '%s': %s", log->path, g_strerror (-status));
      return FALSE;
    }
  if (log->sample > 0)
    {
      end_sample (log);
      return TRUE;
    }
  g_set_error (error, NV_ERROR, NV_ERROR_PARSE, "'%s': no line of it is one of /proc/buddyinfo", log->path);
  return FALSE;
}

NvTimeline *
nv_timeline_read_log (const char *path, guint64 interval_ns, const NvTimelineFilter *filter,
                      void (*say) (const char *text, gpointer data), gpointer data, GError **error)
{
  g_autoptr (GPtrArray) zones = g_ptr_array_new_with_free_func (g_free);
  Log log = {
    .path = path, .interval_ns = interval_ns, .filter = filter, .say = say, .data = data, .zones = zones
  };
  int fd = strcmp (path, "-") == 0 ? dup (STDIN_FILENO) : open (path, O_RDONLY | O_CLOEXEC);
  gboolean done;

  if (fd < 0)
    {
      g_set_error (error, NV_ERROR, errno == ENOENT ? NV_ERROR_NOT_FOUND : NV_ERROR_FAILED,
                   "cannot open '%s': %s", path, g_strerror (errno));
      return NULL;
    }
  log.builder = nv_timeline_builder_new ("host", filter, NV_TIMELINE_CELLS);
  done = read_lines (&log, fd, error);
  close (fd);
  if (done)
    return nv_timeline_builder_finish (log.builder);
  nv_timeline_builder_free (log.builder);
  return NULL;
}
