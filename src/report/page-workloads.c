/* What programs of the user's ran, how they ended, and the end of what some of them printed. */

#include "report/page-private.h"
#include "bench/protocol.h"
#include "report/plain.h"
#include "store/facts.h"

#include <string.h>

enum
{
  MAX_WORKLOADS = 20,
  MAX_WORDS = 256,
};

/* Only texts: a store of somebody else's may hold anything. */
static json_t *
keep_words (const json_t *command)
{
  json_t *words = json_array ();

  for (size_t i = 0; i < MIN (json_array_size (command), MAX_WORDS); i++)
    if (json_is_string (json_array_get (command, i)))
      json_array_append (words, json_array_get (command, i));
  return words;
}

static json_t *
keep_metrics (const json_t *metrics)
{
  static const char *const members[] = { "name", "pattern", "unit", "better" };
  json_t *kept = json_array ();

  for (size_t i = 0; i < MIN (json_array_size (metrics), NV_METRICS_MAX); i++)
    {
      json_t *metric = json_object ();

      for (guint m = 0; m < G_N_ELEMENTS (members); m++)
        json_object_set_new (
            metric, members[m],
            nv_json_text (json_string_value (json_object_get (json_array_get (metrics, i), members[m]))));
      json_array_append_new (kept, metric);
    }
  return kept;
}

/* The rows of @rows that are of workload @id, without saying so. */
static json_t *
take_rows (const json_t *rows, json_int_t id)
{
  json_t *taken = json_array ();
  json_t *row;
  size_t i;

  json_array_foreach (rows, i, row)
  {
    if (json_integer_value (json_object_get (row, "workload")) != id)
      continue;
    json_object_del (row, "workload");
    json_array_append (taken, row);
  }
  return taken;
}

/* The end of each text, from the beginning of a character on: of all together no more than a page that is
 * sent around should have, since there are at most NV_FACTS_OUTPUTS_MAX. */
static void
cut_texts (json_t *outputs)
{
  json_t *output;
  size_t i;

  json_array_foreach (outputs, i, output)
  {
    const char *stored = json_string_value (json_object_get (output, "text")), *text = stored ? stored : "";
    const char *end = text + strlen (text);

    if (end - text > NV_FACTS_TEXT)
      for (text = end - NV_FACTS_TEXT; text < end && ((guchar)*text & 0xc0) == 0x80;)
        text++;
    json_object_set_new (output, "text", json_string (text));
  }
}

/* Returns: how many outputs it has there. */
static size_t
add_workload (json_t *workloads, json_t *row, const json_t *ends, const json_t *outputs)
{
  json_int_t id = json_integer_value (json_object_get (row, "id"));
  json_t *taken = take_rows (outputs, id);

  json_array_append_new (
      workloads,
      json_pack ("{s:O, s:O, s:o, s:O, s:O, s:O, s:o, s:O, s:o, s:o}", "run", json_object_get (row, "run"),
                 "vms", json_object_get (row, "vms"), "command",
                 keep_words (json_object_get (row, "command")), "runs", json_object_get (row, "runs"),
                 "timeout_ns", json_object_get (row, "timeout_ns"), "format", json_object_get (row, "format"),
                 "metrics", keep_metrics (json_object_get (row, "metrics")), "n_outputs",
                 json_object_get (row, "outputs"), "ends", take_rows (ends, id), "outputs", taken));
  return json_array_size (taken);
}

static json_t *
make_note (size_t n_workloads, size_t n_outputs, json_int_t n_all)
{
  GString *text = g_string_new (NULL);
  g_autofree char *note = NULL;

  if (n_all > (json_int_t)n_outputs)
    g_string_append_printf (text,
                            "Of %" JSON_INTEGER_FORMAT " outputs the end of %" G_GSIZE_FORMAT
                            " is shown: of those that failed, and of each VM's first and last. ",
                            n_all, n_outputs);
  if (n_workloads > MAX_WORKLOADS)
    g_string_append_printf (text, "%" G_GSIZE_FORMAT " more workloads are left out. ",
                            n_workloads - MAX_WORKLOADS);
  note = g_strchomp (g_string_free (text, FALSE));
  return *note ? json_string (note) : json_null ();
}

gboolean
nv_page_add_workloads (json_t *page, const NvPageRequest *request, GError **error)
{
  json_t *rows = nv_facts_read (request->store, NV_FACTS_WORKLOADS, request->run, error);
  json_t *ends = rows ? nv_facts_read (request->store, NV_FACTS_ENDS, request->run, error) : NULL;
  json_t *outputs = ends ? nv_facts_read (request->store, NV_FACTS_OUTPUTS, request->run, error) : NULL;
  json_t *workloads = json_array (), *row;
  json_int_t n_outputs = 0;
  size_t i, n_shown = 0;

  cut_texts (outputs);
  json_array_foreach (rows, i, row)
  {
    n_outputs += json_integer_value (json_object_get (row, "outputs"));
    if (i < MAX_WORKLOADS)
      n_shown += add_workload (workloads, row, ends, outputs);
  }
  if (outputs)
    json_object_set_new (page, "workloads_note", make_note (json_array_size (rows), n_shown, n_outputs));
  json_object_set_new (page, "workloads", workloads);
  json_decref (rows);
  json_decref (ends);
  if (!outputs)
    return FALSE;
  json_decref (outputs);
  return TRUE;
}
