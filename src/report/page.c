#include "report/page.h"
#include "base/error.h"
#include "report/page-private.h"
#include "report/plain.h"
#include "report/page-resource.h"

#include <errno.h>
#include <string.h>

enum
{
  MAX_NAMES = 3, /* in a title */
};

/* The page of report-ui/ has this where the data go. */
#define PLACE "@NUMAVM_DATA@"

/* Names of an array's objects, or the texts in it; a few, then how many more. */
static char *
join_names (const json_t *array, const char *key, const char *separator)
{
  GString *text = g_string_new (NULL);
  size_t n = json_array_size (array), shown = n > MAX_NAMES + 1 ? MAX_NAMES : n;

  for (size_t i = 0; i < shown; i++)
    {
      const json_t *item = json_array_get (array, i);
      const char *name = json_string_value (key ? json_object_get (item, key) : item);

      g_string_append_printf (text, "%s%s", i > 0 ? separator : "", name ? name : "?");
    }
  if (shown < n)
    g_string_append_printf (text, " and %" G_GSIZE_FORMAT " more", n - shown);
  return g_string_free (text, FALSE);
}

/* Returns: (transfer full): each text once. */
static json_t *
find_hosts (const json_t *runs)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  json_t *hosts = json_array ();
  const json_t *run;
  size_t i;

  json_array_foreach (runs, i, run)
  {
    json_t *host = json_object_get (json_object_get (run, "sampled"), "host");

    if (json_is_string (host) && g_hash_table_add (seen, (gpointer)json_string_value (host)))
      json_array_append (hosts, host);
  }
  return hosts;
}

/* "2026-11-24", or from the first to the last. */
static void
append_dates (GString *title, const json_t *runs)
{
  const char *first = NULL, *last = NULL;
  const json_t *run;
  size_t i;

  json_array_foreach (runs, i, run)
  {
    const char *started = json_string_value (json_object_get (run, "started"));

    if (started && (!first || strcmp (started, first) < 0))
      first = started;
    if (started && (!last || strcmp (started, last) > 0))
      last = started;
  }
  if (first)
    g_string_append_printf (title, ", %.10s", first);
  if (first && strncmp (first, last, 10) != 0)
    g_string_append_printf (title, " to %.10s", last);
}

/* How many VMs a fleet has, by their names. */
static guint
count_vms (const json_t *vms)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  const json_t *vm;
  size_t i;

  json_array_foreach (vms, i, vm)
  {
    const char *name = json_string_value (json_object_get (vm, "name"));

    if (name)
      g_hash_table_add (names, (gpointer)name);
  }
  return g_hash_table_size (names);
}

/* "triad, chase; 2 VMs; interleave against round-robin; host a1 (emulated); 2026-11-24": what is known of it
 */
static char *
make_title (const json_t *page)
{
  const json_t *runs = json_object_get (page, "runs");
  json_t *hosts = find_hosts (runs);
  g_autofree char *host_names = join_names (hosts, NULL, ", ");
  const json_t *policies = json_object_get (page, "policies");
  g_autofree char *kernels = join_names (json_object_get (page, "kernels"), "name", ", ");
  guint n_vms = count_vms (json_object_get (page, "vms"));
  GString *title = g_string_new (*kernels ? kernels : "samples");

  if (n_vms > 0)
    g_string_append_printf (title, ", %u VM%s", n_vms, n_vms == 1 ? "" : "s");
  if (!json_is_null (json_array_get (policies, 0)) && json_array_size (policies) > 0)
    {
      g_autofree char *names = join_names (policies, NULL, " against ");

      g_string_append_printf (title, ", %s", names);
    }
  if (json_array_size (hosts) > 0)
    g_string_append_printf (title, ", host%s %s", json_array_size (hosts) > 1 ? "s" : "", host_names);
  json_decref (hosts);
  if (json_is_true (json_object_get (page, "emulated")))
    g_string_append (title, " (emulated)");
  append_dates (title, runs);
  return g_string_free (title, FALSE);
}

/* Also where the values cannot be read the samples are waited for. */
static gboolean
add_measured (json_t *page, const NvPageRequest *request, GError **error)
{
  NvPageSamples *samples = nv_page_start_timelines (page, request);
  gboolean done = nv_page_add_values (page, request, error);

  return nv_page_finish_timelines (page, samples, done ? error : NULL) && done;
}

json_t *
nv_page_data (const NvPageRequest *request, GError **error)
{
  json_t *page = json_object ();
  g_autofree char *title = NULL;

  if (!nv_page_add_facts (page, request, error) || !nv_page_add_workloads (page, request, error)
      || !add_measured (page, request, error))
    {
      json_decref (page);
      return NULL;
    }
  title = make_title (page);
  json_object_set_new (page, "title", nv_json_text (title));
  return page;
}

/* --- writing --- */

/* In JSON `<` is only within strings, where \u003c is the same: so nothing can end the script that it is in.
 */
static int
write_escaped (const char *buffer, size_t size, void *data)
{
  FILE *file = data;
  const char *end = buffer + size;

  while (buffer < end)
    {
      const char *bracket = memchr (buffer, '<', (size_t)(end - buffer));
      const char *stop = bracket ? bracket : end;

      fwrite (buffer, 1, (size_t)(stop - buffer), file);
      if (bracket)
        fputs ("\\u003c", file);
      buffer = bracket ? bracket + 1 : end;
    }
  return ferror (file) ? -1 : 0;
}

gboolean
nv_page_write (const json_t *data, FILE *file, GError **error)
{
  g_autoptr (GBytes) bytes = g_resource_lookup_data (
      nv_report_page_get_resource (), "/numavm/report/page.html", G_RESOURCE_LOOKUP_FLAGS_NONE, error);
  const char *page = bytes ? g_bytes_get_data (bytes, NULL) : NULL;
  const char *place = page ? strstr (page, PLACE) : NULL; /* GLib ends a resource by a zero */

  if (!page)
    return FALSE;
  g_assert (place);
  fwrite (page, 1, (size_t)(place - page), file);
  json_dump_callback (data, write_escaped, file, JSON_COMPACT | JSON_REAL_PRECISION (12));
  fputs (place + strlen (PLACE), file);
  if (fflush (file) == 0 && !ferror (file))
    return TRUE;
  g_set_error (error, NV_ERROR, errno == ENOSPC ? NV_ERROR_NO_SPACE : NV_ERROR_FAILED,
               "cannot write the report: %s", g_strerror (errno));
  return FALSE;
}
