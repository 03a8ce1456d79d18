#include "experiment/workload.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/size.h"
#include "base/text.h"
#include "bench/pattern.h"
#include "bench/protocol.h"

#include <string.h>

#define MAX_FILE_BYTES  (1 << 20)
#define DEFAULT_TIMEOUT (600 * G_GUINT64_CONSTANT (1000000000))

static void
metric_free (gpointer data)
{
  NvMetric *metric = data;

  g_free (metric->name);
  g_free (metric->pattern);
  g_free (metric->unit);
  g_free (metric);
}

NvWorkload *
nv_workload_new (void)
{
  NvWorkload *workload = g_new0 (NvWorkload, 1);

  workload->metrics = g_ptr_array_new_with_free_func (metric_free);
  workload->timeout_ns = DEFAULT_TIMEOUT;
  workload->unit = g_strdup ("");
  return workload;
}

void
nv_workload_free (NvWorkload *workload)
{
  if (!workload)
    return;
  g_strfreev (workload->command);
  g_ptr_array_unref (workload->metrics);
  g_free (workload->packages);
  g_free (workload->unit);
  g_free (workload);
}

/* --- keys --- */

/* A guest gets it as JSON, and a terminal may show it. */
static gboolean
check_text (const char *what, const char *text, gsize maximum, GError **error)
{
  const char *problem = NULL;

  if (strlen (text) > maximum)
    problem = "it is too long";
  else if (!g_utf8_validate (text, -1, NULL))
    problem = "UTF-8 is allowed";
  for (const char *at = problem ? "" : text; *at && !problem; at = g_utf8_next_char (at))
    if (g_unichar_iscntrl (g_utf8_get_char (at)))
      problem = "control characters are not allowed";
  if (problem)
    {
      g_autofree char *start = g_strdup_printf ("%.40s", text);
      g_autofree char *shown = nv_text_clean (start);

      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "%s '%s': %s (at most %" G_GSIZE_FORMAT " bytes)", what,
                   shown, problem, maximum);
    }
  return problem == NULL;
}

static gboolean
set_command (NvWorkload *workload, const char *value, GError **error)
{
  g_auto (GStrv) words = NULL;
  int n_words;

  if (!check_text ("workload", value, NV_TEXT_MAX, error))
    return FALSE;
  if (!g_shell_parse_argv (value, &n_words, &words, NULL))
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "workload '%s': %s", value,
                   strspn (value, " \t") == strlen (value) ? "a command is expected"
                                                           : "a quote is left open");
      return FALSE;
    }
  if (n_words > NV_WORDS_MAX || *words[0] == '\0')
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                   "workload '%s': a program and at most %d arguments are allowed", value, NV_WORDS_MAX - 1);
      return FALSE;
    }
  g_strfreev (workload->command);
  workload->command = g_steal_pointer (&words);
  return TRUE;
}

static gboolean
add_metric (NvWorkload *workload, const char *value, GError **error)
{
  const char *colon = strchr (value, ':');
  g_autofree char *name = colon ? g_strndup (value, (gsize)(colon - value)) : NULL;
  NvMetric *metric;

  if (!check_text ("metric", value, NV_TEXT_MAX, error))
    return FALSE;
  if (!colon || colon == value)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE,
                   "metric '%s': NAME:PATTERN is expected, such as 'rate:rate ([0-9.]+)'", value);
      return FALSE;
    }
  if (!check_text ("metric", name, NV_METRIC_NAME_MAX, error))
    return FALSE;
  for (guint i = 0; i < workload->metrics->len; i++)
    if (strcmp (((NvMetric *)g_ptr_array_index (workload->metrics, i))->name, name) == 0)
      {
        g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "metric '%s' is named twice", name);
        return FALSE;
      }
  if (workload->metrics->len == NV_METRICS_MAX)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "metric '%s': at most %d are allowed", name,
                   NV_METRICS_MAX);
      return FALSE;
    }
  metric = g_new0 (NvMetric, 1);
  metric->name = g_steal_pointer (&name);
  metric->pattern = g_strdup (colon + 1);
  metric->unit = g_strdup (workload->unit);
  metric->lower_is_better = workload->lower_is_better;
  g_ptr_array_add (workload->metrics, metric);
  return TRUE;
}

static NvMetric *
last_metric (NvWorkload *workload)
{
  GPtrArray *metrics = workload->metrics;

  return metrics->len > 0 ? g_ptr_array_index (metrics, metrics->len - 1) : NULL;
}

static gboolean
set_unit (NvWorkload *workload, const char *value, GError **error)
{
  NvMetric *metric = last_metric (workload);
  char **unit = metric ? &metric->unit : &workload->unit;

  if (!check_text ("unit", value, NV_METRIC_UNIT_MAX, error))
    return FALSE;
  g_free (*unit);
  *unit = g_strdup (value);
  return TRUE;
}

/* One of two words. @ret_second: is it the second? */
static gboolean
read_word (const char *key, const char *value, const char *first, const char *second, gboolean *ret_second,
           GError **error)
{
  *ret_second = strcmp (value, second) == 0;
  if (*ret_second || strcmp (value, first) == 0)
    return TRUE;
  g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "%s '%s': %s or %s is allowed", key, value, first, second);
  return FALSE;
}

static gboolean
set_better (NvWorkload *workload, const char *value, GError **error)
{
  NvMetric *metric = last_metric (workload);

  return read_word ("better", value, "higher", "lower",
                    metric ? &metric->lower_is_better : &workload->lower_is_better, error);
}

static gboolean
set_format (NvWorkload *workload, const char *value, GError **error)
{
  return read_word ("format", value, "text", "json", &workload->is_json, error);
}

static gboolean
set_timeout (NvWorkload *workload, const char *value, GError **error)
{
  guint64 timeout_ns;

  if (!nv_duration_parse (value, &timeout_ns, error))
    {
      g_prefix_error (error, "timeout: ");
      return FALSE;
    }
  if (timeout_ns == 0 || timeout_ns > NV_TIME_MAX_NS)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "timeout '%s': from 1ns to 640511h is allowed", value);
      return FALSE;
    }
  workload->timeout_ns = timeout_ns;
  return TRUE;
}

static gboolean
set_runs (NvWorkload *workload, const char *value, GError **error)
{
  guint64 runs;

  if (!nv_count_parse (value, 1, NV_RUNS_MAX, &runs, error))
    {
      g_prefix_error (error, "iterations: ");
      return FALSE;
    }
  workload->runs = (guint)runs;
  return TRUE;
}

static gboolean
set_transport (NvWorkload *workload, const char *value, GError **error)
{
  workload->has_transport = nv_transport_parse (value, &workload->transport, error);
  return workload->has_transport;
}

static gboolean
set_packages (NvWorkload *workload, const char *value, GError **error)
{
  if (!check_text ("packages", value, NV_TEXT_MAX, error))
    return FALSE;
  g_free (workload->packages);
  workload->packages = g_strdup (value);
  return TRUE;
}

static const struct
{
  const char *name;
  gboolean (*set) (NvWorkload *workload, const char *value, GError **error);
  gboolean repeats;
} keys[] = {
  { "workload", set_command },  { "metric", add_metric, .repeats = TRUE },
  { "format", set_format },     { "unit", set_unit, .repeats = TRUE },
  { "timeout", set_timeout },   { "better", set_better, .repeats = TRUE },
  { "iterations", set_runs },   { "transport", set_transport },
  { "packages", set_packages },
};

static int
find_key (const char *key)
{
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    if (strcmp (keys[i].name, key) == 0)
      return (int)i;
  return -1;
}

gboolean
nv_workload_is_key (const char *key)
{
  return find_key (key) >= 0;
}

gboolean
nv_workload_key_repeats (const char *key)
{
  int i = find_key (key);

  return i >= 0 && keys[i].repeats;
}

gboolean
nv_workload_set (NvWorkload *workload, const char *key, const char *value, GError **error)
{
  int i = find_key (key);

  if (i >= 0)
    return keys[i].set (workload, value, error);
  g_set_error (
      error, NV_ERROR, NV_ERROR_USAGE,
      "key '%s': workload, metric, format, unit, better, timeout, iterations, transport and packages "
      "are allowed",
      key);
  return FALSE;
}

/* --- the whole --- */

gboolean
nv_workload_check (const NvWorkload *workload, GError **error)
{
  const char *missing = !workload->command            ? "workload=COMMAND"
                        : workload->metrics->len == 0 ? "metric=NAME:PATTERN"
                                                      : NULL;

  if (missing)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "a workload needs %s", missing);
      return FALSE;
    }
  for (guint i = 0; i < workload->metrics->len; i++)
    {
      const NvMetric *metric = g_ptr_array_index (workload->metrics, i);
      struct nv_message message;

      if (nv_pattern_check (metric->name, metric->pattern, workload->is_json, &message) < 0)
        {
          g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "%s", message.text);
          return FALSE;
        }
    }
  return TRUE;
}

json_t *
nv_workload_to_json (const NvWorkload *workload, guint runs)
{
  json_t *command = json_array (), *metrics = json_array ();

  for (char **word = workload->command; *word; word++)
    json_array_append_new (command, json_string (*word));
  for (guint i = 0; i < workload->metrics->len; i++)
    {
      const NvMetric *metric = g_ptr_array_index (workload->metrics, i);

      json_array_append_new (metrics, json_pack ("{s:s, s:s, s:s, s:s}", "name", metric->name, "pattern",
                                                 metric->pattern, "unit", metric->unit, "better",
                                                 metric->lower_is_better ? "lower" : "higher"));
    }
  return json_pack ("{s:o, s:I, s:I, s:s, s:o}", "command", command, "runs", (json_int_t)runs, "timeout_ns",
                    (json_int_t)workload->timeout_ns, "format", workload->is_json ? "json" : "text",
                    "metrics", metrics);
}

/* --- files --- */

typedef struct
{
  NvWorkload *workload;
  NvProblems *problems;
  guint line;
  gboolean seen[G_N_ELEMENTS (keys)];
} Reader;

static void
read_key (Reader *reader, const char *key, const char *value)
{
  int i = find_key (key);
  GError *error = NULL;

  if (i >= 0 && reader->seen[i] && !keys[i].repeats)
    nv_problems_add (reader->problems, reader->line, "key '%s' is given twice", key);
  else if (!nv_workload_set (reader->workload, key, value, &error))
    nv_problems_take_error (reader->problems, reader->line, error);
  if (i >= 0)
    reader->seen[i] = TRUE;
}

static void
read_line (Reader *reader, char *line)
{
  char *equals;
  GError *error = NULL;

  g_strstrip (line);
  if (*line == '\0' || *line == '#')
    return;
  if (!check_text ("line", line, 2 * NV_TEXT_MAX, &error))
    {
      nv_problems_take_error (reader->problems, reader->line, error);
      return;
    }
  equals = strchr (line, '=');
  if (!equals)
    {
      nv_problems_add (reader->problems, reader->line, "'%.80s': KEY=VALUE is expected", line);
      return;
    }
  *equals = '\0';
  read_key (reader, g_strchomp (line), g_strchug (equals + 1));
}

NvWorkload *
nv_workload_parse (const char *text, gsize length, NvProblems *problems)
{
  g_autoptr (NvWorkload) workload = nv_workload_new ();
  Reader reader = { .workload = workload, .problems = problems };
  const char *end = text + length;
  GError *error = NULL;

  if (memchr (text, '\0', length))
    {
      nv_problems_add (problems, 0, "it has a zero byte: a text file is expected");
      return NULL;
    }
  while (text < end)
    {
      const char *newline = memchr (text, '\n', (gsize)(end - text));
      const char *line_end = newline ? newline : end;
      g_autofree char *line = g_strndup (text, (gsize)(line_end - text));

      reader.line++;
      read_line (&reader, line);
      text = newline ? newline + 1 : end;
    }
  if (nv_problems_count (problems) > 0)
    return NULL;
  if (nv_workload_check (workload, &error))
    return g_steal_pointer (&workload);
  nv_problems_take_error (problems, 0, error);
  return NULL;
}

static char *
read_file (const char *path, gsize *ret_length, GError **error)
{
  g_autoptr (GError) problem = NULL;
  const char *reason;
  char *text;

  if (!g_file_test (path, G_FILE_TEST_EXISTS) || g_file_test (path, G_FILE_TEST_IS_REGULAR))
    {
      if (g_file_get_contents (path, &text, ret_length, &problem))
        return text;
      reason = g_strrstr (problem->message, ": "); /* GLib names the file once more */
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "workload file '%s': %s", path,
                   reason ? reason + 2 : problem->message);
    }
  else
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "workload file '%s': no regular file", path);
  return NULL;
}

NvWorkload *
nv_workload_read (const char *path, GError **error)
{
  gsize length = 0;
  g_autofree char *text = read_file (path, &length, error);
  g_autoptr (NvProblems) problems = nv_problems_new (path);
  g_autoptr (GString) all = g_string_new (NULL);
  NvWorkload *workload;

  if (!text)
    return NULL;
  if (length > MAX_FILE_BYTES)
    {
      g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "workload file '%s': at most %d bytes are allowed", path,
                   MAX_FILE_BYTES);
      return NULL;
    }
  workload = nv_workload_parse (text, length, problems);
  for (guint i = 0; !workload && i < nv_problems_count (problems); i++)
    {
      g_autofree char *problem = nv_problems_format (problems, i);

      g_string_append_printf (all, "%s%s", i > 0 ? "\n" : "", problem);
    }
  if (!workload)
    g_set_error (error, NV_ERROR, NV_ERROR_USAGE, "%s", all->str);
  return workload;
}

/* --- transports --- */

const char *
nv_transport_name (NvTransport transport)
{
  return transport == NV_TRANSPORT_SCP ? "scp" : "channel";
}

gboolean
nv_transport_parse (const char *value, NvTransport *ret_transport, GError **error)
{
  gboolean is_scp;

  if (!read_word ("transport", value, "channel", "scp", &is_scp, error))
    return FALSE;
  *ret_transport = is_scp ? NV_TRANSPORT_SCP : NV_TRANSPORT_CHANNEL;
  return TRUE;
}
