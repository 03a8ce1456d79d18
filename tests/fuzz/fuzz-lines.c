/* Every line is a request or a problem; a request that is written as a line and read again is the same. The
 * input's first line, if it begins with `@`, is --columns. */

#include "fuzz.h"

#include "base/size.h"
#include "policy/policy.h"
#include "policy/request.h"

#include <string.h>

/* In double quotes, as nv_requests_parse() reads them. */
static void
append_key (GString *line, const char *key, const char *value)
{
  if (!value)
    return;
  g_string_append_printf (line, " %s=\"", key);
  for (const char *at = value; *at; at++)
    {
      if (*at == '"' || *at == '\\')
        g_string_append_c (line, '\\');
      g_string_append_c (line, *at);
    }
  g_string_append_c (line, '"');
}

static char *
format_line (const NvRequest *request)
{
  GString *line = g_string_new (NULL);
  g_autofree char *cpus = request->cpu_nodes ? nv_set_format (request->cpu_nodes) : NULL;

  g_string_append_printf (line, "%u %" G_GUINT64_FORMAT, request->vcpus, request->memory_bytes / NV_MIB);
  append_key (line, "name", request->name);
  append_key (line, "policy", request->policy->name);
  append_key (line, "cpus", cpus ? cpus : request->cpu_choice == NV_CPUS_SAME ? "same" : "free");
  append_key (line, "base", request->base);
  append_key (line, "template", request->template_file);
  if (request->n_nodes > 0)
    g_string_append_printf (line, " nodes=%u", request->n_nodes);
  if (request->page_size_bytes > 0)
    g_string_append_printf (line, " pages=%" G_GUINT64_FORMAT, request->page_size_bytes);
  g_string_append_printf (line, " prealloc=%s", request->preallocate ? "yes" : "no");
  if (!request->has_disk)
    append_key (line, "disk", "none");
  else if (request->disk_bytes > 0)
    g_string_append_printf (line, " disk=%" G_GUINT64_FORMAT, request->disk_bytes);
  return g_string_free (line, FALSE);
}

static GPtrArray *
parse (const char *text, gsize length, const char *columns, NvProblems *problems)
{
  const NvRequest defaults = {
    .vcpus = 1, .memory_bytes = 2048 * NV_MIB, .policy = nv_policies[0], .has_disk = TRUE
  };

  return nv_requests_parse (text, length, columns, NULL, &defaults, problems);
}

static void
assert_stable (const NvRequest *request)
{
  g_autofree char *line = format_line (request);
  g_autofree char *line_again = NULL;
  g_autoptr (NvProblems) problems = nv_problems_new ("-");
  g_autoptr (GPtrArray) requests = parse (line, strlen (line), NULL, problems);

  g_assert_cmpuint (nv_problems_count (problems), ==, 0);
  g_assert_cmpuint (requests->len, ==, 1);
  line_again = format_line (g_ptr_array_index (requests, 0));
  g_assert_cmpstr (line_again, ==, line);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *text = (const char *)data;
  const char *newline = size > 0 && *text == '@' ? memchr (text, '\n', size) : NULL;
  g_autofree char *columns = newline ? g_strndup (text + 1, (gsize)(newline - text) - 1) : NULL;
  g_autoptr (NvProblems) problems = nv_problems_new ("-");
  g_autoptr (GPtrArray) requests = NULL;
  gsize skipped = newline ? (gsize)(newline - text) + 1 : 0;
  guint line = 0;

  requests = parse (text + skipped, size - skipped, columns, problems);
  for (guint i = 0; i < requests->len; i++)
    {
      const NvRequest *request = g_ptr_array_index (requests, i);

      g_assert_cmpuint (request->line, >, line);
      line = request->line;
      g_assert_false (nv_problems_line_is_bad (problems, line));
      assert_stable (request);
    }
  for (guint i = 0; i < nv_problems_count (problems); i++)
    {
      g_autofree char *shown = nv_problems_format (problems, i);

      /* It may name a line's control character, never hold it; --columns is the user's own. */
      for (const char *at = nv_problems_get (problems, i)->line > 0 ? shown : ""; *at;
           at = g_utf8_next_char (at))
        g_assert_true (*at == '\t' || !g_unichar_iscntrl (g_utf8_get_char (at)));
    }
  return 0;
}
